//! The files beside the database: a lock against a second process, a manifest that says which format and which chain it is,
//! and a mark of the last sealed block, by which a database that lost its end is told from one that never had it.

use crate::codec::{Decoder, seal, unseal};
use crate::{Error, Result};
use alloy_primitives::B256;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Raised with every change of a key or value encoding. Compare `docs/` of the release that raised it.
pub(crate) const FORMAT: u32 = 1;
const LOCK: &str = "LOCK";
const MANIFEST: &str = "MANIFEST";
const MARK: &str = "MARK";
/// First line of the manifest.
const TITLE: &str = "bulwark state database";

/// An error of the operating system, in words.
pub(crate) fn io_error(dir: &Path, action: &'static str, error: &std::io::Error) -> Error {
    Error::Io { dir: dir.to_path_buf(), action, why: error.to_string() }
}

/// A data directory that this process has for itself, until it is dropped.
pub(crate) struct DataDir {
    path: PathBuf,
    /// Holds the lock as long as it is open.
    _lock: File,
    mark: File,
}

/// What the mark says: the chain had come at least this far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Counts sealed writes and rewinds; never goes back.
    pub(crate) serial: u64,
    pub(crate) number: u64,
    pub(crate) hash: B256,
}

impl DataDir {
    /// Makes the directory if need be, locks it, and checks or writes its manifest.
    pub(crate) fn open(path: &Path, identity: &B256) -> Result<Self> {
        let failed = |action| move |error: std::io::Error| io_error(path, action, &error);
        std::fs::create_dir_all(path).map_err(failed("make the directory"))?;
        let open = |name: &str| {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path.join(name))
        };
        let lock = open(LOCK).map_err(failed("open the lock file"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { dir: path.to_path_buf() }),
            Err(TryLockError::Error(error)) => return Err(io_error(path, "lock the directory", &error)),
        }
        match std::fs::read(path.join(MANIFEST)) {
            Ok(raw) => check_manifest(path, &raw, identity)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if path.join(MARK).exists() {
                    let what = format!("its file {MANIFEST} is missing");
                    return Err(Error::Damaged { dir: path.to_path_buf(), what });
                }
                write_manifest(path, identity).map_err(failed("write the manifest"))?;
            }
            Err(error) => return Err(io_error(path, "read the manifest", &error)),
        }
        let mark = open(MARK).map_err(failed("open the mark of the last block"))?;
        Ok(Self { path: path.to_path_buf(), _lock: lock, mark })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The mark, if there is a whole one. A broken mark only weakens a check, so it is no reason to refuse.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let mut raw = [0u8; 56];
        self.mark.read_exact_at(&mut raw, 0).ok()?;
        let mut payload = Decoder::new(unseal(MARK, &[], &raw)?);
        Some(Mark { serial: payload.fixed()?, number: payload.fixed()?, hash: payload.hash()? })
    }

    /// Moves the mark, after what it speaks of is durable. Not synced: the page cache outlives a killed process, and after
    /// a power loss an older mark is as true.
    pub(crate) fn set_mark(&self, mark: &Mark) -> Result<()> {
        let mut payload = [mark.serial.to_be_bytes(), mark.number.to_be_bytes()].concat();
        payload.extend_from_slice(mark.hash.as_slice());
        let written = self.mark.write_all_at(&seal(MARK, &[], payload), 0);
        written.map_err(|error| io_error(&self.path, "mark the last block", &error))
    }
}

/// Lines of text, so that a person can read them; the last is a checksum of those above.
fn manifest(format: u32, identity: &B256) -> String {
    let text = format!("{TITLE}\nformat {format}\ngenesis {identity}\n");
    let sum = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
    format!("{text}checksum {sum:016x}\n")
}

fn write_manifest(dir: &Path, identity: &B256) -> std::io::Result<()> {
    let new = dir.join("MANIFEST.new");
    let mut file = File::create(&new)?;
    file.write_all(manifest(FORMAT, identity).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, dir.join(MANIFEST))?;
    File::open(dir)?.sync_all()
}

fn check_manifest(dir: &Path, raw: &[u8], identity: &B256) -> Result<()> {
    let damaged =
        || Error::Damaged { dir: dir.to_path_buf(), what: format!("its file {MANIFEST} is not readable") };
    let text = std::str::from_utf8(raw).map_err(|_| damaged())?;
    let mut lines = text.lines();
    let mut field = |name: &str| lines.next().and_then(|line| line.strip_prefix(name));
    field(TITLE).ok_or_else(damaged)?;
    let format: u32 = field("format ").and_then(|value| value.parse().ok()).ok_or_else(damaged)?;
    let found: B256 = field("genesis ").and_then(|value| value.parse().ok()).ok_or_else(damaged)?;
    if text != manifest(format, &found) {
        return Err(damaged());
    }
    if format != FORMAT {
        return Err(Error::UnknownFormat { dir: dir.to_path_buf(), found: format, known: FORMAT });
    }
    if found != *identity {
        return Err(Error::OtherChain { dir: dir.to_path_buf(), found, asked: *identity });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: B256 = B256::repeat_byte(1);

    #[test]
    fn a_second_opening_is_refused_by_name_until_the_first_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path(), &CHAIN).unwrap();
        let refused = DataDir::open(dir.path(), &CHAIN).err().unwrap();
        assert_eq!(refused, Error::Locked { dir: dir.path().to_path_buf() });
        drop(first);
        assert!(DataDir::open(dir.path(), &CHAIN).is_ok());
    }

    #[test]
    fn another_chain_and_another_format_are_named() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::open(dir.path(), &CHAIN).unwrap());
        let asked = B256::repeat_byte(2);
        let refused = DataDir::open(dir.path(), &asked).err().unwrap();
        assert_eq!(refused, Error::OtherChain { dir: dir.path().to_path_buf(), found: CHAIN, asked });
        std::fs::write(dir.path().join(MANIFEST), manifest(FORMAT + 1, &CHAIN)).unwrap();
        let refused = DataDir::open(dir.path(), &CHAIN).err().unwrap();
        let expected =
            Error::UnknownFormat { dir: dir.path().to_path_buf(), found: FORMAT + 1, known: FORMAT };
        assert_eq!(refused, expected);
    }

    #[test]
    fn every_flipped_bit_of_the_manifest_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::open(dir.path(), &CHAIN).unwrap());
        let whole = std::fs::read(dir.path().join(MANIFEST)).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(dir.path().join(MANIFEST), broken).unwrap();
            assert!(DataDir::open(dir.path(), &CHAIN).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_mark_is_read_back_and_a_broken_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path(), &CHAIN).unwrap();
        assert_eq!(data.mark(), None);
        let mark = Mark { serial: 3, number: 2, hash: CHAIN };
        data.set_mark(&mark).unwrap();
        assert_eq!(data.mark(), Some(mark));
        std::fs::write(dir.path().join(MARK), [0; 56]).unwrap();
        assert_eq!(data.mark(), None);
    }
}
