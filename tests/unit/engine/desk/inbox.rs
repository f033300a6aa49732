//! Files on their way from the person's hand into a bottle.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bottle_core::advice::Advice;
use bottle_core::id::SessionId;
use bottle_engine::desk::{FILE_LIMIT, InboxFile};

use super::Study;

async fn put(study: &Study, id: &SessionId, name: &str, bytes: &[u8]) -> String {
    let file = InboxFile {
        name: name.into(),
        bytes: bytes.to_vec(),
    };
    let paths = study.desk.put_in_inbox(id, vec![file]).await.unwrap();
    paths[0].to_string()
}

fn inside(study: &Study, id: &SessionId, path: &str) -> Vec<u8> {
    let root = study.room.staged.root(id);
    fs::read(root.join(path.trim_start_matches('/'))).unwrap()
}

#[tokio::test]
async fn pasted_bytes_become_files_whose_names_are_never_the_same() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let one = put(&study, &id, "shot.png", b"one").await;
    let two = put(&study, &id, "shot.png", b"two").await;
    assert_eq!(one, "/home/node/inbox/shot.png");
    assert_eq!(two, "/home/node/inbox/shot-2.png");
    assert_eq!(inside(&study, &id, &one), b"one");
    assert_eq!(inside(&study, &id, &two), b"two");
    let together = tokio::join!(
        put(&study, &id, "shot.png", b"three"),
        put(&study, &id, "shot.png", b"four")
    );
    assert_ne!(together.0, together.1);
}

#[tokio::test]
async fn names_are_made_safe() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let long = format!("{}.png", "x".repeat(300));
    let cut = format!("{}.png", "x".repeat(76));
    for (given, safe) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\a b.txt", "a-b.txt"),
        ("-rf", "rf"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file-2"),
        ("a\u{1b}[31m\n;$(x)'\".txt", "a-31m-x-.txt"),
        ("Bild \u{202f}ü.png", "Bild-ü.png"),
        (&long, &cut),
    ] {
        let path = put(&study, &id, given, b"x").await;
        assert_eq!(path, format!("/home/node/inbox/{safe}"), "{given:?}");
    }
}

#[tokio::test]
async fn files_of_this_machine_are_copied_whatever_their_length() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let folder = study.room.beside("dropped");
    for len in [0, 1, 511, 512, 513, 3 << 20] {
        let path = folder.join(format!("{len}.bin"));
        let bytes = vec![7; len];
        fs::write(&path, &bytes).unwrap();
        let copied = study.desk.copy_to_inbox(&id, vec![path]).await.unwrap();
        assert!(inside(&study, &id, copied[0].as_str()) == bytes, "{len}");
    }
}

#[tokio::test]
async fn only_plain_files_of_a_sensible_size_are_taken_and_else_nothing() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let folder = study.room.beside("dropped");
    let good = folder.join("good.txt");
    fs::write(&good, "good").unwrap();
    let link = folder.join("link");
    symlink(&good, &link).unwrap();
    let large = folder.join("large");
    let file = fs::File::create(&large).unwrap();
    file.set_len(FILE_LIMIT + 1).unwrap();
    let before = study.room.staged.guests().copied().len();
    let refused: [(&Path, &str); 5] = [
        (&folder, "it is a folder"),
        (&link, "it is a link"),
        (&large, "it is larger than 64 MiB"),
        (Path::new("/dev/zero"), "it is not a plain file"),
        (&folder.join("gone"), "cannot read"),
    ];
    for (path, why) in refused {
        let paths: Vec<PathBuf> = vec![good.clone(), path.to_owned()];
        let error = study.desk.copy_to_inbox(&id, paths).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let many = vec![good; 101];
    let error = study.desk.copy_to_inbox(&id, many).await.unwrap_err();
    assert_eq!(error.code(), "inbox_file_refused");
    assert_eq!(study.room.staged.guests().copied().len(), before);
}
