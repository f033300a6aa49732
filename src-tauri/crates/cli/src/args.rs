//! What can be said on the command line.

use std::path::PathBuf;

use bottle_core::backend::BackendName;
use bottle_core::id::{AgentName, CredentialName, SessionId};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Exit codes, as `--help` shows them.
const EXIT_CODES: &str = "Exit codes:
    0  done; claude ended well
    1  something failed; the message says what to do
    2  the arguments are wrong
    3  something is missing on this machine: an engine, an image, a credential, a keychain
    4  a file is wrong or names something that is not there: agent, bottle, skill
    5  the self-test failed: claude was not started
   10  claude ended badly; its bottle is kept for `resume`
  130  cancelled; nothing is left behind";

/// Starts Claude Code with all permissions inside a sealed bottle.
#[derive(Debug, Parser)]
#[command(name = "claude-bottle", version, about, after_help = EXIT_CODES, propagate_version = true)]
pub struct Arguments {
    /// Shows every line that images and daemons print.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts an agent in its bottle and lands in claude.
    Start(Start),
    /// Goes on with a session whose bottle was kept.
    Resume(Resume),
    /// Lists sessions: running and kept ones, or all.
    List {
        /// Also those whose bottle is gone.
        #[arg(long)]
        all: bool,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows what is known of one session: plan, evidence, what its guards saw.
    Info {
        /// The session.
        session: SessionId,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Stops a session and keeps its bottle for `resume`.
    Stop {
        /// The session.
        session: SessionId,
    },
    /// Writes the files that a session changed into the folder it started from.
    Apply {
        /// The session.
        session: SessionId,
        /// Lists the files and writes nothing.
        #[arg(long)]
        list: bool,
        /// Overwrites files that changed here too.
        #[arg(long)]
        force: bool,
    },
    /// Shows what no running session owns, and removes it after a question.
    Cleanup {
        /// Removes without asking.
        #[arg(long, short)]
        yes: bool,
        /// Also removes sessions whose work cannot be saved.
        #[arg(long)]
        discard: bool,
    },
    /// Checks that everything is there that a start needs.
    Doctor {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Keeps credentials in the keychain of the operating system.
    Credential {
        /// What to do with them.
        #[command(subcommand)]
        action: CredentialAction,
    },
    /// Shows a real bottle at work with a scripted model: no account, no internet.
    Demo(Demo),
    /// Writes a first agent and a first bottle, with comments that explain every key.
    Init {
        /// The agent's name.
        #[arg(default_value = "hello")]
        agent: AgentName,
    },
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `start`.
#[derive(Debug, Args)]
pub struct Start {
    /// The agent: the name of its file without `.md`.
    pub agent: AgentName,
    /// Shows the plan and creates nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How the plan is shown.
    #[arg(long, value_enum, default_value_t = Format::Text, requires = "dry_run")]
    pub format: Format,
    /// What runs the bottle, in place of what the bottle says.
    #[arg(long, value_parser = backend)]
    pub backend: Option<BackendName>,
    /// The project folder; it is copied into the bottle, never mounted.
    #[arg(long, short, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// A value for a variable that the bottle asks for. Not for secrets: others can see the arguments of a program.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// One turn without a terminal: the prompt, or `-` to read it from standard input.
    #[arg(long, short)]
    pub prompt: Option<String>,
    /// How the answer of `--prompt` is printed.
    #[arg(long, value_enum, default_value_t = Output::Text, requires = "prompt")]
    pub output: Output,
    /// Starts without asking.
    #[arg(long, short)]
    pub yes: bool,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct Resume {
    /// The session.
    pub session: SessionId,
    /// A value for a variable that the bottle asks for.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// One turn without a terminal: the prompt, or `-` to read it from standard input.
    #[arg(long, short)]
    pub prompt: Option<String>,
    /// How the answer of `--prompt` is printed.
    #[arg(long, value_enum, default_value_t = Output::Text, requires = "prompt")]
    pub output: Output,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// What runs the bottle.
    #[arg(long, value_parser = backend)]
    pub backend: Option<BackendName>,
    /// Lands in claude on the terminal in place of the guided tour; the scripted model answers.
    #[arg(long)]
    pub interactive: bool,
}

/// `credential`.
#[derive(Debug, Subcommand)]
pub enum CredentialAction {
    /// Adds one: asks for the value without showing it, or reads it from standard input where that is no terminal.
    Add {
        /// Its name, as bottles use it.
        name: CredentialName,
    },
    /// Lists names, kinds and the bottles that use them; never values.
    List {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Puts a new value in the place of the old one.
    Replace {
        /// Its name.
        name: CredentialName,
    },
    /// Removes one from the keychain.
    Remove {
        /// Its name.
        name: CredentialName,
    },
}

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// For a program.
    Json,
}

/// How the answer of a headless turn is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// The last words.
    Text,
    /// Every event as a line of JSON, as claude prints it.
    StreamJson,
}

fn backend(word: &str) -> Result<BackendName, String> {
    match word {
        "docker" => Ok(BackendName::Docker),
        "smolmachines" => Ok(BackendName::Smolmachines),
        _ => Err("choose docker or smolmachines".into()),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
