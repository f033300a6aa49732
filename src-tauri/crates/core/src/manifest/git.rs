//! Reads `git`: who commits are by, and which remotes lie behind the gate.

use super::error::Fault;
use super::value::Value;
use super::{GitRemote, GitUser, ManifestError, Position, PushMode};
use crate::id::CredentialName;

const REMOTE_KEYS: &[&str] = &["name", "url", "credential", "identity", "host_key", "push"];

/// Reads `git.user`.
pub(super) fn read_user(user: Value<'_>) -> Result<GitUser, ManifestError> {
    let fields = user.fields(&["name", "email"])?;
    let part = |key| {
        let value = fields.need(key)?;
        let text = value.line()?;
        if text.contains(['<', '>']) {
            return Err(value.bad("has '<' or '>', which git drops", "text without them"));
        }
        Ok(text.to_owned())
    };
    Ok(GitUser {
        name: part("name")?,
        email: part("email")?,
    })
}

/// Reads `git.remotes`.
pub(super) fn read_remotes(remotes: Value<'_>) -> Result<Vec<GitRemote>, ManifestError> {
    let mut seen: Vec<(String, Position)> = Vec::new();
    let mut read = Vec::new();
    for item in remotes.list()? {
        let remote = read_remote(item)?;
        if let Some((name, first)) = seen.iter().find(|(name, _)| *name == remote.name) {
            let (name, first) = (name.clone(), *first);
            return Err(item.refuse(Fault::Repeated {
                what: "remote",
                name,
                first,
            }));
        }
        seen.push((remote.name.clone(), item.at()));
        read.push(remote);
    }
    Ok(read)
}

fn read_remote(item: Value<'_>) -> Result<GitRemote, ManifestError> {
    let fields = item.fields(REMOTE_KEYS)?;
    let line = |value: Value<'_>| value.line().map(str::to_owned);
    let url = fields.need("url")?;
    let way = read_url(url)?;
    if let Some(identity) = fields.get("identity")
        && way != Way::Ssh
    {
        return Err(identity.bad(
            "is a key for SSH, and the url is not",
            "'credential' instead",
        ));
    }
    if let Some(credential) = fields.get("credential")
        && way != Way::Https
    {
        return Err(credential.bad("is for HTTPS, and the url is not", "'identity' instead"));
    }
    Ok(GitRemote {
        name: read_name(fields.need("name")?)?,
        url: url.line()?.to_owned(),
        credential: fields.read("credential", |value| value.parse(CredentialName::new))?,
        identity: fields.read("identity", line)?,
        host_key: fields.read("host_key", line)?,
        push: fields.read("push", read_push)?.unwrap_or_default(),
    })
}

/// The name becomes a part of the gate's address and of git's settings in the guest.
fn read_name(value: Value<'_>) -> Result<String, ManifestError> {
    let name = value.line()?;
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !plain || name.starts_with(['-', '.']) || name.contains("..") {
        return Err(value.bad(
            "has characters that a remote's name cannot have",
            "a name such as origin",
        ));
    }
    Ok(name.to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Https,
    Ssh,
}

fn read_url(value: Value<'_>) -> Result<Way, ManifestError> {
    const INSTEAD: &str = "'https://host/path' or 'ssh://user@host/path'";
    let url = value.line()?;
    if url.contains(char::is_whitespace) {
        return Err(value.bad("has spaces", INSTEAD));
    }
    let authority = |rest: &'_ str| rest.split('/').next().unwrap_or_default().to_owned();
    if let Some(rest) = url.strip_prefix("https://") {
        if authority(rest).contains('@') {
            return Err(value.bad(
                "holds a user or password",
                "the address alone, and 'credential'",
            ));
        }
        return Ok(Way::Https);
    }
    let ssh = url.strip_prefix("ssh://").map(authority).or_else(|| {
        let (host, path) = url.split_once(':')?;
        (!path.starts_with("//") && host.contains('@')).then(|| host.to_owned())
    });
    let Some(ssh) = ssh else {
        return Err(value.bad("is not an address over HTTPS or SSH", INSTEAD));
    };
    // `ssh://-oProxyCommand=…` would be an option to the program that is run with it.
    if ssh.is_empty()
        || ssh
            .split('@')
            .any(|part| part.is_empty() || part.starts_with('-'))
    {
        return Err(value.bad("has a host that begins with a hyphen or is empty", INSTEAD));
    }
    if ssh
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
    {
        return Err(value.bad("holds a password", "the address alone, and 'identity'"));
    }
    Ok(Way::Ssh)
}

fn read_push(value: Value<'_>) -> Result<PushMode, ManifestError> {
    value.word(&[("hold", PushMode::Hold), ("scan", PushMode::Scan)])
}
