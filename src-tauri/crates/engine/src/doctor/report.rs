//! A text about this machine that a person reads and then sends, without what is theirs: no name of theirs, no host that they open, no
//! value of anything.

use std::path::Path;

use super::diagnose::{Diagnosis, Health};
use crate::engine::Engine;
use crate::library::{markdown_files, read_bottle};

/// What stands in place of a host.
const HOST: &str = "<host>";
/// What stands in place of the person's name.
const PERSON: &str = "<you>";

/// What the program says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFacts {
    /// Its version.
    pub version: String,
    /// The version of claude.
    pub claude: String,
    /// The system it runs on.
    pub platform: String,
}

impl Engine {
    /// Writes the report. `user_home` is the person's own folder, whose last part is taken for their name.
    #[must_use]
    pub fn report(
        &self,
        diagnoses: &[Diagnosis],
        facts: &ReportFacts,
        user_home: Option<&Path>,
    ) -> String {
        let mut lines = vec![
            format!("claude-bottle {}", facts.version),
            format!("claude {}", facts.claude),
            format!("system {}", facts.platform),
            String::new(),
        ];
        for answer in diagnoses {
            let word = match answer.state {
                Health::Well => "well",
                Health::Attention => "attention",
                Health::Trouble => "trouble",
            };
            lines.push(format!("{word:<10} {:<18} {}", answer.id, answer.seen));
            lines.extend(answer.what.iter().map(|what| format!("{:29} {what}", "")));
        }
        let count =
            |folder: std::path::PathBuf| markdown_files(&folder).map_or(0, |files| files.len());
        let home = self.home();
        lines.push(String::new());
        lines.push(format!(
            "{} agents, {} bottles",
            count(home.agents()),
            count(home.bottles())
        ));
        let mut text = lines.join("\n");
        text.push('\n');
        self.redact(&text, user_home)
    }

    fn redact(&self, text: &str, user_home: Option<&Path>) -> String {
        let mut text = text.to_owned();
        let mut places = vec![(self.home().root().display().to_string(), "<home>")];
        places.extend(user_home.map(|home| (home.display().to_string(), "~")));
        // The longer one first: the one usually lies in the other.
        places.sort_by_key(|(place, _)| std::cmp::Reverse(place.len()));
        for (place, word) in places.iter().filter(|(place, _)| place.len() > 1) {
            text = text.replace(place, word);
        }
        let mut hosts: Vec<String> = Vec::new();
        for (_, file) in markdown_files(&self.home().bottles()).unwrap_or_default() {
            let routes = read_bottle(&file)
                .map(|bottle| bottle.routes)
                .unwrap_or_default();
            hosts.extend(routes.into_iter().map(|route| route.host.name().to_owned()));
        }
        hosts.sort_by_key(|host| std::cmp::Reverse(host.len()));
        for host in hosts {
            text = text.replace(&host, HOST);
        }
        let person = user_home
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        match person {
            Some(person) => replace_word(&text, person, PERSON),
            None => text,
        }
    }
}

/// Replaces a name where it stands alone, so that a short one does not eat parts of words.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric();
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(word).filter(|_| !word.is_empty()) {
        let alone = !before.ends_with(is_part) && !behind.starts_with(is_part);
        replaced.push_str(before);
        replaced.push_str(if alone { by } else { word });
        rest = behind;
    }
    replaced.push_str(rest);
    replaced
}
