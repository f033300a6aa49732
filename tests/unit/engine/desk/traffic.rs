//! A session's traffic: what is recorded, then what comes, then the end.

use std::sync::Arc;

use bottle_core::event::SecurityEvent;
use bottle_core::id::SessionId;
use bottle_engine::desk::{Desk, SessionState, TrafficEvent, TrafficFeed};

use super::{Study, soon};

fn denied(number: usize) -> SecurityEvent {
    SecurityEvent::Denied {
        daemon: "egress".into(),
        host: format!("host-{number}.example"),
        method: "GET".into(),
        path: "/".into(),
        rule: "no-route".into(),
        reason: "no route".into(),
    }
}

/// The next refusal; what the bundle says of its routes is passed over.
async fn next(feed: &mut TrafficFeed) -> Option<String> {
    loop {
        match soon(feed.next()).await? {
            TrafficEvent::Entry(entry) => {
                if let SecurityEvent::Denied { host, .. } = entry.event {
                    return Some(host);
                }
            }
            TrafficEvent::End => return Some("end".into()),
        }
    }
}

fn record(study: &Study, id: &SessionId, numbers: std::ops::Range<usize>) {
    let bundle = study.room.staged.bundle(id).unwrap();
    for number in numbers {
        bundle.record(denied(number));
    }
}

fn follow(desk: &Arc<Desk>, id: &SessionId) -> TrafficFeed {
    desk.follow_traffic(id).unwrap()
}

#[tokio::test]
async fn every_event_comes_once_and_in_order_whenever_one_begins_to_follow() {
    let mut study = Study::new();
    let (id, claude) = study.started().await;
    let mut early = follow(&study.desk, &id);
    record(&study, &id, 0..300);
    for number in 0..300 {
        let host = format!("host-{number}.example");
        assert_eq!(next(&mut early).await, Some(host));
    }
    let mut late = follow(&study.desk, &id);
    record(&study, &id, 300..1300);
    for number in 0..1300 {
        let host = format!("host-{number}.example");
        assert_eq!(next(&mut late).await, Some(host));
    }
    claude.exit(0);
    study.stands(&id, SessionState::Settled).await;
    assert_eq!(next(&mut late).await.unwrap(), "end");
    assert_eq!(next(&mut late).await, None);
    let mut after = follow(&study.desk, &id);
    for number in 0..1300 {
        let host = format!("host-{number}.example");
        assert_eq!(next(&mut after).await, Some(host));
    }
    assert_eq!(next(&mut after).await.unwrap(), "end");
}

#[tokio::test]
async fn events_that_are_there_come_together() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let mut first = follow(&study.desk, &id);
    record(&study, &id, 0..20);
    while next(&mut first).await.unwrap() != "host-19.example" {}
    let batch = soon(follow(&study.desk, &id).batch()).await.unwrap();
    assert!(batch.len() >= 20, "{batch:?}");
}
