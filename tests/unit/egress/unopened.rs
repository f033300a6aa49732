//! A host that is not open is refused inside its tunnel, where programs show what is said; nothing is ever dialled for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bottle_core::control::Message;
use bottle_core::event::SecurityEvent;
use bottle_sidecar::SidecarError;
use bottle_sidecar::egress::dial::Pending;
use bottle_sidecar::egress::{Dial, Limits, RULE_HEADER};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::upstream::hello;
use super::world::{PATIENCE, World, ask, get, limits, policy, rule_of, text};

/// Remembers that it was used.
#[derive(Clone, Default)]
struct Tripwire(Arc<AtomicBool>);

impl Dial for Tripwire {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        _port: u16,
    ) -> Pending<'a, Result<TcpStream, SidecarError>> {
        self.0.store(true, Ordering::SeqCst);
        Box::pin(async move {
            Err(SidecarError::Unresolved {
                host: host.to_owned(),
                source: None,
            })
        })
    }
}

/// Method, path and rule of every refusal so far.
async fn refusals(world: &World) -> Vec<(String, String, String)> {
    let mut reader = world.state.events().reader(0);
    let mut all = Vec::new();
    while let Ok(batch) = timeout(Duration::ZERO, world.state.events().next(&mut reader)).await {
        all.extend(batch.into_iter().filter_map(|message| match message {
            Message::Event {
                event:
                    SecurityEvent::Denied {
                        method, path, rule, ..
                    },
                ..
            } => Some((method, path, rule)),
            Message::Reply { .. } | Message::Failure { .. } | Message::Event { .. } => None,
        }));
    }
    all
}

fn refusal(method: &str, path: &str, rule: &str) -> (String, String, String) {
    (method.to_owned(), path.to_owned(), rule.to_owned())
}

fn assert_told(response: &Response<hyper::body::Incoming>) {
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(response.headers()[RULE_HEADER], "no-route");
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_request_to_it_is_told_why_and_what_to_do() {
    let tripwire = Tripwire::default();
    let world = World::with_dialer(limits(), Some(Arc::new(tripwire.clone())));
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let mut guest = world.guest("foreign.test").await;
    let response = guest
        .send_request(get("foreign.test", "/some/page?secret=1"))
        .await
        .unwrap();
    assert_told(&response);
    let (_, body) = text(response).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let error = &body["error"];
    assert_eq!(error["type"], "denied_by_bottle");
    assert_eq!(error["host"], "foreign.test");
    assert_eq!(error["rule"], "no-route");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("foreign.test is not open in this bottle. Ask the person"),
        "{message}"
    );
    assert!(message.ends_with(error["ask"].as_str().unwrap()));
    assert_eq!(
        refusals(&world).await,
        [refusal("GET", "/some/page", "no-route")]
    );
    assert!(!tripwire.0.load(Ordering::SeqCst), "nothing may be dialled");
}

#[tokio::test]
async fn its_connection_ends_after_the_refusal() {
    let (world, _) = World::hello().await;
    let request = "GET / HTTP/1.1\r\nHost: foreign.test\r\n\r\n";
    let answer = world.raw("foreign.test", request).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    let mut guest = world.guest_http2("foreign.test").await;
    let request = Request::get("https://foreign.test/").body(Full::default());
    let response = guest.send_request(request.unwrap()).await.unwrap();
    assert_told(&response);
    assert!(!response.headers().contains_key("connection"));
    let (_, body) = text(response).await;
    assert_eq!(rule_of(&body), "no-route");
    let ended = async { while guest.ready().await.is_ok() && !guest.is_closed() {} };
    timeout(PATIENCE, ended).await.expect("a farewell");
    while world.state.open() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_refusal_reaches_a_guest_that_is_still_sending() {
    let (world, _) = World::hello().await;
    let mut stream = world.tls("foreign.test", &["http/1.1"]).await;
    let head = "POST / HTTP/1.1\r\nHost: foreign.test\r\nContent-Length: 400000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = tokio::io::split(stream);
    let sending = tokio::spawn(async move {
        let piece = [b'x'; 4000];
        for _ in 0..100 {
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
        to
    });
    let mut answer = Vec::new();
    drop(
        timeout(PATIENCE, from.read_to_end(&mut answer))
            .await
            .expect("an end"),
    );
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("denied_by_bottle"), "{answer}");
    drop(sending.await);
}

#[tokio::test]
async fn an_attempt_without_a_request_leaves_a_trace() {
    let (world, _) = World::hello().await;
    let attempt = refusal("CONNECT", "", "no-route");
    drop(world.connect("foreign.test:443").await.unwrap());
    assert_eq!(world.refused().await, "no-route");
    let stream = world.connect("foreign.test:443").await.unwrap();
    let distrustful = super::world::trusting(&world.upstream_ca.der);
    let name = rustls::pki_types::ServerName::try_from("foreign.test").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(distrustful));
    assert!(connector.connect(name, stream).await.is_err());
    while world.state.open() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(refusals(&world).await, [attempt.clone(), attempt]);
}

