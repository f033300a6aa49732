//! `list`, `info`, `stop` and `apply`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use bottle_core::event::SecurityEvent;
use bottle_core::id::SessionId;
use bottle_engine::changes::ChangeKind;
use bottle_engine::store::{SessionRecord, SessionState};
use bottle_engine::{Engine, EngineError};
use serde_json::json;

use super::{print, print_json};
use crate::show;

/// `claude-bottle list`.
pub fn list(engine: &Engine, all: bool, json: bool) -> anyhow::Result<ExitCode> {
    let records = if engine.home().database().exists() {
        engine.store()?.list()?
    } else {
        Vec::new()
    };
    let mut rows = Vec::new();
    let mut shown = Vec::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    for record in records {
        if record.state == SessionState::Settled && !all {
            continue;
        }
        let state = state(engine, &record)?;
        rows.push(vec![
            record.id.to_string(),
            state.to_owned(),
            record.backend.to_string(),
            show::ago(now, record.created_at),
            record.reason.clone().unwrap_or_default(),
        ]);
        let mut value = serde_json::to_value(&record)?;
        if let Some(value) = value.as_object_mut() {
            value.insert("state".into(), state.into());
        }
        shown.push(value);
    }
    if json {
        print_json(&shown)?;
    } else if rows.is_empty() {
        print(
            "No sessions. `claude-bottle start AGENT` starts one, `claude-bottle list --all` shows those that ended.\n",
        )?;
    } else {
        print(&show::table(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A session as a person sees it: a record that says "running" without a process that owns it is a crash.
fn state(engine: &Engine, record: &SessionRecord) -> Result<&'static str, EngineError> {
    let active = matches!(record.state, SessionState::Starting | SessionState::Running);
    Ok(if active && !engine.is_live(&record.id)? {
        "crashed"
    } else {
        record.state.as_str()
    })
}

/// `claude-bottle info`.
pub fn info(engine: &Engine, id: &SessionId, json: bool) -> anyhow::Result<ExitCode> {
    let record = engine.session(id)?;
    let folder = engine.home().session(id);
    let read = |name: &str| -> serde_json::Value {
        std::fs::read(folder.join(name))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    };
    let (plan, evidence) = (read("plan.json"), read("self-test.json"));
    let audit = engine.audit(id)?;
    let state = state(engine, &record)?;
    if json {
        let events: Vec<_> = audit
            .iter()
            .map(|entry| json!({"at_ms": entry.at_ms, "event": entry.event}))
            .collect();
        print_json(
            &json!({"session": record, "state": state, "plan": plan, "self_test": evidence, "events": events}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        line("Session", record.id.to_string()),
        line(
            "State",
            [Some(state.to_owned()), record.reason]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(": "),
        ),
        line(
            "Agent",
            format!("{} in the bottle {}", record.agent, record.bottle),
        ),
        line("Backend", record.backend.to_string()),
        line("Folder", folder.display().to_string()),
    ];
    if let Some(workspace) = record.workspace {
        rows.push(line(
            "Project",
            format!(
                "{workspace}, {}",
                show::count(engine.changes(id)?.len(), "change", "changes")
            ),
        ));
    }
    if let Ok(report) = serde_json::from_value::<bottle_core::selftest::SelfTest>(evidence) {
        let passed = report.checks.iter().filter(|check| check.passed).count();
        rows.push(line(
            "Self-test",
            format!(
                "{passed} of {} checks passed in {} ms",
                report.checks.len(),
                report.took_ms
            ),
        ));
    }
    let (allowed, denied): (Vec<_>, Vec<_>) = audit
        .iter()
        .partition(|entry| matches!(entry.event, SecurityEvent::Allowed { .. }));
    rows.push(line(
        "Egress",
        format!(
            "{} requests passed, {} other events",
            allowed.len(),
            denied.len()
        ),
    ));
    print(&show::table(&rows))?;
    for entry in denied {
        if let SecurityEvent::Denied {
            host,
            method,
            path,
            rule,
            reason,
            ..
        } = &entry.event
        {
            print(&format!(
                "  refused {method} {host}{path} ({rule}): {reason}\n"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `claude-bottle stop`.
pub async fn stop(engine: &Engine, id: &SessionId) -> anyhow::Result<ExitCode> {
    engine.stop(id).await?;
    print(&format!(
        "{id} is stopped. `claude-bottle resume {id}` goes on with it, `claude-bottle cleanup` removes it.\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// `claude-bottle apply`.
pub fn apply(engine: &Engine, id: &SessionId, list: bool, force: bool) -> anyhow::Result<ExitCode> {
    if list {
        for change in engine.changes(id)? {
            let mark = match change.kind {
                ChangeKind::Added => "+",
                ChangeKind::Modified => "~",
                ChangeKind::Deleted => "-",
            };
            print(&format!("{mark} {}\n", change.path.display()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let count = engine.apply(id, force)?;
    print(&format!(
        "{} brought back.\n",
        show::count(usize::try_from(count).unwrap_or_default(), "file", "files")
    ))?;
    Ok(ExitCode::SUCCESS)
}
