//! `demo`: the whole product on a scripted model, and a table of what was promised and seen.

use std::process::ExitCode;

use bottle_core::demo;
use bottle_engine::demo::{Checked, Story, StoryLine, check_session, check_settled};
use bottle_engine::{Engine, Live, Outcome};
use futures_util::AsyncWriteExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::compat::FuturesAsyncReadCompatExt;
use tokio_util::sync::CancellationToken;

use super::print;
use super::start::{say, use_and_settle};
use crate::args::{Demo, Output};
use crate::progress::Shown;
use crate::show::{note, table as columns};
use crate::signals::Ending;

/// `claude-bottle demo`.
pub async fn demo(engine: &Engine, arguments: &Demo, verbose: bool) -> anyhow::Result<ExitCode> {
    note(
        "A real claude in a real bottle, answered by a scripted model: no account, no internet.\n\n",
    );
    let prepared = engine.prepare_demo(None, arguments.backend).await?;
    note(&format!("{}\n", prepared.plan.to_text()));
    let shown = Shown::new(verbose);
    let cancel = CancellationToken::new();
    let mut ending = Ending::new()?;
    let launch = engine.launch(prepared, &shown, &cancel);
    let live = ending.cancels(&cancel, launch).await?;
    if arguments.interactive {
        return use_and_settle(engine, live, None, Output::Text, &shown, ending).await;
    }
    let id = live.id.clone();
    let told = tell(&live, &mut ending).await;
    let (story, outcome) = match told {
        Ok((story, code)) => (story, Outcome::Exited(code)),
        Err(error) => (
            Story::failed(&error.to_string()),
            Outcome::Interrupted(error.to_string()),
        ),
    };
    let checked = check_session(engine, &live, &story).await;
    // The demo keeps nothing, however it ended.
    let settled = engine.settle(live, Outcome::Exited(0), &shown).await?;
    if settled.kept {
        say(&id, &settled);
    } else {
        engine.forget(&id)?;
    }
    let mut rows = checked?;
    rows.push(check_settled(engine, &id).await?);
    let passed = rows.iter().all(|row| row.passed) && outcome == Outcome::Exited(0);
    print(&table(&rows))?;
    if passed {
        print(
            "\nEvery promise held. Next: `claude-bottle init` writes your first agent and bottle.\n",
        )?;
    } else {
        print(
            "\nNot every promise held. `claude-bottle doctor` shows the state of this machine.\n",
        )?;
    }
    Ok(ExitCode::from(u8::from(!passed)))
}

/// Runs the demo's one turn and tells it as it goes.
async fn tell(live: &Live, ending: &mut Ending) -> anyhow::Result<(Story, i32)> {
    let mut process = live.headless(true).await?;
    note(&format!("\n  you     {}\n", demo::PROMPT));
    process.stdin.write_all(demo::PROMPT.as_bytes()).await?;
    process.stdin.close().await?;
    let mut lines = BufReader::new(process.stdout.compat()).lines();
    let mut story = Story::default();
    let ended = live.ended();
    tokio::pin!(ended);
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            why = ending.wait() => anyhow::bail!("{why}"),
            _ = &mut ended => anyhow::bail!("the bottle or its bundle died"),
        };
        let Some(line) = line else { break };
        for line in story.read(&line) {
            note(&told(&line));
        }
    }
    note("\n");
    Ok((story, process.exit.wait().await?))
}

fn told(line: &StoryLine) -> String {
    match line {
        StoryLine::Says(text) => format!("  claude  {}\n", text.replace('\n', "\n          ")),
        StoryLine::Uses(tool, on) => format!("  \u{2192} {tool:<6}{on}\n"),
        StoryLine::Answers(true, text) => format!("          {text}\n"),
        StoryLine::Answers(false, text) => format!("          refused: {text}\n"),
    }
}

fn table(rows: &[Checked]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                (if row.passed { "ok" } else { "FAIL" }).into(),
                row.title.into(),
                row.seen.clone(),
            ]
        })
        .collect();
    columns(&cells)
}
