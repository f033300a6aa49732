//! The project folder on its way into a bottle: what is packed, and what happens when it changes meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use bottle_core::advice::Advice;
use bottle_core::backend::BackendError;
use bottle_core::event::Silent;
use bottle_core::guest::{ByteReader, Exec, ExecOutput, Guest, Process, Terminal, TerminalSize};
use bottle_core::path::GuestPath;
use bottle_engine::EngineError;
use bottle_engine::provision::provision_workspace;
use futures_util::AsyncReadExt;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::guest::Standing;
use super::room::{Seen, write};

/// Larger than all that waits between the packing and a guest that does not read.
const BIG: usize = 4 << 20;

/// A guest that reads the beginning of an archive, lets something happen, and then takes the rest or refuses it.
struct Pausing<F> {
    meanwhile: F,
    refuses: bool,
    taken: Mutex<Vec<u8>>,
}

impl<F: Fn() + Send + Sync> Pausing<F> {
    fn new(meanwhile: F) -> Self {
        Self {
            meanwhile,
            refuses: false,
            taken: Mutex::default(),
        }
    }

    /// Sizes of the files that arrived, by path.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let taken = self.taken.lock().unwrap();
        let mut archive = tar::Archive::new(taken.as_slice());
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            files.insert(entry.path().unwrap().display().to_string(), content);
        }
        files
    }
}

#[async_trait]
impl<F: Fn() + Send + Sync> Guest for Pausing<F> {
    async fn exec(&self, _: &Exec, _: Option<ByteReader>) -> Result<ExecOutput, BackendError> {
        unreachable!("nothing runs")
    }

    async fn spawn(&self, _: &Exec) -> Result<Process, BackendError> {
        unreachable!("nothing runs")
    }

    async fn attach(&self, _: &Exec, _: TerminalSize) -> Result<Terminal, BackendError> {
        unreachable!("nothing runs")
    }

    async fn copy_in(&self, mut archive: ByteReader, _: &GuestPath) -> Result<(), BackendError> {
        let mut beginning = vec![0; 64 << 10];
        archive.read_exact(&mut beginning).await.unwrap();
        (self.meanwhile)();
        if self.refuses {
            return Err(BackendError::GuestCommand {
                command: "tar -x".into(),
                code: 2,
                tail: vec!["no space".into()],
            });
        }
        archive.read_to_end(&mut beginning).await.unwrap();
        *self.taken.lock().unwrap() = beginning;
        Ok(())
    }

    async fn copy_out(&self, _: &GuestPath) -> Result<ByteReader, BackendError> {
        unreachable!("nothing is copied out")
    }
}

/// A project with a big file and a small one after it, and a folder for a session.
struct Project {
    folder: TempDir,
    session: TempDir,
}

