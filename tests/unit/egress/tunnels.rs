//! What may come in a tunnel: TLS, for the host that the tunnel was opened to, in time.

use std::time::Duration;

use bottle_sidecar::egress::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::upstream::hello;
use super::world::{PATIENCE, World, limits, policy};

#[tokio::test]
async fn bytes_that_are_not_tls_are_closed() {
    let (world, upstream) = World::hello().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: open.test\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9\r\n",
        &[0; 64],
    ] {
        let mut stream = world.connect("open.test:443").await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        drop(
            timeout(PATIENCE, stream.read_to_end(&mut rest))
                .await
                .expect("an end"),
        );
        assert!(
            !rest.starts_with(b"HTTP"),
            "nothing but a TLS alert may come back"
        );
    }
    assert_eq!(world.refused().await, "not-tls");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_in_which_nothing_comes_is_closed() {
    let quick = Limits {
        handshake: Duration::from_millis(50),
        ..limits()
    };
    let world = World::bare(quick);
    world
        .state
        .set_policy(policy(json!([{"host": "open.test"}])));
    let mut stream = world.connect("open.test:443").await.unwrap();
    // Half a record: a handshake that never ends.
    stream
        .write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        .await
        .unwrap();
    let mut rest = Vec::new();
    drop(
        timeout(PATIENCE, stream.read_to_end(&mut rest))
            .await
            .expect("an end"),
    );
    assert_eq!(world.refused().await, "not-tls");
}

#[tokio::test]
async fn a_handshake_for_another_host_is_closed() {
    let (world, upstream) = World::hello().await;
    for name in ["other.test", "sub.open.test", "127.0.0.1"] {
        let stream = world.connect("open.test:443").await.unwrap();
        assert!(
            world.handshake(stream, name, &["http/1.1"]).await.is_err(),
            "{name}"
        );
    }
    assert_eq!(world.refused().await, "sni-mismatch");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_upstream_is_met_only_after_a_request_was_let_through() {
    let (world, upstream) = World::hello().await;
    let _tls = world.tls("open.test", &["http/1.1"]).await;
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_case_of_names_does_not_matter() {
    let (world, upstream) = World::hello().await;
    let stream = world.connect("OPEN.test:443").await.unwrap();
    let mut tls = world.handshake(stream, "open.test", &[]).await.unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\nHost: Open.Test:443\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    drop(tls.read_to_string(&mut answer).await);
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(upstream.only().header("host"), Some("open.test"));
}

#[tokio::test]
async fn tls_bytes_that_come_with_the_connect_are_not_lost() {
    let world = World::open(json!([{"host": "open.test"}]));
    let _upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
    let (guest_side, door_side) = tokio::io::duplex(1 << 16);
    // A client that sends its hello before it has read the answer to CONNECT.
    let mut door = world.door().await;
    let mut tls = super::world::trusting(world.ca.der());
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = rustls::pki_types::ServerName::try_from("open.test").unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(tls));
    let client = tokio::spawn(connector.connect(name, guest_side));
    let (mut from_client, mut to_client) = tokio::io::split(door_side);
    let mut hello = vec![0; 4096];
    let count = from_client.read(&mut hello).await.unwrap();
    let mut first = b"CONNECT open.test:443 HTTP/1.1\r\nHost: open.test:443\r\n\r\n".to_vec();
    first.extend_from_slice(&hello[..count]);
    door.write_all(&first).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(door.read_u8().await.unwrap());
    }
    let (mut from_door, mut to_door) = door.into_split();
    tokio::spawn(async move { drop(tokio::io::copy(&mut from_door, &mut to_client).await) });
    tokio::spawn(async move { drop(tokio::io::copy(&mut from_client, &mut to_door).await) });
    timeout(PATIENCE, client)
        .await
        .expect("a handshake")
        .unwrap()
        .unwrap();
}
