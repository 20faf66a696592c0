//! What goes with the program into a package: the manual and the completions, made by the program itself.

use crate::support::process::Workplace;

#[test]
fn the_manual_has_a_page_for_the_program_and_one_for_each_command() {
    let workplace = Workplace::new();
    let made = workplace.run(&["man", "man"]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let read = |name: &str| std::fs::read_to_string(workplace.path().join("man").join(name)).expect(name);
    let page = read("tincan.1");
    assert!(page.contains(r"\-\-public\-url") && page.contains("tincan\\-doctor(1)"), "{page}");
    assert!(!page.contains("completions"), "what packagers need is not for those who read the manual");
    for command in ["doctor", "user", "user-add", "export", "import", "migrate", "config", "healthcheck"] {
        assert!(read(&format!("tincan-{command}.1")).contains(".SH SYNOPSIS"), "{command}");
    }
    let refused = workplace.run(&["man", "/dev/null/man"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("cannot make /dev/null/man"), "{refused:?}");
}

#[test]
fn each_shell_gets_its_completions() {
    let workplace = Workplace::new();
    for (shell, sign) in [("bash", "complete -F"), ("zsh", "#compdef tincan"), ("fish", "complete -c tincan")] {
        let made = workplace.run(&["completions", shell]);
        assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{shell}");
        assert!(made.out.contains(sign) && made.out.contains("public-url") && made.out.contains("doctor"), "{shell}");
    }
    assert_eq!(workplace.run(&["completions", "cmd"]).code, Some(2));
    assert!(!workplace.run(&["--help"]).out.contains("completions"));
}
