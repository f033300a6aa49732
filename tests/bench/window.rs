//! The window on a screen of its own, beside the smallest window that Tauri opens: how soon, how large, how idle, how smooth, how quick.
//!
//! WebKitWebDriver opens both, so both pay for being driven. A screen of Xvfb has no display behind it that would give the beat: frames
//! come when WebKit's own clock says so, and painting is the processor's work.

mod desktop;
mod driver;
mod home;
mod opening;
mod scrolling;
mod typing;

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::settings::Settings;
use desktop::Desktop;

/// One part of the measurement.
type Part = fn(&Settings, &Desktop) -> Result<Report>;

/// Measures it.
pub fn measure(settings: &Settings) -> Result<Report> {
    if cfg!(not(target_os = "linux")) {
        eprintln!("the window is skipped: no driver opens it on this system");
        return Ok(Report::default());
    }
    if let Some(program) = desktop::missing() {
        bail!("{program} is not installed");
    }
    let desktop = Desktop::start()?;
    let parts: [(&str, Part); 3] = [
        ("opening", opening::measure),
        ("scrolling", scrolling::measure),
        ("typing", typing::measure),
    ];
    let mut report = Report::default();
    for (part, measure) in parts {
        eprintln!("measuring window: {part}");
        report.add(measure(settings, &desktop).with_context(|| format!("window: {part}"))?);
    }
    Ok(report)
}
