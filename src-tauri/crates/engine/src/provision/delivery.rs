//! What several steps give to `node`, unpacked by one process in the guest: to start one costs more than all that it unpacks.

use bottle_core::backend::{BackendError, BackendName};
use bottle_core::guest::{Exec, Guest, GuestUser};
use bottle_core::path::GuestPath;

use super::archive::Archive;
use super::tail;
use crate::error::EngineError;

/// Makes the folders that are its arguments anew, then unpacks its input from the root.
const UNPACK: &str = r#"for folder; do rm -rf -- "$folder"; mkdir -p -- "$folder"; done
exec tar -xpf - --no-same-owner -C /"#;

/// Files on their way to `node`, who owns them in the guest.
#[derive(Default)]
pub struct Delivery {
    archive: Archive,
    renewed: Vec<GuestPath>,
    any: bool,
}

impl Delivery {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the guest make a folder anew before it unpacks: what was in it goes, and its parents are made.
    pub(super) fn renew(&mut self, folder: &GuestPath) {
        self.any = true;
        self.renewed.push(folder.clone());
    }

    pub(super) fn file(
        &mut self,
        path: &GuestPath,
        mode: u32,
        content: &[u8],
    ) -> Result<(), EngineError> {
        self.any = true;
        self.archive.file(relative(path), mode, content)
    }

    pub(super) fn folder(&mut self, path: &GuestPath, mode: u32) -> Result<(), EngineError> {
        self.any = true;
        self.archive.folder(relative(path), mode)
    }

    /// Unpacks everything in the guest. Nothing to deliver: nothing is done.
    ///
    /// # Errors
    /// [`EngineError::Provision`] where the guest refuses it.
    pub async fn deliver(self, guest: &dyn Guest, backend: BackendName) -> Result<(), EngineError> {
        const STEP: &str = "prompt, skills and settings";
        if !self.any {
            return Ok(());
        }
        let wrong = |source| EngineError::Provision { step: STEP, source };
        let argv = ["sh", "-euc", UNPACK, "sh"].map(str::to_owned);
        let renewed = self.renewed.iter().map(ToString::to_string);
        let command = Exec::new(GuestUser::Node, argv.into_iter().chain(renewed));
        let archive = self.archive.into_reader()?;
        let output = guest.exec(&command, Some(archive)).await.map_err(wrong)?;
        if output.code == 0 {
            return Ok(());
        }
        let said = tail(&output.stderr);
        let failed = BackendError::of_guest_command(backend, STEP, output.code, said);
        Err(wrong(failed))
    }
}

/// A path as it stands in an archive that is unpacked from the root.
fn relative(path: &GuestPath) -> &str {
    path.as_str().trim_start_matches('/')
}
