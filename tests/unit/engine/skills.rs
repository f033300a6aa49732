//! Skills on the host: which are taken, and which are refused before and while they are copied.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bottle_core::advice::Advice;
use bottle_engine::EngineError;
use bottle_engine::skill::{MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, Skill, SkillProblem, SkillSource};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::room::{Room, write};

fn found(room: &Room) -> Result<Skill, EngineError> {
    room.engine.library(None).skill(&"s".parse().unwrap())
}

fn problem(room: &Room) -> SkillProblem {
    match found(room) {
        Err(EngineError::BadSkill { skill, problem }) => {
            assert_eq!(skill.as_str(), "s");
            problem
        }
        other => panic!("{other:?}"),
    }
}

fn big(path: &Path, bytes: u64) {
    fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

#[test]
fn a_missing_skill_fails_and_says_where_it_was_looked_for() {
    let room = Room::bare();
    let error = found(&room).unwrap_err();
    assert_eq!(error.code(), "skill_missing");
    let places = [
        room.home().join("skills"),
        room.home().with_file_name("claude-skills"),
    ];
    for place in places {
        assert!(
            error.advice().contains(place.to_str().unwrap()),
            "{}",
            error.advice()
        );
    }
}

#[tokio::test]
async fn a_missing_skill_of_an_agent_fails_before_anything_is_created() {
    let room = Room::new();
    room.write("agents/a.md", "---\nbottle: b\nskills: [gone]\n---\n");
    let error = room.prepare().await.map(drop).unwrap_err();
    assert_eq!(error.code(), "skill_missing");
    room.assert_untouched();
}

#[test]
fn a_folder_without_its_file_is_no_skill() {
    let room = Room::bare();
    write(&room.home().join("skills/s/README.md"), "x");
    assert_eq!(problem(&room), SkillProblem::NoSkillFile);
}

#[test]
fn the_persons_own_skill_comes_before_that_of_claude_code() {
    let room = Room::bare();
    let other = room.beside("claude-skills").join("s");
    write(&other.join("SKILL.md"), "x");
    assert_eq!(found(&room).unwrap().source, SkillSource::Folder(other));
    let own = room.skill("s");
    assert_eq!(found(&room).unwrap().source, SkillSource::Folder(own));
}

#[test]
fn links_that_lead_out_refuse_the_skill() {
    type Make = fn(&Room, &Path);
    let cases: [(&str, Make); 6] = [
        ("absolute", |_, link| {
            symlink("/etc/hostname", link).unwrap()
        }),
        ("absolute, though inside", |_, link| {
            symlink(link.with_file_name("SKILL.md"), link).unwrap();
        }),
        ("relative", |room, link| {
            write(&room.home().join("secret"), "x");
            symlink("../../secret", link).unwrap();
        }),
        ("dangling", |_, link| symlink("nowhere", link).unwrap()),
        ("chain", |room, link| {
            write(&room.home().join("secret"), "x");
            symlink("../../secret", link.with_file_name("step")).unwrap();
            symlink("step", link).unwrap();
        }),
        ("to itself", |_, link| symlink("link", link).unwrap()),
    ];
    for (name, make) in cases {
        let room = Room::bare();
        make(&room, &room.skill("s").join("link"));
        let problem = problem(&room);
        assert!(
            matches!(problem, SkillProblem::LinkOut(_)),
            "{name}: {problem}"
        );
    }
}

#[test]
fn a_link_in_a_folder_of_the_skill_is_looked_at_too() {
    let room = Room::bare();
    let folder = room.skill("s").join("deep/er");
    fs::create_dir_all(&folder).unwrap();
    symlink("../../../../bottles", folder.join("out")).unwrap();
    assert!(matches!(problem(&room), SkillProblem::LinkOut(_)));
}

#[test]
fn links_that_stay_inside_are_fine() {
    let room = Room::bare();
    let folder = room.skill("s");
    fs::create_dir(folder.join("deep")).unwrap();
    symlink("../SKILL.md", folder.join("deep/link")).unwrap();
    symlink("deep", folder.join("folder")).unwrap();
    found(&room).unwrap();
}

#[test]
fn special_files_refuse_the_skill() {
    let room = Room::bare();
    let pipe = room.skill("s").join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let problem = problem(&room);
    let SkillProblem::SpecialFile(shown) = &problem else {
        panic!("{problem}")
    };
    assert_eq!(shown.file_name(), pipe.file_name());
}

#[test]
fn what_is_too_large_too_many_or_too_deep_is_refused() {
    let room = Room::bare();
    big(&room.skill("s").join("data"), MAX_BYTES + 1);
    assert_eq!(problem(&room), SkillProblem::TooLarge);

    let room = Room::bare();
    let folder = room.skill("s");
    for number in 0..MAX_ENTRIES {
        fs::write(folder.join(number.to_string()), "").unwrap();
    }
    assert_eq!(problem(&room), SkillProblem::TooLarge);

    let room = Room::bare();
    let deep: PathBuf = std::iter::repeat_n("d", MAX_DEPTH + 1).collect();
    fs::create_dir_all(room.skill("s").join(deep)).unwrap();
    assert_eq!(problem(&room), SkillProblem::TooLarge);
}

#[test]
fn many_links_to_one_large_file_count_as_many_files() {
    let room = Room::bare();
    let folder = room.skill("s");
    big(&folder.join("data"), MAX_BYTES / 4);
    for number in 0..4 {
        symlink("data", folder.join(number.to_string())).unwrap();
    }
    assert_eq!(problem(&room), SkillProblem::TooLarge);
}

#[test]
fn a_skill_of_a_repository_must_lie_in_the_repository() {
    let room = Room::bare();
    let project = room.beside("project");
    let library = || room.engine.library(Some(&project));
    let name = "s".parse().unwrap();
    write(&project.join(".claude-bottle/skills/s/SKILL.md"), "x");
    library().skill(&name).unwrap();

    let elsewhere = room.beside("elsewhere");
    write(&elsewhere.join("SKILL.md"), "not for the bottle");
    fs::remove_dir_all(project.join(".claude-bottle/skills/s")).unwrap();
    symlink(&elsewhere, project.join(".claude-bottle/skills/s")).unwrap();
    let refused = library().skill(&name).unwrap_err();
    assert_eq!(refused.code(), "skill_unusable");
}

#[test]
fn the_person_may_keep_skills_behind_links() {
    let room = Room::bare();
    let dotfiles = room.beside("dotfiles");
    write(&dotfiles.join("SKILL.md"), "x");
    fs::create_dir_all(room.home().join("skills")).unwrap();
    symlink(&dotfiles, room.home().join("skills/s")).unwrap();
    found(&room).unwrap();
}
