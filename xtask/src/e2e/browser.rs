//! A real browser (`tools/browser`): a foreign page against the port of `bulwark dev` may neither sign, nor travel in time,
//! nor change state; the node's own pages, on the demo's chain, are whole, live and accessible. The browser is the system's Chromium, driven from npm; nothing is downloaded.

use crate::{shell, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Names of the browser on the search path, by distribution.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs the attacks, then looks at every page.
///
/// # Errors
/// There is no browser, an attack has an effect, or a page a fault; the script has printed which.
pub fn run(bulwark: &Path) -> Result<()> {
    let mut attack = tools::script("browser/attack.mjs")?;
    attack.arg(bulwark.canonicalize()?).arg(browser()?);
    shell::run(&mut attack).context("tools/browser/attack.mjs: what failed is said above")?;
    let mut pages = tools::script("browser/pages.mjs")?;
    pages.arg(bulwark.canonicalize()?).arg(browser()?);
    shell::run(&mut pages).context("tools/browser/pages.mjs: what failed is said above")
}

fn browser() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    found.context("no Chromium on the search path; Debian has it as `chromium`")
}
