//! Why the engine cannot be built on this machine.

use std::path::PathBuf;

use bottle_core::advice::Advice;
use bottle_engine::EngineError;

/// Why the engine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// Nothing says where the person's files are.
    #[error("the variable HOME is not set")]
    NoHome,
    /// A file of certificates cannot be read.
    #[error("cannot read the certificates in {path}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The claude-bottle folder cannot be used.
    #[error(transparent)]
    Home(#[from] Box<EngineError>),
}

impl Advice for WiringError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "home_unknown",
            Self::Certificates { .. } => "certificates_unreadable",
            Self::Home(error) => error.code(),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::NoHome => "Set it to your home folder and try again.".into(),
            Self::Certificates { .. } => {
                "Make the file readable, or point CLAUDE_BOTTLE_EXTRA_CA at another one.".into()
            }
            Self::Home(error) => error.advice(),
        }
    }
}
