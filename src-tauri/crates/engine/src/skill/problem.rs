//! Why something is no skill, or not one that is used.

use std::fmt;
use std::path::PathBuf;

use bottle_core::backend;

/// Why a skill cannot be used or added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillProblem {
    /// There is no `SKILL.md` in it.
    NoSkillFile,
    /// A symbolic link leads out of the folder.
    LinkOut(PathBuf),
    /// A socket, a pipe or a device is in it.
    SpecialFile(PathBuf),
    /// It is larger than [`super::MAX_BYTES`] or has more than [`super::MAX_ENTRIES`] entries or is deeper than [`super::MAX_DEPTH`].
    TooLarge,
    /// Its `SKILL.md` has no frontmatter that can be read.
    BadFrontmatter(String),
    /// Its name does not follow Claude Code's rules.
    BadName(String),
    /// It does not say what it is for.
    NoDescription,
    /// What it says is longer than [`super::MAX_DESCRIPTION`], in characters.
    LongDescription(usize),
    /// A file's name leads out of the folder, or cannot be written on every machine.
    BadPath(String),
    /// The archive cannot be read.
    BadArchive(String),
    /// The archive unpacks to far more than it is.
    Bomb,
    /// The archive holds several skills.
    SeveralSkills,
    /// It is neither a folder, an archive nor a `SKILL.md`.
    NotASkill,
    /// It cannot be read.
    Unreadable(String),
}

impl fmt::Display for SkillProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSkillFile => f.write_str("it has no SKILL.md"),
            Self::LinkOut(path) => write!(f, "the link {} leads out of its folder", path.display()),
            Self::SpecialFile(path) => write!(
                f,
                "{} is neither a file, a folder nor a link",
                path.display()
            ),
            Self::TooLarge => {
                f.write_str("it is larger than 64 MiB, 4,096 entries or 16 folders deep")
            }
            Self::BadFrontmatter(what) => write!(f, "its SKILL.md cannot be read: {what}"),
            Self::BadName(name) => {
                write!(
                    f,
                    "its name '{name}' is not one of at most 64 small letters, digits and single hyphens"
                )
            }
            Self::NoDescription => f.write_str("its SKILL.md does not say what it is for"),
            Self::LongDescription(length) => write!(
                f,
                "its description has {length} characters, and 1,024 is the most"
            ),
            Self::BadPath(path) => write!(
                f,
                "the name '{path}' in it leads elsewhere or cannot be written everywhere"
            ),
            Self::BadArchive(what) => write!(f, "the archive cannot be read: {what}"),
            Self::Bomb => f.write_str("the archive unpacks to far more than it is"),
            Self::SeveralSkills => f.write_str("the archive holds several skills"),
            Self::NotASkill => {
                f.write_str("it is no folder with a SKILL.md, no zip of one and no SKILL.md")
            }
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}

impl SkillProblem {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSkillFile => "skill_file_missing",
            Self::LinkOut(_) => "skill_link_out",
            Self::SpecialFile(_) => "skill_special_file",
            Self::TooLarge => "skill_too_large",
            Self::BadFrontmatter(_) => "skill_frontmatter",
            Self::BadName(_) => "skill_name",
            Self::NoDescription => "skill_description_missing",
            Self::LongDescription(_) => "skill_description_long",
            Self::BadPath(_) => "skill_path",
            Self::BadArchive(_) => "skill_archive",
            Self::Bomb => "skill_archive_bomb",
            Self::SeveralSkills => "skill_archive_several",
            Self::NotASkill => "skill_none",
            Self::Unreadable(_) => "skill_unreadable",
        }
    }

    /// What the person can do.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoSkillFile | Self::NoDescription => {
                "Add a SKILL.md with a name and a description to the folder."
            }
            Self::LinkOut(_) => {
                "Replace the link by a copy of what it points at, if that may be seen in the bottle."
            }
            Self::SpecialFile(_) => "Remove it from the skill's folder.",
            Self::TooLarge => {
                "Take large data out of the skill and put it into the project folder."
            }
            Self::BadFrontmatter(_) => {
                "Begin SKILL.md with 'name' and 'description' between two lines '---'."
            }
            Self::BadName(_) => "Write a name such as 'review-notes' into SKILL.md.",
            Self::LongDescription(_) => {
                "Say in one or two sentences what it does and when to use it."
            }
            Self::BadPath(_) => "Do not use this archive, unless you know who made it and why.",
            Self::BadArchive(_) => "Get the archive again, or choose the unpacked folder.",
            Self::Bomb => "Do not unpack it: such an archive is made to fill a disk.",
            Self::SeveralSkills => "Unpack it, and choose the folders of the skills that you want.",
            Self::NotASkill => {
                "Choose a folder with a SKILL.md, a zip of one, or a SKILL.md itself."
            }
            Self::Unreadable(_) => "Make it readable, and choose it again.",
        }
    }

    /// The problem as lists show it.
    #[must_use]
    pub fn shown(&self) -> backend::Problem {
        let words = self.to_string();
        let mut letters = words.chars();
        let first = letters
            .next()
            .map(|first| first.to_uppercase().to_string())
            .unwrap_or_default();
        backend::Problem {
            code: self.code().to_owned(),
            what: format!("{first}{}.", letters.as_str()),
            advice: self.advice().to_owned(),
        }
    }
}
