//! THE list of what the page can call and hear. The dispatcher and `ui/src/lib/ipc/bindings.ts` are both made of it; nothing else in
//! the product knows the library that does so.

use std::path::{Path, PathBuf};

use specta_typescript::Typescript;
use tauri::Runtime;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::commands::{agent, credential, document, session, skill, system, task, terminal};
use crate::wire::event;

/// Everything that crosses between page and shell.
#[must_use]
pub fn builder<R: Runtime>() -> Builder<R> {
    Builder::new()
        // No type goes both ways with parts that may be missing, so that each has one shape.
        .disable_serde_phases()
        .commands(collect_commands![
            session::list_sessions,
            session::plan_session,
            task::start_session,
            task::resume_session,
            task::list_tasks,
            task::follow_task,
            task::cancel_task,
            task::dismiss_task,
            session::stop_session,
            session::discard_session,
            session::session_facts,
            session::apply_changes,
            session::follow_traffic,
            terminal::open_terminal,
            terminal::write_terminal,
            terminal::resize_terminal,
            terminal::acknowledge_terminal,
            terminal::close_terminal,
            terminal::put_in_inbox,
            terminal::copy_to_inbox,
            agent::list_agents,
            agent::list_bottles,
            document::open_document,
            document::create_document,
            document::check_document,
            document::edit_document,
            document::save_document,
            document::remove_document,
            document::restore_removed,
            document::rename_document,
            document::save_draft,
            document::read_draft,
            document::remove_draft,
            document::list_drafts,
            skill::list_skills,
            skill::inspect_skills,
            skill::add_skills,
            skill::remove_skill,
            skill::approve_skill,
            skill::attach_skill,
            skill::detach_skill,
            skill::read_skill,
            credential::list_credentials,
            credential::add_credential,
            credential::remove_credential,
            system::probe_system,
            system::carry_out,
            system::cleanup_plan,
            system::clean_up,
            system::report,
            system::read_settings,
            system::write_settings,
            system::about,
            system::pick_folder,
            system::pick_skills,
            system::reveal,
            system::open_link,
            system::take_launch,
            system::leave_launcher,
        ])
        .events(collect_events![
            event::SessionsChanged,
            event::TasksChanged,
            event::LibraryChanged,
            event::CredentialsChanged,
            event::SettingsChanged,
            event::SystemChanged,
            event::FilesDropped,
            event::FilesHovering,
            event::FilesLeft,
            event::LaunchRequested,
        ])
}

/// Writes the page's side of the list.
///
/// # Errors
/// What cannot be said in TypeScript, or why the file cannot be written.
pub fn write_bindings(file: &Path) -> Result<(), specta_typescript::Error> {
    builder::<tauri::Wry>().export(Typescript::default(), file)
}

/// Where the page's side of the list is kept.
#[must_use]
pub fn bindings_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/lib/ipc/bindings.ts")
}