#[tokio::test]
async fn its_tunnel_has_the_rules_of_every_tunnel() {
    let (world, _) = World::hello().await;
    let stream = world.connect("foreign.test:443").await.unwrap();
    assert!(
        world
            .handshake(stream, "open.test", &["http/1.1"])
            .await
            .is_err()
    );
    assert_eq!(world.refused().await, "sni-mismatch");
    let mut guest = world.guest("foreign.test").await;
    let (status, body) = ask(&mut guest, get("open.test", "/")).await;
    assert_eq!(
        (status, rule_of(&body).as_str()),
        (StatusCode::FORBIDDEN, "host-mismatch")
    );
}

#[tokio::test]
async fn what_else_is_wrong_is_refused_before_a_tunnel_is_there() {
    let (world, _) = World::hello().await;
    for (given, rule, said) in [
        ("foreign.test:8443", "no-route", "is not open on port 8443"),
        ("foreign.test.:443", "no-route", "is not open in this"),
        ("-.foreign.test:443", "no-route", "is not open in this"),
        ("93.184.216.34:443", "address", "is an address"),
        ("foreign.test", "bad-authority", "is not a plain host name"),
    ] {
        let refused = world.connect(given).await.expect_err(given);
        let (line, rest) = refused.split_once("\r\n").unwrap();
        assert!(line.starts_with("HTTP/1.1 403 "), "{given}: {line}");
        assert!(line.contains(said), "{given}: {line}");
        assert!(line.is_ascii() && line.len() < 450, "{given}: {line}");
        let named = format!("x-claude-bottle-rule: {rule}\r\n");
        assert!(rest.contains(&named), "{given}: {rest}");
    }
    let long = format!("{}.test:8443", ["a".repeat(60).as_str(); 4].join("."));
    let refused = world.connect(&long).await.unwrap_err();
    assert!(refused.lines().next().unwrap().len() < 450, "{refused}");
    world.state.pause(true);
    let refused = world.connect("foreign.test:443").await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 403 all traffic of this bottle is stopped"));
}

#[tokio::test]
async fn a_waiting_tunnel_may_be_used_once_its_host_is_opened() {
    let (world, _) = World::hello().await;
    let upstream = world.upstream("late.test", &["http/1.1"], hello()).await;
    let mut guest = world.guest("late.test").await;
    let both = json!([{"host": "open.test"}, {"host": "late.test"}]);
    world.state.set_policy(policy(both));
    for _ in 0..2 {
        let (status, body) = ask(&mut guest, get("late.test", "/")).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "hello"));
    }
    assert_eq!(upstream.connections(), 1);
    assert_eq!(refusals(&world).await, []);
}

#[tokio::test]
async fn a_waiting_tunnel_is_closed_by_a_change_that_does_not_open_it() {
    let (world, _) = World::hello().await;
    for pause in [false, true] {
        let mut waiting = world.tls("foreign.test", &["http/1.1"]).await;
        if pause {
            world.state.pause(true);
        } else {
            world
                .state
                .set_policy(policy(json!([{"host": "other.test"}])));
        }
        let mut rest = Vec::new();
        drop(
            timeout(PATIENCE, waiting.read_to_end(&mut rest))
                .await
                .expect("an end"),
        );
        assert_eq!(world.state.open(), 0);
    }
}

#[tokio::test]
async fn a_tunnel_to_it_takes_a_place_and_does_not_keep_it() {
    let world = World::bare(Limits {
        connections: 1,
        unopened_idle: Duration::from_millis(50),
        ..limits()
    });
    world.state.set_policy(policy(json!([])));
    let _waiting = world.tls("foreign.test", &["http/1.1"]).await;
    let mut second = world.door().await;
    let request = b"CONNECT foreign.test:443 HTTP/1.1\r\nHost: foreign.test\r\n\r\n";
    second.write_all(request).await.unwrap();
    timeout(PATIENCE, second.read_u8())
        .await
        .expect("its turn")
        .unwrap();
    assert_eq!(
        refusals(&world).await.first(),
        Some(&refusal("CONNECT", "", "no-route"))
    );
}
