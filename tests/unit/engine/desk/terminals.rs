//! Claude's terminal: nothing is lost, nothing comes twice, and a slow window holds claude up instead of the program.

use bottle_core::guest::TerminalSize;
use bottle_engine::desk::WINDOW;
use tests::until::until;

use super::{Study, shown, soon};

/// What a new view is sent first: a terminal as new.
const RESET: &[u8] = b"\x1bc";
/// What claude prints once it draws and listens.
const READY: &[u8] = b"\x1b[c";
const SIZE: TerminalSize = TerminalSize {
    rows: 40,
    columns: 100,
};

/// Bytes that differ at every place, so that a lost or repeated one is seen.
fn pattern(count: usize) -> Vec<u8> {
    let lines = (0_u32..).flat_map(|number| format!("{number:08x} line\r\n").into_bytes());
    lines.take(count).collect()
}

#[tokio::test]
async fn a_view_is_shown_everything_before_it_and_then_what_comes() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    claude.print(b"before ").await;
    let mut early = study.desk.open_terminal(&id, SIZE).unwrap();
    let all = shown(&study.desk, &mut early, RESET.len() + 7).await;
    assert_eq!(all, [RESET, b"before "].concat());
    let mut late = study.desk.open_terminal(&id, SIZE).unwrap();
    assert_ne!(early.number(), late.number());
    claude.print(b"after").await;
    assert_eq!(shown(&study.desk, &mut early, 5).await, b"after");
    let all = shown(&study.desk, &mut late, RESET.len() + 12).await;
    assert_eq!(all, [RESET, b"before after"].concat());
}

#[tokio::test]
async fn ten_megabytes_arrive_byte_for_byte_at_a_slow_view_and_at_a_fast_one() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let all = pattern(10 << 20);
    let mut slow = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut fast = study.desk.open_terminal(&id, SIZE).unwrap();
    let expected = [RESET, &all].concat();
    let count = expected.len();
    let desk = &study.desk;
    let lazy = async {
        let mut seen = Vec::new();
        let mut unacknowledged = 0;
        while seen.len() < count {
            let bytes = soon(slow.next()).await.unwrap();
            unacknowledged += bytes.len();
            seen.extend(bytes);
            tokio::task::yield_now().await;
            // As late as it may be: just before the reader would stand still.
            if unacknowledged >= 1 << 20 || seen.len() == count {
                let bytes = u32::try_from(unacknowledged).unwrap();
                desk.acknowledge_terminal(slow.number(), bytes);
                unacknowledged = 0;
            }
        }
        seen
    };
    let (_, one, other) = tokio::join!(
        claude.print(&all),
        lazy,
        shown(&study.desk, &mut fast, count)
    );
    assert!(one == expected, "{} bytes at the slow view", one.len());
    assert!(other == expected, "{} bytes at the fast view", other.len());
}

#[tokio::test]
async fn claude_waits_for_a_view_that_acknowledges_nothing_and_goes_on_when_it_closes() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let all = pattern(4 << 20);
    let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut printing = Box::pin(claude.print(&all));
    let mut seen = 0_u64;
    loop {
        tokio::select! {
            () = &mut printing => panic!("all was printed"),
            bytes = view.next() => seen += bytes.unwrap().len() as u64,
            () = tokio::time::sleep(std::time::Duration::from_millis(300)) => break,
        }
    }
    assert!(seen > WINDOW, "{seen} bytes were shown");
    assert!(seen <= WINDOW + (128 << 10), "{seen} bytes were shown");
    drop(view);
    soon(printing).await;
}

#[tokio::test]
async fn without_a_view_everything_is_read_and_the_latest_is_kept_whole() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    claude.print(b"\x1b[?2004h\x1b[?25l").await;
    let all = pattern(12 << 20);
    soon(claude.print(&all)).await;
    claude.print(b"\x1b[?1006h the end").await;
    until("all to be read", async || {
        let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"the end") {
            let next = tokio::time::timeout(std::time::Duration::from_millis(200), view.next());
            let Ok(bytes) = next.await else { return None };
            seen.extend(bytes.unwrap());
        }
        Some(seen)
    })
    .await;
    let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut seen = shown(&study.desk, &mut view, 4 << 20).await;
    while !seen.ends_with(b"the end") {
        seen.extend(shown(&study.desk, &mut view, 1).await);
    }
    let modes = [RESET, b"\x1b[?25l\x1b[?2004h"].concat();
    assert!(seen.starts_with(&modes), "{:?}", &seen[..40]);
    let text = &seen[modes.len()..];
    assert!(all.ends_with(&text[..text.len() - b"\x1b[?1006h the end".len()]));
    assert!(text.len() < 6 << 20, "{} bytes are kept", text.len());
}

#[tokio::test]
async fn a_long_paste_and_what_is_typed_after_it_arrive_in_order() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let paste = pattern(1 << 20);
    study.desk.write_terminal(&id, paste.clone()).unwrap();
    for key in 0..100_u8 {
        study.desk.write_terminal(&id, vec![key]).unwrap();
    }
    let typed = soon(claude.typed(paste.len() + 100)).await;
    assert!(typed[..paste.len()] == paste);
    assert_eq!(typed[paste.len()..], (0..100).collect::<Vec<u8>>());
}

