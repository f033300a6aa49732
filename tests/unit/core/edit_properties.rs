//! Whatever is edited in whatever text: the result means exactly what was asked for, and every comment is still there, in order.

use bottle_core::manifest::fields::BottleFields;
use bottle_core::manifest::{Edit, FieldValue, Kind, edit};
use proptest::prelude::*;

/// A value as some person might write it.
fn written() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "'[a-z #:,]{0,8}'",
        "\"[a-z #:,]{0,8}\"",
        Just("~".to_owned()),
        Just(String::new()),
    ]
}

fn comment() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => " {1,3}# [a-z#:'\\[{ -]{0,12}"]
}

fn line_comment() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ ]{0,6}#[a-z#:'\\[{ -]{0,12}\n", 1 => Just("\n".to_owned())]
}

/// A bottle in block or flow style, with comments anywhere.
fn manifest() -> impl Strategy<Value = String> {
    let image = (written(), comment(), line_comment())
        .prop_map(|(value, note, line)| format!("{line}image: {value}{note}\n"));
    let resources = prop_oneof![
        Just(String::new()),
        (written(), comment(), line_comment(), 1..5_usize).prop_map(
            |(value, note, line, indent)| {
                format!(
                    "resources:{note}\n{line}{:indent$}memory: {value}\n{:indent$}disk: 2GiB\n",
                    "", ""
                )
            }
        ),
        (written(), comment()).prop_map(|(value, note)| {
            let value = if value.is_empty() {
                "a".to_owned()
            } else {
                value
            };
            format!("resources: {{memory: {value}, disk: 2GiB}}{note}\n")
        }),
        comment().prop_map(|note| format!("resources:{note}\n")),
    ];
    let list = prop_oneof![
        Just(String::new()),
        (
            prop::collection::vec(("[a-z]{1,6}", comment(), line_comment()), 1..5),
            0..4_usize
        )
            .prop_map(|(items, indent)| {
                let items: String = items
                    .into_iter()
                    .map(|(item, note, line)| format!("{line}{:indent$}- {item}{note}\n", ""))
                    .collect();
                format!("skills:\n{items}")
            }),
        (prop::collection::vec("[a-z]{1,6}", 0..5), comment())
            .prop_map(|(items, note)| format!("skills: [{}]{note}\n", items.join(", "))),
        Just("skills:\n".to_owned()),
    ];
    let env = prop_oneof![
        Just(String::new()),
        (
            prop::collection::btree_map("[A-Z]{1,3}", written(), 1..4),
            comment()
        )
            .prop_map(|(env, note)| {
                let lines: String = env
                    .iter()
                    .map(|(name, value)| format!("  {name}: {value}{note}\n"))
                    .collect();
                format!("env:\n{lines}")
            }),
    ];
    (
        image,
        resources,
        list,
        env,
        line_comment(),
        prop_oneof![Just(""), Just("\n\nThe body # not a comment\n")],
        any::<bool>(),
    )
        .prop_map(|(image, resources, list, env, last, body, windows)| {
            let text = format!("---\n{image}{resources}{list}{env}{last}---\n{body}");
            if windows {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        })
}

/// The comments of the frontmatter, without what stands before them on their line.
fn comments(text: &str) -> Vec<String> {
    let frontmatter = text.split("\n---").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in frontmatter.lines() {
        let (mut single, mut double, mut escaped) = (false, false, false);
        let mut before = ' ';
        for (at, c) in line.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if double => escaped = true,
                '\'' if !double => single = !single,
                '"' if !single => double = !double,
                '#' if !single && !double && before == ' ' => {
                    found.push(line[at..].trim_end().to_owned());
                    break;
                }
                _ => {}
            }
            before = c;
        }
    }
    found
}

fn fields(text: &str) -> (BottleFields, Vec<String>) {
    let skills = bottle_core::manifest::fields::AgentFields::read("a.md", text)
        .unwrap()
        .skills;
    (BottleFields::read("b.md", text).unwrap(), skills)
}

fn path(path: &[&str]) -> Vec<String> {
    path.iter().map(|part| (*part).to_owned()).collect()
}

fn one(text: &str, change: Edit) -> String {
    edit(Kind::Bottle, text, std::slice::from_ref(&change))
        .unwrap_or_else(|error| panic!("{error}\n{change:?}\n{text}"))
}

