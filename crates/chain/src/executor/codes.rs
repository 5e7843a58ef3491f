//! Analysed bytecode, kept from block to block: finding the jump targets of a large contract takes longer than a call.

use alloy_primitives::{B256, map::B256Map};
use parking_lot::Mutex;
use revm::bytecode::Bytecode;

/// Most bytes of code kept: some 2,700 contracts of the largest size. Past it all are forgotten at once.
const MOST_BYTES: usize = 64 << 20;

/// A bounded map of analysed code by hash. What is in it changes no outcome.
#[derive(Debug, Default)]
pub struct CodeCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    codes: B256Map<Bytecode>,
    bytes: usize,
}

impl CodeCache {
    /// The code with a hash, if it is kept.
    pub fn get(&self, hash: B256) -> Option<Bytecode> {
        self.0.lock().codes.get(&hash).cloned()
    }

    /// Keeps code.
    pub fn insert(&self, hash: B256, code: Bytecode) {
        let mut kept = self.0.lock();
        if kept.bytes.saturating_add(code.len()) > MOST_BYTES {
            *kept = Kept::default();
        }
        kept.bytes = kept.bytes.saturating_add(code.len());
        kept.codes.insert(hash, code);
    }
}
