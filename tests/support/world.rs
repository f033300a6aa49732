//! A claude-bottle home of one test on a real engine, with the promise that the test leaves nothing: no container, volume, network,
//! process or running session.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use bottle_core::backend::Backend;
use bottle_core::credential::CredentialSource;
use bottle_core::id::{CredentialName, OwnerId, SessionId};
use bottle_core::secret::Secret;
use bottle_credentials::{Credentials, IfPresent, MemoryStore};
use bottle_docker::Docker;
use bottle_engine::{Engine, Home, Host};
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::engine::{Bench, docker_cli, settings, with_engine};
use crate::until::{LIMIT, LOOK, until};

/// Names the home of what the product makes.
const OWNER: &str = "dev.claude-bottle.owner";

/// Everything that one test has of its own.
pub struct World {
    /// The engine, asked from outside of the product.
    pub bench: Arc<Bench>,
    folder: TempDir,
    owner: OwnerId,
}

/// Runs a test in a world of its own, removes everything of it afterwards, and fails where something was left. Without an engine the
/// test is skipped, and says so by name.
pub async fn with_world<F, Fut>(test: &str, body: F)
where
    F: FnOnce(Arc<World>) -> Fut,
    Fut: Future<Output = ()>,
{
    // Each claude takes a few hundred megabytes and a processor while it starts.
    static ROOM: Semaphore = Semaphore::const_new(3);
    let _room = ROOM.acquire().await.expect("never closed");
    with_engine(test, |bench| async move {
        // Made here once, so that no test waits for a build with the patience that it has for a start.
        let _images = bench.images().await;
        let world = Arc::new(World::new(bench));
        let outcome = std::panic::AssertUnwindSafe(body(Arc::clone(&world)))
            .catch_unwind()
            .await;
        let left = world.left();
        world.sweep();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        assert!(left.is_empty(), "{test} left: {left:#?}");
    })
    .await;
}

impl World {
    /// A home that no other test has; nothing is in it yet.
    #[must_use]
    pub fn new(bench: Arc<Bench>) -> Self {
        let folder = TempDir::new().expect("a folder");
        for name in ["home", "user", "project"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let home = Home::new(folder.path().join("home")).expect("a home");
        let owner = home.owner().clone();
        Self {
            bench,
            folder,
            owner,
        }
    }

    /// Names this home on the labels of what it makes.
    #[must_use]
    pub const fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// What `CLAUDE_BOTTLE_HOME` is in this world.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// An empty folder that is there to be worked in.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The person's own folder in this world, `HOME`.
    #[must_use]
    pub fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    /// A folder of a session.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> PathBuf {
        self.home().join("sessions").join(id.as_str())
    }

