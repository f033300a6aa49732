//! What a cleanup would remove, item by item, so that a person chooses.

use bottle_core::event::StepSink;

use crate::cleanup::CleanupPlan;
use crate::engine::Engine;
use crate::error::EngineError;

/// Names the trash among the items.
const TRASH: &str = "trash";

/// One thing that can be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanupItem {
    /// Names it to [`Engine::clean_up`].
    pub id: String,
    /// What it is.
    pub what: String,
    /// More about it.
    pub detail: String,
}

impl Engine {
    /// Everything that nobody uses: sessions that crashed or are preserved, folders and resources without a session, and the trash.
    ///
    /// # Errors
    /// [`EngineError::Store`] or [`EngineError::File`].
    pub async fn cleanup_items(&self) -> Result<Vec<CleanupItem>, EngineError> {
        let plan = self.cleanup_plan().await?;
        let mut items: Vec<CleanupItem> = plan
            .sessions
            .iter()
            .map(|record| CleanupItem {
                id: format!("session:{}", record.id),
                what: format!("Session {}", record.id),
                detail: record
                    .reason
                    .clone()
                    .unwrap_or_else(|| "it was interrupted".into())
                    + "; its work is saved before it goes",
            })
            .collect();
        items.extend(plan.folders.iter().map(|id| CleanupItem {
            id: format!("folder:{id}"),
            what: format!("Folder of {id}"),
            detail: "it belongs to no session that is known".into(),
        }));
        let own = |resource: &bottle_core::backend::Resource| {
            let mut sessions = plan.sessions.iter();
            sessions.any(|record| Some(&record.id) == resource.session.as_ref())
        };
        // What belongs to a session goes with it.
        items.extend(
            plan.resources
                .iter()
                .filter(|(_, resource)| !own(resource))
                .map(|(backend, resource)| CleanupItem {
                    id: format!("resource:{backend}:{}:{}", resource.kind, resource.name),
                    what: format!("{} {}", resource.kind, resource.name),
                    detail: format!("on {backend}, of no session that is known"),
                }),
        );
        let removed = self.list_trash()?;
        if !removed.is_empty() {
            let names: Vec<&str> = removed
                .iter()
                .take(5)
                .map(|removed| removed.what.as_str())
                .collect();
            items.push(CleanupItem {
                id: TRASH.into(),
                what: format!("Trash with {} things", removed.len()),
                detail: names.join(", "),
            });
        }
        Ok(items)
    }

    /// Removes what was chosen, where it is still to be removed. Work in a session is saved before it goes; one whose work cannot be saved
    /// stays.
    ///
    /// # Errors
    /// The first thing that failed, after all others were tried.
    pub async fn clean_up(&self, ids: &[String], sink: &dyn StepSink) -> Result<(), EngineError> {
        let chosen = |id: String| ids.contains(&id);
        let all = self.cleanup_plan().await?;
        let sessions: Vec<_> = all
            .sessions
            .into_iter()
            .filter(|record| chosen(format!("session:{}", record.id)))
            .collect();
        let goes = |resource: &bottle_core::backend::Resource| {
            sessions
                .iter()
                .any(|record| Some(&record.id) == resource.session.as_ref())
        };
        let resources = all
            .resources
            .into_iter()
            .filter(|(backend, resource)| {
                goes(resource)
                    || chosen(format!(
                        "resource:{backend}:{}:{}",
                        resource.kind, resource.name
                    ))
            })
            .collect();
        let plan = CleanupPlan {
            resources,
            folders: all
                .folders
                .into_iter()
                .filter(|id| chosen(format!("folder:{id}")))
                .collect(),
            sessions,
        };
        let cleaned = self.cleanup(&plan, false, sink).await;
        if chosen(TRASH.into()) {
            self.empty_trash()?;
        }
        cleaned
    }
}
