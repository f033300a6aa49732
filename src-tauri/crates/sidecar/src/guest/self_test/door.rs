//! The one positive check: the HTTP(S) door is there, and refuses a host that nobody named, in our own words.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Finding, Options};

/// How long the door may take. It is long, because an answer is needed and a machine can be busy with several starts.
const LIMIT: Duration = Duration::from_secs(2);
/// Longest answer that is read.
const MAX_ANSWER: usize = 16 * 1024;

pub(super) fn foreign_host_refused(options: &Options) -> Finding {
    let door = options.egress;
    match ask(options) {
        Ok(answer) => judge(&answer),
        Err(closed)
            if matches!(
                closed.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ) =>
        {
            Finding::bad(format!(
                "the egress door at {door} closed at once: nobody is behind it"
            ))
        }
        Err(error) => Finding::bad(format!("the egress door at {door} gave no answer: {error}")),
    }
}

fn ask(options: &Options) -> std::io::Result<Vec<u8>> {
    let began = Instant::now();
    let mut door = TcpStream::connect_timeout(&options.egress, LIMIT)?;
    door.set_nodelay(true)?;
    let host = &options.foreign;
    // Of a tunnel the door says its words inside TLS, which this program does not speak.
    write!(
        door,
        "GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::with_capacity(1024);
    let mut part = [0; 2048];
    while answer.len() < MAX_ANSWER && !is_whole(&answer) {
        let left = LIMIT
            .saturating_sub(began.elapsed())
            .max(Duration::from_millis(1));
        door.set_read_timeout(Some(left))?;
        match door.read(&mut part)? {
            0 => break,
            count => answer.extend(part.iter().take(count)),
        }
    }
    Ok(answer)
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let at = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at_checked(at)?;
    Some((std::str::from_utf8(head).ok()?, rest.get(4..)?))
}

fn is_whole(answer: &[u8]) -> bool {
    split(answer).is_some_and(|(head, body)| match length(head) {
        Some(length) => body.len() >= length,
        // No answer of the door: what it says is known to be wrong.
        None => true,
    })
}

fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())
            .flatten()
    })
}

fn status(head: &str) -> Option<&str> {
    head.lines().next()?.split(' ').nth(1)
}

/// Judges the answer: 403 with a JSON object that says that no route leads to the host.
#[must_use]
pub fn judge(answer: &[u8]) -> Finding {
    let Some((head, body)) = split(answer) else {
        return Finding::bad("the egress door closed without an answer");
    };
    let status = status(head).unwrap_or("nothing");
    if status != "403" {
        return Finding::bad(format!(
            "the egress door answered {status} where 403 is right"
        ));
    }
    let refusal: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let said = |field| refusal.pointer(field).and_then(serde_json::Value::as_str);
    match (said("/error/type"), said("/error/rule")) {
        (Some("denied_by_bottle"), Some("no-route")) => Finding::good("403 by the rule no-route"),
        (Some("denied_by_bottle"), Some(rule)) => Finding::bad(format!(
            "403, but by the rule {rule} where no-route is right"
        )),
        _ => Finding::bad("403, but not in the words of the egress door"),
    }
}
