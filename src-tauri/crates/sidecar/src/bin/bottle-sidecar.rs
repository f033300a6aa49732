//! The program of the bundle: reads its command line, sets the process up, and hands over to the library.

use std::error::Error as _;
use std::process::ExitCode;

use bottle_core::advice::Advice as _;
use bottle_sidecar::options::{self, Command, RunOptions};
use bottle_sidecar::{SidecarError, control, init};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let words = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    match options::parse(words).and_then(obey) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn obey(command: Command) -> Result<(), SidecarError> {
    match command {
        Command::Version => {
            println!("bottle-sidecar {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Control { control } => {
            init::harden()?;
            let runtime = runtime()?;
            let ended = runtime.block_on(control::bridge(
                &control,
                tokio::io::stdin(),
                tokio::io::stdout(),
            ));
            // A read of standard input cannot be cut; waiting for it would keep the program alive.
            runtime.shutdown_background();
            ended
        }
        Command::Run(options) => {
            init::harden()?;
            log();
            runtime()?.block_on(run(&options))
        }
    }
}

async fn run(options: &RunOptions) -> Result<(), SidecarError> {
    let end = CancellationToken::new();
    let bundle = async {
        let ended = init::run(options, end.clone()).await;
        end.cancel();
        ended
    };
    let (ended, signals) = tokio::join!(bundle, init::end_on_signals(end.clone()));
    ended.and(signals)
}

/// One thread: a session's traffic fits in it, and it is the fastest for few connections and the smallest at rest.
fn runtime() -> Result<tokio::runtime::Runtime, SidecarError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
        .map_err(|source| SidecarError::Process {
            action: "start the runtime",
            source,
        })
}

/// Logs our own lines only: what libraries log of HTTP holds headers.
fn log() {
    let level = std::env::var("CLAUDE_BOTTLE_LOG")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_target("bottle_sidecar", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

fn report(error: &SidecarError) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    eprintln!("bottle-sidecar: {text}\n{}", error.advice());
}
