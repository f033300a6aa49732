//! Runs the proof inside the guest before claude starts, reads its report and keeps it as evidence.

use std::path::Path;

use bottle_core::guest::{Exec, Guest, GuestUser};
use bottle_core::selftest::SelfTest;

use crate::error::EngineError;
use crate::home::private_file;

/// A host that no bottle can open: the name is reserved for never existing.
const FOREIGN: &str = "claude-bottle-self-test.invalid";
/// The file in the session's folder that keeps the report.
pub(crate) const EVIDENCE: &str = "self-test.json";

/// Runs the self-test as `node` and keeps the report; anything but a report in which every check passed fails.
pub(crate) async fn prove_sealed(
    guest: &dyn Guest,
    folder: &Path,
) -> Result<SelfTest, EngineError> {
    let command = Exec::new(
        GuestUser::Node,
        ["bottle-guest", "self-test", "--json", "--foreign", FOREIGN],
    );
    let output = guest.exec(&command, None).await?;
    let report: SelfTest = serde_json::from_slice(&output.stdout).map_err(|_| {
        let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let tail = String::from_utf8_lossy(&text)
            .lines()
            .rev()
            .take(5)
            .map(str::to_owned)
            .collect();
        EngineError::NoSelfTest { tail }
    })?;
    private_file(
        &folder.join(EVIDENCE),
        &serde_json::to_vec_pretty(&report).unwrap_or_default(),
    )?;
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| !check.passed)
        .cloned()
        .collect();
    if report.passed && failed.is_empty() && !report.checks.is_empty() && output.code == 0 {
        Ok(report)
    } else {
        Err(EngineError::NotSealed { failed })
    }
}
