//! Checks what the database engine reads without checking: the manifest of each of its trees. Its data blocks and journal
//! entries carry checksums that it verifies itself; the file that lists a tree's tables has one too, in the file
//! `current`, but the engine (lsm-tree 3.1) does not compare it.

use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Version id, 128-bit checksum of the version's file, kind of checksum (0: XXH3), little-endian.
const CURRENT_BYTES: usize = 8 + 16 + 1;

/// Checks the trees below `database`; the error says what is wrong.
pub(super) fn manifests(database: &Path) -> Result<(), String> {
    let trees = database.join("keyspaces");
    let unreadable = |path: &Path| format!("{} cannot be read", shown(database, path));
    for tree in std::fs::read_dir(&trees).map_err(|_| unreadable(&trees))? {
        let tree = tree.map_err(|_| unreadable(&trees))?.path();
        let current = tree.join("current");
        let raw = std::fs::read(&current).map_err(|_| unreadable(&current))?;
        let (id, sum) = read_current(&raw).ok_or_else(|| unreadable(&current))?;
        let manifest = tree.join(format!("v{id}"));
        let raw = std::fs::read(&manifest).map_err(|_| unreadable(&manifest))?;
        if xxh3_128(&raw) != sum {
            return Err(format!("{} does not have its checksum", shown(database, &manifest)));
        }
    }
    Ok(())
}

fn shown(database: &Path, path: &Path) -> String {
    path.strip_prefix(database).unwrap_or(path).display().to_string()
}

fn read_current(raw: &[u8]) -> Option<(u64, u128)> {
    let raw: &[u8; CURRENT_BYTES] = raw.try_into().ok()?;
    let (id, rest) = raw.split_at_checked(8)?;
    let (sum, kind) = rest.split_at_checked(16)?;
    (kind == [0])
        .then_some((u64::from_le_bytes(id.try_into().ok()?), u128::from_le_bytes(sum.try_into().ok()?)))
}
