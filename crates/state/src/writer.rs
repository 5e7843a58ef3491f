//! The one that writes: it owns the tries of the head state, stages a block's changes, and seals blocks durably.

use crate::{Account, BlockRecord, Changes, EmptyRange, Error, Head, Options, Reader, Readers, Result};
use alloy_primitives::{Address, B256, Bytes, U256};

fn unready<T>() -> Result<T> {
    Err(Error::Misuse { what: "not built yet".into() })
}

/// The only writer of a database. Reads see staged changes; readers see them after [`Writer::commit`].
pub struct Writer {
    readers: Readers,
}

impl Writer {
    /// Opens or creates a database and brings the head state up.
    ///
    /// # Errors
    /// A directory in use, of another format or chain, damaged, or not writable.
    pub fn open(_options: Options) -> Result<Self> {
        unready()
    }

    /// Writes what makes the next start quick, and closes. Dropping a writer is as safe, and closes too.
    ///
    /// # Errors
    /// A failed write. Sealed blocks are safe all the same.
    pub fn close(self) -> Result<()> {
        unready()
    }

    /// The last sealed block.
    pub fn head(&self) -> Option<Head> {
        None
    }

    /// An account of the head state, staged changes included.
    ///
    /// # Errors
    /// The database's own.
    pub fn account(&self, _address: Address) -> Result<Option<Account>> {
        unready()
    }

    /// A slot of the head state, staged changes included; zero if absent.
    ///
    /// # Errors
    /// The database's own.
    pub fn slot(&self, _address: Address, _slot: U256) -> Result<U256> {
        unready()
    }

    /// Code by its hash, staged code included.
    ///
    /// # Errors
    /// The database's own.
    pub fn code(&self, _hash: B256) -> Result<Option<Bytes>> {
        unready()
    }

    /// Applies the changes of the next block and returns the state root after them. At most one block is staged.
    ///
    /// # Errors
    /// Something is staged already, or the database's own; after the latter the writer is stopped.
    pub fn stage(&mut self, _changes: Changes) -> Result<B256> {
        unready()
    }

    /// Takes staged changes back.
    ///
    /// # Errors
    /// The database's own; the writer is then stopped.
    pub fn discard(&mut self) -> Result<()> {
        unready()
    }

    /// Seals the next block with the staged changes (none, if nothing is staged): durable when this returns, visible
    /// to readers right after.
    ///
    /// # Errors
    /// A number out of order, or a failed write; after the latter the writer is stopped.
    pub fn commit(&mut self, _block: BlockRecord) -> Result<()> {
        unready()
    }

    /// Seals empty blocks, which change no state, all in one durable write.
    ///
    /// # Errors
    /// Ranges out of order, empty or too long, something staged, or a failed write; after the last the writer is stopped.
    pub fn commit_empty(&mut self, _ranges: impl IntoIterator<Item = EmptyRange>) -> Result<()> {
        unready()
    }

    /// Undoes all blocks above `to`, durably. Staged changes are taken back first.
    ///
    /// # Errors
    /// An unknown block, one whose state is pruned, or a failed write; after the last the writer is stopped.
    pub fn rewind(&mut self, _to: u64) -> Result<()> {
        unready()
    }

    /// A snapshot at the head.
    pub fn reader(&self) -> Reader {
        self.readers.latest()
    }

    /// Hands out snapshots to other threads.
    pub fn readers(&self) -> Readers {
        self.readers.clone()
    }
}
