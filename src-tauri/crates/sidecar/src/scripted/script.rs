//! What is said: scripts as lists of steps, and which one a conversation gets.

use bottle_core::demo;
use serde_json::{Value, json};

use super::Conversation;

/// One part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Words.
    Text(String),
    /// A tool to run.
    Tool {
        /// Its name.
        name: &'static str,
        /// What it gets.
        input: Value,
    },
}

impl Block {
    fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    fn bash(command: &str, description: &str) -> Self {
        Self::Tool {
            name: "Bash",
            input: json!({"command": command, "description": description}),
        }
    }
}

type Step = fn(&Conversation) -> Vec<Block>;

/// Steps in order, one for each answer since the prompt; the last one stands for all that follow.
pub struct Script(&'static [Step]);

impl Script {
    /// The demo: a skill, a file, a refusal, and a summary of what happened.
    pub const DEMO: Self = Self(&[use_skill, write_file, ask_foreign_host, sum_up]);
    /// Runs the command that the prompt names, and says the first line of what came of it.
    pub const RUN: Self = Self(&[run_command, say_done]);
    /// Says what this is, for every other prompt.
    pub const GREETING: Self = Self(&[greet]);
    /// A few words, for requests without tools, such as those for a title.
    pub const ASIDE: Self = Self(&[title]);

    /// The answer that is next in a conversation.
    #[must_use]
    pub fn answer(&self, conversation: &Conversation) -> Vec<Block> {
        let step = self.0.get(conversation.answers).or(self.0.last());
        step.map(|step| step(conversation)).unwrap_or_default()
    }
}

/// What a prompt that names a command begins with.
const RUN_MARK: &str = "run:";
/// Requests for fewer tokens than this only look whether anyone answers.
const TINY: u64 = 64;
/// Words of the prompt that the greeting says again.
const ECHOED: usize = 8;

/// Picks the script that a conversation gets.
#[must_use]
pub fn choose(conversation: &Conversation) -> Script {
    if !conversation.has_tools || conversation.max_tokens < TINY {
        Script::ASIDE
    } else if conversation.prompt.contains(demo::PROMPT) {
        Script::DEMO
    } else if conversation.prompt.starts_with(RUN_MARK) {
        Script::RUN
    } else {
        Script::GREETING
    }
}

fn use_skill(_: &Conversation) -> Vec<Block> {
    vec![
        Block::text("I am in a bottle. Let me read the skill that came along."),
        Block::Tool {
            name: "Skill",
            input: json!({"skill": demo::SKILL}),
        },
    ]
}

fn write_file(_: &Conversation) -> Vec<Block> {
    let content = "# Hello from the bottle\n\n\
                   Written by the real Claude Code, from inside a sandbox without a network card.\n";
    vec![
        Block::text("I may do anything in here, so I write a file in the workspace."),
        Block::Tool {
            name: "Write",
            input: json!({"file_path": demo::FILE, "content": content}),
        },
    ]
}

fn ask_foreign_host(_: &Conversation) -> Vec<Block> {
    let host = demo::FOREIGN_HOST;
    let command = format!("curl -sS https://{host}");
    vec![
        Block::text(format!(
            "Now I try to reach {host}, which this bottle does not name."
        )),
        Block::bash(&command, "Ask for a host that the bottle does not name"),
    ]
}

fn sum_up(conversation: &Conversation) -> Vec<Block> {
    let host = demo::FOREIGN_HOST;
    let refused = conversation
        .results
        .iter()
        .rev()
        .find_map(|result| refusal(result))
        .map_or_else(
            || format!("{host} gave no refusal that I could read."),
            |(rule, message)| format!("{host} was refused by the rule `{rule}`: {message}"),
        );
    let text = format!(
        "Here is what happened:\n\
         - The skill `{skill}` was there and I used it.\n\
         - I wrote {file}.\n\
         - {refused}\n\
         - This answer came through the egress door, which put the credential in. I never saw it.",
        skill = demo::SKILL,
        file = demo::FILE,
    );
    vec![Block::text(text)]
}

/// Rule and sentence of a refusal of egress, anywhere in what a tool gave back.
fn refusal(result: &str) -> Option<(String, String)> {
    let json = result.get(result.find('{')?..)?;
    let found = serde_json::Deserializer::from_str(json)
        .into_iter::<Value>()
        .next()?
        .ok()?;
    let said = |field: &str| Some(found.get("error")?.get(field)?.as_str()?.to_owned());
    Some((said("rule")?, said("message")?))
}

fn run_command(conversation: &Conversation) -> Vec<Block> {
    let command = conversation
        .prompt
        .strip_prefix(RUN_MARK)
        .unwrap_or_default()
        .trim();
    vec![Block::bash(command, "Run what the prompt says")]
}

fn say_done(conversation: &Conversation) -> Vec<Block> {
    let line = conversation
        .last_result()
        .lines()
        .next()
        .unwrap_or_default();
    vec![Block::text(format!("done: {line}"))]
}

fn greet(conversation: &Conversation) -> Vec<Block> {
    let words: Vec<&str> = conversation
        .prompt
        .split_whitespace()
        .take(ECHOED)
        .collect();
    vec![Block::text(format!(
        "Hello from the bottle! You wrote \"{}\". I am the scripted demo that stands in for the model; start an agent with your \
         own credential to talk to the real one.",
        words.join(" ")
    ))]
}

fn title(_: &Conversation) -> Vec<Block> {
    vec![Block::text("A look inside the bottle")]
}
