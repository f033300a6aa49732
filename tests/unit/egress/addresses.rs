//! After resolution: only public addresses are dialled, and exactly the ones that were checked.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bottle_sidecar::SidecarError;
use bottle_sidecar::egress::dial::{Pending, public};
use bottle_sidecar::egress::{CheckedDialer, Dial, Limits, Resolve};
use http::StatusCode;
use serde_json::json;

use super::world::{World, ask, get, limits, policy, rule_of};

#[derive(Clone, Default)]
struct Answers {
    addresses: Vec<IpAddr>,
    asked: Arc<AtomicUsize>,
}

impl Answers {
    fn of(addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        Self {
            addresses,
            ..Self::default()
        }
    }
}

impl Resolve for Answers {
    fn resolve<'a>(&'a self, _host: &'a str) -> Pending<'a, std::io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(self.addresses.clone()) })
    }
}

#[tokio::test]
async fn a_name_that_leads_to_private_addresses_is_refused() {
    for address in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
    ] {
        let answers = Answers::of(&[address]);
        let dialer = CheckedDialer::new(answers.clone(), &limits());
        let world = World::with_dialer(limits(), Some(Arc::new(dialer)));
        world
            .state
            .set_policy(policy(json!([{"host": "open.test"}])));
        let mut guest = world.guest("open.test").await;
        let (status, body) = ask(&mut guest, get("open.test", "/")).await;
        assert_eq!(
            (status, rule_of(&body).as_str()),
            (StatusCode::FORBIDDEN, "address"),
            "{address}"
        );
        assert_eq!(world.refused().await, "address");
        assert_eq!(
            answers.asked.load(Ordering::SeqCst),
            1,
            "resolved once, so that it cannot change"
        );
    }
}

/// A listener on loopback stands for the private service that a rebinding name points at.
#[tokio::test]
async fn a_private_address_among_public_ones_is_never_dialled() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let quick = Limits {
        connect: std::time::Duration::from_millis(50),
        ..limits()
    };
    let dialer = CheckedDialer::new(Answers::of(&["127.0.0.1", "240.0.0.1"]), &quick);
    let error = dialer.dial("rebinding.test", port).await.unwrap_err();
    assert!(
        matches!(error, SidecarError::AddressRefused { .. }),
        "{error:?}"
    );
    let accepted = std::pin::pin!(listener.accept());
    assert!(
        futures_util::poll!(accepted).is_pending(),
        "nothing connected"
    );
}

#[test]
fn only_the_public_addresses_of_a_name_are_left() {
    let all: Vec<IpAddr> = ["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]
        .iter()
        .map(|a| a.parse().unwrap())
        .collect();
    assert_eq!(public("open.test", &all).unwrap(), [all[1], all[3]]);
    assert!(public("open.test", &all[..1]).is_err());
    assert!(public("open.test", &[]).unwrap().is_empty());
}

#[tokio::test]
async fn a_name_without_addresses_is_not_a_refusal() {
    let dialer = CheckedDialer::new(Answers::default(), &limits());
    let error = dialer.dial("open.test", 443).await.unwrap_err();
    assert!(
        matches!(error, SidecarError::Unresolved { .. }),
        "{error:?}"
    );
}
