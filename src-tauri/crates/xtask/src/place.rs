//! Where things are: the workspace, what is kept between clones, and where cargo builds.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// How many build folders of CI are kept besides the one in use.
const KEPT_TARGETS: usize = 1;

/// The folders that everything here works with.
#[derive(Debug)]
pub struct Place {
    /// The root of the workspace.
    pub root: PathBuf,
    /// Tools and virtual environments that outlive a clone.
    pub cache: PathBuf,
    /// Logs of what was started in the background.
    pub state: PathBuf,
    /// Where cargo builds, if not where it would by itself.
    target: Option<PathBuf>,
}

impl Place {
    /// Looks around.
    pub fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .ancestors()
            .nth(3)
            .context("xtask lies outside the workspace")?;
        let cache = base_folder("XDG_CACHE_HOME", ".cache")?;
        let mut place = Self {
            root: root.to_path_buf(),
            state: base_folder("XDG_STATE_HOME", ".local/state")?,
            target: env::var_os("CARGO_TARGET_DIR").map(PathBuf::from),
            cache,
        };
        if place.target.is_none() && env::var_os("CI").is_some_and(|value| value == "true") {
            place.target = Some(place.ci_target()?);
        }
        Ok(place)
    }

    /// A folder outside the clone, so that CI builds dependencies once for each set of versions and not for each clone.
    fn ci_target(&self) -> Result<PathBuf> {
        let lock = fs::read(self.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let hash: String = Sha256::digest(&lock)
            .iter()
            .take(8)
            .map(|b| format!("{b:02x}"))
            .collect();
        let target = self.cache.join(format!("target-{hash}"));
        fs::create_dir_all(&target)
            .with_context(|| format!("cannot create {}", target.display()))?;
        // Marks it as used now, for the choice of what to keep.
        fs::write(target.join(".used"), "")?;
        self.forget_old_targets(&target)?;
        Ok(target)
    }

    fn forget_old_targets(&self, current: &Path) -> Result<()> {
        let mut old: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.cache)?
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("target-"))
            .map(|entry| entry.path())
            .filter(|path| path != current)
            .map(|path| {
                let used = path
                    .join(".used")
                    .metadata()
                    .and_then(|file| file.modified());
                (used.unwrap_or(SystemTime::UNIX_EPOCH), path)
            })
            .collect();
        old.sort();
        old.truncate(old.len().saturating_sub(KEPT_TARGETS));
        for (_, path) in old {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }

    /// Where one pinned tool is kept.
    pub fn tool(&self, name: &str, version: &str) -> PathBuf {
        self.cache.join("tools").join(format!("{name}-{version}"))
    }

    /// The build folder to tell cargo of, if any.
    pub fn target(&self) -> Option<&Path> {
        self.target.as_deref()
    }
}

fn base_folder(variable: &str, below_home: &str) -> Result<PathBuf> {
    let given = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = match given {
        Some(base) => base,
        None => env::home_dir()
            .context("the home folder is unknown: set HOME")?
            .join(below_home),
    };
    Ok(base.join("claude-bottle"))
}
