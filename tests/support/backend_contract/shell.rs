//! The rules of commands, pipes and terminals, for guests with a POSIX shell.

use std::sync::Arc;

use bottle_core::backend::BackendError;
use bottle_core::guest::{
    EXEC_OUTPUT_LIMIT, Exec, ExecOutput, Guest, GuestUser, Terminal, TerminalSize,
};
use futures_util::{AsyncReadExt, AsyncWriteExt};

use super::{Rule, Subject, bytes, node, path, rules, shell};

rules![
    /// What holds for every backend whose guests have a POSIX shell.
    SHELL_RULES:
    exec_tells_output_and_exact_codes,
    exec_feeds_input_to_its_end,
    exec_cuts_output_at_its_limit,
    exec_has_only_the_environment_it_was_given,
    a_missing_program_is_an_error_of_the_command,
    spawned_pipes_close_in_halves,
    dropping_the_input_of_a_process_ends_it,
    terminals_have_their_size_from_the_start,
    terminals_change_their_size,
];

async fn run(guest: &dyn Guest, command: &Exec) -> ExecOutput {
    guest
        .exec(command, None)
        .await
        .expect("a command that runs")
}

async fn exec_tells_output_and_exact_codes(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let output = run(&*guest, &shell("echo out; echo err >&2; exit 7")).await;
    assert_eq!(
        output,
        ExecOutput {
            code: 7,
            stdout: b"out\n".to_vec(),
            stderr: b"err\n".to_vec()
        }
    );
    assert_eq!(run(&*guest, &shell("kill -KILL $$")).await.code, 137);
    let who = |user| Exec::new(user, ["id", "-u"]);
    assert_eq!(run(&*guest, &who(GuestUser::Node)).await.stdout, b"1000\n");
    assert_eq!(run(&*guest, &who(GuestUser::Root)).await.stdout, b"0\n");
    assert_eq!(run(&*guest, &node(&["pwd"])).await.stdout, b"/home/node\n");
    assert_eq!(
        run(&*guest, &node(&["pwd"]).in_folder(path("/tmp")))
            .await
            .stdout,
        b"/tmp\n"
    );
}

async fn exec_feeds_input_to_its_end(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let input = vec![b'x'; 3 << 20];
    let counted = guest
        .exec(&node(&["wc", "-c"]), Some(bytes(input.clone())))
        .await
        .expect("counted");
    assert_eq!(
        String::from_utf8_lossy(&counted.stdout).trim(),
        (3 << 20).to_string()
    );
    // A process may have enough before the end of its input.
    assert_eq!(
        guest
            .exec(&node(&["true"]), Some(bytes(input)))
            .await
            .expect("ended")
            .code,
        0
    );
}

async fn exec_cuts_output_at_its_limit(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let output = run(&*guest, &shell("head -c 3000000 /dev/zero; echo done >&2")).await;
    assert_eq!(
        (output.stdout.len(), output.stderr.as_slice()),
        (EXEC_OUTPUT_LIMIT, b"done\n".as_slice())
    );
}

async fn exec_has_only_the_environment_it_was_given(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let command = node(&["env"]).with_env(vec![("GIVEN".to_owned(), "a b=c".to_owned())]);
    let output = run(&*guest, &command).await;
    let text = String::from_utf8(output.stdout).expect("text");
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["GIVEN", "HOME", "PATH"]);
    assert!(
        text.contains("GIVEN=a b=c\n") && text.contains("HOME=/home/node\n"),
        "{text}"
    );
}

async fn a_missing_program_is_an_error_of_the_command(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let missing = node(&["no-such-program", "argument"]);
    let ran = guest.exec(&missing, None).await;
    let Err(BackendError::GuestCommand {
        command,
        code: 126 | 127,
        ..
    }) = ran
    else {
        panic!("{ran:?}")
    };
    assert_eq!(command, "no-such-program");
    let mut process = guest.spawn(&missing).await.expect("spawned");
    let ended = process.exit.wait().await;
    assert!(
        matches!(ended, Err(BackendError::GuestCommand { .. })),
        "{ended:?}"
    );
}

async fn spawned_pipes_close_in_halves(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let mut process = guest
        .spawn(&shell("cat; echo after >&2; exit 3"))
        .await
        .expect("spawned");
    let mut line = [0; 6];
    process.stdin.write_all(b"hello\n").await.expect("written");
    process.stdin.flush().await.expect("flushed");
    process
        .stdout
        .read_exact(&mut line)
        .await
        .expect("an echo before the end of the input");
    assert_eq!(&line, b"hello\n");
    process.stdin.close().await.expect("closed");
    let (mut rest, mut errors) = (Vec::new(), Vec::new());
    process
        .stdout
        .read_to_end(&mut rest)
        .await
        .expect("the end of the output");
    process
        .stderr
        .read_to_end(&mut errors)
        .await
        .expect("the end of the errors");
    assert_eq!(
        (rest.as_slice(), errors.as_slice()),
        (b"".as_slice(), b"after\n".as_slice())
    );
    assert_eq!(process.exit.wait().await.expect("a code"), 3);
    assert_eq!(process.exit.wait().await.expect("the same code"), 3);
}

async fn dropping_the_input_of_a_process_ends_it(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let mut process = guest.spawn(&node(&["cat"])).await.expect("spawned");
    drop(process.stdin);
    assert_eq!(process.exit.wait().await.expect("a code"), 0);
}

async fn terminals_have_their_size_from_the_start(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let size = TerminalSize {
        rows: 33,
        columns: 111,
    };
    let terminal = guest
        .attach(&shell("stty size; test -t 0 && exit 5"), size)
        .await
        .expect("attached");
    let Terminal {
        input,
        mut output,
        mut exit,
        ..
    } = terminal;
    let mut shown = String::new();
    output
        .read_to_string(&mut shown)
        .await
        .expect("what was shown");
    assert_eq!(shown.trim(), "33 111");
    assert_eq!(exit.wait().await.expect("a code"), 5);
    drop(input);
}

async fn terminals_change_their_size(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do read line; done";
    let size = TerminalSize {
        rows: 24,
        columns: 80,
    };
    let Terminal {
        input,
        mut output,
        resize,
        mut exit,
    } = guest.attach(&shell(script), size).await.expect("attached");
    let mut shown = String::new();
    let mut piece = [0; 64];
    while !shown.contains("ready") {
        let count = output.read(&mut piece).await.expect("output");
        assert!(count > 0, "the terminal ended: {shown}");
        shown.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    resize
        .resize(TerminalSize {
            rows: 50,
            columns: 132,
        })
        .await
        .expect("resized");
    output
        .read_to_string(&mut shown)
        .await
        .expect("what was shown");
    assert!(shown.contains("50 132"), "{shown}");
    assert_eq!(exit.wait().await.expect("a code"), 0);
    drop(input);
}
