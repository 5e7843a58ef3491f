//! The house rules that no compiler checks, each a test that names file and line: who may import whom, file headers
//! and sizes, nothing half done, nothing of one machine, determinism, documents that keep up. Reads files only.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a panic is how a test fails"
)]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// Lines past which a file must be split.
const MAX_FILE_LINES: usize = 800;
/// Most lines of the first paragraph of a file's `//!` header; tables of a layout may follow it.
const MAX_HEADER_LINES: usize = 5;

/// Each crate with the crates that its normal dependencies may name; `fuzz`, `tests` and `xtask` may use everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("light", &["types"]),
    ("risk", &["types", "light"]),
    ("state", &["types"]),
    ("protocol", &["types", "light"]),
    ("chain", &["types", "light", "state", "protocol"]),
    ("rpc", &["types", "light", "risk", "state", "protocol", "chain"]),
    ("web", &["types", "light", "risk", "chain", "rpc"]),
    ("node", &["types", "light", "risk", "state", "protocol", "chain", "rpc", "web"]),
];

/// Crates that must build without an EVM.
const WITHOUT_EVM: &[&str] = &["types", "light", "risk", "state", "protocol"];

/// Where the outcome of a block is computed (ARCHITECTURE.md, *What must always hold*, 3).
const DETERMINISTIC: &[&str] = &[
    "crates/types/src/",
    "crates/light/src/",
    "crates/protocol/src/",
    "crates/state/src/",
    "crates/chain/src/executor",
    "crates/chain/src/native",
];

/// Words that bring hash order, clocks or chance into a computation.
const NOT_DETERMINISTIC: &[&str] = &[
    "HashMap",
    "HashSet",
    "FxHashMap",
    "FxHashSet",
    "AddressMap",
    "AddressHashMap",
    "B256Map",
    "B256HashMap",
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "rand",
    "rand_xoshiro",
    "thread_rng",
];

/// Uses of such words that cannot reach a result: file, word, reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    (CODES, "B256Map", "a cache of analysed code: looked up by hash; what is forgotten is analysed again"),
    (DATABASE, "HashMap", "values that a block began with: looked up by key, never walked"),
    (DATABASE, "AddressMap", "values that a block began with: looked up by key, never walked"),
    (
        SOURCE,
        "HashMap",
        "a state for benches and tests: looked up by key; `retain` keeps the same entries in any order",
    ),
    (SOURCE, "AddressMap", "a state for benches and tests: looked up by key"),
    (SOURCE, "B256Map", "a state for benches and tests: looked up by key"),
];
const CODES: &str = "crates/chain/src/executor/codes.rs";
const DATABASE: &str = "crates/chain/src/executor/database.rs";
const SOURCE: &str = "crates/chain/src/executor/source.rs";

/// The two commands that a newcomer needs.
const README_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo test"];

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("`tests` lies in the root");
    root.to_path_buf()
});

/// Tracked text files that exist, by their path from the root.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let listed = git(&["ls-files", "-z"]);
    let read = |path: &str| Some((path.to_owned(), std::fs::read_to_string(ROOT.join(path)).ok()?));
    listed.split('\0').filter(|path| !path.is_empty()).filter_map(read).collect()
});

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let mut command = MetadataCommand::new();
    command.manifest_path(ROOT.join("Cargo.toml")).no_deps();
    command.exec().expect("cargo metadata reads the workspace")
});

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(&*ROOT).args(arguments).output();
    let output = output.expect("git runs; the tidy test needs a clone");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("tracked names are UTF-8")
}

fn rust_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter(|(path, _)| path.ends_with(".rs")).map(|(path, text)| (path.as_str(), text.as_str()))
}

fn text(path: &str) -> &'static str {
    FILES.get(path).unwrap_or_else(|| panic!("{path} is missing or not tracked"))
}

fn is_test_code(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Fails with all findings at once.
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}\n  {}\n", findings.join("\n  "));
}

/// Whether `line` holds `word` with no letter, digit or underscore beside it.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

