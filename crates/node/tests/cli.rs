//! The command line as a script sees it: exit codes, one line of error, answers on standard output. No chain is
//! started here. That this file exists also makes `cargo test` build the binary that the whole-system tests run.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn bulwark(directory: &Path, words: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulwark"));
    command.current_dir(directory).args(words.split_whitespace());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BULWARK_") {
            command.env_remove(name);
        }
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn here(words: &str) -> Ended {
    bulwark(Path::new("."), words, &[])
}

#[test]
fn help_and_version_are_answers() {
    for words in
        ["--help", "-h", "--version", "dev --help", "node --help", "demo --help", "config check --help"]
    {
        let ended = here(words);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{words}");
        assert!(!ended.stdout.is_empty(), "{words}");
    }
    assert!(here("--version").stdout.starts_with(concat!("bulwark ", env!("CARGO_PKG_VERSION"), " (")));
}

#[test]
fn wrong_usage_is_told_in_one_line_and_ends_with_64() {
    let cases = [
        ("", "bulwark needs a command"),
        ("dve", "unrecognized subcommand 'dve'"),
        ("dev --prot 1", "unexpected argument '--prot'"),
        ("dev --port many", "invalid value 'many' for '--port <PORT>'"),
        ("dev --preset slow", "[possible values: fast, mainnet]"),
        ("dev --rules x", "[possible values: mainnet, pinned, slashing-2025]"),
        ("dev --accounts 0", "0 is not in 1..=10000"),
        ("dev --block-time 0", "expected seconds above 0"),
        ("dev --block-time 1 --no-mining", "cannot be used with"),
        ("dev --mnemonic one", "--mnemonic is no BIP-39 phrase: it has 1 word"),
        ("dev --gas-limit 5", "block_gas_limit is 5"),
        ("dev --log =", "log filter"),
        ("node", "genesis is not set"),
        ("node --config missing.toml", "cannot read configuration file missing.toml"),
        ("node --genesis missing.json --data-dir x", "cannot read genesis file missing.json"),
        ("demo --port x", "invalid value 'x' for '--port <PORT>'"),
    ];
    let directory = tempfile::tempdir().unwrap();
    for (words, expected) in cases {
        let ended = bulwark(directory.path(), words, &[]);
        assert_eq!(ended.code, 64, "{words}: {}", ended.stderr);
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[0].contains(expected), "{words}: {}", ended.stderr);
        assert!(
            lines.len() == 1 || (lines.len() == 2 && lines[1].starts_with("  help: ")),
            "{words}: {}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "", "{words}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "a refused command leaves nothing behind");
}

#[test]
fn the_printed_genesis_and_settings_are_what_a_node_can_start_from() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("genesis.json"), bulwark(path, "config genesis --dev", &[]).stdout).unwrap();
    fs::write(path.join("bulwark.toml"), "genesis = \"genesis.json\"\ndata_dir = \"data\"\n").unwrap();
    let checked = bulwark(path, "config check --config bulwark.toml --json", &[]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let report: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(report["chain_id"], 31_337);

    let shown = bulwark(path, "config show --config bulwark.toml --port 1", &[("BULWARK_PRUNE", "9")]).stdout;
    assert!(
        shown.contains("# bulwark.toml") && shown.contains("# --port") && shown.contains("# BULWARK_PRUNE"),
        "{shown}"
    );
    let genesis = bulwark(path, "config genesis --config bulwark.toml", &[]).stdout;
    assert_eq!(genesis, fs::read_to_string(path.join("genesis.json")).unwrap());
}

#[test]
fn a_broken_configuration_or_genesis_is_named_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let good = bulwark(path, "config genesis --dev", &[]).stdout;
    let files = [
        ("typo.toml", "genesis = \"g.json\"\ndatadir = \"x\"\n".to_string()),
        ("kind.toml", "port = \"many\"\n".into()),
        ("plain.toml", "genesis = \"g.json\"\ndata_dir = \"x\"\n".into()),
        ("g.json", good.replace("\"owner\"", "\"ownr\"")),
        ("unknown.json", good.replace("\"slot_secs\"", "\"slot_seconds\"")),
        ("cut.json", good[..good.len() / 2].to_string()),
        ("roles.json", "{\"config\": {\"chainId\": 1, \"bulwark\": {}}, \"timestamp\": 1}".into()),
    ];
    for (name, text) in files {
        fs::write(path.join(name), text).unwrap();
    }
    let cases = [
        ("config check --config typo.toml", "typo.toml:2:1: unknown key datadir; did you mean data_dir?"),
        ("config check --config kind.toml", "kind.toml:1:8: invalid type: string \"many\", expected u16"),
        ("config check --config plain.toml", "g.json: config.bulwark.roles"),
        ("config check --data-dir x --genesis unknown.json", "slot_seconds"),
        ("config check --data-dir x --genesis cut.json", "EOF"),
        ("config check --data-dir x --genesis roles.json", "config.bulwark.roles is missing"),
    ];
    for (words, expected) in cases {
        let ended = bulwark(path, words, &[]);
        assert_eq!(ended.code, 64, "{words}");
        assert!(ended.stderr.contains(expected), "{words}: {}", ended.stderr);
        assert!(ended.stderr.lines().count() <= 2, "{words}: {}", ended.stderr);
    }
    let ended = bulwark(path, "config check", &[("BULWARK_DATADIR", "x")]);
    assert!(
        ended.stderr.contains("unknown variable BULWARK_DATADIR; did you mean BULWARK_DATA_DIR?"),
        "{}",
        ended.stderr
    );
}

#[test]
fn completions_are_a_script() {
    for (shell, expected) in
        [("bash", "complete -F _bulwark"), ("zsh", "#compdef bulwark"), ("fish", "complete -c bulwark")]
    {
        assert!(here(&format!("completions {shell}")).stdout.contains(expected), "{shell}");
    }
}
