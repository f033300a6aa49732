//! The person's terminal: raw while claude is shown on it, as it was before afterwards.

use std::io::{IsTerminal, Read, Write};

use bottle_core::guest::{Terminal, TerminalSize};
use bottle_core::secret::Secret;
use bottle_engine::{EngineError, Live, Outcome};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::compat::{FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt};

use crate::signals::Ending;

/// Bytes that are moved at once.
const BUFFER: usize = 64 << 10;

/// Gives back what claude takes of a terminal and leaves taken where it cannot end by itself: attributes, synchronised output, the
/// mouse, focus, pasted text, keyboard protocols, arrow keys, the other screen, the cursor.
const GIVE_BACK: &[u8] = b"\x1b[0m\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[>4;0m\x1b[?1l\x1b>\x1b[?1049l\x1b[?25h";

/// Whether both ends of the conversation are a terminal.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn size() -> TerminalSize {
    match tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => TerminalSize {
            rows: size.ws_row,
            columns: size.ws_col,
        },
        _ => TerminalSize {
            rows: 24,
            columns: 80,
        },
    }
}

fn restore(before: &Termios) {
    if let Err(error) = tcsetattr(std::io::stdin(), OptionalActions::Drain, before) {
        // A terminal that closed cannot be restored, and need not be.
        tracing::debug!(%error, "the terminal was not restored");
    }
}

/// Makes the terminal raw until it is dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn enter() -> Self {
        let Ok(before) = tcgetattr(std::io::stdin()) else {
            return Self(None);
        };
        let mut raw = before.clone();
        raw.make_raw();
        let entered = tcsetattr(std::io::stdin(), OptionalActions::Now, &raw);
        Self(entered.is_ok().then_some(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            restore(before);
        }
    }
}

/// Shows claude on the terminal until it ends, the bottle ends, or the terminal closes.
pub async fn run(live: &Live, ending: &mut Ending) -> Result<Outcome, EngineError> {
    let mut resized = signal(SignalKind::window_change()).map_err(no_signals)?;
    let Terminal {
        input,
        output,
        resize,
        mut exit,
    } = live.attach(size()).await?;
    let raw = Raw::enter();
    let mut typing = tokio::spawn(type_into(input.compat_write()));
    let mut showing = tokio::spawn(show(output.compat()));
    let mut typed_all = false;
    let ended = live.ended();
    tokio::pin!(ended);
    let outcome = loop {
        tokio::select! {
            code = exit.wait() => break match code {
                Ok(code) => Outcome::Exited(code),
                Err(error) => Outcome::Interrupted(format!("the connection to claude broke: {error}")),
            },
            part = &mut ended => break Outcome::Interrupted(match part {
                Ok(bottle_core::backend::Part::Bundle) => "the bundle died, and with it the doors".into(),
                Ok(bottle_core::backend::Part::Guest) => "the bottle was stopped".into(),
                Err(error) => format!("the engine does not answer any more: {error}"),
            }),
            why = ending.wait() => break Outcome::Interrupted(why.into()),
            _ = resized.recv() => drop(resize.resize(size()).await),
            // The end of input is the end of the terminal: nobody is there any more.
            _ = &mut typing, if !typed_all => {
                typed_all = true;
                if !is_interactive() { break Outcome::Interrupted("the terminal closed".into()); }
            }
        }
    };
    typing.abort();
    if matches!(outcome, Outcome::Exited(_)) {
        // The last words are still on their way.
        drop(tokio::time::timeout(std::time::Duration::from_secs(2), &mut showing).await);
    }
    showing.abort();
    if outcome != Outcome::Exited(0) {
        let mut stdout = std::io::stdout();
        // A terminal that closed takes nothing back.
        drop(stdout.write_all(GIVE_BACK).and_then(|()| stdout.flush()));
    }
    drop(raw);
    Ok(outcome)
}

fn no_signals(source: std::io::Error) -> EngineError {
    EngineError::File {
        action: "listen to signals of",
        path: "this process".into(),
        source,
    }
}

async fn type_into(mut input: impl AsyncWriteExt + Unpin) {
    let mut stdin = tokio::io::stdin();
    let mut buffer = vec![0; BUFFER];
    while let Ok(count) = stdin.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        if input.write_all(bytes).await.is_err() || input.flush().await.is_err() {
            break;
        }
    }
}

async fn show(mut output: impl AsyncReadExt + Unpin) {
    let mut stdout = tokio::io::stdout();
    let mut buffer = vec![0; BUFFER];
    while let Ok(count) = output.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        if stdout.write_all(bytes).await.is_err() || stdout.flush().await.is_err() {
            break;
        }
    }
}

/// Asks a question on the terminal and reads one line; `None` where the input has ended.
pub fn ask(question: &str) -> std::io::Result<Option<String>> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{question} ")?;
    stderr.flush()?;
    let mut line = String::new();
    let count = std::io::stdin().read_line(&mut line)?;
    Ok((count > 0).then(|| line.trim().to_owned()))
}

/// Asks for a secret: what is typed is not shown. Reads all of standard input where that is no terminal.
pub async fn ask_secret(question: &'static str) -> anyhow::Result<Secret<String>> {
    if !std::io::stdin().is_terminal() {
        return Ok(tokio::task::spawn_blocking(read_secret).await??);
    }
    let mut ending = Ending::new()?;
    let hidden = Hidden::enter()?;
    let answer = tokio::select! {
        answer = tokio::task::spawn_blocking(move || ask(question).map(|typed| typed.map(Secret::new))) => {
            answer??.ok_or_else(|| EngineError::Cancelled.into())
        }
        _ = ending.wait() => Err(EngineError::Cancelled.into()),
    };
    drop(hidden);
    answer
}

/// Largest secret that is read, in bytes; a longer one is refused when it is checked.
const SECRET: usize = 64 << 10;

fn read_secret() -> std::io::Result<Secret<String>> {
    // Room for all of it from the start: a text that grows leaves copies of itself behind.
    let mut text = String::with_capacity(SECRET);
    let limit = u64::try_from(SECRET).unwrap_or(u64::MAX);
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)?;
    Ok(Secret::new(text))
}

/// Keeps what is typed from being shown until it is dropped, also when a signal ends the question.
struct Hidden(Termios);

impl Hidden {
    fn enter() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        restore(&self.0);
    }
}
