//! Claude's terminal: one reader of what it prints, any number of views, one writer of what is typed.
//!
//! What is printed goes into one scrollback, and every view has its own place in it. Nothing is read while a view has more than
//! [`WINDOW`] bytes before it that its window did not acknowledge, so an open view misses nothing and memory stays bounded; claude
//! waits then, as it would for a slow terminal. Without a view everything is read and the oldest forgotten.

mod curtain;
mod screen;
mod scrollback;
mod sequence;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bottle_core::guest::{ByteReader, ByteWriter, Exit, Resize, Terminal, TerminalSize};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use screen::{Screen, Take};

/// Most bytes before a view that were not acknowledged, above which nothing more is read.
pub const WINDOW: u64 = 1 << 20;
/// Most bytes that are read or handed on at once.
const CHUNK: usize = 64 << 10;
/// Most typed bytes that wait for claude to read them.
const TYPED: usize = 32 << 20;
/// How soon after one piece the next small one is handed on: a window paints sixty times a second.
const PACE: Duration = Duration::from_millis(8);
/// How long claude may take until it draws, before its size is changed all the same.
const STARTS: Duration = Duration::from_secs(5);
/// How long claude may take to draw anew for another size, before the old picture is shown all the same.
const DRAWS: Duration = Duration::from_secs(1);
/// Rows or columns that make sense at most.
const MOST: u16 = 2_000;

/// Names one view of one terminal. Never used twice by a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewNumber(pub u32);

impl std::fmt::Display for ViewNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The size that is asked for, and how often it was asked to be drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    size: TerminalSize,
    redraws: u32,
}

/// Claude on its terminal. Dropping it closes the terminal; claude itself ends with its bottle.
pub(super) struct Hosted {
    screen: Arc<Screen>,
    typed: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    wanted: watch::Sender<Wanted>,
    _tasks: [AbortOnDropHandle<()>; 3],
}

/// A size that no program trips over.
pub(super) fn sensible(size: TerminalSize) -> TerminalSize {
    TerminalSize {
        rows: size.rows.clamp(2, MOST),
        columns: size.columns.clamp(2, MOST),
    }
}

impl Hosted {
    /// Takes a terminal over. Has to be called within the runtime.
    pub(super) fn new(terminal: Terminal, size: TerminalSize) -> (Self, Box<dyn Exit>) {
        let Terminal {
            input,
            output,
            resize,
            exit,
        } = terminal;
        let screen = Arc::new(Screen::default());
        let (typed, to_type) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let started = Wanted { size, redraws: 0 };
        let (wanted, sizes) = watch::channel(started);
        let start = |work| AbortOnDropHandle::new(work);
        let tasks = [
            start(tokio::spawn(read(Arc::clone(&screen), output))),
            start(tokio::spawn(write(input, to_type, Arc::clone(&waiting)))),
            start(tokio::spawn(size_up(
                Arc::clone(&screen),
                resize,
                sizes,
                started,
            ))),
        ];
        let hosted = Self {
            screen,
            typed,
            waiting,
            wanted,
            _tasks: tasks,
        };
        (hosted, exit)
    }

    /// Opens a view of this size. Claude draws anew where the view's first bytes are not the whole of what was printed; what it drew
    /// for another size is not shown.
    pub(super) fn open(&self, number: ViewNumber, size: TerminalSize) -> View {
        if self.wanted.borrow().size != size {
            self.screen.hide();
        }
        let whole = self.screen.open(number);
        self.wanted.send_modify(|wanted| {
            if !whole && wanted.size == size {
                wanted.redraws += 1;
            }
            wanted.size = size;
        });
        View {
            number,
            changed: self.screen.changes(),
            screen: Arc::clone(&self.screen),
            last: None,
        }
    }

    pub(super) fn resize(&self, size: TerminalSize) {
        if self.wanted.borrow().size != size {
            self.screen.hide_unseen();
        }
        self.wanted.send_modify(|wanted| wanted.size = size);
    }

    /// Takes what was typed, after everything that was typed before; `false` where too much waits already or claude has ended.
    pub(super) fn type_bytes(&self, bytes: Vec<u8>) -> bool {
        let count = bytes.len();
        let before = self.waiting.fetch_add(count, Ordering::Relaxed);
        let taken = before + count <= TYPED && self.typed.send(bytes).is_ok();
        if !taken {
            self.waiting.fetch_sub(count, Ordering::Relaxed);
        }
        taken
    }

