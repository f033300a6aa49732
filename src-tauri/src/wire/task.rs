//! Starts in progress.

use bottle_engine::desk;
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

use crate::error::CommandError;

/// A stage of a session's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading files and resolving the plan.
    Prepare,
    /// Building or finding the images.
    Image,
    /// Starting the guest and its bundle.
    Launch,
    /// Opening the doors.
    Doors,
    /// Moving in.
    Provision,
    /// Checking the walls.
    SelfTest,
    /// Starting claude.
    Claude,
    /// Saving, then deleting or keeping.
    Settle,
}

impl From<bottle_core::event::Phase> for Phase {
    fn from(phase: bottle_core::event::Phase) -> Self {
        use bottle_core::event::Phase as Core;
        match phase {
            Core::Prepare => Self::Prepare,
            Core::Image => Self::Image,
            Core::Launch => Self::Launch,
            Core::Doors => Self::Doors,
            Core::Provision => Self::Provision,
            Core::SelfTest => Self::SelfTest,
            Core::Claude => Self::Claude,
            Core::Settle => Self::Settle,
        }
    }
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// It goes on.
    Running,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// The person cancelled it.
    Cancelled,
}

impl From<desk::TaskState> for TaskState {
    fn from(state: desk::TaskState) -> Self {
        match state {
            desk::TaskState::Running => Self::Running,
            desk::TaskState::Done => Self::Done,
            desk::TaskState::Failed => Self::Failed,
            desk::TaskState::Cancelled => Self::Cancelled,
        }
    }
}

/// A task in a list.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskSummary {
    /// Its number.
    pub task: u32,
    /// What it does, for a person.
    pub title: String,
    /// The agent that it starts; empty where it starts none.
    pub agent: String,
    /// Its session, once there is one.
    pub session: Option<String>,
    /// Whether it starts the demo.
    pub demo: bool,
    /// How it stands.
    pub state: TaskState,
    /// When it began, in seconds since 1970.
    #[specta(type = Number)]
    pub began_at: f64,
    /// What it is at.
    pub phase: Option<Phase>,
    /// Why it failed.
    pub error: Option<CommandError>,
}

impl From<desk::TaskSummary> for TaskSummary {
    fn from(task: desk::TaskSummary) -> Self {
        Self {
            task: task.task.0,
            title: task.title,
            agent: task.agent,
            session: task.session.map(String::from),
            demo: task.demo,
            state: task.state.into(),
            began_at: task.began_at,
            phase: task.phase.map(Phase::from),
            error: task.error.map(CommandError::from),
        }
    }
}

/// One thing that happened in a task. Times are milliseconds since it began.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
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
        /// What it does now.
        step: String,
        /// How much of it is done, 0 to 1, where that is known.
        #[specta(type = Option<Number>)]
        fraction: Option<f64>,
        /// When.
        at_ms: u32,
    },
    /// Output of what runs in a phase.
    Log {
        /// Which.
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
    /// The task ended; nothing follows.
    End {
        /// The session that runs now.
        session: Option<String>,
        /// Why there is none.
        error: Option<CommandError>,
    },
}

impl From<desk::TaskEvent> for TaskEvent {
    fn from(event: desk::TaskEvent) -> Self {
        use desk::TaskEvent as Desk;
        match event {
            Desk::Began { phase, at_ms } => Self::Began {
                phase: phase.into(),
                at_ms,
            },
            Desk::Advanced {
                phase,
                step,
                fraction,
                at_ms,
            } => Self::Advanced {
                phase: phase.into(),
                step,
                fraction,
                at_ms,
            },
            Desk::Log { phase, lines } => Self::Log {
                phase: phase.into(),
                lines,
            },
            Desk::Ended {
                phase,
                took_ms,
                at_ms,
            } => Self::Ended {
                phase: phase.into(),
                took_ms,
                at_ms,
            },
            Desk::Failed { phase, at_ms } => Self::Failed {
                phase: phase.into(),
                at_ms,
            },
            Desk::End { session, error } => Self::End {
                session: session.map(String::from),
                error: error.map(CommandError::from),
            },
        }
    }
}
