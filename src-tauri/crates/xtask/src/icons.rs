//! `cargo xtask icons`: makes every raster icon from the drawings in `icons/`. What it makes is committed, so that building the product
//! needs no program that draws.
//!
//! Both container formats take PNG files as they are, so that all there is to do is to write their tables.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::process;

/// The drawing of the app's icon.
const APP: &str = "claude-bottle.svg";
/// The drawings for the menu bar: a template image for each state, told apart by shape.
const TRAY: &[&str] = &["tray-idle", "tray-running", "tray-waiting", "tray-trouble"];
/// Pixels of a tray icon: 22 points on a screen of double density.
const TRAY_SIZE: u32 = 44;
/// Files of their own, by name and pixels.
const FILES: &[(&str, u32)] = &[
    ("32x32.png", 32),
    ("128x128.png", 128),
    ("128x128@2x.png", 256),
    ("icon.png", 512),
];
/// Types of macOS's container and the pixels of each.
const ICNS: &[(&[u8; 4], u32)] = &[
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic07", 128),
    (b"ic13", 256),
    (b"ic08", 256),
    (b"ic14", 512),
    (b"ic09", 512),
    (b"ic10", 1024),
];
/// Pixels of each image in Windows' container.
const ICO: &[u32] = &[16, 24, 32, 48, 64, 256];

/// Draws everything.
pub fn make(place: &Place) -> Result<()> {
    let folder = place.root.join("icons");
    let app = folder.join(APP);
    for (name, size) in FILES {
        write(&folder.join(name), &draw(&app, *size)?)?;
    }
    for name in TRAY {
        let drawing = folder.join(format!("{name}.svg"));
        write(
            &folder.join(format!("{name}.png")),
            &draw(&drawing, TRAY_SIZE)?,
        )?;
    }
    write(&folder.join("icon.icns"), &icns(&app)?)?;
    write(&folder.join("icon.ico"), &ico(&app)?)
}

/// Draws an SVG as a square PNG.
fn draw(drawing: &Path, size: u32) -> Result<Vec<u8>> {
    let size = size.to_string();
    let mut command = Command::new("rsvg-convert");
    command
        .args(["--width", &size, "--height", &size])
        .arg(drawing);
    let drawn = command
        .output()
        .context("cannot run rsvg-convert (Debian: librsvg2-bin, Homebrew: librsvg)")?;
    process::accept(&command, drawn.status)?;
    Ok(drawn.stdout)
}

fn icns(app: &Path) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for (kind, size) in ICNS {
        let png = draw(app, *size)?;
        body.extend_from_slice(*kind);
        body.extend(u32::try_from(png.len() + 8)?.to_be_bytes());
        body.extend(png);
    }
    let mut file = b"icns".to_vec();
    file.extend(u32::try_from(body.len() + 8)?.to_be_bytes());
    file.extend(body);
    Ok(file)
}

fn ico(app: &Path) -> Result<Vec<u8>> {
    let images = ICO.iter().map(|size| Ok((*size, draw(app, *size)?)));
    let images: Vec<(u32, Vec<u8>)> = images.collect::<Result<_>>()?;
    let mut file = vec![0, 0, 1, 0];
    file.extend(u16::try_from(images.len())?.to_le_bytes());
    let mut offset = 6 + 16 * images.len();
    for (size, png) in &images {
        // A side of 256 is written as 0.
        let side = u8::try_from(*size).unwrap_or(0);
        file.extend([side, side, 0, 0]);
        file.extend([1, 0, 32, 0]);
        file.extend(u32::try_from(png.len())?.to_le_bytes());
        file.extend(u32::try_from(offset)?.to_le_bytes());
        offset += png.len();
    }
    for (_, png) in images {
        file.extend(png);
    }
    Ok(file)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
