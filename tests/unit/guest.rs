//! Rules of the program inside the bottle: the relay, and what the proof run makes of what it reads.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use bottle_core::claude::ClaudeKind;
use bottle_core::selftest::{Check, REQUIRED, SelfTest};
use bottle_sidecar::guest::relay::Relay;
use bottle_sidecar::guest::{DOORS, Door, proc_text, self_test};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const DOOR: Door = Door {
    name: "egress",
    port: 0,
};

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(folder: &Path, places: usize) -> Running {
    let relay = Relay::bind(folder, &[DOOR])
        .await
        .unwrap()
        .with_places(places);
    let address = relay.addresses()[0];
    let stop = CancellationToken::new();
    let task = tokio::spawn(relay.run(stop.clone()));
    Running {
        address,
        stop,
        task,
    }
}

fn listen(folder: &Path) -> UnixListener {
    UnixListener::bind(folder.join("egress.sock")).unwrap()
}

#[tokio::test]
async fn relay_passes_bytes_and_half_close_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let door = listen(folder.path());
    let relay = start(folder.path(), 8).await;

    let mut client = TcpStream::connect(relay.address).await.unwrap();
    let (mut behind, _) = door.accept().await.unwrap();
    let question = vec![7; 300_000];
    let sent = question.clone();
    let asking = tokio::spawn(async move {
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        answer
    });
    let mut arrived = Vec::new();
    behind.read_to_end(&mut arrived).await.unwrap();
    assert_eq!(arrived, question);
    behind.write_all(b"still open this way").await.unwrap();
    drop(behind);
    assert_eq!(asking.await.unwrap(), b"still open this way");
}

#[tokio::test]
async fn door_that_closes_its_side_first_still_receives() {
    let folder = tempfile::tempdir().unwrap();
    let door = listen(folder.path());
    let relay = start(folder.path(), 8).await;

    let mut client = TcpStream::connect(relay.address).await.unwrap();
    let (mut behind, _) = door.accept().await.unwrap();
    behind.shutdown().await.unwrap();
    let mut none = Vec::new();
    assert_eq!(client.read_to_end(&mut none).await.unwrap(), 0);
    client.write_all(b"late").await.unwrap();
    client.shutdown().await.unwrap();
    let mut arrived = Vec::new();
    behind.read_to_end(&mut arrived).await.unwrap();
    assert_eq!(arrived, b"late");
}

#[tokio::test]
async fn absent_door_closes_at_once_and_opens_when_its_socket_appears() {
    let folder = tempfile::tempdir().unwrap();
    let relay = start(folder.path(), 8).await;

    let mut client = TcpStream::connect(relay.address).await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);

    let door = listen(folder.path());
    let mut client = TcpStream::connect(relay.address).await.unwrap();
    let (mut behind, _) = door.accept().await.unwrap();
    behind.write_all(b"hello").await.unwrap();
    let mut word = [0; 5];
    client.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"hello");
}

#[tokio::test]
async fn connection_over_the_limit_is_closed_and_the_place_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let door = listen(folder.path());
    let relay = start(folder.path(), 1).await;

    let first = TcpStream::connect(relay.address).await.unwrap();
    let (behind, _) = door.accept().await.unwrap();
    let mut second = TcpStream::connect(relay.address).await.unwrap();
    assert_eq!(second.read(&mut [0; 8]).await.unwrap(), 0);

    drop((first, behind));
    loop {
        let mut again = TcpStream::connect(relay.address).await.unwrap();
        // The relay may have closed it already, which is the refusal that this loop waits out.
        drop(again.write_all(b"x").await);
        tokio::select! {
            accepted = door.accept() => {
                let (mut behind, _) = accepted.unwrap();
                assert_eq!(behind.read_u8().await.unwrap(), b'x');
                break;
            }
            _ = again.readable() => {}
        }
    }
}

#[tokio::test]
async fn stopped_relay_closes_open_connections_and_its_port() {
    let folder = tempfile::tempdir().unwrap();
    let door = listen(folder.path());
    let relay = start(folder.path(), 8).await;

    let mut client = TcpStream::connect(relay.address).await.unwrap();
    let (_behind, _) = door.accept().await.unwrap();
    relay.stop.cancel();
    relay.task.await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(relay.address).await.is_err());
}

#[tokio::test]
async fn taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let holder = Relay::bind(folder.path(), &[DOOR]).await.unwrap();
    let port = holder.addresses()[0].port();
    let error = Relay::bind(
        folder.path(),
        &[Door {
            name: "egress",
            port,
        }],
    )
    .await
    .err()
    .unwrap();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on 127.0.0.1:{port}")
    );
}

#[test]
fn doors_have_the_ports_that_every_url_names() {
    let doors = DOORS.map(|door| (door.name, door.port));
    assert_eq!(
        doors,
        [
            ("egress", 9099),
            ("supervise", 9100),
            ("git", 9418),
            ("git-gate", 9420)
        ]
    );
}

const DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo:     840      10    0    0    0     0          0         0      840      10
 tunl0:       0       0    0    0    0     0          0         0        0       0
";
const ROUTE: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
";
const ROUTE_V6: &str = "\
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
";

#[test]
fn devices_are_read_and_their_names_prove_nothing() {
    assert_eq!(proc_text::devices(DEV), ["lo", "tunl0"]);
    let held = [
        ("lo".to_owned(), "127.0.0.1".parse().unwrap()),
        ("lo".to_owned(), "::1".parse().unwrap()),
    ];
    assert!(self_test::stray_addresses(held.into_iter()).is_empty());
}

