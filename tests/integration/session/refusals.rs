//! Bad input against the real engine: a typed error that says what to do, and nothing left.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use tests::command_line::{Ended, run};
use tests::engine::docker_cli;
use tests::world::{World, with_world};

/// Starts an agent of this world without asking anything.
async fn start(world: &World, bottle: &str) -> Ended {
    world.write("bottles/own.md", &format!("---\n{bottle}\n---\n"));
    world.write("agents/own.md", "---\nbottle: own\n---\n");
    run(world.command(&["start", "own", "--yes", "--prompt", "hi"])).await
}

#[tokio::test]
async fn no_engine_is_told_with_what_to_start() {
    with_world("no_engine_is_told_with_what_to_start", |world| async move {
        let mut command = world.command(&["demo"]);
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        let ended = run(command).await;
        ended.expect_code(3).expect_said(&[
            "no docker engine answers at",
            "/nonexistent/docker.sock",
            "Start Docker Desktop",
        ]);
        world.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn a_broken_image_is_told_with_the_end_of_its_build() {
    with_world(
        "a_broken_image_is_told_with_the_end_of_its_build",
        |world| async move {
            world.write(
                "bottles/Broken",
                "ARG BASE\nFROM $BASE\nRUN echo last words && no-such-program\n",
            );
            let ended = start(&world, "image: ./Broken").await;
            ended.expect_code(1).expect_said(&[
                "Preparing images: failed (image_build_failed)",
                "| last words",
                "no-such-program: not found",
                "nothing was started",
            ]);
            world.assert_untouched();
        },
    )
    .await;
}

#[tokio::test]
async fn a_runtime_that_is_not_there_is_refused_with_its_arguments() {
    with_world(
        "a_runtime_that_is_not_there_is_refused_with_its_arguments",
        |world| async move {
            if docker_cli(&["info", "--format", "{{json .Runtimes}}"]).contains("runsc") {
                let test = "a_runtime_that_is_not_there_is_refused_with_its_arguments";
                tests::skip(module_path!(), test, "this engine has runsc");
                return;
            }
            let ended = start(&world, "runtime: runsc").await;
            ended.expect_code(3).expect_said(&[
                "the runtime runsc cannot run a sealed bottle",
                "--host-uds=all",
                "--network=none",
            ]);
            world.assert_untouched();
        },
    )
    .await;
}

/// The demo in a home on a disk of its own, which goes with the process.
fn with_disk(world: &World, size: &str) -> Command {
    let demo = world.command(&["demo"]);
    let mount = format!("mount -t tmpfs -o size={size} none \"$CLAUDE_BOTTLE_HOME\"");
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c"])
        .arg(format!("{mount} && exec \"$0\" \"$@\""))
        .arg(demo.get_program())
        .args(demo.get_args())
        .envs(world.variables());
    command
}

fn cannot_make_disks() -> Option<&'static str> {
    let root = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    (!root).then_some("only root on Linux can make a small disk")
}

#[tokio::test]
async fn a_full_disk_fails_the_start_and_leaves_nothing() {
    let test = "a_full_disk_fails_the_start_and_leaves_nothing";
    if let Some(why) = cannot_make_disks() {
        tests::skip(module_path!(), test, why);
        return;
    }
    with_world(test, |world| async move {
        // From too small for a database up to too small for what is written last before claude runs.
        for size in ["16k", "64k", "80k"] {
            let ended = run(with_disk(&world, size)).await;
            let words = ["error: ", "disk is not full"];
            ended.expect_code(1).expect_said(&words);
            assert_eq!(world.left(), Vec::<String>::new(), "with {size}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_disk_too_full_for_the_work_keeps_the_bottle() {
    let test = "a_disk_too_full_for_the_work_keeps_the_bottle";
    if let Some(why) = cannot_make_disks() {
        tests::skip(module_path!(), test, why);
        return;
    }
    with_world(test, |world| async move {
        let ended = run(with_disk(&world, "128k")).await;
        let words = [
            "the work could not be saved",
            "No space left",
            "the bottle is kept",
        ];
        ended.expect_code(1).expect_said(&words);
        let cleanup = run(world.command(&["cleanup", "--yes"])).await;
        cleanup.expect_code(0);
        world.assert_untouched();
    })
    .await;
}
