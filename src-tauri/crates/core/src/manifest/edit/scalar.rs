//! Writes text as YAML that reads as that text again, here and in every other reader: plain where nothing can be misread, else quoted.

/// How a scalar was written before, so that a new value is quoted like the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// None, or no old value.
    AsNeeded,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
}

impl Quotes {
    /// Reads the style off the old value's text.
    pub(super) fn of(written: &str) -> Self {
        match written.as_bytes().first() {
            Some(b'\'') => Self::Single,
            Some(b'"') => Self::Double,
            _ => Self::AsNeeded,
        }
    }
}

/// Writes text on one line.
pub(super) fn write(text: &str, quotes: Quotes) -> String {
    if text.chars().any(needs_escape) || quotes == Quotes::Double {
        return double(text);
    }
    if quotes == Quotes::Single || !is_plain(text) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

fn double(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            c if needs_escape(c) => written.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

/// Characters that break a line, or that no reader shows: all lie below U+10000.
const fn needs_escape(c: char) -> bool {
    c.is_ascii_control()
        || matches!(
            c,
            '\u{80}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether the text means itself without quotes, in a block and between brackets alike. Narrower than YAML allows.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts_well = first.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '_' | '.'));
    let inner = |c: char| c.is_alphanumeric() || " _-./@+=()*$;<>^~%".contains(c);
    let colons_are_inner = text.match_indices(':').all(|(at, _)| {
        text.get(at + 1..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '/'))
    });
    starts_well
        && text.chars().all(|c| inner(c) || c == ':')
        && colons_are_inner
        && !text.ends_with(' ')
        && !text.starts_with("...")
        && !reads_as_something_else(text)
}

/// Words and numbers that some reader of YAML takes for no text.
fn reads_as_something_else(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf",
    ];
    let lower = text.to_ascii_lowercase();
    let digits_first = lower
        .trim_start_matches('.')
        .starts_with(|c: char| c.is_ascii_digit());
    // Dates, times and base-60 numbers of YAML 1.1 are digits with signs between them.
    let only_number_signs = lower
        .chars()
        .all(|c| c.is_ascii_hexdigit() || "xo_-+.: tz".contains(c));
    WORDS.contains(&lower.as_str())
        || (digits_first && only_number_signs)
        || lower.parse::<f64>().is_ok()
}