#[test]
fn any_address_besides_loopbacks_is_named() {
    let held = [
        ("lo".to_owned(), "10.0.0.1".parse().unwrap()),
        ("dummy0".to_owned(), "127.0.0.1".parse().unwrap()),
        ("eth0".to_owned(), "fe80::1".parse().unwrap()),
    ];
    let strays = self_test::stray_addresses(held.into_iter());
    assert_eq!(
        strays,
        [
            "lo has 10.0.0.1",
            "dummy0 has 127.0.0.1",
            "eth0 has fe80::1"
        ]
    );
}

#[test]
fn only_loopback_may_be_routed() {
    assert_eq!(proc_text::routed(ROUTE), ["eth0"]);
    assert_eq!(proc_text::routed_v6(ROUTE_V6), ["eth0"]);
    let header = ROUTE.lines().next().unwrap();
    assert!(proc_text::routed(header).is_empty());
    assert!(proc_text::routed_v6("").is_empty());
}

#[test]
fn resolvers_are_read_with_scopes_and_comments() {
    let text = "# nameserver 9.9.9.9\nsearch lan\nnameserver 127.0.0.11\nnameserver\tfe80::1%eth0\nnameserver x\n";
    let expected = ["127.0.0.11", "fe80::1"].map(|ip| ip.parse::<IpAddr>().unwrap());
    assert_eq!(proc_text::nameservers(text), expected);
}

#[test]
fn status_fields_and_parents_are_read() {
    let status = "Name:\tclaude\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n";
    assert_eq!(
        proc_text::status(status, "CapEff"),
        Some("0000000000000000")
    );
    assert_eq!(proc_text::status(status, "Cap"), None);
    assert_eq!(proc_text::parent("42 (odd) name) S 7 42 42 0"), Some(7));
    assert_eq!(proc_text::parent("42"), None);
}

#[test]
fn only_an_error_that_says_no_way_is_a_wall() {
    let of = |errno: rustix::io::Errno| io::Error::from_raw_os_error(errno.raw_os_error());
    assert!(self_test::is_walled(&of(rustix::io::Errno::NETUNREACH)));
    assert!(self_test::is_walled(&of(rustix::io::Errno::AFNOSUPPORT)));
    assert!(!self_test::is_walled(&of(rustix::io::Errno::CONNREFUSED)));
    assert!(!self_test::is_walled(&of(rustix::io::Errno::TIMEDOUT)));
    assert!(!self_test::is_walled(&io::ErrorKind::TimedOut.into()));
}

#[test]
fn refusal_must_come_in_the_doors_own_words() {
    let answer = |status: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
    };
    let own = r#"{"type":"error","error":{"type":"denied_by_bottle","rule":"no-route"}}"#;
    let judged = self_test::judge_refusal(&answer("403 Forbidden", own));
    assert!(judged.passed, "{}", judged.seen);
    for foreign in [
        answer("200 OK", own),
        answer("403 Forbidden", "<html>blocked by a proxy</html>"),
        answer("403 Forbidden", r#"{"error":{"rule":"no-route"}}"#),
        answer("403 Forbidden", &own.replace("no-route", "paused")),
        b"HTTP/1.1 403".to_vec(),
        Vec::new(),
    ] {
        assert!(!self_test::judge_refusal(&foreign).passed);
    }
}

#[test]
fn private_keys_are_known_and_certificates_are_not() {
    assert!(self_test::holds_private_key(
        b"x\n-----BEGIN EC PRIVATE KEY-----\n"
    ));
    assert!(!self_test::holds_private_key(
        b"-----BEGIN CERTIFICATE-----\n"
    ));
}

#[test]
fn placeholders_are_no_credential_and_values_stay_unsaid() {
    let pair = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let placeholder = ClaudeKind::OauthToken.placeholder();
    let variables = [
        pair("CLAUDE_CODE_OAUTH_TOKEN", placeholder),
        pair("REAL", "sk-ant-oat01-abc"),
        pair("HIDDEN", &format!("{placeholder},sk-ant-api03-abc")),
        pair("PATH", "/usr/bin"),
    ];
    assert_eq!(
        self_test::leaking_names(variables.into_iter()),
        ["REAL", "HIDDEN"]
    );
}

fn full_report() -> SelfTest {
    let check = |id: &str| Check {
        id: id.to_owned(),
        title: "t".to_owned(),
        passed: true,
        seen: "s".to_owned(),
    };
    SelfTest::new(REQUIRED.into_iter().map(check).collect(), 12)
}

#[test]
fn report_survives_json_and_refuses_foreign_fields() {
    let report = full_report();
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.starts_with(r#"{"passed":true,"took_ms":12,"checks":[{"id":"loopback-only""#));
    assert_eq!(SelfTest::read(json.as_bytes()).unwrap(), report);
    assert!(report.proves());
    assert!(SelfTest::read(json.replacen("passed", "fine", 1).as_bytes()).is_err());
    assert!(SelfTest::read(b"").is_err());
}

#[test]
fn report_with_a_missing_or_failed_check_proves_nothing() {
    let mut missing = full_report();
    missing.checks.pop();
    assert!(!missing.proves());
    assert_eq!(missing.missing().collect::<Vec<_>>(), ["no-credential"]);

    let mut failed = full_report();
    failed.checks[3].passed = false;
    assert!(!failed.proves());
    assert_eq!(failed.failures().count(), 1);

    let empty = SelfTest {
        passed: true,
        took_ms: 0,
        checks: Vec::new(),
    };
    assert!(!empty.proves());
}
