//! What the machine and its processes say of themselves: figures mean little without it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

/// Ticks of a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// Processors, system and how busy the machine was when measuring began.
pub fn facts() -> BTreeMap<String, String> {
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let system = said(Command::new("uname").args(["-s", "-r", "-m"]));
    let engine = said(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]));
    let load = fs::read_to_string("/proc/loadavg").ok().and_then(|text| {
        let first = text.split_whitespace().next()?;
        Some(first.to_owned())
    });
    [
        ("processors", Some(processors.to_string())),
        ("processor", processor()),
        ("system", system),
        ("docker", engine),
        ("load before", load),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Resident memory of a process now, in MB.
pub fn resident_megabytes(process: u32) -> Result<f64> {
    let kibibytes = match fs::read_to_string(format!("/proc/{process}/status")) {
        Ok(status) => status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.split_whitespace().next().map(str::to_owned)),
        Err(_) => said(Command::new("ps").args(["-o", "rss=", "-p", &process.to_string()])),
    };
    let kibibytes: f64 = kibibytes
        .with_context(|| format!("process {process} is gone"))?
        .parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Seconds of processor time that a process has used; none where the system does not tell so.
pub fn processor_seconds(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}
