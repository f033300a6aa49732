//! What the engine says of itself, and what to do where it says nothing.

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendError, Probe, Problem};

use crate::engine::{self, Engine};
use crate::settings::Settings;

/// The report on an engine that answered.
pub(crate) fn answered(engine: &Engine) -> Probe {
    Probe {
        available: true,
        engine: Some(engine.facts.title()),
        endpoint: Some(engine.place.clone()),
        problems: Vec::new(),
    }
}

/// The report on an engine that cannot be used.
pub(crate) fn refused(settings: &Settings, error: &BackendError) -> Probe {
    let endpoint = if let BackendError::Unavailable { endpoint, .. } = error {
        Some(endpoint.clone())
    } else {
        let selection = engine::select(settings).ok();
        selection
            .and_then(|selection| Some(engine::place(&selection, selection.candidates.first()?)))
    };
    let problem = Problem {
        code: error.code().to_owned(),
        what: sentence(error),
        advice: error.advice(),
    };
    Probe {
        available: false,
        engine: None,
        endpoint,
        problems: vec![problem],
    }
}

/// An error with its causes as one sentence.
fn sentence(error: &BackendError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        let said = current.to_string();
        // Wrappers often repeat what they wrap.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = current.source();
    }
    text.push('.');
    text
}
