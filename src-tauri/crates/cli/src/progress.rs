//! Shows progress: as live phases on a terminal, as plain lines elsewhere. Always on standard error.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use bottle_core::event::{Phase, Progress, ProgressSink, StepSink};

/// Longest text of a step or log line on a terminal, in characters.
const LINE: usize = 64;

/// Shows progress on standard error.
pub struct Shown {
    live: bool,
    verbose: bool,
    current: Mutex<String>,
}

impl Shown {
    /// Live on a terminal, lines elsewhere.
    pub fn new(verbose: bool) -> Self {
        Self {
            live: std::io::stderr().is_terminal(),
            verbose,
            current: Mutex::default(),
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        // Progress that cannot be shown, for example on a terminal that closed, must not stop the work.
        drop(
            stderr
                .write_all(text.as_bytes())
                .and_then(|()| stderr.flush()),
        );
    }

    fn rewrite(&self, phase: Phase, detail: &str) {
        let detail: String = detail
            .chars()
            .filter(|c| !c.is_control())
            .take(LINE)
            .collect();
        self.write(&format!(
            "\r\x1b[K  \u{2026} {:<22}\x1b[2m{detail}\x1b[0m",
            phase.title()
        ));
    }

    fn advanced(&self, phase: Phase, step: &str, fraction: Option<f64>) {
        let shown = match fraction {
            Some(part) if part > 0.0 && part < 1.0 => format!("{step} {:.0} %", part * 100.0),
            _ => step.to_owned(),
        };
        if self.live {
            self.rewrite(phase, &shown);
        } else {
            // The same step at another fraction is news on a terminal only.
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if *current != step {
                step.clone_into(&mut current);
                self.write(&format!("  {}: {step}\n", phase.title()));
            }
        }
    }
}

fn seconds(ms: u32) -> String {
    format!("{:.1} s", f64::from(ms) / 1000.0)
}

impl ProgressSink for Shown {
    fn send(&self, event: Progress) {
        match event {
            Progress::Began { phase, .. } if self.live => self.rewrite(phase, ""),
            Progress::Began { .. } => {}
            Progress::Advanced {
                phase,
                step,
                fraction,
                ..
            } => self.advanced(phase, &step, fraction),
            Progress::Log { line, .. } if self.verbose => {
                self.write(&format!(
                    "{}    {line}\n",
                    if self.live { "\r\x1b[K" } else { "" }
                ));
            }
            Progress::Log { phase, line } if self.live && !line.trim().is_empty() => {
                self.rewrite(phase, line.trim())
            }
            Progress::Log { .. } => {}
            Progress::Ended { phase, took_ms, .. } if self.live => self.write(&format!(
                "\r\x1b[K  \x1b[32m\u{2713}\x1b[0m {:<22}\x1b[2m{}\x1b[0m\n",
                phase.title(),
                seconds(took_ms)
            )),
            Progress::Ended { phase, took_ms, .. } => {
                self.write(&format!(
                    "  {}: done in {}\n",
                    phase.title(),
                    seconds(took_ms)
                ));
            }
            Progress::Failed { phase, .. } if self.live => {
                self.write(&format!(
                    "\r\x1b[K  \x1b[31m\u{2717}\x1b[0m {}\n",
                    phase.title()
                ));
            }
            Progress::Failed { phase, code, .. } => {
                self.write(&format!("  {}: failed ({code})\n", phase.title()))
            }
        }
    }
}

impl StepSink for Shown {
    fn step(&self, step: &str, _fraction: Option<f64>) {
        self.write(&format!("  {step}\n"));
    }

    fn log(&self, line: &str) {
        self.write(&format!("    {line}\n"));
    }
}
