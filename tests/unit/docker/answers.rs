//! What the backend makes of an engine's answers, with a small engine that says what a test wants.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bottle_core::advice::Advice;
use bottle_core::backend::{
    Backend, BackendError, BackendName, Daemon, Images, Resources, SessionSpec,
};
use bottle_core::id::{AgentName, OwnerId, SessionId};
use bottle_docker::{Docker, Settings};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;

/// Answers by the beginning of "METHOD path".
type Answers = BTreeMap<&'static str, (u16, String)>;

/// An engine that answers every request from a list, and 404 to everything else.
struct SmallEngine {
    folder: TempDir,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for SmallEngine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl SmallEngine {
    fn start(answers: &[(&'static str, u16, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("docker.sock")).expect("a socket");
        let answers: Answers = answers
            .iter()
            .map(|(ask, status, body)| (*ask, (*status, (*body).to_owned())))
            .collect();
        let answers = Arc::new(answers);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answers = Arc::clone(&answers);
                tokio::spawn(async move { answer(stream, &answers).await });
            }
        });
        Self { folder, serving }
    }

    /// An engine that says who it is, besides other answers.
    fn of_version(api: &str, os: &str, more: &[(&'static str, u16, &str)]) -> Self {
        let version = format!(r#"{{"Version":"1.2.3","ApiVersion":"{api}"}}"#);
        let info = format!(
            r#"{{"ID":"x","ServerVersion":"1.2.3","OSType":"{os}","Architecture":"aarch64","Driver":"overlay2","NCPU":4}}"#
        );
        let mut answers = vec![
            ("GET /version", 200, version.as_str()),
            ("GET /info", 200, info.as_str()),
        ];
        answers.extend(more);
        Self::start(&answers)
    }

    fn docker(&self) -> Docker {
        Docker::connect(settings(
            self.folder.path(),
            &format!("unix://{}/docker.sock", self.folder.path().display()),
        ))
    }
}

async fn answer(stream: tokio::net::UnixStream, answers: &Answers) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or_default() <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    drop(stream.read_exact(&mut body).await);
    let missing = (404, r#"{"message":"no such thing"}"#.to_owned());
    let (status, body) = answers
        .iter()
        .find(|(ask, _)| head.starts_with(*ask))
        .map_or(&missing, |(_, answer)| answer);
    let text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    drop(stream.write_all(text.as_bytes()).await);
}

fn settings(home: &Path, host: &str) -> Settings {
    let host = host.to_owned();
    let variables = Arc::new(move |name: &str| (name == "DOCKER_HOST").then(|| host.clone()));
    Settings::new(home, variables, Vec::new())
}

fn spec() -> SessionSpec {
    SessionSpec {
        id: SessionId::new("reviewer-a1b2c").expect("an id"),
        agent: AgentName::new("reviewer").expect("a name"),
        owner: OwnerId::new("home-1").expect("an owner"),
        images: Images {
            agent: "agent:1".to_owned(),
            bundle: "bundle:1".to_owned(),
        },
        runtime: None,
        resources: Resources {
            cpus: 1.0,
            memory_mib: 512,
            disk_mib: None,
        },
        daemons: vec![Daemon::Egress],
    }
}

#[tokio::test]
async fn an_engine_is_told_by_version_and_place() {
    let engine = SmallEngine::of_version("1.47", "linux", &[]);
    let probe = engine.docker().probe().await;
    assert_eq!(
        probe.engine.as_deref(),
        Some("Docker Engine 1.2.3 (linux/arm64, overlay2)")
    );
    let place = format!(
        "DOCKER_HOST, unix://{}/docker.sock",
        engine.folder.path().display()
    );
    assert_eq!(
        (probe.available, probe.endpoint, probe.problems),
        (true, Some(place), Vec::new())
    );
}

#[tokio::test]
async fn an_old_engine_is_refused_with_its_version() {
    let probe = SmallEngine::of_version("1.40", "linux", &[])
        .docker()
        .probe()
        .await;
    let problem = probe.problems.first().expect("a problem");
    assert_eq!(
        (probe.available, problem.code.as_str()),
        (false, "engine_too_old")
    );
    assert!(
        problem.what.contains("1.2.3 (API 1.40)"),
        "{}",
        problem.what
    );
}

#[tokio::test]
async fn windows_containers_are_refused() {
    let probe = SmallEngine::of_version("1.47", "windows", &[])
        .docker()
        .probe()
        .await;
    assert!(
        !probe.available && probe.problems[0].what.contains("Windows containers"),
        "{probe:?}"
    );
}

#[tokio::test]
async fn no_engine_says_where_it_was_looked_for() {
    let folder = TempDir::new().expect("a folder");
    let docker = Docker::connect(settings(folder.path(), "unix:///no/such.sock"));
    let probe = docker.probe().await;
    assert_eq!(
        probe.endpoint.as_deref(),
        Some("DOCKER_HOST, unix:///no/such.sock")
    );
    assert_eq!(probe.problems[0].code, "engine_unavailable");
    let capabilities = docker.capabilities().await;
    assert!(
        matches!(
            capabilities,
            Err(BackendError::Unavailable {
                source: Some(_),
                ..
            })
        ),
        "{capabilities:?}"
    );
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_a_problem_of_their_own() {
    let folder = TempDir::new().expect("a folder");
    let probe = Docker::connect(settings(folder.path(), "tcp://engine.example:2375"))
        .probe()
        .await;
    assert_eq!(probe.problems[0].code, "engine_settings");
    assert!(
        probe.problems[0].what.contains("would show credentials"),
        "{probe:?}"
    );
}

#[test]
fn a_forbidden_socket_has_an_advice_of_its_own() {
    let unavailable = |kind: std::io::ErrorKind| BackendError::Unavailable {
        backend: BackendName::Docker,
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        source: Some(std::io::Error::from(kind).into()),
    };
    assert!(
        unavailable(std::io::ErrorKind::PermissionDenied)
            .advice()
            .contains("usermod")
    );
    assert!(
        unavailable(std::io::ErrorKind::ConnectionRefused)
            .advice()
            .contains("Start Docker")
    );
}

#[tokio::test]
async fn an_ssh_that_cannot_log_in_says_why() {
    let folder = TempDir::new().expect("a folder");
    let ssh = folder.path().join("ssh");
    std::fs::write(
        &ssh,
        "#!/bin/sh\necho 'me@far: Permission denied (publickey).' >&2\nexit 255\n",
    )
    .expect("a program");
    std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).expect("its mode");
    let mut settings = settings(folder.path(), "ssh://me@far");
    settings.ssh = ssh;
    let probe = Docker::connect(settings).probe().await;
    assert_eq!(
        (probe.available, probe.problems[0].code.as_str()),
        (false, "engine_unavailable")
    );
    assert!(
        probe.problems[0]
            .what
            .contains("Permission denied (publickey)"),
        "{}",
        probe.problems[0].what
    );
}

#[tokio::test]
async fn a_full_disk_is_told_as_such() {
    let full = r#"{"message":"write /var/lib/docker: no space left on device"}"#;
    let engine = SmallEngine::of_version("1.47", "linux", &[("POST /volumes/create", 500, full)]);
    let created = engine.docker().create(&spec()).await;
    assert!(
        matches!(created, Err(BackendError::DiskFull { .. })),
        "{created:?}"
    );
}

#[tokio::test]
async fn a_foreign_volume_of_the_name_is_never_used() {
    let foreign = r#"{"Name":"claude-bottle-reviewer-a1b2c-doors","Driver":"local","Mountpoint":"/x","Labels":{},"Scope":"local","Options":{}}"#;
    let engine =
        SmallEngine::of_version("1.47", "linux", &[("POST /volumes/create", 201, foreign)]);
    let created = engine.docker().create(&spec()).await;
    assert!(
        matches!(created, Err(BackendError::NameInUse { .. })),
        "{created:?}"
    );
}

#[tokio::test]
async fn gvisor_that_the_engine_lacks_is_refused_with_what_to_change() {
    let engine = SmallEngine::of_version("1.47", "linux", &[]);
    let spec = SessionSpec {
        runtime: Some(bottle_core::backend::Runtime::Runsc),
        ..spec()
    };
    let created = engine.docker().create(&spec).await;
    let Err(error @ BackendError::RuntimeUnfit { .. }) = created else {
        panic!("{created:?}")
    };
    assert!(
        error.advice().contains("--host-uds=all --network=none"),
        "{}",
        error.advice()
    );
}

#[tokio::test]
async fn a_container_whose_removal_began_is_gone() {
    let agent = "POST /containers/claude-bottle-reviewer-a1b2c/start";
    let bundle = "POST /containers/claude-bottle-reviewer-a1b2c-bundle/start";
    let removed = r#"{"message":"container is marked for removal and cannot be started"}"#;
    let session = SessionId::new("reviewer-a1b2c").unwrap();
    let engine =
        SmallEngine::of_version("1.47", "linux", &[(bundle, 204, ""), (agent, 409, removed)]);
    let started = engine.docker().start(&session).await;
    assert!(
        matches!(started, Err(BackendError::GuestGone { .. })),
        "{started:?}"
    );
    let engine =
        SmallEngine::of_version("1.47", "linux", &[(bundle, 409, removed), (agent, 204, "")]);
    let started = engine.docker().start(&session).await;
    assert!(
        matches!(started, Err(BackendError::BundleGone { .. })),
        "{started:?}"
    );
}

#[tokio::test]
async fn other_refusals_keep_the_engines_words() {
    let engine = SmallEngine::of_version(
        "1.47",
        "linux",
        &[("POST /volumes/create", 500, r#"{"message":"strange"}"#)],
    );
    let created = engine.docker().create(&spec()).await;
    let Err(BackendError::Engine { action, source }) = created else {
        panic!("{created:?}")
    };
    assert_eq!(
        action,
        "create the volume claude-bottle-reviewer-a1b2c-doors"
    );
    assert!(source.to_string().contains("strange"), "{source}");
}
