//! Which samples have the ranks that are asked for: exactly, in memory that hardly grows with their number.
//!
//! A histogram tells the bucket of each rank, and how many samples lie below it. So only the samples of those few buckets
//! have to be collected, from memory or from the rows once more, and put in order (the two passes of Munro & Paterson 1980,
//! with a histogram in place of a sample).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::groups::{Grouping, Groups, Recall};
use super::members::Members;
use super::{Tally, gather};
use crate::histogram::{Fine, Histogram};
use crate::metric::Metric;
use crate::reader::{ReadError, Rows};
use crate::row::{Batch, Columns};
use crate::statistics::{Figures, SHOWN};
use crate::units::Percentile;

/// A question, by its place among those that were asked.
#[derive(Debug, Clone, Copy)]
pub struct Question(usize);

/// What is asked of groups of rows.
#[derive(Debug)]
pub struct Questions<'t, 'a, G> {
    groups: &'t Groups<'a, G>,
    asked: Vec<Asked>,
    /// Which buckets are looked for, by group and metric.
    lookups: Vec<Vec<Lookup>>,
    /// How many buckets are looked for.
    slots: usize,
}

/// A question: times of one metric, in some groups.
#[derive(Debug)]
struct Asked {
    count: u64,
    mean: Option<f64>,
    min: Option<u64>,
    max: Option<u64>,
    /// By rank: where its sample will be.
    ranks: BTreeMap<u64, Source>,
}

/// Where a sample will be.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// It is this one: there is no other value in its bucket, or none that could be told from it.
    Known(u64),
    /// Among those that are collected in this slot, at this rank.
    Slot(usize, u64),
}

/// The slots for the samples of a bucket.
#[derive(Debug, Default, Clone)]
struct Lookup {
    /// A bit for each bucket: most samples are in none that is looked for.
    wanted: Vec<u64>,
    slots: BTreeMap<usize, Vec<usize>>,
}

impl Lookup {
    fn want(&mut self, bucket: usize, slot: usize) {
        self.wanted.resize(Fine::COUNT.div_ceil(64), 0);
        self.wanted[bucket / 64] |= 1 << (bucket % 64);
        self.slots.entry(bucket).or_default().push(slot);
    }

    #[inline]
    fn find(&self, value_ns: u64) -> &[usize] {
        let bucket = Fine::of(value_ns);
        match self.wanted.get(bucket / 64) {
            Some(bits) if bits >> (bucket % 64) & 1 == 1 => self.slots.get(&bucket).map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }
}

impl<'t, 'a, G: Grouping> Questions<'t, 'a, G> {
    /// No question yet.
    pub fn of(groups: &'t Groups<'a, G>) -> Self {
        let lookups = vec![vec![Lookup::default(); groups.metrics.len()]; groups.groups().len()];
        Self { groups, asked: Vec::new(), lookups, slots: 0 }
    }

    /// Asks for all figures of a metric in these groups together. A metric that was not gathered has none.
    pub fn ask_figures(&mut self, groups: &[usize], metric: Metric) -> Question {
        self.ask(groups, metric, |count| {
            let bounds = |percentile: Percentile| percentile.interval(count).map(|ranks| [ranks.lower, ranks.upper]);
            let ranks = SHOWN.iter().filter_map(|percentile| Some(percentile.index(count as usize)? as u64));
            ranks.chain(SHOWN.iter().filter_map(|&percentile| bounds(percentile)).flatten()).collect()
        })
    }

    /// Asks for one percentile.
    pub fn ask_percentile(&mut self, groups: &[usize], metric: Metric, percentile: Percentile) -> Question {
        self.ask(groups, metric, |count| percentile.index(count as usize).map(|rank| rank as u64).into_iter().collect())
    }

