//! Requests that two servers could read differently: refused, or framed anew so that only one reading is left.

use super::upstream::echo;
use super::world::World;
use serde_json::json;

async fn world() -> (World, super::upstream::Upstream) {
    let world = World::open(json!([
        {"host": "open.test", "matches": [{"paths": ["/open"], "methods": ["POST"]}]}
    ]));
    let upstream = world.upstream("open.test", &["http/1.1"], echo()).await;
    (world, upstream)
}

#[tokio::test]
async fn a_request_hidden_behind_both_framings_never_reaches_the_upstream() {
    for order in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let (world, upstream) = world().await;
        let answer = world
            .raw("open.test", format!(
                "POST /open HTTP/1.1\r\nHost: open.test\r\n{order}\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert!(!answer.contains("/hidden"), "{answer}");
        let seen = upstream.only();
        assert_eq!(seen.uri, "/open");
        assert_eq!(seen.header("content-length").unwrap_or("0"), "0");
    }
}

#[tokio::test]
async fn two_lengths_that_differ_are_refused() {
    let (world, upstream) = world().await;
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: 0x5",
    ] {
        let request = format!("POST /open HTTP/1.1\r\nHost: open.test\r\n{lengths}\r\n\r\nhello!");
        let answer = world.raw("open.test", request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{lengths}: {answer}");
    }
    assert_eq!(world.refused().await, "bad-request");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn headers_that_servers_read_differently_are_refused() {
    let (world, upstream) = world().await;
    for header in [
        "X-Folded: a\r\n b",
        "Content-Length : 5",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "X-Nul: a\0b",
        "X-Bare: a\rb",
        ": empty",
    ] {
        let request = format!("POST /open HTTP/1.1\r\nHost: open.test\r\n{header}\r\n\r\nhello");
        let answer = world.raw("open.test", request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{header:?}: {answer}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_chunk_with_a_broken_size_ends_the_request() {
    for chunk in [
        "5 5\r\nhello",
        "-1\r\nhello",
        "0x5\r\nhello",
        "fffffffffffffffff\r\nhello",
    ] {
        let (world, upstream) = world().await;
        let request = format!(
            "POST /open HTTP/1.1\r\nHost: open.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}\r\n0\r\n\r\n"
        );
        let answer = world.raw("open.test", request).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{chunk}: {answer}");
        assert!(upstream.seen().len() <= 1);
    }
}

#[tokio::test]
async fn a_second_request_after_the_first_is_decided_for_itself() {
    let (world, upstream) = world().await;
    let answer = world
        .raw("open.test", "POST /open HTTP/1.1\r\nHost: open.test\r\nContent-Length: 2\r\n\r\nhiPOST /closed HTTP/1.1\r\nHost: open.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        answer.contains("HTTP/1.1 200") && answer.contains("HTTP/1.1 403"),
        "{answer}"
    );
    assert_eq!(upstream.only().uri, "/open");
}

#[tokio::test]
async fn a_header_named_by_connection_cannot_take_the_real_credential_out() {
    let world = World::open(json!([
        {"host": "open.test", "auth": {"scheme": "x-api-key", "credential": "key"}}
    ]));
    world
        .state
        .vault()
        .put(&[super::world::credential("key", None, "real-key")])
        .unwrap();
    let upstream = world.upstream("open.test", &["http/1.1"], echo()).await;
    let request = "GET / HTTP/1.1\r\nHost: open.test\r\nConnection: close, x-api-key, host, x-mine\r\nX-Api-Key: mine\r\nX-Mine: 1\r\n\r\n";
    let answer = world.raw("open.test", request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = upstream.only();
    assert_eq!(seen.header("x-api-key"), Some("real-key"));
    assert_eq!(seen.header("host"), Some("open.test"));
    assert_eq!(seen.header("x-mine"), None);
}
