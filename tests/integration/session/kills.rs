//! `kill -9` of the command line at each moment of a session, and `cleanup` afterwards.

use bottle_core::backend::{Backend, Resource};
use futures_util::future::join_all;
use rustix::process::Signal;
use tests::command_line::{Running, run};
use tests::engine::docker_cli;
use tests::until::until;
use tests::world::{World, with_world};

/// How many images are removed, each by how many at once: enough for the engine to answer in each of its ways.
const ROUNDS: u32 = 8;
const CROWD: usize = 8;

/// Kills the command line when it says something; then `cleanup` has to find all that is left.
async fn killed_at(world: &World, line: &str) {
    let mut running = Running::start(world.command(&["demo"]));
    running.line(line).await;
    running.signal(Signal::KILL);
    let _status = running.end().await;
    let cleanup = run(world.command(&["cleanup", "--yes"])).await;
    cleanup.expect_code(0);
    assert_eq!(world.left(), Vec::<String>::new(), "after '{line}'");
}

#[tokio::test]
async fn a_kill_before_claude_runs_leaves_nothing_after_cleanup() {
    with_world(
        "a_kill_before_claude_runs_leaves_nothing_after_cleanup",
        |world| async move {
            // What ends a phase is where the next one begins; lines of a phase are in its midst.
            for line in [
                "Preparing images: Images are ready",
                "Preparing images: done",
                "Starting the bottle: done",
                "Opening the doors: done",
                "Moving in: skill",
                "Moving in: done",
            ] {
                killed_at(&world, line).await;
                world.assert_untouched();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_kill_while_claude_runs_or_settles_leaves_only_its_transcript() {
    with_world(
        "a_kill_while_claude_runs_or_settles_leaves_only_its_transcript",
        |world| async move {
            for line in [
                "  claude  I may do anything",
                "Cleaning up: transcript",
                "Cleaning up: deleting",
            ] {
                killed_at(&world, line).await;
            }
            for id in world.folders() {
                let folder = world.session(&id);
                assert!(folder.join("transcript").is_dir(), "the work was saved");
                for private in ["prompt.txt", "baseline.json", "lock"] {
                    assert!(!folder.join(private).exists(), "{private} is still there");
                }
            }
            let listed = run(world.command(&["list", "--json"])).await;
            assert_eq!(listed.stdout.trim(), "[]", "all are settled");
        },
    )
    .await;
}

#[tokio::test]
async fn a_kill_while_an_image_is_built_leaves_no_container() {
    with_world(
        "a_kill_while_an_image_is_built_leaves_no_container",
        |world| async move {
            let mark = format!("building-in-{}", std::process::id());
            world.write(
                "bottles/Slow",
                &format!("ARG BASE\nFROM $BASE\nRUN echo {mark} && sleep 600\n"),
            );
            world.write("bottles/slow.md", "---\nimage: ./Slow\n---\n");
            world.write("agents/slow.md", "---\nbottle: slow\n---\n");
            let start = ["start", "slow", "--yes", "--prompt", "hi", "--verbose"];
            let mut running = Running::start(world.command(&start));
            running.line(&format!("    {mark}")).await;
            running.signal(Signal::KILL);
            let _status = running.end().await;
            let cleanup = run(world.command(&["cleanup", "--yes"])).await;
            cleanup.expect_code(0);
            world.assert_untouched();
            until("the end of the build", async || {
                let commands =
                    docker_cli(&["ps", "--all", "--no-trunc", "--format", "{{.Command}}"]);
                (!commands.contains(&mark)).then_some(())
            })
            .await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_cleanup_leaves_an_image_that_got_its_name_since_it_was_listed() {
    with_world(
        "a_cleanup_leaves_an_image_that_got_its_name_since_it_was_listed",
        |world| async move {
            let base = world.bench.images().await.bundle;
            let (folder, tag) = (world.project(), format!("test-{}", world.owner()));
            let text = format!("FROM {base}\nLABEL name.of.a.test={tag}\n");
            std::fs::write(folder.join("Dockerfile"), text).expect("a file");
            let id = docker_cli(&["build", "--quiet", folder.to_str().expect("a path")]);
            let listed = Resource {
                kind: "image".to_owned(),
                name: id.trim().to_owned(),
                session: None,
            };
            let _named = docker_cli(&["tag", id.trim(), &tag]);
            let named = world.bench.docker.remove(&listed).await;
            let stayed = docker_cli(&["images", "--quiet", &tag]);
            let _removed = docker_cli(&["rmi", &tag]);
            named.expect("no error");
            assert_ne!(stayed.trim(), "", "the image that had its name is gone");
        },
    )
    .await;
}

#[tokio::test]
async fn cleanups_at_the_same_time_remove_the_same_image() {
    with_world(
        "cleanups_at_the_same_time_remove_the_same_image",
        |world| async move {
            let base = world.bench.images().await.bundle;
            let folder = world.project();
            for round in 0..ROUNDS {
                let text = format!("FROM {base}\nLABEL round={}-{round}\n", world.owner());
                std::fs::write(folder.join("Dockerfile"), text).expect("a file");
                let id = docker_cli(&["build", "--quiet", folder.to_str().expect("a path")]);
                let listed = Resource {
                    kind: "image".to_owned(),
                    name: id.trim().to_owned(),
                    session: None,
                };
                let removals = (0..CROWD).map(|_| world.bench.docker.remove(&listed));
                for removed in join_all(removals).await {
                    removed.expect("no error");
                }
            }
        },
    )
    .await;
}

/// Who is killed while the engine makes a container for it leaves one that is in no list yet, and that holds the volume.
#[tokio::test]
async fn a_volume_goes_with_the_containers_that_hold_it() {
    with_world(
        "a_volume_goes_with_the_containers_that_hold_it",
        |world| async move {
            let spec = world.bench.spec().await;
            world.bench.docker.create(&spec).await.expect("created");
            let volume = Resource {
                kind: "volume".to_owned(),
                name: format!("claude-bottle-{}-doors", spec.id),
                session: Some(spec.id.clone()),
            };
            let removed = world.bench.docker.remove(&volume).await;
            removed.expect("the volume and what holds it");
            let left = world.bench.docker.get(&spec.id).await;
            assert_eq!(left.expect("an answer"), None);
        },
    )
    .await;
}

/// Images belong to every home: one may clean up while another builds, or runs what it built.
#[tokio::test]
async fn a_cleanup_passes_over_images_that_are_in_use() {
    with_world(
        "a_cleanup_passes_over_images_that_are_in_use",
        |world| async move {
            let base = world.bench.images().await.bundle;
            let (folder, tag) = (world.project(), format!("test-{}", world.owner()));
            let build = |version: u32| {
                let text = format!("FROM {base}\nLABEL version.of.a.test={version}\n");
                std::fs::write(folder.join("Dockerfile"), text).expect("a file");
                let folder = folder.to_str().expect("a path");
                docker_cli(&["build", "--quiet", "--tag", &tag, folder])
            };
            // The first one loses its name to the second while a container stands on it.
            let _first = build(1);
            let container = docker_cli(&["create", &tag]);
            let _second = build(2);
            let cleanup = run(world.command(&["cleanup", "--yes"])).await;
            let _removed = docker_cli(&["rm", container.trim()]);
            let _removed = docker_cli(&["rmi", &tag]);
            run(world.command(&["cleanup", "--yes"]))
                .await
                .expect_code(0);
            cleanup.expect_code(0);
        },
    )
    .await;
}
