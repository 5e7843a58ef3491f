//! The side table on disk: folded rows, and building them anew from the receipts of folded blocks. Which version of the
//! derivation they are of is recorded last, so that a kill half way only means building again at the next start.

use super::base::Base;
use super::db::Db;
use super::fold::Write;
use crate::Result;
use crate::codec::Decoder;
use crate::model::{OnProgress, Progress};
use crate::side::{SideRow, SideTable};
use std::sync::Arc;

/// The record of the version.
const SIDE: &str = "side";
/// Rows gathered before they are written: bounds memory, some 200 bytes a row.
const BUILD_ROWS: usize = 500_000;
/// Blocks between two words of progress.
const STEP: u64 = 4_096;

impl Db {
    /// The rows that a folded or pending block has in the side table.
    pub(super) fn side_rows(&self, base: &Base, number: u64) -> Result<Vec<SideRow>> {
        let Some(side) = &self.side else { return Ok(Vec::new()) };
        let receipts = base.receipts(number)?.unwrap_or_default();
        if receipts.is_empty() {
            return Ok(Vec::new());
        }
        let rows = (side.derive)(number, &receipts);
        rows.ok_or_else(|| self.damaged(format!("the receipts of block {number} cannot be read")))
    }

    /// Builds the folded part of the side table, if it is not of this version.
    pub(crate) fn ensure_side(
        self: &Arc<Self>,
        blocks: Option<(u64, u64)>,
        progress: Option<&OnProgress>,
    ) -> Result<()> {
        let found = self.side_version()?;
        let Some(SideTable { version, .. }) = self.side else {
            // Blocks sealed without it would be missing.
            return if found.is_some() { self.record_side(None) } else { Ok(()) };
        };
        match (found, blocks) {
            (Some(found), _) if found == version => Ok(()),
            (_, Some(blocks)) => self.build_side(blocks, progress),
            (_, None) => self.record_side(Some(version)),
        }
    }

    fn side_version(&self) -> Result<Option<u64>> {
        let Some(raw) = self.meta(SIDE)? else { return Ok(None) };
        // What cannot be read is of no known version.
        Ok(Decoder::new(&raw).fixed())
    }

    fn record_side(&self, version: Option<u64>) -> Result<()> {
        let mut batch = self.synced_batch();
        match version {
            Some(version) => self.put_meta(&mut batch, SIDE, version.to_be_bytes().to_vec()),
            None => batch.remove(&self.spaces.meta, SIDE),
        }
        batch.commit().map_err(self.failed("write tables"))
    }

    /// Removes all folded rows and derives those of the blocks from the first to the last, both included.
    pub(crate) fn build_side(
        self: &Arc<Self>,
        (first, last): (u64, u64),
        progress: Option<&OnProgress>,
    ) -> Result<()> {
        let Some(SideTable { version, .. }) = self.side else { return Ok(()) };
        self.record_side(None)?;
        self.empty_side(first)?;
        let base = Base::new(self, u64::MAX, first);
        let mut rows: Vec<Write> = Vec::new();
        let (mut number, mut told) = (first, first);
        while number <= last {
            if let Some(end) = base.empty_until(number)? {
                number = end.saturating_add(1);
                continue;
            }
            let derived = self.side_rows(&base, number)?;
            rows.extend(derived.into_iter().map(|row| (row.key.to_vec(), Some(row.value.to_vec()))));
            if rows.len() >= BUILD_ROWS {
                self.write_side(&mut rows)?;
            }
            number = number.saturating_add(1);
            if let Some(tell) = progress.filter(|_| number.saturating_sub(told) >= STEP) {
                told = number;
                tell(Progress { work: "building the index", done: number, total: last });
            }
        }
        self.write_side(&mut rows)?;
        self.record_side(Some(version))
    }

    fn write_side(&self, rows: &mut Vec<Write>) -> Result<()> {
        rows.sort_unstable();
        rows.dedup_by(|later, kept| later.0 == kept.0);
        self.ingest(&self.spaces.side, std::mem::take(rows).into_iter())
    }

    /// Tombstones for all rows: clearing the keyspace at once would be replayed with the engine's journal, over later files.
    fn empty_side(self: &Arc<Self>, first: u64) -> Result<()> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let base = Base::new(self, u64::MAX, first);
            let keys = base.side_keys_after(after.as_deref(), BUILD_ROWS)?;
            let Some(last) = keys.last().cloned() else { return Ok(()) };
            self.ingest(&self.spaces.side, keys.into_iter().map(|key| (key, None)))?;
            after = Some(last);
        }
    }
}
