//! Every read of a fixed part has a limit, of time and of size.

use std::time::Duration;

use bottle_sidecar::egress::Limits;
use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use super::upstream::hello;
use super::world::{PATIENCE, World, ask, get, limits, policy};

async fn quick(limits: Limits) -> World {
    let world = World::bare(limits);
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let _upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
    world
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_cut() {
    let world = quick(Limits {
        head_read: Duration::from_millis(80),
        ..limits()
    })
    .await;
    for inside in [false, true] {
        let dripping = async {
            if inside {
                drip(world.tls("open.test", &["http/1.1"]).await).await;
            } else {
                drip(world.door().await).await;
            }
        };
        timeout(PATIENCE, dripping)
            .await
            .expect("the connection is cut");
    }
}

/// Sends one byte after the other, quicker than any idle limit, until the other side ends.
async fn drip(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite) {
    let (mut from, mut to) = tokio::io::split(stream);
    let sending = async {
        let mut part = &b"GET / HTTP/1.1\r\nX-Slow: "[..];
        while to.write_all(part).await.is_ok() && to.flush().await.is_ok() {
            part = b"a";
            sleep(Duration::from_millis(5)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ended = from.read_to_end(&mut rest) => {}
        () = sending => {}
    }
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let world = quick(Limits {
        idle: Duration::from_millis(150),
        ..limits()
    })
    .await;
    let mut door = world.door().await;
    let mut tls = world.tls("open.test", &["http/1.1"]).await;
    let mut http2 = world.tls("open.test", &["h2"]).await;
    let mut rest = Vec::new();
    drop(
        timeout(PATIENCE, door.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
    drop(
        timeout(PATIENCE, tls.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
    drop(
        timeout(PATIENCE, http2.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
}

#[tokio::test]
async fn a_request_in_flight_is_not_idle() {
    let world = World::bare(Limits {
        idle: Duration::from_millis(150),
        head_read: Duration::from_millis(150),
        ..limits()
    });
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let slow = super::upstream::handler(|_request| async {
        sleep(Duration::from_millis(600)).await;
        http::Response::new(super::upstream::whole("late"))
    });
    let _upstream = world.upstream("open.test", &["http/1.1"], slow).await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(ask(&mut guest, get("open.test", "/")).await.1, "late");
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let (world, upstream) = World::hello().await;
    let long = format!(
        "GET / HTTP/1.1\r\nHost: open.test\r\nX-Long: {}\r\n\r\n",
        "a".repeat(80 << 10)
    );
    let many: String = (0..120).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nHost: open.test\r\n{many}\r\n");
    let path = format!(
        "GET /{} HTTP/1.1\r\nHost: open.test\r\n\r\n",
        "a".repeat(80 << 10)
    );
    for request in [long, many, path] {
        let answer = world.raw("open.test", request).await;
        assert!(
            answer.starts_with("HTTP/1.1 4"),
            "{}",
            answer.get(..80).unwrap_or(&answer)
        );
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn heads_of_http2_that_are_too_large_are_refused() {
    let (world, upstream) = World::hello().await;
    let mut guest = world.guest_http2("open.test").await;
    let request = http::Request::get("https://open.test/").header("x-long", "a".repeat(80 << 10));
    let answer = guest
        .send_request(request.body(http_body_util::Full::default()).unwrap())
        .await;
    assert!(
        answer.is_err() || answer.unwrap().status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn more_connections_than_places_wait_for_one() {
    let world = quick(Limits {
        connections: 1,
        ..limits()
    })
    .await;
    let first = world.guest("open.test").await;
    let mut second = world.door().await;
    second
        .write_all(b"CONNECT foreign.test:443 HTTP/1.1\r\nHost: foreign.test\r\n\r\n")
        .await
        .unwrap();
    assert!(
        timeout(Duration::from_millis(30), second.read_u8())
            .await
            .is_err()
    );
    drop(first);
    timeout(PATIENCE, second.read_u8())
        .await
        .expect("its turn")
        .unwrap();
}

#[test]
fn certificates_are_kept_for_a_limited_number_of_hosts() {
    let ca = std::sync::Arc::new(bottle_sidecar::ca::SessionCa::generate().unwrap());
    let leaves = bottle_sidecar::ca::Leaves::new(ca, 2);
    let first = leaves.leaf("a.test").unwrap();
    leaves.leaf("b.test").unwrap();
    assert!(std::sync::Arc::ptr_eq(
        &first,
        &leaves.leaf("a.test").unwrap()
    ));
    leaves.leaf("c.test").unwrap();
    assert_eq!(leaves.len(), 2);
    assert!(
        std::sync::Arc::ptr_eq(&first, &leaves.leaf("a.test").unwrap()),
        "b was unused for longest"
    );
}
