//! What a virtual user's task and the rest of its core share: the means to wake it, to cut it short and to hand it work.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use runlog::outcome::Failure;
use runlog::row::ScenarioId;
use runlog::units::Nanos;

use crate::plan::schedule::Arrival;

/// Never: a deadline that does not come.
const NEVER: Nanos = Nanos(u64::MAX);

/// The virtual user's side that others touch.
#[derive(Debug)]
pub struct Lane {
    /// Its scenario.
    pub scenario: ScenarioId,
    /// Its number: of the virtual user, or its place in the core's pool.
    pub number: u32,
    waker: RefCell<Option<Waker>>,
    deadline: Cell<Nanos>,
    cut: Cell<Option<Failure>>,
    arrival: Cell<Option<Arrival>>,
}

impl Lane {
    /// A lane for a virtual user, with its first arrival in the open model.
    pub const fn new(scenario: ScenarioId, number: u32, arrival: Option<Arrival>) -> Self {
        Self {
            scenario,
            number,
            waker: RefCell::new(None),
            deadline: Cell::new(NEVER),
            cut: Cell::new(None),
            arrival: Cell::new(arrival),
        }
    }

    /// Wakes the task.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Hands the task an arrival.
    pub fn hand(&self, arrival: Arrival) {
        self.arrival.set(Some(arrival));
        self.wake();
    }

    /// The arrival that was handed over, if any.
    pub fn take_arrival(&self) -> Option<Arrival> {
        self.arrival.take()
    }

    /// What is being waited for is given up after this instant, as a timeout.
    pub fn set_deadline(&self, deadline: Nanos) {
        self.deadline.set(deadline);
    }

    /// What is being waited for may take as long as it likes; a timeout that has struck is forgotten.
    pub fn clear_deadline(&self) {
        self.deadline.set(NEVER);
        if self.cut.get() == Some(Failure::Timeout) {
            self.cut.set(None);
        }
    }

    /// Cuts the task short if its deadline has passed.
    pub fn expire(&self, now: Nanos) {
        if self.deadline.get() <= now {
            self.deadline.set(NEVER);
            self.cut(Failure::Timeout);
        }
    }

    /// Ends the task for good: whatever it waits for is cut off.
    pub fn interrupt(&self) {
        self.cut(Failure::Interrupted);
    }

    /// Whether the task has been ended for good.
    pub fn is_interrupted(&self) -> bool {
        self.cut.get() == Some(Failure::Interrupted)
    }

    fn cut(&self, failure: Failure) {
        if !self.is_interrupted() {
            self.cut.set(Some(failure));
        }
        self.wake();
    }

    /// Waits for a future, or until it is cut short.
    pub async fn unless_cut<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll_cut(cx).map(Err),
        })
        .await
    }

    /// Waits until `ready` gives something, asked again whenever the task is woken, or until it is cut short.
    pub async fn until<T>(&self, mut ready: impl FnMut() -> Option<T>) -> Result<T, Failure> {
        poll_fn(|cx| match ready() {
            Some(value) => Poll::Ready(Ok(value)),
            None => self.poll_cut(cx).map(Err),
        })
        .await
    }

    fn poll_cut(&self, cx: &Context<'_>) -> Poll<Failure> {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        self.cut.get().map_or(Poll::Pending, Poll::Ready)
    }
}
