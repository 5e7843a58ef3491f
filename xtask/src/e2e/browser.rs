//! A real browser (`tools/browser`): a foreign page against the port of `bulwark dev` may neither sign, nor travel in time,
//! nor change state; the node's own pages, on the demo's chain, are whole, live and accessible. The browser is the system's Chromium, driven from npm; nothing is downloaded.

use crate::{shell, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Names of the browser on the search path, by distribution.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The stories: attacks, every page, every link, what a wallet does.
const STORIES: &[&str] = &[
    "browser/attack.mjs",
    "browser/pages.mjs",
    "browser/links.mjs",
    "browser/act.mjs",
    "browser/alerts.mjs",
];

/// Runs the stories.
///
/// # Errors
/// There is no browser, or something is not as it should be; the script has printed what.
pub fn run(bulwark: &Path) -> Result<()> {
    for name in STORIES {
        let mut story = tools::script(name)?;
        story.arg(bulwark.canonicalize()?).arg(browser()?);
        shell::run(&mut story).with_context(|| format!("tools/{name}: what failed is said above"))?;
    }
    Ok(())
}

fn browser() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    found.context("no Chromium on the search path; Debian has it as `chromium`")
}
