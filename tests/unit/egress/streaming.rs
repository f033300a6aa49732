//! Bodies are passed on as they come, in both directions, at the speed of the slower side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bottle_sidecar::egress::Limits;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::upstream::{Handler, Upstream, echo, handler, hello, whole};
use super::world::{PATIENCE, World, ask, get, limits, policy};

/// A server whose second event waits until the guest has seen the first.
fn held(acknowledged: Arc<Notify>) -> Handler {
    handler(move |_request| {
        let acknowledged = Arc::clone(&acknowledged);
        async move {
            let body = stream::unfold(0, move |step| {
                let acknowledged = Arc::clone(&acknowledged);
                async move {
                    if step == 1 {
                        acknowledged.notified().await;
                    }
                    let event = Bytes::from(format!("data: {step}\n\n"));
                    (step < 2).then_some((Ok(Frame::data(event)), step + 1))
                }
            });
            let body = BodyExt::boxed_unsync(StreamBody::new(body));
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(body)
                .unwrap()
        }
    })
}

#[tokio::test]
async fn the_first_event_passes_before_the_second_is_sent() {
    for protocols in [&["http/1.1"], &["h2"]] {
        let world = World::open(json!([{"host": "open.test"}]));
        let acknowledged = Arc::new(Notify::new());
        let _upstream = world
            .upstream("open.test", protocols, held(acknowledged.clone()))
            .await;
        let mut guest = world.guest("open.test").await;
        let mut body = guest
            .send_request(get("open.test", "/"))
            .await
            .unwrap()
            .into_body();
        let first = timeout(PATIENCE, body.frame())
            .await
            .expect("the first event")
            .unwrap()
            .unwrap();
        assert_eq!(first.into_data().unwrap(), "data: 0\n\n");
        acknowledged.notify_one();
        let second = timeout(PATIENCE, body.frame())
            .await
            .expect("the second event")
            .unwrap()
            .unwrap();
        assert_eq!(second.into_data().unwrap(), "data: 1\n\n");
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn an_upload_is_passed_on_before_it_ends() {
    let world = World::open(json!([{"host": "open.test"}]));
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let reading = handler(move |request| {
        let arrived = arrived.clone();
        async move {
            let mut body = request.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                arrived.send(frame.into_data().unwrap()).unwrap();
            }
            Response::new(whole("done"))
        }
    });
    let _upstream = world.upstream("open.test", &["http/1.1"], reading).await;
    let mut tls = world.tls("open.test", &["http/1.1"]).await;
    tls.write_all(b"POST / HTTP/1.1\r\nHost: open.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n").await.unwrap();
    for part in ["one", "two"] {
        tls.write_all(format!("3\r\n{part}\r\n").as_bytes())
            .await
            .unwrap();
        let seen = timeout(PATIENCE, arrivals.recv())
            .await
            .expect("a part")
            .unwrap();
        assert_eq!(seen, part);
    }
    tls.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    drop(tls.read_to_string(&mut answer).await);
    assert!(answer.ends_with("done"), "{answer}");
}

#[tokio::test]
async fn a_large_body_is_not_gathered() {
    const CHUNK: usize = 64 << 10;
    let world = World::open(json!([{"host": "open.test"}]));
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let endless = handler(move |_request| {
        let made = Arc::clone(&counted);
        async move {
            let body = stream::repeat_with(move || {
                made.fetch_add(CHUNK, Ordering::SeqCst);
                Ok(Frame::data(Bytes::from_static(&[7; CHUNK])))
            });
            Response::new(BodyExt::boxed_unsync(StreamBody::new(body)))
        }
    });
    for protocols in [&["http/1.1"], &["h2"]] {
        let _upstream = world
            .upstream("open.test", protocols, endless.clone())
            .await;
        made.store(0, Ordering::SeqCst);
        let mut guest = world.guest("open.test").await;
        let mut body = guest
            .send_request(get("open.test", "/"))
            .await
            .unwrap()
            .into_body();
        drop(timeout(PATIENCE, body.frame()).await.expect("a first part"));
        // The guest stops reading: what is made stops growing once the buffers between are full.
        let mut before = 0;
        timeout(PATIENCE, async {
            while made.load(Ordering::SeqCst) != before {
                before = made.load(Ordering::SeqCst);
                for _ in 0..2000 {
                    tokio::task::yield_now().await;
                }
            }
        })
        .await
        .expect("backpressure");
        assert!(before < 32 << 20, "{before} bytes in flight");
    }
}

#[tokio::test]
async fn a_body_of_some_megabytes_comes_through_unchanged() {
    let world = World::open(json!([{"host": "open.test"}]));
    let _upstream = world.upstream("open.test", &["http/1.1"], echo()).await;
    let mut guest = world.guest("open.test").await;
    let sent: String = (0..400_000).map(|n| format!("{n:09}\n")).collect();
    let request = Request::post("/")
        .header("host", "open.test")
        .body(sent.clone().into_bytes().into())
        .unwrap();
    let (status, received) = ask(&mut guest, request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(received == sent);
}

#[tokio::test]
async fn a_client_that_expects_100_gets_it() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = world.upstream("open.test", &["http/1.1"], echo()).await;
    let mut tls = world.tls("open.test", &["http/1.1"]).await;
    tls.write_all(b"POST / HTTP/1.1\r\nHost: open.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut interim = [0; 25];
    timeout(PATIENCE, tls.read_exact(&mut interim))
        .await
        .expect("an interim answer")
        .unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    tls.write_all(b"hi").await.unwrap();
    let mut answer = String::new();
    drop(tls.read_to_string(&mut answer).await);
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hi"),
        "{answer}"
    );
    assert_eq!(upstream.only().header("expect"), None);
}

#[tokio::test]
async fn connections_to_upstreams_are_used_again() {
    for protocols in [&["http/1.1"], &["h2"]] {
        let world = World::open(json!([{"host": "open.test"}]));
        let upstream = world.upstream("open.test", protocols, hello()).await;
        for _ in 0..3 {
            let mut guest = world.guest("open.test").await;
            for _ in 0..3 {
                assert_eq!(ask(&mut guest, get("open.test", "/")).await.1, "hello");
            }
        }
        assert_eq!(upstream.connections(), 1);
        assert_eq!(upstream.seen().len(), 9);
    }
}

/// Servers close idle connections at the very moment that a request is sent on one.
#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = Upstream::default();
    // Plain HTTP, so that the server can be told to die after one answer without saying so.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    world
        .names
        .lead("open.test", 80, listener.local_addr().unwrap());
    let counted = upstream.connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
            // Takes the next request and dies over it.
            drop(stream.read_u8().await);
        }
    });
    let (mut guest, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(world.door().await))
            .await
            .unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let (status, body) = ask(&mut guest, get("open.test", "http://open.test/")).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "ok"));
    }
    assert_eq!(upstream.connections(), 3);
    // What may have had an effect is not sent twice.
    let post = Request::post("http://open.test/").header("host", "open.test");
    let (status, _) = ask(&mut guest, post.body("x".into()).unwrap()).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_response_that_stalls_is_cut() {
    let world = World::bare(Limits {
        body_idle: Duration::from_millis(30),
        ..limits()
    });
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let held = held(Arc::default());
    let _upstream = world.upstream("open.test", &["http/1.1"], held).await;
    let mut guest = world.guest("open.test").await;
    let body = guest
        .send_request(get("open.test", "/"))
        .await
        .unwrap()
        .into_body();
    let ended = timeout(PATIENCE, body.collect()).await.expect("an end");
    assert!(ended.is_err());
}

#[tokio::test]
async fn a_response_that_never_begins_is_given_up() {
    let world = World::bare(Limits {
        response_head: Duration::from_millis(60),
        ..limits()
    });
    world
        .state
        .set_policy(policy(json!([{"host": "mute.test"}])));
    let mute = handler(|_request| std::future::pending());
    let _upstream = world.upstream("mute.test", &["http/1.1"], mute).await;
    let mut guest = world.guest("mute.test").await;
    let (status, _) = ask(&mut guest, get("mute.test", "/")).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
}
