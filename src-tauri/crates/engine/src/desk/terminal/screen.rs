//! The scrollback of one terminal with the places of its views, and when more may be read.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::curtain::Curtain;
use super::scrollback::Scrollback;
use super::{ViewNumber, WINDOW};

/// What a view can be handed.
pub(super) enum Take {
    /// These bytes.
    Bytes(Vec<u8>),
    /// So little that it can wait for more.
    Later,
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
}

/// Where a view is.
struct Place {
    replay: Vec<u8>,
    replayed: usize,
    next: u64,
    sent: u64,
    acknowledged: u64,
}

impl Place {
    fn replay_left(&self) -> u64 {
        let left = self.replay.len() - self.replayed;
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}

#[derive(Default)]
struct Inner {
    log: Scrollback,
    /// Up to here some view has shown what was printed, and its terminal has answered what it was asked.
    shown: u64,
    views: BTreeMap<ViewNumber, Place>,
    let_go: bool,
    ended: bool,
    curtain: Curtain,
}

impl Inner {
    fn has_room(&self) -> bool {
        let end = self.log.end();
        let waiting = |place: &Place| {
            place.replay_left()
                + end.saturating_sub(place.next)
                + place.sent.saturating_sub(place.acknowledged)
        };
        self.let_go || self.views.values().all(|place| waiting(place) <= WINDOW)
    }
}

/// One terminal's screen, shared by its reader and its views.
#[derive(Default)]
pub(super) struct Screen {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
    freed: Notify,
}

impl Screen {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells when there is something to take, or the end.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Waits until every view has room for more. For one reader.
    pub(super) async fn room(&self) {
        while !self.inner().has_room() {
            self.freed.notified().await;
        }
    }

    /// Adds what was printed.
    pub(super) fn print(&self, bytes: &[u8]) {
        let mut inner = self.inner();
        let needed = inner.views.values().map(|place| place.next).min();
        inner.log.push(bytes, needed.unwrap_or(u64::MAX));
        let Inner { log, curtain, .. } = &mut *inner;
        curtain.note(log, bytes.len());
        drop(inner);
        self.changed.send_replace(());
    }

    /// Adds a view at the oldest byte that is kept; `false` where older ones were forgotten.
    pub(super) fn open(&self, view: ViewNumber) -> bool {
        let mut inner = self.inner();
        let place = Place {
            replay: inner.log.replay(inner.shown),
            replayed: 0,
            next: inner.shown.max(inner.log.start()),
            sent: 0,
            acknowledged: 0,
        };
        inner.views.insert(view, place);
        inner.log.start() == 0
    }

    /// Takes the next bytes of a view. What is little may wait where nobody is in a hurry.
    pub(super) fn take(&self, view: ViewNumber, most: usize, hurried: bool) -> Take {
        let mut guard = self.inner();
        let Inner {
            log,
            shown,
            views,
            curtain,
            let_go,
            ended,
        } = &mut *guard;
        let Some(place) = views.get_mut(&view) else {
            return Take::End;
        };
        let hides = curtain.at().filter(|_| !*let_go && !*ended);
        let hidden = hides.map(|at| usize::try_from(at.saturating_sub(place.next)));
        let most = match hidden {
            Some(Ok(0)) => return Take::Nothing,
            Some(Ok(left)) => most.min(left),
            Some(Err(_)) | None => most,
        };
        let bytes = if place.replayed < place.replay.len() {
            let rest = place.replay.get(place.replayed..).unwrap_or_default();
            let bytes = rest.get(..most).unwrap_or(rest).to_vec();
            place.replayed += bytes.len();
            if place.replayed == place.replay.len() {
                place.replay = Vec::new();
                place.replayed = 0;
            }
            bytes
        } else {
            let bytes = log.read(place.next, most).to_vec();
            if !hurried && !bytes.is_empty() && bytes.len() < most && !*ended {
                return Take::Later;
            }
            place.next += u64::try_from(bytes.len()).unwrap_or_default();
            *shown = place.next.max(*shown);
            bytes
        };
        place.sent += u64::try_from(bytes.len()).unwrap_or_default();
        if !bytes.is_empty() {
            return Take::Bytes(bytes);
        }
        if *ended { Take::End } else { Take::Nothing }
    }

    /// Notes what a view's window has shown; `false` where there is no such view.
    pub(super) fn acknowledge(&self, view: ViewNumber, bytes: u32) -> bool {
        let mut inner = self.inner();
        let Some(place) = inner.views.get_mut(&view) else {
            return false;
        };
        place.acknowledged = (place.acknowledged + u64::from(bytes)).min(place.sent);
        drop(inner);
        self.freed.notify_one();
        true
    }

    /// Removes a view; `false` where there is no such view.
    pub(super) fn close(&self, view: ViewNumber) -> bool {
        let known = self.inner().views.remove(&view).is_some();
        self.freed.notify_one();
        self.changed.send_replace(());
        known
    }

    /// Lets everything be read from now on, whatever the views acknowledged: what comes now is the end.
    pub(super) fn let_go(&self) {
        self.inner().let_go = true;
        self.freed.notify_one();
    }

    /// Says that nothing more is printed.
    pub(super) fn end(&self) {
        self.inner().ended = true;
        self.changed.send_replace(());
    }

    /// Waits until the program draws and listens, or never will.
    pub(super) async fn listens(&self) {
        self.until(|inner| inner.ended || inner.curtain.listens())
            .await;
    }

    /// Hides what was or will be drawn for another size, until [`Self::show_all`].
    pub(super) fn hide(&self) {
        self.inner().curtain.fall();
    }

    /// Hides what was or will be drawn for another size from a view that is not open yet.
    pub(super) fn hide_unseen(&self) {
        let mut inner = self.inner();
        if inner.views.is_empty() {
            inner.curtain.fall();
        }
    }

    /// Shows everything.
    pub(super) fn show_all(&self) {
        self.inner().curtain.lift();
        self.changed.send_replace(());
    }

    /// Whether something is hidden.
    pub(super) fn hides(&self) -> bool {
        self.inner().curtain.is_down()
    }

    /// A picture counts as new from now on.
    pub(super) fn await_picture(&self) {
        self.inner().curtain.await_picture();
    }

    /// Waits until a new picture was begun, or none will be.
    pub(super) async fn has_picture(&self) {
        self.until(|inner| inner.ended || inner.curtain.has_picture())
            .await;
    }

    /// Waits until nothing more is printed.
    pub(super) async fn ended(&self) {
        self.until(|inner| inner.ended).await;
    }

    async fn until(&self, holds: fn(&Inner) -> bool) {
        let mut changed = self.changes();
        loop {
            changed.mark_unchanged();
            if holds(&self.inner()) {
                return;
            }
            drop(changed.changed().await);
        }
    }
}
