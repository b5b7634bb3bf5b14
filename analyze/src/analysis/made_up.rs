//! Made-up runs, for tests.

use std::fs;
use std::path::Path;

use runlog::directory::{MANIFEST, PROBES, rows_file_name};
use runlog::manifest::{Manifest, Model, Scenario, StageEnd};
use runlog::row::{self, RequestId, Row, ScenarioId};
use runlog::samples::{self, ProbeSample};
use runlog::units::Nanos;

use crate::analysis::Analysis;
use crate::load::{self, Run};
use crate::section::{Finding, Level, Part, Section};

/// Where a stage ends, in seconds, and its target.
type Stage = (u64, f64);

/// A run that was never run.
#[derive(Default)]
pub(crate) struct MadeUp {
    /// The name of each scenario, its `tier`, and its stages.
    pub scenarios: Vec<(&'static str, &'static str, Vec<Stage>)>,
    /// The rows, all of the first request.
    pub rows: Vec<Row>,
    /// What probes sampled.
    pub probes: Vec<ProbeSample>,
}

/// A manifest of one request and one scenario without stages.
pub(crate) fn manifest() -> Manifest {
    let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows/run.json"));
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(fixture).expect("the fixture")).expect("a manifest");
    manifest.thresholds.clear();
    manifest.requests.truncate(1);
    manifest.requests[0].name = "products".to_owned();
    manifest.requests[0].expect_status = vec![(200, 399)];
    manifest.scenarios = vec![scenario("steady", "free", &[])];
    manifest
}

fn scenario(name: &str, tier: &str, stages: &[Stage]) -> Scenario {
    let stage = |&(second, target): &Stage| StageEnd { at_ns: Nanos::from_secs(second), target };
    Scenario {
        name: name.to_owned(),
        executor: "ramping-arrival-rate".to_owned(),
        model: Model::Open,
        peak_rate: None,
        max_connections: 10,
        stages: stages.iter().map(stage).collect(),
        tags: [("tier".to_owned(), tier.to_owned())].into(),
    }
}

impl MadeUp {
    /// The sections that an analysis makes of it.
    pub fn sections(self, analysis: &dyn Analysis) -> Vec<Section> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        analysis.sections(&self.written(folder.path())).expect("sections")
    }

    /// It as a run directory, which is read.
    pub fn written(self, folder: &Path) -> Run {
        let mut manifest = manifest();
        if !self.scenarios.is_empty() {
            let all = self.scenarios.iter().map(|(name, tier, stages)| scenario(name, tier, stages));
            manifest.scenarios = all.collect();
        }
        let last = self.rows.iter().map(Row::end_ns).chain(self.probes.iter().map(|sample| sample.time_ns)).max();
        manifest.planned_ns = Nanos(last.unwrap_or(0));
        if let Some(ending) = &mut manifest.ending {
            ending.elapsed_ns = Nanos(last.unwrap_or(0));
        }
        let mut rows = row::header().into_bytes();
        let names = manifest.names();
        self.rows.iter().for_each(|row| rows.extend(row.line(&names)));
        fs::write(folder.join(rows_file_name(0)), rows).expect("writable");
        fs::write(folder.join(PROBES), samples::text(&self.probes).expect("in memory")).expect("writable");
        fs::write(folder.join(MANIFEST), serde_json::to_vec(&manifest).expect("JSON")).expect("writable");
        load::load(folder).expect("a run")
    }
}

/// A row that was sent when it was scheduled and answered so much later.
pub(crate) fn answered(scheduled: Nanos, scenario: u16, took: Nanos, status: u16) -> Row {
    Row {
        scheduled_ns: scheduled.0,
        lag_ns: Some(0),
        ttfb_ns: Some(took.0),
        duration_ns: Some(took.0),
        scenario: ScenarioId(scenario),
        request: RequestId(0),
        status,
        ..Row::default()
    }
}

/// A sample of a metric.
pub(crate) fn sample(at: Nanos, name: &str, value: f64) -> ProbeSample {
    let (probe, metric) = name.split_once('.').expect("probe.metric");
    let (metric, tags) = metric.split_once('|').unwrap_or((metric, ""));
    let [probe, metric, tags] = [probe, metric, tags].map(str::to_owned);
    ProbeSample { time_ns: at.0, probe, metric, tags, value }
}

/// All findings of sections, as people read them.
pub(crate) fn findings(sections: &[Section]) -> Vec<(Level, String)> {
    let parts = sections.iter().flat_map(|section| &section.parts);
    let said = |finding: &Finding| (finding.level, crate::render::value::sentence(&finding.sentence));
    let of_part = |part: &Part| match part {
        Part::Headline(finding) => vec![said(finding)],
        Part::Findings(findings) => findings.iter().map(said).collect(),
        _ => Vec::new(),
    };
    parts.flat_map(of_part).collect()
}
