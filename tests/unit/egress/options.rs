//! The command line of the bundle.

use std::path::Path;

use bottle_core::backend::Daemon;
use bottle_sidecar::SidecarError;
use bottle_sidecar::options::{Command, parse};

fn given(line: &str) -> Result<Command, SidecarError> {
    parse(line.split_whitespace().map(str::to_owned))
}

#[test]
fn defaults_are_those_of_the_bundle_image() {
    let Command::Run(options) = given("run").unwrap() else {
        panic!()
    };
    assert_eq!(options.doors, Path::new("/run/doors"));
    assert_eq!(options.control, Path::new("/run/control/control.sock"));
    assert_eq!(options.daemons, [Daemon::Egress]);
    assert_eq!(
        given("control").unwrap(),
        Command::Control {
            control: options.control
        }
    );
    assert_eq!(given("version").unwrap(), Command::Version);
}

#[test]
fn options_are_taken_in_both_forms() {
    let Command::Run(options) =
        given("run --doors /d --control=/c/s --daemons scripted,egress,egress").unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (options.doors.as_path(), options.control.as_path()),
        (Path::new("/d"), Path::new("/c/s"))
    );
    assert_eq!(options.daemons, [Daemon::Egress, Daemon::Scripted]);
}

#[test]
fn a_daemon_that_does_not_exist_yet_is_refused_by_name() {
    for name in ["pipelock", "git-gate", "supervise"] {
        let error = given(&format!("run --daemons egress,{name}")).unwrap_err();
        assert!(matches!(error, SidecarError::DaemonNotBuilt { .. }));
        assert_eq!(
            error.to_string(),
            format!("the daemon {name} is not part of this version of the bundle")
        );
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn an_unknown_word_names_the_nearest() {
    for (line, told) in [
        (
            "run --daemons egres",
            "unknown daemon 'egres', did you mean 'egress'?",
        ),
        (
            "run --daemons gitgate",
            "unknown daemon 'gitgate', did you mean 'git-gate'?",
        ),
        (
            "run --demons egress",
            "unknown option '--demons', did you mean '--daemons'?",
        ),
        ("rum", "unknown command 'rum', did you mean 'run'?"),
        ("elephant", "unknown command 'elephant'"),
        ("", "unknown command ''"),
        ("version --loud", "unknown option '--loud'"),
    ] {
        let error = given(line).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.exit_code()), (told, 2));
    }
}

#[test]
fn an_option_without_a_value_is_refused() {
    for line in ["run --doors", "run --doors=", "control --control"] {
        assert!(
            matches!(given(line), Err(SidecarError::MissingValue { .. })),
            "{line}"
        );
    }
    assert!(matches!(
        given("run --daemons ,"),
        Err(SidecarError::NoDaemons)
    ));
}
