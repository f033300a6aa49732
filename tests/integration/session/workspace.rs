//! The project folder: a copy goes in, changes come out, and only when the person says so.

use std::fs;
use std::path::Path;
use std::process::Command;

use bottle_core::event::Silent;
use bottle_core::guest::{Exec, GuestUser};
use bottle_engine::changes::ChangeKind;
use bottle_engine::{EngineError, Outcome};
use tests::turn::turn;
use tests::world::with_world;
use tokio_util::sync::CancellationToken;

/// What claude does to the copy.
const WORK: &str = "run: cd /workspace && echo more >> src/kept.txt && rm src/gone.txt && echo new > src/new.txt \
    && mkdir node_modules && echo built > node_modules/built.js && ln -s /etc/passwd link \
    && echo evil > .git/hooks/post-checkout && echo finished";

fn project(folder: &Path) {
    for (name, text) in [
        ("src/kept.txt", "one\n"),
        ("src/gone.txt", "two\n"),
        (".gitignore", "node_modules/\n"),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let git = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(folder)
        .status();
    assert!(git.unwrap().success());
}

#[tokio::test]
async fn a_session_works_on_a_copy_and_its_changes_come_back_on_demand() {
    with_world(
        "a_session_works_on_a_copy_and_its_changes_come_back_on_demand",
        |world| async move {
            let folder = world.project();
            project(&folder);
            let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
            let engine = world.engine();
            let prepared = engine
                .prepare_demo(Some(&folder), None)
                .await
                .expect("a plan");
            let live = engine
                .launch(prepared, &Silent, &CancellationToken::new())
                .await
                .expect("a session");
            let (id, saved) = (live.id.clone(), world.session(&live.id));

            let done = turn(&live, WORK).await;
            assert!(done.code == 0 && done.said.contains("finished"), "{done:?}");
            assert_eq!(
                text("src/kept.txt").as_deref(),
                Some("one\n"),
                "the original is another folder"
            );
            let look = Exec::new(
                GuestUser::Node,
                ["cat", "/home/node/.claude/skills/bottle-facts/SKILL.md"],
            );
            let skill = live.guest().exec(&look, None).await.expect("an answer");
            assert!(
                String::from_utf8_lossy(&skill.stdout).contains("Facts about this bottle"),
                "{skill:?}"
            );

            let settled = engine
                .settle(live, Outcome::Exited(0), &Silent)
                .await
                .expect("settled");
            assert!(!settled.kept && settled.changed_files == 3, "{settled:?}");
            let transcript = fs::read_dir(settled.transcript.expect("a transcript")).unwrap();
            let lines: String = transcript
                .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
                .collect();
            assert!(lines.contains("echo finished"), "{lines}");
            for private in ["prompt.txt", "baseline.json", "lock"] {
                assert!(!saved.join(private).exists(), "{private} is still there");
            }

            let changes = engine.changes(&id).expect("changes");
            let seen: Vec<_> = changes
                .iter()
                .map(|change| (change.path.to_str().unwrap(), change.kind))
                .collect();
            assert_eq!(
                seen,
                [
                    ("src/gone.txt", ChangeKind::Deleted),
                    ("src/kept.txt", ChangeKind::Modified),
                    ("src/new.txt", ChangeKind::Added),
                ]
            );
            assert!(text("src/gone.txt").is_some(), "nothing comes back by itself");

            fs::write(folder.join("src/kept.txt"), "mine, written meanwhile\n").unwrap();
            let refused = engine.apply(&id, false);
            assert!(
                matches!(&refused, Err(EngineError::Conflict { paths, .. }) if paths == &["src/kept.txt"]),
                "{refused:?}"
            );
            assert_eq!(text("src/new.txt"), None, "all or nothing");

            assert_eq!(engine.apply(&id, true).expect("applied"), 3);
            assert_eq!(text("src/kept.txt").as_deref(), Some("one\nmore\n"));
            assert_eq!(text("src/new.txt").as_deref(), Some("new\n"));
            assert_eq!(text("src/gone.txt"), None);
            for never in [".git/hooks/post-checkout", "node_modules", "link"] {
                assert!(
                    folder.join(never).symlink_metadata().is_err(),
                    "{never} came back"
                );
            }
        },
    )
    .await;
}
