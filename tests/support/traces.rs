//! Looks for a secret value everywhere where something of a session can be seen from outside of the bundle's memory.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

use crate::engine::docker_cli;

/// Looks, inside of a container, in every process's environment and arguments and in every file that a session can have written. The
/// patterns come on standard input, so that the search itself does not put them where it looks.
const INSIDE: &str = "grep -rlaFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline /home /workspace /tmp /etc /run /var /root /opt /srv \
    2>/dev/null; true";

/// A place and what stands there.
pub type Place = (String, Vec<u8>);

/// A value that must be nowhere, in all forms that a careless program would write it in.
pub struct Needle(Vec<(&'static str, String)>);

impl Needle {
    /// All forms of a value: itself, hexadecimal, and base64 however it lies in what was encoded.
    #[must_use]
    pub fn new(value: &str) -> Self {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            ("plain", value.to_owned()),
            ("HEX", hex.to_uppercase()),
            ("hex", hex),
        ];
        for lead in 0..3 {
            let bytes = [&vec![0; lead], value.as_bytes()].concat();
            for (name, encoding) in [("base64", BASE64_STANDARD), ("base64url", BASE64_URL_SAFE)] {
                let text = encoding.encode(&bytes);
                // The first and last characters also hold bits of what stands beside.
                let (from, to) = ((lead * 8).div_ceil(6), bytes.len() * 8 / 6);
                forms.push((name, text[from..to].to_owned()));
            }
        }
        Self(forms)
    }

    /// The first form that is in some bytes.
    #[must_use]
    pub fn in_bytes(&self, bytes: &[u8]) -> Option<&'static str> {
        let text = String::from_utf8_lossy(bytes);
        let found = self.0.iter().find(|(_, form)| text.contains(form));
        found.map(|(name, _)| *name)
    }

    /// Where it is, of these places.
    #[must_use]
    pub fn among(&self, places: &[Place]) -> Vec<String> {
        let seen = places.iter().filter_map(|(place, bytes)| {
            let form = self.in_bytes(bytes)?;
            Some(format!("{form} in {place}"))
        });
        seen.collect()
    }

    /// Where it is inside of a container, as one of its users sees it.
    ///
    /// # Panics
    /// Where the search cannot be run.
    #[must_use]
    pub fn inside(&self, container: &str, user: &str) -> Vec<String> {
        let mut search = Command::new("docker")
            .args(["exec", "--interactive", "--user", user, container])
            .args(["sh", "-c", INSIDE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker");
        let forms: Vec<&str> = self.0.iter().map(|(_, form)| form.as_str()).collect();
        let mut stdin = search.stdin.take().expect("a pipe");
        stdin
            .write_all(forms.join("\n").as_bytes())
            .expect("patterns");
        drop(stdin);
        let output = search.wait_with_output().expect("an answer");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .map(|file| format!("{file} in {container} as {user}"))
            .collect()
    }
}

/// What the engine tells anyone of these resources (`kind name`): their configuration, their images', what was run in them, their
/// logs, and the engine's events since a time.
#[must_use]
pub fn on_engine(resources: &[String], since: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for (kind, name) in resources.iter().filter_map(|named| named.split_once(' ')) {
        let seen = docker_cli(&[kind, "inspect", name]);
        places.push((format!("inspection of {kind} {name}"), seen.into_bytes()));
        if kind != "container" {
            continue;
        }
        let image = docker_cli(&["inspect", "--format", "{{.Image}}", name]);
        let seen = docker_cli(&["image", "inspect", image.trim()]);
        places.push((format!("inspection of {name}'s image"), seen.into_bytes()));
        let history = docker_cli(&["history", "--no-trunc", image.trim()]);
        places.push((format!("history of {name}'s image"), history.into_bytes()));
        let log = Command::new("docker").args(["logs", name]).output();
        let log = log.expect("a log");
        places.push((format!("log of {name}"), [log.stdout, log.stderr].concat()));
        let runs = docker_cli(&[
            "inspect",
            "--format",
            "{{range .ExecIDs}}{{.}} {{end}}",
            name,
        ]);
        for run in runs.split_whitespace() {
            places.push((format!("run {run} in {name}"), exec_inspection(run)));
        }
    }
    let now = unix_time();
    let events = docker_cli(&[
        "events",
        "--since",
        since,
        "--until",
        &now,
        "--format",
        "{{json .}}",
    ]);
    places.push(("the engine's events".to_owned(), events.into_bytes()));
    places
}

/// Seconds since 1970, as the engine takes them.
#[must_use]
pub fn unix_time() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("a clock").as_secs().to_string()
}

/// What the engine tells of something that was run in a container; Docker's command line does not ask for it.
fn exec_inspection(id: &str) -> Vec<u8> {
    let host = docker_cli(&[
        "context",
        "inspect",
        "--format",
        "{{.Endpoints.docker.Host}}",
    ]);
    let given = std::env::var("DOCKER_HOST").unwrap_or(host);
    let Some(socket) = given.trim().strip_prefix("unix://") else {
        return Vec::new();
    };
    let mut stream = UnixStream::connect(socket).expect("the engine");
    let request = format!("GET /exec/{id}/json HTTP/1.0\r\nHost: docker\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a question");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}

/// Environment and arguments of all processes of this machine, those in containers among them.
#[must_use]
pub fn in_processes() -> Vec<Place> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let files =
        entries.flat_map(|entry| ["environ", "cmdline"].map(|file| entry.path().join(file)));
    files
        .filter_map(|file| Some((file.display().to_string(), fs::read(&file).ok()?)))
        .collect()
}

/// All files below a folder, with their names.
#[must_use]
pub fn in_folder(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            places.extend(in_folder(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            let name = path.display().to_string();
            places.push((name.clone(), [name.as_bytes(), &bytes].concat()));
        }
    }
    places
}
