//! Starts: they go on whatever becomes of the page that asked for them.

use bottle_core::id::SessionId;
use bottle_engine::desk::TaskNumber;
use tauri::State;
use tauri::async_runtime::spawn;
use tauri::ipc::Channel;

use super::name;
use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::all;
use crate::wire::launch::Launch;
use crate::wire::session::{Answer, StartInput, answers};
use crate::wire::task::{TaskEvent, TaskSummary};

/// Begins a start and gives its task's number at once.
#[tauri::command]
#[specta::specta]
pub fn start_session(shell: State<'_, Shell>, input: StartInput) -> Result<u32, CommandError> {
    let demo = input.demo;
    let task = shell.desk.start(input.request()?, demo).0;
    shell.desktop.show(Launch::task(task));
    Ok(task)
}

/// Begins to go on with a session and gives the task's number at once.
#[tauri::command]
#[specta::specta]
pub fn resume_session(
    shell: State<'_, Shell>,
    id: String,
    answers: Vec<Answer>,
) -> Result<u32, CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.resume(id, self::answers(answers)).0)
}

/// Starts in progress, and those that failed and were not dismissed.
#[tauri::command]
#[specta::specta]
pub fn list_tasks(shell: State<'_, Shell>) -> Result<Vec<TaskSummary>, CommandError> {
    Ok(all(shell.desk.tasks()))
}

/// Tells what happened in a task so far, and then what happens.
#[tauri::command]
#[specta::specta]
pub fn follow_task(
    shell: State<'_, Shell>,
    task: u32,
    events: Channel<TaskEvent>,
) -> Result<(), CommandError> {
    let Some(mut feed) = shell.desk.follow_task(TaskNumber(task)) else {
        let (session, error) = (None, None);
        return Ok(events.send(TaskEvent::End { session, error })?);
    };
    spawn(async move {
        while let Some(event) = feed.next().await {
            if events.send(event.into()).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Cancels a task. One that is over stays as it is.
#[tauri::command]
#[specta::specta]
pub fn cancel_task(shell: State<'_, Shell>, task: u32) -> Result<(), CommandError> {
    shell.desk.cancel_task(TaskNumber(task));
    Ok(())
}

/// Forgets a task that is over.
#[tauri::command]
#[specta::specta]
pub fn dismiss_task(shell: State<'_, Shell>, task: u32) -> Result<(), CommandError> {
    shell.desk.dismiss_task(TaskNumber(task));
    Ok(())
}
