//! One staged session: its parts, how they stand, and its bundle.

use std::collections::BTreeSet;
use std::sync::Arc;

use bottle_core::backend::{BackendSession, Part, PartState, Resource, SessionSpec};
use bottle_core::id::{OwnerId, SessionId};
use bottle_sidecar::ca::SessionCa;
use bottle_sidecar::control::Control;
use bottle_sidecar::state::State;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A session.
pub(super) struct Session {
    pub(super) owner: OwnerId,
    pub(super) spec: SessionSpec,
    pub(super) resources: BTreeSet<Resource>,
    pub(super) guest: watch::Sender<PartState>,
    pub(super) bundle: watch::Sender<PartState>,
    pub(super) control: Control,
}

impl Session {
    pub(super) fn new(spec: &SessionSpec, owner: OwnerId) -> Self {
        let resource = |kind: &str, part: &str| Resource {
            kind: kind.into(),
            name: format!("{}-{part}", spec.id),
            session: Some(spec.id.clone()),
        };
        Self {
            owner,
            spec: spec.clone(),
            resources: [
                resource("container", "agent"),
                resource("container", "bundle"),
                resource("volume", "doors"),
            ]
            .into(),
            guest: watch::Sender::new(PartState::Created),
            bundle: watch::Sender::new(PartState::Created),
            control: control(spec),
        }
    }

    pub(super) const fn part(&self, part: Part) -> &watch::Sender<PartState> {
        match part {
            Part::Guest => &self.guest,
            Part::Bundle => &self.bundle,
        }
    }

    pub(super) fn end(&self, part: Part, code: Option<i32>) {
        if part == Part::Bundle {
            self.control.shutdown.cancel();
        }
        self.part(part).send_if_modified(|state| {
            let runs = *state == PartState::Running;
            if runs {
                *state = PartState::Ended { code };
            }
            runs
        });
    }
}

/// A bundle of its own, with a certificate that no other life of it has.
pub(super) fn control(spec: &SessionSpec) -> Control {
    Control {
        state: Arc::new(State::default()),
        ca: Arc::new(SessionCa::generate().expect("a certificate")),
        daemons: spec.daemons.clone(),
        shutdown: CancellationToken::new(),
    }
}

/// A session as it is seen from outside.
pub(super) fn seen(id: &SessionId, session: &Session) -> BackendSession {
    BackendSession {
        id: id.clone(),
        owner: session.owner.clone(),
        guest: *session.guest.borrow(),
        bundle: *session.bundle.borrow(),
    }
}
