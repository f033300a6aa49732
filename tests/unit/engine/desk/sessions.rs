//! Lists and facts of sessions.

use bottle_core::advice::Advice;
use bottle_core::id::SessionId;
use bottle_engine::desk::SessionState;

use super::Study;

#[tokio::test]
async fn a_home_without_sessions_lists_none_and_is_not_touched() {
    let study = Study::new();
    assert!(study.desk.list().await.unwrap().is_empty());
    assert!(!study.room.home().join("claude-bottle.db").exists());
}

#[tokio::test]
async fn what_is_unknown_is_refused_everywhere() {
    let study = Study::new();
    let id = SessionId::new("a-00000").unwrap();
    let desk = &study.desk;
    let facts = desk.facts(&id).await.map(drop).unwrap_err();
    let stop = desk.stop(&id, false).await.unwrap_err();
    let discard = desk.discard(&id).await.unwrap_err();
    let traffic = desk.follow_traffic(&id).map(drop).unwrap_err();
    for code in [facts.code(), stop.code(), discard.code(), traffic.code()] {
        assert_eq!(code, "session_missing");
    }
    let size = bottle_core::guest::TerminalSize {
        rows: 1,
        columns: 1,
    };
    let open = desk.open_terminal(&id, size).map(drop).unwrap_err();
    let write = desk.write_terminal(&id, Vec::new()).unwrap_err();
    let resize = desk.resize_terminal(&id, size).unwrap_err();
    let inbox = desk.put_in_inbox(&id, Vec::new()).await.unwrap_err();
    for code in [open.code(), write.code(), resize.code(), inbox.code()] {
        assert_eq!(code, "session_not_running");
    }
}

#[tokio::test]
async fn plan_and_evidence_are_told_during_a_session_and_after_its_end() {
    let mut study = Study::new();
    let (id, claude) = study.started().await;
    let during = study.desk.facts(&id).await.unwrap();
    claude.exit(0);
    study.stands(&id, SessionState::Settled).await;
    let after = study.desk.facts(&id).await.unwrap();
    assert_eq!(during.plan, after.plan);
    assert_eq!(during.evidence, after.evidence);
    let plan = after.plan.unwrap();
    assert_eq!(plan.agent.as_str(), "a");
    let fingerprint = plan.egress.tls_interception.ca_fingerprint;
    assert!(fingerprint.is_some());
    assert!(after.evidence.unwrap().proves());
    assert_eq!(after.folder, study.room.session(&id));
    assert!(after.changes.is_empty());
}

#[tokio::test]
async fn facts_hold_no_secret() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let facts = format!("{:?}", study.desk.facts(&id).await.unwrap());
    assert!(!facts.contains(super::super::room::SECRET));
}

#[tokio::test]
async fn a_file_that_is_no_plan_is_passed_over() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    std::fs::write(study.room.session(&id).join("plan.json"), "no").unwrap();
    let facts = study.desk.facts(&id).await.unwrap();
    assert!(facts.plan.is_none() && facts.evidence.is_some());
}
