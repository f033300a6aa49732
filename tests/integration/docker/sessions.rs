//! Sessions as containers: the contract that every backend keeps, and what only an engine can show.

use std::sync::Arc;

use bottle_core::backend::{Backend, BackendError, Part, Resource};
use tests::backend_contract::{SESSION_RULES, SHELL_RULES, Subject, check};
use tests::engine::{docker_cli, with_engine};

#[tokio::test]
async fn docker_keeps_the_contract_of_sessions() {
    with_engine(
        "docker_keeps_the_contract_of_sessions",
        |bench| async move {
            check(SESSION_RULES, || async {
                Subject {
                    backend: Arc::clone(&bench.docker) as Arc<dyn Backend>,
                    spec: bench.spec().await,
                }
            })
            .await;
        },
    )
    .await;
}

#[tokio::test]
async fn docker_keeps_the_contract_of_guests() {
    with_engine("docker_keeps_the_contract_of_guests", |bench| async move {
        check(SHELL_RULES, || async {
            Subject {
                backend: Arc::clone(&bench.docker) as Arc<dyn Backend>,
                spec: bench.spec().await,
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn removing_what_is_gone_succeeds() {
    with_engine("removing_what_is_gone_succeeds", |bench| async move {
        for kind in ["container", "volume", "network", "image"] {
            let resource = Resource {
                kind: kind.to_owned(),
                name: "claude-bottle-never-was-00000".to_owned(),
                session: None,
            };
            bench
                .docker
                .remove(&resource)
                .await
                .unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        }
        let session = bench.running().await;
        let (one, other) = tokio::join!(
            bench.docker.delete(&session.id),
            bench.docker.delete(&session.id)
        );
        one.and(other).expect("two removals at once");
    })
    .await;
}

#[tokio::test]
async fn inspection_shows_no_network_no_environment_and_no_rights() {
    with_engine(
        "inspection_shows_no_network_no_environment_and_no_rights",
        |bench| async move {
            let session = bench.running().await;
            let agent = format!("claude-bottle-{}", session.id);
            let seen = |container: &str, format: &str| {
                docker_cli(&["inspect", "--format", format, container])
                    .trim()
                    .to_owned()
            };
            for container in [agent.clone(), format!("{agent}-bundle")] {
                let image = seen(&container, "{{.Image}}");
                let own = docker_cli(&[
                    "image",
                    "inspect",
                    "--format",
                    "{{json .Config.Env}}",
                    &image,
                ]);
                assert_eq!(
                    seen(&container, "{{json .Config.Env}}"),
                    own.trim(),
                    "the image's environment and no more"
                );
                assert_eq!(
                    seen(
                        &container,
                        "{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}"
                    ),
                    "[ALL] [no-new-privileges:true]"
                );
                assert_eq!(
                    seen(
                        &container,
                        "{{.HostConfig.Privileged}} {{json .HostConfig.Binds}}"
                    ),
                    "false null"
                );
            }
            assert_eq!(
                seen(
                    &agent,
                    "{{.HostConfig.NetworkMode}} {{.Config.NetworkDisabled}}"
                ),
                "none true"
            );
            assert_eq!(
                seen(
                    &agent,
                    "{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{end}}"
                ),
                "volume /run/doors false"
            );
            assert_eq!(
                seen(&agent, "{{.Config.User}} {{.Config.Hostname}}"),
                "node bottle"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_killed_bundle_is_told() {
    with_engine("a_killed_bundle_is_told", |bench| async move {
        let session = bench.running().await;
        let (docker, id) = (Arc::clone(&bench.docker), session.id.clone());
        let waiting = tokio::spawn(async move { docker.ended(&id, Part::Bundle).await });
        let _killed = docker_cli(&["kill", &format!("claude-bottle-{}-bundle", session.id)]);
        assert_eq!(waiting.await.expect("no panic").expect("an end"), Some(137));
        let control = bench.docker.control(&session.id).await.map(drop);
        assert!(
            matches!(control, Err(BackendError::BundleGone { .. })),
            "{control:?}"
        );
        bench
            .docker
            .guest(&session.id)
            .await
            .expect("the guest goes on");
    })
    .await;
}

#[tokio::test]
async fn an_abandoned_creation_is_found_by_the_next_delete() {
    with_engine(
        "an_abandoned_creation_is_found_by_the_next_delete",
        |bench| async move {
            let spec = bench.spec().await;
            {
                let mut creating = Box::pin(bench.docker.create(&spec));
                // One look is enough to send the request; then nobody waits for the answer any more.
                for _ in 0..3 {
                    assert!(futures_util::poll!(&mut creating).is_pending());
                    tokio::task::yield_now().await;
                }
            }
            bench.docker.delete(&spec.id).await.expect("deleted");
            let left = docker_cli(&[
                "ps",
                "-aq",
                "--filter",
                &format!("name=claude-bottle-{}", spec.id),
            ]);
            assert_eq!(left, "");
        },
    )
    .await;
}
