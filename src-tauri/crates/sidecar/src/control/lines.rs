//! Lines of a limited length, in memory that is zeroed: a line may carry credentials.

use std::io;

use bottle_core::control::MAX_LINE;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

/// What is read at once; most lines fit.
const CHUNK: usize = 4096;

/// Cuts a stream into lines.
pub(super) struct Lines<R> {
    from: R,
    chunk: Zeroizing<[u8; CHUNK]>,
    /// The part of the chunk that was not looked at yet.
    rest: std::ops::Range<usize>,
    line: Zeroizing<Vec<u8>>,
}

/// A line, without its end.
pub(super) enum Line {
    Text(Zeroizing<Vec<u8>>),
    TooLong,
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            chunk: Zeroizing::new([0; CHUNK]),
            rest: 0..0,
            line: Zeroizing::default(),
        }
    }

    /// Reads the next line. Cancel safe: what was read is kept.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let rest = self.chunk.get(self.rest.clone()).unwrap_or_default();
            let end = rest.iter().position(|byte| *byte == b'\n');
            let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if self.line.len() + part.len() > MAX_LINE {
                return Ok(Line::TooLong);
            }
            append(&mut self.line, part);
            self.rest.start += part.len() + usize::from(end.is_some());
            if end.is_some() {
                return Ok(Line::Text(std::mem::take(&mut self.line)));
            }
            let count = self.from.read(&mut *self.chunk).await?;
            if count == 0 {
                return Ok(Line::End);
            }
            self.rest = 0..count;
        }
    }
}

/// Appends without leaving a copy behind: growing in place would free the old memory as it is.
fn append(line: &mut Zeroizing<Vec<u8>>, part: &[u8]) {
    let needed = line.len() + part.len();
    if needed > line.capacity() {
        let mut grown = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two().max(CHUNK)));
        grown.extend_from_slice(line);
        *line = grown;
    }
    line.extend_from_slice(part);
}