#[tokio::test]
async fn what_claude_never_reads_is_refused_in_the_end() {
    use bottle_core::advice::Advice;
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let piece = vec![b'x'; 1 << 20];
    let refused = (0..40).find_map(|_| study.desk.write_terminal(&id, piece.clone()).err());
    assert_eq!(refused.unwrap().code(), "input_full");
}

#[tokio::test]
async fn sizes_go_to_claude_and_the_next_claude_starts_with_the_last() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let first = TerminalSize {
        rows: 32,
        columns: 120,
    };
    assert_eq!(claude.size, first, "nobody has looked yet");
    let _view = study.desk.open_terminal(&id, SIZE).unwrap();
    claude.print(READY).await;
    assert_eq!(soon(claude.sizes.recv()).await.unwrap(), SIZE);
    let larger = TerminalSize { rows: 50, ..SIZE };
    study.desk.resize_terminal(&id, larger).unwrap();
    assert_eq!(soon(claude.sizes.recv()).await.unwrap(), larger);
    let (_, next) = study.started().await;
    assert_eq!(next.size, larger);
}

#[tokio::test]
async fn a_size_waits_until_claude_is_there_to_be_told() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    study.desk.resize_terminal(&id, SIZE).unwrap();
    let pause = std::time::Duration::from_millis(100);
    let early = tokio::time::timeout(pause, claude.sizes.recv()).await;
    assert!(early.is_err(), "{early:?}");
    let (first, rest) = READY.split_at(2);
    claude.print(first).await;
    let early = tokio::time::timeout(pause, claude.sizes.recv()).await;
    assert!(early.is_err(), "{early:?}");
    claude.print(rest).await;
    assert_eq!(soon(claude.sizes.recv()).await.unwrap(), SIZE);
}

#[tokio::test]
async fn a_size_that_claude_was_told_too_early_is_told_again_when_it_listens() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    study.desk.resize_terminal(&id, SIZE).unwrap();
    let after_a_while = soon(claude.sizes.recv()).await.unwrap();
    assert_eq!(after_a_while, SIZE);
    claude.print(READY).await;
    let another = soon(claude.sizes.recv()).await.unwrap();
    assert_ne!(another, SIZE, "else nothing is drawn");
    assert_eq!(soon(claude.sizes.recv()).await.unwrap(), SIZE);
}

#[tokio::test]
async fn what_was_drawn_for_another_size_is_not_shown_before_it_is_drawn_anew() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
    claude.print(b"hello \x1b[?1049h\x1b[2Jtoo wide").await;
    let seen = shown(&study.desk, &mut view, RESET.len() + 6).await;
    assert_eq!(seen, [RESET, b"hello "].concat());
    let pause = std::time::Duration::from_millis(100);
    let early = tokio::time::timeout(pause, view.next()).await;
    assert!(early.is_err(), "{early:?}");
    claude.print(READY).await;
    assert_eq!(soon(claude.sizes.recv()).await.unwrap(), SIZE);
    claude.print(b"\x1b[2Jright").await;
    let rest = b"\x1b[?1049h\x1b[2Jtoo wide\x1b[c\x1b[2Jright";
    assert_eq!(shown(&study.desk, &mut view, rest.len()).await, rest);
}

#[tokio::test]
async fn a_claude_that_never_draws_anew_is_shown_all_the_same() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    claude.print(b"\x1b[?1049hall").await;
    claude.print(READY).await;
    let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
    let all = b"\x1bc\x1b[?1049hall\x1b[c";
    assert_eq!(shown(&study.desk, &mut view, all.len()).await, all);
}

#[tokio::test]
async fn a_size_of_nothing_reaches_no_program() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let nothing = TerminalSize {
        rows: 0,
        columns: 0,
    };
    claude.print(READY).await;
    study.desk.resize_terminal(&id, nothing).unwrap();
    let told = soon(claude.sizes.recv()).await.unwrap();
    assert!(told.rows > 0 && told.columns > 0);
}

#[tokio::test]
async fn a_question_to_the_terminal_is_answered_once() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    claude.print(b"\x1b[c\x1b]11;?\x07hello\x07").await;
    let mut first = study.desk.open_terminal(&id, SIZE).unwrap();
    let all = shown(&study.desk, &mut first, RESET.len() + 16).await;
    assert_eq!(all, b"\x1bc\x1b[c\x1b]11;?\x07hello\x07");
    let mut second = study.desk.open_terminal(&id, SIZE).unwrap();
    claude.print(b"\x1b[c").await;
    let all = shown(&study.desk, &mut second, RESET.len() + 8).await;
    assert_eq!(all, b"\x1bchello\x1b[c");
}

#[tokio::test]
async fn a_closed_view_ends_and_another_goes_on() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let mut closed = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut open = study.desk.open_terminal(&id, SIZE).unwrap();
    study.desk.close_terminal(closed.number());
    assert_eq!(soon(closed.next()).await, None);
    claude.print(b"on").await;
    let all = shown(&study.desk, &mut open, RESET.len() + 2).await;
    assert!(all.ends_with(b"on"));
    study.desk.acknowledge_terminal(closed.number(), 10);
}

#[tokio::test]
async fn the_last_words_are_shown_before_the_end() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let mut view = study.desk.open_terminal(&id, SIZE).unwrap();
    claude.print(&pattern(3000)).await;
    claude.exit(0);
    let mut all = Vec::new();
    while let Some(bytes) = soon(view.next()).await {
        all.extend(bytes);
    }
    assert_eq!(all, [RESET, &pattern(3000)].concat());
}
