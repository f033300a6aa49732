//! Reads the person's bottles, agents and skills, and those that a repository brings along.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use bottle_core::id::{AgentName, BottleName, CredentialName, SkillName};
use bottle_core::manifest::{
    self, Agent, Bottle, Fault, Library as Bottles, Location, ManifestError, Position,
};

use crate::error::{EngineError, OnFile};
use crate::home::Home;
use crate::skill::{Skill, SkillProblem, SkillSource};

/// Everything that can be started from one place.
#[derive(Debug, Clone)]
pub struct Library {
    home: Home,
    /// `<repository>/.claude-bottle`, where the project folder has one.
    repository: Option<PathBuf>,
    /// `~/.claude/skills`, where the person keeps skills of Claude Code.
    claude_skills: Option<PathBuf>,
}

/// An agent in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEntry {
    /// Its name.
    pub name: AgentName,
    /// Its file.
    pub file: PathBuf,
    /// Where the file is from.
    pub location: Location,
    /// What it is for, where its file says so.
    pub description: Option<String>,
}

impl Library {
    /// Looks in the person's folder, in a repository and in `~/.claude/skills`; folders that are not there are empty.
    #[must_use]
    pub fn new(home: Home, repository: Option<&Path>, claude_skills: Option<PathBuf>) -> Self {
        let repository = repository
            .map(|folder| folder.join(".claude-bottle"))
            .filter(|folder| folder.is_dir());
        Self {
            home,
            repository,
            claude_skills,
        }
    }

    /// Things about the places that the person should know.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let bottles = self
            .repository
            .as_ref()
            .map(|folder| folder.join("bottles"))
            .filter(|folder| folder.exists());
        bottles
            .map(|folder| {
                format!(
                    "{} is not read: a repository may bring agents and skills, never bottles, because a bottle decides where credentials go",
                    folder.display()
                )
            })
            .into_iter()
            .collect()
    }

    fn agent_folders(&self) -> Vec<(PathBuf, Location)> {
        let mut folders = vec![(self.home.agents(), Location::Home)];
        folders.extend(
            self.repository
                .iter()
                .map(|folder| (folder.join("agents"), Location::Repository)),
        );
        folders
    }

    /// Whether a path is in the project folder after all links are followed: what a repository brings must lie in it.
    fn is_in_repository(&self, path: &Path) -> bool {
        let project = self.repository.as_deref().and_then(Path::parent);
        let project = project.and_then(|project| fs::canonicalize(project).ok());
        let real = fs::canonicalize(path).ok();
        project
            .zip(real)
            .is_some_and(|(project, real)| real.starts_with(project))
    }

    fn may_be_read(&self, file: &Path, location: Location) -> bool {
        location != Location::Repository || self.is_in_repository(file)
    }

    /// All agents, by name; one in the person's folder hides one of the same name in a repository.
    ///
    /// # Errors
    /// [`EngineError::File`] where a folder cannot be read. Agents that cannot be parsed are listed without description.
    pub fn agents(&self) -> Result<Vec<AgentEntry>, EngineError> {
        let mut entries: Vec<AgentEntry> = Vec::new();
        for (folder, location) in self.agent_folders() {
            for (stem, file) in markdown_files(&folder)? {
                let Ok(name) = AgentName::new(stem) else {
                    continue;
                };
                let hidden = entries.iter().any(|entry| entry.name == name);
                if hidden || !self.may_be_read(&file, location) {
                    continue;
                }
                let parsed = read_manifest(&file).ok().and_then(|text| {
                    manifest::parse_agent(&name, &file.display().to_string(), &text).ok()
                });
                entries.push(AgentEntry {
                    description: parsed.and_then(|a| a.description),
                    name,
                    file,
                    location,
                });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Reads one agent and says where it is.
    ///
    /// # Errors
    /// [`EngineError::NoAgent`] with the nearest name, or what its file says wrong.
    pub fn agent(&self, name: &AgentName) -> Result<(Agent, PathBuf, Location), EngineError> {
        for (folder, location) in self.agent_folders() {
            let file = folder.join(format!("{name}.md"));
            if file.is_file() && self.may_be_read(&file, location) {
                let text = read_manifest(&file)?;
                let agent = manifest::parse_agent(name, &file.display().to_string(), &text)
                    .map_err(Box::new)?;
                return Ok((agent, file, location));
            }
        }
        let entries = self.agents()?;
        let nearest = manifest::nearest(
            name.as_str(),
            entries.iter().map(|entry| entry.name.as_str()),
        );
        let nearest = nearest.map(str::to_owned);
        Err(EngineError::NoAgent {
            nearest,
            name: name.clone(),
            folder: self.home.agents(),
        })
    }

    /// Reads an agent's bottle and all that it extends, and resolves it. A bottle that is not part of it may be broken: it only lends its
    /// name to the hint of an error.
    ///
    /// # Errors
    /// What a file says wrong, with its place; a missing bottle with the nearest name.
    pub fn bottle(&self, agent: &Agent, agent_file: &Path) -> Result<Bottle, EngineError> {
        let mut bottles = Bottles::default();
        self.read_chain(&mut bottles, Some(agent.bottle.clone()))?;
        let shown = agent_file.display().to_string();
        let resolved = manifest::resolve_for(&bottles, agent, &shown);
        let resolved = match resolved {
            Err(error) if matches!(*error.fault, Fault::UnknownBottle { .. }) => {
                self.lend_names(&mut bottles)?;
                manifest::resolve_for(&bottles, agent, &shown)
            }
            resolved => resolved,
        };
        resolved.map_err(|error| Box::new(error).into())
    }

    /// Resolves a bottle whose own text is given, with the files of those that it extends.
    ///
    /// # Errors
    /// As [`Library::bottle`].
    pub fn bottle_as_written(
        &self,
        name: &BottleName,
        file: &str,
        bottle: Bottle,
    ) -> Result<Bottle, EngineError> {
        let mut bottles = Bottles::default();
        let parent = bottle.extends.clone();
        bottles.insert(name.clone(), (file.to_owned(), bottle));
        self.read_chain(&mut bottles, parent)?;
        let resolved = match manifest::resolve(&bottles, name) {
            Err(error) if matches!(*error.fault, Fault::UnknownBottle { .. }) => {
                self.lend_names(&mut bottles)?;
                manifest::resolve(&bottles, name)
            }
            resolved => resolved,
        };
        resolved.map_err(|error| Box::new(error).into())
    }

    /// Reads a bottle and those that it extends, up to one that is there already or not to be found.
    fn read_chain(
        &self,
        bottles: &mut Bottles,
        mut wanted: Option<BottleName>,
    ) -> Result<(), EngineError> {
        while let Some(next) = wanted.take() {
            let file = self.home.bottles().join(format!("{next}.md"));
            if bottles.contains_key(&next) || !file.is_file() {
                break;
            }
            let bottle = read_bottle(&file)?;
            wanted.clone_from(&bottle.extends);
            bottles.insert(next, (file.display().to_string(), bottle));
        }
        Ok(())
    }

    /// Adds the other bottles, which lend their names to a hint.
    fn lend_names(&self, bottles: &mut Bottles) -> Result<(), EngineError> {
        for (stem, file) in markdown_files(&self.home.bottles())? {
            if let Ok(name) = BottleName::new(stem)
                && !bottles.contains_key(&name)
                && let Ok(bottle) = read_bottle(&file)
            {
                bottles.insert(name, (file.display().to_string(), bottle));
            }
        }
        Ok(())
    }

    /// Which of the person's bottles name which credentials, by credential. Bottles that cannot be read are passed over.
    ///
    /// # Errors
    /// [`EngineError::File`] where the folder cannot be read.
    pub fn credential_uses(&self) -> Result<BTreeMap<CredentialName, Vec<String>>, EngineError> {
        let mut uses: BTreeMap<CredentialName, Vec<String>> = BTreeMap::new();
        for (stem, file) in markdown_files(&self.home.bottles())? {
            let Ok(bottle) = read_bottle(&file) else {
                continue;
            };
            for auth in bottle.routes.iter().filter_map(|route| route.auth.as_ref()) {
                uses.entry(auth.credential.clone())
                    .or_default()
                    .push(stem.clone());
            }
        }
        Ok(uses)
    }

    /// Whether a folder lies in what the repository brings.
    pub(crate) fn is_of_repository(&self, folder: &Path) -> bool {
        self.repository
            .as_ref()
            .is_some_and(|repository| folder.starts_with(repository))
    }

    /// Folders in which skills are looked for, in order.
    #[must_use]
    pub fn skill_folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.home.skills()];
        folders.extend(self.repository.iter().map(|folder| folder.join("skills")));
        folders.extend(self.claude_skills.clone());
        folders
    }

    /// Finds and checks one skill.
    ///
    /// # Errors
    /// [`EngineError::NoSkill`] with the places, or [`EngineError::BadSkill`].
    pub fn skill(&self, name: &SkillName) -> Result<Skill, EngineError> {
        let searched = self.skill_folders();
        let found = searched
            .iter()
            .map(|folder| folder.join(name.as_str()))
            .find(|folder| folder.is_dir());
        let Some(folder) = found else {
            return Err(EngineError::NoSkill {
                skill: name.clone(),
                searched,
            });
        };
        if self.is_of_repository(&folder) && !self.is_in_repository(&folder) {
            return Err(EngineError::BadSkill {
                skill: name.clone(),
                problem: SkillProblem::LinkOut(folder),
            });
        }
        let skill = Skill {
            name: name.clone(),
            source: SkillSource::Folder(folder),
        };
        skill.check()?;
        Ok(skill)
    }

    /// The person's folder.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }
}

