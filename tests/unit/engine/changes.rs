//! What a session changed of its copy of the project folder: found by the real scripts, brought out, and not trusted.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bottle_core::event::Silent;
use bottle_engine::changes::ChangeKind::{Added, Deleted, Modified};
use bottle_engine::changes::{Change, ChangeKind};
use bottle_engine::{Live, Outcome, Settled};

use super::room::{Room, tree, write};

/// A session on a copy of a project with these files.
pub struct Worked {
    pub room: Room,
    pub project: PathBuf,
    pub live: Live,
    /// The copy in the guest.
    pub copy: PathBuf,
}

impl Worked {
    pub async fn on(files: &[&str]) -> Self {
        let room = Room::new();
        let project = room.beside("project");
        for name in files {
            let path = project.join(name);
            write(&path, "as it was");
            // Older than anything that the session does.
            let before = SystemTime::now() - Duration::from_secs(3_600);
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(before).unwrap();
        }
        let live = room.launch_on(Some(&project)).await.unwrap();
        let copy = room.staged.root(&live.id).join("workspace");
        Self {
            room,
            project,
            live,
            copy,
        }
    }

    /// Ends the session well and gives back what it changed.
    pub async fn settle(self) -> (After, Settled) {
        let id = self.live.id.clone();
        let settled = self
            .room
            .engine
            .settle(self.live, Outcome::Exited(0), &Silent)
            .await;
        let after = After {
            files: self.room.session(&id).join("changes"),
            room: self.room,
            project: self.project,
            id,
        };
        (after, settled.unwrap())
    }
}

/// A session that settled.
pub struct After {
    pub room: Room,
    pub project: PathBuf,
    pub id: bottle_core::id::SessionId,
    /// The changed files on this machine.
    pub files: PathBuf,
}

impl After {
    pub fn changes(&self) -> Vec<(String, ChangeKind)> {
        let told = |change: Change| (change.path.display().to_string(), change.kind);
        let changes = self.room.engine.changes(&self.id).unwrap();
        changes.into_iter().map(told).collect()
    }
}

fn named(list: &[(&str, ChangeKind)]) -> Vec<(String, ChangeKind)> {
    list.iter()
        .map(|(name, kind)| ((*name).to_owned(), *kind))
        .collect()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn added_modified_and_deleted_files_are_found_and_brought_out() {
    let worked = Worked::on(&["same", "edited", "removed", "deep/edited"]).await;
    write(&worked.copy.join("edited"), "as it is now");
    write(&worked.copy.join("deep/edited"), "also");
    write(&worked.copy.join("deep/new/er"), "new");
    fs::remove_file(worked.copy.join("removed")).unwrap();
    let (after, settled) = worked.settle().await;
    let expected = [
        ("deep/edited", Modified),
        ("deep/new/er", Added),
        ("edited", Modified),
        ("removed", Deleted),
    ];
    assert_eq!(after.changes(), named(&expected));
    assert_eq!((settled.kept, settled.changed_files), (false, 4));
    assert_eq!(
        fs::read_to_string(after.files.join("edited")).unwrap(),
        "as it is now"
    );
    assert_eq!(
        fs::read_to_string(after.files.join("deep/new/er")).unwrap(),
        "new"
    );
    assert_eq!(
        fs::read_to_string(after.project.join("edited")).unwrap(),
        "as it was"
    );
}

#[tokio::test]
async fn a_session_that_changed_nothing_has_no_changes() {
    let worked = Worked::on(&["same"]).await;
    let (after, settled) = worked.settle().await;
    assert_eq!((after.changes(), settled.changed_files), (Vec::new(), 0));
    assert!(!after.files.exists());
}

#[tokio::test]
async fn the_right_to_run_a_file_is_a_change_and_comes_along() {
    let worked = Worked::on(&["script"]).await;
    mode(&worked.copy.join("script"), 0o755);
    let (after, _) = worked.settle().await;
    assert_eq!(after.changes(), named(&[("script", Modified)]));
    let brought = after.files.join("script").metadata().unwrap();
    assert_eq!(brought.permissions().mode() & 0o100, 0o100);
}

#[tokio::test]
async fn git_folders_are_never_looked_at() {
    let worked = Worked::on(&[".git/config", "sub/.git/HEAD"]).await;
    write(&worked.copy.join(".git/hooks/post-checkout"), "evil");
    write(&worked.copy.join("sub/.git/config"), "evil");
    write(&worked.copy.join(".git/config"), "evil");
    write(
        &worked.copy.join(".GIT/hooks/post-checkout"),
        "evil on other file systems",
    );
    fs::remove_file(worked.copy.join("sub/.git/HEAD")).unwrap();
    let (after, settled) = worked.settle().await;
    assert_eq!((after.changes(), settled.changed_files), (Vec::new(), 0));
}

#[tokio::test]
async fn odd_names_are_brought_out_as_they_are() {
    let worked = Worked::on(&[]).await;
    let odd = [
        "a\nb",
        "ünï",
        " spaces ",
        "-option",
        "quote'\"",
        "back\\slash",
        "tab\t",
        "...",
    ];
    for name in odd {
        write(&worked.copy.join(name), name);
    }
    let (after, settled) = worked.settle().await;
    assert_eq!(settled.changed_files, u32::try_from(odd.len()).unwrap());
    for name in odd {
        assert_eq!(fs::read_to_string(after.files.join(name)).unwrap(), name);
    }
}

#[tokio::test]
async fn a_file_with_two_names_is_brought_out_under_both() {
    let worked = Worked::on(&[]).await;
    write(&worked.copy.join("one"), "shared");
    fs::hard_link(worked.copy.join("one"), worked.copy.join("two")).unwrap();
    let (after, _) = worked.settle().await;
    assert_eq!(after.changes(), named(&[("one", Added), ("two", Added)]));
    assert_eq!(
        fs::read_to_string(after.files.join("two")).unwrap(),
        "shared"
    );
}

#[tokio::test]
async fn links_are_not_brought_out() {
    let worked = Worked::on(&["edited"]).await;
    symlink("/etc/passwd", worked.copy.join("link")).unwrap();
    write(&worked.copy.join("edited"), "as it is now");
    let (after, _) = worked.settle().await;
    assert_eq!(after.changes(), named(&[("edited", Modified)]));
}

/// An archive whose entries say what the library would refuse to write.
fn hostile(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let links = matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link);
        let body: &[u8] = if links { b"" } else { content.as_bytes() };
        header.set_size(body.len() as u64);
        let raw = header.as_gnu_mut().unwrap();
        raw.name[..path.len()].copy_from_slice(path.as_bytes());
        if links {
            raw.linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_cksum();
        archive.append(&header, body).unwrap();
    }
    archive.into_inner().unwrap()
}

