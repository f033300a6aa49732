//! What each word of the command line does, one module a noun.

mod cleanup;
mod credential;
mod demo;
mod doctor;
mod sessions;
mod start;

use std::io::Write;
use std::process::ExitCode;

use bottle_wiring::wire;
use clap::CommandFactory;

use crate::args::{Arguments, Command};

/// Does what the arguments say.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let verbose = arguments.verbose;
    if let Command::Completions { shell } = arguments.command {
        clap_complete::generate(
            shell,
            &mut Arguments::command(),
            "claude-bottle",
            &mut std::io::stdout(),
        );
        return Ok(ExitCode::SUCCESS);
    }
    let wired = wire(Vec::new())?;
    let engine = &wired.engine;
    match arguments.command {
        Command::Start(start) => Box::pin(start::start(engine, start, verbose)).await,
        Command::Resume(resume) => Box::pin(start::resume(engine, resume, verbose)).await,
        Command::List { all, json } => sessions::list(engine, all, json),
        Command::Info { session, json } => sessions::info(engine, &session, json),
        Command::Stop { session } => sessions::stop(engine, &session).await,
        Command::Apply {
            session,
            list,
            force,
        } => sessions::apply(engine, &session, list, force),
        Command::Cleanup { yes, discard } => cleanup::cleanup(engine, yes, discard).await,
        Command::Doctor { json } => doctor::doctor(&wired, json).await,
        Command::Credential { action } => credential::run(&wired, action).await,
        Command::Demo(demo) => Box::pin(demo::demo(engine, &demo, verbose)).await,
        Command::Init { agent } => {
            let written = engine.init(&agent)?;
            for path in written {
                print(&format!("wrote {}\n", path.display()))?;
            }
            print(&format!(
                "Next: read both files, then\n  claude-bottle credential add claude   (paste what `claude setup-token` printed)\n  claude-bottle start {agent} --workspace .\n"
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// Prints on standard output; a reader that went away is not an error.
pub fn print(text: &str) -> anyhow::Result<()> {
    let text = crate::show::harmless(text);
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a value as indented JSON.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}
