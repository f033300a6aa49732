//! Measures the product against what a person would use instead, everything side by side in one run.
//!
//! `cargo xtask bench` says in the environment where the partners are and which file takes the figures. Beside that file lies a
//! summary in Markdown. A goal that is missed is shown and does not fail the run: a machine may be busy.

mod egress;
mod machine;
mod plan;
mod report;
mod role;
mod settings;
mod start;
mod statistics;
mod together;
mod window;

use anyhow::{Context, Result, bail};

use report::Report;
use settings::Settings;

/// A benchmark.
struct Benchmark {
    name: &'static str,
    measure: fn(&Settings) -> Result<Report>,
}

const BENCHMARKS: [Benchmark; 5] = [
    Benchmark {
        name: "plan",
        measure: plan::measure,
    },
    Benchmark {
        name: "start",
        measure: start::measure,
    },
    Benchmark {
        name: "together",
        measure: together::measure,
    },
    Benchmark {
        name: "egress",
        measure: egress::measure,
    },
    Benchmark {
        name: "window",
        measure: window::measure,
    },
];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((role::FLAG, rest)) = words.split_first().map(|(w, rest)| (w.as_str(), rest)) {
        return role::play(rest);
    }
    let chosen = chosen(&words)?;
    let settings = Settings::read();
    let mut report = Report::new(machine::facts());
    for benchmark in chosen {
        eprintln!("measuring {}", benchmark.name);
        let measured = (benchmark.measure)(&settings);
        let measured = measured.with_context(|| format!("benchmark {}", benchmark.name))?;
        report.add(measured);
    }
    println!("\n{}", report.to_markdown());
    if let Some(figures) = &settings.figures {
        report.write(figures)?;
    }
    Ok(())
}

/// The benchmarks of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Benchmark>> {
    let known = |name: &String| BENCHMARKS.iter().any(|known| known.name == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<&str> = BENCHMARKS.iter().map(|known| known.name).collect();
        bail!(
            "there is no benchmark '{unknown}': choose of {}",
            known.join(", ")
        );
    }
    let wanted =
        |benchmark: &&Benchmark| names.is_empty() || names.iter().any(|n| n == benchmark.name);
    Ok(BENCHMARKS.iter().filter(wanted).collect())
}
