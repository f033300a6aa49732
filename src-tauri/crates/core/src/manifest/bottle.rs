//! Reads a bottle's file: the boundary, as the person wrote it.

use super::error::Fault;
use super::value::Value;
use super::{
    Bottle, Location, ManifestError, Pipelock, PipelockMode, Position, ResourceLimits, env,
    frontmatter, git, routes, yaml,
};
use crate::backend::{BackendName, Runtime};
use crate::id::BottleName;

/// All keys, in the order of the documentation.
pub(super) const BOTTLE_KEYS: &[&str] = &[
    "extends",
    "backend",
    "runtime",
    "resources",
    "env",
    "egress",
    "git",
    "pipelock",
    "image",
];
const PIPELOCK_WORDS: &[(&str, PipelockMode)] =
    &[("strict", PipelockMode::Strict), ("off", PipelockMode::Off)];

/// Most processors that a bottle may ask for; no machine that runs one has more.
const MAX_CPUS: f64 = 1024.0;
/// Least memory in MiB; claude alone holds about 200 in use.
const MIN_MEMORY_MIB: u32 = 256;
/// Least disk in MiB; claude alone takes about 400.
const MIN_DISK_MIB: u32 = 1024;

/// Reads a bottle's file.
///
/// # Errors
/// [`ManifestError`] with the place of the first thing that is wrong.
pub fn parse_bottle(file: &str, text: &str, location: Location) -> Result<Bottle, ManifestError> {
    if location == Location::Repository {
        return Err(ManifestError::new(
            file,
            Position::START,
            Fault::BottleInRepository,
        ));
    }
    let halves = frontmatter::split(file, text)?;
    let tree = yaml::read(file, halves.yaml)?;
    let fields = Value::root(file, &tree).fields(BOTTLE_KEYS)?;
    let extends = fields.get("extends");
    let git = fields.read("git", |git| git.fields(&["user", "remotes"]))?;
    let git = git.as_ref();
    Ok(Bottle {
        extends: extends
            .map(|value| value.parse(BottleName::new))
            .transpose()?,
        extends_at: extends.map(Value::at).unwrap_or_default(),
        backend: fields.read("backend", read_backend)?,
        runtime: fields.read("runtime", read_runtime)?,
        resources: fields
            .read("resources", read_resources)?
            .unwrap_or_default(),
        env: fields.read("env", env::read)?.unwrap_or_default(),
        routes: fields
            .read("egress", |egress| routes::read(egress, location))?
            .unwrap_or_default(),
        git_user: git
            .map(|git| git.read("user", git::read_user))
            .transpose()?
            .flatten(),
        git_remotes: git
            .map(|git| git.read("remotes", git::read_remotes))
            .transpose()?
            .flatten()
            .unwrap_or_default(),
        pipelock: fields.read("pipelock", read_pipelock)?,
        image: fields.read("image", |image| image.line().map(str::to_owned))?,
        notes: halves.body,
    })
}

fn read_backend(value: Value<'_>) -> Result<BackendName, ManifestError> {
    let (docker, smolmachines) = (BackendName::Docker, BackendName::Smolmachines);
    value.word(&[
        (docker.as_str(), docker),
        (smolmachines.as_str(), smolmachines),
    ])
}

fn read_runtime(value: Value<'_>) -> Result<Runtime, ManifestError> {
    value.word(&[
        (Runtime::Runc.as_str(), Runtime::Runc),
        (Runtime::Runsc.as_str(), Runtime::Runsc),
    ])
}

fn read_pipelock(value: Value<'_>) -> Result<Pipelock, ManifestError> {
    if !value.is_map() {
        return Ok(Pipelock {
            mode: value.word(PIPELOCK_WORDS)?,
            tls_interception: false,
        });
    }
    let fields = value.fields(&["mode", "tls_interception"])?;
    Ok(Pipelock {
        mode: fields
            .read("mode", |mode| mode.word(PIPELOCK_WORDS))?
            .unwrap_or_default(),
        tls_interception: fields
            .read("tls_interception", Value::flag)?
            .unwrap_or_default(),
    })
}

fn read_resources(value: Value<'_>) -> Result<ResourceLimits, ManifestError> {
    let fields = value.fields(&["cpus", "memory", "disk"])?;
    Ok(ResourceLimits {
        cpus: fields.read("cpus", read_cpus)?,
        memory_mib: fields.read("memory", |memory| read_size(memory, MIN_MEMORY_MIB))?,
        disk_mib: fields.read("disk", |disk| read_size(disk, MIN_DISK_MIB))?,
    })
}

fn read_cpus(value: Value<'_>) -> Result<f64, ManifestError> {
    let number = value.line()?.parse::<f64>().ok();
    number
        .filter(|cpus| (0.1..=MAX_CPUS).contains(cpus))
        .ok_or_else(|| {
            value.bad(
                "is not a number from 0.1 to 1024",
                "a number such as 2 or 1.5",
            )
        })
}

fn read_size(value: Value<'_>, least: u32) -> Result<u32, ManifestError> {
    const INSTEAD: &str = "a size such as 4GiB, 512MiB or 4g, or a number of MiB";
    let text = value.line()?.to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text.strip_prefix(digits).map(str::trim_start) {
        Some("" | "m" | "mib") => Some(1),
        Some("g" | "gib") => Some(1024),
        _ => None,
    };
    let size = digits
        .parse::<u32>()
        .ok()
        .zip(unit)
        .and_then(|(count, unit)| count.checked_mul(unit));
    match size {
        Some(size) if size >= least => Ok(size),
        Some(_) => Err(value.bad("is too small for claude to run", INSTEAD)),
        None => Err(value.bad("is not a size", INSTEAD)),
    }
}
