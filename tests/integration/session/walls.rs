//! What the agent tries from inside a bottle, and what it gets.

use bottle_core::event::Silent;
use bottle_core::guest::{Exec, GuestUser};
use bottle_engine::{Engine, Live, Outcome};
use tests::engine::docker_cli;
use tests::world::with_world;
use tokio_util::sync::CancellationToken;

async fn bottle(engine: &Engine) -> Live {
    let prepared = engine.prepare_demo(None, None).await.expect("a plan");
    let cancel = CancellationToken::new();
    let launched = engine.launch(prepared, &Silent, &cancel);
    launched.await.expect("a session")
}

/// Runs a script as the agent would; gives its exit code and all that it printed.
async fn agent(live: &Live, script: &str) -> (i32, String) {
    let variables = [
        ("http_proxy", "http://egress:9099"),
        ("https_proxy", "http://egress:9099"),
        ("CURL_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let command = Exec::new(GuestUser::Node, ["bash", "-c", script]).with_env(variables.into());
    let output = live.guest().exec(&command, None).await.expect("an answer");
    let text = [output.stdout, output.stderr].concat();
    (output.code, String::from_utf8_lossy(&text).into_owned())
}

/// Things that have to fail, with a word of how.
const IMPOSSIBLE: &[(&str, &str)] = &[
    ("sudo -n true", "not found"),
    ("su -c id", ""),
    ("mount -t tmpfs none /mnt", ""),
    ("unshare --net true", ""),
    ("echo x > /etc/hosts", "denied"),
    ("touch /run/doors/x", "Read-only"),
    ("rm -f /run/doors/*", "Read-only"),
    ("ls /var/run/docker.sock", "No such file"),
    ("ls /run/control", "No such file"),
    ("getent hosts example.com", ""),
    ("getent hosts host.docker.internal", ""),
    ("curl -sS --noproxy '*' -m 5 http://1.1.1.1/", "connect"),
    (
        "timeout 5 bash -c '> /dev/tcp/172.17.0.1/2375'",
        "unreachable",
    ),
    ("timeout 5 bash -c '> /dev/tcp/1.1.1.1/53'", "unreachable"),
    (
        "timeout 5 bash -c 'echo x > /dev/udp/1.1.1.1/53'",
        "unreachable",
    ),
    (
        "timeout 5 bash -c 'echo x > /dev/udp/172.17.0.1/53'",
        "unreachable",
    ),
];

/// Places that no door opens, whatever the bottle names.
const NOWHERE: &[&str] = &[
    "127.0.0.1:9100",
    "localhost:22",
    "[::1]:22",
    "[::ffff:127.0.0.1]:22",
    "0.0.0.0:9099",
    "2130706433:80",
    "0x7f000001:80",
    "127.1:80",
    "169.254.169.254:80",
    "metadata.google.internal:80",
    "172.17.0.1:2375",
    "10.0.0.1:443",
    "host.docker.internal:2375",
    "egress:9099",
    "supervise:9100",
    "example.com:22",
    "api.anthropic.com:22",
    "api.anthropic.com.:22",
];

/// Names that the bottle does not open: the tunnel is answered by the door itself, and says in it why nothing passes.
const UNOPENED: &[&str] = &[
    "example.com",
    "api.anthropic.com.example.com",
    "api-anthropic.com",
];

#[tokio::test]
async fn nothing_leaves_a_bottle_but_what_it_names() {
    with_world(
        "nothing_leaves_a_bottle_but_what_it_names",
        |world| async move {
            let engine = world.engine();
            let live = bottle(&engine).await;
            for (script, word) in IMPOSSIBLE {
                let (code, said) = agent(&live, script).await;
                assert!(code != 0 && said.contains(word), "{script}: {code}, {said}");
            }
            for place in NOWHERE {
                let script = format!(
                    "curl -sS -g -o /dev/null -w '%{{http_connect}}' --proxytunnel http://{place}/"
                );
                let (code, said) = agent(&live, &script).await;
                assert!(
                    code != 0 && said.starts_with("403"),
                    "{place}: {code}, {said}"
                );
            }
            for name in UNOPENED {
                let script = format!("curl -sS -w ' %{{http_code}}' https://{name}/");
                let (code, said) = agent(&live, &script).await;
                let refused = said.ends_with(" 403") && said.contains("denied_by_bottle");
                assert!(
                    code == 0 && refused && said.contains("no-route"),
                    "{name}: {code}, {said}"
                );
            }
            let (_, privileges) = agent(
                &live,
                "grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/self/status",
            )
            .await;
            let words: Vec<&str> = privileges.split_whitespace().collect();
            assert_eq!(words[1..5], ["1000"; 4], "{privileges}");
            assert!(
                privileges.contains("CapEff:\t0000000000000000"),
                "{privileges}"
            );
            assert!(privileges.contains("NoNewPrivs:\t1"), "{privileges}");
            let (_, sockets) =
                agent(&live, "find / -type s -not -path '/proc/*' 2>/dev/null").await;
            assert!(
                sockets.lines().all(|path| path.starts_with("/run/doors/")),
                "{sockets}"
            );
            assert!(!sockets.contains("control"), "{sockets}");
            let settled = engine.settle(live, Outcome::Exited(0), &Silent).await;
            assert!(!settled.expect("settled").kept);
        },
    )
    .await;
}

#[tokio::test]
async fn a_refusal_says_what_was_refused_and_how_to_ask() {
    with_world(
        "a_refusal_says_what_was_refused_and_how_to_ask",
        |world| async move {
            let engine = world.engine();
            let live = bottle(&engine).await;
            let (_, said) = agent(&live, "curl -sS http://example.com/some/path").await;
            let body: serde_json::Value = serde_json::from_str(&said).expect("JSON");
            let told = |field: &str| body["error"][field].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                (told("type"), told("host"), told("rule")),
                (
                    "denied_by_bottle".into(),
                    "example.com".into(),
                    "no-route".into()
                ),
                "{said}"
            );
            assert!(
                told("message").contains("example.com is not open in this bottle"),
                "{said}"
            );
            assert!(
                told("message").contains("egress.routes"),
                "how to ask: {said}"
            );
            engine
                .settle(live, Outcome::Exited(0), &Silent)
                .await
                .expect("settled");
        },
    )
    .await;
}

#[tokio::test]
async fn what_the_agent_puts_in_as_credential_never_arrives() {
    with_world("what_the_agent_puts_in_as_credential_never_arrives", |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        // The scripted API admits a request only where every credential in it is the one that egress puts in.
        let ask = |headers: &str| {
            format!(
                "curl -sS -o /dev/null -w '%{{http_code}}' {headers} -H 'content-type: application/json' \
                 -d '{{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}}' https://api.anthropic.com/v1/messages"
            )
        };
        for headers in [
            "",
            "-H 'Authorization: Bearer stolen'",
            "-H 'x-api-key: stolen'",
            "-H 'AUTHORIZATION: Basic c3RvbGVu' -H 'X-Api-Key: stolen' -H 'Proxy-Authorization: Basic c3RvbGVu'",
            "-u someone:stolen",
        ] {
            assert_eq!(agent(&live, &ask(headers)).await, (0, "200".to_owned()), "{headers}");
        }
        engine.settle(live, Outcome::Exited(0), &Silent).await.expect("settled");
    })
    .await;
}

