//! The rules of sessions and of copies, which need no shell in the guest.

use std::sync::Arc;

use bottle_core::backend::{BackendError, ImageSource, Part, PartState};
use bottle_core::event::Silent;
use bottle_core::guest::TerminalSize;
use bottle_core::id::OwnerId;

use super::{File, Rule, Subject, archive, bytes, node, path, read_archive, rules};

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
    copies_keep_content_and_mode_and_belong_to_node,
    a_failed_copy_is_never_taken_for_a_good_one,
    every_call_of_a_stopped_guest_says_that_it_is_gone,
    the_end_of_a_part_is_told,
    images_that_were_made_are_ready_and_unknown_ones_are_not,
];

async fn images_that_were_made_are_ready_and_unknown_ones_are_not(subject: Arc<Subject>) {
    let backend = &subject.backend;
    let own = ImageSource::BuiltIn;
    backend.ensure_images(&own, &Silent).await.expect("images");
    assert!(backend.images_ready(&own).await.expect("an answer"));
    let unknown = ImageSource::Reference {
        name: "claude-bottle-nobody/has-this:0".into(),
    };
    assert!(!backend.images_ready(&unknown).await.expect("an answer"));
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

async fn copies_keep_content_and_mode_and_belong_to_node(subject: Arc<Subject>) {
    let guest = subject.running().await;
    let files: &[File] = &[
        ("script", 0o755, 1000, b"#!/bin/sh\n"),
        ("secret", 0o600, 0, b"from root\n"),
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
    for (name, mode, _, content) in files {
        let entry = (*mode, 1000, content.to_vec());
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
