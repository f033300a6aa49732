//! What became wider since an agent last started, and skills that are not what was approved.

use std::fs;

use bottle_core::manifest::Kind;

use super::room::{BOTTLE, Room};

#[tokio::test]
async fn a_start_is_remembered_and_the_next_one_held_against_it() {
    let room = Room::new();
    let first = room.prepare().await.unwrap();
    let authority = room.engine.authority(&first);
    assert!(authority.last_start.is_none() && authority.widened.is_empty());
    room.engine.remember_start(&first).unwrap();

    let again = room.prepare().await.unwrap();
    let authority = room.engine.authority(&again);
    assert_eq!(
        (authority.last_start, authority.widened.len()),
        (Some(1_700_000_000.0), 0)
    );

    let wider = BOTTLE.replace("  routes:\n", "  routes:\n    - host: new.example.com\n");
    room.write("bottles/b.md", &wider);
    let authority = room.engine.authority(&room.prepare().await.unwrap());
    assert_eq!(authority.widened, ["new.example.com is open now."]);
    let marked: Vec<_> = authority
        .routes
        .iter()
        .filter(|route| route.wider)
        .collect();
    assert_eq!(marked.len(), 1);
}

#[tokio::test]
async fn a_text_that_is_not_saved_is_held_against_the_last_start_too() {
    let room = Room::new();
    room.engine
        .remember_start(&room.prepare().await.unwrap())
        .unwrap();
    let wider = BOTTLE.replace("---\negress", "---\nresources: {memory: 64GiB}\negress");
    let authority = room
        .engine
        .check_document(Kind::Bottle, "b", &wider)
        .authority
        .unwrap();
    assert_eq!(
        authority.widened,
        ["It may use 64 GiB of memory instead of 4 GiB."]
    );
    let authority = room
        .engine
        .check_document(Kind::Agent, "a", super::room::AGENT)
        .authority
        .unwrap();
    assert_eq!(authority.widened, Vec::<String>::new());
}

#[tokio::test]
async fn a_demo_is_not_remembered() {
    let room = Room::bare();
    let prepared = room.engine.prepare_demo(None, None).await.unwrap();
    room.engine.remember_start(&prepared).unwrap();
    assert!(!room.home().join("starts").exists());
}

#[tokio::test]
async fn what_is_remembered_holds_no_secret_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    room.engine
        .remember_start(&room.prepare().await.unwrap())
        .unwrap();
    let file = room.home().join("starts/a.json");
    assert!(
        !fs::read_to_string(&file)
            .unwrap()
            .contains(super::room::SECRET)
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::write(&file, "{broken").unwrap();
    let authority = room.engine.authority(&room.prepare().await.unwrap());
    assert!(authority.last_start.is_none());
}

#[tokio::test]
async fn a_changed_skill_is_said_before_it_is_used() {
    let room = Room::new();
    let source = room.beside("source/s");
    fs::write(
        source.join("SKILL.md"),
        "---\nname: s\ndescription: d\n---\nDo it.\n",
    )
    .unwrap();
    room.engine.add_skills(&[source], false).unwrap();
    room.write("agents/a.md", "---\nbottle: b\nskills: [s]\n---\n");
    let plan = room.prepare().await.unwrap();
    assert!(room.engine.authority(&plan).widened.is_empty());

    room.write("skills/s/evil.sh", "#!/bin/sh\n");
    let plan = room.prepare().await.unwrap();
    let said = "The skill s is not what you approved: evil.sh changed.";
    assert!(
        plan.plan.warnings.iter().any(|warning| warning == said),
        "{:?}",
        plan.plan.warnings
    );
    assert_eq!(room.engine.authority(&plan).widened, [said]);

    room.engine.approve_skill(&"s".parse().unwrap()).unwrap();
    let plan = room.prepare().await.unwrap();
    assert!(room.engine.authority(&plan).widened.is_empty());
}

#[tokio::test]
async fn a_start_remembers_itself() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let authority = room.engine.authority(&room.prepare().await.unwrap());
    assert_eq!(authority.last_start, Some(1_700_000_000.0));
    drop(live);
}