const LISTED: &[u8] = b"f 4 1700000000.0 644 good\0f 4 1700000000.0 644 ../up\0\
f 4 1700000000.0 644 /abs\0f 4 1700000000.0 644 a/.git/hooks/x\0l 4 1700000000.0 777 link\0nonsense\0";

#[tokio::test]
async fn a_hostile_listing_names_nothing_outside() {
    let worked = Worked::on(&[]).await;
    let record = worked.room.staged.guests();
    record.answer("find .", 0, LISTED);
    use tar::EntryType::Regular;
    let archive = hostile(&[
        ("good", Regular, "good"),
        ("../up", Regular, "evil"),
        ("/abs", Regular, "evil"),
        ("unasked", Regular, "evil"),
    ]);
    record.answer("tar --create", 0, archive);
    let (after, settled) = worked.settle().await;
    assert!(!settled.kept);
    assert_eq!(after.changes(), named(&[("good", Added)]));
    let brought: Vec<_> = tree(&after.files).into_keys().collect();
    assert_eq!(brought, [after.files.join("good")]);
}

#[tokio::test]
async fn a_hostile_archive_cannot_write_through_a_link_of_its_own() {
    use tar::EntryType::{Link, Regular, Symlink};
    let worked = Worked::on(&[]).await;
    let outside = worked.room.beside("outside");
    let target = outside.to_str().unwrap().to_owned();
    let record = worked.room.staged.guests();
    let listed = b"f 4 1.0 644 dir/file\0f 4 1.0 644 dir\0".as_slice();
    record.answer("find .", 0, listed);
    let archive = hostile(&[
        ("dir", Symlink, &target),
        ("dir", Link, &target),
        ("dir/file", Regular, "evil"),
    ]);
    record.answer("tar --create", 0, archive);
    let (_, settled) = worked.settle().await;
    assert!(settled.kept, "what was asked for did not come");
    assert!(tree(&outside).is_empty());
}

#[tokio::test]
async fn what_does_not_come_or_comes_broken_keeps_the_bottle() {
    use tar::EntryType::{Fifo, Regular};
    let short = hostile(&[("good", Regular, "good")]);
    let mut huge = hostile(&[("good", Regular, "")]);
    // Says that 1 EiB follows.
    let mut header = tar::Header::new_gnu();
    header.set_path("good").unwrap();
    header.set_size(1 << 60);
    header.set_cksum();
    huge.splice(..512, header.as_bytes().iter().copied());
    for (what, listing, code, archive) in [
        (
            "a pipe in its place",
            LISTED.to_vec(),
            0,
            hostile(&[("good", Fifo, "")]),
        ),
        ("nothing", LISTED.to_vec(), 0, Vec::new()),
        ("half of a file", LISTED.to_vec(), 0, short[..514].to_vec()),
        ("garbage", LISTED.to_vec(), 0, vec![b'x'; 4096]),
        ("more than fits", LISTED.to_vec(), 0, huge),
        (
            "a listing that broke off",
            LISTED.to_vec(),
            1,
            short.clone(),
        ),
        ("no listing", Vec::new(), 127, short),
    ] {
        let worked = Worked::on(&["must-not-look-deleted"]).await;
        let record = worked.room.staged.guests();
        record.answer("find .", code, listing);
        record.answer("tar --create", 0, archive);
        let (after, settled) = worked.settle().await;
        assert!(settled.kept, "{what}");
        assert_eq!(after.changes(), [], "{what}");
    }
}

#[tokio::test]
async fn build_output_that_git_ignores_is_no_change() {
    let worked = Worked::on(&["tracked"]).await;
    fs::create_dir(worked.copy.join(".git")).unwrap();
    write(&worked.copy.join("target/out"), "built");
    write(&worked.copy.join("new"), "kept");
    worked
        .room
        .staged
        .guests()
        .answer("check-ignore", 0, b"target/out\0".as_slice());
    let (after, _) = worked.settle().await;
    assert_eq!(after.changes(), named(&[("new", Added)]));
}

#[tokio::test]
async fn a_project_that_was_moved_away_loses_no_work() {
    let worked = Worked::on(&["edited"]).await;
    let Worked {
        room,
        project,
        live,
        copy,
    } = worked;
    let id = live.id.clone();
    room.engine
        .settle(live, Outcome::Exited(3), &Silent)
        .await
        .unwrap();
    fs::remove_dir_all(&project).unwrap();
    let never = tokio_util::sync::CancellationToken::new();
    let live = room
        .engine
        .resume(&id, Default::default(), &Silent, &never)
        .await
        .unwrap();
    write(&copy.join("edited"), "as it is now");
    let settled = room
        .engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    assert_eq!((settled.kept, settled.changed_files), (false, 1));
}
