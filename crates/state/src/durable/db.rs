//! The open database: keyspaces, their settings, and the translation of the engine's errors.

use super::verify;
use crate::codec::{seal, unseal};
use crate::guard::{DataDir, io_error};
use crate::side::SideTable;
use crate::{Error, Result};
use alloy_primitives::B256;
use fjall::config::{CompressionPolicy, FilterPolicy, FilterPolicyEntry};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Bytes a keyspace gathers in memory before it writes a sorted file.
const MEMTABLE_BYTES: u64 = 32 << 20;
/// Journals are thrown away once their content is flushed; more than this forces a flush.
const JOURNAL_BYTES: u64 = 64 << 20;
/// Blocks of the database kept decompressed in memory, bytes.
const CACHE_BYTES: u64 = 128 << 20;
/// Where the engine's files are, below the data directory.
const FOLDER: &str = "db";
/// Where a new database is made, before it takes its place.
const NEW_FOLDER: &str = "db.new";

/// The keyspaces. Names are part of the format.
pub(super) struct Spaces {
    pub(super) meta: Keyspace,
    pub(super) delta: Keyspace,
    pub(super) header: Keyspace,
    pub(super) body: Keyspace,
    pub(super) receipt: Keyspace,
    pub(super) range: Keyspace,
    pub(super) account: Keyspace,
    pub(super) slot: Keyspace,
    pub(super) past: Keyspace,
    pub(super) log: Keyspace,
    pub(super) transaction: Keyspace,
    pub(super) number: Keyspace,
    pub(super) code: Keyspace,
    pub(super) side: Keyspace,
    pub(super) cut: Keyspace,
}

impl Spaces {
    fn open(db: &Database) -> fjall::Result<Self> {
        // Hashes do not compress: trying costs the fold a third of its time.
        let plain = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE_BYTES)
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::None))
        };
        let text = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        // Only ranges are read: a filter of keys would be dead weight.
        let scanned = || plain().filter_policy(FilterPolicy::all(FilterPolicyEntry::None));
        Ok(Self {
            meta: db.keyspace("meta", plain)?,
            delta: db.keyspace("delta", plain)?,
            header: db.keyspace("header", plain)?,
            body: db.keyspace("body", text)?,
            receipt: db.keyspace("receipt", text)?,
            range: db.keyspace("range", plain)?,
            account: db.keyspace("account", plain)?,
            slot: db.keyspace("slot", plain)?,
            past: db.keyspace("past", scanned)?,
            log: db.keyspace("log", scanned)?,
            transaction: db.keyspace("transaction", plain)?,
            number: db.keyspace("number", scanned)?,
            code: db.keyspace("code", text)?,
            side: db.keyspace("side", || text().filter_policy(FilterPolicy::all(FilterPolicyEntry::None)))?,
            cut: db.keyspace("cut", plain)?,
        })
    }

    /// Those that the journal feeds, and that must be flushed for it to shrink: rarely written ones would pin it.
    pub(super) const fn journaled(&self) -> [&Keyspace; 6] {
        [&self.delta, &self.header, &self.body, &self.receipt, &self.range, &self.meta]
    }
}

/// An open database. Dropped last of all that reads it, because it holds the lock on the directory.
pub(crate) struct Db {
    pub(super) engine: Database,
    pub(super) spaces: Spaces,
    pub(super) dir: DataDir,
    /// How the side table comes about, if there is one.
    pub(super) side: Option<SideTable>,
}

impl Db {
    /// Opens or creates the database in `path`, for the chain of `identity`.
    pub(crate) fn open(path: &Path, identity: &B256, side: Option<SideTable>) -> Result<Self> {
        let dir = DataDir::open(path, identity)?;
        let folder = path.join(FOLDER);
        if !folder.exists() {
            if dir.mark().is_some() {
                let what = format!("its folder {FOLDER} is missing");
                return Err(Error::Damaged { dir: path.to_path_buf(), what });
            }
            create(path)?;
        }
        verify::manifests(&folder).map_err(|what| Error::Damaged { dir: path.to_path_buf(), what })?;
        let (engine, spaces) = open_engine(path, &folder)?;
        Ok(Self { engine, spaces, dir, side })
    }

    /// The error of a database that contradicts itself.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> Error {
        Error::Damaged { dir: self.dir.path().to_path_buf(), what: what.into() }
    }

    /// Translates the engine's error.
    pub(super) fn failed(&self, action: &'static str) -> impl Fn(fjall::Error) -> Error {
        move |error| translate(self.dir.path(), action, &error)
    }

    /// Seals a row's value with its checksum. For keyspaces that the journal feeds.
    pub(super) fn sealed(space: &Keyspace, key: &[u8], value: Vec<u8>) -> Vec<u8> {
        seal(space.name(), key, value)
    }

    /// The payload of a sealed row.
    pub(super) fn unsealed<'a>(&self, space: &Keyspace, key: &[u8], raw: &'a [u8]) -> Result<&'a [u8]> {
        unseal(space.name(), key, raw).ok_or_else(|| self.malformed(space, key))
    }

    /// The error of a row that cannot be read.
    pub(super) fn malformed(&self, space: &Keyspace, key: &[u8]) -> Error {
        let key = alloy_primitives::hex::encode(key);
        self.damaged(format!("row {key} of table {} cannot be read", &**space.name()))
    }
}

/// Makes a database aside and moves it into place when it is whole: a kill while it is made leaves nothing behind.
fn create(path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| io_error(path, "make the database", &error);
    let new = path.join(NEW_FOLDER);
    if new.exists() {
        std::fs::remove_dir_all(&new).map_err(failed)?;
    }
    drop(open_engine(path, &new)?);
    std::fs::rename(&new, path.join(FOLDER)).map_err(failed)?;
    std::fs::File::open(path).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// The engine panics on some damage that it does not expect.
fn open_engine(path: &Path, folder: &Path) -> Result<(Database, Spaces)> {
    let open = || {
        let engine = Database::builder(folder)
            .worker_threads(1)
            .max_journaling_size(JOURNAL_BYTES)
            .cache_size(CACHE_BYTES)
            .open()?;
        let spaces = Spaces::open(&engine)?;
        Ok((engine, spaces))
    };
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(opened) => opened.map_err(|error| translate(path, "open the database", &error)),
        Err(_) => {
            Err(Error::Damaged { dir: path.to_path_buf(), what: "the engine cannot open its files".into() })
        }
    }
}

fn translate(path: &Path, action: &'static str, error: &fjall::Error) -> Error {
    let dir = path.to_path_buf();
    let io = |error: &std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::NotFound | ErrorKind::InvalidData => {
            Error::Damaged { dir: dir.clone(), what: format!("cannot {action}: {error}") }
        }
        _ => io_error(path, action, error),
    };
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => io(error),
        fjall::Error::Poisoned => {
            Error::Io { dir, action, why: "an earlier write failed (is the disk full?)".into() }
        }
        fjall::Error::Locked => Error::Locked { dir },
        other => Error::Damaged { dir, what: format!("cannot {action}: {other:?}") },
    }
}
