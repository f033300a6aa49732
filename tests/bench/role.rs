//! This program in another process: upstream, door or load generator, so that none borrows the other's processor time or memory.
//!
//! A role says one line of JSON when it is ready, or has its result, and ends when its standard input does: a benchmark that is
//! killed leaves none behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime;

use crate::egress::{door, load, upstream};

/// The first word of a role's command line.
pub const FLAG: &str = "--role";

/// Plays a role to its end.
pub fn play(words: &[String]) -> Result<()> {
    let [name, order] = words else {
        bail!("a role has a name and an order");
    };
    std::thread::spawn(|| {
        // Nothing is ever sent: this waits for the end of whoever started the role.
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    });
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()?;
    match name.as_str() {
        upstream::ROLE => runtime.block_on(upstream::serve(serde_json::from_str(order)?)),
        door::ROLE => runtime.block_on(door::serve(serde_json::from_str(order)?)),
        load::ROLE => runtime.block_on(load::run(serde_json::from_str(order)?)),
        _ => bail!("there is no role '{name}'"),
    }
}

/// Says what the other process waits for.
pub fn say(answer: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// A role that is played. Ends when dropped.
pub struct Role(Child);

impl Role {
    /// Starts a role and waits for what it says.
    pub fn start<A: DeserializeOwned>(name: &str, order: &impl Serialize) -> Result<(Self, A)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([FLAG, name, &serde_json::to_string(order)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let role = Self(child);
        let mut line = String::new();
        BufReader::new(output.context("a role without output")?).read_line(&mut line)?;
        let said =
            serde_json::from_str(&line).with_context(|| format!("the role '{name}' failed"))?;
        Ok((role, said))
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
