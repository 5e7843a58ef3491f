//! Bulwark's state: a real Merkle Patricia trie as a cache of the flat state, history by reverse differences, indexes of
//! logs and transactions, and a durable, crash-safe commit of whole blocks. It knows no EVM: accounts, slots and bytes
//! come in, roots and old values come out.

mod codec;
mod durable;
pub mod error;
mod guard;
mod keccak;
mod layer;
mod logs;
pub mod model;
mod node;
mod proof;
mod range;
mod reader;
mod side;
mod store;
mod table;
pub mod trie;
mod view;
mod world;
mod writer;

pub use error::{Error, Result};
pub use model::{
    Account, AccountChange, BlockRecord, Changes, EmptyRange, Head, History, Limits, LogKey, OnProgress,
    Options, Progress, Proof, RANGE_BLOCKS, SlotProof, StoredHeader, TRIE_BYTES,
};
pub use range::AccountEntry;
pub use reader::{Reader, Readers};
pub use side::{Derive, SideDigest, SideRow, SideTable};
pub use writer::Writer;
