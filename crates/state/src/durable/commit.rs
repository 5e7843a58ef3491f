//! Sealing: one atomic batch of sequential rows, one sync, and the records that say how far the chain and its tables are.

use super::db::Db;
use super::rows::{self, HeaderRow};
use crate::Result;
use crate::codec::Decoder;
use crate::guard::Mark;
use crate::layer::{Delta, Index};
use crate::model::{BlockRecord, EmptyRange, Head};
use alloy_primitives::B256;
use fjall::{OwnedWriteBatch, PersistMode};

pub(super) const HEAD: &str = "head";
pub(super) const FOLDED: &str = "folded";
pub(super) const PRUNED: &str = "pruned";
pub(super) const REWINDING: &str = "rewinding";
pub(super) const CHECKPOINT: &str = "checkpoint";

/// The head record: what the last sealed write left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) head: Head,
    /// Counts sealed writes and rewinds; never goes back.
    pub(crate) serial: u64,
    /// The next storage id to give out.
    pub(crate) next_id: u64,
    /// The first block of the chain.
    pub(crate) first: u64,
}

impl Sealed {
    fn value(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        for number in [self.head.number, self.serial, self.next_id, self.first] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(self.head.hash.as_slice());
        out.extend_from_slice(self.head.root.as_slice());
        out
    }

    fn read(raw: &[u8]) -> Option<Self> {
        let mut raw = Decoder::new(raw);
        let (number, serial, next_id, first) = (raw.fixed()?, raw.fixed()?, raw.fixed()?, raw.fixed()?);
        let (hash, root) = (raw.hash()?, raw.hash()?);
        raw.end()?;
        Some(Self { head: Head { number, hash, root }, serial, next_id, first })
    }

    pub(crate) const fn mark(&self) -> Mark {
        Mark { serial: self.serial, number: self.head.number, hash: self.head.hash }
    }
}

impl Db {
    /// A batch that is synced when it is committed.
    pub(super) fn synced_batch(&self) -> OwnedWriteBatch {
        self.engine.batch().durability(Some(PersistMode::SyncData))
    }

    pub(super) fn put_meta(&self, batch: &mut OwnedWriteBatch, name: &str, value: Vec<u8>) {
        let meta = &self.spaces.meta;
        batch.insert(meta, name, Self::sealed(meta, name.as_bytes(), value));
    }

    pub(super) fn put_head(&self, batch: &mut OwnedWriteBatch, sealed: &Sealed) {
        self.put_meta(batch, HEAD, sealed.value());
    }

    /// The payload of a record.
    pub(super) fn meta(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let meta = &self.spaces.meta;
        let Some(raw) = meta.get(name).map_err(self.failed("read"))? else { return Ok(None) };
        Ok(Some(self.unsealed(meta, name.as_bytes(), &raw)?.to_vec()))
    }

    /// A record that is a number.
    pub(super) fn meta_number(&self, name: &str) -> Result<Option<u64>> {
        let Some(raw) = self.meta(name)? else { return Ok(None) };
        let number = Decoder::new(&raw).fixed();
        number.ok_or_else(|| self.malformed(&self.spaces.meta, name.as_bytes())).map(Some)
    }

    /// The head record; `None`: nothing was ever sealed.
    pub(super) fn sealed_head(&self) -> Result<Option<Sealed>> {
        let Some(raw) = self.meta(HEAD)? else { return Ok(None) };
        let sealed = Sealed::read(&raw).ok_or_else(|| self.malformed(&self.spaces.meta, HEAD.as_bytes()))?;
        Ok(Some(sealed))
    }

    /// Seals one block: durable when this returns.
    pub(crate) fn commit(
        &self,
        sealed: &Sealed,
        block: &BlockRecord,
        delta: &Delta,
        index: &Index,
    ) -> Result<()> {
        let (spaces, key) = (&self.spaces, block.number.to_be_bytes());
        let len = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let header = HeaderRow {
            hash: block.hash,
            root: sealed.head.root,
            body_len: len(&block.body),
            receipts_len: len(&block.receipts),
            header: &block.header,
        };
        let mut batch = self.synced_batch();
        batch.insert(&spaces.delta, key, Self::sealed(&spaces.delta, &key, rows::delta_value(delta, index)));
        batch.insert(&spaces.header, key, Self::sealed(&spaces.header, &key, header.value()));
        for (space, bytes) in [(&spaces.body, &block.body), (&spaces.receipt, &block.receipts)] {
            if !bytes.is_empty() {
                batch.insert(space, key, Self::sealed(space, &key, bytes.clone()));
            }
        }
        self.seal(batch, sealed)
    }

    /// Seals ranges of empty blocks.
    pub(crate) fn commit_empty(&self, sealed: &Sealed, ranges: &[EmptyRange], root: &B256) -> Result<()> {
        let space = &self.spaces.range;
        let mut batch = self.synced_batch();
        for range in ranges {
            let key = range.first.to_be_bytes();
            batch.insert(space, key, Self::sealed(space, &key, rows::range_value(range, root)));
        }
        self.seal(batch, sealed)
    }

    /// Adds the head record, writes and syncs, then moves the mark.
    pub(super) fn seal(&self, mut batch: OwnedWriteBatch, sealed: &Sealed) -> Result<()> {
        self.put_head(&mut batch, sealed);
        batch.commit().map_err(self.failed("write the block"))?;
        self.dir.set_mark(&sealed.mark())
    }
}
