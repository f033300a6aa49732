//! Tests of what the world outside may change. They run only where somebody asks for them.

#![cfg(test)]

mod claude;
mod first_run;
mod packages;

/// Asks for the canaries where it is 1.
const SWITCH: &str = "CLAUDE_BOTTLE_RUN_CANARIES";

/// Whether somebody asked for them; says that the test is skipped where nobody did.
fn asked_for(test: &str) -> bool {
    let asked = std::env::var_os(SWITCH).is_some_and(|value| value == "1");
    if !asked {
        tests::skip("canaries", test, &format!("{SWITCH}=1 runs it"));
    }
    asked
}
