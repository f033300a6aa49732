//! Says which tests did not run, so that a machine that lacks something is never taken for one that passed.

use std::io::Write;

/// Prints that a test was skipped and why, also where the runner hides what passing tests print.
pub fn skip(module: &str, test: &str, why: &str) {
    // In one piece: tests print at the same time.
    let line = format!("\nSKIPPED {module}::{test}: {}\n", why.trim());
    std::io::stderr().write_all(line.as_bytes()).ok();
}
