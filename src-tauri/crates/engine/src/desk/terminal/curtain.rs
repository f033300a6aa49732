//! What a view is not shown: a picture that claude drew for a terminal of another size, until it has drawn it anew.

use super::scrollback::Scrollback;

/// Asks what the terminal is: claude does once it has drawn, and sees changes of its size from then on (measured with 2.1.330).
const LISTENS: &[u8] = b"\x1b[c";
/// Turns to the screen of programs that fill it, on which claude draws.
const DRAWS: &[u8] = b"\x1b[?1049h";
/// Clears the screen: claude begins every whole picture with it.
const CLEARS: &[u8] = b"\x1b[2J";

/// Where the views stop, and what has been printed that matters for that.
#[derive(Debug, Default)]
pub(super) struct Curtain {
    drawn: bool,
    listens: bool,
    cleared: bool,
    awaits_drawing: bool,
    at: Option<u64>,
}

impl Curtain {
    /// Looks at what was printed last, so many bytes.
    pub(super) fn note(&mut self, log: &Scrollback, count: usize) {
        self.listens = self.listens || newest(log, count, LISTENS).is_some();
        self.cleared = self.cleared || newest(log, count, CLEARS).is_some();
        let drawn = newest(log, count, DRAWS);
        self.drawn = self.drawn || drawn.is_some();
        if let (Some(place), true) = (drawn, self.awaits_drawing) {
            self.awaits_drawing = false;
            self.at = Some(place);
        }
    }

    /// Hides what is drawn from now on, and what was drawn before.
    pub(super) const fn fall(&mut self) {
        if self.drawn {
            self.at = Some(0);
        } else {
            self.awaits_drawing = true;
        }
    }

    pub(super) const fn lift(&mut self) {
        self.at = None;
        self.awaits_drawing = false;
    }

    /// Counts from now on whether the screen is cleared.
    pub(super) const fn await_picture(&mut self) {
        self.cleared = false;
    }

    /// The position from which on nothing is shown.
    pub(super) const fn at(&self) -> Option<u64> {
        self.at
    }

    /// Whether something is hidden or is going to be.
    pub(super) const fn is_down(&self) -> bool {
        self.at.is_some() || self.awaits_drawing
    }

    /// Whether the program has asked what its terminal is.
    pub(super) const fn listens(&self) -> bool {
        self.listens
    }

    /// Whether a new picture was begun since it was waited for.
    pub(super) const fn has_picture(&self) -> bool {
        self.cleared
    }
}

/// The position of a sequence that ends within the newest bytes, so many.
fn newest(log: &Scrollback, count: usize, sequence: &[u8]) -> Option<u64> {
    let seen = log.latest(count + sequence.len() - 1);
    let mut windows = seen.windows(sequence.len());
    let place = windows.position(|part| part == sequence)?;
    let back = u64::try_from(seen.len() - place).ok()?;
    Some(log.end().saturating_sub(back))
}
