//! The inside of a staged session, for steps that need a guest and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use bottle_core::backend::{Backend, Images, Resources, SessionSpec};
use bottle_core::guest::Guest;
use bottle_core::id::{AgentName, OwnerId, SessionId};
use tests::staged::{Copied, Ran, Record, StagedBackend};

use super::room::write;

/// What a session is made of.
pub fn spec(owner: &str, suffix: &str) -> SessionSpec {
    SessionSpec {
        id: SessionId::new(format!("a-{suffix}")).unwrap(),
        agent: AgentName::new("a").unwrap(),
        owner: OwnerId::new(owner).unwrap(),
        images: Images {
            agent: "agent".into(),
            bundle: "bundle".into(),
        },
        runtime: None,
        resources: Resources {
            cpus: 1.0,
            memory_mib: 512,
            disk_mib: None,
        },
        daemons: Vec::new(),
    }
}

/// A guest that runs.
pub struct Standing {
    pub guest: Arc<dyn Guest>,
    staged: StagedBackend,
    id: SessionId,
    before: usize,
}

impl Standing {
    pub async fn new() -> Self {
        let staged = StagedBackend::new();
        let spec = spec("test", "00000");
        staged.create(&spec).await.unwrap();
        staged.start(&spec.id).await.unwrap();
        let guest = staged.guest(&spec.id).await.unwrap();
        let before = staged.steps().len();
        Self {
            guest,
            staged,
            id: spec.id,
            before,
        }
    }

    pub fn record(&self) -> &Record {
        self.staged.guests()
    }

    pub fn ran(&self) -> Vec<Ran> {
        self.record().ran()
    }

    pub fn copied(&self) -> Vec<Copied> {
        self.record().copied()
    }

    /// What was asked of the guest, in order.
    pub fn steps(&self) -> Vec<String> {
        self.staged.steps().split_off(self.before)
    }

    fn place(&self, path: &str) -> PathBuf {
        self.staged
            .root(&self.id)
            .join(path.trim_start_matches('/'))
    }

    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(self.place(path)).ok()
    }

    pub fn write(&self, path: &str, text: &str) {
        write(&self.place(path), text);
    }
}
