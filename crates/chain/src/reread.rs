//! Blocks that were read from the database lately, kept decoded: decoding hashes every transaction and every log, and lists
//! ask for one block many times. Bounded by the size of their durable form.

use crate::block::SealedBlock;
use alloy_primitives::B256;
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

/// Bytes of durable bodies and receipts that are kept decoded, together.
const MOST_BYTES: usize = 16 << 20;
/// Blocks that are kept, however small.
const MOST_BLOCKS: usize = 64;

/// The blocks, the oldest first.
#[derive(Default)]
pub(crate) struct Reread(Mutex<VecDeque<Kept>>);

struct Kept {
    block: Arc<SealedBlock>,
    bytes: usize,
}

impl Reread {
    /// A block by its hash, so that none of a height that has been rewound is ever found.
    pub(crate) fn get(&self, hash: B256) -> Option<Arc<SealedBlock>> {
        self.0.lock().iter().rev().find(|kept| kept.block.hash == hash).map(|kept| kept.block.clone())
    }

    /// Keeps a block whose durable form has this size. One that fills the room alone is not kept.
    pub(crate) fn keep(&self, block: &Arc<SealedBlock>, bytes: usize) {
        if bytes > MOST_BYTES {
            return;
        }
        let mut kept = self.0.lock();
        kept.push_back(Kept { block: block.clone(), bytes });
        while kept.len() > MOST_BLOCKS || sum(&kept) > MOST_BYTES {
            kept.pop_front();
        }
    }
}

fn sum(kept: &VecDeque<Kept>) -> usize {
    kept.iter().fold(0, |sum, it| sum.saturating_add(it.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::Header;

    fn block(number: u64) -> Arc<SealedBlock> {
        let header = Header { number, ..Header::default() };
        let hash = header.hash_slow();
        Arc::new(SealedBlock { header, hash, transactions: Vec::new(), receipts: Vec::new() })
    }

    #[test]
    fn the_oldest_make_room_by_number_and_by_size() {
        let reread = Reread::default();
        let blocks: Vec<_> = (0..65).map(block).collect();
        blocks.iter().for_each(|block| reread.keep(block, 1));
        assert!(reread.get(blocks[0].hash).is_none());
        assert_eq!(reread.get(blocks[1].hash).unwrap().header.number, 1);
        reread.keep(&block(100), MOST_BYTES);
        assert!(reread.get(blocks[64].hash).is_none(), "there is no room beside it");
        assert!(reread.get(block(100).hash).is_some());
        reread.keep(&block(101), MOST_BYTES + 1);
        assert!(reread.get(block(101).hash).is_none() && reread.get(block(100).hash).is_some());
    }
}
