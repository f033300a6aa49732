//! Measures the product against what a person would use instead, everything side by side in one run.
//!
//! `cargo xtask bench` says in the environment where the partners are and which file takes the figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Figures by name, such as `start.warm.seconds`.
type Figures = BTreeMap<String, f64>;

/// A benchmark by its name.
type Benchmark = (&'static str, fn() -> Result<Figures>);

const BENCHMARKS: &[Benchmark] = &[];

fn main() -> Result<()> {
    // Cargo adds this flag of its own.
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| BENCHMARKS.iter().all(|(known, _)| known != name))
    {
        let known: Vec<&str> = BENCHMARKS.iter().map(|(known, _)| *known).collect();
        bail!(
            "there is no benchmark '{unknown}': choose of [{}]",
            known.join(", ")
        );
    }
    let mut figures = Figures::new();
    for (name, measure) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            figures.extend(measure().with_context(|| format!("benchmark {name}"))?);
        }
    }
    for (name, figure) in &figures {
        println!("{name:<48} {figure:>14.3}");
    }
    let path = std::env::var_os("CLAUDE_BOTTLE_BENCH_FIGURES").map(PathBuf::from);
    if let Some(path) = path {
        std::fs::write(&path, serde_json::to_string_pretty(&figures)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
