//! The bundle on a real engine: what its image holds, and who reaches it how.

use bottle_core::backend::Backend;
use bottle_core::control::{Operation, Request, VERSION, line};
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::id::SessionId;
use futures_util::io::BufReader;
use futures_util::{AsyncBufReadExt, AsyncWriteExt};
use tests::engine::{Bench, docker_cli, with_engine};

#[tokio::test]
async fn the_bundle_image_holds_what_it_must() {
    with_engine("the_bundle_image_holds_what_it_must", |bench| async move {
        let image = bench.images().await.bundle;
        let run = |program: &str, arguments: &[&str]| {
            let head = [
                "run",
                "--rm",
                "--network",
                "none",
                "--read-only",
                "--entrypoint",
                program,
                &image,
            ];
            docker_cli(&[&head, arguments].concat())
        };
        assert!(run("/usr/local/bin/bottle-sidecar", &["version"]).starts_with("bottle-sidecar "));
        assert_eq!(run("id", &["-u"]).trim(), "65532");
        assert!(
            run("head", &["-1", "/etc/ssl/certs/ca-certificates.crt"])
                .contains("BEGIN CERTIFICATE")
        );
        assert_eq!(
            run("stat", &["-c", "%u %a", "/run/doors"]).trim(),
            "65532 755"
        );
        let search = [
            "run",
            "--rm",
            "--network",
            "none",
            "--user",
            "0",
            "--entrypoint",
            "find",
            &image,
        ];
        assert_eq!(
            docker_cli(&[&search[..], &["/", "-xdev", "-type", "f", "-perm", "/6000"]].concat()),
            "",
            "programs that change the user"
        );
        let config = docker_cli(&[
            "image",
            "inspect",
            "--format",
            "{{json .Config.Env}}",
            &image,
        ]);
        assert!(
            config.matches('=').count() <= 1,
            "an environment beyond PATH: {config}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_agent_reaches_the_bundle_under_its_names() {
    with_engine(
        "the_agent_reaches_the_bundle_under_its_names",
        |bench| async move {
            let session = bench.running().await;
            let guest = bench.docker.guest(&session.id).await.expect("a guest");
            // Provisioning writes these lines; here only the way is of interest.
            let hosts = Exec::new(
                GuestUser::Root,
                [
                    "sh",
                    "-c",
                    "echo 127.0.0.1 egress git-gate supervise >> /etc/hosts",
                ],
            );
            assert_eq!(guest.exec(&hosts, None).await.expect("names").code, 0);
            let ask = [
                "curl",
                "--silent",
                "--retry",
                "20",
                "--retry-connrefused",
                "--retry-delay",
                "0",
                "--output",
                "/dev/null",
            ];
            let ask = ask.into_iter().chain([
                "--write-out",
                "%{http_code}",
                "--proxy",
                "http://egress:9099",
                "http://example.com/",
            ]);
            let answer = guest
                .exec(&Exec::new(GuestUser::Node, ask), None)
                .await
                .expect("an answer");
            let code = String::from_utf8_lossy(&answer.stdout).into_owned();
            assert_eq!(
                code,
                "403",
                "a bundle that nobody configured denies: {}",
                String::from_utf8_lossy(&answer.stderr)
            );
        },
    )
    .await;
}

#[tokio::test]
async fn the_control_socket_is_reached_through_the_engine_and_not_from_the_guest() {
    with_engine(
        "the_control_socket_is_reached_through_the_engine_and_not_from_the_guest",
        |bench| async move {
            let session = bench.running().await;
            // A bundle that has just started may not listen yet; each try takes a process in its container.
            let mut answer = String::new();
            for _ in 0..100 {
                answer = hello(&bench, &session.id).await;
                if !answer.is_empty() {
                    break;
                }
            }
            assert!(
                answer.contains("\"hello\"") && answer.contains("egress"),
                "{answer}"
            );
            let guest = bench.docker.guest(&session.id).await.expect("a guest");
            let look = Exec::new(GuestUser::Root, ["test", "-e", "/run/control"]);
            assert_eq!(guest.exec(&look, None).await.expect("an answer").code, 1);
        },
    )
    .await;
}

/// Says hello to a bundle; empty where nothing listens.
async fn hello(bench: &Bench, session: &SessionId) -> String {
    let mut control = BufReader::new(bench.docker.control(session).await.expect("a stream"));
    let hello = line(&Request {
        id: 1,
        op: Operation::Hello { version: VERSION },
    });
    let hello = hello.expect("a line");
    let mut answer = String::new();
    if control.write_all(&hello).await.is_ok() && control.flush().await.is_ok() {
        control.read_line(&mut answer).await.unwrap_or_default();
    }
    answer
}