    /// Writes a file of the home, such as `agents/a.md`.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Variables with which the product's programs live in this world and in no other.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let user = self.folder.path().join("user");
        let mut variables = vec![("CLAUDE_BOTTLE_HOME", self.home()), ("HOME", user)];
        if let Some(home) = std::env::var_os("HOME") {
            let docker = Path::new(&home).join(".docker");
            let given = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
            variables.push(("DOCKER_CONFIG", given.unwrap_or(docker)));
        }
        if let Some(pem) = settings().extra_certificates {
            let file = self.folder.path().join("authorities.pem");
            fs::write(&file, pem).expect("a file");
            variables.push(("CLAUDE_BOTTLE_EXTRA_CA", file));
        }
        variables
    }

    /// The product's command line in this world.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(built("claude-bottle"));
        command
            .args(arguments)
            .envs(self.variables())
            .env_remove("CLAUDE_BOTTLE_LOG")
            .current_dir(self.folder.path().join("user"));
        command
    }

    /// The engine of this world, as a window or a command line would wire it.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine_with(&[])
    }

    /// The same with credentials in the keychain, by name and value.
    ///
    /// # Panics
    /// Where a name or a value is none.
    #[must_use]
    pub fn engine_with(&self, kept: &[(&str, &str)]) -> Engine {
        let home = Home::new(self.home()).expect("a home");
        let credentials = Credentials::open(
            Arc::new(MemoryStore::default()),
            home.credentials(),
            home.owner().clone(),
        );
        for (name, value) in kept {
            let name = CredentialName::new(*name).expect("a name");
            let value = Secret::new((*value).to_owned());
            let added = credentials.add(&name, &value, IfPresent::Fail);
            drop(added.expect("a credential"));
        }
        let host = Host {
            env: Box::new(|_| None),
            clock: Box::new(SystemTime::now),
            claude_skills: None,
        };
        let backend: Arc<dyn Backend> = Arc::new(Docker::connect(settings()));
        let credentials: Arc<dyn CredentialSource> = Arc::new(credentials);
        Engine::new(home, vec![backend], credentials, host)
    }

    /// What the engine holds of this home, as `kind name`.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        let filter = format!("label={OWNER}={}", self.owner);
        let list = |kind: &'static str, arguments: &[&str]| {
            let names = docker_cli(&[arguments, &["--filter", &filter]].concat());
            let names: Vec<String> = names.lines().map(|name| format!("{kind} {name}")).collect();
            names
        };
        [
            list("container", &["ps", "--all", "--format", "{{.Names}}"]),
            list("volume", &["volume", "ls", "--format", "{{.Name}}"]),
            list("network", &["network", "ls", "--format", "{{.Name}}"]),
        ]
        .concat()
    }

    /// Ids of the sessions that have a folder.
    #[must_use]
    pub fn folders(&self) -> BTreeSet<SessionId> {
        let entries = fs::read_dir(self.home().join("sessions"));
        let names = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .map(|name| SessionId::new(name).expect("a session's id"))
            .collect()
    }

    /// The one session that has a folder.
    pub async fn only_session(&self) -> SessionId {
        until("a session's folder", async || {
            self.folders().into_iter().next()
        })
        .await
    }

    /// Waits until the engine holds something of this world.
    pub async fn container_appears(&self) {
        until("a container", async || self.resources().first().map(|_| ())).await;
    }

    /// Kills a container as soon as it runs.
    pub async fn kill_container(&self, name: &str) {
        until("a container to kill", async || {
            docker(&["kill", "--signal", "KILL", name]).then_some(())
        })
        .await;
    }

    /// Waits until this and nothing else goes on outside of this world's folder.
    pub async fn settles_to(&self, left: &[&str]) {
        let mut last = Vec::new();
        let settled = tokio::time::timeout(LIMIT, async {
            loop {
                last = self.left();
                if last == left {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        if settled.await.is_err() {
            panic!("it never settled to {left:?}; still there: {last:#?}");
        }
    }

    /// Asserts that nothing at all tells of a session any more: no resource, no folder, no record, no process.
    pub fn assert_untouched(&self) {
        assert_eq!(self.left(), Vec::<String>::new());
        assert_eq!(self.folders(), BTreeSet::new(), "folders of sessions");
        let records = self.engine().store().expect("a store").list();
        assert_eq!(records.expect("a list"), [], "records of sessions");
    }

    /// What of this world goes on outside of its folder: resources on the engine, and processes on this machine.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let mut left = self.resources();
        left.extend(self.processes());
        left
    }

    /// Processes of this machine that were started in this world, without those inside of containers.
    fn processes(&self) -> Vec<String> {
        let mark = format!("CLAUDE_BOTTLE_HOME={}", self.home().display());
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter(|entry| {
                fs::read(entry.path().join("environ")).is_ok_and(|environ| {
                    environ
                        .split(|byte| *byte == 0)
                        .any(|pair| pair == mark.as_bytes())
                })
            })
            .map(|entry| format!("process {}", entry.file_name().to_string_lossy()))
            .collect()
    }

    /// Removes from the engine whatever a failed test left.
    fn sweep(&self) {
        for resource in self.resources() {
            let removed = match resource.split_once(' ') {
                Some(("container", name)) => docker(&["rm", "--force", "--volumes", name]),
                Some((kind, name)) => docker(&[kind, "rm", name]),
                None => continue,
            };
            if !removed {
                eprintln!("{resource} could not be removed");
            }
        }
    }
}

fn docker(arguments: &[&str]) -> bool {
    let output = Command::new("docker").args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// A program of the workspace that was built beside this test program.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    let folder = test.parent().and_then(Path::parent).expect("a folder");
    let program = folder.join(name);
    assert!(
        program.is_file(),
        "{} is not built: `cargo xtask test` builds it first",
        program.display()
    );
    program
}
