//! The staged backend keeps the contract that the real backends keep, so that what is tested on it holds on them.

use std::sync::Arc;

use bottle_core::backend::{Daemon, Images, Resources, SessionSpec};
use bottle_core::id::AgentName;
use tests::backend_contract::{SESSION_RULES, Subject, check};
use tests::engine::{fresh_owner, fresh_session};
use tests::staged::StagedBackend;

fn spec() -> SessionSpec {
    let agent = AgentName::new("staged").expect("a name");
    SessionSpec {
        id: fresh_session(&agent),
        agent,
        owner: fresh_owner(),
        images: Images {
            agent: "agent".to_owned(),
            bundle: "bundle".to_owned(),
        },
        runtime: None,
        resources: Resources {
            cpus: 1.0,
            memory_mib: 256,
            disk_mib: None,
        },
        daemons: vec![Daemon::Egress],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_staged_backend_keeps_the_contract_of_sessions() {
    check(SESSION_RULES, || async {
        Subject {
            backend: Arc::new(StagedBackend::new()),
            spec: spec(),
        }
    })
    .await;
}
