//! Amending the last block: one atomic batch writes its changes, its header row and the head record anew. A block that is
//! folded already counts as pending again, and folding it once more brings the tables up to date.

use super::base::Base;
use super::checkpoint::Manifest;
use super::commit::{CHECKPOINT, FOLDED, Sealed};
use super::db::Db;
use super::rewind::Undo;
use super::rows::{self, HeaderRow};
use crate::Result;
use crate::layer::{Delta, Index};
use std::sync::Arc;

/// The last block after an amendment.
pub(crate) struct Amended {
    /// All that it changes now.
    pub(crate) delta: Delta,
    /// What it adds to the indexes, as before.
    pub(crate) index: Index,
    /// Whether the tables held the block: they lack the amendment until it is folded again.
    pub(crate) was_folded: bool,
}

impl Db {
    /// Adds changes to the head block, durably. `header` is the block's own, for one that lay in a range of empty blocks.
    pub(crate) fn amend(
        self: &Arc<Self>,
        sealed: &Sealed,
        header: &[u8],
        changes: &Delta,
    ) -> Result<Amended> {
        let (base, number) = (Base::new(self, u64::MAX, sealed.first), sealed.head.number);
        let (spaces, key) = (&self.spaces, number.to_be_bytes());
        let mut batch = self.synced_batch();
        let stored = base.delta_row(number)?;
        let (body_len, receipts_len) = base.lengths(number)?;
        if stored.is_none() {
            self.remove_range(&base, number, &mut batch, &mut Undo::default())?;
        }
        let (delta, index) = stored.unwrap_or_default();
        let delta = delta.amended(changes);
        let (hash, root) = (sealed.head.hash, sealed.head.root);
        let row = HeaderRow { hash, root, body_len, receipts_len, header };
        batch.insert(
            &spaces.delta,
            key,
            Self::sealed(&spaces.delta, &key, rows::delta_value(&delta, &index)),
        );
        batch.insert(&spaces.header, key, Self::sealed(&spaces.header, &key, row.value()));
        let was_folded = self.meta_number(FOLDED)?.is_some_and(|folded| folded >= number);
        match number.checked_sub(1).filter(|before| *before >= sealed.first) {
            Some(before) if was_folded => {
                self.put_meta(&mut batch, FOLDED, before.to_be_bytes().to_vec());
            }
            None if was_folded => batch.remove(&spaces.meta, FOLDED),
            _ => {}
        }
        if Manifest::load(self)?.is_some_and(|manifest| manifest.number >= number) {
            batch.remove(&spaces.meta, CHECKPOINT);
        }
        self.seal(batch, sealed)?;
        Ok(Amended { delta, index, was_folded })
    }
}
