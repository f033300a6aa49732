//! What the caller says: where the partners are, where figures go, and how long to measure.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// What the benchmarks are told.
#[derive(Debug)]
pub struct Settings {
    /// `claude-bottle`, as it ships.
    cli: Option<PathBuf>,
    /// The proxy that the egress door is compared with.
    mitmdump: Option<PathBuf>,
    /// The window, as it ships.
    desktop: Option<PathBuf>,
    /// The smallest window that Tauri opens.
    empty_window: Option<PathBuf>,
    /// The file that takes the figures.
    pub figures: Option<PathBuf>,
    /// How much to measure.
    pub extent: Extent,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Starts of each side.
    pub starts: usize,
    /// Plans.
    pub plans: usize,
    /// Sessions that start at once.
    pub sessions: usize,
    /// Turns that each proxy gets.
    pub rounds: usize,
    /// Seconds of load in one turn.
    pub seconds: f64,
    /// Streams of events of each side.
    pub events: usize,
    /// Size of the large body.
    pub body: u64,
    /// Openings of each window.
    pub openings: usize,
    /// Seconds in which an open window is left alone.
    pub idle: f64,
    /// Frames in which each list scrolls.
    pub frames: usize,
    /// Keys pressed in a terminal.
    pub keys: usize,
}

const FULL: Extent = Extent {
    starts: 7,
    plans: 20,
    sessions: 8,
    rounds: 5,
    seconds: 3.0,
    events: 40,
    body: 1 << 30,
    openings: 9,
    idle: 30.0,
    frames: 600,
    keys: 200,
};

/// Enough to see that the benchmarks themselves work.
const QUICK: Extent = Extent {
    starts: 2,
    plans: 5,
    sessions: 8,
    rounds: 1,
    seconds: 1.0,
    events: 10,
    body: 1 << 28,
    openings: 2,
    idle: 5.0,
    frames: 90,
    keys: 20,
};

impl Settings {
    /// Reads the environment.
    pub fn read() -> Self {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let quick = std::env::var_os("CLAUDE_BOTTLE_BENCH_QUICK").is_some_and(|value| value == "1");
        Self {
            cli: path("CLAUDE_BOTTLE_BENCH_CLI"),
            mitmdump: path("CLAUDE_BOTTLE_BENCH_MITMDUMP"),
            desktop: path("CLAUDE_BOTTLE_BENCH_DESKTOP"),
            empty_window: path("CLAUDE_BOTTLE_BENCH_EMPTY_WINDOW"),
            figures: path("CLAUDE_BOTTLE_BENCH_FIGURES"),
            extent: if quick { QUICK } else { FULL },
        }
    }

    /// Where `claude-bottle` is.
    pub fn cli(&self) -> Result<&PathBuf> {
        let missing =
            "CLAUDE_BOTTLE_BENCH_CLI names no program: run the benchmarks by `cargo xtask bench`";
        self.cli.as_ref().context(missing)
    }

    /// Where `mitmdump` is.
    pub fn mitmdump(&self) -> Result<&PathBuf> {
        let missing = "CLAUDE_BOTTLE_BENCH_MITMDUMP names no program: run the benchmarks by `cargo xtask bench`";
        self.mitmdump.as_ref().context(missing)
    }

    /// Where the window's program is.
    pub fn desktop(&self) -> Result<&PathBuf> {
        let missing = "CLAUDE_BOTTLE_BENCH_DESKTOP names no program: run the benchmarks by `cargo xtask bench`";
        self.desktop.as_ref().context(missing)
    }

    /// Where the empty window's program is.
    pub fn empty_window(&self) -> Result<&PathBuf> {
        let missing = "CLAUDE_BOTTLE_BENCH_EMPTY_WINDOW names no program: run the benchmarks by `cargo xtask bench`";
        self.empty_window.as_ref().context(missing)
    }
}
