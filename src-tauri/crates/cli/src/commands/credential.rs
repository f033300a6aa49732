//! `credential`: values go in by hidden input or standard input, and never come out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use bottle_core::id::CredentialName;
use bottle_credentials::IfPresent;
use bottle_wiring::Wired;
use serde_json::json;

use super::{print, print_json};
use crate::args::CredentialAction;
use crate::{show, terminal};

/// `claude-bottle credential`.
pub async fn run(wired: &Wired, action: CredentialAction) -> anyhow::Result<ExitCode> {
    match action {
        CredentialAction::Add { name } => keep(wired, name, false).await?,
        CredentialAction::Replace { name } => keep(wired, name, true).await?,
        CredentialAction::Remove { name } => {
            let credentials = wired.credentials.clone();
            let shown = name.clone();
            let was_there =
                tokio::task::spawn_blocking(move || credentials.remove(&name)).await??;
            print(&if was_there {
                format!("{shown} is removed.\n")
            } else {
                format!("{shown} was not there.\n")
            })?;
        }
        CredentialAction::List { json } => list(wired, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn keep(wired: &Wired, name: CredentialName, replace: bool) -> anyhow::Result<()> {
    let credentials = wired.credentials.clone();
    // Refused before anything secret is typed.
    if replace {
        credentials.find(&name)?;
    } else if credentials.find(&name).is_ok() {
        return Err(bottle_credentials::Error::Exists { name }.into());
    }
    let value =
        terminal::ask_secret("Paste the value (it is not shown), then press return:").await?;
    let kept = tokio::task::spawn_blocking(move || {
        let if_present = if replace {
            IfPresent::Replace
        } else {
            IfPresent::Fail
        };
        credentials.add(&name, &value, if_present)
    });
    let kept = kept.await??;
    print(&format!(
        "{} is in the keychain ({}).\n",
        kept.name,
        kept.kind.title()
    ))
}

fn list(wired: &Wired, json: bool) -> anyhow::Result<()> {
    let uses = wired.engine.library(None).credential_uses()?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for credential in wired.credentials.list()? {
        let bottles = uses.get(&credential.name).cloned().unwrap_or_default();
        values.push(json!({"name": credential.name, "kind": credential.kind, "added_at": credential.created_at, "bottles": bottles}));
        let used = if bottles.is_empty() {
            "not used".into()
        } else {
            format!("used by {}", bottles.join(", "))
        };
        rows.push(vec![
            credential.name.to_string(),
            credential.kind.title().to_owned(),
            used,
        ]);
    }
    if json {
        return print_json(&values);
    }
    let known: BTreeMap<_, _> = wired
        .credentials
        .list()?
        .into_iter()
        .map(|c| (c.name.clone(), c))
        .collect();
    for (name, bottles) in uses.iter().filter(|(name, _)| !known.contains_key(*name)) {
        rows.push(vec![
            name.to_string(),
            "MISSING".into(),
            format!("wanted by {}", bottles.join(", ")),
        ]);
    }
    if rows.is_empty() {
        return print("No credentials. `claude-bottle credential add claude` adds one.\n");
    }
    print(&show::table(&rows))
}
