//! Reads `env`: the variables that claude gets, and which of them a person may not set.

use std::collections::BTreeMap;

use super::error::Fault;
use super::value::Value;
use super::{EnvValue, ManifestError};

const DOORS: &str = "it decides how traffic reaches the doors of the bottle";
const TRUST: &str = "it names the session's certificate";
const CLAUDE: &str =
    "credentials are put in outside the bottle, and Claude's own settings are fixed";
const LOADER: &str = "it changes which code every program in the bottle loads";
const SYSTEM: &str = "the image sets it";

/// Why a variable cannot be set by a bottle, compared without regard to case; `None` where it can be.
#[must_use]
pub fn reserved_variable(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    if is_claudes(&name) {
        return Some(CLAUDE);
    }
    match name.as_str() {
        "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY" => Some(DOORS),
        "NODE_EXTRA_CA_CERTS"
        | "SSL_CERT_FILE"
        | "SSL_CERT_DIR"
        | "REQUESTS_CA_BUNDLE"
        | "GIT_SSL_CAINFO"
        | "CURL_CA_BUNDLE" => Some(TRUST),
        "CLAUDE_CONFIG_DIR" | "DISABLE_AUTOUPDATER" | "IS_SANDBOX" => Some(CLAUDE),
        "LD_PRELOAD" | "LD_LIBRARY_PATH" | "LD_AUDIT" => Some(LOADER),
        "PATH" | "HOME" | "USER" => Some(SYSTEM),
        _ => None,
    }
}

/// Reads the value of `env`.
pub(super) fn read(env: Value<'_>) -> Result<BTreeMap<String, EnvValue>, ManifestError> {
    let mut variables = BTreeMap::new();
    for (name, at, value) in env.pairs()? {
        let refuse = |fault| ManifestError {
            position: at,
            ..value.refuse(fault)
        };
        if !is_variable(name) {
            return Err(refuse(Fault::BadValue {
                key: name.chars().take(64).collect(),
                problem: "is not a variable's name",
                instead: "a name of A-Z, a-z, 0-9 and _ that does not begin with a digit",
            }));
        }
        if let Some(why) = reserved_variable(name) {
            return Err(refuse(Fault::ReservedVariable {
                name: name.to_owned(),
                why,
            }));
        }
        variables.insert(name.to_owned(), read_value(value)?);
    }
    Ok(variables)
}

fn read_value(value: Value<'_>) -> Result<EnvValue, ManifestError> {
    let text = value.text()?;
    if let Some(question) = text.strip_prefix('?') {
        let question = question.trim();
        if question.is_empty() {
            return Err(value.bad("asks no question", "a question after the '?'"));
        }
        return Ok(EnvValue::Question(question.to_owned()));
    }
    if !text.contains("${") {
        return Ok(EnvValue::Literal(text.to_owned()));
    }
    let name = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let Some(name) = name.filter(|name| is_variable(name)) else {
        return Err(value.bad("mixes text with '${…}'", "'${NAME}' as the whole value"));
    };
    // A variable that holds a token on the host must not reach the guest under another name.
    if is_claudes(&name.to_ascii_uppercase()) {
        let problem = "takes a variable of Claude's, which can hold a credential";
        return Err(value.bad(problem, "another variable, and 'auth' on the route"));
    }
    Ok(EnvValue::HostVariable(name.to_owned()))
}

fn is_claudes(name: &str) -> bool {
    name.starts_with("ANTHROPIC_") || name.starts_with("CLAUDE_CODE_")
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
