//! The menu bar item: an icon whose shape says how things stand, and a menu that does the usual with one click.
//!
//! Both are made anew from a snapshot of the engine whenever something changes. Where the desktop has no place for such an item, the
//! app goes on without it.

mod act;
pub mod snapshot;

use bottle_engine::desk::{Desk, SessionState, TaskState};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry, include_image};

pub(crate) use act::on_event;
use snapshot::{Entry, Session, Snapshot, Standing};

use crate::quit;
use crate::state::Shell;

const ID: &str = "claude-bottle";
const IDLE: Image<'_> = include_image!("../icons/tray-idle.png");
const RUNNING: Image<'_> = include_image!("../icons/tray-running.png");
const WAITING: Image<'_> = include_image!("../icons/tray-waiting.png");
const TROUBLE: Image<'_> = include_image!("../icons/tray-trouble.png");

/// Whether there is an item in the menu bar.
pub(crate) fn is_there(app: &AppHandle) -> bool {
    app.tray_by_id(ID).is_some()
}

/// Puts the item into the menu bar, where there is one.
pub(crate) fn show(app: &AppHandle) {
    if !library_is_there() {
        tracing::info!("no library for the menu bar: running on without an item in it");
        return;
    }
    let made = menu(app, &Snapshot::default().entries()).and_then(|menu| {
        TrayIconBuilder::with_id(ID)
            .icon(IDLE)
            .icon_as_template(true)
            .tooltip("claude-bottle")
            .menu(&menu)
            .show_menu_on_left_click(true)
            .build(app)
    });
    match made {
        Ok(_) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { refresh(&app).await });
        }
        Err(error) => tracing::warn!("no item in the menu bar: {error}"),
    }
}

/// Makes icon and menu anew.
pub(crate) async fn refresh(app: &AppHandle) {
    let Some(item) = app.tray_by_id(ID).filter(|_| !quit::has_begun(app)) else {
        return;
    };
    let snapshot = look(app).await;
    let icon = match snapshot.standing() {
        Standing::Idle => IDLE,
        Standing::Running => RUNNING,
        Standing::Waiting => WAITING,
        Standing::Trouble => TROUBLE,
    };
    let shown = menu(app, &snapshot.entries())
        .and_then(|menu| item.set_menu(Some(menu)))
        .and_then(|()| item.set_icon_with_as_template(Some(icon), true))
        .and_then(|()| item.set_tooltip(Some(snapshot.summary())));
    if let Err(error) = shown {
        tracing::warn!("the menu bar item does not change: {error}");
    }
}

async fn look(app: &AppHandle) -> Snapshot {
    let shell = app.state::<Shell>();
    let failed = shell
        .desk
        .tasks()
        .into_iter()
        .filter(|task| task.state == TaskState::Failed)
        .map(|task| (task.task.0, task.title));
    let agents = shell.work(|engine| engine.list_agents(None)).await;
    Snapshot {
        failed: failed.collect(),
        running: running(&shell.desk).await,
        agents: agents
            .unwrap_or_default()
            .into_iter()
            .filter(|agent| agent.fault.is_none())
            .map(|agent| agent.name)
            .collect(),
        trouble: shell.trouble(),
    }
}

async fn running(desk: &std::sync::Arc<Desk>) -> Vec<Session> {
    let sessions = desk.list().await.unwrap_or_default();
    sessions
        .into_iter()
        .filter(|session| session.here && session.state == SessionState::Running)
        .map(|session| Session {
            id: session.record.id.into(),
        })
        .collect()
}

fn menu(app: &AppHandle, entries: &[Entry]) -> tauri::Result<Menu<Wry>> {
    let items = items(app, entries)?;
    let items: Vec<&dyn IsMenuItem<Wry>> = items.iter().map(|item| &**item).collect();
    Menu::with_items(app, &items)
}

fn items(app: &AppHandle, entries: &[Entry]) -> tauri::Result<Vec<Box<dyn IsMenuItem<Wry>>>> {
    let made = entries.iter().map(|entry| {
        let item: Box<dyn IsMenuItem<Wry>> = match entry {
            Entry::Separator => Box::new(PredefinedMenuItem::separator(app)?),
            Entry::Words(words) => Box::new(MenuItem::new(app, words, false, None::<&str>)?),
            Entry::Action { id, text } => {
                Box::new(MenuItem::with_id(app, id, text, true, None::<&str>)?)
            }
            Entry::More { text, entries } => {
                let items = items(app, entries)?;
                let items: Vec<&dyn IsMenuItem<Wry>> = items.iter().map(|item| &**item).collect();
                Box::new(Submenu::with_items(app, text, true, &items)?)
            }
        };
        Ok(item)
    });
    made.collect()
}

/// Whether the library that shows such items on Linux is installed: making one without it would end the app.
#[cfg(target_os = "linux")]
fn library_is_there() -> bool {
    const NAMES: [&str; 2] = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"];
    let told = bottle_wiring::variable("LD_LIBRARY_PATH").unwrap_or_default();
    let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let usual = [
        multiarch.as_str(),
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/lib",
    ];
    let folders = told.split(':').filter(|folder| !folder.is_empty());
    folders.chain(usual).any(|folder| {
        NAMES
            .iter()
            .any(|name| std::path::Path::new(folder).join(name).exists())
    })
}

#[cfg(not(target_os = "linux"))]
const fn library_is_there() -> bool {
    true
}
