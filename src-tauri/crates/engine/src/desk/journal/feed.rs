//! One follower's way through a journal: lines that come together are handed on together, and phases as they come.

use std::sync::Arc;
use std::time::Duration;

use bottle_core::event::Progress;
use tokio::sync::watch;

use super::{Journal, TaskEvent};

/// Most lines that are handed on together.
const BATCH: usize = 500;
/// How long lines are waited for so that they are handed on together.
const GATHER: Duration = Duration::from_millis(25);

/// Everything that a task said and says, for one follower.
pub struct TaskFeed {
    journal: Arc<Journal>,
    turned: watch::Receiver<()>,
    next: u64,
    done: bool,
}

impl TaskFeed {
    pub(in crate::desk) fn new(journal: Arc<Journal>) -> Self {
        let turned = journal.turned.subscribe();
        Self {
            journal,
            turned,
            next: 0,
            done: false,
        }
    }

    /// Waits for what comes next; `None` after [`TaskEvent::End`]. Cancel safe.
    pub async fn next(&mut self) -> Option<TaskEvent> {
        let mut gathered = false;
        while !self.done {
            self.turned.mark_unchanged();
            match self.look(gathered) {
                Look::Event(event) => return Some(event),
                Look::Gather => {
                    gathered = true;
                    tokio::time::sleep(GATHER).await;
                }
                // The sender lives as long as the journal, which this holds.
                Look::Nothing => drop(self.turned.changed().await),
            }
        }
        None
    }

    fn look(&mut self, gathered: bool) -> Look {
        let pages = self.journal.pages();
        let from = pages
            .entries
            .partition_point(|(number, _)| *number < self.next);
        let mut rest = pages.entries.range(from..);
        let Some((number, first)) = rest.next() else {
            let Some(end) = pages.end.clone() else {
                return Look::Nothing;
            };
            self.done = true;
            return Look::Event(TaskEvent::End {
                session: end.session,
                error: end.error,
            });
        };
        let mut last = *number;
        let event = match first.clone() {
            Progress::Began { phase, at_ms } => TaskEvent::Began { phase, at_ms },
            Progress::Advanced {
                phase,
                step,
                fraction,
                at_ms,
            } => TaskEvent::Advanced {
                phase,
                step,
                fraction,
                at_ms,
            },
            Progress::Ended {
                phase,
                took_ms,
                at_ms,
            } => TaskEvent::Ended {
                phase,
                took_ms,
                at_ms,
            },
            Progress::Failed { phase, at_ms, .. } => TaskEvent::Failed { phase, at_ms },
            Progress::Log { phase, line } => {
                let mut lines = vec![line];
                let mut whole = false;
                for (number, entry) in rest {
                    match entry {
                        Progress::Log { phase: other, line } if *other == phase => {
                            lines.push(line.clone());
                            last = *number;
                        }
                        Progress::Began { .. }
                        | Progress::Advanced { .. }
                        | Progress::Log { .. }
                        | Progress::Ended { .. }
                        | Progress::Failed { .. } => whole = true,
                    }
                    whole |= lines.len() >= BATCH;
                    if whole {
                        break;
                    }
                }
                if !whole && !gathered && pages.end.is_none() {
                    return Look::Gather;
                }
                TaskEvent::Log { phase, lines }
            }
        };
        self.next = last + 1;
        Look::Event(event)
    }
}

enum Look {
    Event(TaskEvent),
    Gather,
    Nothing,
}
