//! Bulwark's state: a real Merkle Patricia trie as a cache of the flat state, history by reverse differences, indexes of
//! logs and transactions, and a durable, crash-safe commit of whole blocks. It knows no EVM: accounts, slots and bytes
//! come in, roots and old values come out.

pub mod error;
pub mod model;
mod reader;
mod writer;

pub use error::{Error, Result};
pub use model::{
    Account, AccountChange, BlockRecord, Changes, EmptyRange, Head, History, LogKey, OnProgress, Options, Progress,
    Proof, RANGE_BLOCKS, SlotProof, StoredHeader, TRIE_BYTES,
};
pub use reader::{Reader, Readers};
pub use writer::Writer;
