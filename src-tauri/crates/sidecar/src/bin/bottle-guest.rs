//! `bottle-guest`: the first process of a bottle, and the proof run inside it.
//!
//! `init --doors DIR` relays to the doors until it is told to end. `self-test --foreign HOST [--doors DIR] [--json]` prints what it
//! checked and exits with 0 where every wall holds, with 1 where one does not, and with 2 where the arguments are wrong.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod linux {
    use std::error::Error;
    use std::ffi::OsString;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;

    use bottle_core::selftest::SelfTest;
    use bottle_sidecar::guest::{DOORS_FOLDER, init, self_test};

    const USAGE: &str = "usage: bottle-guest init [--doors DIR]
       bottle-guest self-test --foreign HOST [--doors DIR] [--json]";

    #[derive(Default)]
    struct Arguments {
        doors: Option<PathBuf>,
        foreign: Option<String>,
        json: bool,
    }

    fn arguments(mut given: impl Iterator<Item = OsString>) -> Option<Arguments> {
        let mut arguments = Arguments::default();
        while let Some(word) = given.next() {
            match word.to_str()? {
                "--doors" => arguments.doors = Some(given.next()?.into()),
                "--foreign" => arguments.foreign = Some(given.next()?.into_string().ok()?),
                "--json" => arguments.json = true,
                _ => return None,
            }
        }
        Some(arguments)
    }

    pub(super) fn run() -> ExitCode {
        let mut given = std::env::args_os().skip(1);
        let command = given.next().unwrap_or_default();
        match (command.to_str(), arguments(given)) {
            (
                Some("init"),
                Some(Arguments {
                    doors,
                    foreign: None,
                    json: false,
                }),
            ) => serve(doors.as_deref().unwrap_or(Path::new(DOORS_FOLDER))),
            (
                Some("self-test"),
                Some(Arguments {
                    doors,
                    foreign: Some(foreign),
                    json,
                }),
            ) if is_name(&foreign) => {
                let mut options = self_test::Options::new(foreign);
                options.doors = doors.unwrap_or(options.doors);
                print(&self_test::run(options), json)
            }
            _ => {
                complain(USAGE);
                ExitCode::from(2)
            }
        }
    }

    /// A host's name with at least one letter: an address would prove nothing about resolvers.
    fn is_name(host: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        host.len() <= 253
            && host.bytes().all(fits)
            && host.bytes().any(|byte| byte.is_ascii_alphabetic())
    }

    fn serve(doors: &Path) -> ExitCode {
        match init::run(doors) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let cause = error
                    .source()
                    .map(|cause| format!(": {cause}"))
                    .unwrap_or_default();
                complain(&format!("bottle-guest: {error}{cause}"));
                ExitCode::FAILURE
            }
        }
    }

    fn print(report: &SelfTest, json: bool) -> ExitCode {
        let text = if json {
            serde_json::to_string(report).unwrap_or_default()
        } else {
            let lines = report.checks.iter().map(|check| {
                let mark = if check.passed { "ok  " } else { "FAIL" };
                format!("{mark} {}: {}", check.title, check.seen)
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        let written = writeln!(std::io::stdout(), "{text}");
        if written.is_ok() && report.proves() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn complain(text: &str) {
        // Nobody is left to tell when stderr is gone.
        drop(writeln!(std::io::stderr(), "{text}"));
    }
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::run()
}

/// Bottles run Linux; elsewhere the program exists so that the workspace builds as a whole.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
