//! The tasks of the door: each is counted, and each ends when its token is cancelled.

use std::future::Future;

use hyper::rt::Executor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks that end with a token.
#[derive(Debug, Clone)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    end: CancellationToken,
}

impl Tasks {
    /// Starts tasks that the tracker counts and the token ends.
    pub(super) const fn new(tracker: TaskTracker, end: CancellationToken) -> Self {
        Self { tracker, end }
    }

    /// The same tasks under a narrower token.
    pub(super) fn under(&self, end: CancellationToken) -> Self {
        Self::new(self.tracker.clone(), end)
    }

    /// Waits until all of them have ended.
    pub(super) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Starts a task.
    pub(super) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        drop(self.tracker.spawn(async move {
            // Nothing is lost where it is cut: whoever cancels has said why.
            let _finished = end.run_until_cancelled(task).await.is_some();
        }));
    }
}

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        self.start(async move {
            drop(future.await);
        });
    }
}