proptest! {
    #[test]
    fn a_set_value_is_read_back_and_nothing_else_changes(text in manifest(), value in "\\PC{0,24}") {
        let (before, skills) = fields(&text);
        let edited = one(&text, Edit::Set { path: path(&["image"]), value: FieldValue::Text(value.clone()) });
        let expected = BottleFields { image: Some(value.clone()), ..before.clone() };
        prop_assert_eq!(fields(&edited), (expected, skills.clone()), "{}", edited);
        prop_assert_eq!(comments(&edited), comments(&text), "{}", edited);

        let edited = one(&text, Edit::Set { path: path(&["resources", "memory"]), value: FieldValue::Text(value.clone()) });
        let expected = BottleFields { memory: Some(value.clone()), ..before.clone() };
        prop_assert_eq!(fields(&edited), (expected, skills.clone()), "{}", edited);
        prop_assert_eq!(comments(&edited), comments(&text), "{}", edited);

        let edited = one(&text, Edit::Set { path: path(&["git", "user", "name"]), value: FieldValue::Text(value.clone()) });
        let expected = BottleFields { git_name: Some(value), ..before };
        prop_assert_eq!(fields(&edited), (expected, skills), "{}", edited);
        prop_assert_eq!(comments(&edited), comments(&text), "{}", edited);
    }

    #[test]
    fn an_appended_item_is_the_last_one(text in manifest(), value in "\\PC{0,24}") {
        let (before, mut skills) = fields(&text);
        let edited = one(&text, Edit::Append { path: path(&["skills"]), value: FieldValue::Text(value.clone()) });
        skills.push(value);
        prop_assert_eq!(fields(&edited), (before, skills), "{}", edited);
        prop_assert_eq!(comments(&edited), comments(&text), "{}", edited);
    }

    #[test]
    fn a_removed_part_is_gone_and_the_others_stay(text in manifest(), pick in any::<prop::sample::Index>()) {
        let (before, mut skills) = fields(&text);
        let edited = one(&text, Edit::Remove { path: path(&["resources"]) });
        let expected = BottleFields { memory: None, disk: None, ..before.clone() };
        prop_assert_eq!(fields(&edited), (expected, skills.clone()), "{}", edited);
        if !skills.is_empty() {
            let index = pick.index(skills.len());
            let edited = one(&text, Edit::Remove { path: path(&["skills", &index.to_string()]) });
            skills.remove(index);
            prop_assert_eq!(fields(&edited), (before, skills), "{}", edited);
        }
    }

    #[test]
    fn a_list_becomes_the_one_that_was_given(text in manifest(), items in prop::collection::vec("[a-z]{1,3}", 0..5)) {
        let (before, _) = fields(&text);
        let edited = one(&text, Edit::Set { path: path(&["skills"]), value: FieldValue::List(items.clone()) });
        prop_assert_eq!(fields(&edited), (before, items), "{}", edited);
    }

    #[test]
    fn a_body_is_read_back_and_the_keys_stay(text in manifest(), body in "(\\PC|\n|\r\n|---\n){0,30}") {
        let edited = one(&text, Edit::Body { text: body.clone() });
        let read = bottle_core::manifest::fields::AgentFields::read("a.md", &edited).unwrap().prompt;
        let plain = body.replace("\r\n", "\n");
        prop_assert_eq!(read.as_str(), plain.trim(), "{}", edited);
        prop_assert_eq!(fields(&edited), fields(&text));
        prop_assert_eq!(comments(&edited), comments(&text));
    }

    #[test]
    fn hostile_text_is_edited_or_refused_but_never_misread(
        yaml in "[a-z:\\-\\[\\]{}&*!|>'\"%#\n ,?~]{0,60}",
        key in "[a-z]{1,3}",
        value in "\\PC{0,12}",
    ) {
        let text = format!("---\n{yaml}\n---\nbody\n");
        for change in [
            Edit::Set { path: path(&["image"]), value: FieldValue::Text(value.clone()) },
            Edit::Set { path: vec![key.clone(), "0".into()], value: FieldValue::Text(value.clone()) },
            Edit::Append { path: vec![key.clone()], value: FieldValue::Text(value.clone()) },
        ] {
            if let Ok(edited) = edit(Kind::Bottle, &text, std::slice::from_ref(&change)) {
                prop_assert!(edited.contains("\n---\nbody\n") || edited.contains("---\nbody\n"));
                if matches!(&change, Edit::Set { path, .. } if path.len() == 1) {
                    let read = BottleFields::read("b.md", &edited).unwrap();
                    prop_assert_eq!(read.image, Some(value.clone()), "{}", edited);
                }
            }
        }
    }
}
