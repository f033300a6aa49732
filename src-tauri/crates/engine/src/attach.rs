//! How claude is started in a bottle: its arguments and its environment, and nothing secret in either.

use std::collections::BTreeSet;

use bottle_core::claude::{self, ClaudeKind};
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::path::GuestPath;

/// Where the egress door is, as every program in the guest sees it.
pub const EGRESS: &str = "http://egress:9099";

/// Variables with the same value in every session.
const FIXED: [(&str, &str); 22] = [
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL", "1"),
    ("COLORTERM", "truecolor"),
    ("CURL_CA_BUNDLE", claude::CA_BUNDLE),
    ("DISABLE_AUTOUPDATER", "1"),
    ("GIT_SSL_CAINFO", claude::CA_BUNDLE),
    ("HOME", claude::HOME),
    ("HTTPS_PROXY", EGRESS),
    ("HTTP_PROXY", EGRESS),
    ("IS_SANDBOX", "1"),
    ("LANG", "C.UTF-8"),
    ("NODE_EXTRA_CA_CERTS", claude::CA_FILE),
    (
        "NO_PROXY",
        "localhost,127.0.0.1,::1,egress,git-gate,supervise",
    ),
    (
        "PATH",
        "/home/node/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("REQUESTS_CA_BUNDLE", claude::CA_BUNDLE),
    ("SHELL", "/bin/bash"),
    ("SSL_CERT_FILE", claude::CA_BUNDLE),
    ("TERM", "xterm-256color"),
    ("USER", claude::USER),
    ("http_proxy", EGRESS),
    ("https_proxy", EGRESS),
    (
        "no_proxy",
        "localhost,127.0.0.1,::1,egress,git-gate,supervise",
    ),
];

/// Whether a variable has the same value in every session, whatever a bottle says.
pub(crate) fn is_fixed(name: &str) -> bool {
    FIXED.iter().any(|(fixed, _)| *fixed == name)
}

/// Names of all variables that claude gets, sorted.
pub(crate) fn env_names<'a>(
    kind: Option<ClaudeKind>,
    own: impl Iterator<Item = &'a String>,
) -> Vec<String> {
    let mut names: BTreeSet<String> = FIXED.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.extend(kind.map(|kind| kind.variable().to_owned()));
    names.extend(own.cloned());
    names.into_iter().collect()
}

/// The whole environment of claude: the bottle's own variables, under ours, which win.
pub(crate) fn environment(
    kind: Option<ClaudeKind>,
    own: &[(String, String)],
) -> Vec<(String, String)> {
    let fixed = FIXED
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let placeholder = kind.map(|kind| (kind.variable().to_owned(), kind.placeholder().to_owned()));
    let mut all: Vec<(String, String)> = own.to_vec();
    for (name, value) in fixed.chain(placeholder) {
        all.retain(|(known, _)| *known != name);
        all.push((name, value));
    }
    all
}

/// What a start of claude depends on.
#[derive(Debug, Clone)]
pub struct ClaudeCommand {
    /// The guest path of the prompt, if and only if it is not empty.
    pub prompt_file: Option<GuestPath>,
    /// Claude's own id of the conversation.
    pub conversation: String,
    /// Whether the conversation is there already.
    pub resume: bool,
    /// The model, where the agent names one.
    pub model: Option<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
}

impl ClaudeCommand {
    fn base(&self) -> Vec<String> {
        let mut argv: Vec<String> = vec!["claude".into(), "--dangerously-skip-permissions".into()];
        if let Some(file) = &self.prompt_file {
            argv.extend(["--append-system-prompt-file".into(), file.to_string()]);
            // Without this a resumed conversation keeps the prompt that it began with (measured with 2.1.330).
            argv.extend(["--system-prompt-snapshot".into(), "off".into()]);
        }
        if let Some(model) = &self.model {
            argv.extend(["--model".into(), model.clone()]);
        }
        let flag = if self.resume {
            "--resume"
        } else {
            "--session-id"
        };
        argv.extend([flag.into(), self.conversation.clone()]);
        argv
    }

    fn exec(&self, argv: Vec<String>) -> Exec {
        let exec = Exec::new(GuestUser::Node, argv).with_env(self.env.clone());
        match GuestPath::new(claude::WORKSPACE) {
            Ok(folder) => exec.in_folder(folder),
            Err(_) => exec,
        }
    }

    /// Claude on a terminal.
    #[must_use]
    pub fn interactive(&self) -> Exec {
        self.exec(self.base())
    }

    /// Claude for one turn: the prompt comes on standard input, so that it is in no argument list.
    #[must_use]
    pub fn headless(&self, stream_json: bool) -> Exec {
        let mut argv = self.base();
        argv.push("--print".into());
        if stream_json {
            argv.extend([
                "--output-format".into(),
                "stream-json".into(),
                "--verbose".into(),
            ]);
        }
        self.exec(argv)
    }
}
