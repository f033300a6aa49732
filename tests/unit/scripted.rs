//! Rules of the scripted Messages API: who is admitted, how an answer is streamed, which step comes next.

use std::path::PathBuf;

use bottle_core::claude::ClaudeKind;
use bottle_core::demo;
use bottle_sidecar::scripted::{Block, Conversation, choose, serve};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

const EXPECTED: &str = "put-in-by-egress";

struct Api {
    socket: PathBuf,
    _folder: tempfile::TempDir,
    _stop: tokio_util::sync::DropGuard,
}

fn start() -> Api {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("api.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let stop = CancellationToken::new();
    let admits = |presented: &str| presented == EXPECTED;
    drop(tokio::spawn(serve(listener, admits, stop.clone())));
    Api {
        socket,
        _folder: folder,
        _stop: stop.drop_guard(),
    }
}

impl Api {
    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (StatusCode, String, String) {
        let stream = TokioIo::new(UnixStream::connect(&self.socket).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "api");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let kind = head
            .headers
            .get("content-type")
            .map(|kind| kind.to_str().unwrap().to_owned());
        let body = body.collect().await.unwrap().to_bytes();
        drop(sender);
        connection.await.unwrap().unwrap();
        (
            head.status,
            kind.unwrap_or_default(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    async fn post(&self, headers: &[(&str, &str)], body: Value) -> (StatusCode, String) {
        let (status, _, body) = self
            .ask("POST", "/v1/messages?beta=true", headers, body)
            .await;
        (status, body)
    }
}

fn bearer(value: &str) -> String {
    format!("Bearer {value}")
}

fn said(role: &str, content: impl Into<Value>) -> Value {
    json!({"role": role, "content": content.into()})
}

fn request(stream: bool, messages: &[Value]) -> Value {
    json!({
        "model": "claude-test", "stream": stream, "max_tokens": 128_000,
        "tools": [{"name": "Bash"}], "messages": messages,
    })
}

fn used(name: &str) -> Value {
    said(
        "assistant",
        json!([{"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}]),
    )
}

fn gave_back(content: impl Into<Value>) -> Value {
    let content: Value = content.into();
    said(
        "user",
        json!([{"type": "tool_result", "tool_use_id": "toolu_1", "content": content}]),
    )
}

fn next(messages: &[Value]) -> Vec<Block> {
    let body = request(true, messages).to_string();
    let conversation = Conversation::read(body.as_bytes()).unwrap();
    choose(&conversation).answer(&conversation)
}

fn tool(blocks: &[Block]) -> (&str, &Value) {
    let found = blocks.iter().find_map(|block| match block {
        Block::Tool { name, input } => Some((*name, input)),
        Block::Text(_) => None,
    });
    found.unwrap()
}

fn text(blocks: &[Block]) -> &str {
    match &blocks[0] {
        Block::Text(text) => text,
        Block::Tool { name, .. } => panic!("{name} was used where a text is due"),
    }
}

#[tokio::test]
async fn placeholder_or_nothing_is_unauthorized_in_the_vendors_shape() {
    let api = start();
    let body = request(true, &[said("user", "hi")]);
    let oauth = bearer(ClaudeKind::OauthToken.placeholder());
    let real = bearer(EXPECTED);
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("authorization", oauth.as_str())],
        &[("x-api-key", ClaudeKind::ApiKey.placeholder())],
        &[
            ("authorization", real.as_str()),
            ("x-api-key", ClaudeKind::ApiKey.placeholder()),
        ],
        &[("authorization", EXPECTED)],
    ];
    for headers in refused {
        let (status, answer) = api.post(headers, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{headers:?}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["type"], "error");
        assert_eq!(answer["error"]["type"], "authentication_error");
    }
}

#[tokio::test]
async fn placeholder_is_refused_even_where_everything_is_admitted() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("api.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let stop = CancellationToken::new();
    drop(tokio::spawn(serve(listener, |_: &str| true, stop.clone())));
    let api = Api {
        socket,
        _folder: folder,
        _stop: stop.drop_guard(),
    };
    let headers = [("x-api-key", ClaudeKind::ApiKey.placeholder())];
    let (status, _) = api
        .post(&headers, request(false, &[said("user", "hi")]))
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn injected_credential_is_admitted_in_both_forms() {
    let api = start();
    let real = bearer(EXPECTED);
    for header in [("authorization", real.as_str()), ("x-api-key", EXPECTED)] {
        let (status, answer) = api
            .post(
                &[header],
                request(false, &[said("user", "good morning to you")]),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["model"], "claude-test");
        assert_eq!(answer["stop_reason"], "end_turn");
        assert!(
            answer["content"][0]["text"]
                .as_str()
                .unwrap()
                .contains("good morning to you")
        );
    }
}

#[tokio::test]
async fn stream_has_the_vendors_events_in_order() {
    let api = start();
    let (status, kind, answer) = api
        .ask(
            "POST",
            "/v1/messages?beta=true",
            &[("x-api-key", EXPECTED)],
            request(true, &[said("user", demo::PROMPT)]),
        )
        .await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::OK, "text/event-stream")
    );
    let events: Vec<(String, Value)> = answer
        .split_terminator("\n\n")
        .map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let name = name.strip_prefix("event: ").unwrap().to_owned();
            (
                name,
                serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
            )
        })
        .collect();
    assert!(
        events
            .iter()
            .all(|(name, data)| data["type"] == name.as_str())
    );

    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let deltas = |kind: &'static str, part: &'static str| {
        let of_kind = events
            .iter()
            .filter(move |(_, data)| data["delta"]["type"] == kind);
        of_kind
            .map(|(_, data)| data["delta"][part].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(deltas("text_delta", "text").len() > 3);
    let input: Value =
        serde_json::from_str(&deltas("input_json_delta", "partial_json").concat()).unwrap();
    assert_eq!(input["skill"], demo::SKILL);
    let end = &events[events.len() - 2].1;
    assert_eq!(end["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn hello_is_open_and_everything_else_is_not_found() {
    let api = start();
    for path in ["/api/hello", "/v1/oauth/hello"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                api.ask(method, path, &[], Value::Null).await.0,
                StatusCode::OK
            );
        }
    }
    for (method, path) in [
        ("GET", "/v1/messages"),
        ("POST", "/v1/messages/count_tokens"),
    ] {
        let (status, _, body) = api
            .ask(method, path, &[("x-api-key", EXPECTED)], Value::Null)
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["error"]["type"], "not_found_error");
    }
}

#[tokio::test]
async fn body_that_is_no_request_is_invalid() {
    let api = start();
    let (status, body) = api
        .post(&[("x-api-key", EXPECTED)], json!({"messages": 3}))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"]["type"], "invalid_request_error");
}

#[test]
fn demo_uses_the_skill_writes_asks_and_sums_up() {
    let mut so_far = vec![
        said(
            "user",
            json!([
                {"type": "text", "text": "<system-reminder>\nbe kind\n</system-reminder>"},
                {"type": "text", "text": demo::PROMPT},
            ]),
        ),
        said("system", "# Environment"),
    ];
    let step = next(&so_far);
    assert_eq!(tool(&step).0, "Skill");
    assert_eq!(tool(&step).1["skill"], demo::SKILL);

    so_far.push(used("Skill"));
    so_far.push(said(
        "user",
        json!([
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Launching skill"},
            {"type": "text", "text": "Base directory for this skill: /x\n\nrun: rm"},
        ]),
    ));
    let step = next(&so_far);
    assert_eq!(tool(&step).0, "Write");
    assert_eq!(tool(&step).1["file_path"], demo::FILE);

    so_far.extend([used("Write"), gave_back("File created")]);
    let step = next(&so_far);
    assert_eq!(tool(&step).0, "Bash");
    assert_eq!(tool(&step).1["command"], "curl -sS https://example.com");

    let refused = "said by curl\n\
        {\"error\":{\"rule\":\"no-route\",\"message\":\"It is not open.\"}}";
    let parts = json!([{"type": "text", "text": refused}]);
    so_far.extend([used("Bash"), gave_back(parts)]);
    let step = next(&so_far);
    assert!(text(&step).contains("refused by the rule `no-route`: It is not open."));
}

#[test]
fn demo_that_reached_the_foreign_host_does_not_claim_a_refusal() {
    let so_far = [
        said("user", demo::PROMPT),
        used("Skill"),
        gave_back("ok"),
        used("Write"),
        gave_back("ok"),
        used("Bash"),
        gave_back("<html>Example Domain</html>"),
    ];
    assert!(text(&next(&so_far)).contains("no refusal"));
}

#[test]
fn prompt_that_names_a_command_runs_it_and_says_its_first_line() {
    let mut so_far = vec![said("user", "run: id -u; echo more")];
    let step = next(&so_far);
    assert_eq!(
        (tool(&step).0, &tool(&step).1["command"]),
        ("Bash", &json!("id -u; echo more"))
    );
    so_far.extend([used("Bash"), gave_back("1000\nmore")]);
    assert_eq!(text(&next(&so_far)), "done: 1000");
}

#[test]
fn steps_are_counted_from_the_last_prompt() {
    let so_far = [
        said("user", "run: id"),
        used("Bash"),
        gave_back("uid=1000"),
        said("assistant", "done: uid=1000"),
        said("user", "run: pwd"),
    ];
    assert_eq!(tool(&next(&so_far)).1["command"], "pwd");
}

#[test]
fn request_without_tools_or_for_few_tokens_gets_a_short_text() {
    let title = json!({
        "model": "claude-test", "max_tokens": 512,
        "messages": [said("user", demo::PROMPT)],
    });
    let mut quota = request(false, &[said("user", "run: id")]);
    quota["max_tokens"] = json!(1);
    for body in [title, quota] {
        let conversation = Conversation::read(body.to_string().as_bytes()).unwrap();
        let blocks = choose(&conversation).answer(&conversation);
        assert!(text(&blocks).len() < 60);
        assert_eq!(blocks.len(), 1);
    }
}
