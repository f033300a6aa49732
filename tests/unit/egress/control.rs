//! The control protocol, over a real Unix socket and through the bridge.

use std::path::PathBuf;
use std::sync::Arc;

use bottle_core::backend::Daemon;
use bottle_core::control::{self, MAX_LINE, Message, Operation, Reply, Request};
use bottle_sidecar::ca::SessionCa;
use bottle_sidecar::control::{Control, bridge};
use bottle_sidecar::state::State;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::world::{PATIENCE, credential, policy};

const SECRET: &str = "sk-ant-control-secret";

struct Engine {
    to: tokio::net::unix::OwnedWriteHalf,
    from: tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>,
}

impl Engine {
    async fn send(&mut self, line: impl AsRef<[u8]>) {
        self.to.write_all(line.as_ref()).await.unwrap();
    }

    async fn message(&mut self) -> Option<Message> {
        let line = timeout(PATIENCE, self.from.next_line())
            .await
            .expect("a line")
            .unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    async fn ask(&mut self, id: u32, op: Operation) -> Message {
        self.send(control::line(&Request { id, op }).unwrap().as_slice())
            .await;
        self.message().await.expect("an answer")
    }

    async fn done(&mut self, id: u32, op: Operation) {
        match self.ask(id, op).await {
            Message::Reply {
                id: answered,
                reply: Reply::Done,
            } => assert_eq!(answered, id),
            other @ (Message::Reply { .. } | Message::Failure { .. } | Message::Event { .. }) => {
                panic!("{other:?}")
            }
        }
    }
}

struct Bundle {
    control: Control,
    path: PathBuf,
    _folder: TempDir,
}

impl Bundle {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let control = Control {
            state: Arc::new(State::default()),
            ca: Arc::new(SessionCa::generate().unwrap()),
            daemons: vec![Daemon::Egress],
            shutdown: CancellationToken::new(),
        };
        tokio::spawn(control.clone().serve(UnixListener::bind(&path).unwrap()));
        Self {
            control,
            path,
            _folder: folder,
        }
    }

    async fn stranger(&self) -> Engine {
        let (from, to) = UnixStream::connect(&self.path).await.unwrap().into_split();
        Engine {
            to,
            from: BufReader::new(from).lines(),
        }
    }

