//! A person who makes something of their own: a credential, an agent, a skill, and a session that has all of it.

use std::fs;

use tests::window::{Page, with_desktop};

/// A home with one agent whose bottle opens the vendor's API with a credential.
const AGENT: &str =
    "---\ndescription: Reads what others wrote\nbottle: plain\n---\n\nYou read with care.\n";
const BOTTLE: &str = "---\n# Where it may reach.\negress:\n  routes:\n    - host: api.anthropic.com\n      auth: {scheme: claude, credential: claude}\n---\n";
const SKILL: &str = "---\nname: count-herons\ndescription: Counts the herons of a lake. Use it when herons are to be counted.\n---\n\nCount twice.\n";

/// A value that looks like the real thing and opens nothing.
const TOKEN: &str = "sk-ant-oat01-e2e-4d1f8a7c2b9e4f60a1d3c5b7e9f02468";

async fn add_credential(page: &Page) {
    page.click("Credentials").await;
    page.accessible("credentials-empty").await;
    page.click("Add").await;
    page.fill("Name", "claude").await;
    page.fill("Value", TOKEN).await;
    page.picture("credential-add").await;
    page.click("Add").await;
    page.shows("Claude OAuth token").await;
    page.accessible("credentials").await;
}

#[tokio::test]
async fn a_skill_that_is_dropped_and_an_agent_that_is_edited_show_in_the_plan_and_in_claude() {
    with_desktop(
        "a_skill_that_is_dropped_and_an_agent_that_is_edited_show_in_the_plan_and_in_claude",
        |desktop| async move {
            desktop.world.write("agents/reader.md", AGENT);
            desktop.world.write("bottles/plain.md", BOTTLE);
            let dropped = desktop.world.user().join("count-herons");
            fs::create_dir_all(&dropped).expect("a folder");
            fs::write(dropped.join("SKILL.md"), SKILL).expect("a file");

            let page = desktop.open(&[]).await;
            page.click("Skip").await;
            page.shows("reader").await;
            page.accessible("home").await;
            add_credential(&page).await;

            page.click("Skills").await;
            page.accessible("skills-empty").await;
            page.drop_files(&[&dropped]).await;
            page.shows("Counts the herons of a lake").await;
            page.accessible("skill-review").await;
            page.click("Add skill").await;
            page.shows("count-herons").await;
            page.accessible("skills").await;

            page.click("Compose").await;
            page.click("reader").await;
            page.fill("Description", "Reads and counts").await;
            page.click("Add a skill").await;
            page.click("count-herons").await;
            page.accessible("compose").await;
            page.click("Save").await;
            page.shows("Saved").await;
            let written = fs::read_to_string(desktop.world.home().join("agents/reader.md"));
            let written = written.expect("the agent");
            assert!(
                written.contains("description: Reads and counts"),
                "{written}"
            );
            assert!(written.contains("count-herons"), "{written}");
            assert!(written.ends_with("You read with care.\n"), "{written}");

            page.click("Home").await;
            page.shows("Reads and counts").await;
            page.click("Start").await;
            page.shows("count-herons").await;
            page.shows("Put in outside the bottle").await;
            page.accessible("plan").await;
            page.click("Start").await;
            page.terminal_shows("bypass permissions on").await;
            page.press("/count").await;
            page.terminal_shows("Counts the herons of a lake").await;
            page.picture("skill-in-claude").await;
            page.click("Stop").await;
            page.click("Finish").await;
            page.shows("finished").await;
            page.close().await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
        },
    )
    .await;
}
