//! What a person reads when something is wrong: what happened, and one thing to do; and what a program reads: the exit code.

use super::Shell;

/// A bottle in which nothing is open, so that nothing is missing for it but an engine.
const CLOSED: &str = "---\n---\n";
const AGENT: &str = "---\nbottle: b\n---\n";
const CLAUDE: &str = "---\negress:\n  routes:\n    - host: api.anthropic.com\n      auth: {scheme: claude, credential: claude}\n---\n";

fn furnished() -> Shell {
    let shell = Shell::new();
    shell.write("bottles/b.md", CLOSED);
    shell.write("bottles/claude.md", CLAUDE);
    shell.write("agents/a.md", AGENT);
    shell.write("agents/talker.md", "---\nbottle: claude\n---\n");
    shell
}

/// Runs, and checks the exit code and the shape of what is said: what happened first, what to do last.
async fn fails(shell: &Shell, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let ended = shell.run(arguments).await;
    ended.expect_code(code).expect_said(words);
    assert_eq!(ended.stdout, "", "{arguments:?}");
    let lines: Vec<&str> = ended.stderr.trim_end().lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    assert!(
        first.starts_with("error: ") && !first.ends_with('.'),
        "{first}"
    );
    assert!(
        lines.len() > 1 && last.starts_with("  ") && last.ends_with('.'),
        "{}",
        ended.stderr
    );
    ended.stderr
}

#[tokio::test]
async fn wrong_arguments_are_2() {
    let shell = furnished();
    for arguments in [
        &["start"][..],
        &["start", "Not A Name"],
        &["start", "a", "--format", "json"],
        &["start", "a", "--backend", "lxc"],
        &["start", "a", "--env", "NOVALUE"],
        &["info", "not-an-id"],
        &["no-such-word"],
        &["credential", "add", "name", "a-value-must-not-stand-here"],
    ] {
        let ended = shell.run(arguments).await;
        ended.expect_code(2).expect_said(&["error:"]);
    }
    let given = "ANTHROPIC_API_KEY=sk-ant-real";
    let said = fails(
        &shell,
        &["start", "a", "--env", given, "--dry-run"],
        2,
        &["'auth'"],
    )
    .await;
    assert!(!said.contains("sk-ant-real"), "{said}");
}

#[tokio::test]
async fn a_wrong_or_missing_file_is_4_and_names_its_place() {
    let shell = furnished();
    let plan = |agent| ["start", agent, "--dry-run"];
    let words = ["no agent named b", "`a`"];
    fails(&shell, &plan("b"), 4, &words).await;
    shell.write("agents/lost.md", "---\nbottle: gone\n---\n");
    fails(
        &shell,
        &plan("lost"),
        4,
        &["agents/lost.md:2:9: there is no bottle 'gone'"],
    )
    .await;
    shell.write("agents/skilled.md", "---\nbottle: b\nskills: [gone]\n---\n");
    fails(&shell, &plan("skilled"), 4, &["skill gone", "SKILL.md"]).await;
    shell.write("bottles/ring.md", "---\nextends: ring\n---\n");
    shell.write("agents/ring.md", "---\nbottle: ring\n---\n");
    fails(&shell, &plan("ring"), 4, &["ring -> ring"]).await;
    shell.write("bottles/typo.md", "---\negres: {}\n---\n");
    shell.write("agents/typo.md", "---\nbottle: typo\n---\n");
    let words = [
        "bottles/typo.md:2:1: unknown key 'egres'",
        "did you mean 'egress'",
    ];
    fails(&shell, &plan("typo"), 4, &words).await;
    shell.write("bottles/image.md", "---\nimage: ./Dockerfile\n---\n");
    shell.write("agents/image.md", "---\nbottle: image\n---\n");
    fails(&shell, &plan("image"), 4, &["Dockerfile", "because"]).await;
    let words = ["nowhere", "cannot be copied", "--workspace"];
    fails(
        &shell,
        &["start", "a", "--dry-run", "-w", "nowhere"],
        4,
        &words,
    )
    .await;
    shell.write(
        "bottles/git.md",
        "---\ngit: {remotes: [{name: o, url: 'https://h.example/a'}]}\n---\n",
    );
    shell.write("agents/git.md", "---\nbottle: git\n---\n");
    fails(&shell, &plan("git"), 4, &["git.remotes"]).await;
}

