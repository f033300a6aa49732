//! The machine: what the doctor finds, what is left over, what this program is.

use bottle_core::backend;
use bottle_engine::doctor;
use serde::{Deserialize, Serialize};
use specta::Type;

/// Something that is missing, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A stable word.
    pub code: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl From<&backend::Problem> for Problem {
    fn from(problem: &backend::Problem) -> Self {
        Self {
            code: problem.code.clone(),
            what: problem.what.clone(),
            advice: problem.advice.clone(),
        }
    }
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// It is well.
    Well,
    /// The person should know.
    Attention,
    /// Nothing starts before it is mended.
    Trouble,
}

/// The one thing to do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum FindingAction {
    /// Start the engine.
    StartEngine,
    /// Get an engine.
    InstallEngine,
    /// Add a credential.
    AddCredential,
    /// Build the images.
    PrepareImage,
    /// Remove what is left over.
    CleanUp,
    /// Look at the claude-bottle folder.
    OpenHome,
    /// Free space on the disk.
    FreeSpace,
}

impl From<doctor::Action> for FindingAction {
    fn from(action: doctor::Action) -> Self {
        use doctor::Action;
        match action {
            Action::StartEngine => Self::StartEngine,
            Action::InstallEngine => Self::InstallEngine,
            Action::AddCredential => Self::AddCredential,
            Action::PrepareImage => Self::PrepareImage,
            Action::CleanUp => Self::CleanUp,
            Action::OpenHome => Self::OpenHome,
            Action::FreeSpace => Self::FreeSpace,
        }
    }
}

/// One answer of the doctor.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at.
    pub id: String,
    /// The same for a person.
    pub title: String,
    /// How it stands.
    pub state: FindingState,
    /// What was seen.
    pub seen: String,
    /// What is wrong.
    pub what: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// The button for it.
    pub action: Option<FindingAction>,
}

impl From<doctor::Diagnosis> for Finding {
    fn from(diagnosis: doctor::Diagnosis) -> Self {
        Self {
            id: diagnosis.id,
            title: diagnosis.title,
            state: match diagnosis.state {
                doctor::Health::Well => FindingState::Well,
                doctor::Health::Attention => FindingState::Attention,
                doctor::Health::Trouble => FindingState::Trouble,
            },
            seen: diagnosis.seen,
            what: diagnosis.what,
            advice: diagnosis.advice,
            action: diagnosis.action.map(FindingAction::from),
        }
    }
}

/// Something that is left over and can be removed.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CleanupItem {
    /// What to name it by.
    pub id: String,
    /// What it is.
    pub what: String,
    /// More about it.
    pub detail: String,
}

impl From<doctor::CleanupItem> for CleanupItem {
    fn from(item: doctor::CleanupItem) -> Self {
        Self {
            id: item.id,
            what: item.what,
            detail: item.detail,
        }
    }
}

/// The system that this program runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// macOS.
    Macos,
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl Platform {
    /// This machine's.
    #[must_use]
    pub const fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::Macos
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Linux
        }
    }

    /// As people write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Macos => "macOS",
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

/// What this program is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its version.
    pub version: String,
    /// The version of claude in its bottles.
    pub claude: String,
    /// The person's claude-bottle folder.
    pub home: String,
    /// The system.
    pub platform: Platform,
    /// Where it logs to.
    pub logs: String,
}
