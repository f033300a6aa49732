//! The engine itself: what it is given, and how it finds things.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bottle_core::backend::{Backend, BackendName};
use bottle_core::claude;
use bottle_core::credential::CredentialSource;
use bottle_core::id::SessionId;
use bottle_core::path::GuestPath;
use bottle_core::policy::{Route, Upstream};

use crate::demo::DemoCredential;
use crate::error::EngineError;
use crate::home::{Home, private_folder};
use crate::library::Library;
use crate::provision::guest_path;
use crate::store::{SessionRecord, Store};

type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;
type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// Where claude keeps conversations in the guest.
const CONVERSATIONS: &str = "/home/node/.claude/projects";

/// What the engine may know of the machine; given by the caller, so that tests give their own.
pub struct Host {
    /// Looks a variable of the environment up.
    pub env: Lookup,
    /// Tells the time.
    pub clock: Clock,
    /// `~/.claude/skills`, where it is to be read.
    pub claude_skills: Option<PathBuf>,
}

/// Does what claude-bottle does. One for a whole program; every call may run at the same time as others.
pub struct Engine {
    home: Home,
    backends: Vec<Arc<dyn Backend>>,
    credentials: Arc<dyn CredentialSource>,
    demo: Arc<DemoCredential>,
    host: Host,
    store: OnceLock<Arc<Store>>,
}

impl Engine {
    /// Takes what it works with. Touches nothing: folders and database are made when they are first needed.
    #[must_use]
    pub fn new(
        home: Home,
        backends: Vec<Arc<dyn Backend>>,
        credentials: Arc<dyn CredentialSource>,
        host: Host,
    ) -> Self {
        let demo = Arc::new(DemoCredential::generate());
        Self {
            home,
            backends,
            credentials,
            demo,
            host,
            store: OnceLock::new(),
        }
    }

    /// The person's folder.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// The backends that are built in, best first.
    #[must_use]
    pub fn backends(&self) -> &[Arc<dyn Backend>] {
        &self.backends
    }

    /// What can be started from a project folder.
    #[must_use]
    pub fn library(&self, repository: Option<&Path>) -> Library {
        Library::new(
            self.home.clone(),
            repository,
            self.host.claude_skills.clone(),
        )
    }

    /// The sessions' database, made where it is not there.
    ///
    /// # Errors
    /// [`EngineError::File`] or [`EngineError::Store`].
    pub fn store(&self) -> Result<&Arc<Store>, EngineError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        private_folder(self.home.root())?;
        let opened = Arc::new(Store::open(&self.home.database())?);
        Ok(self.store.get_or_init(|| opened))
    }

    /// A session's record. Makes no database where there is none.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], [`EngineError::File`] or [`EngineError::Store`].
    pub fn session(&self, id: &SessionId) -> Result<SessionRecord, EngineError> {
        let missing = || EngineError::NoSession { id: id.clone() };
        if !self.home.database().exists() {
            return Err(missing());
        }
        self.store()?.get(id)?.ok_or_else(missing)
    }

    /// A backend by name; the first one where none is named.
    pub(crate) fn backend(
        &self,
        name: Option<BackendName>,
    ) -> Result<Arc<dyn Backend>, EngineError> {
        let mut all = self.backends.iter();
        let found = match name {
            Some(name) => all.find(|backend| backend.name() == name),
            None => all.next(),
        };
        found.cloned().ok_or_else(|| EngineError::NoBackend {
            backend: name.unwrap_or(BackendName::Docker),
            problems: Vec::new(),
        })
    }

    /// The source of the credentials for these routes: the demo's own where the scripted API answers, else the person's.
    pub(crate) fn credentials_for(&self, routes: &[Route]) -> Arc<dyn CredentialSource> {
        if routes
            .iter()
            .any(|route| route.upstream == Some(Upstream::Scripted))
        {
            return Arc::clone(&self.demo) as Arc<dyn CredentialSource>;
        }
        Arc::clone(&self.credentials)
    }

    pub(crate) const fn demo_credential(&self) -> &Arc<DemoCredential> {
        &self.demo
    }

    /// A variable of the host's environment.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.host.env)(name)
    }

    /// Where skills go in the guest: `CLAUDE_BOTTLE_GUEST_SKILLS_DIR` overrides.
    pub(crate) fn skills_folder(&self) -> Result<GuestPath, EngineError> {
        let own = self
            .variable("CLAUDE_BOTTLE_GUEST_SKILLS_DIR")
            .filter(|folder| !folder.is_empty());
        let Some(given) = own else {
            return guest_path(claude::SKILLS_DIR);
        };
        // The folder is wiped first, also when a session goes on.
        let holds_work = [claude::WORKSPACE, CONVERSATIONS]
            .iter()
            .any(|kept| Path::new(kept).starts_with(&given));
        match GuestPath::new(&given) {
            Ok(folder) if !holds_work => Ok(folder),
            _ => Err(EngineError::BadSkillsFolder { given }),
        }
    }

    /// Claude Code's own folder of skills, where it is to be read.
    pub(crate) fn claude_skills(&self) -> Option<&Path> {
        self.host.claude_skills.as_deref()
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> f64 {
        (self.host.clock)()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64())
    }
}
