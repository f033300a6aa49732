//! What a second look at a terminal is sent, whatever was printed there.

use bottle_core::guest::TerminalSize;

use super::{Study, shown};

const SIZE: TerminalSize = TerminalSize {
    rows: 40,
    columns: 100,
};
/// Printed last, so that the test knows where the rest ends.
const END: &[u8] = b"|";

/// What a second view is sent of what a first one was shown.
async fn second_look(printed: &[u8]) -> Vec<u8> {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    claude.print(printed).await;
    claude.print(END).await;
    let mut first = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut all = Vec::new();
    while !all.ends_with(END) {
        all.extend(shown(&study.desk, &mut first, 1).await);
    }
    let mut second = study.desk.open_terminal(&id, SIZE).unwrap();
    let mut all = Vec::new();
    while !all.ends_with(END) {
        all.extend(shown(&study.desk, &mut second, 1).await);
    }
    all.drain(..2);
    all.pop();
    all
}

#[tokio::test]
async fn what_draws_is_shown_again() {
    for drawn in [
        "plain text, ü, 漢字\r\n",
        "\x1b[1;31mred\x1b[0m",
        "\x1b[2J\x1b[3J\x1b[H",
        "\x1b[?1049h\x1b[?2004h\x1b[?2026h",
        "\x1b]0;a title\x07",
        "\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\",
        "\x1b[>4;2m\x1b[>1u\x1b[<u",
        "\x1b(B\x1b7\x1b8\x1b=",
        "\x1b[4 q",
        "\x1b[!p",
        "\x1b[3;1t",
    ] {
        let again = second_look(drawn.as_bytes()).await;
        assert_eq!(String::from_utf8(again).unwrap(), drawn);
    }
}

#[tokio::test]
async fn what_a_terminal_answers_or_rings_at_is_not() {
    for asked in [
        "\x1b[c",
        "\x1b[0c",
        "\x1b[>c",
        "\x1b[>0q",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b[?u",
        "\x1b[?2026$p",
        "\x1b[18t",
        "\x1b[14t",
        "\x1b]10;?\x07",
        "\x1b]11;?\x1b\\",
        "\x1b]4;1;?\x07",
        "\x1bP+q544e\x1b\\",
        "\x1bP$qm\x1b\\",
        "\x1b_Gi=1,a=q;AAAA\x1b\\",
        "\x1b]9;done\x07",
        "\x1b]52;c;aGk=\x07",
        "\x07",
        "\x05",
        "\x1bZ",
    ] {
        let again = second_look(format!("a{asked}b").as_bytes()).await;
        assert_eq!(String::from_utf8(again).unwrap(), "ab", "{asked:?}");
    }
}

#[tokio::test]
async fn broken_sequences_hold_nothing_up() {
    for broken in [
        "\x1b[12\x1b[31mx",
        "\x1b]0;no end\x1b[31mx",
        "\x1b\x1b\x1bx",
        "\x1b[\u{7f}x",
        "\x1bP\x18x",
    ] {
        let again = second_look(broken.as_bytes()).await;
        assert_eq!(again.last(), Some(&b'x'), "{broken:?}");
    }
    let halves = [&b"\x1b]0;"[..], &[0xff, 0xfe, 0x80], b"\x07\xc3"].concat();
    assert_eq!(second_look(&halves).await, halves);
}
