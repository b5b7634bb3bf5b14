//! Another machine, as its node_exporter tells of it.

use super::super::prometheus::{Document, Series};
use super::{Reading, is_disk, leads_out};

/// What is taken out of its answer.
const WANTED: [&str; 11] = [
    "node_cpu_seconds_total",
    "node_load1",
    "node_memory_MemTotal_bytes",
    "node_memory_MemAvailable_bytes",
    "node_memory_SwapTotal_bytes",
    "node_memory_SwapFree_bytes",
    "node_disk_read_bytes_total",
    "node_disk_written_bytes_total",
    "node_disk_io_time_seconds_total",
    "node_network_receive_bytes_total",
    "node_network_transmit_bytes_total",
];

/// Reads an answer.
///
/// # Errors
/// Where it is not that of a node_exporter.
pub fn reading(answer: &str) -> Result<Reading, String> {
    let document = Document::parse(answer, |name| WANTED.contains(&name))?;
    let mut reading = Reading::default();
    for series in &document.series {
        add(&mut reading, series);
    }
    if reading.cpu.is_empty() && reading.memory_total.is_none() {
        return Err("the answer is not that of a node_exporter: it has no node_cpu_seconds_total".to_owned());
    }
    Ok(reading)
}

fn add(reading: &mut Reading, series: &Series<'_>) {
    let value = series.value;
    let device = series.label("device");
    match series.name {
        "node_cpu_seconds_total" => *reading.cpu.entry(series.label("mode").to_owned()).or_default() += value,
        "node_load1" => reading.load1 = Some(value),
        "node_memory_MemTotal_bytes" => reading.memory_total = Some(value),
        "node_memory_MemAvailable_bytes" => reading.memory_available = Some(value),
        "node_memory_SwapTotal_bytes" => reading.swap_total = Some(value),
        "node_memory_SwapFree_bytes" => reading.swap_free = Some(value),
        disk if disk.starts_with("node_disk_") => {
            if is_disk(device) {
                let entry = reading.disks.entry(device.to_owned()).or_default();
                match disk {
                    "node_disk_read_bytes_total" => entry.read_bytes = value,
                    "node_disk_written_bytes_total" => entry.written_bytes = value,
                    _ => entry.busy_seconds = value,
                }
            }
        }
        interface if leads_out(device) => {
            let (received, sent) = reading.interfaces.entry(device.to_owned()).or_default();
            let counter = if interface == "node_network_receive_bytes_total" { received } else { sent };
            *counter = value;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exporters_metrics_become_the_same_reading() {
        let reading = reading(
            "# TYPE node_cpu_seconds_total counter\n\
             node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 10\nnode_cpu_seconds_total{cpu=\"1\",mode=\"idle\"} 20.5\n\
             node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 3\nnode_load1 0.25\n\
             node_memory_MemTotal_bytes 8.0e+09\nnode_memory_MemAvailable_bytes 2.0e+09\n\
             node_disk_read_bytes_total{device=\"sda\"} 4096\nnode_disk_io_time_seconds_total{device=\"sda\"} 1.5\n\
             node_disk_read_bytes_total{device=\"dm-0\"} 4096\n\
             node_network_receive_bytes_total{device=\"lo\"} 7\nnode_network_transmit_bytes_total{device=\"eth0\"} 9\n",
        )
        .expect("an exporter's answer");
        assert_eq!((reading.cpu["idle"], reading.cpu["user"], reading.load1), (30.5, 3.0, Some(0.25)));
        assert_eq!((reading.memory_total, reading.memory_available), (Some(8e9), Some(2e9)));
        assert_eq!((reading.disks.len(), reading.disks["sda"].busy_seconds), (1, 1.5));
        assert_eq!(reading.interfaces, [("eth0".to_owned(), (0.0, 9.0))].into());
        assert!(super::reading("up 1\n").is_err());
    }
}
