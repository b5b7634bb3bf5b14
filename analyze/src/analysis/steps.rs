//! A load that changes, in steps: stretches of time in which it was about the same, put together.

use runlog::manifest::{Manifest, Model};
use runlog::units::Nanos;
use runlog::windows::Window;

use super::buckets::Buckets;
use crate::load::Run;

/// In so many steps loads are told apart: from none to the highest.
const STEPS: usize = 24;
/// Shorter stretches have too few arrivals for a rate.
const LEAST_WIDTH: Nanos = Nanos::from_secs(1);
/// The load is at its highest where it is so much of the most.
const HIGHEST: f64 = 0.9;

/// What a load is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Arrivals per second.
    Rate,
    /// Virtual users at work: in the closed model arrivals are what came of it.
    Users,
}

impl Load {
    /// What the load of a run is counted in.
    pub fn of(manifest: &Manifest) -> Self {
        let is_open = manifest.scenarios.iter().any(|scenario| scenario.model == Model::Open);
        if is_open { Self::Rate } else { Self::Users }
    }
}

/// Whether the load of a run was meant to change.
pub fn is_varied(run: &Run) -> bool {
    let is_varied = |executor: &str| executor.starts_with("ramping-") || ["replay", "search"].contains(&executor);
    let is_scaled = run.summary.run.by_hand.scalings > 0;
    is_scaled
        || run.log.manifest.scenarios.iter().any(|scenario| scenario.stages.len() > 1 || is_varied(&scenario.executor))
}

/// Equal stretches of a run, of a second or more, each with its load.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretches {
    /// How long each is.
    pub width: Nanos,
    /// So many windows make one.
    windows: usize,
    /// The load of each; 0 where there was none.
    pub loads: Vec<f64>,
}

/// Stretches of about the same load.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The load, in the mean.
    pub load: f64,
    /// Their places.
    pub stretches: Vec<usize>,
}

impl Stretches {
    /// Of windows of this width, by their arrivals per second. The last stretch, which the end of the run cuts off, is left
    /// out.
    pub fn by_rate(width: Nanos, windows: &[Window]) -> Self {
        let mut stretches = Self::of_width(width);
        let all = stretches.of(windows);
        let buckets = Buckets { width: stretches.width, count: all.len() };
        let whole = all.len().saturating_sub(1);
        stretches.loads = all[..whole].iter().map(|window| buckets.per_second(window.arrivals)).collect();
        stretches
    }

    /// Of a run, by the load that its scenarios put on the target. `windows` are those of all its requests together.
    pub fn of_run(run: &Run, windows: &[Window]) -> Self {
        let mut stretches = Self::by_rate(run.windows.width, windows);
        if Load::of(&run.log.manifest) == Load::Users {
            let width = stretches.width;
            let mut users = vec![0.0; stretches.loads.len()];
            for sample in &run.log.engine {
                // A sample is of the time before it, and a half of it is well inside.
                let at = Nanos(sample.time_ns).since(Nanos(sample.wall_ns / 2));
                if let Some(users) = users.get_mut((at.0 / width.0.max(1)) as usize) {
                    *users += sample.vus as f64 * sample.wall_ns as f64 / width.0 as f64;
                }
            }
            stretches.loads = users;
        }
        stretches
    }

    fn of_width(width: Nanos) -> Self {
        let windows = LEAST_WIDTH.0.div_ceil(width.0.max(1)).max(1) as usize;
        Self { width: Nanos(width.0.saturating_mul(windows as u64)), windows, loads: Vec::new() }
    }

    /// Windows of the run put together, stretch by stretch.
    pub fn of(&self, windows: &[Window]) -> Vec<Window> {
        windows.chunks_exact(self.windows).map(Window::together).collect()
    }

    /// Only what was before the load came down from its highest: afterwards a target still works off what it could not before.
    #[must_use]
    pub fn up_to_the_highest(mut self) -> Self {
        let most = self.most();
        let last = self.loads.iter().rposition(|load| *load >= HIGHEST * most);
        self.loads.truncate(last.map_or(0, |last| last + 1));
        self
    }

    fn most(&self) -> f64 {
        self.loads.iter().copied().fold(0.0, f64::max)
    }

    /// Those of about the same load put together, by their load; without those that had none.
    pub fn steps(&self) -> Vec<Step> {
        let most = self.most();
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); STEPS];
        for (place, load) in self.loads.iter().enumerate().filter(|(_, load)| **load > 0.0) {
            // The highest of a step belongs to it.
            let step = (load / most * STEPS as f64).ceil() as usize;
            places[step.clamp(1, STEPS) - 1].push(place);
        }
        places.retain(|stretches| !stretches.is_empty());
        let mean = |stretches: &[usize]| {
            stretches.iter().map(|place| self.loads[*place]).sum::<f64>() / stretches.len() as f64
        };
        places.into_iter().map(|stretches| Step { load: mean(&stretches), stretches }).collect()
    }
}

impl Step {
    /// What happened in it, of what happened in each stretch.
    pub fn together(&self, stretches: &[Window]) -> Window {
        Window::together(self.stretches.iter().filter_map(|place| stretches.get(*place)))
    }

    /// How long it lasted, all together.
    pub fn length(&self, width: Nanos) -> Nanos {
        Nanos(width.0.saturating_mul(self.stretches.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(arrivals: &[u64]) -> Vec<Window> {
        arrivals.iter().map(|&arrivals| Window { arrivals, ..Window::default() }).collect()
    }

    fn steps(stretches: &Stretches) -> Vec<(f64, Vec<usize>)> {
        stretches.steps().into_iter().map(|step| (step.load, step.stretches)).collect()
    }

    #[test]
    fn seconds_of_about_the_same_rate_are_one_step() {
        let stretches = Stretches::by_rate(Nanos::from_secs(1), &windows(&[100, 0, 102, 2_400, 1_300, 7]));
        // 101 and 102 are beyond the first hundred, and the last second is left out.
        let expected = [(100.0, vec![0]), (102.0, vec![2]), (1_300.0, vec![4]), (2_400.0, vec![3])];
        assert_eq!(steps(&stretches), expected);
        assert_eq!(
            steps(&stretches.up_to_the_highest()),
            [expected[0].clone(), expected[1].clone(), expected[3].clone()]
        );
    }

    #[test]
    fn tenths_of_a_second_are_put_together() {
        let tenths: Vec<u64> = (0..40).map(|tenth| 1 + tenth / 10).collect();
        let stretches = Stretches::by_rate(Nanos::from_millis(100), &windows(&tenths));
        assert_eq!(stretches.loads, [10.0, 20.0, 30.0]);
        assert_eq!(stretches.width, Nanos::from_secs(1));
    }

    #[test]
    fn nothing_has_no_steps() {
        assert_eq!(steps(&Stretches::by_rate(Nanos::from_secs(1), &[])), []);
        assert_eq!(steps(&Stretches::by_rate(Nanos::from_secs(1), &windows(&[0, 0, 0]))), []);
    }
}
