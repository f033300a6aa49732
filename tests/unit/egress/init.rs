//! The whole bundle in one process: sockets, daemons, and its end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bottle_core::backend::Daemon;
use bottle_core::control::{self, Operation, Request};
use bottle_sidecar::SidecarError;
use bottle_sidecar::init::{self, Work};
use bottle_sidecar::options::RunOptions;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::world::PATIENCE;

fn options(folder: &TempDir) -> RunOptions {
    RunOptions {
        doors: folder.path().join("doors"),
        control: folder.path().join("control/control.sock"),
        daemons: vec![Daemon::Egress, Daemon::Scripted],
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

async fn connect(path: &Path) -> UnixStream {
    let trying = async {
        loop {
            match UnixStream::connect(path).await {
                Ok(stream) => return stream,
                Err(_not_yet) => tokio::task::yield_now().await,
            }
        }
    };
    timeout(PATIENCE, trying).await.expect("a socket")
}

#[tokio::test]
async fn the_bundle_opens_its_sockets_with_the_right_modes_and_ends_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    std::fs::create_dir_all(&options.doors).unwrap();
    // What a bundle that was killed leaves behind.
    drop(UnixListener::bind(options.doors.join("egress.sock")).unwrap());
    let running = tokio::spawn({
        let options = options.clone();
        async move { init::run(&options, CancellationToken::new()).await }
    });
    let mut engine = connect(&options.control).await;
    assert_eq!(mode(&options.control), 0o600);
    assert_eq!(
        mode(&options.control.with_file_name("scripted.sock")),
        0o600
    );
    assert_eq!(mode(&options.doors.join("egress.sock")), 0o666);
    let mut door = connect(&options.doors.join("egress.sock")).await;
    door.write_all(
        b"CONNECT open.test:443 HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n",
    )
    .await
    .unwrap();
    let mut refused = String::new();
    timeout(PATIENCE, door.read_to_string(&mut refused))
        .await
        .expect("an answer")
        .unwrap();
    assert!(refused.contains("no-policy"), "{refused}");
    for op in [
        Operation::Hello {
            version: control::VERSION,
        },
        Operation::Shutdown,
    ] {
        engine
            .write_all(&control::line(&Request { id: 1, op }).unwrap())
            .await
            .unwrap();
    }
    timeout(PATIENCE, running)
        .await
        .expect("an end")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_file_in_the_place_of_a_socket_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    std::fs::create_dir_all(&options.doors).unwrap();
    let precious = options.doors.join("egress.sock");
    std::fs::write(&precious, "precious").unwrap();
    let error = init::run(&options, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(matches!(error, SidecarError::Listen { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "precious");
}

fn living(end: &CancellationToken) -> Work {
    let end = end.clone();
    Box::pin(async move {
        end.cancelled().await;
        Ok(())
    })
}

#[tokio::test]
async fn the_first_daemon_that_dies_ends_the_bundle_and_is_named() {
    let end = CancellationToken::new();
    let dying: Work = Box::pin(async { Err("out of files".into()) });
    let work = vec![(Daemon::Egress, living(&end)), (Daemon::Scripted, dying)];
    let error = timeout(PATIENCE, init::guard(work, end.clone()))
        .await
        .expect("an end")
        .unwrap_err();
    assert_eq!(error.to_string(), "the daemon scripted ended unexpectedly");
    assert_eq!(error.exit_code(), 1);
    assert!(end.is_cancelled(), "the others were told");
}

#[tokio::test]
async fn a_daemon_that_ends_well_but_unasked_has_died_too() {
    let end = CancellationToken::new();
    let work: Vec<(Daemon, Work)> = vec![(Daemon::Egress, Box::pin(async { Ok(()) }))];
    let error = init::guard(work, end).await.unwrap_err();
    assert!(matches!(
        error,
        SidecarError::DaemonDied {
            daemon: Daemon::Egress,
            ..
        }
    ));
}

#[tokio::test]
async fn being_told_to_end_is_not_a_death() {
    let end = CancellationToken::new();
    let work = vec![(Daemon::Egress, living(&end))];
    let guarding = tokio::spawn(init::guard(work, end.clone()));
    end.cancel();
    timeout(PATIENCE, guarding)
        .await
        .expect("an end")
        .unwrap()
        .unwrap();
}
