//! `start` and `resume`: plan, question, launch, claude, settle.

use std::collections::BTreeMap;
use std::process::ExitCode;

use bottle_core::id::SessionId;
use bottle_engine::{Engine, EngineError, Live, Outcome, Prepared, Settled, StartRequest};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use tokio::io::AsyncWriteExt as _;
use tokio_util::compat::FuturesAsyncReadCompatExt;
use tokio_util::sync::CancellationToken;

use super::print;
use crate::args::{Format, Output, Resume, Start};
use crate::failure::{KEPT, Refused};
use crate::progress::Shown;
use crate::signals::Ending;
use crate::{show, terminal};

/// `claude-bottle start`.
pub async fn start(engine: &Engine, arguments: Start, verbose: bool) -> anyhow::Result<ExitCode> {
    let request = StartRequest {
        agent: arguments.agent,
        backend: arguments.backend,
        workspace: arguments.workspace,
        env: arguments.env.into_iter().collect(),
    };
    let mut prepared = engine.prepare(&request).await?;
    if arguments.dry_run {
        let plan = &prepared.plan;
        print(&if arguments.format == Format::Json {
            plan.to_json()
        } else {
            plan.to_text()
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    prepared.ready()?;
    confirm(&mut prepared, arguments.yes, arguments.prompt.is_some())?;
    let prompt = arguments.prompt.map(read_prompt).transpose()?;
    let shown = Shown::new(verbose);
    let cancel = CancellationToken::new();
    let mut ending = Ending::new()?;
    let launch = engine.launch(prepared, &shown, &cancel);
    let live = ending.cancels(&cancel, launch).await?;
    use_and_settle(engine, live, prompt, arguments.output, &shown, ending).await
}

/// `claude-bottle resume`.
pub async fn resume(engine: &Engine, arguments: Resume, verbose: bool) -> anyhow::Result<ExitCode> {
    if arguments.prompt.is_none() && !terminal::is_interactive() {
        return Err(no_terminal());
    }
    let prompt = arguments.prompt.map(read_prompt).transpose()?;
    let shown = Shown::new(verbose);
    let cancel = CancellationToken::new();
    let mut ending = Ending::new()?;
    let env: BTreeMap<_, _> = arguments.env.into_iter().collect();
    let resume = engine.resume(&arguments.session, env, &shown, &cancel);
    let live = ending.cancels(&cancel, resume).await?;
    use_and_settle(engine, live, prompt, arguments.output, &shown, ending).await
}

/// Reads the prompt before anything is started, while an interrupt still simply ends the program.
fn read_prompt(prompt: String) -> std::io::Result<String> {
    if prompt == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        Ok(prompt)
    }
}

fn no_terminal() -> anyhow::Error {
    Refused {
        what: "claude needs a terminal, and there is none here".into(),
        advice: "Run it in a terminal, or give one turn with `--prompt TEXT`.".into(),
        code: 1,
    }
    .into()
}

/// Asks what the bottle asks, shows the plan and asks whether to start. Without a terminal nothing is asked: `--yes` must say so.
fn confirm(prepared: &mut Prepared, yes: bool, headless: bool) -> anyhow::Result<()> {
    let interactive = terminal::is_interactive();
    if !headless && !interactive {
        return Err(no_terminal());
    }
    if interactive {
        for (name, question) in prepared.questions() {
            let answer = terminal::ask(&format!("{question} ({name}):"))?;
            prepared.answer(&name, answer.ok_or(EngineError::Cancelled)?);
        }
    }
    if yes {
        return Ok(());
    }
    if !interactive {
        return Err(Refused {
            what: "nobody is here to confirm the plan".into(),
            advice: "Read it with `--dry-run`, then start with `--yes`.".into(),
            code: 1,
        }
        .into());
    }
    show::note(&format!("{}\n", prepared.plan.to_text()));
    let answer = terminal::ask("Start this bottle? [Y/n]")?;
    // The end of input is not a yes.
    match answer.as_deref().map(str::to_lowercase).as_deref() {
        Some("" | "y" | "yes") => Ok(()),
        _ => Err(EngineError::Cancelled.into()),
    }
}

/// Runs claude in a live session, then settles it and says what became of it.
pub async fn use_and_settle(
    engine: &Engine,
    live: Live,
    prompt: Option<String>,
    output: Output,
    shown: &Shown,
    mut ending: Ending,
) -> anyhow::Result<ExitCode> {
    let id = live.id.clone();
    let used = match prompt {
        None => terminal::run(&live, &mut ending).await.map_err(Into::into),
        Some(prompt) => turn(&live, prompt, output, &mut ending).await,
    };
    let (outcome, failed) = match used {
        Ok(outcome) => (outcome, None),
        Err(error) => (
            Outcome::Interrupted(format!("claude could not be used: {error}")),
            Some(error),
        ),
    };
    // The first signal is passed over, because work is being saved; an impatient one leaves the rest to `cleanup`.
    let settling = engine.settle(live, outcome.clone(), shown);
    let settled = ending.cancels(&CancellationToken::new(), settling).await?;
    say(&id, &settled);
    match (failed, outcome) {
        (Some(error), _) => Err(error),
        (None, Outcome::Exited(0)) if !settled.kept => Ok(ExitCode::SUCCESS),
        (None, _) => Ok(ExitCode::from(KEPT)),
    }
}

/// One turn: the prompt goes in, the answer comes out, nothing is asked.
async fn turn(
    live: &Live,
    prompt: String,
    output: Output,
    ending: &mut Ending,
) -> anyhow::Result<Outcome> {
    let mut process = live.headless(output == Output::StreamJson).await?;
    process.stdin.write_all(prompt.as_bytes()).await?;
    process.stdin.close().await?;
    let mut said = process.stdout.compat();
    let mut errors = Vec::new();
    let mut stderr = (&mut process.stderr).take(64 << 10);
    let mut out = tokio::io::stdout();
    let work = async {
        let (copied, _) = tokio::join!(
            tokio::io::copy(&mut said, &mut out),
            stderr.read_to_end(&mut errors)
        );
        copied?;
        out.flush().await?;
        anyhow::Ok(process.exit.wait().await?)
    };
    let outcome = tokio::select! {
        code = work => Outcome::Exited(code?),
        _ = live.ended() => Outcome::Interrupted("the bottle ended".into()),
        why = ending.wait() => Outcome::Interrupted(why.into()),
    };
    tokio::io::stderr().write_all(&errors).await?;
    Ok(outcome)
}

/// Says what became of a session, and what can be done with it.
pub fn say(id: &SessionId, settled: &Settled) {
    if settled.kept {
        let why = settled
            .reason
            .as_deref()
            .unwrap_or("the session ended badly");
        show::note(&format!(
            "{why}; the bottle is kept.\n  claude-bottle resume {id}    go on\n  claude-bottle cleanup    remove it\n"
        ));
        return;
    }
    show::note(&format!("Nothing is left of {id} but its transcript.\n"));
    if settled.changed_files > 0 {
        let files = show::count(
            usize::try_from(settled.changed_files).unwrap_or_default(),
            "file",
            "files",
        );
        show::note(&format!(
            "{files} of the project changed in the bottle.\n  claude-bottle apply {id} --list    see which\n  claude-bottle apply {id}    bring them back\n"
        ));
    }
}
