//! WebSockets pass after their request was decided; every other change of protocol is refused.

use std::time::Duration;

use bottle_sidecar::egress::Limits;
use http::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::upstream::{Handler, Upstream, handler, hello, whole};
use super::world::{PATIENCE, Tls, World, limits, policy};

const ASK: &str = "GET /socket HTTP/1.1\r\nHost: open.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nCookie: a=b\r\n\r\n";

/// Agrees to a WebSocket and sends back every byte.
fn echoing() -> Handler {
    handler(|mut request: Request<hyper::body::Incoming>| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
            drop(tokio::io::copy(&mut from, &mut to).await);
            drop(to.shutdown().await);
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-accept", "y")
            .body(whole(""))
            .unwrap()
    })
}

async fn opened(world: &World) -> (Upstream, Tls) {
    // It offers HTTP/2 as well, on which this kind of upgrade does not exist.
    let upstream = world
        .upstream("open.test", &["h2", "http/1.1"], echoing())
        .await;
    let mut tls = world.tls("open.test", &["http/1.1"]).await;
    tls.write_all(ASK.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(
            timeout(PATIENCE, tls.read_u8())
                .await
                .expect("a head")
                .unwrap(),
        );
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(head.contains("sec-websocket-accept: y"), "{head}");
    (upstream, tls)
}

#[tokio::test]
async fn a_websocket_carries_bytes_both_ways() {
    let world = World::open(json!([{"host": "open.test"}]));
    let (upstream, mut tls) = opened(&world).await;
    for message in [&b"\x81\x05hello"[..], &[0; 40_000]] {
        tls.write_all(message).await.unwrap();
        let mut back = vec![1; message.len()];
        timeout(PATIENCE, tls.read_exact(&mut back))
            .await
            .expect("an echo")
            .unwrap();
        assert_eq!(back, message);
    }
    let seen = upstream.only();
    assert_eq!(
        (seen.header("upgrade"), seen.header("cookie")),
        (Some("websocket"), None)
    );
    assert_eq!(seen.header("sec-websocket-key"), Some("x"));
    assert_eq!(world.state.open(), 1);
}

#[tokio::test]
async fn a_websocket_is_closed_when_its_host_is() {
    let world = World::open(json!([{"host": "open.test"}]));
    let (_upstream, mut tls) = opened(&world).await;
    world.state.set_policy(policy(json!([])));
    let mut rest = Vec::new();
    drop(
        timeout(PATIENCE, tls.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_silent_websocket_is_closed() {
    let quick = Limits {
        websocket_idle: Duration::from_millis(30),
        ..limits()
    };
    let world = World::bare(quick);
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let (_upstream, mut tls) = opened(&world).await;
    let mut rest = Vec::new();
    drop(
        timeout(PATIENCE, tls.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
}

#[tokio::test]
async fn the_request_of_a_websocket_is_decided_like_any_other() {
    let world = World::open(json!([{"host": "open.test", "matches": [{"paths": ["/other"]}]}]));
    let upstream = world.upstream("open.test", &["http/1.1"], echoing()).await;
    let answer = world
        .raw("open.test", ASK.replace("keep-alive, ", "close, "))
        .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn every_other_upgrade_is_refused() {
    let (world, upstream) = World::hello().await;
    for asked in [
        "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "Connection: Upgrade, close\r\nUpgrade: TLS/1.0",
        "Connection: Upgrade, close\r\nUpgrade: websocket, h2c",
        "Connection: Upgrade, close\r\nUpgrade: websocket\r\nUpgrade: h2c",
        "Connection: Upgrade, close",
        "Connection: close\r\nUpgrade: websocket",
    ] {
        let answer = world
            .raw(
                "open.test",
                format!("GET / HTTP/1.1\r\nHost: open.test\r\n{asked}\r\n\r\n"),
            )
            .await;
        assert!(
            answer.contains("x-claude-bottle-rule: upgrade"),
            "{asked}: {answer}"
        );
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_upstream_that_does_not_agree_answers_as_usual() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
    let answer = world
        .raw("open.test", ASK.replace("keep-alive, ", "close, "))
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    assert_eq!(upstream.only().header("upgrade"), Some("websocket"));
}
