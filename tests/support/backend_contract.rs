//! What every backend promises, as one suite over the trait. It runs over the staged backend, over Docker and over smolvm alike.
//!
//! Each rule is one function; [`SESSION_RULES`] holds for every backend, [`SHELL_RULES`] for those whose guests have a POSIX shell.
//! A new rule in a list reaches every backend.

mod sessions;
mod shell;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;

use bottle_core::backend::{Backend, PartState, Resource, SessionSpec};
use bottle_core::guest::{ByteReader, Exec, Guest, GuestUser};
use bottle_core::id::{OwnerId, SessionId};
use bottle_core::path::GuestPath;
use futures_util::io::Cursor;

pub use sessions::SESSION_RULES;
pub use shell::SHELL_RULES;

/// A backend to hold against the contract.
pub struct Subject {
    /// The backend.
    pub backend: Arc<dyn Backend>,
    /// What the session under test is made of. Its owner has no other session.
    pub spec: SessionSpec,
}

type Checked = Pin<Box<dyn Future<Output = ()> + Send>>;
/// A rule of the contract and its check.
pub type Rule = (&'static str, fn(Arc<Subject>) -> Checked);

macro_rules! rules {
    ($(#[$doc:meta])* $list:ident: $($name:ident),* $(,)?) => {
        $(#[$doc])*
        pub const $list: &[Rule] = &[$((stringify!($name), |subject| Box::pin($name(subject)))),*];
    };
}
pub(crate) use rules;

/// Holds a backend against a list of rules, each with a session of its own.
///
/// # Panics
/// Where a rule is broken; what was printed last names it.
pub async fn check<F, Fut>(rules: &[Rule], mut subject: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Subject>,
{
    for (name, rule) in rules {
        eprintln!("contract: {name}");
        let subject = Arc::new(subject().await);
        rule(Arc::clone(&subject)).await;
        subject.delete().await;
        assert_eq!(subject.own_plan().await, [], "{name} left something");
    }
}

impl Subject {
    fn id(&self) -> &SessionId {
        &self.spec.id
    }

    async fn running(&self) -> Arc<dyn Guest> {
        self.backend.create(&self.spec).await.expect("created");
        self.backend.start(self.id()).await.expect("started");
        self.backend.guest(self.id()).await.expect("a guest")
    }

    async fn delete(&self) {
        self.backend.delete(self.id()).await.expect("deleted");
    }

    async fn states(&self) -> Option<(PartState, PartState)> {
        self.backend
            .get(self.id())
            .await
            .expect("an answer")
            .map(|session| (session.guest, session.bundle))
    }

    async fn plan(&self, owner: &OwnerId, keep: &[SessionId]) -> Vec<Resource> {
        let plan = self
            .backend
            .cleanup_plan(owner, keep)
            .await
            .expect("a plan");
        // What belongs to no session, such as an unfinished image, belongs to every owner.
        plan.into_iter()
            .filter(|resource| resource.session.is_some())
            .collect()
    }

    async fn own_plan(&self) -> Vec<Resource> {
        self.plan(&self.spec.owner, &[]).await
    }
}

/// Name, mode, owner and content.
pub type File<'a> = (&'a str, u32, u64, &'a [u8]);

/// Packs files into an archive.
///
/// # Panics
/// Where a name does not fit into an archive.
#[must_use]
pub fn archive(files: &[File<'_>]) -> ByteReader {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, mode, owner, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(*owner);
        header.set_gid(*owner);
        builder
            .append_data(&mut header, name, *content)
            .expect("packed");
    }
    bytes(builder.into_inner().expect("an archive"))
}

/// Unpacks the files of an archive: mode, owner and content by name.
///
/// # Errors
/// What reading gives, and what is not an archive.
pub async fn read_archive(
    reader: ByteReader,
) -> std::io::Result<BTreeMap<String, (u32, u64, Vec<u8>)>> {
    let mut packed = Vec::new();
    futures_util::io::copy(reader, &mut packed).await?;
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(packed.as_slice()).entries()? {
        let mut entry = entry?;
        let name = entry
            .path()?
            .to_string_lossy()
            .trim_start_matches("./")
            .to_owned();
        let (mode, owner) = (entry.header().mode()? & 0o7777, entry.header().uid()?);
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(name, (mode, owner, content));
    }
    Ok(files)
}

fn node(argv: &[&str]) -> Exec {
    Exec::new(GuestUser::Node, argv.iter().copied())
}

fn shell(script: &str) -> Exec {
    node(&["sh", "-c", script])
}

/// Bytes to read.
#[must_use]
pub fn bytes(content: impl Into<Vec<u8>>) -> ByteReader {
    Box::pin(Cursor::new(content.into()))
}

fn path(text: &str) -> GuestPath {
    GuestPath::new(text).expect("a guest path")
}
