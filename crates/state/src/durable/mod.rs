//! The durable side, on fjall, a log-structured engine. A block is durable as a few sequential rows: its delta, header,
//! body, receipts and the head record, in one batch with one sync (`commit`). What can be derived from deltas (flat state,
//! history, indexes) is folded in later, many blocks at once, as sorted files of their own (`fold`); until then readers
//! look through the layers of the pending blocks. No trie node is written: cuts are the trie's checkpoint.

mod amend;
mod base;
mod checkpoint;
mod commit;
mod db;
mod fold;
mod recover;
mod rewind;
mod rows;
mod side;
mod verify;

pub(crate) use base::Base;
pub(crate) use checkpoint::Plan;
pub(crate) use commit::Sealed;
pub(crate) use db::Db;
pub(crate) use recover::recover;
