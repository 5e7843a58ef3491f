//! A foreign page in a real browser against the port of `bulwark dev` (`tools/browser`): it may neither sign, nor travel
//! in time, nor change state. The browser is the system's Chromium, driven from npm; nothing is downloaded.

use crate::{shell, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Names of the browser on the search path, by distribution.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs the attacks.
///
/// # Errors
/// There is no browser, or an attack has an effect; the script has printed which.
pub fn run(bulwark: &Path) -> Result<()> {
    let mut attack = tools::script("browser/attack.mjs")?;
    attack.arg(bulwark.canonicalize()?).arg(browser()?);
    shell::run(&mut attack).context("tools/browser/attack.mjs: what failed is said above")
}

fn browser() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    found.context("no Chromium on the search path; Debian has it as `chromium`")
}