#[tokio::test]
async fn two_bottles_never_reach_each_other() {
    with_world("two_bottles_never_reach_each_other", |world| async move {
        let engine = world.engine();
        let (one, other) = (bottle(&engine).await, bottle(&engine).await);
        let bundle = format!("claude-bottle-{}-bundle", other.id);
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let address = docker_cli(&["inspect", "--format", format, &bundle]);
        let address = address.trim();
        assert!(!address.is_empty());
        for port in [9099, 9100, 9418, 9420] {
            let direct = format!("timeout 5 bash -c '> /dev/tcp/{address}/{port}'");
            let (code, said) = agent(&one, &direct).await;
            assert!(code != 0 && said.contains("unreachable"), "{said}");
            for host in [address, bundle.as_str(), other.id.as_str()] {
                let proxied =
                    format!("curl -sS -o /dev/null -w '%{{http_code}}' http://{host}:{port}/");
                assert_eq!(
                    agent(&one, &proxied).await,
                    (0, "403".to_owned()),
                    "{host}:{port}"
                );
            }
        }
        let (_, doors) = agent(&one, "echo mark > /dev/null; stat -c %i /run/doors").await;
        let (_, others) = agent(&other, "stat -c %i /run/doors").await;
        assert_ne!(doors, others, "doors of their own");
        for live in [one, other] {
            engine
                .settle(live, Outcome::Exited(0), &Silent)
                .await
                .expect("settled");
        }
    })
    .await;
}
