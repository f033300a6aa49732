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

use anyhow::{Result, bail};

use report::Report;
use settings::Settings;

/// A benchmark.
struct Benchmark {
    name: &'static str,
    measure: fn(&Settings) -> Result<Report>,
}

impl Benchmark {
    /// Whether a word chooses it.
    fn is(&self, word: &str) -> bool {
        let group = self.name.split_once('-').map(|(group, _)| group);
        self.name == word || group == Some(word)
    }
}

const fn benchmark(name: &'static str, measure: fn(&Settings) -> Result<Report>) -> Benchmark {
    Benchmark { name, measure }
}

/// A name with a dash is a part: the word before the dash chooses all parts.
const BENCHMARKS: [Benchmark; 7] = [
    benchmark("plan", plan::measure),
    benchmark("start", start::measure),
    benchmark("together", together::measure),
    benchmark("egress", egress::measure),
    benchmark("window-opening", window::opening),
    benchmark("window-scrolling", window::scrolling),
    benchmark("window-typing", window::typing),
];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((role::FLAG, rest)) = words.split_first().map(|(w, rest)| (w.as_str(), rest)) {
        return role::play(rest);
    }
    let chosen = chosen(&words)?;
    let settings = Settings::read();
    let mut report = Report::new(machine::facts());
    let mut failed = Vec::new();
    for Benchmark { name, measure } in chosen {
        eprintln!("measuring {name}");
        match measure(&settings) {
            Ok(measured) => report.add(measured),
            Err(error) => {
                eprintln!("benchmark {name}: {error:#}");
                failed.push(*name);
            }
        }
        // After each, so that what was measured outlives whatever happens to the next.
        if let Some(figures) = &settings.figures {
            report.write(figures)?;
        }
    }
    println!("\n{}", report.to_markdown());
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}

/// The benchmarks of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Benchmark>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !BENCHMARKS.iter().any(|known| known.is(name)))
    {
        let known: Vec<&str> = BENCHMARKS.iter().map(|known| known.name).collect();
        bail!(
            "there is no benchmark '{unknown}': choose of {}",
            known.join(", ")
        );
    }
    let wanted =
        |benchmark: &&Benchmark| names.is_empty() || names.iter().any(|name| benchmark.is(name));
    Ok(BENCHMARKS.iter().filter(wanted).collect())
}
