//! Turns what the engine does into typed progress with times.

use std::time::Instant;

use bottle_core::advice::Advice;
use bottle_core::event::{Phase, Progress, ProgressSink, StepSink};

use crate::error::EngineError;

/// Reports the phases of one task; times count from its making.
pub struct Reporter<'a> {
    sink: &'a dyn ProgressSink,
    began: Instant,
}

impl<'a> Reporter<'a> {
    /// Starts the clock.
    #[must_use]
    pub fn new(sink: &'a dyn ProgressSink) -> Self {
        Self {
            sink,
            began: Instant::now(),
        }
    }

    fn at_ms(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    /// Runs one phase and reports its beginning and its end.
    ///
    /// # Errors
    /// What the work says.
    pub async fn phase<T, W>(&self, phase: Phase, work: W) -> Result<T, EngineError>
    where
        W: AsyncFnOnce(&PhaseReporter<'_>) -> Result<T, EngineError>,
    {
        let from = self.at_ms();
        self.sink.send(Progress::Began { phase, at_ms: from });
        let result = work(&PhaseReporter {
            reporter: self,
            phase,
        })
        .await;
        let at_ms = self.at_ms();
        match &result {
            Ok(_) => self.sink.send(Progress::Ended {
                phase,
                took_ms: at_ms.saturating_sub(from),
                at_ms,
            }),
            Err(error) => self.sink.send(Progress::Failed {
                phase,
                code: error.code().into(),
                at_ms,
            }),
        }
        result
    }
}

/// Reports steps and lines of one phase.
pub struct PhaseReporter<'a> {
    reporter: &'a Reporter<'a>,
    phase: Phase,
}

impl StepSink for PhaseReporter<'_> {
    fn step(&self, step: &str, fraction: Option<f64>) {
        let at_ms = self.reporter.at_ms();
        self.reporter.sink.send(Progress::Advanced {
            phase: self.phase,
            step: step.into(),
            fraction,
            at_ms,
        });
    }

    fn log(&self, line: &str) {
        self.reporter.sink.send(Progress::Log {
            phase: self.phase,
            line: line.into(),
        });
    }
}