/// Whether `line` holds the absolute path `prefix`, and not as the end of a longer path or address.
fn has_path(line: &str, prefix: &str) -> bool {
    let longer = |c: char| c.is_alphanumeric() || "_-./)}>*".contains(c);
    line.match_indices(prefix).any(|(at, _)| !line[..at].ends_with(longer))
}

/// The lines that ship: comments and the trailing test module cut off, with their numbers.
fn shipped_lines(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.windows(2).position(|pair| {
        pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    });
    let shipped = lines.iter().take(end.unwrap_or(lines.len())).enumerate();
    shipped.map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default())).collect()
}

fn members() -> impl Iterator<Item = &'static Package> {
    METADATA.workspace_packages().into_iter()
}

/// Keys of a table of the root manifest.
fn manifest_keys(table: &str) -> BTreeSet<&'static str> {
    let header = format!("[{table}]");
    let lines = text("Cargo.toml").lines().skip_while(|line| line.trim() != header).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, _)| key.trim()).collect()
}

#[test]
fn crates_import_only_what_stands_left_of_them() {
    let ours: BTreeSet<&str> = members().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in members().filter(|package| !["fuzz", "tests", "xtask"].contains(&package.name.as_str())) {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name.as_str()) else {
            findings.push(format!("{}: a crate without a line in ARROWS", package.manifest_path));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|it| it.kind != DependencyKind::Development) {
            let name = dependency.name.as_str();
            if ours.contains(name) && !allowed.contains(&name) {
                findings.push(format!("{}: {} must not use {name}", package.manifest_path, package.name));
            }
        }
    }
    none("the arrows of ARCHITECTURE.md:", &findings);
}

#[test]
fn crates_left_of_the_chain_know_no_evm() {
    let mut findings = Vec::new();
    for package in members().filter(|package| WITHOUT_EVM.contains(&package.name.as_str())) {
        for dependency in package.dependencies.iter().filter(|it| it.name.starts_with("revm")) {
            findings.push(format!("{}: must not use {}", package.manifest_path, dependency.name));
        }
    }
    none("types, state and protocol build without an EVM:", &findings);
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let mut findings = Vec::new();
    for (path, text) in rust_files() {
        let lines = text.lines().take_while(|line| line.starts_with("//! ")).count();
        if !(1..=MAX_HEADER_LINES).contains(&lines) {
            findings.push(format!("{path}:1: {lines} lines of `//!`, wanted 1 to {MAX_HEADER_LINES}"));
        }
    }
    none("a file starts with `//!`: what it is for and what it is not:", &findings);
}

#[test]
fn no_file_outgrows_a_reader() {
    let lines = rust_files().map(|(path, text)| (path, text.lines().count()));
    let findings: Vec<_> = lines
        .filter(|(_, lines)| *lines > MAX_FILE_LINES)
        .map(|(path, lines)| {
            format!("{path}:{lines}: longer than {MAX_FILE_LINES} lines; where is the seam?")
        })
        .collect();
    none("files have one reason to change:", &findings);
}

#[test]
fn nothing_is_half_done() {
    let banned = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("#[ig", "nore"),
        concat!("not yet imple", "mented"),
    ];
    // A child process of another test is a test of its own binary, and not one by itself.
    let child = concat!("#[ig", "nore = \"started by the test below\"]");
    let mut findings = Vec::new();
    for (path, text) in rust_files() {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| line.trim() != child) {
            for word in banned.iter().filter(|word| line.contains(**word)) {
                findings.push(format!("{path}:{}: {word}", index + 1));
            }
        }
    }
    none("finish it or leave it out:", &findings);
}

#[test]
fn files_name_no_machine_and_no_registry() {
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let hosts = [
        concat!("registry.", "npmjs.org"),
        concat!("static.", "crates.io"),
        concat!("index.", "crates.io"),
        concat!("files.", "pythonhosted.org"),
        concat!("deb.", "debian.org"),
        concat!("proxy.", "golang.org"),
    ];
    let mut findings = Vec::new();
    for (path, text) in FILES.iter() {
        for (index, line) in text.lines().enumerate() {
            let found = paths.iter().filter(|prefix| has_path(line, prefix));
            for word in found.chain(hosts.iter().filter(|host| line.contains(**host))) {
                findings.push(format!("{path}:{}: {word}", index + 1));
            }
        }
    }
    none("a clone works anywhere:", &findings);
}

