//! What outlives a restart: the rules, how far each has been evaluated, and what its webhook does not have yet. One file,
//! replaced as a whole, so that a crash leaves the one before or the one after.

use super::{Alert, rule::Rule};
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Notify;

/// The file's name in the data directory.
const FILE: &str = "alerts.json";
/// The form of the file.
const VERSION: u32 = 1;

/// Up to which block a rule has been evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) number: u64,
    pub(super) hash: B256,
}

/// A rule and how it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) rule: Rule,
    /// Whether the configuration names it.
    pub(super) is_configured: bool,
    pub(super) cursor: Cursor,
    /// Whether the figure that it watches was beyond its bound when last measured.
    pub(super) is_beyond: bool,
    /// What the webhook does not have yet, oldest first.
    pub(super) waiting: VecDeque<Arc<Alert>>,
    /// Failures of the webhook in a row.
    #[serde(skip)]
    pub(super) failures: u32,
    /// The last of them.
    #[serde(skip)]
    pub(super) last_error: Option<String>,
    /// Wakes the one who delivers.
    #[serde(skip)]
    pub(super) changed: Arc<Notify>,
}

impl Kept {
    pub(super) fn new(rule: Rule, is_configured: bool, cursor: Cursor) -> Self {
        Self {
            rule,
            is_configured,
            cursor,
            is_beyond: false,
            waiting: VecDeque::new(),
            failures: 0,
            last_error: None,
            changed: Arc::default(),
        }
    }
}

/// All rules by name.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) rules: BTreeMap<String, Kept>,
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Stored {
    version: u32,
    rules: Vec<Kept>,
}

#[derive(Serialize)]
struct ToStore<'a> {
    version: u32,
    rules: Vec<&'a Kept>,
}

impl Book {
    /// Reads what is kept in a directory; nothing is kept without one.
    ///
    /// # Errors
    /// In one line, what is wrong with the file.
    pub(super) fn open(directory: Option<&Path>) -> Result<Self, String> {
        let Some(directory) = directory else { return Ok(Self::default()) };
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { rules: BTreeMap::new(), file: Some(path) });
            }
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let stored: Stored = serde_json::from_str(&text).map_err(|error| {
            format!("{} cannot be read: {error}; move it away to begin without alerts", path.display())
        })?;
        if stored.version != VERSION {
            let (found, shown) = (stored.version, path.display());
            return Err(format!("{shown} has form {found}; this build reads form {VERSION}"));
        }
        let rules = stored.rules.into_iter().map(|kept| (kept.rule.name.clone(), kept)).collect();
        Ok(Self { rules, file: Some(path) })
    }

    /// Writes it durably. What cannot be written is told in the log and written with the next change: what the file has
    /// is older, so after a crash more is delivered twice, and nothing is lost. Without a rule there is no file to write.
    pub(super) fn save(&self) {
        if let Some(path) = &self.file
            && (!self.rules.is_empty() || path.exists())
            && let Err(error) = self.write(path)
        {
            tracing::error!(%error, path = %path.display(), "alerts could not be kept");
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let rules: Vec<&Kept> = self.rules.values().collect();
        let text = serde_json::to_vec(&ToStore { version: VERSION, rules })?;
        let beside = path.with_extension("json.new");
        // It holds secrets: nobody else reads it.
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(directory) => fs::File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }

    /// How many alerts wait for webhooks.
    pub(super) fn waiting(&self) -> usize {
        self.rules.values().map(|kept| kept.waiting.len()).sum()
    }
}
