//! What the tests of the engine stand in: a home of their own, an engine over the staged backend, and credentials in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bottle_core::backend::Backend;
use bottle_core::claude::ClaudeKind;
use bottle_core::credential::{CredentialLookupError, CredentialSource};
use bottle_core::event::{Progress, ProgressSink, Silent, StepSink};
use bottle_core::id::{AgentName, CredentialName, SessionId};
use bottle_core::secret::Secret;
use bottle_engine::{Engine, EngineError, Home, Host, Live, Prepared, StartRequest};
use tempfile::TempDir;
use tests::staged::StagedBackend;
use tokio_util::sync::CancellationToken;

/// The value of the credential that every room has under the name `claude`.
pub const SECRET: &str = "sk-ant-oat01-canary-of-the-engine-tests";
/// A bottle with Claude's own host and nothing else.
pub const BOTTLE: &str = "---
egress:
  routes:
    - host: api.anthropic.com
      auth: {scheme: claude, credential: claude}
---
";
/// An agent in that bottle.
pub const AGENT: &str = "---\nbottle: b\n---\n";

/// Credentials of a test: kind and value by name.
#[derive(Default)]
pub struct Kept(Mutex<BTreeMap<String, (Option<ClaudeKind>, String)>>);

impl Kept {
    pub fn add(&self, name: &str, kind: Option<ClaudeKind>, value: &str) {
        let entry = (kind, value.to_owned());
        self.0.lock().unwrap().insert(name.to_owned(), entry);
    }

    pub fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }

    fn get(
        &self,
        name: &CredentialName,
    ) -> Result<(Option<ClaudeKind>, String), CredentialLookupError> {
        let missing = || CredentialLookupError::Missing { name: name.clone() };
        let kept = self.0.lock().unwrap();
        kept.get(name.as_str()).cloned().ok_or_else(missing)
    }
}

impl CredentialSource for Kept {
    fn kind(&self, name: &CredentialName) -> Result<Option<ClaudeKind>, CredentialLookupError> {
        self.get(name).map(|(kind, _)| kind)
    }

    fn reveal(&self, name: &CredentialName) -> Result<Secret<String>, CredentialLookupError> {
        self.get(name).map(|(_, value)| Secret::new(value))
    }
}

/// Everything that one test has of its own.
pub struct Room {
    pub staged: StagedBackend,
    pub kept: Arc<Kept>,
    pub engine: Engine,
    folder: TempDir,
}

impl Room {
    /// A room whose home holds nothing and is not even there.
    pub fn bare() -> Self {
        Self::with_variables(&[])
    }

    /// The same, on a machine with these variables.
    pub fn with_variables(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let staged = StagedBackend::new();
        let kept = Arc::new(Kept::default());
        kept.add("claude", Some(ClaudeKind::OauthToken), SECRET);
        let engine = engine(folder.path(), &staged, &kept, variables);
        Self {
            staged,
            kept,
            engine,
            folder,
        }
    }

    /// A room with the agent `a` in the bottle `b`.
    pub fn new() -> Self {
        let room = Self::bare();
        room.write("bottles/b.md", BOTTLE);
        room.write("agents/a.md", AGENT);
        room
    }

    /// A second program on the same home and backend.
    pub fn second(&self) -> Engine {
        engine(self.folder.path(), &self.staged, &self.kept, &[])
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside the home, made where it is not there.
    pub fn beside(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a file of the home.
    pub fn write(&self, name: &str, text: &str) {
        write(&self.home().join(name), text);
    }

    /// Writes a skill of the home.
    pub fn skill(&self, name: &str) -> PathBuf {
        let text = format!("---\nname: {name}\ndescription: d\n---\nDo it.\n");
        self.write(&format!("skills/{name}/SKILL.md"), &text);
        self.home().join("skills").join(name)
    }

    /// The folder of a session.
    pub fn session(&self, id: &SessionId) -> PathBuf {
        self.engine.home().session(id)
    }

    pub async fn prepare(&self) -> Result<Prepared, EngineError> {
        self.engine.prepare(&request()).await
    }

    /// Prepares and launches the agent `a`.
    pub async fn launch(&self) -> Result<Live, EngineError> {
        self.launch_on(None).await
    }

    /// Prepares and launches the agent `a` with a project folder.
    pub async fn launch_on(&self, workspace: Option<&Path>) -> Result<Live, EngineError> {
        let request = StartRequest {
            workspace: workspace.map(Path::to_owned),
            ..request()
        };
        let prepared = self.engine.prepare(&request).await?;
        let never = CancellationToken::new();
        self.engine.launch(prepared, &Silent, &never).await
    }

    /// Asserts that nothing at all tells of a session: no resource, no folder, no record.
    pub fn assert_untouched(&self) {
        assert_eq!(self.staged.ids(), [], "sessions on the backend");
        let folders = fs::read_dir(self.engine.home().sessions());
        let folders: Vec<_> = folders.into_iter().flatten().flatten().collect();
        assert!(folders.is_empty(), "{folders:?}");
        if self.engine.home().database().exists() {
            assert_eq!(self.engine.store().unwrap().list().unwrap(), []);
        }
    }
}

fn engine(
    folder: &Path,
    staged: &StagedBackend,
    kept: &Arc<Kept>,
    variables: &[(&str, &str)],
) -> Engine {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let host = Host {
        env: Box::new(move |name| variables.get(name).cloned()),
        clock: Box::new(|| UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
        claude_skills: Some(folder.join("claude-skills")),
    };
    let backend: Arc<dyn Backend> = Arc::new(staged.clone());
    let credentials = Arc::clone(kept) as Arc<dyn CredentialSource>;
    let home = Home::new(folder.join("home")).unwrap();
    Engine::new(home, vec![backend], credentials, host)
}

/// What asks for the agent `a` and nothing else.
pub fn request() -> StartRequest {
    StartRequest {
        agent: AgentName::new("a").unwrap(),
        backend: None,
        workspace: None,
        env: BTreeMap::new(),
    }
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Every path below a folder, with the text of the files.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path.clone());
                all.insert(path, None);
            } else {
                let text =
                    fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                all.insert(path, text.ok());
            }
        }
    }
    all
}

/// Keeps progress and steps as they come.
#[derive(Default)]
pub struct Seen {
    pub progress: Mutex<Vec<Progress>>,
    pub lines: Mutex<Vec<String>>,
}

impl ProgressSink for Seen {
    fn send(&self, event: Progress) {
        self.progress.lock().unwrap().push(event);
    }
}

impl StepSink for Seen {
    fn step(&self, step: &str, _fraction: Option<f64>) {
        self.lines.lock().unwrap().push(step.to_owned());
    }

    fn log(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }
}
