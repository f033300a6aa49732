//! Every view of the window as a person sees it: light and dark, with usual and with large letters. The pictures are kept to be looked at.

use bottle_core::backend::BackendName;
use bottle_core::id::{AgentName, BottleName, SessionId};
use bottle_engine::Home;
use bottle_engine::store::{SessionRecord, SessionState, Store};
use tests::window::with_desktop;
use tests::world::World;

const REVIEWER: &str = "---\ndescription: Reads a branch and says what could break\nbottle: web\nskills: [count-herons]\ncolor: purple\n---\n\nYou read the branch that is checked out, and you say what could break.\n";
const FIXER: &str = "---\ndescription: Mends what the tests complain about, and nothing else\nbottle: web\n---\n\nYou mend.\n";
const BROKEN: &str = "---\nbottel: web\n---\n\nYou wait.\n";
const WEB: &str = "---\n# Where it may reach.\negress:\n  routes:\n    - host: api.anthropic.com\n      auth: {scheme: claude, credential: claude}\n    - host: crates.io\n      matches:\n        - paths: [/api/*]\n          methods: [GET]\nenv:\n  TICKET: ?Which ticket is it about?\nresources: {cpus: 2, memory: 4g}\n---\n";
const SKILL: &str = "---\nname: count-herons\ndescription: Counts the herons of a lake. Use it when herons are to be counted.\n---\n\nCount twice.\n";
const TOKEN: &str = "sk-ant-oat01-e2e-4d1f8a7c2b9e4f60a1d3c5b7e9f02468";

/// A home as a person has it after some days.
fn furnish(world: &World) {
    world.write("agents/reviewer.md", REVIEWER);
    world.write("agents/fixer.md", FIXER);
    world.write("agents/watcher.md", BROKEN);
    world.write("bottles/web.md", WEB);
    world.write("skills/count-herons/SKILL.md", SKILL);
    let home = Home::new(world.home()).expect("a home");
    let store = Store::open(&home.database()).expect("a store");
    for number in 0..3_u8 {
        let created_at = 1_780_000_000.0 + f64::from(number) * 86_400.0;
        let record = SessionRecord {
            id: SessionId::new(format!("fixer-a000{number}")).expect("an id"),
            agent: AgentName::new("fixer").expect("a name"),
            bottle: BottleName::new("web").expect("a name"),
            backend: BackendName::Docker,
            state: SessionState::Settled,
            created_at,
            ended_at: Some(created_at + 1800.0),
            exit_code: Some(i32::from(number)),
            reason: None,
            conversation: format!("00000000-0000-4000-8000-{number:012}"),
            workspace: None,
        };
        store.add(&record).expect("a record");
    }
}

#[tokio::test]
async fn every_view_can_be_read_in_light_and_dark_and_with_large_letters() {
    with_desktop(
        "every_view_can_be_read_in_light_and_dark_and_with_large_letters",
        |desktop| async move {
            furnish(&desktop.world);
            let page = desktop.open(&[]).await;
            page.shows("Later is fine").await;
            page.every_look("welcome").await;
            page.click("Skip").await;
            page.shows("Reads a branch").await;
            page.every_look("home").await;

            page.click("Credentials").await;
            page.click("Add").await;
            page.fill("Name", "claude").await;
            page.fill("Value", TOKEN).await;
            page.every_look("credential-add").await;
            page.click("Add").await;
            page.shows("Claude OAuth token").await;
            page.every_look("credentials").await;

            page.click("Skills").await;
            page.shows("Count twice").await;
            page.every_look("skills").await;

            page.click("Compose").await;
            page.click("reviewer").await;
            page.shows("api.anthropic.com").await;
            page.every_look("compose-agent").await;
            page.click("web").await;
            page.shows("crates.io").await;
            page.every_look("compose-bottle").await;
            page.click("watcher").await;
            page.shows("bottel").await;
            page.every_look("compose-fault").await;

            page.click("Doctor").await;
            page.shows("Everything is in order").await;
            page.every_look("doctor").await;
            page.click("Settings").await;
            page.shows("Theme").await;
            page.every_look("settings").await;

            page.click("Home").await;
            page.click("Start reviewer").await;
            page.shows("Which ticket is it about?").await;
            page.shows("Put in outside the bottle").await;
            page.every_look("plan").await;

            page.click("Home").await;
            page.click("Try the demo").await;
            page.click("Start").await;
            page.terminal_shows("bypass permissions on").await;
            page.every_look("session").await;
            page.click("Walls").await;
            page.shows("16 of 16").await;
            page.every_look("walls").await;
            page.click("Stop").await;
            page.every_look("stop").await;
            page.click("Finish").await;
            page.shows("Finished").await;
            page.every_look("finished").await;

            page.launcher().await;
            page.shows("reviewer").await;
            page.every_look("launcher").await;
            page.close().await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
        },
    )
    .await;
}
