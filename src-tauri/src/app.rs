//! Puts the program together: engine, plugins, list of commands, windows, menu bar item; and takes it apart again.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bottle_core::advice::Advice;
use bottle_engine::desk::Desk;
use tauri::webview::PageLoadEvent;
use tauri::{App, AppHandle, Manager, RunEvent, Wry};
use tauri_plugin_autostart::MacosLauncher;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_plugin_window_state::StateFlags;

use crate::native::NativeDesktop;
use crate::state::Shell;
use crate::{changes, deep_link, ipc, launcher, log, menu, quit, signals, tray, window};

/// Given by the login item: the window stays hidden if the person wants so.
const AT_LOGIN: &str = "--at-login";
/// After how long what stands around the window comes without its page.
const LATEST: Duration = Duration::from_secs(3);

/// Runs the app until the person quits it.
#[must_use]
pub fn run() -> ExitCode {
    let list = ipc::builder::<Wry>();
    let window_state = tauri_plugin_window_state::Builder::default()
        .with_state_flags(StateFlags::all() & !StateFlags::VISIBLE)
        .with_denylist(&[launcher::LABEL])
        .build();
    let opener = tauri_plugin_opener::Builder::new()
        .open_js_links_on_click(false)
        .build();
    let builder = tauri::Builder::default()
        // First, so that a second start ends before it does anything.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            window::show(app);
        }))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(opener)
        .plugin(window_state)
        .plugin(tauri_plugin_autostart::init(
            MacosLauncher::LaunchAgent,
            Some(vec![AT_LOGIN]),
        ))
        .plugin(launcher::plugin())
        .invoke_handler(list.invoke_handler())
        .on_page_load(|webview, load| {
            if webview.label() == window::LABEL {
                on_page(webview.app_handle(), load.event());
            }
        })
        .on_window_event(window::on_event)
        .on_menu_event(|app, event| menu::on_event(app, event.id().as_ref()))
        .setup(move |app| {
            list.mount_events(app);
            set_up(app)
        });
    match builder.build(tauri::generate_context!()) {
        Ok(app) => {
            app.run(|app, event| match event {
                // The app lives on without a window; only `quit` ends it.
                RunEvent::ExitRequested {
                    code: None, api, ..
                } => api.prevent_exit(),
                RunEvent::Exit => quit::at_the_end(app),
                #[cfg(target_os = "macos")]
                RunEvent::Reopen { .. } => window::show(app),
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!("the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

fn on_page(app: &AppHandle, event: PageLoadEvent) {
    match event {
        PageLoadEvent::Started => {
            if let Some(shell) = app.try_state::<Shell>() {
                shell.close_views();
            }
        }
        PageLoadEvent::Finished => furnish(app),
    }
}

fn set_up(app: &mut App) -> Result<(), Box<dyn Error>> {
    let programs = app
        .path()
        .resource_dir()
        .map(|folder| folder.join("programs"));
    let wired = match bottle_wiring::wire(programs.into_iter().collect()) {
        Ok(wired) => wired,
        Err(error) => {
            tell(app, &format!("{error}. {}", error.advice()));
            return Err(error.into());
        }
    };
    let logs = wired.engine.home().logs();
    log::to(&logs);
    let runtime = tauri::async_runtime::handle().inner().clone();
    let desk = Desk::new(Arc::clone(&wired.engine), runtime);
    let desktop = Arc::new(NativeDesktop::new(app.handle().clone(), logs));
    app.manage(Shell::new(desk, wired.credentials, desktop));
    app.manage(quit::Quitting::default());
    app.manage(crate::drag::Hovering::default());
    app.manage(Furnished::default());
    let settings = wired.engine.settings().unwrap_or_default();
    let at_login = std::env::args().any(|argument| argument == AT_LOGIN);
    menu::set(app.handle())?;
    deep_link::follow(app.handle());
    window::open(app.handle(), settings.start_hidden && at_login)?;
    changes::follow(app.handle());
    signals::heed(app.handle());
    furnish_at_the_latest(app.handle().clone());
    Ok(())
}

/// Whether everything stands around the window.
#[derive(Default)]
struct Furnished(AtomicBool);

/// Puts around the window what nobody waits for, once its page is there: before that it would only make the page come later.
fn furnish(app: &AppHandle) {
    // A page that is loaded anew finds it there.
    if app.state::<Furnished>().0.swap(true, Ordering::Relaxed) {
        return;
    }
    tray::show(app);
    let shell = app.state::<Shell>();
    let settings = shell.engine().settings().unwrap_or_default();
    if let Err(error) = shell.desktop.apply(&settings) {
        tracing::warn!("the settings cannot be carried out: {error:?}");
    }
    #[cfg(feature = "updater")]
    crate::update::look(app);
}

/// A page that never comes must not leave a person without the menu bar too.
fn furnish_at_the_latest(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(LATEST).await;
        let main = app.clone();
        // There is no main thread any more where the app has ended meanwhile.
        drop(app.run_on_main_thread(move || furnish(&main)));
    });
}

/// Says why there will be no window. Nothing else could: who started the app by a click sees no terminal.
fn tell(app: &App, why: &str) {
    app.dialog()
        .message(why)
        .title("claude-bottle cannot start")
        .kind(MessageDialogKind::Error)
        .blocking_show();
}
