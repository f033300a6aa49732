//! What a click in the menu does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bottle_core::id::{AgentName, SessionId};
use bottle_engine::{Engine, StartRequest};
use tauri::async_runtime::spawn;
use tauri::{AppHandle, Manager};

use crate::state::Shell;
use crate::window::show_at;
use crate::wire::launch::{Launch, LaunchView};

/// Does what a line of the menu stands for.
pub(crate) fn on_event(app: &AppHandle, id: &str) {
    let Some((verb, what)) = id.split_once(':') else {
        return;
    };
    match verb {
        "task" => show_at(app, Launch::named(LaunchView::Start, id)),
        "session" => show_at(app, Launch::named(LaunchView::Session, what)),
        "stop" => stop(app, what),
        "start" => start(app, what),
        _ => {}
    }
}

fn stop(app: &AppHandle, id: &str) {
    let Ok(id) = SessionId::new(id) else {
        return;
    };
    let app = app.clone();
    spawn(async move {
        let desk = std::sync::Arc::clone(&app.state::<Shell>().desk);
        if let Err(error) = desk.stop(&id, true).await {
            tracing::warn!("{id} does not stop: {error}");
            show_at(&app, Launch::named(LaunchView::Session, id));
        }
    });
}

/// Starts an agent with the project folder that it had last; where the person wants to see the plan first, or there is something in it
/// to decide, the window shows the plan.
fn start(app: &AppHandle, agent: &str) {
    let Ok(agent) = AgentName::new(agent) else {
        return;
    };
    let app = app.clone();
    spawn(async move {
        let shell = app.state::<Shell>();
        let known = shell.work(|engine| {
            let confirm = engine
                .settings()
                .map_or(true, |chosen| chosen.confirm_start);
            Ok((engine.list_agents(None)?, confirm))
        });
        let (agents, confirm) = known.await.unwrap_or_else(|_| (Vec::new(), true));
        let last = agents
            .into_iter()
            .find(|known| known.name == agent.as_str())
            .and_then(|known| known.last_workspace);
        let request = StartRequest {
            agent: agent.clone(),
            backend: None,
            workspace: last.map(PathBuf::from).filter(|folder| folder.is_dir()),
            env: BTreeMap::new(),
        };
        let launch = if confirm || !is_plain(shell.desk.engine(), &request).await {
            Launch::named(LaunchView::Start, agent)
        } else {
            Launch::task(shell.desk.start(request, false).0)
        };
        show_at(&app, launch);
    });
}

/// Whether a start needs nothing more from the person: it asks nothing, warns of nothing, and may do no more than the last one.
pub(crate) async fn is_plain(engine: &Engine, request: &StartRequest) -> bool {
    let Ok(prepared) = Box::pin(engine.prepare(request)).await else {
        return false;
    };
    prepared.ready().is_ok()
        && prepared.questions().is_empty()
        && prepared.plan.warnings.is_empty()
        && engine.authority(&prepared).widened.is_empty()
}
