//! What `--pacing` buys in punctuality, and costs in CPU time.

use super::open::{figures, headed, turn};
use crate::bench::Bench;
use crate::clients::{Client, Drumfire, Rate};
use crate::report::Section;
use crate::turns::in_turns;

const PACINGS: [&str; 3] = ["precise", "balanced", "frugal"];

/// Drumfire at two rates, in every pacing.
pub fn run(bench: &Bench) -> Section {
    let paced: Vec<Drumfire> = PACINGS.into_iter().filter_map(|pacing| bench.drumfire.paced(pacing)).collect();
    let clients: Vec<&dyn Client> = paced.iter().map(|drumfire| drumfire as &dyn Client).collect();
    let mut table = headed("rate, pacing");
    let mut remarks = Vec::new();
    for per_second in [2_000, 20_000] {
        let turns = in_turns(bench.extent.rounds, &clients, |client| turn(bench, client, Rate::even(per_second)));
        for (number, pacing) in PACINGS.into_iter().enumerate().take(clients.len()) {
            table.push(figures(&format!("{per_second}/s, {pacing}"), &turns, number));
        }
        remarks.extend(turns.failures);
    }
    if clients.is_empty() {
        remarks.push("this drumfire has no --pacing".to_owned());
    }
    let words = format!(
        "Even arrivals before the witness, {} rounds of {} s in turns; figures as in the open loop.",
        bench.extent.rounds, bench.extent.seconds
    );
    Section { title: "Pacing".to_owned(), words, tables: vec![table], remarks }
}
