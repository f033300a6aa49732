//! Says what went wrong, why, and what to do; and turns it into an exit code.

use std::fmt::Write as _;
use std::process::ExitCode;

use bottle_core::advice::Advice;
use bottle_engine::EngineError;

/// Exit code: something failed.
const FAILED: u8 = 1;
/// Exit code: the arguments are wrong.
const BAD_ARGUMENTS: u8 = 2;
/// Exit code: something is missing on this machine.
const MISSING: u8 = 3;
/// Exit code: a file is wrong or names something that is not there.
const BAD_FILE: u8 = 4;
/// Exit code: the self-test failed.
const NOT_SEALED: u8 = 5;
/// Exit code: claude ended badly and its bottle is kept.
pub const KEPT: u8 = 10;
/// Exit code: cancelled.
const CANCELLED: u8 = 130;

/// Something that a person has to do differently and that no error of the engine says.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Refused {
    /// What happened.
    pub what: String,
    /// What to do.
    pub advice: String,
    /// The exit code.
    pub code: u8,
}

/// Prints an error on standard error and gives its exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let (advice, code) = advice(error);
    let mut text = format!("error: {error}\n");
    let mut known = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat their cause in their own words.
        if !known.contains(&cause) {
            writeln!(text, "  because {cause}").unwrap_or_default();
            known = cause;
        }
    }
    for line in detail(error) {
        writeln!(text, "  | {line}").unwrap_or_default();
    }
    if !advice.is_empty() {
        writeln!(text, "  {advice}").unwrap_or_default();
    }
    crate::show::note(&text);
    ExitCode::from(code)
}

fn advice(error: &anyhow::Error) -> (String, u8) {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return (refused.advice.clone(), refused.code);
    }
    if let Some(known) = error.downcast_ref::<EngineError>() {
        return (known.advice(), exit_code(known.code()));
    }
    if let Some(known) = error.downcast_ref::<bottle_credentials::Error>() {
        return (known.advice(), exit_code(known.code()));
    }
    if let Some(known) = error.downcast_ref::<bottle_wiring::WiringError>() {
        return (known.advice(), exit_code(known.code()));
    }
    (String::new(), FAILED)
}

fn exit_code(code: &str) -> u8 {
    match code {
        "cancelled" => CANCELLED,
        "variable_refused" => BAD_ARGUMENTS,
        "not_sealed" | "self_test_failed" => NOT_SEALED,
        "engine_unavailable"
        | "engine_settings"
        | "engine_too_old"
        | "runtime_unfit"
        | "no_base_image"
        | "program_missing"
        | "backend_unavailable"
        | "credential_missing"
        | "keychain_unavailable"
        | "keychain_locked"
        | "host_variable_missing" => MISSING,
        "agent_missing"
        | "bottle_missing"
        | "skill_missing"
        | "skill_unusable"
        | "invalid_name"
        | "not_in_this_version"
        | "bottle_cycle"
        | "bottle_in_repository"
        | "dockerfile_unreadable"
        | "workspace_unreadable" => BAD_FILE,
        code if code.starts_with("manifest") => BAD_FILE,
        _ => FAILED,
    }
}

/// Lines that explain an error: the end of a build, what a bundle printed, the checks that failed.
fn detail(error: &anyhow::Error) -> Vec<String> {
    use bottle_core::backend::BackendError;
    match error.downcast_ref::<EngineError>() {
        Some(EngineError::Backend(
            BackendError::ImageBuild { tail, .. } | BackendError::GuestCommand { tail, .. },
        )) => tail.clone(),
        Some(EngineError::Provision {
            source: BackendError::GuestCommand { tail, .. },
            ..
        }) => tail.clone(),
        Some(EngineError::Control { tail, .. } | EngineError::NoSelfTest { tail }) => tail.clone(),
        Some(EngineError::NotSealed { failed, .. }) => failed
            .iter()
            .map(|check| format!("{}: {}", check.title, check.seen))
            .collect(),
        Some(EngineError::Conflict { paths, .. }) => paths.clone(),
        _ => Vec::new(),
    }
}
