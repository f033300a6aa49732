//! How long a plan takes: `start --dry-run --format json` in a home of many agents, with the real engine answering.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::statistics::{median, quantile};

const AGENTS: usize = 50;
/// Runs before the measuring begins.
const WARM_UP: usize = 3;

/// Measures it.
pub fn measure(settings: &Settings) -> Result<Report> {
    let home = tempfile::tempdir()?;
    write_home(home.path())?;
    let cli = settings.cli()?;
    let run = |arguments: &[&str]| -> Result<(f64, Vec<u8>)> {
        let mut command = Command::new(cli);
        command
            .args(arguments)
            .env("CLAUDE_BOTTLE_HOME", home.path())
            .stdin(Stdio::null());
        let began = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("cannot run {}", cli.display()))?;
        let took = began.elapsed().as_secs_f64() * 1000.0;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok((took, output.stdout))
    };
    let dry_run = ["start", "agent-25", "--dry-run", "--format", "json"];
    let (mut plans, mut nothings) = (Vec::new(), Vec::new());
    for turn in 0..WARM_UP + settings.extent.plans {
        let (plan, said) = run(&dry_run)?;
        let (nothing, _) = run(&["--version"])?;
        engine_answered(&said)?;
        if turn >= WARM_UP {
            plans.push(plan);
            nothings.push(nothing);
        }
    }
    let mut report = Report::default();
    report.figure("plan.p50_ms", median(&plans));
    report.figure("plan.p90_ms", quantile(&plans, 0.9));
    report.figure("plan.program_alone.p50_ms", median(&nothings));
    let row = |what: &str, times: &[f64]| {
        let part = |part| short(quantile(times, part));
        vec![what.to_owned(), part(0.5), part(0.9)]
    };
    report.table(
        "A plan in a home of 50 agents",
        &["", "p50 ms", "p90 ms"],
        vec![
            row("start --dry-run --format json", &plans),
            row("--version", &nothings),
        ],
    );
    report.goal(
        "plan of one of 50 agents",
        median(&plans),
        Limit::AtMost(20.0),
        " ms",
    );
    Ok(report)
}

/// A plan whose runtime is open was made without the engine, and is no measure.
fn engine_answered(plan: &[u8]) -> Result<()> {
    let plan: Value = serde_json::from_slice(plan).context("the plan is no JSON")?;
    if plan.get("runtime").is_none_or(Value::is_null) {
        bail!("no engine answered: start Docker first");
    }
    Ok(())
}

fn write_home(home: &Path) -> Result<()> {
    for folder in ["bottles", "agents", "skills"] {
        fs::create_dir(home.join(folder))?;
    }
    let bottle = "---\negress:\n  routes:\n    - host: api.anthropic.com\n    - host: '*.example.com'\n\
                  env:\n  EDITOR: vi\n---\n";
    fs::write(home.join("bottles/base.md"), bottle)?;
    for number in 0..AGENTS {
        let bottle = format!(
            "---\nextends: base\negress:\n  routes:\n    - host: host-{number}.example.net\n---\n"
        );
        fs::write(home.join(format!("bottles/bottle-{number}.md")), bottle)?;
        let skill = home.join(format!("skills/skill-{number}"));
        fs::create_dir(&skill)?;
        let text = format!("---\nname: skill-{number}\ndescription: A skill\n---\n\nDo it well.\n");
        fs::write(skill.join("SKILL.md"), text)?;
        let agent = format!(
            "---\nbottle: bottle-{number}\ndescription: Agent {number}\nskills: [skill-{number}]\n---\n\nYou are agent {number}.\n"
        );
        fs::write(home.join(format!("agents/agent-{number}.md")), agent)?;
    }
    Ok(())
}
