//! Takes what a program prints on a terminal apart: text, control characters, escape sequences. Draws nothing.
//!
//! What a program prints comes from inside the bottle: a sequence without an end is cut, and nothing here fails.

/// Longest text without an end of its own that is taken at once, in bytes.
const TEXT: usize = 1 << 10;
/// Longest escape sequence; what is longer is taken for text.
const SEQUENCE: usize = 1 << 20;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, or a control character that moves the cursor.
    Text,
    /// A control character that rings or asks.
    Signal,
    /// `ESC [` to its last letter.
    Control,
    /// `ESC ]`, `ESC P`, `ESC X`, `ESC ^` or `ESC _` to its end.
    Words,
    /// Any other escape sequence.
    Escape,
    /// The beginning of a sequence, up to the end of what there is.
    Unfinished,
}

/// The length and kind of the piece at the beginning of these bytes. The length is 0 only where there are none.
pub(super) fn piece(bytes: &[u8]) -> (usize, Kind) {
    match bytes.first() {
        None => (0, Kind::Text),
        Some(&ESCAPE) => escape(bytes),
        Some(&(BELL | 0x05)) => (1, Kind::Signal),
        Some(..0x20) => (1, Kind::Text),
        Some(_) => (text(bytes), Kind::Text),
    }
}

/// Up to the next control character, or to the end of a letter where it is long.
fn text(bytes: &[u8]) -> usize {
    let ends = |(place, byte): (usize, &u8)| {
        let goes_on = (0x80..0xc0).contains(byte);
        (*byte < 0x20 || (place >= TEXT && !goes_on)).then_some(place)
    };
    let found = bytes.iter().enumerate().find_map(ends);
    found.unwrap_or(bytes.len())
}

fn escape(bytes: &[u8]) -> (usize, Kind) {
    let Some(second) = bytes.get(1) else {
        return (1, Kind::Unfinished);
    };
    match second {
        b'[' => until(
            bytes,
            2,
            |byte| !(0x20..0x40).contains(&byte),
            Kind::Control,
        ),
        b']' | b'P' | b'X' | b'^' | b'_' => words(bytes, *second),
        0x20..0x30 => until(bytes, 2, |byte| !(0x20..0x30).contains(&byte), Kind::Escape),
        0x30..0x7f => (2, Kind::Escape),
        // Not a sequence: the escape alone has no effect.
        _ => (1, Kind::Text),
    }
}

/// Up to the byte that ends a sequence; a control character breaks it off and is no part of it.
fn until(bytes: &[u8], from: usize, ends: fn(u8) -> bool, kind: Kind) -> (usize, Kind) {
    let rest = bytes.iter().enumerate().skip(from).take(SEQUENCE);
    for (place, byte) in rest {
        if ends(*byte) {
            let whole = (0x30..0x7f).contains(byte);
            return if whole {
                (place + 1, kind)
            } else {
                (place, Kind::Text)
            };
        }
    }
    unfinished(bytes)
}

fn words(bytes: &[u8], opened: u8) -> (usize, Kind) {
    let rest = bytes.iter().enumerate().skip(2).take(SEQUENCE);
    for (place, byte) in rest {
        match *byte {
            BELL if opened == b']' => return (place + 1, Kind::Words),
            // Either breaks it off.
            0x18 | 0x1a => return (place + 1, Kind::Text),
            ESCAPE => {
                return match bytes.get(place + 1) {
                    Some(b'\\') => (place + 2, Kind::Words),
                    Some(_) => (place, Kind::Text),
                    None => (bytes.len(), Kind::Unfinished),
                };
            }
            _ => {}
        }
    }
    unfinished(bytes)
}

fn unfinished(bytes: &[u8]) -> (usize, Kind) {
    if bytes.len() > SEQUENCE {
        (SEQUENCE, Kind::Text)
    } else {
        (bytes.len(), Kind::Unfinished)
    }
}

/// Whether a terminal answers a piece, or rings at it: a second look at what was printed must do neither.
pub(super) fn is_answered(piece: &[u8], kind: Kind) -> bool {
    let last = piece.last().copied().unwrap_or_default();
    match kind {
        Kind::Signal => true,
        Kind::Text | Kind::Unfinished => false,
        Kind::Escape => piece == b"\x1bZ",
        Kind::Control => match last {
            b'c' | b'n' => true,
            // Of its version, of its keyboard, of a mode; without the mark these set something.
            b'q' => piece.get(2) == Some(&b'>'),
            b'u' => piece.get(2) == Some(&b'?'),
            b'p' => piece.iter().rev().nth(1) == Some(&b'$'),
            b'x' => true,
            b't' => is_report(piece),
            _ => false,
        },
        Kind::Words => {
            let asks = piece.windows(2).any(|pair| pair == b";?");
            let notifies = [&b"\x1b]9;"[..], b"\x1b]777;", b"\x1b]52;", b"\x1b]99;"];
            let begins = |start: &&[u8]| piece.starts_with(start);
            match piece.get(1) {
                Some(b']') => asks || notifies.iter().any(begins),
                Some(b'P') => piece.starts_with(b"\x1bP$q") || piece.starts_with(b"\x1bP+q"),
                // Pictures of other terminals' making, which are answered too.
                Some(b'_') => true,
                _ => false,
            }
        }
    }
}

/// Whether `CSI … t` asks for something of the window.
fn is_report(piece: &[u8]) -> bool {
    let digits = piece.get(2..).unwrap_or_default();
    let number = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_u32, |sum, byte| {
            sum.saturating_mul(10)
                .saturating_add(u32::from(byte - b'0'))
        });
    matches!(number, 11 | 13..=16 | 18..=21)
}
