//! How an answer is written: as one message, or as the events of a stream.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::script::Block;

/// The gap before each word of a streamed text: a person sees it grow, and a buffer on the way would show.
const GAP: Duration = Duration::from_millis(15);

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// How long to wait before it is sent.
    pub gap: Duration,
    /// The event as it goes over the wire.
    pub bytes: Bytes,
}

/// One answer of the scripted model.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The model that the request named.
    pub model: String,
    /// Tells this answer from all others of the server.
    pub number: u64,
    /// What is said.
    pub blocks: Vec<Block>,
}

impl Reply {
    /// The answer as one message.
    #[must_use]
    pub fn message(&self) -> Value {
        let content = self.blocks.iter().enumerate().map(|(index, block)| match block {
            Block::Text(text) => json!({"type": "text", "text": text}),
            Block::Tool { name, input } => {
                json!({"type": "tool_use", "id": self.tool_id(index), "name": name, "input": input})
            }
        });
        self.envelope(&content.collect(), Some(self.stop_reason()), self.tokens())
    }

    /// The answer as the events of a stream, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let start = self.envelope(&Vec::new(), None, 1);
        let mut events = vec![event(
            "message_start",
            json!({"message": start}),
            Duration::ZERO,
        )];
        for (index, block) in self.blocks.iter().enumerate() {
            events.push(event(
                "content_block_start",
                self.opening(index, block),
                Duration::ZERO,
            ));
            events.extend(deltas(index, block));
            events.push(event(
                "content_block_stop",
                json!({"index": index}),
                Duration::ZERO,
            ));
        }
        let end = json!({
            "delta": {"stop_reason": self.stop_reason(), "stop_sequence": null},
            "usage": {"output_tokens": self.tokens()},
        });
        events.push(event("message_delta", end, Duration::ZERO));
        events.push(event("message_stop", json!({}), Duration::ZERO));
        events
    }

    fn envelope(&self, content: &Vec<Value>, stop_reason: Option<&str>, tokens: usize) -> Value {
        json!({
            "id": format!("msg_scripted_{:06}", self.number),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": null,
            "usage": {"input_tokens": 1, "output_tokens": tokens},
        })
    }

    fn opening(&self, index: usize, block: &Block) -> Value {
        let block = match block {
            Block::Text(_) => json!({"type": "text", "text": ""}),
            Block::Tool { name, .. } => {
                json!({"type": "tool_use", "id": self.tool_id(index), "name": name, "input": {}})
            }
        };
        json!({"index": index, "content_block": block})
    }

    fn tool_id(&self, index: usize) -> String {
        format!("toolu_scripted_{:06}_{index}", self.number)
    }

    fn stop_reason(&self) -> &'static str {
        let uses_tool = self
            .blocks
            .iter()
            .any(|block| matches!(block, Block::Tool { .. }));
        if uses_tool { "tool_use" } else { "end_turn" }
    }

    fn tokens(&self) -> usize {
        let words = self.blocks.iter().map(|block| match block {
            Block::Text(text) => text.split_whitespace().count(),
            Block::Tool { .. } => 10,
        });
        words.sum()
    }
}

fn deltas(index: usize, block: &Block) -> Vec<Event> {
    let delta = |delta: Value| json!({"index": index, "delta": delta});
    match block {
        Block::Text(text) => text
            .split_inclusive(char::is_whitespace)
            .map(|word| {
                let word = delta(json!({"type": "text_delta", "text": word}));
                event("content_block_delta", word, GAP)
            })
            .collect(),
        Block::Tool { input, .. } => {
            let input =
                delta(json!({"type": "input_json_delta", "partial_json": input.to_string()}));
            vec![event("content_block_delta", input, GAP)]
        }
    }
}

fn event(name: &str, mut data: Value, gap: Duration) -> Event {
    if let Some(fields) = data.as_object_mut() {
        fields.insert("type".to_owned(), name.into());
    }
    Event {
        gap,
        bytes: Bytes::from(format!("event: {name}\ndata: {data}\n\n")),
    }
}