#[tokio::test]
async fn a_manifest_of_ten_megabytes_or_ten_thousand_keys_is_4() {
    let shell = furnished();
    let big = format!("---\nbottle: b\n---\n{}", "x".repeat(10 << 20));
    shell.write("agents/big.md", &big);
    let words = ["agents/big.md:1:1", &big.len().to_string(), "smaller"];
    fails(&shell, &["start", "big", "--dry-run"], 4, &words).await;
    let keys: String = (0..10_000).map(|n| format!("  V{n}: x\n")).collect();
    shell.write("bottles/b.md", &format!("---\nenv:\n{keys}---\n"));
    fails(
        &shell,
        &["start", "a", "--dry-run"],
        4,
        &["more than 2000 keys"],
    )
    .await;
}

#[tokio::test]
async fn what_is_missing_on_this_machine_is_3() {
    let shell = furnished();
    let talk = ["start", "talker", "--yes", "--prompt", "hi"];
    fails(
        &shell,
        &talk,
        3,
        &["credential named claude", "credential add claude"],
    )
    .await;
    let start = ["start", "a", "--yes", "--prompt", "hi"];
    let words = ["no docker engine answers", "/nowhere/docker.sock"];
    let ended = shell.run(&start).await;
    ended
        .expect_code(3)
        .expect_said(&words)
        .expect_said(&["dockerd", "doctor"]);
    let sessions = std::fs::read_dir(shell.home().join("sessions")).unwrap();
    assert_eq!(sessions.count(), 0, "nothing is left of it");
    shell.write("bottles/b.md", "---\nenv: {A: '${NOT_SET}'}\n---\n");
    fails(&shell, &start, 3, &["NOT_SET", "Set NOT_SET"]).await;
}

#[tokio::test]
async fn everything_else_is_1() {
    let shell = furnished();
    shell.run(&["init", "first"]).await.expect_code(0);
    fails(
        &shell,
        &["init", "first"],
        1,
        &["first.md is already there"],
    )
    .await;
    for arguments in [
        &["info", "a-00000"][..],
        &["stop", "a-00000"],
        &["apply", "a-00000"],
        &["apply", "a-00000", "--list"],
        &["resume", "a-00000", "--prompt", "hi"],
    ] {
        fails(&shell, arguments, 1, &["no session a-00000", "list --all"]).await;
    }
    shell.write("bottles/b.md", "---\nenv: {A: '?What is it'}\n---\n");
    let start = ["start", "a", "--yes", "--prompt", "hi"];
    fails(&shell, &start, 1, &["What is it", "--env A=VALUE"]).await;
}

#[tokio::test]
async fn without_a_terminal_nothing_is_asked_and_nothing_is_taken_for_a_yes() {
    let shell = furnished();
    fails(
        &shell,
        &["start", "a"],
        1,
        &["needs a terminal", "--prompt"],
    )
    .await;
    fails(&shell, &["start", "a", "--yes"], 1, &["needs a terminal"]).await;
    fails(
        &shell,
        &["start", "a", "--prompt", "hi"],
        1,
        &["confirm the plan", "--yes"],
    )
    .await;
    fails(&shell, &["resume", "a-00000"], 1, &["needs a terminal"]).await;
    assert!(!shell.home().join("sessions").exists());
}

#[tokio::test]
async fn an_empty_credential_is_refused() {
    let shell = Shell::new();
    fails(&shell, &["credential", "add", "claude"], 1, &["is empty"]).await;
    fails(
        &shell,
        &["credential", "replace", "claude"],
        3,
        &["no credential 'claude'"],
    )
    .await;
}

#[tokio::test]
async fn what_a_terminal_would_obey_is_taken_out() {
    let shell = furnished();
    let folder = "\u{1b}[31mred\r\u{7}";
    let said = fails(
        &shell,
        &["start", "a", "--dry-run", "-w", folder],
        4,
        &["[31mred"],
    )
    .await;
    assert!(
        !said.contains(|c: char| c.is_control() && c != '\n'),
        "{said:?}"
    );
}

#[tokio::test]
async fn without_a_home_it_says_so() {
    let shell = Shell::new();
    let mut command = shell.command(&["list"]);
    command.env_remove("HOME");
    let ended = tests::command_line::run(command).await;
    ended
        .expect_code(1)
        .expect_said(&["HOME is not set", "Set it"]);
}

#[tokio::test]
async fn the_exit_codes_are_documented() {
    let help = Shell::new().run(&["--help"]).await;
    help.expect_code(0);
    for code in ["0", "1", "2", "3", "4", "5", "10", "130"] {
        let line = format!("{code:>5}  ");
        assert!(help.stdout.contains(&line), "{code} in {}", help.stdout);
    }
}
