//! One load, all clients that can make it, and what each got out of a second of its CPU time.

use crate::bench::Bench;
use crate::clients::{Client, Load};
use crate::table::{Cell, Table};
use crate::turns::{Turn, Turns, in_turns};

/// Has everybody make the load in turns: the table, and what went wrong.
pub fn compared(bench: &Bench, load: &Load) -> (Table, Vec<String>) {
    let mut clients: Vec<&dyn Client> = vec![&bench.drumfire, &bench.floor, &bench.gathering_floor];
    clients.extend(bench.peers.iter().map(AsRef::as_ref));
    let turns = in_turns(bench.extent.rounds, &clients, |client| turn(bench, client, load));
    (table(&clients, &turns), turns.failures)
}

/// One turn at a load that is counted in answers, from the clients' processor.
///
/// # Errors
/// Where the client fails or does not say what it did.
pub fn turn(bench: &Bench, client: &dyn Client, load: &Load) -> anyhow::Result<Option<Turn>> {
    turn_on(bench, &[bench.extent.client_cpu], client, load)
}

/// One turn from these processors.
///
/// # Errors
/// Where the client fails or does not say what it did.
pub fn turn_on(bench: &Bench, cpus: &[usize], client: &dyn Client, load: &Load) -> anyhow::Result<Option<Turn>> {
    let Some(ran) = bench.run_on(cpus, client, load)? else { return Ok(None) };
    let answered = client.answered(&ran.stdout, ran.folder.path())?;
    Ok(Some(Turn { answered, seconds: load.seconds, cost: ran.cost }))
}

fn table(clients: &[&dyn Client], turns: &Turns<Turn>) -> Table {
    let (drumfire, floor) = (0, 1);
    let mut table = Table::new([
        "client",
        "requests/CPU s",
        "of the floor",
        "drumfire over it",
        "user µs",
        "system µs",
        "requests/s",
        "peak MiB",
    ]);
    for (number, client) in clients.iter().enumerate() {
        let Some(efficiency) = turns.spread(number, Turn::per_cpu_second) else { continue };
        let ratio = |one, other| Cell(turns.ratio(one, other, Turn::per_cpu_second)).spread(2);
        let median = |figure: &dyn Fn(&Turn) -> f64, places| Cell(turns.spread(number, figure)).median(places);
        table.push(vec![
            client.name().to_owned(),
            format!("{efficiency:.0}"),
            ratio(number, floor),
            ratio(drumfire, number),
            median(&|turn| turn.micros_each(turn.cost.user), 2),
            median(&|turn| turn.micros_each(turn.cost.system), 2),
            median(&Turn::per_second, 0),
            median(&|turn| turn.cost.peak_mib(), 1),
        ]);
    }
    table
}
