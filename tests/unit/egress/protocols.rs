//! HTTP/1 and HTTP/2 on either side, and what must survive the change from one to the other.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::json;

use super::upstream::{Handler, echo, handler, whole};
use super::world::{World, ask, credential, get, text};

#[tokio::test]
async fn a_client_of_http2_reaches_an_upstream_of_http1() {
    let world = World::open(json!([
        {"host": "open.test", "auth": {"scheme": "bearer", "credential": "token"}}
    ]));
    world
        .state
        .vault()
        .put(&[credential("token", None, "real")])
        .unwrap();
    let upstream = world.upstream("open.test", &["http/1.1"], echo()).await;
    let mut guest = world.guest_http2("open.test").await;
    let request = Request::post("https://open.test/a?b=c")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("authorization", "Bearer placeholder")
        .body(Full::from("payload"))
        .unwrap();
    let (status, body) = text(guest.send_request(request).await.unwrap()).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "payload"));
    let seen = upstream.only();
    assert_eq!(
        (seen.version, seen.uri.as_str()),
        (Version::HTTP_11, "/a?b=c")
    );
    assert_eq!(seen.header("host"), Some("open.test"));
    assert_eq!(seen.header("authorization"), Some("Bearer real"));
    assert_eq!(seen.header("content-length"), Some("7"));
    assert_eq!(seen.header("cookie"), None);
}

#[tokio::test]
async fn a_client_of_http1_reaches_an_upstream_of_http2() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = world
        .upstream("open.test", &["h2", "http/1.1"], echo())
        .await;
    let mut guest = world.guest("open.test").await;
    let request = Request::post("/a?b=c")
        .header("host", "open.test")
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("te", "trailers, deflate")
        .body("payload".into())
        .unwrap();
    let (status, body) = ask(&mut guest, request).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "payload"));
    let seen = upstream.only();
    assert_eq!(
        (seen.version, seen.uri.as_str()),
        (Version::HTTP_2, "https://open.test/a?b=c")
    );
    assert_eq!(
        (
            seen.header("host"),
            seen.header("connection"),
            seen.header("x-hop")
        ),
        (None, None, None)
    );
    assert_eq!(seen.header("te"), Some("trailers"));
}

#[tokio::test]
async fn both_sides_may_speak_http2() {
    let world = World::open(json!([{"host": "open.test"}]));
    let upstream = world.upstream("open.test", &["h2"], echo()).await;
    let guest = world.guest_http2("open.test").await;
    let asking = (0..32).map(|number| {
        let mut guest = guest.clone();
        async move {
            let request = Request::post("https://open.test/")
                .body(format!("{number}").into())
                .unwrap();
            text(guest.send_request(request).await.unwrap()).await.1
        }
    });
    let answers = futures_util::future::join_all(asking).await;
    assert!(
        answers
            .iter()
            .enumerate()
            .all(|(number, answer)| *answer == number.to_string())
    );
    assert_eq!(upstream.seen().len(), 32);
}

fn with_trailers() -> Handler {
    handler(|request| async {
        let sent = request.into_body().collect().await.unwrap();
        let echoed = sent.trailers().and_then(|t| t.get("x-sum").cloned());
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", echoed.unwrap_or_else(|| "none".parse().unwrap()));
        let frames = [Frame::data(Bytes::from("body")), Frame::trailers(trailers)];
        let body = StreamBody::new(stream::iter(frames.map(Ok)));
        Response::builder()
            .header("trailer", "x-sum")
            .body(BodyExt::boxed_unsync(body))
            .unwrap()
    })
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    for protocols in [&["http/1.1"], &["h2"]] {
        let world = World::open(json!([{"host": "open.test"}]));
        let _upstream = world
            .upstream("open.test", protocols, with_trailers())
            .await;
        let answer = world
            .raw("open.test", "POST / HTTP/1.1\r\nHost: open.test\r\nTE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nx-sum: 42\r\n\r\n")
            .await;
        assert!(answer.contains("x-sum: 42"), "{protocols:?}: {answer}");
        let mut guest = world.guest_http2("open.test").await;
        let request = Request::get("https://open.test/")
            .header("te", "trailers")
            .body(Full::default())
            .unwrap();
        let received = guest
            .send_request(request)
            .await
            .unwrap()
            .into_body()
            .collect()
            .await
            .unwrap();
        assert_eq!(received.trailers().unwrap()["x-sum"], "none");
    }
}

