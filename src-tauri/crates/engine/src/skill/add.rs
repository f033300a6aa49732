//! Copies skills into the person's folder: staged beside their place, looked at again there, put in place in one step, and pinned.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bottle_core::id::SkillName;

use super::inspect::{Content, Packed, Parcel, parcel, spread};
use super::list::SkillSummary;
use super::{SkillProblem, survey};
use crate::changes::is_plain;
use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::{private_folder, remove_folder};

impl Engine {
    /// Adds skills; all are looked at before the first is copied. With `replace`, one of the same name goes into the trash.
    ///
    /// # Errors
    /// [`EngineError::SkillRefused`] with the first thing that speaks against one, [`EngineError::Exists`], [`EngineError::File`].
    pub fn add_skills(
        &self,
        paths: &[PathBuf],
        replace: bool,
    ) -> Result<Vec<SkillSummary>, EngineError> {
        let mut parcels: Vec<(PathBuf, SkillName, Parcel)> = Vec::new();
        for path in paths.iter().flat_map(|path| spread(path)) {
            let mut parcel = parcel(&path);
            let refused = |problem| EngineError::SkillRefused {
                path: path.clone(),
                problem,
            };
            if !parcel.problems.is_empty() {
                return Err(refused(parcel.problems.remove(0)));
            }
            let name = parcel
                .name
                .clone()
                .ok_or_else(|| refused(SkillProblem::NotASkill))?;
            let own = self.home().skills().join(name.as_str());
            let twice = parcels.iter().any(|(_, other, _)| *other == name);
            if twice || (!replace && fs::symlink_metadata(&own).is_ok()) {
                return Err(EngineError::Exists { path: own });
            }
            parcels.push((path, name, parcel));
        }
        let mut names = Vec::new();
        for (path, name, parcel) in parcels {
            self.add_skill(&path, &name, &parcel)?;
            names.push(name.to_string());
        }
        let mut skills = self.list_skills(None)?;
        skills.retain(|skill| {
            skill.folder.parent() == Some(&*self.home().skills()) && names.contains(&skill.name)
        });
        Ok(skills)
    }

    fn add_skill(&self, path: &Path, name: &SkillName, parcel: &Parcel) -> Result<(), EngineError> {
        let folder = self.home().skills();
        private_folder(self.home().root())?;
        private_folder(&folder)?;
        let own = folder.join(name.as_str());
        let stage = durable::beside(&own);
        let staged = self
            .stage(path, &stage, parcel)
            .and_then(|()| self.put_in_place(&stage, &own, name));
        if staged.is_err() {
            remove_folder(&stage)?;
        }
        staged?;
        let origin = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.pin(name, Some(origin.display().to_string()))
    }

    fn stage(&self, path: &Path, stage: &Path, parcel: &Parcel) -> Result<(), EngineError> {
        private_folder(stage)?;
        for file in &parcel.files {
            if !is_plain(Path::new(&file.name)) {
                let problem = SkillProblem::BadPath(file.name.clone());
                return Err(EngineError::SkillRefused {
                    path: path.to_owned(),
                    problem,
                });
            }
            write_file(&stage.join(&file.name), file)?;
        }
        // What was looked at may have changed while it was copied.
        match survey::survey(stage)?.problem {
            Some(problem) => Err(EngineError::SkillRefused {
                path: path.to_owned(),
                problem,
            }),
            None => Ok(()),
        }
    }

    fn put_in_place(&self, stage: &Path, own: &Path, name: &SkillName) -> Result<(), EngineError> {
        let old = match fs::symlink_metadata(own) {
            Ok(_) => Some(self.throw_away(own, format!("skill {name}"))?),
            Err(_) => None,
        };
        let placed = fs::rename(stage, own).on("write", own);
        if placed.is_err()
            && let Some(old) = old
        {
            self.restore(&old.id)?;
        }
        placed
    }
}

fn write_file(target: &Path, file: &Packed) -> Result<(), EngineError> {
    if let Some(above) = target.parent() {
        fs::create_dir_all(above).on("create", above)?;
    }
    let mode = if file.executable { 0o755 } else { 0o644 };
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(mode).open(target);
    let mut written = opened.on("write", target)?;
    match &file.content {
        Content::Bytes(bytes) => written.write_all(bytes).on("write", target)?,
        Content::File(source, bytes) => {
            let opened = fs::File::open(source).on("read", source)?;
            std::io::copy(&mut opened.take(*bytes), &mut written).on("copy", source)?;
        }
    }
    written.sync_all().on("write", target)
}
