//! Skills: the destination is wiped, made, and filled one skill at a time.

use std::fs;
use std::path::Path;

use bottle_core::event::StepSink;
use bottle_core::path::GuestPath;

use super::delivery::Delivery;
use super::guest_path;
use crate::error::{EngineError, OnFile};
use crate::skill::{Skill, SkillSource};

/// Delivers skills to `<folder>/<name>`. No skills: nothing is done.
///
/// # Errors
/// [`EngineError::NoSkill`] or [`EngineError::BadSkill`] where one is gone or changed for the worse since the plan,
/// [`EngineError::File`] where one cannot be read.
pub fn provision_skills(
    delivery: &mut Delivery,
    skills: &[Skill],
    folder: &GuestPath,
    sink: &dyn StepSink,
) -> Result<(), EngineError> {
    if skills.is_empty() {
        return Ok(());
    }
    for skill in skills {
        skill.check()?;
    }
    delivery.renew(folder);
    for skill in skills {
        sink.step(&format!("skill {}", skill.name), None);
        pack(delivery, skill, &inside(folder, skill.name.as_str())?)?;
    }
    Ok(())
}

fn inside(folder: &GuestPath, name: &str) -> Result<GuestPath, EngineError> {
    guest_path(&format!("{folder}/{name}"))
}

fn pack(delivery: &mut Delivery, skill: &Skill, place: &GuestPath) -> Result<(), EngineError> {
    delivery.folder(place, 0o755)?;
    match &skill.source {
        SkillSource::BuiltIn(files) => {
            for (path, text) in *files {
                delivery.file(&inside(place, path)?, 0o644, text.as_bytes())?;
            }
            Ok(())
        }
        SkillSource::Folder(folder) => pack_folder(delivery, folder, place),
    }
}

/// Adds a checked folder. Links were checked to stay inside it, so what they point at is copied in their place.
fn pack_folder(
    delivery: &mut Delivery,
    folder: &Path,
    place: &GuestPath,
) -> Result<(), EngineError> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder).on("read", folder)? {
        let entry = entry.on("read", folder)?;
        let path = entry.path();
        let Some(own) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        let own = inside(place, &own)?;
        let meta = fs::metadata(&path).on("read", &path)?;
        if meta.is_dir() {
            // A link to a folder could lead back up and never end.
            if !fs::symlink_metadata(&path).on("read", &path)?.is_symlink() {
                delivery.folder(&own, 0o755)?;
                pack_folder(delivery, &path, &own)?;
            }
        } else if meta.is_file() {
            let mode = if meta.permissions().mode() & 0o100 == 0 {
                0o644
            } else {
                0o755
            };
            delivery.file(&own, mode, &fs::read(&path).on("read", &path)?)?;
        }
    }
    Ok(())
}