impl Project {
    fn new() -> Self {
        let new = Self {
            folder: TempDir::new().unwrap(),
            session: TempDir::new().unwrap(),
        };
        fs::write(new.path().join("b-big"), vec![b'x'; BIG]).unwrap();
        write(&new.path().join("c-small"), "small");
        new
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn copy(&self, guest: &dyn Guest) -> Result<(), EngineError> {
        provision_workspace(guest, self.path(), self.session.path(), &Silent).await
    }

    fn baseline(&self) -> String {
        fs::read_to_string(self.session.path().join("baseline.json")).unwrap_or_default()
    }
}

#[tokio::test]
async fn links_stay_links_special_files_are_left_out_and_all_belongs_to_node() {
    let (project, standing) = (TempDir::new().unwrap(), Standing::new().await);
    let (path, session) = (project.path(), TempDir::new().unwrap());
    write(&path.join("deep/er/run.sh"), "#!/bin/sh\n");
    fs::set_permissions(
        path.join("deep/er/run.sh"),
        fs::Permissions::from_mode(0o4711),
    )
    .unwrap();
    write(&path.join("read-only"), "x");
    fs::set_permissions(path.join("read-only"), fs::Permissions::from_mode(0o400)).unwrap();
    symlink("/etc/passwd", path.join("absolute")).unwrap();
    symlink("nowhere", path.join("dangling")).unwrap();
    symlink(".", path.join("itself")).unwrap();
    write(&path.join(".git/config"), "[core]\n");
    mknodat(CWD, path.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(150));
    write(&path.join(&long), "long");
    write(&path.join("naïve name\nwith a line"), "odd");

    provision_workspace(&*standing.guest, path, session.path(), &Silent)
        .await
        .unwrap();
    let copied = &standing.copied()[0];
    assert_eq!(copied.folder, "/workspace");
    assert!(copied.entries.iter().all(|entry| entry.owner == 1000));
    let entries: BTreeMap<_, _> = copied
        .entries
        .iter()
        .map(|e| (e.path.as_str(), (e.kind, e.mode, e.content.as_slice())))
        .collect();
    assert_eq!(
        entries["deep/er/run.sh"],
        ("file", 0o711, b"#!/bin/sh\n".as_slice())
    );
    assert_eq!(entries["read-only"].1, 0o600, "its owner can change it");
    assert_eq!(
        entries["absolute"],
        ("link", 0o777, b"/etc/passwd".as_slice())
    );
    assert_eq!(entries["dangling"].0, "link");
    assert_eq!(entries["itself"].0, "link");
    assert_eq!(entries[".git/config"].0, "file");
    assert_eq!(entries[long.as_str()].2, b"long");
    assert_eq!(entries["naïve name\nwith a line"].2, b"odd");
    assert!(!entries.contains_key("pipe"));
    let list = session.path().join("baseline.json");
    assert_eq!(list.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn progress_is_told_from_nothing_to_all() {
    let (project, standing, seen) = (Project::new(), Standing::new().await, Seen::default());
    let session = project.session.path();
    provision_workspace(&*standing.guest, project.path(), session, &seen)
        .await
        .unwrap();
    assert_eq!(seen.lines.lock().unwrap()[0], "project folder");
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_does_not_break_the_archive() {
    let project = Project::new();
    let big = project.path().join("b-big");
    let shrink = || {
        fs::File::options()
            .write(true)
            .open(&big)
            .unwrap()
            .set_len(100)
            .unwrap()
    };
    let guest = Pausing::new(shrink);
    project.copy(&guest).await.unwrap();
    let files = guest.files();
    assert_eq!(files["b-big"].len(), BIG);
    assert_eq!(files["c-small"], b"small");
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_does_not_break_the_archive() {
    let project = Project::new();
    let big = project.path().join("b-big");
    let guest = Pausing::new(|| fs::write(&big, vec![b'y'; BIG * 2]).unwrap());
    project.copy(&guest).await.unwrap();
    let files = guest.files();
    assert_eq!(files["b-big"].len(), BIG);
    assert_eq!(files["c-small"], b"small");
}

#[tokio::test]
async fn what_is_removed_while_the_folder_is_read_is_left_out() {
    let project = Project::new();
    write(&project.path().join("a-folder/file"), "x");
    let path = project.path().to_owned();
    let guest = Pausing::new(|| {
        fs::remove_dir_all(path.join("a-folder")).unwrap();
        fs::remove_file(path.join("c-small")).unwrap();
    });
    project.copy(&guest).await.unwrap();
    assert!(!guest.files().contains_key("c-small"));
    assert!(
        !project.baseline().contains("c-small"),
        "and not taken for deleted later"
    );
}

#[tokio::test]
async fn what_cannot_be_read_fails_with_its_path_and_not_with_what_the_guest_made_of_it() {
    let project = Project::new();
    write(&project.path().join("a-folder/file"), "x");
    let folder = project.path().join("a-folder");
    let guest = Pausing::new(|| {
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "a file in its place").unwrap();
    });
    let error = project.copy(&guest).await.unwrap_err();
    assert_eq!(error.code(), "workspace_unreadable");
    assert!(error.to_string().contains("a-folder"), "{error}");
    assert_eq!(project.baseline(), "");
}

#[tokio::test]
async fn a_guest_that_stops_reading_is_the_cause_that_is_told() {
    let project = Project::new();
    let guest = Pausing {
        refuses: true,
        ..Pausing::new(|| {})
    };
    let error = project.copy(&guest).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the step 'project folder' failed while moving in"
    );
    assert_eq!(project.baseline(), "");
}
