//! The event buffer: numbered, bounded, readable again.

use bottle_core::control::Message;
use bottle_core::event::SecurityEvent;
use bottle_sidecar::events::{EventLog, KEPT};

fn paused(paused: bool) -> SecurityEvent {
    SecurityEvent::Paused { paused }
}

fn numbers(batch: &[Message]) -> Vec<u32> {
    batch
        .iter()
        .map(|message| match message {
            Message::Event { number, .. } => *number,
            other @ (Message::Reply { .. } | Message::Failure { .. }) => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_reader_gets_what_came_after_its_number() {
    let log = EventLog::default();
    (0..5).for_each(|_| log.record(paused(true)));
    let mut all = log.reader(0);
    assert_eq!(numbers(&log.next(&mut all).await), [1, 2, 3, 4, 5]);
    let mut some = log.reader(3);
    assert_eq!(numbers(&log.next(&mut some).await), [4, 5]);
    log.record(paused(false));
    assert_eq!(numbers(&log.next(&mut some).await), [6]);
    assert_eq!(numbers(&log.next(&mut all).await), [6]);
}

#[tokio::test]
async fn a_number_of_an_earlier_life_stands_for_the_start() {
    let log = EventLog::default();
    log.record(paused(true));
    let mut reader = log.reader(700);
    assert_eq!(numbers(&log.next(&mut reader).await), [1]);
}

#[tokio::test]
async fn a_slow_reader_is_told_how_many_it_lost() {
    let log = EventLog::default();
    let mut reader = log.reader(0);
    (0..KEPT + 10).for_each(|_| log.record(paused(true)));
    let batch = log.next(&mut reader).await;
    let Message::Event {
        number: 10,
        event: SecurityEvent::Lost { count: 10 },
        ..
    } = batch[0]
    else {
        panic!("{:?}", batch[0]);
    };
    let mut seen = numbers(&batch);
    while *seen.last().unwrap() < u32::try_from(KEPT + 10).unwrap() {
        seen.extend(numbers(&log.next(&mut reader).await));
    }
    assert!(
        seen.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "in order, none twice, none missing"
    );
}

#[tokio::test]
async fn reading_waits_where_there_is_nothing() {
    let log = EventLog::default();
    log.record(paused(true));
    let mut reader = log.reader(1);
    let mut next = std::pin::pin!(log.next(&mut reader));
    assert!(futures_util::poll!(&mut next).is_pending());
    log.record(paused(false));
    assert_eq!(numbers(&next.await), [2]);
}
