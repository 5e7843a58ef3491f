//! The handle's part in development controls beyond mining and time: edits of the state, what the next blocks are like,
//! going back, dumps. Who may ask is the server's matter; the producer does the work, in order.

use super::{Chain, ControlError, Shared};
use crate::{
    develop::{Dials, Edit},
    dump::{Dump, Session},
    empty::next_base_fee,
    executor::BlockContext,
    genesis::{Genesis, GenesisAccount},
    producer::Command,
    query::ReadError,
    transaction::Recovered,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, keccak256};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970.
pub(super) fn wall_clock_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What a kept chain goes on with: its last block tells what blocks were like.
pub(super) fn dials_of(head: &Header, genesis: &Genesis) -> Dials {
    let other = |value, usual| (value != usual).then_some(value);
    Dials {
        gas_limit: other(head.gas_limit, genesis.params.block_gas_limit),
        coinbase: (head.beneficiary != genesis.roles.fee_recipient).then_some(head.beneficiary),
        ..Dials::default()
    }
}

impl Shared {
    /// What development tools have set.
    pub fn dials(&self) -> Dials {
        self.dials.read().clone()
    }

    /// Changes what development tools have set; the producer's alone.
    pub fn turn(&self, turn: impl FnOnce(&mut Dials)) {
        turn(&mut self.dials.write());
    }

    /// Lets readers see which snapshots there are.
    pub fn publish_snapshots(&self, snapshots: Vec<(u64, u64)>) {
        *self.snapshots.write() = snapshots;
    }

    /// Wei per gas that the block after `head` burns.
    pub fn base_fee_after(&self, head: &Header) -> u64 {
        self.dials.read().next_base_fee.unwrap_or_else(|| next_base_fee(head))
    }

    /// What the block after `head` is like, at a time.
    pub fn context_after(&self, head: &Header, head_hash: B256, timestamp: u64) -> BlockContext {
        let base_fee = self.base_fee_after(head);
        let dials = self.dials.read();
        BlockContext {
            number: head.number.saturating_add(1),
            timestamp,
            parent_hash: head_hash,
            base_fee,
            gas_limit: dials.gas_limit.unwrap_or(self.genesis.params.block_gas_limit),
            beneficiary: dials.coinbase.unwrap_or(self.genesis.roles.fee_recipient),
            prev_randao: dials.next_prev_randao.unwrap_or_else(|| keccak256(head_hash)),
        }
    }
}

impl Chain {
    /// What development tools have set.
    pub fn dials(&self) -> Dials {
        self.shared.dials()
    }

    /// Id and block of each snapshot that can be gone back to.
    pub fn snapshots(&self) -> Vec<(u64, u64)> {
        self.shared.snapshots.read().clone()
    }

    /// When the head was published, in milliseconds since 1970.
    pub fn published_ms(&self) -> u64 {
        self.shared.published_ms.load(Ordering::Relaxed)
    }

    /// Changes the head's state without a transaction, durably and at once.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn edit(&self, edits: Vec<Edit>) -> Result<(), ControlError> {
        self.ask(|answer| Command::Edit(edits, answer)).await
    }

    /// Changes what the next blocks are like, or who may send without a key.
    ///
    /// # Errors
    /// More impersonated accounts than there may be.
    pub async fn turn(&self, turn: impl FnOnce(&mut Dials) + Send + 'static) -> Result<(), ControlError> {
        self.ask(|answer| Command::Turn(Box::new(turn), answer)).await
    }

    /// Fixes the seconds between a block and the next; `None` lets the wall clock decide again. Returns whether they were
    /// fixed before.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn set_step(&self, secs: Option<u64>) -> Result<bool, ControlError> {
        self.ask(|answer| Command::SetStep(secs, answer)).await
    }

    /// Undoes the last `depth` blocks. Returns the head.
    ///
    /// # Errors
    /// There are fewer, or their states are no longer kept.
    pub async fn roll_back(&self, depth: u64) -> Result<u64, ControlError> {
        self.ask(|answer| Command::Rollback(depth, answer)).await
    }

    /// Undoes as many of the last blocks as `blocks` has, and seals blocks with these transactions instead.
    ///
    /// # Errors
    /// As [`Chain::roll_back`].
    pub async fn reorganise(&self, blocks: Vec<Vec<Arc<Recovered>>>) -> Result<(), ControlError> {
        self.ask(|answer| Command::Reorg(blocks, answer)).await
    }

    /// Goes back to the first block, and forgets edits, snapshots, pool and travel.
    ///
    /// # Errors
    /// States of old blocks are no longer kept.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.ask(Command::Reset).await
    }

    /// Takes over accounts, height, time and pool of a dump.
    ///
    /// # Errors
    /// A height or time beyond bounds.
    pub async fn restore(&self, dump: Dump) -> Result<(), ControlError> {
        self.ask(|answer| Command::Restore(Box::new(dump), answer)).await
    }

    /// All that [`Chain::restore`] takes over. Reads the whole state.
    ///
    /// # Errors
    /// The database's.
    pub fn dump(&self) -> Result<Dump, ReadError> {
        let (reader, pool) = {
            let pool = self.pool();
            (self.shared.readers.latest(), pool.transactions())
        };
        let number = crate::query::head_of(&reader);
        let head = crate::query::read_header(&reader, number)?;
        let mut dump = Dump {
            number,
            timestamp: head.timestamp,
            next_base_fee: Some(self.shared.base_fee_after(&head)),
            session: Some(Session {
                genesis_time: self.genesis().timestamp,
                offset_secs: self.time_offset(),
                mining: self.mining(),
                dials: self.dials(),
                pool,
            }),
            ..Dump::default()
        };
        for (address, account) in reader.accounts()? {
            let code = reader.code(account.code_hash)?.unwrap_or_default();
            let storage = reader.slots(address)?.into_iter().collect();
            let whole = GenesisAccount { nonce: account.nonce, balance: account.balance, code, storage };
            dump.accounts.insert(address, whole);
        }
        Ok(dump)
    }
}
