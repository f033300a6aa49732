//! The doctor: each answer with its one remedy, what can be tidied up, and a report that gives nothing away.

use std::path::Path;

use bottle_core::backend::Problem;
use bottle_core::event::Silent;
use bottle_engine::doctor::{Action, Diagnosis, Health, ReportFacts};

use super::room::{Room, SECRET};

async fn diagnose(room: &Room) -> Vec<Diagnosis> {
    room.engine.diagnose(Ok(())).await
}

fn answer<'d>(all: &'d [Diagnosis], id: &str) -> &'d Diagnosis {
    all.iter()
        .find(|answer| answer.id == id)
        .unwrap_or_else(|| panic!("{id}: {all:?}"))
}

#[tokio::test]
async fn a_machine_that_is_well_has_nothing_to_do() {
    let room = Room::new();
    let all = diagnose(&room).await;
    let ids: Vec<_> = all.iter().map(|answer| answer.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "backend:docker",
            "home",
            "sessions",
            "image",
            "keychain",
            "credential",
            "disk"
        ]
    );
    for answer in all.iter().filter(|answer| answer.id != "disk") {
        assert_eq!(
            (answer.state, &answer.what, answer.action),
            (Health::Well, &None, None),
            "{answer:?}"
        );
        assert!(
            !answer.title.is_empty() && !answer.seen.is_empty(),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn images_that_are_not_there_are_offered_to_be_made() {
    let room = Room::new();
    room.staged.lose_images();
    let all = diagnose(&room).await;
    let answer = answer(&all, "image");
    assert_eq!(
        (answer.state, answer.action),
        (Health::Attention, Some(Action::PrepareImage))
    );
    assert_eq!(room.staged.steps(), Vec::<String>::new(), "nothing is made");
}

#[tokio::test]
async fn a_credential_that_is_not_kept_is_one_button_away() {
    let room = Room::new();
    room.kept.remove("claude");
    let all = diagnose(&room).await;
    let answer = answer(&all, "credential");
    assert_eq!(
        (answer.state, answer.action),
        (Health::Attention, Some(Action::AddCredential))
    );
    assert!(answer.seen.contains("claude"));
    let bare = Room::bare();
    bare.kept.remove("claude");
    assert_eq!(
        diagnose(&bare)
            .await
            .iter()
            .find(|answer| answer.id == "credential")
            .unwrap()
            .action,
        Some(Action::AddCredential)
    );
}

#[tokio::test]
async fn what_the_keychain_said_is_passed_on() {
    let room = Room::new();
    let problem = Problem {
        code: "locked".into(),
        what: "It is locked.".into(),
        advice: "Unlock it.".into(),
    };
    let all = room.engine.diagnose(Err(problem)).await;
    let answer = answer(&all, "keychain");
    assert_eq!(
        (
            answer.state,
            answer.what.as_deref(),
            answer.advice.as_deref()
        ),
        (Health::Trouble, Some("It is locked."), Some("Unlock it."))
    );
}

#[tokio::test]
async fn a_home_that_is_a_file_is_trouble() {
    let room = Room::bare();
    std::fs::write(room.home(), "x").unwrap();
    let all = diagnose(&room).await;
    let answer = answer(&all, "home");
    assert_eq!(
        (answer.state, answer.action),
        (Health::Trouble, Some(Action::OpenHome))
    );
}

#[tokio::test]
async fn left_over_things_are_listed_and_only_those_that_were_chosen_go() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    assert!(
        room.engine.cleanup_items().await.unwrap().is_empty(),
        "it is in use"
    );
    drop(live);
    room.engine
        .remove_document(bottle_core::manifest::Kind::Agent, "a")
        .unwrap();
    let items = room.engine.cleanup_items().await.unwrap();
    let ids: Vec<_> = items.iter().map(|item| item.id.clone()).collect();
    assert_eq!(ids, [format!("session:{id}"), "trash".into()]);
    room.engine
        .clean_up(&["trash".into()], &Silent)
        .await
        .unwrap();
    assert_eq!(room.engine.cleanup_items().await.unwrap().len(), 1);
    assert!(room.engine.list_trash().unwrap().is_empty());
    room.engine.clean_up(&ids, &Silent).await.unwrap();
    assert!(room.engine.cleanup_items().await.unwrap().is_empty());
    assert_eq!(room.staged.ids(), []);
}

#[tokio::test]
async fn a_report_names_no_person_no_host_and_no_value() {
    let room = Room::new();
    room.write(
        "bottles/x.md",
        "---\negress: {routes: [{host: '*.secret-customer.example'}]}\n---\n",
    );
    let mut all = diagnose(&room).await;
    let home = room.home();
    let user = home.parent().unwrap().join("marie");
    all.push(Diagnosis {
        id: "extra".into(),
        title: "t".into(),
        state: Health::Trouble,
        seen: format!(
            "{} and {} and marie's api.secret-customer.example",
            home.display(),
            user.join("x").display()
        ),
        what: Some("summaries are fine".into()),
        advice: None,
        action: None,
    });
    let facts = ReportFacts {
        version: "1.2.3".into(),
        claude: "4.5.6".into(),
        platform: "linux".into(),
    };
    let report = room.engine.report(&all, &facts, Some(&user));
    for shown in [
        "claude-bottle 1.2.3",
        "backend:docker",
        "<home> and ~/x and <you>'s",
        "1 agents, 2 bottles",
        "trouble",
        "summaries",
    ] {
        assert!(report.contains(shown), "{shown}\n{report}");
    }
    let root = home.display().to_string();
    for hidden in [
        "secret-customer",
        SECRET,
        root.as_str(),
        "api.anthropic.com",
        "marie'",
    ] {
        assert!(!report.contains(hidden), "{hidden}\n{report}");
    }
    assert!(
        !room
            .engine
            .report(&all, &facts, Some(Path::new("/")))
            .is_empty()
    );
}
