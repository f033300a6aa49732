//! What a developer does with this repository: set the machine up, run the product, run every suite, measure.
//!
//! It drives other programs and knows the workspace only by the names of its packages, so that it builds in seconds on a machine
//! that has nothing but Rust. It is a library too, so that a test can start an engine the way set-up does.

mod bench;
mod bundle;
mod check;
mod icons;
mod place;
mod process;
mod programs;
mod run;
pub mod setup;
mod window;

use std::io::Write;

use anyhow::{Result, bail};

use place::Place;
use setup::Purpose;

const HELP: &str = "\
Usage: cargo xtask <command>

  run                     set up what is missing, build, and open the window (without a display: the demo in the terminal)
  run -- ARGS             the same for the command line: `claude-bottle ARGS`
  test [SUITE] [FILTER]   set up what is missing and run every suite, or one of them
  bench [NAME...]         set up what is missing and measure, all or by name
  setup                   set up what run and test need, and nothing else
  bindings                write what the page knows of the shell's commands
  bundle [ARGS]           set up what is missing and make what people install, for this system
  icons                   draw every raster icon anew
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
            let job = run::Job::of(rest);
            setup::ensure(&place, job.purpose())?;
            run::run(&place, &job)
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
        "bindings" => {
            setup::ensure(&place, Purpose::Window)?;
            check::write_bindings(&place)
        }
        "icons" => icons::make(&place),
        "bundle" => {
            setup::ensure(&place, Purpose::Window)?;
            bundle::bundle(&place, rest)
        }
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