#[tokio::test]
async fn answers_without_a_body_stay_without_one() {
    let bare = || {
        handler(|request| async move {
            let answer = Response::builder();
            let status = request
                .uri()
                .path()
                .trim_start_matches('/')
                .parse::<u16>()
                .unwrap();
            let answer = answer.status(status).header("etag", "x");
            match *request.method() {
                Method::HEAD => answer.header("content-length", "1234").body(whole("")),
                _ => answer.body(whole("")),
            }
            .unwrap()
        })
    };
    for protocols in [&["http/1.1"], &["h2"]] {
        let world = World::open(json!([{"host": "open.test"}]));
        let _upstream = world.upstream("open.test", protocols, bare()).await;
        let mut guest = world.guest("open.test").await;
        for path in ["/204", "/304", "/200"] {
            let (status, body) = ask(&mut guest, get("open.test", path)).await;
            assert_eq!(
                (format!("/{}", status.as_u16()).as_str(), body.as_str()),
                (path, "")
            );
        }
        let head = Request::head("/200")
            .header("host", "open.test")
            .body(Full::default())
            .unwrap();
        guest.ready().await.unwrap();
        let response = guest.send_request(head).await.unwrap();
        assert_eq!(response.headers()["content-length"], "1234");
        assert_eq!(
            ask(&mut guest, get("open.test", "/200")).await.0,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn hop_by_hop_headers_of_a_response_stay_outside() {
    let world = World::open(json!([{"host": "open.test"}]));
    let chatty = handler(|_request| async {
        Response::builder()
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("proxy-authenticate", "Basic")
            .header("x-kept", "1")
            .body(whole("ok"))
            .unwrap()
    });
    let _upstream = world.upstream("open.test", &["http/1.1"], chatty).await;
    let mut guest = world.guest("open.test").await;
    let response = guest.send_request(get("open.test", "/")).await.unwrap();
    let headers = response.headers();
    assert!(
        ["x-hop", "keep-alive", "proxy-authenticate"]
            .iter()
            .all(|name| !headers.contains_key(*name))
    );
    assert_eq!(
        (&headers["x-kept"], &headers["content-length"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap())
    );
}

#[tokio::test]
async fn an_old_client_is_answered_in_its_own_way() {
    let (world, _) = World::hello().await;
    let answer = world
        .raw("open.test", "GET / HTTP/1.0\r\nHost: open.test\r\n\r\n")
        .await;
    assert!(
        answer.starts_with("HTTP/1.0 200") && answer.ends_with("hello"),
        "{answer}"
    );
}

#[tokio::test]
async fn the_scripted_api_answers_in_place_of_a_host_over_its_socket() {
    let world = World::open(json!([
        {"host": "api.test", "upstream": "scripted", "auth": {"scheme": "claude", "credential": "claude"}}
    ]));
    world
        .state
        .vault()
        .put(&[credential("claude", Some("api-key"), "real")])
        .unwrap();
    let mut guest = world.guest("api.test").await;
    let (status, _) = ask(&mut guest, get("api.test", "/")).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "it does not run yet");
    let listener = tokio::net::UnixListener::bind(world.scripted_socket()).unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service =
            hyper::service::service_fn(|request: Request<hyper::body::Incoming>| async move {
                let key = request.headers()["x-api-key"].to_str().unwrap().to_owned();
                let host = request.headers()["host"].to_str().unwrap().to_owned();
                Ok::<_, std::convert::Infallible>(Response::new(whole(format!("{host} {key}"))))
            });
        let stream = hyper_util::rt::TokioIo::new(stream);
        drop(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(stream, service)
                .await,
        );
    });
    assert_eq!(
        ask(&mut guest, get("api.test", "/")).await.1,
        "api.test real"
    );
    serving.abort();
}
