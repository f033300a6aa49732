//! What the menu bar shows, as data: made of a look at the engine, and the same wherever it is shown.

use crate::menu::{DOCTOR, OPEN, QUIT};

/// Most agents that the menu offers; the window has them all.
const AGENTS: usize = 12;

/// How things stand, told by the icon's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing runs.
    Idle,
    /// A session runs.
    Running,
    /// Something waits for the person.
    Waiting,
    /// Something that every start needs is missing.
    Trouble,
}

/// A session that runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
}

/// What was seen of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Starts that failed and were not dismissed: number and title.
    pub failed: Vec<(u32, String)>,
    /// Sessions that run here.
    pub running: Vec<Session>,
    /// Agents that can be started: the last started come first.
    pub agents: Vec<String>,
    /// Whether the doctor found trouble.
    pub trouble: bool,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A rule between two parts.
    Separator,
    /// Words that do nothing.
    Words(String),
    /// Something to do.
    Action {
        /// What a click says.
        id: String,
        /// What a person reads.
        text: String,
    },
    /// More lines beside.
    More {
        /// What a person reads.
        text: String,
        /// They.
        entries: Vec<Self>,
    },
}

impl Entry {
    fn action(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Action {
            id: id.into(),
            text: text.into(),
        }
    }
}

impl Snapshot {
    /// How things stand: what is worst counts.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        if self.trouble {
            Standing::Trouble
        } else if !self.failed.is_empty() {
            Standing::Waiting
        } else if !self.running.is_empty() {
            Standing::Running
        } else {
            Standing::Idle
        }
    }

    /// The same in words, for whoever does not see the icon.
    #[must_use]
    pub fn summary(&self) -> String {
        let running = match self.running.len() {
            0 => "nothing runs".to_owned(),
            1 => "1 session runs".to_owned(),
            more => format!("{more} sessions run"),
        };
        match self.standing() {
            Standing::Trouble => format!("claude-bottle: something is missing, {running}"),
            Standing::Waiting => format!("claude-bottle: a start failed, {running}"),
            Standing::Running | Standing::Idle => format!("claude-bottle: {running}"),
        }
    }

    /// The menu: what needs the person first, then what runs, then what can be started.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        if self.trouble {
            entries.push(Entry::action(DOCTOR, "Something is missing…"));
        }
        for (task, title) in &self.failed {
            let text = format!("Failed: {title}…");
            entries.push(Entry::action(format!("task:{task}"), text));
        }
        if !entries.is_empty() {
            entries.push(Entry::Separator);
        }
        if self.running.is_empty() {
            entries.push(Entry::Words("Nothing runs".into()));
        }
        entries.extend(self.running.iter().map(|Session { id }| Entry::More {
            text: id.clone(),
            entries: vec![
                Entry::action(format!("session:{id}"), "Open"),
                Entry::action(format!("stop:{id}"), "Stop and Keep"),
            ],
        }));
        entries.push(Entry::Separator);
        entries.push(self.start());
        entries.push(Entry::Separator);
        entries.push(Entry::action(OPEN, "Open claude-bottle"));
        entries.push(Entry::action(DOCTOR, "Doctor"));
        entries.push(Entry::Separator);
        entries.push(Entry::action(QUIT, "Quit claude-bottle"));
        entries
    }

    fn start(&self) -> Entry {
        if self.agents.is_empty() {
            return Entry::Words("No agent to start yet".into());
        }
        let agents = self.agents.iter().take(AGENTS);
        Entry::More {
            text: "Start".into(),
            entries: agents
                .map(|agent| Entry::action(format!("start:{agent}"), agent))
                .collect(),
        }
    }
}
