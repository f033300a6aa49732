//! Remembers calls in order, and makes those fail or wait that a test names.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Mutex;

use bottle_core::backend::BackendError;
use tokio::sync::Notify;

use super::lock;

/// What happens to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It fails.
    Fails,
    /// It never comes to an end.
    Waits,
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before anything of the step was done.
    Before,
    /// After all of the step was done.
    After,
}

/// All calls of one backend.
#[derive(Default)]
pub(super) struct Calls {
    all: Mutex<Vec<String>>,
    steps: Mutex<Vec<String>>,
    planned: Mutex<Option<(usize, When, Trouble)>>,
    refused: Mutex<BTreeSet<&'static str>>,
    reached: Notify,
}

impl Calls {
    pub(super) fn all(&self) -> Vec<String> {
        lock(&self.all).clone()
    }

    pub(super) fn steps(&self) -> Vec<String> {
        lock(&self.steps).clone()
    }

    pub(super) fn trouble(&self, step: usize, when: When, trouble: Trouble) {
        *lock(&self.planned) = Some((step, when, trouble));
    }

    pub(super) fn refuse(&self, name: &'static str) {
        lock(&self.refused).insert(name);
    }

    pub(super) fn mend(&self) {
        lock(&self.refused).clear();
        *lock(&self.planned) = None;
    }

    pub(super) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Notes a call that trouble is made for by name only.
    pub(super) fn note(&self, name: &str) -> Result<(), BackendError> {
        lock(&self.all).push(name.to_owned());
        if lock(&self.refused).contains(name) {
            return Err(injected(name));
        }
        Ok(())
    }

    /// Does a step, with the trouble that was made for it.
    pub(super) async fn step<T>(
        &self,
        name: String,
        work: impl Future<Output = Result<T, BackendError>> + Send,
    ) -> Result<T, BackendError> {
        let number = {
            let mut steps = lock(&self.steps);
            steps.push(name.clone());
            steps.len() - 1
        };
        self.note(&name)?;
        self.strike(number, When::Before, &name).await?;
        let done = work.await?;
        self.strike(number, When::After, &name).await?;
        Ok(done)
    }

    async fn strike(&self, number: usize, when: When, name: &str) -> Result<(), BackendError> {
        let planned = *lock(&self.planned);
        match planned {
            Some((step, at, trouble)) if step == number && at == when => match trouble {
                Trouble::Fails => Err(injected(name)),
                Trouble::Waits => {
                    self.reached.notify_one();
                    std::future::pending().await
                }
            },
            _ => Ok(()),
        }
    }
}

fn injected(name: &str) -> BackendError {
    BackendError::Engine {
        action: name.to_owned(),
        source: "the test wants it so".into(),
    }
}
