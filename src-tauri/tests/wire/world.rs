//! What each test has of its own: a home, an engine on the staged backend, and the shell over it with a page that only calls.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bottle_core::backend::Backend;
use bottle_core::id::CredentialName;
use bottle_core::secret::Secret;
use bottle_credentials::{Credentials, IfPresent, MemoryStore};
use bottle_engine::desk::Desk;
use bottle_engine::settings::Settings;
use bottle_engine::{Engine, Home, Host};
use claude_bottle_desktop::desktop::Desktop;
use claude_bottle_desktop::error::CommandError;
use claude_bottle_desktop::ipc;
use claude_bottle_desktop::state::Shell;
use claude_bottle_desktop::wire::launch::Launch;
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
use tauri::test::{
    INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets,
};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};
use tempfile::TempDir;
use tests::staged::{FarEnd, StagedBackend};
use tests::until::until;

/// A bottle with Claude's own host and nothing else.
pub const BOTTLE: &str = "---\negress:\n  routes:\n    - host: api.anthropic.com\n      auth: {scheme: claude, credential: claude}\n---\n";
/// An agent in that bottle.
pub const AGENT: &str = "---\nbottle: b\n---\n";

/// What a channel was sent.
#[derive(Debug, Clone)]
pub enum Sent {
    /// A message.
    Json(Value),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

type Terminals = Box<dyn FnMut() -> Option<FarEnd> + Send>;
type Heard = Arc<Mutex<Vec<(u32, Sent)>>>;

/// A desktop on which a test plays the person.
#[derive(Default)]
pub struct Staged {
    /// What dialogs are answered with, in order.
    pub picks: Mutex<VecDeque<Vec<PathBuf>>>,
    /// What was shown or opened.
    pub opened: Mutex<Vec<String>>,
    /// Settings that were carried out.
    pub applied: Mutex<Vec<Settings>>,
}

impl Staged {
    fn pick(&self) -> Vec<PathBuf> {
        self.picks.lock().unwrap().pop_front().unwrap_or_default()
    }

    fn open(&self, what: String) {
        self.opened.lock().unwrap().push(what);
    }
}

impl Desktop for Staged {
    fn pick_folder(&self) -> Option<PathBuf> {
        self.pick().pop()
    }

    fn pick_skills(&self) -> Vec<PathBuf> {
        self.pick()
    }

    fn reveal(&self, path: &Path) -> Result<(), CommandError> {
        self.open(path.display().to_string());
        Ok(())
    }

    fn open_link(&self, url: &str) -> Result<(), CommandError> {
        self.open(url.to_owned());
        Ok(())
    }

    fn start_engine(&self) -> Result<(), CommandError> {
        self.open("engine".into());
        Ok(())
    }

    fn accept(&self, settings: &Settings) -> Result<(), CommandError> {
        match settings.shortcut.as_deref() {
            Some("nonsense") => Err(CommandError::refused("these are no keys", "Press others.")),
            _ => Ok(()),
        }
    }

    fn apply(&self, settings: &Settings) -> Result<(), CommandError> {
        self.applied.lock().unwrap().push(settings.clone());
        Ok(())
    }

    fn show(&self, launch: Launch) {
        self.open(format!("{launch:?}"));
    }

    fn leave_launcher(&self, launch: Option<Launch>) {
        self.open(format!("left for {launch:?}"));
    }

    fn logs(&self) -> PathBuf {
        "/logs".into()
    }
}

/// Everything that one test has of its own.
pub struct World {
    pub staged: StagedBackend,
    pub desktop: Arc<Staged>,
    app: App<MockRuntime>,
    page: WebviewWindow<MockRuntime>,
    heard: Heard,
    /// Claude runs for as long as the far end of its terminal is kept.
    terminals: Mutex<Terminals>,
    folder: TempDir,
}

impl World {
    /// A world with the agent `a` in the bottle `b`, and the credential that it needs.
    pub fn new() -> Self {
        let world = Self::bare();
        world.write("bottles/b.md", BOTTLE);
        world.write("agents/a.md", AGENT);
        world.call(
            "add_credential",
            json!({"name": "claude", "value": "sk-ant-oat01-canary", "replace": false}),
        );
        world
    }

