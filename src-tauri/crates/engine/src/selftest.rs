//! Runs the proof inside the guest before claude starts, reads its report and keeps it as evidence.

use std::path::Path;

use bottle_core::guest::{Exec, ExecOutput, Guest, GuestUser};
use bottle_core::selftest::SelfTest;

use crate::error::EngineError;
use crate::home::private_file;

/// A host that no bottle can open: the name is reserved for never existing.
const FOREIGN: &str = "claude-bottle-self-test.invalid";
/// Most lines of what it printed that are shown where it gave no report.
const TAIL: usize = 5;
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
    let nothing = || EngineError::NoSelfTest {
        tail: tail(&output),
    };
    let report = SelfTest::read(&output.stdout).map_err(|_| nothing())?;
    private_file(
        &folder.join(EVIDENCE),
        &serde_json::to_vec_pretty(&report).unwrap_or_default(),
    )?;
    match (report.proves(), output.code) {
        (true, 0) => Ok(report),
        // A report that is good and a program that says otherwise: neither can be believed.
        (true, _) => Err(nothing()),
        (false, _) => Err(EngineError::NotSealed {
            failed: report.failures().cloned().collect(),
            missing: report.missing().map(str::to_owned).collect(),
        }),
    }
}

/// The last lines that a command printed.
fn tail(output: &ExecOutput) -> Vec<String> {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL);
    lines.into_iter().skip(first).map(str::to_owned).collect()
}
