//! Looks at what a person dropped: is it a skill, what is in it, and what speaks against adding it? Reads only.

use std::fs;
use std::path::{Path, PathBuf};

use bottle_core::backend::Problem;
use bottle_core::id::SkillName;
use bottle_core::manifest::MAX_MANIFEST;
use bottle_core::manifest::fields::SkillFields;

use super::list::{bytes_as_number, listing_tokens};
use super::{MAX_DESCRIPTION, SKILL_FILE, SkillProblem, survey, unpack};
use crate::engine::Engine;

/// Most skills that are looked for in one folder of folders.
const MAX_FOUND: usize = 200;
/// How every zip begins.
const ZIP: &[u8] = b"PK";

/// Something that could become a skill.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillCandidate {
    /// What to give to add it.
    pub path: PathBuf,
    /// The name that it would have.
    pub name: Option<String>,
    /// What it says it is for.
    pub description: Option<String>,
    /// Its files.
    pub files: Vec<SkillFile>,
    /// Files of it that are made to be run.
    pub scripts: Vec<String>,
    /// How large they are together.
    pub bytes: f64,
    /// What its listing would cost in each conversation, about.
    pub listing_tokens: u32,
    /// Whether the person's folder has one of that name.
    pub exists: bool,
    /// What speaks against it; nothing where it can be added.
    pub problems: Vec<Problem>,
}

/// A file of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillFile {
    /// Its name, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: f64,
}

/// What would be added.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) name: Option<SkillName>,
    pub(super) fields: SkillFields,
    pub(super) files: Vec<Packed>,
    pub(super) problems: Vec<SkillProblem>,
}

/// A file that would be written.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) executable: bool,
    pub(super) content: Content,
}

/// Where a file's content is.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    File(PathBuf, u64),
}

impl Packed {
    fn bytes(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Content::File(_, bytes) => *bytes,
        }
    }

    fn is_script(&self) -> bool {
        let path = match &self.content {
            Content::Bytes(bytes) => return survey::is_script(&self.name, self.executable, bytes),
            Content::File(path, _) => path.clone(),
        };
        let file = survey::Surveyed {
            name: self.name.clone(),
            path,
            bytes: 0,
            executable: self.executable,
        };
        file.is_script()
    }

    fn text(&self) -> Result<String, SkillProblem> {
        let bytes = match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            // The parser refuses what is larger, and nothing larger is read for it.
            Content::File(_, bytes)
                if usize::try_from(*bytes).map_or(true, |bytes| bytes > MAX_MANIFEST) =>
            {
                return Err(SkillProblem::BadFrontmatter(
                    "it is larger than 1 MiB".into(),
                ));
            }
            Content::File(path, _) => {
                fs::read(path).map_err(|error| SkillProblem::Unreadable(error.to_string()))?
            }
        };
        String::from_utf8(bytes)
            .map_err(|_| SkillProblem::BadFrontmatter("it is not UTF-8 text".into()))
    }
}

impl Engine {
    /// Looks at folders, zips and `SKILL.md` files. A folder of skills gives one candidate for each.
    #[must_use]
    pub fn inspect_skills(&self, paths: &[PathBuf]) -> Vec<SkillCandidate> {
        let all = paths.iter().flat_map(|path| spread(path));
        all.map(|path| self.candidate(path)).collect()
    }

    fn candidate(&self, path: PathBuf) -> SkillCandidate {
        let parcel = parcel(&path);
        let name = parcel
            .name
            .as_ref()
            .map(ToString::to_string)
            .or(parcel.fields.name);
        let own = parcel
            .name
            .as_ref()
            .map(|name| self.home().skills().join(name.as_str()));
        let file = |file: &Packed| SkillFile {
            path: file.name.clone(),
            bytes: bytes_as_number(file.bytes()),
        };
        SkillCandidate {
            listing_tokens: listing_tokens(
                name.as_deref().unwrap_or_default(),
                parcel.fields.description.as_deref(),
            ),
            name,
            description: parcel.fields.description,
            scripts: parcel
                .files
                .iter()
                .filter(|file| file.is_script())
                .map(|file| file.name.clone())
                .collect(),
            bytes: parcel
                .files
                .iter()
                .map(|file| bytes_as_number(file.bytes()))
                .sum(),
            files: parcel.files.iter().map(file).collect(),
            exists: own.is_some_and(|own| fs::symlink_metadata(own).is_ok()),
            problems: parcel.problems.iter().map(SkillProblem::shown).collect(),
            path,
        }
    }
}

/// The skills in a folder of skills, or the path itself.
pub(super) fn spread(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() || path.join(SKILL_FILE).exists() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|folder| folder.join(SKILL_FILE).is_file())
        .take(MAX_FOUND)
        .collect();
    found.sort();
    if found.is_empty() {
        vec![path.to_owned()]
    } else {
        found
    }
}