#[test]
fn locks_name_no_repository_and_no_download_address() {
    let bans = [("Cargo.lock", "\"git+"), ("tools/package-lock.json", "\"resolved\"")];
    let mut findings = Vec::new();
    for (path, banned) in bans {
        let lines = text(path).lines().enumerate().filter(|(_, line)| line.contains(banned));
        findings.extend(lines.map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim())));
    }
    none("dependencies come from the registries that the machine is set to:", &findings);
}

#[test]
fn results_depend_on_no_clock_chance_or_hash_order() {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for (path, text) in rust_files() {
        if !DETERMINISTIC.iter().any(|prefix| path.starts_with(prefix)) || is_test_code(path) {
            continue;
        }
        for (number, line) in shipped_lines(text) {
            for word in NOT_DETERMINISTIC.iter().filter(|word| has_word(line, word)) {
                match ALLOWED.iter().position(|(file, allowed, _)| *file == path && allowed == word) {
                    Some(entry) => drop(used.insert(entry)),
                    None => findings.push(format!("{path}:{number}: {word}")),
                }
            }
        }
    }
    let stale = ALLOWED.iter().enumerate().filter(|(entry, _)| !used.contains(entry));
    findings.extend(stale.map(|(_, (file, word, _))| format!("ALLOWED: {file} no longer uses {word}")));
    none(
        "execution is a function of parent state and block (an exception needs a reason in ALLOWED):",
        &findings,
    );
}

#[test]
fn every_dependency_has_earned_its_line() {
    let page = "docs/dependencies.md";
    let ours: BTreeSet<&str> = members().map(|package| package.name.as_str()).collect();
    let declared = &manifest_keys("workspace.dependencies") - &ours;
    assert!(!declared.is_empty(), "Cargo.toml: no [workspace.dependencies] found");
    let rows = text(page).lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("| `")?.split('`').next()?;
        Some((name, index + 1))
    });
    let rows: BTreeMap<&str, usize> = rows.collect();
    let used: BTreeSet<&str> = members()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for name in &declared {
        if !rows.contains_key(name) {
            findings.push(format!("{page}: no row begins with | `{name}`"));
        }
        if !used.contains(name) {
            findings.push(format!("Cargo.toml: no crate uses {name}"));
        }
    }
    for (name, line) in rows.iter().filter(|(name, _)| !declared.contains(*name)) {
        findings.push(format!("{page}:{line}: {name} is no workspace dependency"));
    }
    none("each dependency earns a line that says why:", &findings);
}

#[test]
fn plain_cargo_run_starts_the_one_binary() {
    let packages = METADATA.workspace_default_packages();
    let targets = packages.iter().flat_map(|package| &package.targets);
    let binaries: Vec<_> =
        targets.filter(|target| target.is_bin()).map(|target| target.name.as_str()).collect();
    assert_eq!(binaries, ["bulwark"], "Cargo.toml: binaries of default-members");
    let names: BTreeSet<_> = packages.iter().map(|package| package.name.as_str()).collect();
    let left_out: Vec<_> =
        members().map(|package| package.name.as_str()).filter(|it| !names.contains(it)).collect();
    assert_eq!(left_out, ["fuzz", "xtask"], "Cargo.toml: members that `cargo test` leaves out");
}

#[test]
fn a_newcomer_finds_licences_commands_and_checks() {
    for path in ["LICENSE-MIT", "LICENSE-APACHE", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        assert!(!text(path).trim().is_empty(), "{path} is empty");
    }
    for command in README_COMMANDS {
        assert!(text("README.md").contains(command), "README.md does not show `{command}`");
    }
    let mode = git(&["ls-files", "--stage", "--", ".ci/run"]);
    assert!(mode.starts_with("100755"), ".ci/run is not tracked as executable: {mode:?}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut findings = Vec::new();
    for (path, text) in FILES.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        for (index, line) in text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
                let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
                if !outside && !ROOT.join(folder).join(target).exists() {
                    findings.push(format!("{path}:{}: {target} does not exist", index + 1));
                }
            }
        }
    }
    none("a link is a promise:", &findings);
}
