//! Skills: the destination is wiped, made, and filled one skill at a time.

use std::fs;
use std::path::Path;

use bottle_core::event::StepSink;
use bottle_core::guest::{Exec, Guest, GuestUser};
use bottle_core::path::GuestPath;

use super::archive::Archive;
use crate::error::{EngineError, OnFile};
use crate::skill::{Skill, SkillSource};

/// Copies skills to `<folder>/<name>`. No skills: nothing is done.
///
/// # Errors
/// [`EngineError::NoSkill`] or [`EngineError::BadSkill`] where one is gone or changed for the worse since the plan,
/// [`EngineError::Provision`] where copying fails.
pub async fn provision_skills(
    guest: &dyn Guest,
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
    let wrong = |source| EngineError::Provision {
        step: "skills",
        source,
    };
    let wipe = r#"rm -rf -- "$1" && mkdir -p -- "$1""#;
    let command = Exec::new(GuestUser::Node, ["sh", "-euc", wipe, "sh", folder.as_str()]);
    let output = guest.exec(&command, None).await.map_err(wrong)?;
    if output.code != 0 {
        let tail = vec![String::from_utf8_lossy(&output.stderr).trim().to_owned()];
        let command = format!("make {folder}");
        return Err(wrong(bottle_core::backend::BackendError::GuestCommand {
            command,
            code: output.code,
            tail,
        }));
    }
    for skill in skills {
        sink.step(&format!("skill {}", skill.name), None);
        let archive = pack(skill)?;
        guest
            .copy_in(archive.into_reader()?, folder)
            .await
            .map_err(wrong)?;
    }
    Ok(())
}

fn pack(skill: &Skill) -> Result<Archive, EngineError> {
    let mut archive = Archive::new();
    let name = skill.name.as_str();
    archive.folder(name, 0o755)?;
    match &skill.source {
        SkillSource::BuiltIn(files) => {
            for (path, text) in *files {
                archive.file(&format!("{name}/{path}"), 0o644, text.as_bytes())?;
            }
        }
        SkillSource::Folder(folder) => pack_folder(&mut archive, folder, name)?,
    }
    Ok(archive)
}

/// Adds a checked folder. Links were checked to stay inside it, so what they point at is copied in their place.
fn pack_folder(archive: &mut Archive, folder: &Path, name: &str) -> Result<(), EngineError> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder).on("read", folder)? {
        let entry = entry.on("read", folder)?;
        let path = entry.path();
        let Some(own) = entry
            .file_name()
            .to_str()
            .map(|own| format!("{name}/{own}"))
        else {
            continue;
        };
        let meta = fs::metadata(&path).on("read", &path)?;
        if meta.is_dir() {
            // A link to a folder could lead back up and never end.
            if !fs::symlink_metadata(&path).on("read", &path)?.is_symlink() {
                archive.folder(&own, 0o755)?;
                pack_folder(archive, &path, &own)?;
            }
        } else if meta.is_file() {
            let mode = if meta.permissions().mode() & 0o100 == 0 {
                0o644
            } else {
                0o755
            };
            archive.file(&own, mode, &fs::read(&path).on("read", &path)?)?;
        }
    }
    Ok(())
}
