//! Reads claude's `stream-json` output line by line: what to show, and what happened.

use bottle_core::demo;
use serde_json::Value;

/// Something to show while the demo runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoryLine {
    /// Claude says something.
    Says(String),
    /// Claude uses a tool: its name and what it is used on.
    Uses(String, String),
    /// A tool answered: whether well, and its first line.
    Answers(bool, String),
}

/// What was seen so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The tools that claude used, in order.
    pub tools: Vec<String>,
    /// Whether the demo's skill was used and its text came back.
    pub skill_used: bool,
    /// What came back when the foreign host was asked for.
    pub refusal: Option<String>,
    /// Claude's last words, where the turn ended well.
    pub reply: Option<String>,
    /// What went wrong, where the turn ended badly.
    pub error: Option<String>,
    foreign: Option<String>,
    skill: Option<String>,
}

impl Story {
    /// A story that could not be told.
    #[must_use]
    pub fn failed(why: &str) -> Self {
        Self {
            error: Some(why.to_owned()),
            ..Self::default()
        }
    }

    /// Takes one line of output; what is not JSON is passed over.
    pub fn read(&mut self, line: &str) -> Vec<StoryLine> {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            return Vec::new();
        };
        let kind = text(&event, "type");
        match kind {
            "assistant" | "user" => {
                let blocks = event.pointer("/message/content").and_then(Value::as_array);
                blocks
                    .into_iter()
                    .flatten()
                    // What stands in the person's turn besides results is what claude told itself, such as a skill's text.
                    .filter(|block| kind == "assistant" || text(block, "type") == "tool_result")
                    .filter_map(|block| self.block(block))
                    .collect()
            }
            "result" => {
                let said = text(&event, "result").to_owned();
                let failed = event.get("is_error").and_then(Value::as_bool) != Some(false);
                *(if failed {
                    &mut self.error
                } else {
                    &mut self.reply
                }) = Some(said);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn block(&mut self, block: &Value) -> Option<StoryLine> {
        match text(block, "type") {
            "text" => Some(StoryLine::Says(text(block, "text").trim().to_owned()))
                .filter(|_| !text(block, "text").trim().is_empty()),
            "tool_use" => Some(self.tool_use(block)),
            "tool_result" => Some(self.tool_result(block)),
            _ => None,
        }
    }

    fn tool_use(&mut self, block: &Value) -> StoryLine {
        let (name, id) = (text(block, "name").to_owned(), text(block, "id").to_owned());
        let input = block.get("input").unwrap_or(&Value::Null);
        let on = ["command", "file_path", "skill"]
            .iter()
            .map(|key| text(input, key))
            .find(|on| !on.is_empty());
        let on = on.unwrap_or_default().to_owned();
        if on.contains(demo::FOREIGN_HOST) {
            self.foreign = Some(id.clone());
        }
        if name == "Skill" {
            self.skill = Some(id);
        }
        self.tools.push(name.clone());
        StoryLine::Uses(name, on)
    }

    fn tool_result(&mut self, block: &Value) -> StoryLine {
        let id = Some(text(block, "tool_use_id").to_owned());
        let said = match block.get("content") {
            Some(Value::String(said)) => said.clone(),
            Some(Value::Array(parts)) => parts
                .iter()
                .map(|part| text(part, "text"))
                .collect::<Vec<_>>()
                .join("\n"),
            _ => String::new(),
        };
        let well = block.get("is_error").and_then(Value::as_bool) != Some(true);
        if self.foreign == id {
            self.refusal = Some(said.clone());
        }
        self.skill_used |= self.skill == id && well;
        StoryLine::Answers(well, said.lines().next().unwrap_or_default().to_owned())
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
