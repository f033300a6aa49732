//! Skills as a person keeps them: looked at, added, pinned, given to agents. What was made to hurt is refused whole.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use bottle_core::advice::Advice;
use bottle_engine::skill::{PinState, SkillCandidate, SkillPlace, listing_tokens};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::room::{AGENT, Room, tree, write};

const TEXT: &str = "---\nname: notes\ndescription: Takes notes.\n---\nWrite it down.\n";

fn source(room: &Room, name: &str, text: &str) -> PathBuf {
    let folder = room.beside(name);
    write(&folder.join("SKILL.md"), text);
    folder
}

fn codes(candidate: &SkillCandidate) -> Vec<&str> {
    candidate
        .problems
        .iter()
        .map(|problem| problem.code.as_str())
        .collect()
}

fn one(room: &Room, path: &Path) -> SkillCandidate {
    let mut found = room.engine.inspect_skills(&[path.to_owned()]);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn zipped(room: &Room, files: &[(&str, u32, &[u8])]) -> PathBuf {
    let path = room
        .beside("zips")
        .join(format!("{}.zip", uuid::Uuid::new_v4()));
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default()
            .unix_permissions(*mode)
            .compression_method(CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
    path
}

/// Nothing was written but what was there.
fn assert_untouched(room: &Room, path: &Path) {
    assert!(room.engine.add_skills(&[path.to_owned()], true).is_err());
    assert!(tree(&room.home().join("skills")).is_empty());
    assert!(!room.home().join("skills.json").exists());
}

#[test]
fn a_folder_is_shown_and_copied_and_pinned() {
    let room = Room::bare();
    let folder = source(&room, "notes", TEXT);
    write(&folder.join("scripts/run.py"), "print(1)");
    write(&folder.join("tool"), "#!/bin/sh\n");
    write(&folder.join("go"), "x");
    fs::set_permissions(folder.join("go"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("SKILL.md", folder.join("link")).unwrap();
    let candidate = one(&room, &folder);
    assert_eq!(
        (candidate.name.as_deref(), candidate.description.as_deref()),
        (Some("notes"), Some("Takes notes."))
    );
    assert_eq!(candidate.scripts, ["go", "scripts/run.py", "tool"]);
    assert_eq!(
        (candidate.files.len(), candidate.exists, codes(&candidate)),
        (5, false, vec![])
    );

    let added = room
        .engine
        .add_skills(std::slice::from_ref(&folder), false)
        .unwrap();
    assert_eq!(added.len(), 1);
    assert_eq!(
        (added[0].pin, added[0].source),
        (PinState::Same, SkillPlace::Home)
    );
    assert_eq!(added[0].origin.as_deref(), folder.to_str());
    assert_eq!(added[0].scripts, ["go", "scripts/run.py", "tool"]);
    let own = room.home().join("skills/notes");
    assert_eq!(fs::read_to_string(own.join("link")).unwrap(), TEXT);
    assert!(!fs::symlink_metadata(own.join("link")).unwrap().is_symlink());
    let names: Vec<_> = fs::read_dir(room.home().join("skills")).unwrap().collect();
    assert_eq!(names.len(), 1, "no stage is left");
}

#[test]
fn a_second_one_of_the_name_needs_a_word_and_the_first_goes_to_the_trash() {
    let room = Room::bare();
    let folder = source(&room, "notes", TEXT);
    room.engine
        .add_skills(std::slice::from_ref(&folder), false)
        .unwrap();
    write(&folder.join("SKILL.md"), &TEXT.replace("it", "all"));
    assert!(one(&room, &folder).exists);
    let refused = room
        .engine
        .add_skills(std::slice::from_ref(&folder), false)
        .unwrap_err();
    assert_eq!(refused.code(), "already_there");
    let added = room.engine.add_skills(&[folder], true).unwrap();
    assert_eq!(added[0].pin, PinState::Same);
    let trash = room.engine.list_trash().unwrap();
    assert_eq!(trash[0].what, "skill notes");
}

#[test]
fn what_changed_is_named_until_it_is_approved() {
    let room = Room::bare();
    let folder = source(&room, "notes", TEXT);
    write(&folder.join("a"), "1");
    write(&folder.join("b"), "1");
    room.engine.add_skills(&[folder], false).unwrap();
    let own = room.home().join("skills/notes");
    write(&own.join("a"), "2");
    fs::remove_file(own.join("b")).unwrap();
    write(&own.join("c"), "3");
    fs::set_permissions(own.join("SKILL.md"), fs::Permissions::from_mode(0o755)).unwrap();
    let listed = room.engine.list_skills(None).unwrap();
    assert_eq!(
        (listed[0].pin, listed[0].changed.as_slice()),
        (
            PinState::Changed,
            ["SKILL.md", "a", "b", "c"].map(String::from).as_slice()
        )
    );
    let approved = room
        .engine
        .approve_skill(&"notes".parse().unwrap())
        .unwrap();
    assert_eq!((approved.pin, approved.changed.len()), (PinState::Same, 0));
    assert!(
        approved.origin.is_some(),
        "where it came from is still known"
    );
}

#[test]
fn skills_of_every_place_are_listed_with_who_uses_them() {
    let room = Room::new();
    room.skill("own");
    write(&room.beside("claude-skills").join("theirs/SKILL.md"), TEXT);
    write(&room.beside("claude-skills").join("empty/README"), "x");
    let project = room.beside("project");
    write(
        &project.join(".claude-bottle/skills/brought/SKILL.md"),
        TEXT,
    );
    room.write("agents/a.md", "---\nbottle: b\nskills: [own]\n---\n");
    let listed = room.engine.list_skills(Some(&project)).unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|skill| (skill.name.as_str(), skill.source, skill.pin))
        .collect();
    let (home, claude, repository) = (SkillPlace::Home, SkillPlace::Claude, SkillPlace::Repository);
    assert_eq!(
        seen,
        [
            ("brought", repository, PinState::None),
            ("empty", claude, PinState::None),
            ("own", home, PinState::None),
            ("theirs", claude, PinState::None)
        ]
    );
    assert_eq!(listed[1].fault.as_ref().unwrap().code, "skill_file_missing");
    assert_eq!(listed[2].used_by, ["a"]);
}

#[test]
fn a_skill_is_given_and_taken_by_a_change_of_the_agents_file() {
    let room = Room::new();
    room.skill("s");
    room.skill("t");
    room.write(
        "agents/a.md",
        "---\n# why b\nbottle: b # mine\n---\nPrompt.\n",
    );
    let (agent, s, t) = (
        "a".parse().unwrap(),
        "s".parse().unwrap(),
        "t".parse().unwrap(),
    );
    let document = room.engine.attach_skill(&agent, &s).unwrap();
    assert_eq!(
        document.text,
        "---\n# why b\nbottle: b # mine\nskills:\n  - s\n---\nPrompt.\n"
    );
    room.engine.attach_skill(&agent, &t).unwrap();
    let again = room.engine.attach_skill(&agent, &t).unwrap();
    assert!(
        again.text.contains("skills:\n  - s\n  - t\n---"),
        "{}",
        again.text
    );
    room.engine.detach_skill(&agent, &s).unwrap();
    let bare = room.engine.detach_skill(&agent, &t).unwrap();
    assert_eq!(bare.text, "---\n# why b\nbottle: b # mine\n---\nPrompt.\n");
    room.engine.detach_skill(&agent, &t).unwrap();
    assert_eq!(
        room.engine
            .attach_skill(&agent, &"gone".parse().unwrap())
            .unwrap_err()
            .code(),
        "skill_missing"
    );
    assert_eq!(
        room.engine.read_skill(&s).unwrap(),
        "---\nname: s\ndescription: d\n---\nDo it.\n"
    );
    assert_ne!(AGENT, bare.text);
}

#[test]
fn a_removed_skill_comes_back_as_what_was_approved() {
    let room = Room::bare();
    room.engine
        .add_skills(&[source(&room, "notes", TEXT)], false)
        .unwrap();
    let removed = room.engine.remove_skill(&"notes".parse().unwrap()).unwrap();
    assert!(room.engine.list_skills(None).unwrap().is_empty());
    room.engine.restore(&removed.id).unwrap();
    assert_eq!(
        room.engine.list_skills(None).unwrap()[0].pin,
        PinState::Same
    );
}

#[test]
fn a_frontmatter_that_breaks_the_rules_is_refused() {
    let room = Room::bare();
    let long = format!(
        "---\nname: notes\ndescription: {}\n---\n",
        "x".repeat(1_025)
    );
    for (text, code) in [
        ("no frontmatter", "skill_frontmatter"),
        ("---\nname: [\n---\n", "skill_frontmatter"),
        ("---\nname: notes\n---\n", "skill_description_missing"),
        (
            "---\nname: notes\ndescription: ' '\n---\n",
            "skill_description_missing",
        ),
        ("---\ndescription: d\n---\n", "skill_name"),
        ("---\nname: Notes\ndescription: d\n---\n", "skill_name"),
        ("---\nname: ../up\ndescription: d\n---\n", "skill_name"),
        ("---\nname: a b\ndescription: d\n---\n", "skill_name"),
        (long.as_str(), "skill_description_long"),
    ] {
        let folder = source(&room, "notes", text);
        assert_eq!(codes(&one(&room, &folder)), [code], "{text}");
        assert_untouched(&room, &folder);
    }
    let sixty_five = format!("---\nname: {}\ndescription: d\n---\n", "a".repeat(65));
    assert_eq!(
        codes(&one(&room, &source(&room, "notes", &sixty_five))),
        ["skill_name"]
    );
}

#[test]
fn links_and_special_files_in_a_folder_refuse_it() {
    let room = Room::bare();
    let folder = source(&room, "notes", TEXT);
    symlink("/etc/hostname", folder.join("out")).unwrap();
    assert_eq!(codes(&one(&room, &folder)), ["skill_link_out"]);
    assert_untouched(&room, &folder);
    fs::remove_file(folder.join("out")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert!(codes(&one(&room, &folder)).contains(&"skill_special_file"));
    assert_untouched(&room, &folder);
}

#[test]
fn a_folder_of_skills_and_several_paths_give_one_candidate_each() {
    let room = Room::bare();
    let folder = room.beside("many");
    for name in ["one", "two"] {
        write(
            &folder.join(name).join("SKILL.md"),
            &TEXT.replace("notes", name),
        );
    }
    let found = room
        .engine
        .inspect_skills(&[folder.clone(), room.beside("nothing")]);
    let names: Vec<_> = found
        .iter()
        .map(|candidate| candidate.name.as_deref())
        .collect();
    assert_eq!(names, [Some("one"), Some("two"), None]);
    assert_eq!(codes(&found[2]), ["skill_file_missing"]);
    assert_eq!(room.engine.add_skills(&[folder], false).unwrap().len(), 2);
}

#[test]
fn a_skill_file_stands_for_its_own_folder_and_else_for_itself() {
    let room = Room::bare();
    let folder = source(&room, "notes", TEXT);
    write(&folder.join("more.md"), "x");
    assert_eq!(one(&room, &folder.join("SKILL.md")).files.len(), 2);
    let downloads = source(&room, "Downloads", TEXT);
    write(&downloads.join("tax.pdf"), "private");
    let alone = one(&room, &downloads.join("SKILL.md"));
    assert_eq!((alone.files.len(), codes(&alone)), (1, vec![]));
    room.engine
        .add_skills(&[downloads.join("SKILL.md")], false)
        .unwrap();
    assert!(!room.home().join("skills/notes/tax.pdf").exists());
    write(&downloads.join("song.mp3"), "x");
    assert_eq!(
        codes(&one(&room, &downloads.join("song.mp3"))),
        ["skill_none"]
    );
    assert_eq!(
        codes(&one(&room, &downloads.join("gone"))),
        ["skill_unreadable"]
    );
}

#[test]
fn a_zip_is_read_at_its_top_or_in_its_folder() {
    let room = Room::bare();
    let text = TEXT.as_bytes();
    let top = zipped(
        &room,
        &[
            ("SKILL.md", 0o644, text),
            ("scripts/x.sh", 0o755, b"x"),
            ("__MACOSX/._SKILL.md", 0o644, b"?"),
        ],
    );
    let candidate = one(&room, &top);
    assert_eq!(
        (
            candidate.name.as_deref(),
            candidate.scripts.as_slice(),
            codes(&candidate)
        ),
        (
            Some("notes"),
            ["scripts/x.sh".to_owned()].as_slice(),
            vec![]
        )
    );
    let inner = zipped(
        &room,
        &[
            ("notes-main/SKILL.md", 0o644, text),
            ("notes-main/a/b.txt", 0o644, b"b"),
            ("README", 0o644, b"x"),
        ],
    );
    room.engine.add_skills(&[inner], false).unwrap();
    let own = room.home().join("skills/notes");
    assert_eq!(fs::read_to_string(own.join("a/b.txt")).unwrap(), "b");
    assert!(!own.join("README").exists());
    let two = zipped(
        &room,
        &[("a/SKILL.md", 0o644, text), ("b/SKILL.md", 0o644, text)],
    );
    assert_eq!(codes(&one(&room, &two)), ["skill_archive_several"]);
}

#[test]
fn names_in_a_zip_that_lead_elsewhere_refuse_it() {
    for name in [
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "a\\..\\evil",
        "C:evil",
        "a//b",
        "./a",
        "skill.md",
        "a\u{7}",
    ] {
        let room = Room::bare();
        let zip = zipped(
            &room,
            &[("SKILL.md", 0o644, TEXT.as_bytes()), (name, 0o644, b"x")],
        );
        let found = codes(&one(&room, &zip)).join(",");
        assert!(
            matches!(found.as_str(), "skill_path" | "skill_archive"),
            "{name}: {found}"
        );
        assert_untouched(&room, &zip);
        assert!(!room.home().with_file_name("evil").exists());
    }
}

#[test]
fn links_in_a_zip_refuse_it() {
    let room = Room::bare();
    let path = room.beside("zips").join("link.zip");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    zip.start_file("SKILL.md", SimpleFileOptions::default())
        .unwrap();
    zip.write_all(TEXT.as_bytes()).unwrap();
    zip.add_symlink("out", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap();
    assert_eq!(codes(&one(&room, &path)), ["skill_link_out"]);
    assert_untouched(&room, &path);
}

#[test]
fn archives_that_unpack_to_far_more_than_they_are_refuse_themselves() {
    let room = Room::bare();
    let zeros = vec![0; 8 << 20];
    let bomb = zipped(
        &room,
        &[
            ("SKILL.md", 0o644, TEXT.as_bytes()),
            ("data", 0o644, &zeros),
        ],
    );
    assert_eq!(codes(&one(&room, &bomb)), ["skill_archive_bomb"]);
    assert_untouched(&room, &bomb);
    let names: Vec<String> = (0..5_000).map(|number| format!("f{number}")).collect();
    let many: Vec<(&str, u32, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), 0o644, b"".as_slice()))
        .collect();
    assert_eq!(
        codes(&one(&room, &zipped(&room, &many))),
        ["skill_too_large"]
    );
    let broken = room.beside("zips").join("broken.zip");
    fs::write(&broken, b"PK\x03\x04 and then nothing").unwrap();
    assert_eq!(codes(&one(&room, &broken)), ["skill_archive"]);
}

#[test]
fn nothing_is_added_where_one_of_several_is_refused() {
    let room = Room::bare();
    let good = source(&room, "notes", TEXT);
    let bad = source(&room, "bad", "nothing");
    let refused = room
        .engine
        .add_skills(&[good.clone(), bad], false)
        .unwrap_err();
    assert_eq!(refused.code(), "skill_unusable");
    assert!(!room.home().join("skills/notes").exists());
    let twice = room
        .engine
        .add_skills(&[good.clone(), good], true)
        .unwrap_err();
    assert_eq!(twice.code(), "already_there");
}

#[test]
fn a_listing_costs_what_its_line_is_long() {
    assert_eq!(listing_tokens("notes", Some("Takes notes.")), 6);
    assert_eq!(listing_tokens("a", None), 2);
    assert!(listing_tokens("a", Some(&"x".repeat(1_024))) > 290);
}
