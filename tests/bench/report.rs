//! What was measured, as figures for programs and as tables for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// A promise and what was measured of it.
#[derive(Debug)]
struct Goal {
    what: String,
    measured: f64,
    limit: Limit,
    unit: &'static str,
}

impl Goal {
    fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(most) => self.measured <= most,
            Limit::AtLeast(least) => self.measured >= least,
        }
    }

    fn row(&self) -> Vec<String> {
        let (word, bound) = match self.limit {
            Limit::AtMost(most) => ("at most", most),
            Limit::AtLeast(least) => ("at least", least),
        };
        let unit = self.unit;
        vec![
            self.what.clone(),
            format!("{word} {bound}{unit}"),
            format!("{}{unit}", short(self.measured)),
            if self.is_met() { "met" } else { "MISSED" }.to_owned(),
        ]
    }
}

#[derive(Debug)]
struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Report {
    machine: BTreeMap<String, String>,
    figures: BTreeMap<String, f64>,
    goals: Vec<Goal>,
    tables: Vec<Table>,
}

impl Report {
    /// An empty report on a machine.
    pub fn new(machine: BTreeMap<String, String>) -> Self {
        Self {
            machine,
            ..Self::default()
        }
    }

    /// Keeps a figure under a name such as `start.ours.seconds`.
    pub fn figure(&mut self, name: impl Into<String>, value: f64) {
        self.figures.insert(name.into(), value);
    }

    /// Holds a figure against a promise.
    pub fn goal(
        &mut self,
        what: impl Into<String>,
        measured: f64,
        limit: Limit,
        unit: &'static str,
    ) {
        self.goals.push(Goal {
            what: what.into(),
            measured,
            limit,
            unit,
        });
    }

    /// Shows a table.
    pub fn table(&mut self, title: impl Into<String>, head: &[&str], rows: Vec<Vec<String>>) {
        self.tables.push(Table {
            title: title.into(),
            head: head.iter().map(|word| (*word).to_owned()).collect(),
            rows,
        });
    }

    /// Takes another report in.
    pub fn add(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.goals.extend(other.goals);
        self.tables.extend(other.tables);
    }

    /// The report for a person.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let facts = self
            .machine
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        line(&mut text, &facts.collect::<Vec<_>>().join(", "));
        let goals = Table {
            title: "Goals".to_owned(),
            head: ["figure", "goal", "measured", ""].map(str::to_owned).into(),
            rows: self.goals.iter().map(Goal::row).collect(),
        };
        for table in self.tables.iter().chain([&goals]) {
            line(&mut text, &format!("\n**{}**\n", table.title));
            let widths = widths(table);
            row(&mut text, &table.head, &widths);
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            row(&mut text, &rules, &widths);
            for cells in &table.rows {
                row(&mut text, cells, &widths);
            }
        }
        text
    }

    /// Writes the figures as JSON, and the report as Markdown beside them.
    pub fn write(&self, file: &Path) -> Result<()> {
        let goals = self.goals.iter().map(|goal| {
            let (bound, value) = match goal.limit {
                Limit::AtMost(most) => ("at_most", most),
                Limit::AtLeast(least) => ("at_least", least),
            };
            json!({"what": goal.what, bound: value, "measured": goal.measured, "unit": goal.unit.trim(), "met": goal.is_met()})
        });
        let whole = json!({
            "machine": self.machine,
            "figures": self.figures,
            "goals": goals.collect::<Vec<_>>(),
        });
        let mut text = serde_json::to_string_pretty(&whole)?;
        text.push('\n');
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        let summary = file.with_extension("md");
        fs::write(&summary, self.to_markdown())
            .with_context(|| format!("cannot write {}", summary.display()))
    }
}

/// A number with as many digits as it is good for.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn widths(table: &Table) -> Vec<usize> {
    let column = |at: usize| {
        let cells = table.rows.iter().chain([&table.head]);
        cells
            .filter_map(move |cells| cells.get(at))
            .map(|cell| cell.chars().count())
            .max()
    };
    (0..table.head.len())
        .map(|at| column(at).unwrap_or_default().max(3))
        .collect()
}

fn row(text: &mut String, cells: &[String], widths: &[usize]) {
    let padded = cells.iter().zip(widths);
    let cells: Vec<String> = padded
        .map(|(cell, width)| format!("{cell:<width$}"))
        .collect();
    line(text, &format!("| {} |", cells.join(" | ")));
}

fn line(text: &mut String, content: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "{content}").ok();
}