    fn ask(&mut self, groups: &[usize], metric: Metric, ranks: impl Fn(u64) -> Vec<u64>) -> Question {
        let place = self.groups.metrics.iter().position(|&known| known == metric);
        let mut all = Histogram::default();
        if let Some(place) = place {
            let there = groups.iter().filter_map(|&group| self.groups.groups().get(group));
            there.for_each(|group| all.merge(&group.times[place].histogram));
        }
        let mut ranks = ranks(all.count());
        ranks.sort_unstable();
        ranks.dedup();
        let mut asked =
            Asked { count: all.count(), mean: all.mean(), min: all.min(), max: all.max(), ranks: BTreeMap::new() };
        let mut slots = BTreeMap::new();
        for (&rank, found) in ranks.iter().zip(all.places(&ranks)) {
            let bucket = found.bucket;
            let is_told = self.groups.recall() == Recall::Buckets || Fine::lowest(bucket) == Fine::highest(bucket);
            let source = if is_told {
                Source::Known(all.representative(bucket))
            } else {
                let slot = *slots.entry(bucket).or_insert_with(|| {
                    self.slots += 1;
                    self.slots - 1
                });
                Source::Slot(slot, rank - found.below)
            };
            asked.ranks.insert(rank, source);
        }
        for (bucket, slot) in slots {
            for &group in groups {
                if let (Some(lookups), Some(place)) = (self.lookups.get_mut(group), place) {
                    lookups[place].want(bucket, slot);
                }
            }
        }
        self.asked.push(asked);
        Question(self.asked.len() - 1)
    }

    /// Finds the samples: among those that were kept, or in the rows.
    ///
    /// # Errors
    /// Where the rows cannot be read a second time.
    pub fn answer(self, files: &[Rows], progress: Option<&AtomicU64>) -> Result<Answers, ReadError> {
        let new = || Collected { questions: &self, slots: vec![Vec::new(); self.slots], members: Members::default() };
        let mut slots = match self.groups.recall() {
            Recall::Memory => self.remember(new),
            Recall::Buckets => Vec::new(),
            Recall::Files if self.slots == 0 => Vec::new(),
            Recall::Files => gather(files, progress, new)?.tally.slots,
        };
        for values in &mut slots {
            values.sort_unstable();
        }
        Ok(Answers { asked: self.asked, slots })
    }

    /// Goes through what was kept, a group for each processor at a time.
    fn remember<'q>(&'q self, new: impl Fn() -> Collected<'q, 't, 'a, G> + Sync) -> Vec<Vec<u64>>
    where
        't: 'q,
    {
        let groups: Vec<_> = self.groups.groups().iter().zip(&self.lookups).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut collected = new();
            while let Some((group, lookups)) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                for (times, lookup) in group.times.iter().zip(*lookups) {
                    if let Some(kept) = &times.kept {
                        kept.each(|value| collected.see(lookup, value));
                    }
                }
            }
            collected
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(groups.len());
        let mut all = new();
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            for handle in handles {
                all.merge(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        all.slots
    }
}

/// Samples in the buckets that are looked for.
struct Collected<'q, 't, 'a, G> {
    questions: &'q Questions<'t, 'a, G>,
    slots: Vec<Vec<u64>>,
    members: Members,
}

impl<G> Collected<'_, '_, '_, G> {
    #[inline]
    fn see(&mut self, lookup: &Lookup, value_ns: u64) {
        for &slot in lookup.find(value_ns) {
            self.slots[slot].push(value_ns);
        }
    }
}

impl<G: Grouping> Tally for Collected<'_, '_, '_, G> {
    fn columns(&self) -> Columns {
        let Groups { grouping, metrics, .. } = self.questions.groups;
        metrics.iter().fold(grouping.columns().and(Columns::SCHEDULED_NS), |all, metric| all.and(metric.columns()))
    }

    fn add(&mut self, batch: &Batch) {
        let questions = self.questions;
        let mut members = std::mem::take(&mut self.members);
        members.sort(questions.groups.grouping, batch);
        for (group, places) in members.groups() {
            for (lookup, metric) in questions.lookups[group].iter().zip(questions.groups.metrics) {
                metric.each_time(batch, places, |ns| self.see(lookup, ns));
            }
        }
        self.members = members;
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.slots.iter_mut().zip(other.slots) {
            mine.extend(theirs);
        }
    }
}

