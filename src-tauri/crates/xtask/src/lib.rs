//! What a developer does with this repository: set the machine up, run the product, run every suite, measure.
//!
//! It drives other programs and knows the workspace only by the names of its packages, so that it builds in seconds on a machine
//! that has nothing but Rust. It is a library too, so that a test can start an engine the way set-up does.

mod bench;
mod check;
mod place;
mod process;
mod programs;
mod run;
pub mod setup;

use std::io::Write;

use anyhow::{Result, bail};

use place::Place;
use setup::Purpose;

const HELP: &str = "\
Usage: cargo xtask <command>

  run [-- ARGS]           set up what is missing, build, and run `claude-bottle ARGS` (default: demo)
  test [SUITE] [FILTER]   set up what is missing and run every suite, or one of them
  bench [NAME...]         set up what is missing and measure, all or by name
  setup                   set up what run and test need, and nothing else
";

/// Does what the command line asks for.
///
/// # Errors
/// What went wrong, with what to do where that is known.
pub fn command(arguments: &[String]) -> Result<()> {
    let (command, rest) = arguments
        .split_first()
        .map_or(("help", arguments), |(c, r)| (c.as_str(), r));
    let place = Place::find()?;
    match command {
        "run" => {
            setup::ensure(&place, Purpose::Run)?;
            run::run(&place, rest)
        }
        "test" => {
            let chosen = check::chosen(rest)?;
            setup::ensure(&place, Purpose::Test)?;
            check::check(&place, &chosen)
        }
        "bench" => {
            setup::ensure(&place, Purpose::Bench)?;
            bench::bench(&place, rest)
        }
        "setup" => setup::ensure(&place, Purpose::Test),
        "help" | "--help" | "-h" => {
            tell(HELP.trim_end());
            Ok(())
        }
        other => bail!("there is no command '{other}'\n\n{HELP}"),
    }
}

/// Prints a line for the person. Standard error, so that the output of what is run stays its own.
pub fn tell(line: &str) {
    // Nobody can be told that the terminal is gone.
    writeln!(std::io::stderr(), "{line}").ok();
}