/// Reads one path to what would be added.
pub(super) fn parcel(path: &Path) -> Parcel {
    let files = if path.is_dir() {
        from_folder(path)
    } else {
        from_file(path)
    };
    let (files, refused) = match files {
        Ok((files, refused)) => (files, refused),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let mut parcel = Parcel {
        files,
        ..Parcel::default()
    };
    parcel.problems.extend(refused);
    match parcel.files.iter().find(|file| file.name == SKILL_FILE) {
        Some(file) => match file.text() {
            Ok(text) => parcel.read_fields(&text),
            Err(problem) => parcel.problems.push(problem),
        },
        None if parcel.problems.is_empty() => parcel.problems.push(SkillProblem::NoSkillFile),
        None => {}
    }
    parcel
}

impl Parcel {
    fn read_fields(&mut self, text: &str) {
        match SkillFields::read(SKILL_FILE, text) {
            Ok(fields) => self.fields = fields,
            Err(error) => {
                self.problems
                    .push(SkillProblem::BadFrontmatter(error.fault.to_string()));
                return;
            }
        }
        let given = self.fields.name.clone().unwrap_or_default();
        match SkillName::new(given.clone()) {
            Ok(name) => self.name = Some(name),
            Err(_) => self
                .problems
                .push(SkillProblem::BadName(given.chars().take(64).collect())),
        }
        let described = self
            .fields
            .description
            .as_deref()
            .unwrap_or_default()
            .trim();
        let length = described.chars().count();
        if length == 0 {
            self.problems.push(SkillProblem::NoDescription);
        } else if length > MAX_DESCRIPTION {
            self.problems.push(SkillProblem::LongDescription(length));
        }
    }
}

type Found = (Vec<Packed>, Option<SkillProblem>);

fn from_folder(folder: &Path) -> Result<Found, SkillProblem> {
    let looked =
        survey::survey(folder).map_err(|error| SkillProblem::Unreadable(error.to_string()))?;
    let packed = |file: survey::Surveyed| Packed {
        name: file.name,
        executable: file.executable,
        content: Content::File(file.path, file.bytes),
    };
    Ok((
        looked.files.into_iter().map(packed).collect(),
        looked.problem,
    ))
}

/// A zip, or a text: a `SKILL.md` in the folder that has its name stands for the folder, any other for itself alone, so that nobody adds
/// the folder of their downloads.
fn from_file(path: &Path) -> Result<Found, SkillProblem> {
    let meta = fs::metadata(path).map_err(|error| SkillProblem::Unreadable(error.to_string()))?;
    if !meta.is_file() {
        return Err(SkillProblem::SpecialFile(path.to_owned()));
    }
    if begins_as_zip(path) {
        return from_zip(path);
    }
    if path
        .extension()
        .is_none_or(|ending| !ending.eq_ignore_ascii_case("md"))
    {
        return Err(SkillProblem::NotASkill);
    }
    let file = Packed {
        name: SKILL_FILE.to_owned(),
        executable: false,
        content: Content::File(path.to_owned(), meta.len()),
    };
    let named = file
        .text()
        .ok()
        .and_then(|text| SkillFields::read(SKILL_FILE, &text).ok()?.name);
    let folder = path
        .parent()
        .filter(|_| path.file_name().is_some_and(|name| name == SKILL_FILE));
    let own_folder = folder
        .filter(|folder| folder.file_name().and_then(|name| name.to_str()) == named.as_deref());
    match own_folder.filter(|_| named.is_some()) {
        Some(folder) => from_folder(folder),
        None => Ok((vec![file], None)),
    }
}

fn begins_as_zip(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; ZIP.len()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *ZIP
}

/// The skill of a zip: at its top, or in its only folder with a `SKILL.md`.
fn from_zip(path: &Path) -> Result<Found, SkillProblem> {
    let files = unpack::unpack(path)?;
    let roots: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let above = file.name.strip_suffix(SKILL_FILE)?;
            let depth = above.matches('/').count();
            (above.is_empty() || above.ends_with('/')).then_some((depth, above.to_owned()))
        })
        .filter(|(depth, _)| *depth <= 2)
        .map(|(_, above)| above)
        .collect();
    let root = match roots.as_slice() {
        [] => return Err(SkillProblem::NoSkillFile),
        [root] => root.clone(),
        all if all.iter().any(String::is_empty) => String::new(),
        _ => return Err(SkillProblem::SeveralSkills),
    };
    let inside = |mut file: Packed| {
        file.name = file.name.strip_prefix(&root)?.to_owned();
        Some(file)
    };
    Ok((files.into_iter().filter_map(inside).collect(), None))
}