    async fn engine(&self) -> Engine {
        let mut engine = self.stranger().await;
        let answer = engine
            .ask(
                1,
                Operation::Hello {
                    version: control::VERSION,
                },
            )
            .await;
        let Message::Reply {
            id: 1,
            reply:
                Reply::Hello {
                    version,
                    daemons,
                    ca_pem,
                    ca_fingerprint,
                },
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert_eq!((version, daemons), (control::VERSION, vec![Daemon::Egress]));
        assert!(ca_pem.starts_with("-----BEGIN CERTIFICATE-----") && !ca_pem.contains("PRIVATE"));
        assert_eq!(ca_fingerprint.len(), 64);
        engine
    }
}

fn code(message: Option<Message>) -> (u32, String) {
    match message {
        Some(Message::Failure { id, code, message }) => {
            assert!(!message.contains(SECRET), "{message}");
            (id, code)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hello_comes_first_and_names_the_version() {
    let bundle = Bundle::start();
    let mut engine = bundle.stranger().await;
    assert_eq!(
        code(Some(engine.ask(7, Operation::Status).await)),
        (7, "hello_expected".into())
    );
    assert!(engine.message().await.is_none(), "closed");
    let mut engine = bundle.stranger().await;
    let newer = Operation::Hello {
        version: control::VERSION + 1,
    };
    assert_eq!(
        code(Some(engine.ask(8, newer).await)),
        (8, "version_mismatch".into())
    );
    assert!(engine.message().await.is_none(), "closed");
}

#[tokio::test]
async fn a_line_that_is_no_request_is_refused_and_not_repeated() {
    let bundle = Bundle::start();
    let mut engine = bundle.engine().await;
    for line in [
        "nonsense\n".to_owned(),
        "\n".to_owned(),
        json!({"id": 2, "op": {"name": "unheard-of"}}).to_string() + "\n",
        json!({"id": 2, "op": {"name": "set-credentials", "credentials": SECRET}}).to_string()
            + "\n",
        json!({"id": 2, "op": {"name": "pause", "paused": true, "more": SECRET}}).to_string()
            + "\n",
    ] {
        engine.send(&line).await;
        assert_eq!(
            code(engine.message().await),
            (0, "bad_request".into()),
            "{line}"
        );
    }
    engine.done(3, Operation::Pause { paused: false }).await;
}

#[tokio::test]
async fn a_line_that_is_too_long_ends_the_connection() {
    let bundle = Bundle::start();
    let mut engine = bundle.engine().await;
    let mut to = engine.to;
    let sending = tokio::spawn(async move {
        let part = vec![b'a'; 64 << 10];
        for _ in 0..=(MAX_LINE / part.len()) {
            if to.write_all(&part).await.is_err() {
                break;
            }
        }
        to
    });
    let line = timeout(PATIENCE, engine.from.next_line())
        .await
        .expect("an answer")
        .unwrap()
        .unwrap();
    assert!(line.contains("bad_request"), "{line}");
    drop(sending.await.unwrap());
    // The longest that is allowed still fits.
    let mut engine = bundle.engine().await;
    let mut longest = format!(
        "{{\"id\":5,\"op\":{{\"name\":\"status\"{}}}}}",
        " ".repeat(MAX_LINE - 34)
    );
    longest.truncate(MAX_LINE);
    engine.send(longest + "\n").await;
    assert!(matches!(
        engine.message().await,
        Some(Message::Reply { .. } | Message::Failure { .. })
    ));
}

#[tokio::test]
async fn policy_credentials_and_pause_are_taken_and_shown_in_the_status() {
    let bundle = Bundle::start();
    let mut engine = bundle.engine().await;
    engine
        .done(
            2,
            Operation::SetPolicy {
                policy: policy(json!([{"host": "open.test"}])),
            },
        )
        .await;
    let credentials = vec![
        credential("b", None, SECRET),
        credential("a", Some("api-key"), SECRET),
    ];
    engine
        .done(3, Operation::SetCredentials { credentials })
        .await;
    engine.done(4, Operation::Pause { paused: true }).await;
    let status = engine.ask(5, Operation::Status).await;
    let Message::Reply {
        reply:
            Reply::Status {
                paused,
                configured,
                credentials,
                allowed,
                denied,
                open,
            },
        ..
    } = status
    else {
        panic!("{status:?}");
    };
    assert!(paused && configured);
    assert_eq!(
        credentials
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!((allowed, denied, open), (0, 0, 0));
    engine
        .done(
            6,
            Operation::RemoveCredential {
                credential: "b".parse().unwrap(),
            },
        )
        .await;
    engine
        .done(
            7,
            Operation::RemoveCredential {
                credential: "b".parse().unwrap(),
            },
        )
        .await;
    assert_eq!(bundle.control.state.vault().names().len(), 1);
    let unfit = vec![credential("c", None, "two\nlines")];
    let refused = engine
        .ask(8, Operation::SetCredentials { credentials: unfit })
        .await;
    assert_eq!(code(Some(refused)), (8, "credential_unfit".into()));
}

#[tokio::test]
async fn a_subscriber_gets_the_past_it_names_and_then_what_happens() {
    let bundle = Bundle::start();
    let mut engine = bundle.engine().await;
    engine.done(2, Operation::Pause { paused: true }).await;
    engine.done(3, Operation::Pause { paused: false }).await;
    engine.done(4, Operation::Subscribe { after: 1 }).await;
    let number = async |engine: &mut Engine| match engine.message().await {
        Some(Message::Event { number, .. }) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(number(&mut engine).await, 2);
    bundle.control.state.pause(true);
    assert_eq!(number(&mut engine).await, 3);
    // A second connection of the engine sees all of it again, and still gets answers.
    let mut second = bundle.engine().await;
    second.done(2, Operation::Subscribe { after: 0 }).await;
    for expected in 1..=3 {
        assert_eq!(number(&mut second).await, expected);
    }
    assert!(matches!(
        second.ask(9, Operation::Status).await,
        Message::Reply { id: 9, .. }
    ));
}

#[tokio::test]
async fn shutdown_ends_the_bundle_and_is_answered() {
    let bundle = Bundle::start();
    let mut engine = bundle.engine().await;
    engine.done(2, Operation::Shutdown).await;
    assert!(bundle.control.shutdown.is_cancelled());
    assert!(engine.message().await.is_none(), "closed");
}

#[tokio::test]
async fn the_bridge_passes_answers_after_its_input_has_ended() {
    let bundle = Bundle::start();
    let mut input = control::line(&Request {
        id: 1,
        op: Operation::Hello {
            version: control::VERSION,
        },
    })
    .unwrap()
    .to_vec();
    input.extend_from_slice(
        &control::line(&Request {
            id: 2,
            op: Operation::Status,
        })
        .unwrap(),
    );
    let mut output = Vec::new();
    let bridging = bridge(&bundle.path, &input[..], &mut output);
    timeout(PATIENCE, bridging).await.expect("an end").unwrap();
    let lines: Vec<_> = output
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn the_bridge_ends_when_the_bundle_does() {
    let bundle = Bundle::start();
    let (input, mut keyboard) = tokio::io::duplex(4096);
    let path = bundle.path.clone();
    let bridging = tokio::spawn(async move { bridge(&path, input, tokio::io::sink()).await });
    for op in [
        Operation::Hello {
            version: control::VERSION,
        },
        Operation::Shutdown,
    ] {
        keyboard
            .write_all(&control::line(&Request { id: 1, op }).unwrap())
            .await
            .unwrap();
    }
    timeout(PATIENCE, bridging)
        .await
        .expect("an end")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_bundle_that_is_not_there_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = bridge(
        &folder.path().join("none.sock"),
        tokio::io::empty(),
        tokio::io::sink(),
    )
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot reach the control socket"),
        "{error}"
    );
}