/// Reads a manifest, but never more than the parser takes.
pub(crate) fn read_manifest(file: &Path) -> Result<String, EngineError> {
    let opened = fs::File::open(file).on("read", file)?;
    let bytes = usize::try_from(opened.metadata().on("read", file)?.len()).unwrap_or(usize::MAX);
    let limit = u64::try_from(manifest::MAX_MANIFEST).unwrap_or(u64::MAX);
    let mut read = Vec::new();
    // A file can grow after it was measured: one byte over the limit is enough for the parser to refuse it.
    let mut opened = opened.take(limit.saturating_add(1));
    if bytes <= manifest::MAX_MANIFEST {
        opened.read_to_end(&mut read).on("read", file)?;
        return Ok(String::from_utf8_lossy(&read).into_owned());
    }
    Err(Box::new(ManifestError {
        file: file.display().to_string(),
        position: Position::START,
        fault: Box::new(Fault::TooLarge { bytes }),
    })
    .into())
}

/// Markdown files of a folder as (stem, path), sorted; none where the folder is not there.
pub(crate) fn markdown_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, EngineError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(EngineError::File {
                action: "read",
                path: folder.to_owned(),
                source,
            });
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.on("read", folder)?.path();
        if path.extension().is_some_and(|ending| ending == "md")
            && path.is_file()
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            files.push((stem.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn read_bottle(file: &Path) -> Result<Bottle, EngineError> {
    let text = read_manifest(file)?;
    let bottle = manifest::parse_bottle(&file.display().to_string(), &text, Location::Home);
    bottle.map_err(|error| Box::new(error).into())
}
