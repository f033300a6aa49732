//! The plan as a person reads it before they say yes: one aligned block of plain text, without colour.
//!
//! Knows the plan and nothing else; what it prints is safe on a terminal whatever names of files hold.

use super::{Plan, PlannedRemote, PlannedSkill};
use crate::backend::Daemon;
use crate::policy::{Match, Route, Upstream};

/// A label and its lines; the label stands beside the first.
type Row = (&'static str, Vec<String>);

/// Columns between a label or name and what follows it.
const GAP: usize = 2;

/// Renders a plan, with line ends.
pub(super) fn render(plan: &Plan) -> String {
    let rows = rows(plan);
    let width = rows
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or_default()
        + GAP;
    let mut text = String::new();
    for (label, lines) in rows {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let line = format!("{label:width$}{line}");
            text.extend(line.trim_end().chars().map(printable));
            text.push('\n');
        }
    }
    text
}

/// A file's name may hold what a terminal takes for a command.
fn printable(c: char) -> char {
    if c.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

fn rows(plan: &Plan) -> Vec<Row> {
    let mut rows = vec![
        ("Agent", vec![plan.agent.to_string()]),
        ("Bottle", vec![plan.bottle.to_string()]),
        ("Runs on", vec![runs_on(plan)]),
        ("Claude", vec![plan.claude.clone()]),
        ("Resources", vec![resources(plan)]),
        ("Workspace", vec![workspace(plan)]),
        ("Prompt", vec![prompt(plan)]),
        ("Skills", table(plan.skills.iter().map(skill))),
        ("Variables", vec![variables(plan)]),
        ("Open hosts", hosts(plan)),
        ("Credentials", vec![credentials(plan)]),
        ("TLS", vec![tls(plan)]),
        ("Git", table(plan.git_remotes.iter().map(remote))),
        (
            "Bundle",
            vec![listed(plan.daemons.iter().copied().map(Daemon::as_str))],
        ),
    ];
    if !plan.warnings.is_empty() {
        rows.push(("Warnings", plan.warnings.clone()));
    }
    rows
}

fn runs_on(plan: &Plan) -> String {
    let runtime = plan
        .runtime
        .map(|runtime| format!(", runtime {}", runtime.as_str()));
    format!(
        "{}{}, image {}",
        plan.backend,
        runtime.unwrap_or_default(),
        plan.image
    )
}

fn resources(plan: &Plan) -> String {
    let resources = plan.resources;
    let disk = resources
        .disk_mib
        .map(|disk| format!(", {} disk", size(disk)));
    let memory = size(resources.memory_mib);
    format!(
        "{} CPUs, {memory} memory{}",
        resources.cpus,
        disk.unwrap_or_default()
    )
}

fn size(mib: u32) -> String {
    if mib >= 1024 && mib.is_multiple_of(1024) {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    }
}

fn workspace(plan: &Plan) -> String {
    plan.workspace.as_ref().map_or_else(
        || "none".to_owned(),
        |copied| format!("a copy of {} at {}", copied.source, copied.destination),
    )
}

fn prompt(plan: &Plan) -> String {
    match plan.prompt.bytes {
        0 => "none".to_owned(),
        bytes => format!("{} ({bytes} bytes)", plan.prompt.path),
    }
}

/// The bottle's own by name; the rest is the same everywhere and only counted.
fn variables(plan: &Plan) -> String {
    let others = plan
        .env_names
        .len()
        .saturating_sub(plan.bottle_env_names.len());
    match plan.bottle_env_names.as_slice() {
        [] => format!("the usual {others}, none of the bottle's own"),
        own => format!("{}, and the usual {others}", own.join(", ")),
    }
}

fn skill(skill: &PlannedSkill) -> (String, String) {
    (skill.name.to_string(), skill.source.to_string())
}

fn hosts(plan: &Plan) -> Vec<String> {
    if plan.egress.routes.is_empty() {
        return vec!["none: nothing leaves this bottle".to_owned()];
    }
    table(plan.egress.routes.iter().map(route))
}

fn credentials(plan: &Plan) -> String {
    if plan.credentials.is_empty() {
        return "none".to_owned();
    }
    format!(
        "{}; put in outside the bottle, never inside",
        plan.credentials.join(", ")
    )
}

fn tls(plan: &Plan) -> String {
    let tls = &plan.egress.tls_interception;
    match (&tls.ca_fingerprint, tls.enabled) {
        (Some(fingerprint), true) => format!("checked in the bundle, certificate {fingerprint}"),
        (None, true) => {
            "checked in the bundle, with a certificate of this session alone".to_owned()
        }
        (_, false) => "not opened".to_owned(),
    }
}

fn remote(remote: &PlannedRemote) -> (String, String) {
    (
        remote.name.clone(),
        format!("{}, push: {}", remote.url, remote.push),
    )
}

fn route(route: &Route) -> (String, String) {
    let mut parts = vec![if route.matches.is_empty() {
        "every request".to_owned()
    } else {
        route
            .matches
            .iter()
            .map(shape)
            .collect::<Vec<_>>()
            .join("; ")
    }];
    if let Some(auth) = &route.auth {
        parts.push(format!("with credential {}", auth.credential));
    }
    match route.upstream {
        Some(Upstream::Scripted) => parts.push("answered by the scripted API in the bundle".into()),
        None => {}
    }
    (route.host.to_string(), parts.join(", "))
}

fn shape(shape: &Match) -> String {
    let methods = shape.methods.join(" ");
    let paths = shape.paths.join(" ");
    let parts = [methods.as_str(), paths.as_str()];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn listed<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<S> = items.into_iter().collect();
    let items: Vec<&str> = items.iter().map(S::as_ref).collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

/// Aligns names and what is said of each.
fn table(lines: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let lines: Vec<(String, String)> = lines.collect();
    let width = lines
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default()
        + GAP;
    if lines.is_empty() {
        return vec!["none".to_owned()];
    }
    lines
        .into_iter()
        .map(|(name, rest)| format!("{name:width$}{rest}"))
        .collect()
}
