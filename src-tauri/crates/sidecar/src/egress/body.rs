//! The one body type of the door: passes frames on as they come, in either direction, and gives up on one that stalls.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::headers::clean_trailers;
use super::pool::Lease;
use super::watch::InFlight;
use crate::error::SidecarError;
use crate::state::Tunnel;

/// A body on its way through.
#[derive(Default)]
pub struct Body {
    content: Content,
    of_guest: bool,
    lease: Option<Lease>,
    in_flight: Option<InFlight>,
    tunnel: Option<Tunnel>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Whole(Bytes),
    Stream(Incoming, Stall),
}

impl Body {
    /// A body that is known whole.
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self {
            content: Content::Whole(bytes.into()),
            ..Self::default()
        }
    }

    /// The body of an upstream, passed on as it comes.
    pub(super) fn download(incoming: Incoming, limit: Duration) -> Self {
        if incoming.is_end_stream() {
            return Self::default();
        }
        Self {
            content: Content::Stream(incoming, Stall::new(limit)),
            ..Self::default()
        }
    }

    /// The body of the guest, passed on as it comes, without credentials in its trailers.
    pub(super) fn upload(incoming: Incoming, limit: Duration) -> Self {
        Self {
            of_guest: true,
            ..Self::download(incoming, limit)
        }
    }

    /// Gives the connection back once the body has ended.
    pub(super) fn with_lease(mut self, lease: Lease) -> Self {
        if self.is_end_stream() {
            lease.give_back();
        } else {
            self.lease = Some(lease);
        }
        self
    }

    /// Counts the request as in flight until the body is dropped.
    pub(super) fn count(&mut self, in_flight: InFlight) {
        self.in_flight = Some(in_flight);
    }

    /// Keeps a request in the list of what a change of rules closes.
    pub(super) fn keep(&mut self, tunnel: Tunnel) {
        self.tunnel = Some(tunnel);
    }

    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = SidecarError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SidecarError>>> {
        let (frame, ended) = match &mut self.content {
            Content::Empty => return Poll::Ready(None),
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            Content::Stream(incoming, stall) => match Pin::new(&mut *incoming).poll_frame(cx) {
                Poll::Ready(frame) => {
                    stall.moved = true;
                    let ended = frame.is_none() || incoming.is_end_stream();
                    (frame, ended)
                }
                Poll::Pending => {
                    ready!(stall.poll(cx));
                    return Poll::Ready(Some(Err(SidecarError::BodyStalled)));
                }
            },
        };
        if ended && !matches!(frame, Some(Err(_))) {
            self.end();
        }
        let frame = frame.map(|frame| frame.map_err(|source| SidecarError::Body { source }));
        Poll::Ready(match frame {
            Some(Ok(mut frame)) if self.of_guest => {
                if let Some(trailers) = frame.trailers_mut() {
                    clean_trailers(trailers);
                }
                Some(Ok(frame))
            }
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Stream(incoming, _) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Whole(bytes) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or_default())
            }
            Content::Stream(incoming, _) => incoming.size_hint(),
        }
    }
}

/// Notices that nothing moves. It looks once per limit instead of being set again for every frame.
pub(super) struct Stall {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    moved: bool,
}

impl Stall {
    pub(super) const fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            moved: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        loop {
            ready!(timer.as_mut().poll(cx));
            if !std::mem::take(&mut self.moved) {
                return Poll::Ready(());
            }
            timer.as_mut().reset(Instant::now() + limit);
        }
    }
}
