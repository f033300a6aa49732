//! What a task said so far, for any number of followers that come at any time: each is told everything from the beginning, then what
//! comes, then the end.
//!
//! It is bounded: the oldest lines go first, then the oldest steps, and phases never. A follower that is slow misses what went
//! meanwhile and nothing else, and holds nobody up.

mod feed;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bottle_core::event::{Phase, Progress};
use bottle_core::id::SessionId;
use tokio::sync::watch;

use crate::error::EngineError;

pub use feed::TaskFeed;

/// Most lines of output that are kept.
const LINES: usize = 5_000;
/// Longest line, in characters; the rest of it is cut off.
const LINE: usize = 2_000;
/// Most steps that are kept.
const STEPS: usize = 1_000;

/// One thing that a task says. Times are milliseconds since the task began.
#[derive(Debug, Clone)]
pub enum TaskEvent {
    /// A phase began.
    Began {
        /// Which.
        phase: Phase,
        /// When.
        at_ms: u32,
    },
    /// A phase moved on.
    Advanced {
        /// Which.
        phase: Phase,
        /// What it is doing now.
        step: String,
        /// How much of it is done, 0 to 1, where it is known.
        fraction: Option<f64>,
        /// When.
        at_ms: u32,
    },
    /// Lines of output, in order.
    Log {
        /// Of which phase.
        phase: Phase,
        /// The lines.
        lines: Vec<String>,
    },
    /// A phase ended well.
    Ended {
        /// Which.
        phase: Phase,
        /// How long it took.
        took_ms: u32,
        /// When.
        at_ms: u32,
    },
    /// A phase failed.
    Failed {
        /// Which.
        phase: Phase,
        /// When.
        at_ms: u32,
    },
    /// The last: what came of the task.
    End {
        /// The session that it was for.
        session: Option<SessionId>,
        /// Why it came to nothing.
        error: Option<Arc<EngineError>>,
    },
}

/// How a task ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) session: Option<SessionId>,
    pub(super) error: Option<Arc<EngineError>>,
}

#[derive(Default)]
struct Pages {
    entries: VecDeque<(u64, Progress)>,
    next: u64,
    lines: usize,
    steps: usize,
    end: Option<End>,
}

impl Pages {
    fn remove_first(&mut self, kind: fn(&Progress) -> bool) {
        if let Some(place) = self.entries.iter().position(|(_, entry)| kind(entry)) {
            drop(self.entries.remove(place));
        }
    }

    /// A step that only moves its fraction on takes the place of what was said of it before.
    fn replace_step(&mut self, event: &Progress) {
        let last = self.entries.iter().rposition(|(_, entry)| is_step(entry));
        let Some(place) = last else { return };
        let same = match (self.entries.get(place), event) {
            (
                Some((
                    _,
                    Progress::Advanced {
                        phase: one,
                        step: known,
                        ..
                    },
                )),
                Progress::Advanced { phase, step, .. },
            ) => one == phase && known == step,
            _ => false,
        };
        if same {
            drop(self.entries.remove(place));
            self.steps -= 1;
        }
    }
}

const fn is_line(entry: &Progress) -> bool {
    matches!(entry, Progress::Log { .. })
}

const fn is_step(entry: &Progress) -> bool {
    matches!(entry, Progress::Advanced { .. })
}

/// What one task said.
pub(super) struct Journal {
    pages: Mutex<Pages>,
    turned: watch::Sender<()>,
    began: Instant,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            pages: Mutex::default(),
            turned: watch::Sender::default(),
            began: Instant::now(),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what happened, with the time since the task began: its parts count from their own beginnings.
    pub(super) fn write(&self, event: Progress) {
        let now = u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let event = at(event, now);
        let mut pages = self.pages();
        if is_line(&event) {
            pages.lines += 1;
            if pages.lines > LINES {
                pages.lines = LINES;
                pages.remove_first(is_line);
            }
        } else if is_step(&event) {
            pages.replace_step(&event);
            pages.steps += 1;
            if pages.steps > STEPS {
                pages.steps = STEPS;
                pages.remove_first(is_step);
            }
        }
        let number = pages.next;
        pages.next += 1;
        pages.entries.push_back((number, event));
        drop(pages);
        self.turned.send_replace(());
    }

    /// Ends it. The first end counts.
    pub(super) fn end(&self, end: End) {
        self.pages().end.get_or_insert(end);
        self.turned.send_replace(());
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) -> End {
        let mut turned = self.turned.subscribe();
        loop {
            turned.mark_unchanged();
            if let Some(end) = self.pages().end.clone() {
                return end;
            }
            // The sender lives as long as this does.
            drop(turned.changed().await);
        }
    }
}

/// The same event at another time, and its line cut.
fn at(event: Progress, at_ms: u32) -> Progress {
    match event {
        Progress::Began { phase, .. } => Progress::Began { phase, at_ms },
        Progress::Advanced {
            phase,
            step,
            fraction,
            ..
        } => Progress::Advanced {
            phase,
            step,
            fraction,
            at_ms,
        },
        Progress::Log { phase, mut line } => {
            if let Some((end, _)) = line.char_indices().nth(LINE) {
                line.truncate(end);
            }
            Progress::Log { phase, line }
        }
        Progress::Ended { phase, took_ms, .. } => Progress::Ended {
            phase,
            took_ms,
            at_ms,
        },
        Progress::Failed { phase, code, .. } => Progress::Failed { phase, code, at_ms },
    }
}
