//! A start from beginning to end, and every way in which it can break off.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use bottle_core::advice::Advice;
use bottle_core::backend::Backend;
use bottle_core::event::{Phase, Progress, Silent};
use bottle_core::id::OwnerId;
use bottle_engine::store::SessionState;
use bottle_engine::{EngineError, Live, StartRequest};
use tests::staged::{Trouble, When, sealed};
use tokio_util::sync::CancellationToken;

use super::room::{Room, Seen, request, write};

/// A room whose agent has something for every step.
fn furnished() -> (Room, StartRequest) {
    let room = Room::new();
    let agent = "---\nbottle: b\nskills: [s]\ngit: {user: {name: N, email: n@e}}\n---\nHi.\n";
    room.write("agents/a.md", agent);
    room.skill("s");
    let folder = room.beside("project");
    write(&folder.join("a.txt"), "x");
    let request = StartRequest {
        workspace: Some(folder),
        ..request()
    };
    (room, request)
}

async fn launch(room: &Room, request: &StartRequest) -> Result<Live, EngineError> {
    let prepared = room.engine.prepare(request).await.unwrap();
    let never = CancellationToken::new();
    room.engine.launch(prepared, &Silent, &never).await
}

/// The steps of a start, in the order in which they begin.
const STEPS: [&str; 10] = [
    "ensure_images",
    "create",
    "start",
    "guest",
    "control",
    "exec certificate",
    "exec deliver",
    "exec git",
    "copy into /workspace",
    "exec self-test",
];

#[tokio::test]
async fn a_start_makes_its_steps_in_order_and_records_itself() {
    let (room, request) = furnished();
    let live = launch(&room, &request).await.unwrap();
    let mut steps = room.staged.steps();
    let at = |name: &str| steps.iter().position(|step| step == name);
    assert_eq!(steps[..4], STEPS[..4]);
    assert!(
        at("control") < at("exec certificate"),
        "the bundle makes the certificate"
    );
    assert!(at("exec deliver") < at("exec git"));
    assert_eq!(steps.last().unwrap(), "exec self-test");
    // What moves in moves in side by side.
    let mut expected = STEPS.to_vec();
    steps.sort();
    expected.sort_unstable();
    assert_eq!(steps, expected);
    let record = room.engine.session(&live.id).unwrap();
    assert_eq!(record.state, SessionState::Running);
    assert_eq!(
        record.workspace.as_deref(),
        request.workspace.unwrap().to_str()
    );
    let spec = room.staged.spec(&live.id).unwrap();
    assert_eq!(&spec.owner, room.engine.home().owner());
    assert!(live.id.as_str().starts_with("a-"));
    assert_eq!(live.evidence, sealed());
}

#[tokio::test]
async fn the_bundle_gets_policy_and_credentials_and_the_plan_its_fingerprint() {
    let (room, request) = furnished();
    let live = launch(&room, &request).await.unwrap();
    let bundle = room.staged.bundle(&live.id).unwrap();
    let policy = bundle.rules().policy.clone().unwrap();
    assert_eq!(policy.routes, live.plan.egress.routes);
    let names: Vec<_> = bundle
        .vault()
        .names()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["claude"]);
    let fingerprint = live.plan.egress.tls_interception.ca_fingerprint.clone();
    assert_eq!(fingerprint.unwrap().len(), 64);
    let kept = fs::read_to_string(live.folder.join("plan.json")).unwrap();
    assert_eq!(kept, live.plan.to_json());
}

