//! A window that WebKitWebDriver opened: its page by scripts (W3C WebDriver, level 1), its processes by the system.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::desktop::{Desktop, Group};

/// How long the driver may take for one answer; opening a window is the slowest.
const ANSWER: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// A window. It ends with all its processes when dropped.
pub struct Window {
    port: u16,
    session: String,
    /// The process of the shell.
    pub shell: u32,
    driver: Group,
    _folder: TempDir,
}

impl Window {
    /// Opens a program's window.
    pub fn open(desktop: &Desktop, program: &Path, variables: &[(&str, &Path)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .envs(variables.iter().copied())
            // What tells the window's engine that it may be driven.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = desktop.run(&mut command, &folder.path().join("log"))?;
        let mut window = Self {
            port,
            session: String::new(),
            shell: 0,
            driver,
            _folder: folder,
        };
        until("the driver", ANSWER, || {
            Ok(window.ask("GET", "/status", &Value::Null).ok())
        })?;
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": program, "args": []},
            "timeouts": {"script": 600_000},
        }}});
        let made = window.ask("POST", "/session", &wanted)?;
        let id = made.get("sessionId").and_then(Value::as_str);
        window.session = id.context("the driver names no session")?.to_owned();
        window.shell = shell(window.driver.process(), program)?;
        Ok(window)
    }

    /// Runs a script in the page and gives what it returns.
    pub fn script(&self, script: &str) -> Result<Value> {
        let path = format!("/session/{}/execute/sync", self.session);
        self.ask("POST", &path, &json!({"script": script, "args": []}))
    }

    /// Runs a script that gives its result to `done` later.
    pub fn script_later(&self, script: &str) -> Result<Value> {
        let path = format!("/session/{}/execute/async", self.session);
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.ask("POST", &path, &json!({"script": script, "args": []}))
    }

    /// Looks at the page until an expression is true.
    pub fn until(&self, what: &str, expression: &str, patience: Duration) -> Result<()> {
        let script = format!("return Boolean({expression});");
        let seen = until(what, patience, || {
            Ok((self.script(&script)? == Value::Bool(true)).then_some(()))
        });
        seen.with_context(|| {
            let text = self.script("return document.body.innerText.slice(0, 600);");
            format!("the page shows: {}", text.unwrap_or_default())
        })
    }

    /// Clicks on the button that has this name, once it is there.
    pub fn click(&self, name: &str) -> Result<()> {
        let find = format!(
            "[...(document.querySelector('dialog[open]') ?? document).querySelectorAll('button')].find((button) => !button.disabled && \
             (button.ariaLabel ?? button.textContent).trim().startsWith({}))",
            json!(name)
        );
        self.until(&format!("the button '{name}'"), &find, ANSWER)?;
        self.script(&format!("({find}).click();"))?;
        Ok(())
    }

    /// The shell and all processes below it: those that lay out, paint and load the page.
    pub fn processes(&self) -> Vec<u32> {
        let mut found = vec![self.shell];
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            found.extend(children(parent));
            at += 1;
        }
        found
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(ANSWER * 10))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("the driver's answer is cut off")?;
        let value = serde_json::from_str::<Value>(body)?;
        let value = value.get("value").cloned().unwrap_or_default();
        if head.split_whitespace().nth(1) != Some("200") {
            bail!("{path}: {value}");
        }
        Ok(value)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Asked first: the program ends as a person would end it, and its processes with it.
        let path = format!("/session/{}", self.session);
        self.ask("DELETE", &path, &Value::Null).ok();
        let gone = || Ok((!Path::new(&format!("/proc/{}", self.shell)).exists()).then_some(()));
        until("the window's end", ANSWER / 6, gone).ok();
    }
}

/// Looks until there is something.
pub fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited in vain for {what}");
        }
        sleep(LOOK);
    }
}

/// The process below the driver that runs the program.
fn shell(driver: u32, program: &Path) -> Result<u32> {
    let program = fs::canonicalize(program)?;
    let runs = |process: &u32| {
        fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|path| path == program)
    };
    until("the window's process", ANSWER, || {
        Ok(children(driver).into_iter().find(runs))
    })
}

fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let below = |process: &u32| {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in brackets may hold anything; after it come the state and the parent.
        let parent = text.rsplit_once(')')?.1.split_whitespace().nth(1)?;
        parent.parse::<u32>().ok()
    };
    processes
        .filter(|process| below(process) == Some(parent))
        .collect()
}
