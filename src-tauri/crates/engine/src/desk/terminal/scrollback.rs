//! The latest that claude printed, as bytes with positions, and what a fresh terminal has to know before it is shown them.
//!
//! Where bytes are dropped, they are dropped up to the end of a letter or sequence, and the modes that they set are remembered: a
//! terminal that begins in the midst still pastes, scrolls and shows its cursor as claude believes.

use std::collections::BTreeMap;

use super::sequence::{Kind, is_answered, piece};

/// Bytes that are kept.
pub(super) const KEPT: usize = 4 << 20;
/// Bytes that may be added before the oldest are dropped: dropping moves all the others.
const SLACK: usize = 1 << 20;
/// Most modes that are remembered; terminals know far fewer.
const MODES: usize = 64;
/// Most keyboard settings that are remembered, one on top of the other.
const KEYBOARDS: usize = 8;
/// Makes a terminal new: cleared, every mode as at its beginning.
const RESET: &[u8] = b"\x1bc";
/// Shows nothing until it is reset, so it must not be set on a terminal that begins in the midst.
const SYNCHRONISED: u32 = 2026;

/// The latest that was printed.
#[derive(Debug, Default)]
pub(super) struct Scrollback {
    bytes: Vec<u8>,
    start: u64,
    modes: Modes,
}

impl Scrollback {
    /// The position of the oldest byte that is kept.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// The position after the newest byte.
    pub(super) fn end(&self) -> u64 {
        self.start + length(self.bytes.len())
    }

    /// Adds what was printed, and drops the oldest, but nothing from `needed` on.
    pub(super) fn push(&mut self, bytes: &[u8], needed: u64) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() <= KEPT + SLACK {
            return;
        }
        let surplus = self.bytes.len() - KEPT;
        let free = usize::try_from(needed.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let wanted = surplus.min(free);
        let mut dropped = 0;
        while let Some(rest) = self.bytes.get(dropped..) {
            let (count, kind) = piece(rest);
            if dropped + count > wanted || count == 0 || kind == Kind::Unfinished {
                break;
            }
            self.modes.note(rest.get(..count).unwrap_or_default(), kind);
            dropped += count;
        }
        self.bytes.drain(..dropped);
        self.start += length(dropped);
    }

    /// At most so many bytes from a position on.
    pub(super) fn read(&self, from: u64, most: usize) -> &[u8] {
        let skip = usize::try_from(from.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let rest = self.bytes.get(skip..).unwrap_or_default();
        rest.get(..most).unwrap_or(rest)
    }

    /// The newest bytes, at most so many.
    pub(super) fn latest(&self, most: usize) -> &[u8] {
        let skip = self.bytes.len().saturating_sub(most);
        self.bytes.get(skip..).unwrap_or_default()
    }

    /// What brings a terminal to where it can be shown the bytes from `seen` on: a reset, the modes, and everything before `seen`
    /// without what a terminal answers, because it was answered.
    pub(super) fn replay(&self, seen: u64) -> Vec<u8> {
        let mut replay = RESET.to_vec();
        self.modes.write(&mut replay);
        let count = usize::try_from(seen.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let mut rest = self.bytes.get(..count).unwrap_or(&self.bytes);
        while !rest.is_empty() {
            let (count, kind) = piece(rest);
            let (first, others) = rest.split_at(count.clamp(1, rest.len()));
            if !is_answered(first, kind) {
                replay.extend_from_slice(first);
            }
            rest = others;
        }
        replay
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What dropped bytes set on a terminal.
#[derive(Debug, Default)]
struct Modes {
    private: BTreeMap<u32, bool>,
    keyboards: Vec<Vec<u8>>,
    keypad: Option<u8>,
}

impl Modes {
    fn note(&mut self, piece: &[u8], kind: Kind) {
        match kind {
            Kind::Control => self.control(piece),
            Kind::Escape => match piece {
                b"\x1bc" => *self = Self::default(),
                [_, letter @ (b'=' | b'>')] => self.keypad = Some(*letter),
                _ => {}
            },
            Kind::Text | Kind::Signal | Kind::Words | Kind::Unfinished => {}
        }
    }

    fn control(&mut self, piece: &[u8]) {
        let (Some(mark), Some(last)) = (piece.get(2), piece.last()) else {
            return;
        };
        match (mark, last) {
            (b'?', b'h' | b'l') => {
                let inner = piece.get(3..piece.len() - 1).unwrap_or_default();
                let numbers = std::str::from_utf8(inner).unwrap_or_default();
                for number in numbers.split(';').filter_map(|text| text.parse().ok()) {
                    let known = self.private.contains_key(&number);
                    if number != SYNCHRONISED && (known || self.private.len() < MODES) {
                        self.private.insert(number, *last == b'h');
                    }
                }
            }
            (b'>', b'u' | b'm') if self.keyboards.len() < KEYBOARDS && piece.len() < 32 => {
                self.keyboards.push(piece.to_vec());
            }
            (b'<', b'u') => drop(self.keyboards.pop()),
            _ => {}
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        for (number, set) in &self.private {
            let letter = if *set { 'h' } else { 'l' };
            to.extend_from_slice(format!("\x1b[?{number}{letter}").as_bytes());
        }
        for keyboard in &self.keyboards {
            to.extend_from_slice(keyboard);
        }
        to.extend(self.keypad.iter().flat_map(|letter| [0x1b, *letter]));
    }
}
