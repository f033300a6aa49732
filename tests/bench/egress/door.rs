//! Our egress door in a process of its own, built like the one that ships, with the one difference that names lead to loopback.
//!
//! The program that ships has no way to be told so: only code that builds the door itself can.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use bottle_core::control::CredentialValue;
use bottle_core::secret::Secret;
use bottle_sidecar::SidecarError;
use bottle_sidecar::ca::SessionCa;
use bottle_sidecar::egress::dial::Pending;
use bottle_sidecar::egress::{Dial, Door, Egress, EgressOptions, Limits};
use bottle_sidecar::state::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{tls, upstream};
use crate::role;

pub const ROLE: &str = "door";

/// What the door needs.
#[derive(Serialize, Deserialize)]
pub struct Order {
    /// The port of the upstream.
    pub upstream: u16,
    /// The authority that the upstream's certificate is of.
    pub trusted: PathBuf,
    /// The file that takes the certificate of the session's own authority.
    pub authority: PathBuf,
}

/// Where the door is.
#[derive(Serialize, Deserialize)]
pub struct Ready {
    /// Its port on loopback.
    pub port: u16,
}

/// Leads every name to one port of loopback.
struct Loopback(SocketAddr);

impl Dial for Loopback {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        _port: u16,
    ) -> Pending<'a, Result<TcpStream, SidecarError>> {
        Box::pin(async move {
            TcpStream::connect(self.0)
                .await
                .map_err(|source| SidecarError::Unreachable {
                    host: host.to_owned(),
                    source,
                })
        })
    }
}

/// Serves until the process ends.
pub async fn serve(order: Order) -> Result<()> {
    let state = Arc::new(State::default());
    let ca = Arc::new(SessionCa::generate()?);
    std::fs::write(&order.authority, ca.pem())?;
    let [host, _] = upstream::NAMES;
    state.set_policy(serde_json::from_value(json!({"routes": [{
        "host": host,
        "matches": [{"paths": ["/v1/*"], "methods": ["GET", "POST"]}],
        "auth": {"scheme": "bearer", "credential": "bench"},
    }]}))?);
    state.vault().put(&[CredentialValue {
        name: "bench".parse()?,
        kind: None,
        value: Secret::new(upstream::CREDENTIAL.to_owned()),
    }])?;
    let options = EgressOptions {
        dialer: Arc::new(Loopback((Ipv4Addr::LOCALHOST, order.upstream).into())),
        upstream_tls: tls::client(&order.trusted)?,
        scripted: None,
        limits: Limits::default(),
    };
    let egress = Egress::new(state, ca, options)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    role::say(&Ready {
        port: listener.local_addr()?.port(),
    })?;
    egress
        .serve(Door::Tcp(listener), CancellationToken::new())
        .await;
    Ok(())
}
