//! The certificates of hosts, made when first asked for and kept while they are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::SessionCa;
use crate::error::SidecarError;

/// A bounded cache of leaves; the one unused for longest makes room.
#[derive(Debug)]
pub struct Leaves {
    ca: Arc<SessionCa>,
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    clock: u64,
    leaves: HashMap<String, Leaf>,
}

#[derive(Debug)]
struct Leaf {
    key: Arc<CertifiedKey>,
    used: u64,
}

impl Leaves {
    /// Makes an empty cache for at most so many hosts.
    #[must_use]
    pub fn new(ca: Arc<SessionCa>, most: usize) -> Self {
        Self {
            ca,
            most,
            held: Mutex::default(),
        }
    }

    /// Gives the leaf of a host, in lower case.
    ///
    /// # Errors
    /// [`SidecarError::Certificates`] where the name cannot stand in a certificate.
    pub fn leaf(&self, host: &str) -> Result<Arc<CertifiedKey>, SidecarError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let used = held.clock;
        if let Some(leaf) = held.leaves.get_mut(host) {
            leaf.used = used;
            return Ok(Arc::clone(&leaf.key));
        }
        let key = Arc::new(self.ca.issue(host)?);
        if held.leaves.len() >= self.most {
            held.forget_oldest();
        }
        let leaf = Leaf {
            key: Arc::clone(&key),
            used,
        };
        held.leaves.insert(host.to_owned(), leaf);
        Ok(key)
    }

    /// How many hosts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.leaves.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Held {
    fn forget_oldest(&mut self) {
        let oldest = self.leaves.iter().min_by_key(|(_, leaf)| leaf.used);
        if let Some(host) = oldest.map(|(host, _)| host.clone()) {
            self.leaves.remove(&host);
        }
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.leaf(&hello.server_name()?.to_ascii_lowercase()).ok()
    }
}
