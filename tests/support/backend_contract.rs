//! What every backend promises, as one suite over the trait. It runs over the fake, over Docker and over smolvm alike.
//!
//! Each rule is one function; [`SESSION_RULES`] holds for every backend, [`SHELL_RULES`] for those whose guests have a POSIX shell.
//! A new rule in a list reaches every backend.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;

use bottle_core::backend::{Backend, BackendError, Part, PartState, Resource, SessionSpec};
use bottle_core::guest::{
    ByteReader, EXEC_OUTPUT_LIMIT, Exec, ExecOutput, Guest, GuestUser, Terminal, TerminalSize,
};
use bottle_core::id::{OwnerId, SessionId};
use bottle_core::path::GuestPath;
use futures_util::io::Cursor;
use futures_util::{AsyncReadExt, AsyncWriteExt};

/// A backend to hold against the contract.
pub struct Subject {
    /// The backend.
    pub backend: Arc<dyn Backend>,
    /// What the session under test is made of. Its owner has no other session.
    pub spec: SessionSpec,
}

type Checked = Pin<Box<dyn Future<Output = ()> + Send>>;
/// A rule of the contract and its check.
pub type Rule = (&'static str, fn(Arc<Subject>) -> Checked);

macro_rules! rules {
    ($(#[$doc:meta])* $list:ident: $($name:ident),* $(,)?) => {
        $(#[$doc])*
        pub const $list: &[Rule] = &[$((stringify!($name), |subject| Box::pin($name(subject)))),*];
    };
}

rules![
    /// What holds for every backend.
    SESSION_RULES:
    absent_sessions_are_no_error,
    a_session_runs_stops_runs_again_and_goes,
    create_twice_is_name_in_use_and_harms_nothing,
    lists_and_plans_name_only_their_owner,
    a_plan_keeps_what_it_is_told_to_keep,
    resources_of_a_plan_are_removed_once_and_again,
    start_and_stop_are_idempotent,
    copies_keep_content_owner_and_mode,
    a_failed_copy_is_never_taken_for_a_good_one,
    every_call_of_a_stopped_guest_says_that_it_is_gone,
    the_end_of_a_part_is_told,
];

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

/// Holds a backend against a list of rules, each with a session of its own.
///
/// # Panics
/// Where a rule is broken; what was printed last names it.
pub async fn check<F, Fut>(rules: &[Rule], mut subject: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Subject>,
{
    for (name, rule) in rules {
        eprintln!("contract: {name}");
        let subject = Arc::new(subject().await);
        rule(Arc::clone(&subject)).await;
        subject.delete().await;
        assert_eq!(subject.own_plan().await, [], "{name} left something");
    }
}

impl Subject {
    fn id(&self) -> &SessionId {
        &self.spec.id
    }

    async fn running(&self) -> Arc<dyn Guest> {
        self.backend.create(&self.spec).await.expect("created");
        self.backend.start(self.id()).await.expect("started");
        self.backend.guest(self.id()).await.expect("a guest")
    }

    async fn delete(&self) {
        self.backend.delete(self.id()).await.expect("deleted");
    }

    async fn states(&self) -> Option<(PartState, PartState)> {
        self.backend
            .get(self.id())
            .await
            .expect("an answer")
            .map(|session| (session.guest, session.bundle))
    }

    async fn plan(&self, owner: &OwnerId, keep: &[SessionId]) -> Vec<Resource> {
        let plan = self
            .backend
            .cleanup_plan(owner, keep)
            .await
            .expect("a plan");
        // What belongs to no session, such as an unfinished image, belongs to every owner.
        plan.into_iter()
            .filter(|resource| resource.session.is_some())
            .collect()
    }

    async fn own_plan(&self) -> Vec<Resource> {
        self.plan(&self.spec.owner, &[]).await
    }
}

async fn absent_sessions_are_no_error(subject: Arc<Subject>) {
    let (backend, id) = (&subject.backend, subject.id());
    assert_eq!(backend.get(id).await.expect("an answer"), None);
    backend.stop(id).await.expect("stopping what is absent");
    backend.delete(id).await.expect("deleting what is absent");
    assert_eq!(
        backend
            .ended(id, Part::Guest)
            .await
            .expect("absent counts as ended"),
        None
    );
    assert_eq!(
        backend.log_tail(id, Part::Bundle).await.expect("no lines"),
        Vec::<String>::new()
    );
    assert!(matches!(
        backend.guest(id).await.map(drop),
        Err(BackendError::GuestGone { .. })
    ));
    assert!(matches!(
        backend.control(id).await.map(drop),
        Err(BackendError::BundleGone { .. })
    ));
    let started = backend.start(id).await;
    assert!(
        matches!(
            started,
            Err(BackendError::GuestGone { .. } | BackendError::BundleGone { .. })
        ),
        "{started:?}"
    );
}

async fn a_session_runs_stops_runs_again_and_goes(subject: Arc<Subject>) {
    let (backend, id) = (&subject.backend, subject.id());
    let running = Some((PartState::Running, PartState::Running));
    backend.create(&subject.spec).await.expect("created");
    assert_eq!(
        subject.states().await,
        Some((PartState::Created, PartState::Created))
    );
    backend.start(id).await.expect("started");
    assert_eq!(subject.states().await, running);
    backend.stop(id).await.expect("stopped");
    let stopped = subject.states().await;
    assert!(
        matches!(
            stopped,
            Some((PartState::Ended { .. }, PartState::Ended { .. }))
        ),
        "{stopped:?}"
    );
    backend
        .start(id)
        .await
        .expect("a preserved session starts again");
    assert_eq!(subject.states().await, running);
    subject.delete().await;
    assert_eq!(subject.states().await, None);
    assert_eq!(subject.own_plan().await, []);
}

async fn create_twice_is_name_in_use_and_harms_nothing(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let again = subject.backend.create(&subject.spec).await;
    assert!(
        matches!(again, Err(BackendError::NameInUse { .. })),
        "{again:?}"
    );
    assert_eq!(
        subject.states().await,
        Some((PartState::Running, PartState::Running))
    );
    guest
        .copy_in(archive(&[("kept", 0o600, 1000, b"here")]), &path("/tmp"))
        .await
        .expect("a guest that still works");
}

async fn lists_and_plans_name_only_their_owner(subject: Arc<Subject>) {
    subject
        .backend
        .create(&subject.spec)
        .await
        .expect("created");
    let listed = subject
        .backend
        .list(&subject.spec.owner)
        .await
        .expect("a list");
    let ids: Vec<_> = listed
        .iter()
        .map(|session| (&session.id, &session.owner))
        .collect();
    assert_eq!(ids, [(subject.id(), &subject.spec.owner)]);
    assert!(
        subject
            .own_plan()
            .await
            .iter()
            .all(|resource| resource.session.as_ref() == Some(subject.id()))
    );

    let stranger = OwnerId::new("somebody-else").expect("an owner");
    assert_eq!(subject.backend.list(&stranger).await.expect("a list"), []);
    assert_eq!(subject.plan(&stranger, &[]).await, []);
}

async fn a_plan_keeps_what_it_is_told_to_keep(subject: Arc<Subject>) {
    subject
        .backend
        .create(&subject.spec)
        .await
        .expect("created");
    assert_eq!(
        subject
            .plan(&subject.spec.owner, std::slice::from_ref(subject.id()))
            .await,
        []
    );
    assert!(!subject.own_plan().await.is_empty());
}

async fn resources_of_a_plan_are_removed_once_and_again(subject: Arc<Subject>) {
    drop(subject.running().await);
    let plan = subject.own_plan().await;
    for resource in plan.iter().chain(&plan) {
        subject
            .backend
            .remove(resource)
            .await
            .expect("removing what is there, and what is gone");
    }
    assert_eq!(subject.own_plan().await, []);
    assert_eq!(subject.states().await, None);
}

async fn start_and_stop_are_idempotent(subject: Arc<Subject>) {
    let (backend, id) = (&subject.backend, subject.id());
    drop(subject.running().await);
    backend.start(id).await.expect("running already");
    assert_eq!(
        subject.states().await,
        Some((PartState::Running, PartState::Running))
    );
    backend.stop(id).await.expect("stopped");
    backend.stop(id).await.expect("stopped already");
}

async fn copies_keep_content_owner_and_mode(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let files: &[File] = &[
        ("script", 0o755, 1000, b"#!/bin/sh\n"),
        ("secret", 0o600, 0, b"for root\n"),
    ];
    guest
        .copy_in(archive(files), &path("/home/node"))
        .await
        .expect("copied in");
    let found = read_archive(
        guest
            .copy_out(&path("/home/node"))
            .await
            .expect("copied out"),
    )
    .await
    .expect("an archive");
    for (name, mode, owner, content) in files {
        let entry = (*mode, *owner, content.to_vec());
        assert_eq!(found.get(*name), Some(&entry), "{name}");
    }
}

async fn a_failed_copy_is_never_taken_for_a_good_one(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let nowhere = path("/no/such/folder");
    let copied = guest
        .copy_in(archive(&[("a", 0o644, 0, b"a")]), &nowhere)
        .await;
    assert!(
        matches!(copied, Err(BackendError::GuestCommand { .. })),
        "{copied:?}"
    );
    let garbage = guest.copy_in(bytes(vec![b'x'; 2048]), &path("/tmp")).await;
    assert!(garbage.is_err(), "what is no archive was unpacked");
    let read = match guest.copy_out(&nowhere).await {
        Ok(reader) => read_archive(reader)
            .await
            .map(drop)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    assert!(
        read.is_err(),
        "a folder that is not there became a good archive"
    );
}

async fn every_call_of_a_stopped_guest_says_that_it_is_gone(subject: Arc<Subject>) {
    let guest = subject.running().await;
    subject.backend.stop(subject.id()).await.expect("stopped");
    let gone =
        |result: Result<(), BackendError>| matches!(result, Err(BackendError::GuestGone { .. }));
    let size = TerminalSize {
        rows: 24,
        columns: 80,
    };
    assert!(gone(guest.exec(&node(&["true"]), None).await.map(drop)));
    assert!(gone(guest.spawn(&node(&["true"])).await.map(drop)));
    assert!(gone(guest.attach(&node(&["true"]), size).await.map(drop)));
    assert!(gone(guest.copy_in(archive(&[]), &path("/tmp")).await));
    assert!(gone(guest.copy_out(&path("/tmp")).await.map(drop)));
    assert!(gone(subject.backend.guest(subject.id()).await.map(drop)));
    let control = subject.backend.control(subject.id()).await.map(drop);
    assert!(
        matches!(control, Err(BackendError::BundleGone { .. })),
        "{control:?}"
    );
}

async fn the_end_of_a_part_is_told(subject: Arc<Subject>) {
    drop(subject.running().await);
    for part in [Part::Guest, Part::Bundle] {
        let (backend, id) = (Arc::clone(&subject.backend), subject.id().clone());
        let waiting = tokio::spawn(async move { backend.ended(&id, part).await });
        subject.backend.stop(subject.id()).await.expect("stopped");
        let ended = waiting.await.expect("no panic");
        assert!(ended.is_ok(), "{ended:?}");
        subject
            .backend
            .start(subject.id())
            .await
            .expect("started again");
    }
}

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

/// Name, mode, owner and content.
pub type File<'a> = (&'a str, u32, u64, &'a [u8]);

/// Packs files into an archive.
///
/// # Panics
/// Where a name does not fit into an archive.
#[must_use]
pub fn archive(files: &[File<'_>]) -> ByteReader {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, mode, owner, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(*owner);
        header.set_gid(*owner);
        builder
            .append_data(&mut header, name, *content)
            .expect("packed");
    }
    bytes(builder.into_inner().expect("an archive"))
}

/// Unpacks the files of an archive: mode, owner and content by name.
///
/// # Errors
/// What reading gives, and what is not an archive.
pub async fn read_archive(
    mut reader: ByteReader,
) -> std::io::Result<BTreeMap<String, (u32, u64, Vec<u8>)>> {
    let mut packed = Vec::new();
    reader.read_to_end(&mut packed).await?;
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(packed.as_slice()).entries()? {
        let mut entry = entry?;
        let name = entry
            .path()?
            .to_string_lossy()
            .trim_start_matches("./")
            .to_owned();
        let (mode, owner) = (entry.header().mode()? & 0o7777, entry.header().uid()?);
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(name, (mode, owner, content));
    }
    Ok(files)
}

fn node(argv: &[&str]) -> Exec {
    Exec::new(GuestUser::Node, argv.iter().copied())
}

fn shell(script: &str) -> Exec {
    node(&["sh", "-c", script])
}

/// Bytes to read.
#[must_use]
pub fn bytes(content: impl Into<Vec<u8>>) -> ByteReader {
    Box::pin(Cursor::new(content.into()))
}

fn path(text: &str) -> GuestPath {
    GuestPath::new(text).expect("a guest path")
}
