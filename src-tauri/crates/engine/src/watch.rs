//! Tells when files that are shown change on the disk, whoever changed them.
//!
//! The system reports changes of the folders; nothing is asked again and again. Reports come in bursts, so one word is passed on for each
//! kind of change once it has been quiet for a moment, and in a long burst every now and then.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::home::private_folder;

/// How long it has to be quiet before a change is told. An editor writes a file in several steps within a few milliseconds.
const QUIET: Duration = Duration::from_millis(150);
/// How long a change is held back at most.
const LATEST: Duration = Duration::from_secs(1);

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// Agents, bottles or skills.
    Library,
    /// The settings.
    Settings,
    /// The list of credentials.
    Credentials,
    /// The folders of sessions.
    Sessions,
}

/// Watches until it is dropped.
pub struct Watch {
    stop: Sender<Heard>,
}

enum Heard {
    Event(notify::Event),
    Stop,
}

/// What is watched, by real paths: those that reports name.
struct Places {
    root: PathBuf,
    claude_skills: Option<PathBuf>,
}

impl Watch {
    /// Begins to watch the person's folder, whose parts are made where they are not there, and Claude Code's skills. `told` is called on a
    /// thread of its own and may take its time.
    ///
    /// # Errors
    /// [`EngineError::Watch`] where the system refuses, [`EngineError::File`].
    pub fn start(
        engine: &Engine,
        told: impl Fn(Changed) + Send + 'static,
    ) -> Result<Self, EngineError> {
        let home = engine.home();
        let own = [
            home.agents(),
            home.bottles(),
            home.skills(),
            home.sessions(),
        ];
        for folder in own.iter().map(PathBuf::as_path).chain([home.root()]) {
            private_folder(folder)?;
        }
        let places = Places::new(home.root(), engine.claude_skills());
        let (stop, hears) = channel();
        let reports = stop.clone();
        let handler = move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event {
                // Nobody listens any more once the watch has ended.
                drop(reports.send(Heard::Event(event)));
            }
        };
        let wrong = |source| EngineError::Watch { source };
        let mut watcher = notify::recommended_watcher(handler).map_err(wrong)?;
        for (folder, mode) in places.folders() {
            if folder.is_dir() {
                watcher.watch(&folder, mode).map_err(wrong)?;
            }
        }
        let root = places.root.clone();
        thread::Builder::new()
            .name("watch".into())
            .spawn(move || listen(&places, watcher, &hears, &told))
            .map_err(|source| EngineError::File {
                action: "watch",
                path: root,
                source,
            })?;
        Ok(Self { stop })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A thread that is gone needs no word.
        drop(self.stop.send(Heard::Stop));
    }
}

impl Places {
    fn new(root: &Path, claude_skills: Option<&Path>) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let below = |folder: &Path| match (folder.parent(), folder.file_name()) {
            (Some(above), Some(name)) => real(above).join(name),
            _ => folder.to_owned(),
        };
        Self {
            root: real(root),
            claude_skills: claude_skills.map(below),
        }
    }

    /// The folders and whether what is below them counts too. One whose folder may appear later is watched from above.
    fn folders(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let flat = RecursiveMode::NonRecursive;
        let deep = RecursiveMode::Recursive;
        let own = |name: &str| self.root.join(name);
        let mut folders = vec![
            (self.root.clone(), flat),
            (own("agents"), flat),
            (own("bottles"), flat),
            (own("skills"), deep),
            (own("sessions"), flat),
        ];
        if let Some(skills) = &self.claude_skills {
            folders.extend(skills.parent().map(|above| (above.to_owned(), flat)));
            folders.push((skills.clone(), deep));
        }
        folders
    }

    /// What a changed path means; nothing for files that are not shown.
    fn meaning(&self, path: &Path) -> Option<Changed> {
        if self
            .claude_skills
            .as_ref()
            .is_some_and(|skills| path.starts_with(skills))
        {
            return Some(Changed::Library);
        }
        let below = path.strip_prefix(&self.root).ok()?;
        let mut parts = below.components().map(|part| part.as_os_str().to_str());
        let place = parts.next()??;
        let name = parts.next().flatten();
        // What is being written has a hidden name until it is whole.
        if name.is_some_and(|name| name.starts_with('.')) {
            return None;
        }
        match place {
            "agents" | "bottles" | "skills" | "skills.json" => Some(Changed::Library),
            "settings.json" => Some(Changed::Settings),
            "credentials.json" => Some(Changed::Credentials),
            "sessions" => Some(Changed::Sessions),
            _ => None,
        }
    }
}

/// Collects reports and passes them on until the watch is dropped.
fn listen(
    places: &Places,
    mut watcher: RecommendedWatcher,
    hears: &Receiver<Heard>,
    told: &impl Fn(Changed),
) {
    let mut changed = BTreeSet::new();
    let mut since: Option<Instant> = None;
    loop {
        let held = since.map(|since| since.elapsed());
        let heard = match held {
            None => hears.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(held) => hears.recv_timeout(QUIET.min(LATEST.saturating_sub(held))),
        };
        match heard {
            Ok(Heard::Event(event)) => {
                appeared(places, &mut watcher, &event);
                if !matches!(event.kind, EventKind::Access(_)) {
                    changed.extend(event.paths.iter().filter_map(|path| places.meaning(path)));
                }
                if !changed.is_empty() {
                    since.get_or_insert_with(Instant::now);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                std::mem::take(&mut changed).into_iter().for_each(told);
                since = None;
            }
            Ok(Heard::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Watches a folder that was not there, or was put in place of another one.
fn appeared(places: &Places, watcher: &mut RecommendedWatcher, event: &notify::Event) {
    if !matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_))
    ) {
        return;
    }
    for (folder, mode) in places.folders() {
        if event.paths.contains(&folder)
            && folder.is_dir()
            && let Err(error) = watcher.watch(&folder, mode)
        {
            tracing::warn!(%error, "a folder that appeared is not watched");
        }
    }
}
