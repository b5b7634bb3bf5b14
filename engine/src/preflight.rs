//! What is looked at before the load, so that a run that cannot work is not begun, and one that may not is warned of.

use runlog::units::{Nanos, Thousands};

use crate::address::{Address, Way};
use crate::doctor::connections::{
    self as needed, MORE_PORTS, PORT_REST_SECONDS, PORTS, QUEUE, REUSE_PORTS, more_files,
};
use crate::host;
use crate::plan::Plan;
use crate::visit::Visit;
use crate::wire::driver::{Driver, Refused};

/// Why a run is not begun.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// Nothing accepts connections at the target.
    #[error("the target {target} cannot be reached: {what}")]
    Unreachable {
        /// The base URL.
        target: String,
        /// What happened at each of its addresses.
        what: String,
    },
    /// More files would have to be open than may be.
    #[error(
        "the plan needs up to {} open files ({} connections), but the limit is {}: \
         raise it with `{}`, or lower max_connections",
        Thousands(*.wanted), Thousands(*.connections), Thousands(*.limit), more_files(*.wanted)
    )]
    OpenFiles {
        /// How many are needed.
        wanted: u64,
        /// How many of them are connections.
        connections: u64,
        /// How many may be.
        limit: u64,
    },
    /// More local ports would have to be taken than there are.
    #[error(
        "the plan needs up to {} connections, but there are only {} local ports for them \
         (net.ipv4.ip_local_port_range): widen the range with `{MORE_PORTS}`, \
         give more `source_addresses` (--source), or lower max_connections",
        Thousands(*.connections), Thousands(*.ports)
    )]
    Ports {
        /// How many connections there may be.
        connections: u64,
        /// How many there can be.
        ports: u64,
    },
}

/// How long the target may take to accept the connection that shows it is there.
const TARGET_PATIENCE: Nanos = Nanos::from_secs(5);
/// Files that are open beside the connections: rings, timers, the run directory's files, standard streams.
const FILES_BESIDE: u64 = 64;

/// The addresses of the target that accept a connection, tried now so that a wrong one is said before the load.
///
/// # Errors
/// Where none of them does.
pub fn reachable(plan: &Plan) -> Result<Vec<Address>, PreflightError> {
    let target = &plan.target;
    let mut accepting = Vec::new();
    let mut refused = Vec::new();
    for &address in &target.addresses {
        let way = Way { from: target.sources.first().copied(), to: address };
        match Visit::open(target, way, TARGET_PATIENCE.into()) {
            Ok(_) => accepting.push(address),
            Err(error) => refused.push(format!("{address}: {error}")),
        }
    }
    if accepting.is_empty() {
        return Err(PreflightError::Unreachable { target: target.base_url.clone(), what: refused.join("; ") });
    }
    Ok(accepting)
}

/// Whether as many connections can be open as the plan may need; the limit of open files is raised where that is allowed.
///
/// # Errors
/// The limit that stands in the way.
pub fn check_limits(plan: &Plan, workers: usize) -> Result<(), PreflightError> {
    let connections = connections(plan);
    let wanted = connections + FILES_BESIDE + 8 * workers as u64;
    host::allow_open_files(wanted).map_err(|limit| PreflightError::OpenFiles { wanted, connections, limit })?;
    match ports(plan) {
        Some(ports) if connections > ports => Err(PreflightError::Ports { connections, ports }),
        _ => Ok(()),
    }
}

/// What may spoil a run, and what to do about it.
pub fn warnings(plan: &Plan, driver: Driver) -> Vec<String> {
    let mut warnings = Vec::new();
    if plan.target.security.as_ref().is_some_and(|security| security.is_insecure) {
        warnings.push("no certificate is looked at: whoever answers may be anybody (insecure)".to_owned());
    }
    if let Some(shortcoming) = driver.shortcoming(Refused::here()) {
        warnings.push(format!("driven by {driver}: {shortcoming}"));
    }
    let is_near = |address: &Address| match address {
        Address::Tcp(address) => address.ip().is_loopback(),
        Address::Unix(_) => true,
    };
    let connections = connections(plan);
    let queue = host::number(QUEUE).unwrap_or(u64::MAX);
    if plan.target.addresses.iter().all(is_near) && connections > queue {
        warnings.push(format!(
            "up to {} connections may be opened at once, but no queue of this machine holds more than {} \
             (`{}`, and the server's own backlog)",
            Thousands(connections),
            Thousands(queue),
            needed::longer_queue(connections)
        ));
    }
    let churn: f64 =
        plan.scenarios.iter().filter_map(|scenario| Some(scenario.connections.churn?.as_per_second())).sum();
    if let Some(ports) = ports(plan)
        && !plan.target.addresses.iter().all(is_near)
        && churn * PORT_REST_SECONDS as f64 > ports as f64
    {
        warnings.push(format!(
            "{churn}/s closed connections leave no local port after {:.0} s: {} of them rest for a minute each \
             (`{REUSE_PORTS}`, or more `source_addresses`)",
            ports as f64 / churn,
            Thousands(ports)
        ));
    }
    warnings
}

fn connections(plan: &Plan) -> u64 {
    plan.scenarios.iter().map(|scenario| u64::from(scenario.max_connections)).sum()
}

/// How many connections the local ports allow; nothing where there are no ports.
fn ports(plan: &Plan) -> Option<u64> {
    let tcp = plan.target.addresses.iter().filter(|address| matches!(address, Address::Tcp(_))).count();
    let ports = needed::count_of(&host::read(PORTS)?)?;
    (tcp > 0).then(|| ports * tcp as u64 * plan.target.sources.len().max(1) as u64)
}
