//! `doctor`: what is there, what is missing, and one thing to do about each.

use std::process::ExitCode;

use bottle_engine::doctor::Finding;
use bottle_wiring::Wired;

use super::{print, print_json};

/// `claude-bottle doctor`. The exit code says whether a start can work.
pub async fn doctor(wired: &Wired, json: bool) -> anyhow::Result<ExitCode> {
    let mut findings = wired.engine.doctor().await;
    let credentials = wired.credentials.clone();
    let probed = tokio::task::spawn_blocking(move || credentials.probe()).await?;
    findings.push(Finding {
        subject: "keychain".into(),
        well: probed.is_ok(),
        seen: if probed.is_ok() {
            "can keep credentials".into()
        } else {
            String::new()
        },
        problems: probed.err().into_iter().collect(),
    });
    let backend = |finding: &&Finding| finding.subject.starts_with("backend:");
    let usable = findings.iter().filter(backend).any(|finding| finding.well);
    if json {
        print_json(&findings)?;
    } else {
        for finding in &findings {
            let mark = if finding.well { "ok  " } else { "FAIL" };
            print(&format!(
                "{mark}  {:<20}{}\n",
                finding.subject, finding.seen
            ))?;
            for problem in &finding.problems {
                print(&format!("      {} {}\n", problem.what, problem.advice))?;
            }
        }
    }
    Ok(ExitCode::from(if usable { 0 } else { 3 }))
}
