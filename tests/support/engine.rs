//! A real Docker engine for a test, where one answers, and the promise that nothing of the test stays on it.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bottle_core::backend::{Backend, Daemon, ImageSource, Images, Resources, SessionSpec};
use bottle_core::event::StepSink;
use bottle_core::id::{AgentName, OwnerId, SessionId};
use bottle_docker::{Docker, Settings};
use futures_util::FutureExt;
use tokio::sync::OnceCell;

/// Names a folder in which the programs for the images are looked for first.
pub const PROGRAMS: &str = "CLAUDE_BOTTLE_PROGRAMS";

/// A Docker backend of one test, with an owner of its own.
pub struct Bench {
    /// The backend.
    pub docker: Arc<Docker>,
    /// Whose the test's sessions are.
    pub owner: OwnerId,
}

/// The settings that reach this machine's engine and the programs that were built beside this test.
#[must_use]
pub fn settings() -> Settings {
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let variables = Arc::new(|name: &str| std::env::var(name).ok());
    let mut settings = Settings::new(home, variables, program_folders());
    settings.extra_certificates = extra_certificates(Path::new("/usr/local/share/ca-certificates"));
    settings
}

/// Where the programs are: the folder that the environment names, then the folder of cargo's profile.
#[must_use]
pub fn program_folders() -> Vec<PathBuf> {
    let named = std::env::var_os(PROGRAMS).map(PathBuf::from);
    let own = std::env::current_exe().ok();
    let profile = own
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent)
        .map(Path::to_owned);
    named.into_iter().chain(profile).collect()
}

/// The authorities that this machine trusts besides the public ones: where it stands behind a proxy, its containers do too.
fn extra_certificates(folder: &Path) -> Option<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt"));
    files.sort();
    let pem: Vec<u8> = files
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .flatten()
        .collect();
    (!pem.is_empty()).then_some(pem)
}

/// Runs a test on a real engine, removes everything of its owner afterwards, and fails where something stays. Without an engine
/// the test is skipped, and says so by name.
pub async fn with_engine<F, Fut>(test: &str, body: F)
where
    F: FnOnce(Arc<Bench>) -> Fut,
    Fut: Future<Output = ()>,
{
    let docker = Docker::connect(settings());
    let probe = docker.probe().await;
    if !probe.available {
        let why: Vec<String> = probe
            .problems
            .into_iter()
            .map(|problem| problem.what)
            .collect();
        crate::skip(
            "integration",
            test,
            &format!("no Docker engine answers ({})", why.join(" ")),
        );
        return;
    }
    let bench = Arc::new(Bench {
        docker: Arc::new(docker),
        owner: fresh_owner(),
    });
    let outcome = std::panic::AssertUnwindSafe(body(Arc::clone(&bench)))
        .catch_unwind()
        .await;
    let left = bench.clean().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    assert!(left.is_empty(), "{test} left on the engine: {left:?}");
}

impl Bench {
    /// Removes everything of this bench's owner and tells what could not be removed.
    async fn clean(&self) -> Vec<String> {
        let mut left = Vec::new();
        for session in self.docker.list(&self.owner).await.unwrap_or_default() {
            left.extend(
                self.docker
                    .delete(&session.id)
                    .await
                    .err()
                    .map(|error| format!("{}: {error}", session.id)),
            );
        }
        for resource in self.own_plan().await {
            left.extend(
                self.docker
                    .remove(&resource)
                    .await
                    .err()
                    .map(|error| format!("{}: {error}", resource.name)),
            );
        }
        left.extend(
            self.own_plan()
                .await
                .into_iter()
                .map(|resource| resource.name),
        );
        left
    }

    /// The owner's cleanup plan without the unfinished images, which belong to every owner.
    async fn own_plan(&self) -> Vec<bottle_core::backend::Resource> {
        let plan = self
            .docker
            .cleanup_plan(&self.owner, &[])
            .await
            .expect("a cleanup plan");
        plan.into_iter()
            .filter(|resource| resource.kind != "image")
            .collect()
    }

    /// The product's own images, made once in the life of the test program.
    pub async fn images(&self) -> Images {
        static IMAGES: OnceCell<Images> = OnceCell::const_new();
        let made = IMAGES.get_or_init(|| async {
            let made = self
                .docker
                .ensure_images(&ImageSource::BuiltIn, &Loud)
                .await;
            made.unwrap_or_else(|error| panic!("no images: {error:?}"))
        });
        made.await.clone()
    }

    /// What a new session of this bench is made of.
    pub async fn spec(&self) -> SessionSpec {
        let agent = AgentName::new("contract").expect("a name");
        SessionSpec {
            id: fresh_session(&agent),
            agent,
            owner: self.owner.clone(),
            images: self.images().await,
            runtime: None,
            resources: Resources {
                cpus: 2.0,
                memory_mib: 1024,
                disk_mib: None,
            },
            daemons: vec![Daemon::Egress],
        }
    }

    /// Makes and runs a session.
    pub async fn running(&self) -> SessionSpec {
        let spec = self.spec().await;
        self.docker.create(&spec).await.expect("created");
        self.docker.start(&spec.id).await.expect("started");
        spec
    }
}

/// Shows what a long build does.
struct Loud;

impl StepSink for Loud {
    fn step(&self, step: &str, fraction: Option<f64>) {
        eprintln!("{:>4.0} % {step}", fraction.unwrap_or_default() * 100.0);
    }

    fn log(&self, line: &str) {
        eprintln!("       {line}");
    }
}

fn fresh_number() -> u64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let count = u64::from(COUNT.fetch_add(1, Ordering::Relaxed));
    (u64::from(now.subsec_nanos()) << 32)
        ^ (u64::from(std::process::id()) << 12)
        ^ now.as_secs()
        ^ count
}

/// An owner that no other test has.
#[must_use]
pub fn fresh_owner() -> OwnerId {
    OwnerId::new(format!("test-{:x}", fresh_number())).expect("an owner's id")
}

/// A session's id that no other test has.
#[must_use]
pub fn fresh_session(agent: &AgentName) -> SessionId {
    SessionId::generate(agent, fresh_number())
}

/// Runs Docker's own command line and gives what it printed, for what the backend itself does not show.
///
/// # Panics
/// Where it fails.
#[must_use]
pub fn docker_cli(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("Docker's command line");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
