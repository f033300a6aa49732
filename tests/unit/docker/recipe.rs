//! Images by content, and what a build's output means.

use std::collections::BTreeMap;

use bottle_docker::recipe::{
    AGENT_DOCKERFILE, AGENT_REPOSITORY, BUNDLE_DOCKERFILE, Recipe, Start, Step, closing_dockerfile,
    pinned_base,
};

fn recipe() -> Recipe {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    Recipe {
        repository: AGENT_REPOSITORY,
        dockerfile: "FROM x\n".to_owned(),
        arguments: map(&[("A", "1")]),
        files: map(&[("bottle-guest", "abc")]),
        base: "sha256:1".to_owned(),
    }
}

#[test]
fn an_images_name_changes_with_every_part_of_its_content() {
    let same = recipe().image();
    assert_eq!(recipe().image(), same);
    let (repository, key) = same.split_once(':').expect("a tag");
    assert_eq!((repository, key.len()), ("claude-bottle-agent", 12));
    let changes: [fn(&mut Recipe); 6] = [
        |recipe| recipe.dockerfile.push(' '),
        |recipe| recipe.base.push('2'),
        |recipe| {
            drop(
                recipe
                    .files
                    .insert("bottle-guest".to_owned(), "abd".to_owned()),
            )
        },
        |recipe| drop(recipe.arguments.insert("A".to_owned(), "2".to_owned())),
        |recipe| drop(recipe.arguments.insert("B".to_owned(), String::new())),
        // What moves from one part into another is a change too.
        |recipe| {
            let moved = recipe.arguments.remove("A").expect("an argument");
            recipe.files.insert("A".to_owned(), moved);
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut changed = recipe();
        change(&mut changed);
        assert_ne!(changed.image(), same, "change {index}");
    }
}

#[test]
fn both_images_start_from_the_same_pinned_base() {
    let base = pinned_base(AGENT_DOCKERFILE).expect("a base");
    assert_eq!(pinned_base(BUNDLE_DOCKERFILE), Some(base));
    assert!(base.contains("@sha256:"), "{base} is not pinned");
    assert_eq!(pinned_base("FROM x\n"), None);
}

#[test]
fn steps_of_a_build_are_read() {
    let step = Step::read("Step 3/12 : RUN apt-get  install   -y git").expect("a step");
    assert_eq!((step.number, step.of), (3, 12));
    assert_eq!(step.title(), "RUN apt-get install -y git");
    for line in [
        "Step 3 : RUN x",
        " ---> abc",
        "Stepping stones",
        "Step a/b : x",
        "",
    ] {
        assert_eq!(Step::read(line), None, "{line}");
    }
    let long = format!("Step 1/1 : RUN {}", "é".repeat(200));
    assert_eq!(
        Step::read(&long).expect("a step").title().chars().count(),
        73
    );
}

#[test]
fn a_persons_image_is_closed_by_our_start() {
    let start = Start {
        entrypoint: vec!["/usr/local/bin/bottle-guest".to_owned(), "init".to_owned()],
        user: "node".to_owned(),
        workdir: "/workspace".to_owned(),
    };
    let text = closing_dockerfile(&start);
    let last: Vec<&str> = text.lines().rev().take(4).collect();
    let expected = [
        "ENTRYPOINT [\"/usr/local/bin/bottle-guest\",\"init\"]",
        "WORKDIR /workspace",
        "USER node",
        "COPY bottle-guest /usr/local/bin/bottle-guest",
    ];
    assert_eq!(last, expected);
}
