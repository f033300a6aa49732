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
use super::start::use_and_settle;
use crate::args::{Demo, Output};
use crate::progress::Shown;
use crate::signals::{Ending, Signals};

/// `claude-bottle demo`.
pub async fn demo(engine: &Engine, arguments: &Demo, verbose: bool) -> anyhow::Result<ExitCode> {
    eprintln!(
        "A real claude in a real bottle, answered by a scripted model: no account, no internet.\n"
    );
    let prepared = engine.prepare_demo(None, arguments.backend).await?;
    eprintln!("{}", prepared.plan.to_text());
    let shown = Shown::new(verbose);
    let cancel = CancellationToken::new();
    let signals = Signals::cancel(cancel.clone())?;
    let live = engine.launch(prepared, &shown, &cancel).await?;
    drop(signals);
    if arguments.interactive {
        return use_and_settle(engine, live, None, Output::Text, &shown).await;
    }
    let id = live.id.clone();
    let told = tell(&live).await;
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
    let mut rows = checked?;
    rows.push(check_settled(engine, &id).await?);
    engine.forget(&id)?;
    let passed =
        rows.iter().all(|row| row.passed) && outcome == Outcome::Exited(0) && !settled.kept;
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
async fn tell(live: &Live) -> anyhow::Result<(Story, i32)> {
    let mut ending = Ending::new()?;
    let mut process = live.headless(true).await?;
    eprintln!("\n  you     {}", demo::PROMPT);
    process.stdin.write_all(demo::PROMPT.as_bytes()).await?;
    process.stdin.close().await?;
    let mut lines = BufReader::new(process.stdout.compat()).lines();
    let mut story = Story::default();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            why = ending.wait() => anyhow::bail!("{why}"),
        };
        let Some(line) = line else { break };
        for line in story.read(&line) {
            match line {
                StoryLine::Says(text) => {
                    eprintln!("  claude  {}", text.replace('\n', "\n          "))
                }
                StoryLine::Uses(tool, on) => eprintln!("  \u{2192} {tool:<6}{on}"),
                StoryLine::Answers(true, text) => eprintln!("          {text}"),
                StoryLine::Answers(false, text) => eprintln!("          refused: {text}"),
            }
        }
    }
    eprintln!();
    Ok((story, process.exit.wait().await?))
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
    crate::show::table(&cells)
}
