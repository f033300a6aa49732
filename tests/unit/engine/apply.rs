//! Bringing changes back into the person's folder: all or nothing, and never past it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use bottle_core::advice::Advice;
use bottle_engine::EngineError;

use super::changes::{After, Worked};
use super::room::{tree, write};

/// A session that edited, added and removed a file, and settled.
async fn changed() -> After {
    let worked = Worked::on(&["same", "edited", "removed", "deep/edited"]).await;
    write(&worked.copy.join("edited"), "as it is now");
    write(&worked.copy.join("deep/edited"), "as it is now");
    write(&worked.copy.join("new/file"), "new");
    fs::remove_file(worked.copy.join("removed")).unwrap();
    worked.settle().await.0
}

fn apply(after: &After, force: bool) -> Result<u32, EngineError> {
    after.room.engine.apply(&after.id, force)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn changes_are_brought_back_and_can_be_brought_back_again() {
    let after = changed().await;
    assert_eq!(apply(&after, false).unwrap(), 4);
    let there = after.project.clone();
    assert_eq!(text(&there.join("edited")), "as it is now");
    assert_eq!(text(&there.join("new/file")), "new");
    assert_eq!(text(&there.join("same")), "as it was");
    assert!(!there.join("removed").exists());
    let once = tree(&there);
    assert_eq!(apply(&after, false).unwrap(), 4, "again is no conflict");
    assert_eq!(tree(&there), once);
}

#[tokio::test]
async fn with_conflicts_nothing_at_all_is_written() {
    let after = changed().await;
    write(&after.project.join("edited"), "the person's own");
    write(&after.project.join("new/file"), "the person's own too");
    fs::remove_file(after.project.join("deep/edited")).unwrap();
    let before = tree(&after.project);
    let error = apply(&after, false).unwrap_err();
    let EngineError::Conflict { paths, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(paths, &["deep/edited", "edited", "new/file"]);
    assert!(error.advice().contains("--force"));
    assert_eq!(tree(&after.project), before);

    assert_eq!(apply(&after, true).unwrap(), 4);
    assert_eq!(text(&after.project.join("edited")), "as it is now");
}

#[tokio::test]
async fn a_deleted_file_that_is_gone_already_is_no_conflict() {
    let after = changed().await;
    fs::remove_file(after.project.join("removed")).unwrap();
    assert_eq!(apply(&after, false).unwrap(), 4);
}

#[tokio::test]
async fn a_deleted_file_that_the_person_changed_is_a_conflict() {
    let after = changed().await;
    write(&after.project.join("removed"), "still wanted");
    assert_eq!(apply(&after, false).unwrap_err().code(), "conflict");
    assert_eq!(text(&after.project.join("removed")), "still wanted");
}

#[tokio::test]
async fn nothing_is_written_or_removed_through_a_link() {
    for force in [false, true] {
        let worked = Worked::on(&["dir/removed", "first"]).await;
        write(&worked.copy.join("dir/new/deep"), "evil");
        write(&worked.copy.join("first"), "changed");
        fs::remove_file(worked.copy.join("dir/removed")).unwrap();
        let (after, _) = worked.settle().await;
        let outside = after.room.beside("outside");
        write(&outside.join("removed"), "as it was");
        fs::remove_dir_all(after.project.join("dir")).unwrap();
        symlink(&outside, after.project.join("dir")).unwrap();
        let before = tree(&outside);
        let error = apply(&after, force).unwrap_err();
        assert!(error.to_string().contains("project/dir"), "{error}");
        assert_eq!(tree(&outside), before);
        assert_eq!(
            text(&after.project.join("first")),
            "as it was",
            "nothing at all is written"
        );
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_replaced_and_not_followed() {
    let after = changed().await;
    let outside = after.room.beside("outside").join("file");
    write(&outside, "outside");
    fs::remove_file(after.project.join("edited")).unwrap();
    symlink(&outside, after.project.join("edited")).unwrap();
    assert_eq!(apply(&after, false).unwrap_err().code(), "conflict");
    apply(&after, true).unwrap();
    assert_eq!(text(&outside), "outside");
    assert!(!after.project.join("edited").is_symlink());
}

#[tokio::test]
async fn a_trap_beside_the_file_is_not_stepped_into() {
    let after = changed().await;
    let outside = after.room.beside("outside").join("file");
    write(&outside, "outside");
    for name in ["edited.claude-bottle-part", "edited.part", ".edited.tmp"] {
        symlink(&outside, after.project.join(name)).unwrap();
    }
    apply(&after, false).unwrap();
    assert_eq!(text(&outside), "outside");
    let left = tree(&after.project);
    let ours = |path: &Path| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(".claude-bottle-")
    };
    assert!(!left.keys().any(|path| ours(path)), "{left:?}");
}

#[tokio::test]
async fn a_private_file_stays_private_and_a_script_can_be_run() {
    let worked = Worked::on(&["private", "script"]).await;
    fs::set_permissions(
        worked.project.join("private"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    write(&worked.copy.join("private"), "as it is now");
    fs::set_permissions(
        worked.copy.join("script"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    write(&worked.copy.join("new"), "new");
    let (after, _) = worked.settle().await;
    apply(&after, false).unwrap();
    assert_eq!(mode(&after.project.join("private")), 0o600);
    assert_eq!(mode(&after.project.join("script")) & 0o100, 0o100);
    assert_eq!(mode(&after.project.join("new")), 0o644);
}

#[tokio::test]
async fn a_list_that_was_tampered_with_writes_nothing_outside_or_in_git() {
    let after = changed().await;
    let list = after.files.with_file_name("changes.json");
    let evil: Vec<_> = ["../evil", "/evil", ".git/hooks/evil", "a/.Git/evil", ""]
        .iter()
        .map(|path| serde_json::json!({"path": path, "kind": "added", "before": null}))
        .collect();
    fs::write(&list, serde_json::to_vec(&evil).unwrap()).unwrap();
    let everything = || {
        tree(after.project.parent().unwrap())
            .into_keys()
            .collect::<Vec<_>>()
    };
    let before = everything();
    assert_eq!(apply(&after, true).unwrap(), 0);
    assert_eq!(everything(), before);
}

#[tokio::test]
async fn a_project_folder_that_is_gone_is_named() {
    let after = changed().await;
    fs::remove_dir_all(&after.project).unwrap();
    assert_eq!(
        apply(&after, false).unwrap_err().code(),
        "workspace_unreadable"
    );
}
