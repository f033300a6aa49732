//! What the demo says and shows: shared by the engine, which runs it, and the scripted Messages API, which answers in it.

/// The prompt of the demo; the scripted API answers it with the demo's script.
pub const PROMPT: &str = "Show me what this bottle can do.";
/// The skill that the script uses.
pub const SKILL: &str = "bottle-facts";
/// The file that the script writes.
pub const FILE: &str = "/workspace/hello-from-the-bottle.md";
/// The host that the script asks for and that the demo bottle does not open.
pub const FOREIGN_HOST: &str = "example.com";
/// The name of the demo's agent, bottle and credential.
pub const NAME: &str = "demo";
