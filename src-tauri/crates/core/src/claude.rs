//! What a bottle leans on of Claude Code: its pinned version, its places in the guest, its placeholders.
//!
//! Facts measured with claude 2.1.330; the canary tests check them against the pinned program.

use serde::{Deserialize, Serialize};

/// The pinned version of the npm platform package.
pub const VERSION: &str = "2.1.330";

/// The user that claude runs as, never root.
pub const USER: &str = "node";
/// Its numeric id, and that of its group.
pub const UID: u32 = 1000;
/// Its home folder.
pub const HOME: &str = "/home/node";
/// Where the copy of the project folder lies in the guest.
pub const WORKSPACE: &str = "/workspace";
/// Where the agent's prompt is copied to.
pub const PROMPT_FILE: &str = "/home/node/.claude-bottle-prompt.txt";
/// Where skills go, one folder each, unless `CLAUDE_BOTTLE_GUEST_SKILLS_DIR` says otherwise.
pub const SKILLS_DIR: &str = "/home/node/.claude/skills";
/// Where the session's public certificate goes.
pub const CA_FILE: &str = "/usr/local/share/ca-certificates/claude-bottle.crt";
/// The system's certificate bundle, which holds the session's certificate after provisioning.
pub const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The vendor's API host.
pub const API_HOST: &str = "api.anthropic.com";

/// What kind of credential Claude is used with; the placeholder in the guest has the same shape, because claude sends the
/// OAuth beta header only in OAuth mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaudeKind {
    /// A long-lived token of `claude setup-token`, sent as `Authorization: Bearer`.
    OauthToken,
    /// A Console API key, sent as `x-api-key`.
    ApiKey,
}

impl ClaudeKind {
    /// The variable that holds the placeholder in the guest.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::OauthToken => "CLAUDE_CODE_OAUTH_TOKEN",
            Self::ApiKey => "ANTHROPIC_API_KEY",
        }
    }

    /// The placeholder itself: the right shape, no value.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::OauthToken => "sk-ant-oat01-placeholder-the-real-token-is-outside-this-bottle",
            Self::ApiKey => "sk-ant-api03-placeholder-the-real-key-is-outside-this-bottle",
        }
    }
}