    /// Notes that a view's window has shown so many bytes; `false` where the view is not of this terminal.
    pub(super) fn acknowledge(&self, view: ViewNumber, bytes: u32) -> bool {
        self.screen.acknowledge(view, bytes)
    }

    /// Closes a view; `false` where it is not of this terminal.
    pub(super) fn close(&self, view: ViewNumber) -> bool {
        self.screen.close(view)
    }

    /// Waits for the last words of a claude that has ended, however slow its views are.
    pub(super) async fn drain(&self, limit: Duration) {
        self.screen.let_go();
        drop(tokio::time::timeout(limit, self.screen.ended()).await);
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.screen.end();
    }
}

async fn read(screen: Arc<Screen>, mut output: ByteReader) {
    let mut buffer = vec![0; CHUNK];
    loop {
        screen.room().await;
        match output.read(&mut buffer).await {
            Ok(count @ 1..) => screen.print(buffer.get(..count).unwrap_or_default()),
            Ok(0) => break,
            Err(error) => {
                tracing::debug!(%error, "the terminal's output broke off");
                break;
            }
        }
    }
    screen.end();
}

async fn write(
    mut input: ByteWriter,
    mut typed: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
) {
    while let Some(bytes) = typed.recv().await {
        let written = async {
            input.write_all(&bytes).await?;
            input.flush().await
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "the terminal takes no input any more");
            break;
        }
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}

/// Tells claude every size that is wanted, beginning with the one that it was started with.
async fn size_up(
    screen: Arc<Screen>,
    resize: Box<dyn Resize>,
    mut sizes: watch::Receiver<Wanted>,
    started: Wanted,
) {
    let mut known = started;
    // A program that is on its way misses a change of its size, and an engine loses one for a program that is not there yet.
    let mut listens = tokio::time::timeout(STARTS, screen.listens()).await.is_ok();
    let mut missed = false;
    loop {
        let wanted = *sizes.borrow_and_update();
        if wanted != known || missed {
            screen.await_picture();
            tell(&*resize, known.size, wanted.size).await;
            if screen.hides() {
                drop(tokio::time::timeout(DRAWS, screen.has_picture()).await);
            }
        }
        known = wanted;
        missed = false;
        if sizes.has_changed().is_ok_and(|changed| !changed) {
            screen.show_all();
        }
        tokio::select! {
            changed = sizes.changed() => if changed.is_err() {
                return;
            },
            () = screen.listens(), if !listens => {
                listens = true;
                missed = known.size != started.size;
            }
        }
    }
}

async fn tell(resize: &dyn Resize, known: TerminalSize, wanted: TerminalSize) {
    let mut next = vec![wanted];
    if wanted == known {
        // A program draws anew only where its size is another one.
        let smaller = TerminalSize {
            rows: wanted.rows - 1,
            ..wanted
        };
        next.insert(0, smaller);
    }
    for size in next {
        if let Err(error) = resize.resize(size).await {
            tracing::debug!(%error, "the terminal's size was not changed");
        }
    }
}

/// One place at which a terminal is looked at: everything that is kept of it, then what comes. Dropping it closes it.
pub struct View {
    number: ViewNumber,
    screen: Arc<Screen>,
    changed: watch::Receiver<()>,
    last: Option<Instant>,
}

impl View {
    /// Its number.
    #[must_use]
    pub const fn number(&self) -> ViewNumber {
        self.number
    }

    /// Waits for the next bytes, at most 64 KiB; `None` once all was handed on and claude's terminal or the view is closed. Cancel
    /// safe.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            self.changed.mark_unchanged();
            let soon = self.last.map(|last| PACE.saturating_sub(last.elapsed()));
            let hurried = soon.is_none_or(|soon| soon.is_zero());
            match self.screen.take(self.number, CHUNK, hurried) {
                Take::Bytes(bytes) => {
                    self.last = Some(Instant::now());
                    return Some(bytes);
                }
                Take::Later => tokio::time::sleep(soon.unwrap_or_default()).await,
                // The sender lives as long as the screen, which this holds.
                Take::Nothing => drop(self.changed.changed().await),
                Take::End => return None,
            }
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.screen.close(self.number);
    }
}
