//! What a request says, as far as a script cares: the last prompt, what was answered since, and what the tools gave back.

use serde::Deserialize;
use serde_json::Value;

/// What claude puts in front of a text that no person typed.
const REMINDER: &str = "<system-reminder>";

/// A body that is no request for a message.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a request for a message")]
pub struct Unreadable {
    #[from]
    source: serde_json::Error,
}

/// One request for a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The model asked for.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the model may use tools; requests for titles and the like may not.
    pub has_tools: bool,
    /// Most tokens of the answer.
    pub max_tokens: u64,
    /// What the person asked last.
    pub prompt: String,
    /// How many answers there have been since.
    pub answers: usize,
    /// What the tools gave back since, oldest first.
    pub results: Vec<String>,
}

// Foreign requests carry dozens of fields that a script has no use for, so unknown ones pass here.
#[derive(Deserialize)]
struct Request {
    model: String,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    tools: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    max_tokens: u64,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Value,
}

impl Conversation {
    /// Reads a request's body.
    ///
    /// # Errors
    /// [`Unreadable`] where it is not JSON of the right shape.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let request: Request = serde_json::from_slice(body)?;
        let mut read = Self {
            model: request.model,
            stream: request.stream,
            has_tools: !request.tools.is_empty(),
            max_tokens: request.max_tokens,
            ..Self::default()
        };
        for message in &request.messages {
            read.take(message);
        }
        Ok(read)
    }

    /// A user's message with a tool's result is no prompt: claude adds a skill's text to it.
    fn take(&mut self, message: &Message) {
        match message.role.as_str() {
            "assistant" => self.answers += 1,
            "user" => {
                let results: Vec<String> = blocks(&message.content, "tool_result")
                    .map(result)
                    .collect();
                if !results.is_empty() {
                    self.results.extend(results);
                } else if let Some(prompt) = prompt(&message.content) {
                    self.prompt = prompt;
                    self.answers = 0;
                    self.results.clear();
                }
            }
            _ => {}
        }
    }

    /// What the last tool gave back.
    #[must_use]
    pub fn last_result(&self) -> &str {
        self.results.last().map_or("", String::as_str)
    }
}

fn blocks<'a>(content: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = content.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .filter(move |block| block.get("type").and_then(Value::as_str) == Some(kind))
}

fn texts(content: &Value) -> Vec<&str> {
    match content.as_str() {
        Some(text) => vec![text],
        None => blocks(content, "text")
            .filter_map(|block| block.get("text")?.as_str())
            .collect(),
    }
}

fn prompt(content: &Value) -> Option<String> {
    let mut typed = texts(content).into_iter().map(str::trim);
    let last = typed.rfind(|text| !text.is_empty() && !text.starts_with(REMINDER))?;
    Some(last.to_owned())
}

fn result(block: &Value) -> String {
    block
        .get("content")
        .map(|content| texts(content).join("\n"))
        .unwrap_or_default()
}
