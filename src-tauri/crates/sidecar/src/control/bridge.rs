//! Carries the control protocol over standard input and output, for an engine that reaches the bundle only by `exec`.

use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use crate::error::SidecarError;

/// Bytes that are carried at once.
const CHUNK: usize = 16 << 10;

/// Connects both ends until the bundle ends the connection. The end of the input is passed on, so that answers still arrive.
///
/// # Errors
/// [`SidecarError::ControlUnreachable`] where nothing listens there.
pub async fn bridge(
    control: &Path,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
) -> Result<(), SidecarError> {
    let unreachable = |source| SidecarError::ControlUnreachable {
        path: control.to_owned(),
        source,
    };
    let stream = UnixStream::connect(control).await.map_err(unreachable)?;
    let (from_bundle, to_bundle) = stream.into_split();
    let sending = carry(input, to_bundle);
    let receiving = carry(from_bundle, output);
    tokio::pin!(sending, receiving);
    tokio::select! {
        ended = &mut receiving => ended,
        sent = &mut sending => match sent {
            Ok(()) => receiving.await,
            Err(error) => Err(error),
        },
    }
    .map_err(unreachable)
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let count = from.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return to.shutdown().await;
        };
        to.write_all(bytes).await?;
        to.flush().await?;
    }
}
