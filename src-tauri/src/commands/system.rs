//! The machine and this program: what the doctor finds, settings, native dialogs, and what leads out of the window.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bottle_core::claude;
use bottle_core::event::Silent;
use bottle_engine::doctor::{Diagnosis, Health, ReportFacts};
use bottle_engine::{EngineError, settings};
use tauri::State;
use tauri::async_runtime::spawn_blocking;

use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::launch::{Launch, LaunchView};
use crate::wire::settings::{Settings, SettingsInput};
use crate::wire::system::{About, CleanupItem, Finding, FindingAction, Platform};
use crate::wire::{all, path_text};

/// Looks at everything that a start needs, now.
#[tauri::command]
#[specta::specta]
pub async fn probe_system(shell: State<'_, Shell>) -> Result<Vec<Finding>, CommandError> {
    Ok(all(diagnose(&shell).await?))
}

/// Does the one thing about a finding; gives a task's number where that takes time.
#[tauri::command]
#[specta::specta]
pub async fn carry_out(
    shell: State<'_, Shell>,
    action: FindingAction,
) -> Result<Option<u32>, CommandError> {
    match action {
        FindingAction::PrepareImage => return Ok(Some(shell.desk.prepare_images(None).0)),
        FindingAction::StartEngine => shell.desktop.start_engine()?,
        FindingAction::InstallEngine => shell.desktop.open_link(ENGINE_GUIDE)?,
        FindingAction::OpenHome | FindingAction::FreeSpace => show_home(&shell)?,
        // Both have views of their own in the page.
        FindingAction::AddCredential | FindingAction::CleanUp => {}
    }
    Ok(None)
}

/// Where a person reads how to get a Docker engine.
const ENGINE_GUIDE: &str = "https://docs.docker.com/get-started/get-docker/";

/// What is left over and can be removed.
#[tauri::command]
#[specta::specta]
pub async fn cleanup_plan(shell: State<'_, Shell>) -> Result<Vec<CleanupItem>, CommandError> {
    Ok(all(shell.engine().cleanup_items().await?))
}

/// Removes leftovers; work in them is saved before.
#[tauri::command]
#[specta::specta]
pub async fn clean_up(shell: State<'_, Shell>, ids: Vec<String>) -> Result<(), CommandError> {
    Ok(Box::pin(shell.engine().clean_up(&ids, &Silent)).await?)
}

/// A description of the state of things without names of the person or secrets, to be read before it is sent.
#[tauri::command]
#[specta::specta]
pub async fn report(shell: State<'_, Shell>) -> Result<String, CommandError> {
    let diagnoses = diagnose(&shell).await?;
    let facts = ReportFacts {
        version: env!("CARGO_PKG_VERSION").into(),
        claude: claude::VERSION.into(),
        platform: Platform::here().title().into(),
    };
    let user = std::env::home_dir();
    shell
        .work(move |engine| Ok(engine.report(&diagnoses, &facts, user.as_deref())))
        .await
}

/// What the person chose.
#[tauri::command]
#[specta::specta]
pub async fn read_settings(shell: State<'_, Shell>) -> Result<Settings, CommandError> {
    shell
        .work(|engine| engine.settings())
        .await
        .map(Settings::from)
}

/// Keeps what the person chooses, and carries it out.
#[tauri::command]
#[specta::specta]
pub async fn write_settings(
    shell: State<'_, Shell>,
    settings: SettingsInput,
) -> Result<Settings, CommandError> {
    let wanted = settings::Settings::from(settings);
    shell.desktop.accept(&wanted)?;
    let kept = shell.work(move |engine| engine.write_settings(&wanted));
    let kept = kept.await?;
    shell.desktop.apply(&kept)?;
    Ok(kept.into())
}

/// What this program is.
#[tauri::command]
#[specta::specta]
pub fn about(shell: State<'_, Shell>) -> Result<About, CommandError> {
    Ok(About {
        version: env!("CARGO_PKG_VERSION").into(),
        claude: claude::VERSION.into(),
        home: path_text(shell.engine().home().root()),
        platform: Platform::here(),
        logs: path_text(&shell.desktop.logs()),
    })
}

