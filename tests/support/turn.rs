//! One turn of claude in a session that a test holds itself.

use bottle_engine::Live;
use futures_util::{AsyncReadExt, AsyncWriteExt};

/// What a turn came to.
#[derive(Debug)]
pub struct Turn {
    /// Claude's exit code.
    pub code: i32,
    /// What it printed.
    pub said: String,
    /// What it complained about.
    pub complaints: String,
}

/// Gives claude a prompt and waits for the end of its turn.
///
/// # Panics
/// Where claude cannot be started or talked to.
pub async fn turn(live: &Live, prompt: &str) -> Turn {
    let mut process = live.headless(false).await.expect("claude");
    process
        .stdin
        .write_all(prompt.as_bytes())
        .await
        .expect("a prompt");
    process.stdin.close().await.expect("the prompt's end");
    let (mut said, mut complaints) = (String::new(), String::new());
    let (out, err) = tokio::join!(
        process.stdout.read_to_string(&mut said),
        process.stderr.read_to_string(&mut complaints)
    );
    out.and(err).expect("all that was printed");
    let code = process.exit.wait().await.expect("an exit code");
    Turn {
        code,
        said,
        complaints,
    }
}
