//! Closes a guest's connection that does nothing: that stays silent, or sends a request's head drop by drop.
//!
//! It sits below HTTP and knows of it only what [`Activity`] counts. While a request is in flight it never closes: what may be
//! slow then has limits of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// What a written response takes at most to leave this process.
const MOMENT: Duration = Duration::from_millis(100);

/// Requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU32,
    in_flight: AtomicU32,
}

impl Activity {
    /// Counts a request until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Whether there was any request.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > 0
    }

    /// Waits until nothing is in flight, and has not been for a moment in which what was last can still be written.
    pub(super) async fn quiet(&self) {
        let mut quiet = false;
        loop {
            sleep(MOMENT).await;
            let now = self.in_flight.load(Ordering::Relaxed) == 0;
            if now && quiet {
                return;
            }
            quiet = now;
        }
    }
}

/// A request in flight.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that ends with an error where it does nothing.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    idle: Duration,
    head: Option<Duration>,
    begun: u32,
    /// Bytes came since the timer was set.
    moved: bool,
    /// Bytes came that have not become a request yet.
    partial: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// What the timer runs for.
    for_head: bool,
}

impl<S> Watched<S> {
    /// Watches a stream. The limit for heads is for HTTP/1 only: HTTP/2 sends frames that are no requests.
    pub(super) fn new(
        stream: S,
        activity: Arc<Activity>,
        idle: Duration,
        head: Option<Duration>,
    ) -> Self {
        Self {
            stream,
            activity,
            idle,
            head,
            begun: 0,
            moved: false,
            partial: false,
            timer: None,
            for_head: false,
        }
    }

    fn came(&mut self) {
        self.moved = true;
        self.partial = true;
    }

    fn poll_limits(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let begun = self.activity.begun.load(Ordering::Relaxed);
        let busy = self.activity.in_flight.load(Ordering::Relaxed) > 0;
        if busy || begun != self.begun {
            self.begun = begun;
            self.partial = false;
        }
        if let Some(head) = self.head
            && self.partial
            && !self.for_head
        {
            self.for_head = true;
            self.set(head);
        }
        loop {
            let idle = self.idle;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(idle)));
            ready!(timer.as_mut().poll(cx));
            let late = if self.for_head {
                self.partial
            } else {
                !busy && !self.moved
            };
            if late {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.for_head = false;
            self.moved = false;
            self.set(idle);
        }
    }

    fn set(&mut self, limit: Duration) {
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(Instant::now() + limit),
            None => self.timer = Some(Box::pin(sleep(limit))),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(done) => {
                if buffer.filled().len() > before {
                    self.came();
                }
                Poll::Ready(done)
            }
            Poll::Pending => match ready!(self.poll_limits(cx)) {
                Ok(()) => Poll::Pending,
                Err(late) => Poll::Ready(Err(late)),
            },
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