    /// A world whose home holds nothing.
    pub fn bare() -> Self {
        let folder = TempDir::new().unwrap();
        let home = Home::new(folder.path().join("home")).unwrap();
        let store = Arc::new(MemoryStore::default());
        let owner = home.owner().clone();
        let credentials = Arc::new(Credentials::open(store, home.credentials(), owner));
        let staged = StagedBackend::new();
        let mut terminals = staged.terminals();
        let backends: Vec<Arc<dyn Backend>> = vec![Arc::new(staged.clone())];
        let host = Host {
            env: Box::new(|_| None),
            clock: Box::new(SystemTime::now),
            claude_skills: None,
        };
        let engine = Engine::new(home, backends, Arc::clone(&credentials) as _, host);
        let runtime = tauri::async_runtime::handle().inner().clone();
        let desk = Desk::new(Arc::new(engine), runtime);
        let desktop = Arc::new(Staged::default());
        let heard = Heard::default();
        let list = ipc::builder::<MockRuntime>();
        let hear = Arc::clone(&heard);
        let app = mock_builder()
            .invoke_handler(list.invoke_handler())
            .channel_interceptor(move |_, channel, _, body| {
                let sent = match body {
                    InvokeResponseBody::Json(text) => {
                        Sent::Json(serde_json::from_str(text).unwrap())
                    }
                    InvokeResponseBody::Raw(bytes) => Sent::Raw(bytes.clone()),
                };
                hear.lock().unwrap().push((channel.0, sent));
                true
            })
            .build(mock_context(noop_assets()))
            .unwrap();
        let shell = Shell::new(desk, credentials, Arc::clone(&desktop) as _);
        app.manage(shell);
        let page = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
            .build()
            .unwrap();
        Self {
            staged,
            desktop,
            app,
            page,
            heard,
            terminals: Mutex::new(Box::new(move || terminals.try_recv().ok())),
            folder,
        }
    }

    /// The shell's state.
    pub fn shell(&self) -> tauri::State<'_, Shell> {
        self.app.state::<Shell>()
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
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Calls a command as the page does.
    pub fn ask(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.into(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().unwrap(),
            body: InvokeBody::Json(arguments),
            headers: tauri::http::HeaderMap::default(),
            invoke_key: INVOKE_KEY.to_string(),
        };
        let answer = get_ipc_response(&self.page, request)?;
        Ok(answer.deserialize::<Value>().unwrap())
    }

    /// Calls a command that goes well.
    #[track_caller]
    pub fn call(&self, command: &str, arguments: Value) -> Value {
        match self.ask(command, arguments) {
            Ok(answer) => answer,
            Err(error) => panic!("{command}: {error:#}"),
        }
    }

    /// Calls a command that fails, and gives the error.
    #[track_caller]
    pub fn fails(&self, command: &str, arguments: Value) -> Value {
        match self.ask(command, arguments) {
            Ok(answer) => panic!("{command} did not fail: {answer:#}"),
            Err(error) => error,
        }
    }

    /// How the page names a channel in the arguments of a call.
    pub fn channel(number: u32) -> String {
        format!("__CHANNEL__:{number}")
    }

    /// What a channel heard so far.
    pub fn heard(&self, channel: u32) -> Vec<Sent> {
        let heard = self.heard.lock().unwrap();
        let own = heard.iter().filter(|(number, _)| *number == channel);
        own.map(|(_, sent)| sent.clone()).collect()
    }

    /// Waits until a channel's last message has this kind, and gives all of its messages.
    pub fn until_heard(&self, channel: u32, kind: &str) -> Vec<Value> {
        let what = format!("'{kind}' on channel {channel}");
        Self::wait(&what, || {
            let heard = self.heard(channel);
            let messages: Vec<Value> = heard.into_iter().filter_map(json_of).collect();
            messages
                .iter()
                .any(|message| message["kind"] == kind)
                .then_some(messages)
        })
    }

    /// Waits until there is something.
    pub fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        tauri::async_runtime::block_on(until(what, async move || look()))
    }

    /// What is asked for when the agent `a` is started.
    pub fn start() -> Value {
        json!({"input": {"agent": "a", "backend": null, "workspace": null, "demo": false, "answers": []}})
    }

    /// Starts the agent `a` and gives its session's id once it runs.
    pub fn running(&self) -> String {
        let task = self.call("start_session", Self::start());
        let channel = 90;
        let arguments = json!({"task": task, "events": Self::channel(channel)});
        self.call("follow_task", arguments);
        let events = self.until_heard(channel, "end");
        let end = events.last().unwrap();
        assert_eq!(end["error"], Value::Null, "{end:#}");
        end["session"].as_str().unwrap().to_owned()
    }

    /// The far end of the terminal of the session that started last.
    pub fn terminal(&self) -> FarEnd {
        let mut next = self.terminals.lock().unwrap();
        Self::wait("a terminal", &mut *next)
    }

    /// Keeps a credential behind the page's back.
    pub fn keep(&self, name: &str, value: &str) {
        let name = CredentialName::new(name).unwrap();
        let value = Secret::new(value.to_owned());
        let credentials = &self.shell().credentials;
        drop(credentials.add(&name, &value, IfPresent::Replace).unwrap());
    }
}

fn json_of(sent: Sent) -> Option<Value> {
    match sent {
        Sent::Json(value) => Some(value),
        Sent::Raw(_) => None,
    }
}
