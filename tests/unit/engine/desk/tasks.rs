//! Starts that go on while nobody looks.

use std::collections::BTreeMap;

use bottle_core::event::Phase;
use bottle_engine::desk::{TaskEvent, TaskState};
use tests::staged::{Trouble, When};

use super::super::room::request;
use super::{Study, ended_badly, ended_well, nobody, soon, state, told};

fn words(events: &[TaskEvent]) -> Vec<String> {
    let word = |event: &TaskEvent| match event {
        TaskEvent::Began { phase, .. } => format!("began {phase:?}"),
        TaskEvent::Ended { phase, .. } => format!("ended {phase:?}"),
        TaskEvent::Failed { phase, .. } => format!("failed {phase:?}"),
        TaskEvent::Advanced { phase, step, .. } => format!("{phase:?}: {step}"),
        TaskEvent::Log { phase, lines } => format!("{phase:?} says {lines:?}"),
        TaskEvent::End { session, error } => {
            format!("end {} {}", session.is_some(), error.is_some())
        }
    };
    events.iter().map(word).collect()
}

#[tokio::test]
async fn every_follower_is_told_everything_whenever_it_comes() {
    let study = Study::new();
    let task = study.desk.start(request(), false);
    let (early, other) = tokio::join!(told(&study.desk, task), told(&study.desk, task));
    let late = told(&study.desk, task).await;
    assert_eq!(words(&early), words(&late));
    assert_eq!(words(&other), words(&late));
    let phases: Vec<_> = words(&late)
        .into_iter()
        .filter(|word| word.starts_with("began"))
        .collect();
    let expected = [
        "Prepare",
        "Image",
        "Launch",
        "Doors",
        "Provision",
        "SelfTest",
        "Claude",
    ];
    assert_eq!(phases, expected.map(|phase| format!("began {phase}")));
    assert_eq!(words(&late).last().unwrap(), "end true false");
    let says = |event: &TaskEvent| matches!(event, TaskEvent::Log { phase: Phase::Image, lines } if lines == &["built"]);
    assert!(late.iter().any(says), "{late:?}");
}

#[tokio::test]
async fn times_count_from_the_beginning_of_the_task() {
    let study = Study::new();
    let task = study.desk.start(request(), false);
    let mut last = 0;
    for event in told(&study.desk, task).await {
        let (TaskEvent::Began { at_ms, .. } | TaskEvent::Ended { at_ms, .. }) = event else {
            continue;
        };
        assert!(at_ms >= last, "{at_ms} after {last}");
        last = at_ms;
    }
}

#[tokio::test]
async fn a_start_goes_on_without_followers_and_runs_at_the_desk() {
    let mut study = Study::new();
    let task = study.desk.start(request(), false);
    drop(study.desk.follow_task(task));
    let _claude = study.claude().await;
    let id = ended_well(&study.desk, task).await;
    assert_eq!(study.desk.live(), [id]);
    assert_eq!(
        state(&study.desk, task),
        None,
        "what ended well needs nobody"
    );
}

#[tokio::test]
async fn a_start_that_fails_is_listed_until_it_is_dismissed() {
    let study = Study::new();
    let task = study.desk.start(nobody(), false);
    assert_eq!(ended_badly(&study.desk, task).await, "agent_missing");
    assert_eq!(state(&study.desk, task), Some(TaskState::Failed));
    let listed = study.desk.tasks().remove(0);
    assert_eq!((listed.agent.as_str(), listed.session), ("nobody", None));
    study.desk.dismiss_task(task);
    assert_eq!(state(&study.desk, task), None);
    assert!(study.desk.follow_task(task).is_none());
    study.room.assert_untouched();
}

#[tokio::test]
async fn cancelling_at_any_step_leaves_nothing_behind() {
    let steps = {
        let mut study = Study::new();
        drop(study.started().await);
        study.room.staged.steps()
    };
    assert_eq!(steps.last().unwrap(), "attach");
    for (number, name) in steps.iter().enumerate() {
        for when in [When::Before, When::After] {
            let study = Study::new();
            study.room.staged.trouble(number, when, Trouble::Waits);
            let task = study.desk.start(request(), false);
            soon(study.room.staged.reached()).await;
            assert_eq!(state(&study.desk, task), Some(TaskState::Running));
            study.desk.cancel_task(task);
            let code = ended_badly(&study.desk, task).await;
            assert_eq!(code, "cancelled", "{name}");
            study.room.assert_untouched();
            assert!(study.desk.live().is_empty());
            assert_eq!(state(&study.desk, task), None, "{name}");
        }
    }
}

#[tokio::test]
async fn cancelling_before_the_first_step_starts_nothing() {
    let study = Study::new();
    let task = study.desk.start(request(), false);
    study.desk.cancel_task(task);
    assert_eq!(ended_badly(&study.desk, task).await, "cancelled");
    study.room.assert_untouched();
}

#[tokio::test]
async fn whatever_step_fails_fails_the_task_and_leaves_nothing_behind() {
    let steps = {
        let mut study = Study::new();
        drop(study.started().await);
        study.room.staged.steps()
    };
    // A control socket that does not answer yet is tried again.
    let fatal = steps
        .iter()
        .enumerate()
        .filter(|(_, name)| *name != "control");
    for (number, _) in fatal {
        let study = Study::new();
        study
            .room
            .staged
            .trouble(number, When::Before, Trouble::Fails);
        let task = study.desk.start(request(), false);
        let events = told(&study.desk, task).await;
        assert!(
            words(&events).last().unwrap().ends_with("true"),
            "{events:?}"
        );
        assert_eq!(state(&study.desk, task), Some(TaskState::Failed));
        study.room.assert_untouched();
    }
}

#[tokio::test]
async fn cancelling_a_resume_keeps_the_session() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    study.desk.stop(&id, true).await.unwrap();
    let first = study.room.staged.steps().len();
    let task = study.desk.resume(id.clone(), BTreeMap::new());
    let _claude = study.claude().await;
    ended_well(&study.desk, task).await;
    study.desk.stop(&id, true).await.unwrap();
    let count = study.room.staged.steps().len() - first;
    for number in 0..count {
        let step = study.room.staged.steps().len() + number;
        study
            .room
            .staged
            .trouble(step, When::Before, Trouble::Waits);
        let task = study.desk.resume(id.clone(), BTreeMap::new());
        soon(study.room.staged.reached()).await;
        study.desk.cancel_task(task);
        assert_eq!(ended_badly(&study.desk, task).await, "cancelled");
        let seen = study.seen(&id).await.unwrap();
        let preserved = bottle_engine::desk::SessionState::Preserved;
        assert_eq!(seen.state, preserved, "step {number}");
    }
    study.room.staged.mend();
    drop(study.resumed(&id).await);
}

#[tokio::test]
async fn the_images_can_be_made_beforehand() {
    let study = Study::new();
    let task = study.desk.prepare_images(None);
    let events = words(&told(&study.desk, task).await);
    let expected = [
        "began Image",
        "Image says [\"built\"]",
        "ended Image",
        "end false false",
    ];
    assert_eq!(events, expected);
    assert_eq!(study.room.staged.steps(), ["ensure_images"]);
}

#[tokio::test]
async fn a_change_is_told_once_however_many_there_were() {
    let study = Study::new();
    let mut changes = study.desk.changes();
    let task = study.desk.start(request(), false);
    ended_well(&study.desk, task).await;
    let seen = soon(changes.next()).await.unwrap();
    assert!(seen.tasks && seen.sessions);
    let more = tokio::time::timeout(std::time::Duration::from_millis(50), changes.next()).await;
    assert!(more.is_err(), "{more:?}");
}
