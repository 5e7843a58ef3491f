//! `docs/guide.md`: its terminal sessions are run, and what the document shows is compared with what the commands print.
//! `UPDATE_GUIDE=1 cargo test -p tests --test guide` writes the answers anew. Hashes and gas follow from prices that
//! have documents of their own, so they are not compared.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use tests::{Bulwark, bulwark, process::end};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide.md");

/// Runs a line and returns what a terminal shows below it.
fn shown(node: &Bulwark, home: &std::path::Path, line: &str) -> String {
    let mut words = line.split_whitespace();
    assert_eq!(words.next(), Some("bulwark"), "no command: {line}");
    let mut command = bulwark(words);
    command.env("BULWARK_RPC", node.url()).env("HOME", home).env("XDG_CONFIG_HOME", home);
    let ended = end(command);
    format!("{}{}", ended.stdout, ended.stderr)
}

/// A line without what other documents tell: words of hashes and of gas are blanks.
fn compared(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let volatile = |at: usize| {
        let word = words[at].trim_end_matches(',');
        let is_hash = word.len() == 66 && word.starts_with("0x");
        is_hash || (at > 0 && words[at - 1] == "gas")
    };
    let kept = (0..words.len()).map(|at| if volatile(at) { "…" } else { words[at] });
    kept.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_sessions_of_the_guide_are_what_the_commands_print() {
    let node = Bulwark::dev(&["--audit", "--timestamp", "1700000000"]);
    let home = tempfile::tempdir().unwrap();
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (mut written, mut in_session) = (String::new(), false);
    for line in document.lines() {
        let fence = line.starts_with("```");
        let command = line.strip_prefix("$ ").filter(|_| in_session);
        if fence || !in_session || command.is_some() {
            written.push_str(line);
            written.push('\n');
        }
        if fence {
            in_session = line == "```console";
        } else if let Some(command) = command {
            written.push_str(&shown(&node, home.path(), command));
        }
    }
    if std::env::var_os("UPDATE_GUIDE").is_some() {
        std::fs::write(DOCUMENT, &written).unwrap();
        return;
    }
    for (shown, printed) in document.lines().zip(written.lines()) {
        let why = "docs/guide.md is not what the commands print: see the head of this file";
        assert_eq!(compared(shown), compared(printed), "{why}");
    }
    assert_eq!(document.lines().count(), written.lines().count());
}
