//! Those who are compared take turns, so that whatever the machine does meanwhile happens to all of them.

use std::time::Duration;

use crate::clients::Client;
use crate::measure::Cost;
use crate::statistics::Spread;

/// Somebody who takes turns with others.
pub trait Participant {
    /// Its name in tables.
    fn name(&self) -> &'static str;
}

impl Participant for dyn Client + '_ {
    fn name(&self) -> &'static str {
        Client::name(self)
    }
}

/// What a client did in one turn, and what it cost.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Requests with an answer.
    pub answered: u64,
    /// How long it was at it.
    pub seconds: u32,
    /// What that cost.
    pub cost: Cost,
}

impl Turn {
    /// Answers for a second of the client's own CPU time.
    pub fn per_cpu_second(&self) -> f64 {
        self.answered as f64 / self.cost.cpu().as_secs_f64()
    }

    /// Answers in a second.
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / f64::from(self.seconds)
    }

    /// So much of this time went into each answer, in µs.
    pub fn micros_each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.answered as f64
    }
}

/// What everybody did, round by round; nothing where one cannot do what was asked, or failed.
#[derive(Debug)]
pub struct Turns<T> {
    /// By participant, then by round.
    of: Vec<Vec<Option<T>>>,
    /// What went wrong, in words.
    pub failures: Vec<String>,
}

/// Has everybody take a turn in every round. `take` returns `None` where a client has no such mode.
pub fn in_turns<T, P: Participant + ?Sized>(
    rounds: u32,
    participants: &[&P],
    mut take: impl FnMut(&P) -> anyhow::Result<Option<T>>,
) -> Turns<T> {
    let mut turns = Turns { of: participants.iter().map(|_| Vec::new()).collect(), failures: Vec::new() };
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..participants.len()).collect();
        // Whoever goes first in one round goes last in the next, so that a machine that tires favours nobody.
        if round % 2 == 1 {
            order.reverse();
        }
        for place in order {
            let taken = take(participants[place]);
            if let Err(error) = &taken {
                turns.failures.push(format!("{}, round {}: {error:#}", participants[place].name(), round + 1));
            }
            turns.of[place].push(taken.ok().flatten());
        }
    }
    turns
}

impl<T> Turns<T> {
    /// The spread of a figure of a client over its rounds. None where it took no turn.
    pub fn spread(&self, client: usize, figure: impl Fn(&T) -> f64) -> Option<Spread> {
        Spread::of(self.of[client].iter().flatten().map(figure))
    }

    /// The spread of a figure that not every turn has.
    pub fn spread_where(&self, client: usize, figure: impl Fn(&T) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.of[client].iter().flatten().filter_map(figure))
    }

    /// Whether a client took a turn at all.
    pub fn took_part(&self, client: usize) -> bool {
        self.of[client].iter().any(Option::is_some)
    }

    /// The spread of the ratio of a figure of one client to that of another in the same round.
    pub fn ratio(&self, client: usize, to: usize, figure: impl Fn(&T) -> f64) -> Option<Spread> {
        let rounds = self.of[client].iter().zip(&self.of[to]);
        Spread::of(rounds.filter_map(|(one, other)| Some(figure(one.as_ref()?) / figure(other.as_ref()?))))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    struct Named(&'static str);

    impl Participant for Named {
        fn name(&self) -> &'static str {
            self.0
        }
    }

    #[test]
    fn the_order_alternates_and_ratios_are_of_the_same_round() {
        let (a, b) = (Named("a"), Named("b"));
        let mut order = Vec::new();
        let turns = in_turns(2, &[&a, &b], |client| {
            order.push(client.name());
            Ok(Some(order.len() as f64))
        });
        assert_eq!(order, ["a", "b", "b", "a"]);
        // a: 1, 4; b: 2, 3.
        let ratio = turns.ratio(0, 1, |turn| *turn).expect("both took turns");
        assert_eq!((ratio.min, ratio.max), (0.5, 4.0 / 3.0));
    }

    #[test]
    fn who_fails_is_named_and_the_others_go_on() {
        let (a, b) = (Named("a"), Named("b"));
        let turns = in_turns(1, &[&a, &b], |client| if client.name() == "a" { bail!("no") } else { Ok(Some(1.0)) });
        assert_eq!(turns.failures, ["a, round 1: no"]);
        assert!(turns.spread(0, |turn| *turn).is_none() && turns.spread(1, |turn| *turn).is_some());
    }
}