#[tokio::test]
async fn the_sessions_folder_is_the_persons_alone() {
    let (room, request) = furnished();
    let live = launch(&room, &request).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&room.home()), 0o700);
    assert_eq!(mode(&live.folder), 0o700);
    for name in ["plan.json", "prompt.txt", "self-test.json", "baseline.json"] {
        assert_eq!(mode(&live.folder.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn whatever_step_fails_undoes_everything() {
    for when in [When::Before, When::After] {
        for (number, step) in STEPS.iter().enumerate() {
            let (room, request) = furnished();
            room.staged.trouble(number, when, Trouble::Fails);
            let launched = launch(&room, &request).await;
            if *step == "control" {
                // A bundle takes a moment to be there: it is asked again.
                assert!(launched.is_ok());
                continue;
            }
            let error = launched.map(drop).expect_err(step);
            assert!(!error.advice().is_empty(), "{step}: {error}");
            room.assert_untouched();
        }
    }
}

#[tokio::test]
async fn cancelling_at_whatever_step_undoes_everything() {
    for when in [When::Before, When::After] {
        for (number, step) in STEPS.iter().enumerate() {
            let (room, request) = furnished();
            room.staged.trouble(number, when, Trouble::Waits);
            let prepared = room.engine.prepare(&request).await.unwrap();
            let cancel = CancellationToken::new();
            let cancelling = async {
                room.staged.reached().await;
                cancel.cancel();
            };
            let launching = room.engine.launch(prepared, &Silent, &cancel);
            let (launched, ()) = tokio::join!(launching, cancelling);
            assert_eq!(
                launched.map(drop).unwrap_err().code(),
                "cancelled",
                "{step}"
            );
            room.assert_untouched();
        }
    }
}

#[tokio::test]
async fn cancelling_before_the_start_creates_nothing() {
    let (room, request) = furnished();
    let prepared = room.engine.prepare(&request).await.unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let launched = room.engine.launch(prepared, &Silent, &cancel).await;
    assert_eq!(launched.map(drop).unwrap_err().code(), "cancelled");
    assert_eq!(room.staged.steps(), Vec::<String>::new());
    assert!(!room.engine.home().sessions().exists());
}

#[tokio::test]
async fn what_cannot_be_undone_now_is_found_by_cleanup() {
    let (room, request) = furnished();
    room.staged
        .trouble(STEPS.len() - 1, When::Before, Trouble::Fails);
    room.staged.refuse("delete");
    let error = launch(&room, &request).await.map(drop).unwrap_err();
    assert_eq!(
        error.code(),
        "engine_error",
        "the first error is the one that is told"
    );
    room.staged.mend();
    let plan = room.engine.cleanup_plan().await.unwrap();
    assert_eq!((plan.sessions.len(), plan.resources.len()), (1, 3));
    room.engine.cleanup(&plan, false, &Silent).await.unwrap();
    room.assert_untouched();
}

#[tokio::test]
async fn anything_but_a_proof_means_no_start_and_nothing_left() {
    let mut failing = sealed();
    failing.checks[0].passed = false;
    let mut forged = failing.clone();
    forged.passed = true;
    let mut lacking = sealed();
    lacking.checks.remove(3);
    let mut empty = sealed();
    empty.checks.clear();
    let json = |report: &bottle_core::selftest::SelfTest| serde_json::to_vec(report).unwrap();
    let mut more = json(&sealed());
    more.extend(b"{}");
    for (what, code, stdout, expected) in [
        ("a check that failed", 1, json(&failing), "not_sealed"),
        (
            "a verdict that does not fit",
            0,
            json(&forged),
            "not_sealed",
        ),
        ("a check that is missing", 0, json(&lacking), "not_sealed"),
        ("no check at all", 0, json(&empty), "not_sealed"),
        (
            "a program that failed",
            1,
            json(&sealed()),
            "self_test_failed",
        ),
        ("garbage", 0, b"all is well".to_vec(), "self_test_failed"),
        ("nothing", 0, Vec::new(), "self_test_failed"),
        ("more than a report", 0, more, "self_test_failed"),
    ] {
        let (room, request) = furnished();
        room.staged.guests().answer("self-test", code, stdout);
        let error = launch(&room, &request).await.map(drop).expect_err(what);
        assert_eq!(error.code(), expected, "{what}");
        assert!(
            error.to_string().len() > "the self-test failed: ".len(),
            "{error}"
        );
        room.assert_untouched();
    }
}

#[tokio::test]
async fn a_name_in_use_is_left_to_whoever_has_it() {
    let (room, request) = furnished();
    let stranger = OwnerId::new("stranger").unwrap();
    room.staged.take_next_name(stranger.clone());
    let error = launch(&room, &request).await.map(drop).unwrap_err();
    assert_eq!(error.code(), "name_in_use");
    assert_eq!(
        room.staged.list(&stranger).await.unwrap().len(),
        1,
        "theirs is still there"
    );
    assert_eq!(room.engine.store().unwrap().list().unwrap(), []);
    assert_eq!(
        fs::read_dir(room.engine.home().sessions()).unwrap().count(),
        0
    );
    assert!(!room.staged.calls().contains(&"delete".to_owned()));
}

#[tokio::test]
async fn a_bundle_that_dies_before_it_answers_is_told_with_its_last_words() {
    let (room, request) = furnished();
    room.staged.bundles_die();
    let error = launch(&room, &request).await.map(drop).unwrap_err();
    let EngineError::Control { tail, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(tail, &["last words"]);
    room.assert_untouched();
}

#[tokio::test]
async fn a_bundle_that_is_not_ready_yet_is_asked_again() {
    let (room, request) = furnished();
    room.staged.hang_up(3);
    let live = launch(&room, &request).await.unwrap();
    assert!(
        room.staged
            .bundle(&live.id)
            .unwrap()
            .rules()
            .policy
            .is_some()
    );
}

#[tokio::test]
async fn phases_begin_and_end_in_order_with_times() {
    let (room, request) = furnished();
    let prepared = room.engine.prepare(&request).await.unwrap();
    let (seen, never) = (Seen::default(), CancellationToken::new());
    let live = room.engine.launch(prepared, &seen, &never).await.unwrap();
    let progress = seen.progress.lock().unwrap();
    let mut phases = Vec::new();
    let mut open = BTreeMap::new();
    let mut last = 0;
    for event in progress.iter() {
        match event {
            Progress::Began { phase, at_ms } => {
                let beside = open.keys().all(|other| *other == Doors);
                assert!(beside, "{phase:?} began beside {open:?}");
                assert_eq!(open.insert(*phase, *at_ms), None);
                assert!(*at_ms >= last);
            }
            Progress::Ended {
                phase,
                took_ms,
                at_ms,
            } => {
                let from = open.remove(phase).expect("begun");
                assert_eq!(from + took_ms, *at_ms);
                last = *at_ms;
                phases.push(*phase);
            }
            Progress::Advanced { phase, .. } | Progress::Log { phase, .. } => {
                assert!(open.contains_key(phase), "{event:?}");
            }
            Progress::Failed { .. } => panic!("{event:?}"),
        }
    }
    use Phase::{Doors, Image, Launch, Provision, SelfTest};
    assert_eq!(phases, [Image, Launch, Doors, Provision, SelfTest]);
    drop(live);
}

#[tokio::test]
async fn a_phase_that_fails_says_so_with_the_code_of_its_error() {
    let (room, request) = furnished();
    room.staged.trouble(1, When::Before, Trouble::Fails);
    let prepared = room.engine.prepare(&request).await.unwrap();
    let (seen, never) = (Seen::default(), CancellationToken::new());
    let launched = room.engine.launch(prepared, &seen, &never).await;
    assert!(launched.is_err());
    let progress = seen.progress.lock().unwrap();
    let Some(Progress::Failed { phase, code, .. }) = progress.last() else {
        panic!("{progress:?}")
    };
    assert_eq!((*phase, code.as_str()), (Phase::Launch, "engine_error"));
}

#[tokio::test]
async fn several_starts_at_once_are_several_sessions() {
    let (room, request) = furnished();
    let starts = (0..8).map(|_| launch(&room, &request));
    let lives = futures_util::future::try_join_all(starts).await.unwrap();
    let ids: BTreeSet<_> = lives.iter().map(|live| live.id.clone()).collect();
    assert_eq!(ids.len(), 8);
    let plan = room.second().cleanup_plan().await.unwrap();
    assert!(plan.is_empty(), "all are in use: {plan:?}");
}
