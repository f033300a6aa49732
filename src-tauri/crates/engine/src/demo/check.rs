//! The demo's table: what was promised, whether it holds, and what was seen.

use bottle_core::demo;
use bottle_core::event::SecurityEvent;
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::id::SessionId;

use super::Story;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::session::Live;

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was promised.
    pub title: &'static str,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

/// Looks, as `node` and as root, for the credential in every process's environment and arguments and in every file that may have it. The pattern comes on standard input, so that the search itself does not put it where it looks.
const SEARCH: &str = r"grep -rlaFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline /home /workspace /tmp /etc /run /var/log 2>/dev/null; true";

/// Checks a demo session while it still runs.
///
/// # Errors
/// [`EngineError::Backend`] where the guest cannot be asked.
pub async fn check_session(
    engine: &Engine,
    live: &Live,
    story: &Story,
) -> Result<Vec<Checked>, EngineError> {
    let file = live
        .guest()
        .exec(&Exec::new(GuestUser::Node, ["cat", demo::FILE]), None)
        .await?;
    let written = String::from_utf8_lossy(&file.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let refusal = story
        .refusal
        .as_deref()
        .and_then(|text| text.lines().find(|line| line.contains("denied_by_bottle")));
    let audit = engine.audit(&live.id)?;
    let denied = audit.iter().any(|entry| {
        matches!(&entry.event, SecurityEvent::Denied { host, .. } if host == demo::FOREIGN_HOST)
    });
    let injected = audit
        .iter()
        .filter(|entry| {
            matches!(
                &entry.event,
                SecurityEvent::Allowed {
                    credential: Some(_),
                    ..
                }
            )
        })
        .count();
    let mut places = Vec::new();
    for user in [GuestUser::Node, GuestUser::Root] {
        let value = engine.demo_credential().0.expose().as_bytes().to_vec();
        let pattern = Box::pin(futures_util::io::Cursor::new(value));
        let found = live
            .guest()
            .exec(&Exec::new(user, ["sh", "-c", SEARCH]), Some(pattern))
            .await?;
        places.extend(
            String::from_utf8_lossy(&found.stdout)
                .lines()
                .map(str::to_owned),
        );
    }
    let passed = live
        .evidence
        .checks
        .iter()
        .filter(|check| check.passed)
        .count();
    Ok(vec![
        Checked {
            title: "The bottle has no way out but its doors",
            passed: live.evidence.passed,
            seen: format!(
                "{passed} of {} checks passed inside, in {} ms",
                live.evidence.checks.len(),
                live.evidence.took_ms
            ),
        },
        Checked {
            title: "Claude answers through the egress door",
            passed: story.reply.is_some() && injected > 0,
            seen: match &story.reply {
                Some(_) => format!("{injected} requests passed, the credential was put in outside"),
                None => first_line(story.error.as_deref().unwrap_or("no reply")),
            },
        },
        Checked {
            title: "A skill was used",
            passed: story.skill_used,
            seen: format!("tools used: {}", story.tools.join(", ")),
        },
        Checked {
            title: "A file was written in the workspace",
            passed: file.code == 0,
            seen: format!("{}: {written}", demo::FILE),
        },
        Checked {
            title: "A host that is not open was refused",
            passed: refusal.is_some() && denied,
            seen: refusal.map_or_else(|| "no refusal was seen".into(), sentence),
        },
        Checked {
            title: "The credential is not inside",
            passed: places.is_empty(),
            seen: if places.is_empty() {
                "searched processes and files, found nowhere".into()
            } else {
                places.join(", ")
            },
        },
    ])
}

/// Checks, after settling, that the engine holds nothing of the session.
///
/// # Errors
/// [`EngineError::Backend`] where the engine cannot be asked.
pub async fn check_settled(engine: &Engine, id: &SessionId) -> Result<Checked, EngineError> {
    let mut left = Vec::new();
    for backend in engine.backends() {
        let resources = backend
            .cleanup_plan(engine.home().owner(), &[])
            .await
            .unwrap_or_default();
        let own = resources
            .into_iter()
            .filter(|resource| resource.session.as_ref() == Some(id));
        left.extend(own.map(|resource| format!("{} {}", resource.kind, resource.name)));
    }
    let seen = if left.is_empty() {
        "no container, volume or network".into()
    } else {
        left.join(", ")
    };
    Ok(Checked {
        title: "Nothing is left behind",
        passed: left.is_empty(),
        seen,
    })
}

/// The sentence of a refusal's JSON body.
fn sentence(line: &str) -> String {
    let body = line
        .find('{')
        .and_then(|start| line.get(start..))
        .unwrap_or(line);
    let parsed: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let message = parsed
        .as_ref()
        .and_then(|body| body.pointer("/error/message"))
        .and_then(|text| text.as_str());
    first_line(message.unwrap_or(line))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}
