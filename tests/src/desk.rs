//! The command line as people use it: a running development node, a home of its own for keys and names, and each
//! command a process of its own.

use crate::{Bulwark, Ended, bulwark, process::end};
use serde_json::Value;
use std::process::Command;
use tempfile::TempDir;

/// Init code of a contract that answers every call with one.
pub const AGREEABLE: &str = "0x6760015f5260205ff35f5260086018f3";

/// A node, and a home of its own for keys and names.
#[derive(Debug)]
pub struct Desk {
    pub node: Bulwark,
    pub home: TempDir,
}

impl Desk {
    /// A development node with more flags.
    pub fn new(flags: &[&str]) -> Self {
        let flags: Vec<&str> = ["--audit"].iter().chain(flags).copied().collect();
        Self { node: Bulwark::dev(&flags), home: tempfile::tempdir().unwrap() }
    }

    /// A desk at a node that runs already.
    pub fn at(node: Bulwark) -> Self {
        Self { node, home: tempfile::tempdir().unwrap() }
    }

    /// A command, ready to run.
    pub fn command(&self, line: &str) -> Command {
        let mut command = bulwark(line.split_whitespace());
        command.env("BULWARK_RPC", self.node.url()).env("HOME", self.home.path());
        command.env("XDG_CONFIG_HOME", self.home.path());
        command
    }

    /// Runs a line to its end.
    pub fn run(&self, line: &str) -> Ended {
        end(self.command(line))
    }

    /// Runs a line that succeeds, and answers what it prints.
    pub fn told(&self, line: &str) -> String {
        let ended = self.run(line);
        assert_eq!(ended.code(), 0, "{line}: {ended:?}");
        ended.stdout
    }

    /// Runs a line that succeeds, and answers its JSON.
    pub fn json(&self, line: &str) -> Value {
        let told = self.told(&format!("{line} --json"));
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{line}: {error}: {told}"))
    }

    /// Runs a line that fails with an exit code, and answers the error and the help.
    pub fn refused(&self, line: &str, code: i32) -> String {
        let ended = self.run(line);
        assert_eq!(ended.code(), code, "{line}: {ended:?}");
        ended.error();
        ended.stderr
    }

    /// A thousand test tokens for somebody.
    pub fn mint(&self, who: &str) {
        self.told(&format!(
            "chain send TestToken --call mint --with {who} 1000000000000000000000 --from {who} --yes"
        ));
    }

    /// dev3 is a service with set 1 of TEST; dev2 an operator in it with 40 % allocated.
    pub fn restake(&self) {
        let made = self.json(&format!("chain send --create {AGREEABLE} --from dev3 --yes"));
        let registrar = made["transactions"][0]["contract"].as_str().unwrap().to_owned();
        for line in [
            "service create ipfs://service --from dev3 --yes",
            &format!("service registrar {registrar} --from dev3 --yes"),
            "service set dev3:1 TEST --from dev3 --yes",
            "operator register --metadata ipfs://olga --from dev2 --yes",
            "chain mine 20",
            "operator join dev3:1 --from dev2 --yes",
            "operator allocate dev3:1 TEST 40% --from dev2 --yes",
        ] {
            self.told(line);
        }
    }

    /// A file in the home with some text; answers its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}
