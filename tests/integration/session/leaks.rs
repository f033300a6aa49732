//! The hunt for a credential: while claude is busy and afterwards, its value is nowhere but in the bundle's memory.

use std::process::Command;

use bottle_core::backend::Backend;
use bottle_core::event::Silent;
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::id::AgentName;
use bottle_engine::{Outcome, StartRequest};
use tests::engine::docker_cli;
use tests::terminal::TestTerminal;
use tests::traces::{Needle, in_folder, in_processes, on_engine, unix_time};
use tests::until::until;
use tests::world::{World, with_world};
use tokio_util::sync::CancellationToken;

/// How every credential of the demo begins; the rest is random, and nobody but the bundle and the command line ever has it.
const DEMO: &str = "sk-ant-oat01-demo-";
/// What claude is busy with.
const BUSY: &str = "until [ -e /tmp/enough ]; do read -t 1 < /dev/zero; done; echo over";

/// Everywhere where the value can be seen while a session runs.
fn seen(world: &World, needle: &Needle, since: &str) -> Vec<String> {
    let resources = world.resources();
    let mut places = on_engine(&resources, since);
    places.extend(in_processes());
    places.extend(in_folder(&world.home()));
    assert!(places.len() > 15, "so few places: {}", places.len());
    let mut found = needle.among(&places);
    for container in resources
        .iter()
        .filter_map(|named| named.strip_prefix("container "))
    {
        let own = if container.ends_with("-bundle") {
            "65532"
        } else {
            "node"
        };
        for user in ["root", own] {
            found.extend(needle.inside(container, user));
        }
    }
    found
}

#[tokio::test]
async fn the_credential_of_a_busy_claude_is_nowhere() {
    with_world(
        "the_credential_of_a_busy_claude_is_nowhere",
        |world| async move {
            let since = unix_time();
            let needle = Needle::new(DEMO);
            let direct = world.command(&["demo", "--interactive"]);
            let log = world.project().join("log");
            let mut command = Command::new("sh");
            command
                .args(["-c", "exec \"$0\" demo --interactive 2> \"$LOG\""])
                .arg(direct.get_program())
                .env("CLAUDE_BOTTLE_LOG", "trace")
                .env("LOG", &log);
            for (name, value) in world.variables() {
                command.env(name, value);
            }
            let mut terminal = TestTerminal::start(&command);
            terminal.shows("bypass permissions on").await;
            let agent = format!("claude-bottle-{}", world.only_session().await);
            terminal.say(&format!("run: {BUSY}")).await;
            until("claude to be busy", async || {
                let processes = docker_cli(&["exec", &agent, "ps", "-eo", "args"]);
                let busy = processes
                    .lines()
                    .any(|line| line.contains("bash") && line.contains("/tmp/enough"));
                busy.then_some(())
            })
            .await;
            assert_eq!(seen(&world, &needle, &since), Vec::<String>::new());

            plant(&agent);
            let found = seen(&world, &needle, &since).join("\n");
            for place in ["/tmp/planted in", "/environ", "/cmdline", "run ", "events"] {
                assert!(
                    found.contains(place),
                    "the hunt does not see {place}: {found}"
                );
            }

            let _over = docker_cli(&["exec", &agent, "touch", "/tmp/enough"]);
            terminal.shows("done: over").await;
            terminal.say("/exit").await;
            assert_eq!(terminal.end().await.code(), Some(0), "{}", terminal.text());
            let mut places = in_folder(&world.home());
            assert!(
                places.iter().any(|(name, _)| name.ends_with(".jsonl")),
                "a transcript"
            );
            let lines = std::fs::read(&log).expect("a log");
            assert!(
                lines.len() > 10_000,
                "a log that tells nothing: {} bytes",
                lines.len()
            );
            places.push(("the log".to_owned(), lines));
            places.push(("the terminal".to_owned(), terminal.printed()));
            assert_eq!(needle.among(&places), Vec::<String>::new());
        },
    )
    .await;
}

/// Puts something like the value where it must be found.
fn plant(agent: &str) {
    let planted = format!("{DEMO}planted");
    let file = format!("printf %s {planted} | base64 > /tmp/planted");
    let _file = docker_cli(&["exec", agent, "sh", "-c", &file]);
    let variable = format!("PLANTED={planted}");
    let _process = docker_cli(&[
        "exec",
        "--detach",
        "--env",
        &variable,
        agent,
        "sh",
        "-c",
        "sleep 600; true",
        &planted,
    ]);
}

#[tokio::test]
async fn a_credential_of_the_person_is_nowhere() {
    with_world("a_credential_of_the_person_is_nowhere", |world| async move {
        let since = unix_time();
        let value = format!("sk-ant-api03-{}", uuid::Uuid::new_v4().simple());
        let needle = Needle::new(&value);
        world.write(
            "bottles/own.md",
            "---\negress:\n  routes:\n    - host: vault.invalid\n      auth: {scheme: bearer, credential: own}\n---\n",
        );
        world.write("agents/own.md", "---\nbottle: own\n---\nBe careful.\n");
        let engine = world.engine_with(&[("own", &value)]);
        let request = StartRequest {
            agent: AgentName::new("own").unwrap(),
            backend: None,
            workspace: None,
            env: Default::default(),
        };
        let prepared = engine.prepare(&request).await.expect("a plan");
        assert_eq!(needle.in_bytes(prepared.plan.to_json().as_bytes()), None);
        let live = engine
            .launch(prepared, &Silent, &CancellationToken::new())
            .await
            .expect("a session");
        let id = live.id.clone();
        let ask = Exec::new(
            GuestUser::Node,
            ["curl", "-sS", "-m", "30", "-x", "http://egress:9099", "http://vault.invalid/"],
        );
        let asked = live.guest().exec(&ask, None).await.expect("an answer");
        assert_eq!(needle.in_bytes(&[asked.stdout, asked.stderr].concat()), None);
        assert_eq!(seen(&world, &needle, &since), Vec::<String>::new());

        engine
            .settle(live, Outcome::Exited(1), &Silent)
            .await
            .expect("kept");
        assert_eq!(needle.among(&on_engine(&world.resources(), &since)), Vec::<String>::new());
        let events = format!("{:?}", engine.audit(&id).expect("events"));
        assert!(events.contains("vault.invalid"), "{events}");
        let mut places = in_folder(&world.home());
        places.push(("the events".to_owned(), events.into_bytes()));
        assert_eq!(needle.among(&places), Vec::<String>::new());
        world.bench.docker.delete(&id).await.expect("deleted");
    })
    .await;
}
