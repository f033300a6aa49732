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

use anyhow::{Result, bail};

use crate::report::Report;
use crate::settings::Settings;
use desktop::Desktop;

/// How soon, how large, how idle.
pub fn opening(settings: &Settings) -> Result<Report> {
    on_a_desktop(settings, opening::measure)
}

/// How smooth.
pub fn scrolling(settings: &Settings) -> Result<Report> {
    on_a_desktop(settings, scrolling::measure)
}

/// How quick.
pub fn typing(settings: &Settings) -> Result<Report> {
    on_a_desktop(settings, typing::measure)
}

fn on_a_desktop(
    settings: &Settings,
    measure: fn(&Settings, &Desktop) -> Result<Report>,
) -> Result<Report> {
    if cfg!(not(target_os = "linux")) {
        eprintln!("the window is skipped: no driver opens it on this system");
        return Ok(Report::default());
    }
    if let Some(program) = desktop::missing() {
        bail!("{program} is not installed");
    }
    measure(settings, &Desktop::start()?)
}
