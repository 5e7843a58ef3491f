//! The checkpoint: cuts that cover the account trie and the large storage tries at one block. A start reads them, applies
//! the keys changed since, and compares the root: milliseconds instead of a scan of the whole state. Never needed for
//! correctness: without it, or with a stale one, tries are built from the flat state.

use super::commit::CHECKPOINT;
use super::db::Db;
use super::rows;
use crate::Result;
use crate::codec::{Decoder, put_count, put_number};
use crate::trie::Cut;
use crate::world::CutRows;
use std::collections::BTreeMap;

/// Cuts in one row: 280 KiB.
const CUTS_A_ROW: usize = 4_096;

/// What a checkpoint consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The block whose state it covers.
    pub(crate) number: u64,
    /// Rows by storage id; the account trie's under 0.
    pub(crate) rows: BTreeMap<u64, CutRows>,
}

/// A checkpoint to write.
pub(crate) struct Plan {
    pub(crate) number: u64,
    /// Names the rows written now; never used before.
    pub(crate) generation: u64,
    /// Tries to write, by storage id.
    pub(crate) fresh: BTreeMap<u64, Vec<Cut>>,
    /// Tries whose rows of an older checkpoint still hold.
    pub(crate) kept: BTreeMap<u64, CutRows>,
}

impl Plan {
    /// The rows of a trie that is to be written.
    pub(crate) fn rows_for(&self, cuts: usize) -> CutRows {
        let parts = u32::try_from(cuts.div_ceil(CUTS_A_ROW)).unwrap_or(u32::MAX);
        CutRows { generation: self.generation, parts }
    }

    fn manifest(&self) -> Manifest {
        let fresh = self.fresh.iter().map(|(id, cuts)| (*id, self.rows_for(cuts.len())));
        Manifest {
            number: self.number,
            rows: self.kept.iter().map(|(id, rows)| (*id, *rows)).chain(fresh).collect(),
        }
    }
}

impl Manifest {
    fn value(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_number(&mut out, self.number);
        put_count(&mut out, self.rows.len());
        for (id, rows) in &self.rows {
            put_number(&mut out, *id);
            put_number(&mut out, rows.generation);
            put_number(&mut out, rows.parts.into());
        }
        out
    }

    fn read(raw: &[u8]) -> Option<Self> {
        let mut raw = Decoder::new(raw);
        let number = raw.number()?;
        let mut rows = BTreeMap::new();
        for _ in 0..raw.count()? {
            let id = raw.number()?;
            rows.insert(id, CutRows { generation: raw.number()?, parts: u32::try_from(raw.number()?).ok()? });
        }
        raw.end()?;
        Some(Self { number, rows })
    }

    /// The checkpoint there is.
    pub(crate) fn load(db: &Db) -> Result<Option<Self>> {
        let Some(raw) = db.meta(CHECKPOINT)? else { return Ok(None) };
        let manifest = Self::read(&raw);
        manifest.ok_or_else(|| db.malformed(&db.spaces.meta, CHECKPOINT.as_bytes())).map(Some)
    }
}

impl Db {
    /// Writes a checkpoint, then removes rows that no checkpoint has.
    pub(crate) fn checkpoint(&self, plan: &Plan) -> Result<()> {
        let space = &self.spaces.cut;
        let parts = plan
            .fresh
            .iter()
            .flat_map(|(id, cuts)| (0u32..).zip(cuts.chunks(CUTS_A_ROW)).map(move |p| (*id, p)));
        self.ingest(
            space,
            parts.map(|(id, (part, cuts))| {
                let key = rows::cut_key(plan.generation, id, part);
                let mut value = Vec::new();
                put_count(&mut value, cuts.len());
                cuts.iter().for_each(|cut| rows::put_cut(&mut value, cut));
                let value = Self::sealed(space, &key, value);
                (key, Some(value))
            }),
        )?;
        let manifest = plan.manifest();
        let mut batch = self.synced_batch();
        self.put_meta(&mut batch, CHECKPOINT, manifest.value());
        batch.commit().map_err(self.failed("write the checkpoint"))?;
        self.remove_stale_cuts(&manifest)
    }

    fn remove_stale_cuts(&self, manifest: &Manifest) -> Result<()> {
        let space = &self.spaces.cut;
        let mut stale = Vec::new();
        for row in space.iter() {
            let key = row.key().map_err(self.failed("read"))?;
            let mut raw = Decoder::new(&key);
            let owner = raw.fixed().zip(raw.fixed());
            let known = owner.is_some_and(|(generation, id)| {
                manifest.rows.get(&id).is_some_and(|rows| rows.generation == generation)
            });
            if !known {
                stale.push((key.to_vec(), None));
            }
        }
        self.ingest(space, stale.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_encoding() {
        let rows = [(0, CutRows { generation: 9, parts: 3 }), (5, CutRows { generation: 2, parts: 1 })];
        let manifest = Manifest { number: 17, rows: rows.into_iter().collect() };
        assert_eq!(Manifest::read(&manifest.value()), Some(manifest));
    }
}
