//! The inside of a bottle on a real engine, beyond the contract of every backend.

use bottle_core::backend::Backend;
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::path::GuestPath;
use futures_util::AsyncReadExt;
use tests::backend_contract::archive;
use tests::engine::with_engine;

/// Size of the file that travels both ways, in bytes.
const LARGE: usize = 64 << 20;

fn node(argv: &[&str]) -> Exec {
    Exec::new(GuestUser::Node, argv.iter().copied())
}

#[tokio::test]
async fn large_copies_travel_both_ways_unchanged() {
    with_engine(
        "large_copies_travel_both_ways_unchanged",
        |bench| async move {
            let session = bench.running().await;
            let guest = bench.docker.guest(&session.id).await.expect("a guest");
            let content: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
            let folder = GuestPath::new("/workspace").expect("a path");
            guest
                .copy_in(archive(&[("large", 0o644, 1000, &content)]), &folder)
                .await
                .expect("copied in");
            let mut packed = Vec::new();
            let archive = guest.copy_out(&folder).await.expect("copied out");
            futures_util::io::copy(archive, &mut packed)
                .await
                .expect("the whole archive");
            let mut found = tar::Archive::new(packed.as_slice());
            let mut entries = found
                .entries()
                .expect("an archive")
                .map(|entry| entry.expect("an entry"));
            let mut large = entries
                .find(|entry| entry.path().is_ok_and(|path| path.ends_with("large")))
                .expect("the file");
            let mut back = Vec::with_capacity(LARGE);
            std::io::Read::read_to_end(&mut large, &mut back).expect("its content");
            assert!(back == content, "the content changed on its way");
        },
    )
    .await;
}

#[tokio::test]
async fn only_loopback_exists_and_the_doors_cannot_be_written() {
    with_engine(
        "only_loopback_exists_and_the_doors_cannot_be_written",
        |bench| async move {
            let session = bench.running().await;
            let guest = bench.docker.guest(&session.id).await.expect("a guest");
            let devices = guest
                .exec(&node(&["cat", "/proc/net/dev"]), None)
                .await
                .expect("devices");
            let text = String::from_utf8_lossy(&devices.stdout).into_owned();
            let names: Vec<&str> = text
                .lines()
                .skip(2)
                .filter_map(|line| line.split(':').next())
                .map(str::trim)
                .collect();
            assert_eq!(names, ["lo"]);
            let routes = guest
                .exec(&node(&["wc", "-l", "/proc/net/route"]), None)
                .await
                .expect("routes");
            assert_eq!(
                routes.stdout, b"1 /proc/net/route\n",
                "a headline and no route"
            );
            let written = Exec::new(GuestUser::Root, ["touch", "/run/doors/mine"]);
            assert_ne!(guest.exec(&written, None).await.expect("an answer").code, 0);
        },
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_dies_during_a_command_is_gone() {
    with_engine(
        "a_guest_that_dies_during_a_command_is_gone",
        |bench| async move {
            let session = bench.running().await;
            let guest = bench.docker.guest(&session.id).await.expect("a guest");
            let mut process = guest
                .spawn(&node(&["sh", "-c", "echo up; exec cat"]))
                .await
                .expect("spawned");
            let mut line = [0; 3];
            process.stdout.read_exact(&mut line).await.expect("a line");
            let _killed =
                tests::engine::docker_cli(&["kill", &format!("claude-bottle-{}", session.id)]);
            let ended = process.exit.wait().await;
            assert!(
                matches!(
                    ended,
                    Err(bottle_core::backend::BackendError::GuestGone { .. })
                ),
                "{ended:?}"
            );
        },
    )
    .await;
}
