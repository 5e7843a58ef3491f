//! Puts the commit into `bulwark --version`: from `BULWARK_COMMIT`, else from the repository's files (git itself need
//! not be installed), else "unknown", as in a source archive.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Digits of the commit to show.
const SHOWN: usize = 12;

fn main() {
    println!("cargo::rerun-if-env-changed=BULWARK_COMMIT");
    let given = env::var("BULWARK_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(read).unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=BULWARK_COMMIT={}", commit.get(..SHOWN).unwrap_or(&commit));
    println!("cargo::rustc-env=BULWARK_TARGET={}", env::var("TARGET").unwrap_or_default());
}

fn read() -> Option<String> {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join("../..");
    let git = directory(&root.join(".git"))?;
    let head = watched(&git.join("HEAD"))?;
    let Some(name) = head.strip_prefix("ref: ") else { return Some(head) };
    let common =
        fs::read_to_string(git.join("commondir")).map_or_else(|_| git.clone(), |at| git.join(at.trim()));
    watched(&common.join(name)).or_else(|| packed(&common.join("packed-refs"), name))
}

/// The repository's directory, also when `.git` is a file that names it (a worktree).
fn directory(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_path_buf());
    }
    let text = fs::read_to_string(git).ok()?;
    let named = Path::new(text.strip_prefix("gitdir: ")?.trim()).to_path_buf();
    Some(if named.is_absolute() { named } else { git.parent()?.join(named) })
}

/// A file's trimmed text; the script runs again when the file changes.
fn watched(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    println!("cargo::rerun-if-changed={}", path.display());
    Some(text.trim().to_string())
}

fn packed(path: &Path, name: &str) -> Option<String> {
    let text = watched(path)?;
    text.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_string))
}
