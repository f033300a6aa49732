//! Waiting for a condition, never for a time: it is looked at again and again until it holds, and a deadline ends what hangs.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine before the test is taken for hung.
pub const LIMIT: Duration = Duration::from_secs(120);
/// Pause between two looks.
pub const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something.
///
/// # Panics
/// Where [`LIMIT`] is over; what was waited for is named.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        sleep(LOOK).await;
    }
}
