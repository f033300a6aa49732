//! Bottles that the command line starts in a home of their own, and the same image without any of it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bottle_core::event::Phase;
use serde_json::Value;
use tempfile::TempDir;

use super::terminal::Terminal;
use crate::settings::Settings;

/// What claude shows under its prompt box, once a person can type.
const PROMPT: &str = "bypass permissions on";
/// The phases of a start, in their order.
const PHASES: [Phase; 5] = [
    Phase::Image,
    Phase::Launch,
    Phase::Doors,
    Phase::Provision,
    Phase::SelfTest,
];
/// A first start builds images, and downloads what they are made of.
const PATIENCE: Duration = Duration::from_secs(1800);
/// The label by which everything of one home is found on the engine.
const LABEL_OWNER: &str = "dev.claude-bottle.owner";
/// Claude without a bottle: the same files that answer its first questions, the same switches.
const BARE: &str = r#"mkdir -p ~/.claude
printf '%s' '{"hasCompletedOnboarding":true,"theme":"dark","projects":{"/workspace":{"hasTrustDialogAccepted":true}}}' > ~/.claude.json
printf '%s' '{"skipDangerousModePermissionPrompt":true}' > ~/.claude/settings.json
exec claude --dangerously-skip-permissions"#;
/// What the bare claude gets: the switches of a bottle, and an API that refuses at once. Without that it waits 20 s for the
/// settings of an organisation before it shows its prompt (measured with 2.1.330), which would flatter the bottle.
const ENVIRONMENT: [&str; 10] = [
    "ANTHROPIC_BASE_URL=http://127.0.0.1:9",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL=1",
    "CLAUDE_CODE_OAUTH_TOKEN=placeholder",
    "COLORTERM=truecolor",
    "DISABLE_AUTOUPDATER=1",
    "HOME=/home/node",
    "IS_SANDBOX=1",
    "LANG=C.UTF-8",
    "TERM=xterm-256color",
];

/// A home folder and the program that works in it. What a failed benchmark leaves is removed when dropped.
pub struct Bottles {
    cli: PathBuf,
    home: TempDir,
}

/// A bottle at its prompt.
pub struct Started {
    terminal: Terminal,
    /// What each phase took, the plan first.
    pub phases: Vec<(&'static str, Duration)>,
    /// From the start of the program to the end of its own work.
    pub launched: Duration,
    /// From the start of the program to the prompt.
    pub prompt: Duration,
}

impl Bottles {
    /// An empty home.
    pub fn new(settings: &Settings) -> Result<Self> {
        Ok(Self {
            cli: settings.cli()?.clone(),
            home: tempfile::tempdir()?,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cli);
        command
            .args(arguments)
            .env("CLAUDE_BOTTLE_HOME", self.home.path());
        command
    }

    /// Starts the demo's bottle on a terminal, up to claude's prompt.
    pub fn start(&self) -> Result<Started> {
        let mut terminal = Terminal::run(&mut self.command(&["demo", "--interactive"]))?;
        let mut at = terminal.until(&format!("… {}", Phase::Image.title()), PATIENCE)?;
        let mut phases = vec![(Phase::Prepare.title(), at)];
        for phase in PHASES {
            let end = terminal.until(&format!("✓ {}", phase.title()), PATIENCE)?;
            phases.push((phase.title(), end.saturating_sub(at)));
            at = end;
        }
        let prompt = terminal.until(PROMPT, PATIENCE)?;
        phases.push((Phase::Claude.title(), prompt.saturating_sub(at)));
        Ok(Started {
            terminal,
            phases,
            launched: at,
            prompt,
        })
    }

    /// Says which image the guests of this home start from, while one runs.
    pub fn image(&self) -> Result<String> {
        self.inspect("{{.Config.Image}}")
    }

    /// Says under which id this home's things stand on the engine, while one runs.
    pub fn owner(&self) -> Result<String> {
        self.inspect(&format!("{{{{index .Config.Labels {LABEL_OWNER:?}}}}}"))
    }

    fn inspect(&self, format: &str) -> Result<String> {
        let session = self.sessions()?.into_iter().next();
        let name = format!("claude-bottle-{}", session.context("no session runs")?);
        docker(&["inspect", "--format", format, &name])
    }

    /// The sessions that the program lists.
    pub fn sessions(&self) -> Result<Vec<String>> {
        let output = self.command(&["list", "--json"]).output()?;
        let listed: Vec<Value> =
            serde_json::from_slice(&output.stdout).context("`list --json` said no JSON")?;
        let ids = listed
            .iter()
            .filter_map(|session| session.get("id")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    }
}

impl Drop for Bottles {
    fn drop(&mut self) {
        let mut command = self.command(&["cleanup", "--yes", "--discard"]);
        command.stdin(Stdio::null()).output().ok();
    }
}

impl Started {
    /// When the program was started.
    pub const fn began(&self) -> Instant {
        self.terminal.began()
    }

    /// Leaves claude as a person does, and waits until the program has cleaned up; says how long that took.
    pub fn leave(mut self) -> Result<Duration> {
        let left = Instant::now();
        self.terminal.type_in("/exit")?;
        self.terminal.until("/exit", PATIENCE)?;
        self.terminal.type_in("\r")?;
        let status = self.terminal.end(PATIENCE)?;
        if !status.success() {
            bail!("{status}: {}", self.terminal.tail());
        }
        Ok(left.elapsed())
    }
}

/// Starts claude by `docker run -it` of the same image, and says how long it took to its prompt.
pub fn bare(image: &str) -> Result<Duration> {
    let name = format!("claude-bottle-bench-{}", std::process::id());
    let mut command = Command::new("docker");
    command.args(["run", "-it", "--rm", "--network", "none", "--name", &name]);
    for variable in ENVIRONMENT {
        command.args(["--env", variable]);
    }
    command.args(["--entrypoint", "/bin/sh", image, "-c", BARE]);
    let mut terminal = Terminal::run(&mut command)?;
    let prompt = terminal.until(PROMPT, PATIENCE);
    // Whatever came of it, the container must go, and the program ends with it.
    docker(&["rm", "--force", &name])?;
    terminal.end(PATIENCE)?;
    prompt
}

/// How long the engine takes to run a container that does nothing.
pub fn nothing(image: &str) -> Result<Duration> {
    let began = Instant::now();
    let run = ["run", "--rm", "--network", "none", "--entrypoint"];
    docker(&[run.as_slice(), &["/bin/true", image]].concat())?;
    Ok(began.elapsed())
}

/// Everything on the engine that belongs to a home.
pub fn owned(owner: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let label = format!("label={LABEL_OWNER}={owner}");
    for list in [
        ["ps", "--all", "--format", "{{.Names}}"].as_slice(),
        &["volume", "ls", "--format", "{{.Name}}"],
        &["network", "ls", "--format", "{{.Name}}"],
    ] {
        let names = docker(&[list, &["--filter", &label]].concat())?;
        found.extend(names.lines().map(str::to_owned));
    }
    Ok(found)
}

fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .context("cannot run docker")?;
    if !output.status.success() {
        bail!(
            "docker {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
