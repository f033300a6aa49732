//! `CONNECT`, SNI, `Host` and the request line must all name the same host, in every request.

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;

use super::upstream::hello;
use super::world::{World, ask, get, rule_of, text};

#[tokio::test]
async fn another_host_on_the_second_request_of_a_connection_is_refused() {
    let (world, upstream) = World::hello().await;
    let mut guest = world.guest("open.test").await;
    assert_eq!(
        ask(&mut guest, get("open.test", "/")).await.0,
        StatusCode::OK
    );
    for host in [
        "evil.test",
        "open.test:8443",
        "open.test.evil.test",
        "",
        "open.test:",
        "open.test:0443",
        "[::1]",
    ] {
        let (status, body) = ask(&mut guest, get(host, "/")).await;
        assert_eq!(
            (status, rule_of(&body).as_str()),
            (StatusCode::FORBIDDEN, "host-mismatch"),
            "{host}"
        );
    }
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn no_host_and_two_hosts_are_refused() {
    let (world, upstream) = World::hello().await;
    for hosts in [
        "",
        "Host: open.test\r\nHost: evil.test\r\n",
        "Host: open.test\r\nHost: open.test\r\n",
    ] {
        let request = format!("GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = world.raw("open.test", request).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_absolute_url_in_a_tunnel_must_name_the_tunnels_host() {
    let (world, upstream) = World::hello().await;
    for url in [
        "https://evil.test/",
        "http://open.test/",
        "https://open.test:8443/",
        "https://user@open.test/",
    ] {
        let request = format!("GET {url} HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n");
        let answer = world.raw("open.test", request).await;
        assert!(answer.contains("host-mismatch"), "{url}: {answer}");
    }
    assert!(upstream.seen().is_empty());
    let same = "GET https://open.test/a?b HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n";
    assert!(world.raw("open.test", same).await.ends_with("hello"));
    assert_eq!(upstream.only().uri, "/a?b");
}

#[tokio::test]
async fn a_tunnel_in_a_tunnel_is_refused() {
    let (world, _) = World::hello().await;
    let request = "CONNECT open.test:443 HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n";
    let answer = world.raw("open.test", request).await;
    assert!(answer.contains("nested-connect"), "{answer}");
}

#[tokio::test]
async fn the_authority_of_http2_must_name_the_tunnels_host() {
    let (world, upstream) = World::hello().await;
    let mut guest = world.guest_http2("open.test").await;
    for (url, host) in [
        ("https://evil.test/", None),
        ("http://open.test/", None),
        ("https://open.test:8443/", None),
        ("https://open.test/", Some("evil.test")),
    ] {
        let mut request = Request::get(url).body(Full::default()).unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        let response = guest.send_request(request).await.unwrap();
        let (status, body) = text(response).await;
        assert_eq!(
            (status, rule_of(&body).as_str()),
            (StatusCode::FORBIDDEN, "host-mismatch"),
            "{url}"
        );
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn plain_http_must_name_one_host_too() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = super::upstream::Upstream::default();
    let at = upstream.start(&world.upstream_ca, None, hello()).await;
    world.names.lead("open.test", 80, at);
    for host in ["evil.test", "open.test:8080"] {
        let request =
            format!("GET http://open.test/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = world.raw_door(request).await;
        assert!(answer.contains("host-mismatch"), "{answer}");
    }
    assert!(upstream.seen().is_empty());
    let request = "GET http://open.test/a HTTP/1.1\r\nHost: open.test\r\nCookie: a=b\r\nConnection: close\r\n\r\n";
    assert!(world.raw_door(request).await.ends_with("hello"));
    let seen = upstream.only();
    assert_eq!((seen.uri.as_str(), seen.header("cookie")), ("/a", None));
}
