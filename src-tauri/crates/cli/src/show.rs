//! Tables and times for a person, and the way to standard error.

use std::fmt::Write as _;
use std::io::Write as _;

/// Prints on standard error. A terminal that closed, or a reader that went away, must not stop the work.
pub fn note(text: &str) {
    let text = harmless(text);
    let mut stderr = std::io::stderr().lock();
    drop(
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush()),
    );
}

/// Lays rows out in columns, two spaces apart; the last column is as wide as it likes.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:<width$}  ").unwrap_or_default();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Takes out what a terminal would obey: names of files and last lines of a bottle can hold anything.
pub fn harmless(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_control() && !matches!(c, '\n' | '\t') {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(harmless).collect()
}

/// Says how long ago something was.
pub fn ago(now: f64, then: f64) -> String {
    let seconds = (now - then).max(0.0);
    match seconds {
        s if s < 90.0 => "just now".into(),
        s if s < 5_400.0 => format!("{:.0} minutes ago", s / 60.0),
        s if s < 129_600.0 => format!("{:.0} hours ago", s / 3_600.0),
        s => format!("{:.0} days ago", s / 86_400.0),
    }
}

/// Says how many there are of something, with its plural.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}