/// The answers to questions.
#[derive(Debug)]
pub struct Answers {
    asked: Vec<Asked>,
    /// Sorted.
    slots: Vec<Vec<u64>>,
}

impl Answers {
    /// How many times there are. Of a metric that was not gathered, none.
    pub fn count(&self, question: Question) -> u64 {
        self.asked[question.0].count
    }

    /// The sum of the times over their number. `None` without times.
    pub fn mean(&self, question: Question) -> Option<f64> {
        self.asked[question.0].mean
    }

    /// The smallest. `None` without times.
    pub fn min(&self, question: Question) -> Option<u64> {
        self.asked[question.0].min
    }

    /// The largest. `None` without times.
    pub fn max(&self, question: Question) -> Option<u64> {
        self.asked[question.0].max
    }

    /// A percentile that was asked for, by nearest rank. `None` without times.
    pub fn percentile(&self, question: Question, percentile: Percentile) -> Option<u64> {
        self.at(question, percentile.index(self.count(question) as usize)? as u64)
    }

    /// All figures, where they were asked for. `None` without times.
    pub fn figures(&self, question: Question) -> Option<Figures> {
        let (mean, min, max) = (self.mean(question)?, self.min(question)?, self.max(question)?);
        Figures::of_ranks(self.count(question), mean, min, max, |rank| self.at(question, rank))
    }

    fn at(&self, question: Question, rank: u64) -> Option<u64> {
        match *self.asked[question.0].ranks.get(&rank)? {
            Source::Known(value) => Some(value),
            Source::Slot(slot, rank) => self.slots[slot].get(rank as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Request;
    use crate::reader::RowFile;
    use crate::row::{self, Names, Row};
    use crate::statistics::Samples;
    use crate::tags::Tags;
    use crate::tally::Cells;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn request() -> Request {
        let (name, method, path) = ("r".to_owned(), "GET".to_owned(), "/".to_owned());
        Request {
            name,
            method,
            path,
            expect_status: vec![(200, 299)],
            checks: vec![],
            tags: Tags::new(),
            flows: vec![],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn figures_are_those_of_all_samples_sorted_whether_kept_or_read_again(
            times in proptest::collection::vec((0_u16..2, any::<u64>().prop_map(|v| v >> (v % 60 + 2))), 1..400),
        ) {
            let names = Names::new(["s"], ["a", "b"]);
            let directory = tempfile::tempdir().expect("a temporary directory");
            let path = directory.path().join("requests-00.csv");
            let mut text = row::header().into_bytes();
            for &(request, duration) in &times {
                let request = row::RequestId(request);
                let row = Row { request, duration_ns: Some(duration), lag_ns: Some(7), status: 200, ..Row::default() };
                text.extend(row.line(&names));
            }
            std::fs::write(&path, text).expect("writable");
            let files: [Rows; 1] = [Arc::new(RowFile::open(path, names).expect("our file"))];
            let requests = [request(), request()];
            let metrics = [Metric::HttpReqDuration, Metric::ResponseTime];
            let cells = Cells::new(2);
            for recall in [Recall::Memory, Recall::Files] {
                let groups = gather(&files, None, || Groups::new(&cells, &requests, &metrics, recall)).expect("rows").tally;
                let mut questions = Questions::of(&groups);
                let asked = [[0].as_slice(), &[1], &[0, 1]].map(|set| questions.ask_figures(set, Metric::ResponseTime));
                let answers = questions.answer(&files, None).expect("rows");
                for (question, set) in asked.into_iter().zip([0..1, 1..2, 0..2]) {
                    let of_set = times.iter().filter(|(request, _)| set.contains(request));
                    let mut samples: Samples = of_set.map(|&(_, ns)| ns + 7).collect();
                    prop_assert_eq!(answers.figures(question), samples.figures());
                }
            }
        }
    }
}
