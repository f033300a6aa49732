//! Single changes of a manifest's text: what they write, and that they touch nothing else.

use bottle_core::manifest::fields::{AgentFields, BottleFields, SkillFields};
use bottle_core::manifest::{Edit, EditError, FieldValue, Kind, edit};

const AGENT: &str = include_str!("../../../src-tauri/crates/engine/src/templates/agent.md");

pub fn path(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn set(at: &str, text: &str) -> Edit {
    Edit::Set {
        path: path(at),
        value: FieldValue::Text(text.into()),
    }
}

fn list(at: &str, items: &[&str]) -> Edit {
    let items = items.iter().map(|item| (*item).to_owned()).collect();
    Edit::Set {
        path: path(at),
        value: FieldValue::List(items),
    }
}

fn append(at: &str, text: &str) -> Edit {
    Edit::Append {
        path: path(at),
        value: FieldValue::Text(text.into()),
    }
}

fn remove(at: &str) -> Edit {
    Edit::Remove { path: path(at) }
}

pub fn changed(text: &str, change: Edit) -> String {
    edit(Kind::Bottle, text, &[change]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Edits frontmatter without its fences.
pub fn inner(yaml: &str, change: Edit) -> String {
    let edited = changed(&format!("---\n{yaml}---\nbody\n"), change);
    let rest = edited.strip_prefix("---\n").unwrap();
    rest.strip_suffix("---\nbody\n").unwrap().to_owned()
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    let text = "# top\nimage:   old   # why\nbackend: docker\n";
    assert_eq!(
        inner(text, set("image", "new")),
        "# top\nimage:   new   # why\nbackend: docker\n"
    );
}

#[test]
fn quotes_stay_as_they_were() {
    assert_eq!(
        inner("image: 'a'\n", set("image", "it's")),
        "image: 'it''s'\n"
    );
    assert_eq!(inner("image: \"a\"\n", set("image", "b")), "image: \"b\"\n");
    assert_eq!(inner("image: a\n", set("image", "b c")), "image: b c\n");
}

#[test]
fn text_that_would_mean_something_else_is_quoted() {
    for (text, written) in [
        ("true", "'true'"),
        ("null", "'null'"),
        ("~", "'~'"),
        ("12", "'12'"),
        ("1e3", "'1e3'"),
        ("2026-01-01", "'2026-01-01'"),
        ("12:30", "'12:30'"),
        ("0x1f", "'0x1f'"),
        ("- a", "'- a'"),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("#a", "'#a'"),
        ("?ask", "'?ask'"),
        ("${HOME}", "'${HOME}'"),
        ("[a]", "'[a]'"),
        ("*a", "'*a'"),
        ("&a", "'&a'"),
        ("!a", "'!a'"),
        ("a, b", "'a, b'"),
        ("", "''"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("@a", "'@a'"),
        ("...", "'...'"),
        ("---", "'---'"),
        ("a\nb", "\"a\\nb\""),
        ("a\tb", "\"a\\tb\""),
        ("a\u{2028}b", "\"a\\u2028b\""),
        ("4GiB", "4GiB"),
        ("https://example.com/a", "https://example.com/a"),
        ("example.com:8443", "example.com:8443"),
        ("/v1/*", "/v1/*"),
        ("./Dockerfile", "./Dockerfile"),
        ("Ärger über Ölfässer", "Ärger über Ölfässer"),
    ] {
        assert_eq!(
            inner("image: x\n", set("image", text)),
            format!("image: {written}\n"),
            "{text}"
        );
    }
}

#[test]
fn a_new_key_goes_to_the_end_and_its_parents_are_made() {
    assert_eq!(
        inner("image: a\n# last\n", set("resources.memory", "2GiB")),
        "image: a\n# last\nresources:\n  memory: 2GiB\n"
    );
    assert_eq!(
        inner(
            "resources:\n    cpus: 2 # two\nimage: a\n",
            set("resources.memory", "2GiB")
        ),
        "resources:\n    cpus: 2 # two\n    memory: 2GiB\nimage: a\n"
    );
    assert_eq!(
        inner("resources: {cpus: 2}\n", set("resources.memory", "2GiB")),
        "resources: {cpus: 2, memory: 2GiB}\n"
    );
    assert_eq!(
        inner("resources: {}\n", set("resources.disk", "9GiB")),
        "resources: {disk: 9GiB}\n"
    );
    assert_eq!(
        inner("resources: # later\nimage: a\n", set("resources.cpus", "2")),
        "resources: # later\n  cpus: '2'\nimage: a\n"
    );
    assert_eq!(inner("", set("image", "a")), "image: a\n");
}

#[test]
fn several_new_keys_follow_the_order_of_the_documentation() {
    let edits = [
        set("image", "i"),
        set("extends", "base"),
        set("backend", "docker"),
    ];
    let edited = edit(Kind::Bottle, "---\nenv: {A: b}\n---\n", &edits).unwrap();
    assert_eq!(
        edited,
        "---\nenv: {A: b}\nextends: base\nbackend: docker\nimage: i\n---\n"
    );
}

#[test]
fn a_number_is_not_quoted() {
    let edit = Edit::Set {
        path: path("resources.cpus"),
        value: FieldValue::Number(1.5),
    };
    assert_eq!(inner("", edit), "resources:\n  cpus: 1.5\n");
    let edit = Edit::Set {
        path: path("resources.cpus"),
        value: FieldValue::Number(4.0),
    };
    assert_eq!(
        inner("resources:\n  cpus: 2\n", edit),
        "resources:\n  cpus: 4\n"
    );
    let nothing = Edit::Set {
        path: path("resources.cpus"),
        value: FieldValue::Number(f64::NAN),
    };
    let refused = refuse(nothing);
    assert!(matches!(refused, EditError::BadValue { .. }), "{refused}");
}

fn refuse(change: Edit) -> EditError {
    edit(Kind::Bottle, "---\nimage: a\nskills: [a]\n---\n", &[change]).unwrap_err()
}

#[test]
fn an_item_is_added_in_the_style_of_the_list() {
    assert_eq!(
        inner(
            "skills:\n  - a # first\n  # about b\n  - b\nimage: x\n",
            append("skills", "c")
        ),
        "skills:\n  - a # first\n  # about b\n  - b\n  - c\nimage: x\n"
    );
    assert_eq!(
        inner("skills:\n- a\nimage: x\n", append("skills", "c")),
        "skills:\n- a\n- c\nimage: x\n"
    );
    assert_eq!(
        inner("skills: [a, b]\n", append("skills", "c")),
        "skills: [a, b, c]\n"
    );
    assert_eq!(
        inner("skills: [\n  a, # x\n]\n", append("skills", "c")),
        "skills: [\n  a, c # x\n]\n"
    );
    assert_eq!(
        inner("skills: []\n", append("skills", "c")),
        "skills: [c]\n"
    );
    assert_eq!(
        inner("image: x\n", append("skills", "c")),
        "image: x\nskills:\n  - c\n"
    );
    assert_eq!(
        inner("skills:\nimage: x\n", append("skills", "c")),
        "skills:\n  - c\nimage: x\n"
    );
}

#[test]
fn a_removal_takes_its_own_lines_and_leaves_the_rest() {
    let text =
        "# head\nimage: a # of image\n# about env\nenv:\n  A: b\n\n# tail\nbackend: docker\n";
    assert_eq!(
        inner(text, remove("env")),
        "# head\nimage: a # of image\n# about env\n\n# tail\nbackend: docker\n"
    );
    assert_eq!(
        inner("skills:\n  - a\n  - b\n  - c\n", remove("skills.1")),
        "skills:\n  - a\n  - c\n"
    );
    assert_eq!(
        inner("skills: [a, b, c]\n", remove("skills.0")),
        "skills: [b, c]\n"
    );
    assert_eq!(
        inner("skills: [a, b, c]\n", remove("skills.2")),
        "skills: [a, b]\n"
    );
    assert_eq!(
        inner("env: {A: a, B: b}\n", remove("env.A")),
        "env: {B: b}\n"
    );
    assert_eq!(inner("image: a\n", remove("env.A")), "image: a\n");
    assert_eq!(
        inner(
            "matches:\n  - paths: [/a]\n    methods: [GET]\n",
            remove("matches.0.paths")
        ),
        "matches:\n  - methods: [GET]\n"
    );
}

#[test]
fn a_list_changes_item_by_item_and_keeps_the_comments_of_the_others() {
    let text = "skills:\n  # one\n  - a\n  # two\n  - b\n  # three\n  - c # c\n";
    assert_eq!(
        inner(text, list("skills", &["a", "c", "d"])),
        "skills:\n  # one\n  - a\n  # two\n  # three\n  - c # c\n  - d\n"
    );
    assert_eq!(
        inner("skills: [a, b]\n", list("skills", &["b"])),
        "skills: [b]\n"
    );
    assert_eq!(
        inner("skills: [a]\n", list("skills", &["b", "c"])),
        "skills: [b, c]\n"
    );
}

#[test]
fn a_list_that_becomes_empty_keeps_the_comments_around_it() {
    let text = "skills:\n    # why\n- a\n# next\nimage: b\n";
    assert_eq!(
        inner(text, list("skills", &[])),
        "skills:\n    # why\n# next\nimage: b\n"
    );
    assert_eq!(
        inner(text, set("skills", "x")),
        "skills: x\n    # why\n# next\nimage: b\n"
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_stay() {
    let text = "\u{feff}---\r\nimage: a\r\nskills:\r\n  - x\r\n---\r\n\r\nOld.\r\n";
    let edits = [
        set("image", "b"),
        append("skills", "z"),
        set("resources.memory", "1GiB"),
        Edit::Body {
            text: "New.\nTwo.".into(),
        },
    ];
    let edited = edit(Kind::Bottle, text, &edits).unwrap();
    assert_eq!(
        edited,
        "\u{feff}---\r\nimage: b\r\nskills:\r\n  - x\r\n  - z\r\nresources:\r\n  memory: 1GiB\r\n---\r\n\r\nNew.\r\nTwo.\r\n"
    );
}

#[test]
fn the_body_is_replaced_between_its_blank_lines() {
    let body = |text: &str, body: &str| changed(text, Edit::Body { text: body.into() });
    assert_eq!(
        body("---\n---\n\n\nOld.\n\n", "New."),
        "---\n---\n\n\nNew.\n\n"
    );
    assert_eq!(body("---\n---", "New."), "---\n---\n\nNew.\n");
    assert_eq!(body("---\n---\n", "New."), "---\n---\n\nNew.\n");
    assert_eq!(body("---\n---\n\nOld.\n", ""), "---\n---\n\n\n");
    assert_eq!(
        body("---\n---\nOld", "---\nimage: x\n---"),
        "---\n---\n---\nimage: x\n---"
    );
}

#[test]
fn block_texts_give_way_and_come_back_on_one_line() {
    let text = "description: |\n  One.\n  Two.\n\nimage: a\n";
    assert_eq!(
        inner(text, set("description", "Short")),
        "description: Short\n\nimage: a\n"
    );
    assert_eq!(
        inner(
            "description: a\nimage: b\n",
            set("description", "One.\nTwo.")
        ),
        "description: \"One.\\nTwo.\"\nimage: b\n"
    );
    assert_eq!(
        inner(text, set("backend", "docker")),
        "description: |\n  One.\n  Two.\n\nimage: a\nbackend: docker\n"
    );
}

#[test]
fn what_cannot_be_placed_is_refused_and_says_so() {
    assert!(matches!(
        refuse(set("image.tag", "x")),
        EditError::NoContainer { .. }
    ));
    assert!(matches!(
        refuse(set("skills.7", "x")),
        EditError::NoSuchItem { count: 1, .. }
    ));
    assert!(matches!(
        refuse(append("image", "x")),
        EditError::NoContainer { .. }
    ));
    assert!(matches!(
        refuse(set("image", "a\u{7}b")),
        EditError::BadValue { .. }
    ));
    let broken = edit(Kind::Agent, "---\na: [\n---\n", &[set("image", "x")]).unwrap_err();
    assert!(matches!(broken, EditError::Unreadable(_)), "{broken}");
    let none = edit(Kind::Agent, "no frontmatter", &[set("image", "x")]).unwrap_err();
    assert!(matches!(none, EditError::Unreadable(_)), "{none}");
}

#[test]
fn edits_are_all_made_or_none() {
    let text = "---\nimage: a\n---\n";
    edit(
        Kind::Bottle,
        text,
        &[set("image", "b"), set("image.x", "c")],
    )
    .unwrap_err();
}

#[test]
fn the_templates_keep_every_comment_through_many_edits() {
    let comments = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| line.trim_start().starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let edits = [
        set("bottle", "other"),
        set("description", "New words: with a colon"),
        append("skills", "one"),
        append("skills", "two"),
        set("git.user.name", "A B"),
        set("git.user.email", "a@b.c"),
        set("model", "opus"),
        remove("skills.0"),
    ];
    let edited = edit(Kind::Agent, AGENT, &edits).unwrap();
    assert_eq!(comments(&edited), comments(AGENT));
    let fields = AgentFields::read("a.md", &edited).unwrap();
    assert_eq!(fields.skills, ["two"]);
    assert_eq!(
        fields.description.as_deref(),
        Some("New words: with a colon")
    );
    assert_eq!(
        (fields.git_name.as_deref(), fields.model.as_deref()),
        (Some("A B"), Some("opus"))
    );
}

#[test]
fn fields_are_read_of_a_text_that_is_wrong_elsewhere() {
    let fields =
        BottleFields::read("b.md", "---\nimge: a\nimage: b\nenv: {A: 1, B: ?q}\n---\n").unwrap();
    assert_eq!(fields.image.as_deref(), Some("b"));
    assert_eq!(fields.env.len(), 2);
    assert!(BottleFields::read("b.md", "---\na: [\n---\n").is_err());
}

#[test]
fn a_skills_fields_pass_over_keys_of_claude_code() {
    let text = "---\nname: s\ndescription: >\n  Does it\n  well.\nallowed-tools: [Bash]\nmetadata: {a: {b: c}}\n---\nx\n";
    let fields = SkillFields::read("SKILL.md", text).unwrap();
    assert_eq!(fields.name.as_deref(), Some("s"));
    assert_eq!(
        fields.description.as_deref().map(str::trim),
        Some("Does it well.")
    );
}
