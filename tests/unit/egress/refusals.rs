//! What the door refuses by itself and by policy, and how a refusal looks.

use bottle_sidecar::egress::RULE_HEADER;
use http::StatusCode;
use serde_json::json;

use super::world::{World, ask, get, limits, policy, rule_of};

#[tokio::test]
async fn without_a_policy_everything_is_refused() {
    let world = World::bare(limits());
    let refused = world.connect("open.test:443").await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert_eq!(world.refused().await, "no-policy");
    let plain = world
        .raw_door("GET http://open.test/ HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n")
        .await;
    assert!(plain.contains("no-policy"), "{plain}");
}

#[tokio::test]
async fn addresses_in_every_spelling_are_refused() {
    let world = World::bare(limits());
    // Even a policy that says nothing else than "open" has no way to name an address.
    world
        .state
        .set_policy(policy(json!([{"host": "*.open.test"}])));
    for spelling in [
        "127.0.0.1:443",
        "127.1:443",
        "2130706433:443",
        "0x7f000001:443",
        "0x7f.1:443",
        "0177.0.0.1:443",
        "017700000001:443",
        "127.0.0.1.:443",
        "[::1]:443",
        "[::ffff:127.0.0.1]:443",
        "[fe80::1%25eth0]:443",
        "169.254.169.254:80",
        "0:443",
        "8.8.8.8:443",
        "a.open.test.0x1:443",
        "::1:443",
    ] {
        let refused = world.connect(spelling).await.expect_err(spelling);
        let code = refused.get(9..12).unwrap_or_default();
        assert!(matches!(code, "403" | "400"), "{spelling}: {refused}");
        if code == "403" {
            assert!(
                refused.contains("x-claude-bottle-rule: address"),
                "{spelling}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn a_tunnel_to_another_port_is_refused() {
    let (world, _) = World::hello().await;
    for port in [22, 25, 8443, 1] {
        let refused = world
            .connect(&format!("open.test:{port}"))
            .await
            .unwrap_err();
        assert!(
            refused.contains("x-claude-bottle-rule: no-route"),
            "{refused}"
        );
        assert!(refused.contains(&format!("on port {port}")), "{refused}");
    }
}

#[tokio::test]
async fn an_authority_that_is_not_plain_is_refused() {
    let (world, _) = World::hello().await;
    for given in [
        "open.test",
        "open.test:",
        "open.test:0",
        "open.test:0443",
        "open.test:65536",
        "open.test:+443",
        "user@open.test:443",
        "open.test@evil.test:443",
        "open.test%00.evil.test:443",
        "open.test:443:443",
    ] {
        let refused = world.connect(given).await.expect_err(given);
        assert!(!refused.starts_with("HTTP/1.1 2"), "{given}: {refused}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_for_a_proxy_is_refused() {
    let (world, upstream) = World::hello().await;
    for line in [
        "GET / HTTP/1.1",
        "GET https://open.test/ HTTP/1.1",
        "GET ftp://open.test/ HTTP/1.1",
    ] {
        let answer = world
            .raw_door(format!(
                "{line}\r\nHost: open.test\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{line}: {answer}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_method_or_path_that_no_match_names_is_refused_on_the_same_connection() {
    let world = World::open(json!([
        {"host": "open.test", "matches": [{"paths": ["/v1/*"], "methods": ["GET"]}]}
    ]));
    let upstream = world
        .upstream("open.test", &["http/1.1"], super::upstream::hello())
        .await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/v1/a?q=1")).await.0,
        StatusCode::OK
    );
    let response = guest
        .send_request(get("open.test", "/v2/a?secret=1"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(response.headers()[RULE_HEADER], "host/open.test");
    let (_, body) = super::world::text(response).await;
    assert_eq!(rule_of(&body), "host/open.test");
    assert!(!body.contains("secret"), "{body}");
    for path in ["/v1/../v2", "/v1/%2e%2e/v2", "/v1//v2", "/v1/..;/v2"] {
        let (status, body) = ask(&mut guest, get("open.test", path)).await;
        assert_eq!(
            (status, rule_of(&body).as_str()),
            (StatusCode::FORBIDDEN, "bad-path")
        );
    }
    assert_eq!(upstream.seen().len(), 1);
    let events = world.events().await;
    assert!(
        events.contains("/v2/a") && !events.contains("secret"),
        "{events}"
    );
}

#[tokio::test]
async fn plain_http_with_a_credential_is_refused() {
    let world = World::open(json!([
        {"host": "open.test", "auth": {"scheme": "bearer", "credential": "token"}}
    ]));
    let answer = world
        .raw_door("GET http://open.test/ HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.contains("plain-http-with-credential"), "{answer}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_said_to_be_that_and_not_a_refusal() {
    let world = World::open(json!([{"host": "gone.test"}]));
    let mut guest = world.guest("gone.test").await;
    let (status, body) = ask(&mut guest, get("gone.test", "/")).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(body.contains("upstream_failed"), "{body}");
    assert_eq!(world.state.counts(), (0, 0));
}

#[tokio::test]
async fn an_upstream_with_a_foreign_certificate_gets_nothing() {
    let (world, _) = World::hello().await;
    let impostor = super::upstream::Upstream::default();
    let own_ca = super::upstream::UpstreamCa::generate();
    let protocols: (&str, &[&str]) = ("open.test", &["http/1.1"]);
    let at = impostor
        .start(&own_ca, Some(protocols), super::upstream::hello())
        .await;
    world.names.lead("open.test", 443, at);
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::BAD_GATEWAY
    );
    assert!(impostor.seen().is_empty());
}