/// Asks for a project folder.
#[tauri::command]
#[specta::specta]
pub async fn pick_folder(shell: State<'_, Shell>) -> Result<Option<String>, CommandError> {
    let desktop = Arc::clone(&shell.desktop);
    let picked = spawn_blocking(move || desktop.pick_folder()).await?;
    Ok(picked.map(|folder| path_text(&folder)))
}

/// Asks for skills.
#[tauri::command]
#[specta::specta]
pub async fn pick_skills(shell: State<'_, Shell>) -> Result<Vec<String>, CommandError> {
    let desktop = Arc::clone(&shell.desktop);
    let picked = spawn_blocking(move || desktop.pick_skills()).await?;
    Ok(picked.iter().map(|path| path_text(path)).collect())
}

/// Shows a path in the file manager: one of ours, or one of a session's project folder.
#[tauri::command]
#[specta::specta]
pub async fn reveal(shell: State<'_, Shell>, path: String) -> Result<(), CommandError> {
    let wanted = PathBuf::from(path);
    let known = shell.work(known_folders).await?;
    let shown = spawn_blocking(move || within(&wanted, &known)).await?;
    let shown = shown.ok_or_else(|| {
        CommandError::refused(
            "this path is neither in the claude-bottle folder nor in a session's project",
            "Open it in the file manager yourself.",
        )
    })?;
    shell.desktop.reveal(&shown)
}

/// Opens a web address in the browser. The page showed the whole of it before.
#[tauri::command]
#[specta::specta]
pub async fn open_link(shell: State<'_, Shell>, url: String) -> Result<(), CommandError> {
    let parsed = tauri::Url::parse(&url).ok();
    let web = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
    let web = web.ok_or_else(|| {
        CommandError::refused(
            "only web addresses are opened",
            "Copy the text and open it yourself.",
        )
    })?;
    shell.desktop.open_link(web.as_str())
}

/// What the window should show now.
#[tauri::command]
#[specta::specta]
pub fn take_launch(shell: State<'_, Shell>) -> Result<Launch, CommandError> {
    Ok(shell.take_launch())
}

/// Hides the launcher, and shows the main window at a view where one is given.
#[tauri::command]
#[specta::specta]
pub fn leave_launcher(
    shell: State<'_, Shell>,
    view: Option<LaunchView>,
    name: Option<String>,
) -> Result<(), CommandError> {
    let launch = view.map(|view| Launch { view, name });
    shell.desktop.leave_launcher(launch);
    Ok(())
}

async fn diagnose(shell: &Shell) -> Result<Vec<Diagnosis>, CommandError> {
    let credentials = Arc::clone(&shell.credentials);
    let keychain = spawn_blocking(move || credentials.probe()).await?;
    let diagnoses = Box::pin(shell.engine().diagnose(keychain)).await;
    shell.set_trouble(diagnoses.iter().any(|one| one.state == Health::Trouble));
    Ok(diagnoses)
}

fn show_home(shell: &Shell) -> Result<(), CommandError> {
    let engine = shell.engine();
    engine.home().make()?;
    shell.desktop.reveal(engine.home().root())
}

/// Folders in which paths may be shown.
fn known_folders(engine: &bottle_engine::Engine) -> Result<Vec<PathBuf>, EngineError> {
    let mut folders = vec![engine.home().root().to_owned()];
    if engine.home().database().exists() {
        let sessions = engine.store()?.list()?;
        folders.extend(
            sessions
                .into_iter()
                .filter_map(|session| session.workspace)
                .map(PathBuf::from),
        );
    }
    Ok(folders)
}

/// A path with all links followed, where that lies in one of the folders.
fn within(path: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    let inside = folders
        .iter()
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .any(|folder| real.starts_with(folder));
    inside.then_some(real)
}
