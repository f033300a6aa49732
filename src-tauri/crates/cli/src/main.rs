//! `claude-bottle`: the same engine as the window, without a window.
//!
//! This crate reads arguments and the environment, shows what the engine reports, and moves bytes between a terminal and claude. It
//! decides nothing that the window would have to decide too.

mod args;
mod commands;
mod failure;
mod progress;
mod show;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CLAUDE_BOTTLE_LOG")
                .unwrap_or_else(|_| "error".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&error.into()),
    };
    let code = match runtime.block_on(commands::run(arguments)) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    };
    // A read of standard input cannot be cancelled: waiting for it would wait for a key.
    runtime.shutdown_background();
    code
}
