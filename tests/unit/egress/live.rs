//! Changes of rules take effect at once, on what is open too.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::upstream::{handler, hello, whole};
use super::world::{PATIENCE, World, ask, get, limits, policy, rule_of};

#[tokio::test]
async fn closing_a_host_closes_its_tunnels_and_no_others() {
    let world = World::open(json!([{"host": "open.test"}, {"host": "kept.test"}]));
    let _open = world.upstream("open.test", &["http/1.1"], hello()).await;
    let _kept = world.upstream("kept.test", &["http/1.1"], hello()).await;
    let mut open = world.tls("open.test", &["http/1.1"]).await;
    let mut kept = world.guest("kept.test").await;
    assert_eq!(
        ask(&mut kept, get("kept.test", "/")).await.0,
        StatusCode::OK
    );
    world
        .state
        .set_policy(policy(json!([{"host": "kept.test"}])));
    let mut rest = Vec::new();
    drop(
        timeout(PATIENCE, open.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
    assert_eq!(
        ask(&mut kept, get("kept.test", "/")).await.0,
        StatusCode::OK
    );
    let mut open = world.guest("open.test").await;
    let (status, body) = ask(&mut open, get("open.test", "/")).await;
    assert_eq!(
        (status, rule_of(&body).as_str()),
        (StatusCode::FORBIDDEN, "no-route")
    );
}

#[tokio::test]
async fn a_host_that_is_opened_is_open_for_the_next_request() {
    let world = World::open(json!([{"host": "open.test", "matches": [{"methods": ["POST"]}]}]));
    let _upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::FORBIDDEN
    );
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn pausing_cuts_what_is_open_and_refuses_what_comes() {
    let world = World::open(json!([{"host": "open.test"}]));
    let hanging = handler(|_request| async {
        std::future::pending::<()>().await;
        http::Response::new(whole(""))
    });
    let _upstream = world.upstream("open.test", &["http/1.1"], hanging).await;
    let mut guest = world.guest("open.test").await;
    let asking = guest.send_request(get("open.test", "/"));
    tokio::pin!(asking);
    assert!(
        timeout(Duration::from_millis(20), &mut asking)
            .await
            .is_err()
    );
    world.state.pause(true);
    assert!(timeout(PATIENCE, asking).await.expect("an end").is_err());
    let refused = world.connect("open.test:443").await.unwrap_err();
    assert!(
        refused.contains("x-claude-bottle-rule: paused"),
        "{refused}"
    );
    let plain = world
        .raw_door("GET http://open.test/ HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(rule_of(plain.split_once("\r\n\r\n").unwrap().1), "paused");
    world.state.pause(false);
    world.connect("open.test:443").await.unwrap();
    let events = world.events().await;
    assert!(
        events.contains(r#"{"kind":"paused","paused":true}"#),
        "{events}"
    );
    assert!(
        events.contains(r#"{"kind":"paused","paused":false}"#),
        "{events}"
    );
}

#[tokio::test]
async fn a_plain_response_under_way_is_cut_when_its_host_is_closed() {
    let world = World::open(json!([{"host": "open.test"}]));
    let hanging = handler(|_request| async {
        std::future::pending::<()>().await;
        http::Response::new(whole(""))
    });
    let upstream = super::upstream::Upstream::default();
    let at = upstream.start(&world.upstream_ca, None, hanging).await;
    world.names.lead("open.test", 80, at);
    let request = world.raw_door("GET http://open.test/ HTTP/1.1\r\nHost: open.test\r\n\r\n");
    tokio::pin!(request);
    assert!(
        timeout(Duration::from_millis(20), &mut request)
            .await
            .is_err()
    );
    world.state.set_policy(policy(json!([])));
    assert_eq!(timeout(PATIENCE, request).await.expect("an end"), "");
    assert_eq!(world.state.open(), 0);
}

#[tokio::test]
async fn ending_lets_a_request_finish_and_then_nothing_is_open() {
    let mut world = World::bare(bottle_sidecar::egress::Limits {
        grace: PATIENCE,
        ..limits()
    });
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let end = world.end.clone();
    let ending = handler(move |_request| {
        let end = end.clone();
        async move {
            end.cancel();
            tokio::time::sleep(Duration::from_millis(50)).await;
            http::Response::new(whole("finished"))
        }
    });
    let _upstream = world.upstream("open.test", &["http/1.1"], ending).await;
    let mut guest = world.guest("open.test").await;
    let _idle = world.tls("open.test", &["h2"]).await;
    assert_eq!(ask(&mut guest, get("open.test", "/")).await.1, "finished");
    timeout(PATIENCE, world.serving.take().unwrap())
        .await
        .expect("an end")
        .unwrap();
    assert_eq!(world.state.open(), 0);
}

#[tokio::test]
async fn ending_cuts_what_does_not_end_in_its_time_of_grace() {
    let mut world = World::open(json!([{"host": "open.test"}]));
    let hanging = handler(|_request| std::future::pending());
    let _upstream = world.upstream("open.test", &["http/1.1"], hanging).await;
    let mut guest = world.guest("open.test").await;
    let asking =
        tokio::spawn(async move { guest.send_request(get("open.test", "/")).await.is_err() });
    while world.state.counts().0 == 0 {
        tokio::task::yield_now().await;
    }
    world.end.cancel();
    timeout(PATIENCE, world.serving.take().unwrap())
        .await
        .expect("an end")
        .unwrap();
    assert!(asking.await.unwrap());
    assert_eq!(world.state.open(), 0);
}
