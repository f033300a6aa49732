//! WebDriver as WebKitGTK speaks it (W3C WebDriver, level 1), as far as the tests need it.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::desktop::Ended;
use crate::until::until;

/// How long the driver may take for one answer; opening a window is the slowest.
const ANSWER: Duration = Duration::from_secs(60);

/// A driver that runs.
pub(super) struct Driver {
    port: u16,
    _process: Ended,
}

impl Driver {
    /// Starts one and waits until it answers.
    pub(super) async fn start(variables: Vec<(String, String)>) -> Self {
        let port = free_port();
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .envs(variables)
            // What tells the window's engine that it may be driven.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(Stdio::null())
            .process_group(0);
        let driver = Self {
            port,
            _process: Ended(command.spawn().expect("a driver")),
        };
        until("the driver", async || {
            driver.ask(Method::GET, "/status", None).await.ok()
        })
        .await;
        driver
    }

    /// Sends a command; gives its value, or the error's name and words.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let asked = timeout(ANSWER, self.send(method, path, body)).await;
        let (well, answer) = asked
            .map_err(|_| format!("{path}: no answer"))?
            .map_err(|error| format!("{path}: {error}"))?;
        let value = answer.get("value").cloned().unwrap_or_default();
        if well {
            Ok(value)
        } else {
            Err(format!("{path}: {value}"))
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<(bool, Value)> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let text = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::<Bytes>::from(text))?;
        let response = sender.send_request(request).await?;
        let well = response.status().is_success();
        let bytes = response.into_body().collect().await?.to_bytes();
        connection.abort();
        Ok((well, serde_json::from_slice(&bytes)?))
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
