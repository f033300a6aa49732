//! The guest's credentials never leave, the real one is put in, and no trace of it is kept anywhere.

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::upstream::{Upstream, hello};
use super::world::{World, ask, credential, get, rule_of};

const REAL: &str = "sk-ant-real-value-that-nobody-may-see";

async fn claude(kind: Option<&str>, scheme: &str) -> (World, Upstream) {
    let world = World::open(json!([
        {"host": "open.test", "auth": {"scheme": scheme, "credential": "claude"}}
    ]));
    world
        .state
        .vault()
        .put(&[credential("claude", kind, REAL)])
        .unwrap();
    let upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
    (world, upstream)
}

#[tokio::test]
async fn the_guests_own_credentials_never_reach_an_upstream() {
    let (world, upstream) = World::hello().await;
    let mut guest = world.guest("open.test").await;
    let mut request = get("open.test", "/");
    for name in [
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "cookie",
        "x-goog-api-key",
        "x-auth-token",
        "private-token",
        "job-token",
        "x-amz-security-token",
        "x-vault-token",
        "proxy-connection",
        "keep-alive",
    ] {
        request
            .headers_mut()
            .insert(name, "stolen".parse().unwrap());
        request
            .headers_mut()
            .append(name, "stolen too".parse().unwrap());
    }
    request.headers_mut().insert("x-kept", "1".parse().unwrap());
    assert_eq!(ask(&mut guest, request).await.0, StatusCode::OK);
    let seen = upstream.only();
    assert!(
        !format!("{:?}", seen.headers).contains("stolen"),
        "{seen:?}"
    );
    assert_eq!(seen.header("x-kept"), Some("1"));
}

#[tokio::test]
async fn the_real_credential_is_sent_as_its_kind_and_scheme_say() {
    let basic = "Basic c2stYW50LXJlYWwtdmFsdWUtdGhhdC1ub2JvZHktbWF5LXNlZQ==";
    let bearer = format!("Bearer {REAL}");
    for (kind, scheme, header, value) in [
        (
            Some("oauth-token"),
            "claude",
            "authorization",
            bearer.as_str(),
        ),
        (Some("api-key"), "claude", "x-api-key", REAL),
        (None, "bearer", "authorization", &bearer),
        (None, "x-api-key", "x-api-key", REAL),
        (None, "basic", "authorization", basic),
    ] {
        let (world, upstream) = claude(kind, scheme).await;
        let mut guest = world.guest("open.test").await;
        let mut request = get("open.test", "/");
        request
            .headers_mut()
            .insert("authorization", "Bearer placeholder".parse().unwrap());
        request
            .headers_mut()
            .insert("x-api-key", "placeholder".parse().unwrap());
        assert_eq!(ask(&mut guest, request).await.0, StatusCode::OK);
        let seen = upstream.only();
        assert_eq!(seen.header(header), Some(value), "{scheme}");
        let others = ["authorization", "x-api-key"]
            .iter()
            .filter(|name| seen.header(name).is_some());
        assert_eq!(others.count(), 1, "{scheme}");
    }
}

#[tokio::test]
async fn a_credential_that_is_missing_or_of_another_kind_is_refused() {
    let (world, upstream) = claude(None, "claude").await;
    let mut guest = world.guest("open.test").await;
    for _ in 0..2 {
        let (status, body) = ask(&mut guest, get("open.test", "/")).await;
        assert_eq!(
            (status, rule_of(&body).as_str()),
            (StatusCode::FORBIDDEN, "credential-missing")
        );
        assert!(
            body.contains("claude-bottle credential add claude"),
            "{body}"
        );
        world.state.vault().remove(&"claude".parse().unwrap());
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn removing_a_credential_denies_at_once() {
    let (world, upstream) = claude(Some("api-key"), "claude").await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::OK
    );
    world.state.vault().remove(&"claude".parse().unwrap());
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_value_that_no_header_carries_is_refused_and_changes_nothing() {
    let (world, _) = claude(Some("api-key"), "claude").await;
    let long = "x".repeat(20_000);
    for value in [
        "",
        "a\r\nx-evil: 1",
        "a\nb",
        "a\0b",
        " a",
        "a ",
        "ä",
        "\u{7f}",
        &long,
    ] {
        let given = [
            credential("other", None, "fits"),
            credential("claude", None, value),
        ];
        let error = world.state.vault().put(&given).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(
            value.is_empty() || value.len() < 3 || !told.contains(value),
            "{told}"
        );
    }
    assert_eq!(world.state.vault().names().len(), 1);
}

#[tokio::test]
async fn the_value_is_in_no_event_no_refusal_and_no_debug_output() {
    let (world, _) = claude(Some("oauth-token"), "claude").await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/a?token=in-query"))
            .await
            .0,
        StatusCode::OK
    );
    let request = Request::get("/")
        .header("host", "other.test")
        .header("authorization", REAL);
    let (_, refusal) = ask(&mut guest, request.body(Full::default()).unwrap()).await;
    let events = world.events().await;
    let debug = format!("{:?} {:?}", world.state, world.ca);
    for text in [&refusal, &events, &debug] {
        assert!(
            !text.contains("nobody-may-see") && !text.contains("in-query"),
            "{text}"
        );
    }
    assert!(!debug.contains("PRIVATE"));
    let events: Value = serde_json::from_str(&events).unwrap();
    assert_eq!(events[1]["event"]["credential"], "claude");
}

#[tokio::test]
async fn the_scripted_api_knows_the_real_credential_from_a_placeholder() {
    let (world, _) = claude(Some("oauth-token"), "claude").await;
    world
        .state
        .vault()
        .put(&[credential("other", None, "not-of-claude")])
        .unwrap();
    assert!(world.state.vault().holds_for_claude(REAL));
    assert!(!world.state.vault().holds_for_claude("placeholder"));
    assert!(!world.state.vault().holds_for_claude("not-of-claude"));
}

#[tokio::test]
async fn credentials_in_trailers_stay_inside_too() {
    let world = World::open(json!([{"host": "open.test"}]));
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let reading = super::upstream::handler(move |request| {
        let arrived = arrived.clone();
        async move {
            let body = http_body_util::BodyExt::collect(request.into_body())
                .await
                .unwrap();
            arrived
                .send(body.trailers().cloned().unwrap_or_default())
                .unwrap();
            http::Response::new(super::upstream::whole("done"))
        }
    });
    let _upstream = world.upstream("open.test", &["h2"], reading).await;
    let answer = world
        .raw("open.test", "POST / HTTP/1.1\r\nHost: open.test\r\nTrailer: x-api-key, authorization, x-sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nx-api-key: stolen\r\nauthorization: stolen\r\nx-sum: 1\r\n\r\n")
        .await;
    assert!(answer.ends_with("done"), "{answer}");
    let trailers = arrivals.recv().await.unwrap();
    assert_eq!(trailers.len(), 1, "{trailers:?}");
    assert_eq!(trailers["x-sum"], "1");
}
