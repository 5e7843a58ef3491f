//! The producer's part in development controls that change more than time: edits of the state, going back, other blocks in
//! the place of the last ones, and taking over a dump.

use super::{Producer, ProducerError, encode, wall_clock};
use crate::{
    chain::{ControlError, Mining, PoolState},
    clock::Clock,
    develop::{self, Dials, Edit, MAX_IMPERSONATED, Turn, Undo},
    dump::Dump,
    pool::LOWEST_BASE_FEE,
    transaction::Recovered,
};
use alloy_primitives::Address;
use std::{collections::BTreeMap, sync::Arc};

/// Most snapshots kept; the oldest goes first.
const MAX_SNAPSHOTS: usize = 1_024;

/// What a snapshot remembers (`decisions.md` 25).
struct Snapshot {
    head: u64,
    /// What edits of the head have replaced since.
    undo: Undo,
    clock: Clock,
    mining: Mining,
    dials: Dials,
    pool: Vec<Arc<Recovered>>,
}

/// All snapshots, by id.
#[derive(Default)]
pub(super) struct Snapshots {
    kept: BTreeMap<u64, Snapshot>,
    /// Ids given out.
    taken: u64,
}

type Controlled<T> = Result<Result<T, ControlError>, ProducerError>;

impl Producer {
    /// Changes the head's state without a transaction.
    pub(super) fn edit(&mut self, edits: Vec<Edit>) -> Result<(), ProducerError> {
        let (changes, undo) = develop::apply(&self.writer, edits)?;
        self.writer.amend(changes, encode(&self.head))?;
        for snapshot in self.snapshots.kept.values_mut().filter(|it| it.head == self.head.number) {
            snapshot.undo.extend(&undo);
        }
        self.look_again(undo.addresses().collect());
        Ok(())
    }

    /// Lets the pool see accounts that changed without a block.
    fn look_again(&self, changed: Vec<Address>) {
        let mut pool = self.shared.pool();
        let reader = self.writer.reader();
        if let Err(error) = pool.refresh(changed, &PoolState(&reader)) {
            tracing::error!(%error, "the pool could not follow an edit of the state");
        }
    }

    /// Changes what the next blocks are like.
    pub(super) fn turn(&mut self, turn: Turn) -> Result<(), ControlError> {
        let mut dials = self.shared.dials();
        turn(&mut dials);
        if dials.impersonated.len() > MAX_IMPERSONATED {
            return Err(ControlError::TooManyImpersonated { most: MAX_IMPERSONATED });
        }
        self.set_dials(dials);
        Ok(())
    }

    fn set_dials(&self, dials: Dials) {
        let mut pool = self.shared.pool();
        let mut rules = pool.rules();
        rules.block_gas_limit = dials.gas_limit.unwrap_or(self.shared.genesis.params.block_gas_limit);
        // A base fee once set low falls no lower than EIP-1559 lets it, but it begins there.
        rules.lowest_base_fee = rules.lowest_base_fee.min(dials.next_base_fee.unwrap_or(LOWEST_BASE_FEE));
        pool.set_rules(rules);
        drop(pool);
        self.shared.turn(|held| *held = dials);
    }

    /// Whether the next block would not follow from the head by the rule of empty ranges.
    pub(super) fn next_differs(&self) -> bool {
        let dials = self.shared.dials();
        let context = self.shared.context_after(&self.head, self.head_hash, 0);
        dials.next_base_fee.is_some()
            || dials.next_prev_randao.is_some()
            || context.beneficiary != self.head.beneficiary
            || context.gas_limit != self.head.gas_limit
    }

    /// Remembers all that [`Producer::go_back`] restores.
    pub(super) fn remember(&mut self) -> u64 {
        let id = self.snapshots.taken;
        self.snapshots.taken = id.saturating_add(1);
        let snapshot = Snapshot {
            head: self.head.number,
            undo: Undo::default(),
            clock: self.clock.clone(),
            mining: self.shared.mining(),
            dials: self.shared.dials(),
            pool: self.shared.pool().transactions(),
        };
        self.snapshots.kept.insert(id, snapshot);
        if self.snapshots.kept.len() > MAX_SNAPSHOTS {
            self.snapshots.kept.pop_first();
        }
        self.publish_snapshots();
        id
    }

    fn publish_snapshots(&self) {
        self.shared.publish_snapshots(self.snapshots.kept.iter().map(|(id, it)| (*id, it.head)).collect());
    }

    /// Undoes every block and edit after a snapshot; it and those taken after it are used up, as in anvil.
    pub(super) fn go_back(&mut self, id: u64) -> Controlled<bool> {
        let Some(snapshot) = self.snapshots.kept.get(&id) else { return Ok(Ok(false)) };
        if let Err(error) = self.within_reach(snapshot.head) {
            return Ok(Err(error));
        }
        let Some(snapshot) = self.snapshots.kept.remove(&id) else { return Ok(Ok(false)) };
        self.snapshots.kept.retain(|later, _| *later < id);
        self.rewind(snapshot.head)?;
        if !snapshot.undo.is_empty() {
            self.writer.amend(snapshot.undo.changes(), encode(&self.head))?;
        }
        self.clock = snapshot.clock;
        self.set_mining(snapshot.mining);
        self.set_dials(snapshot.dials);
        self.fill_pool(snapshot.pool);
        self.publish_snapshots();
        Ok(Ok(true))
    }

    /// The pool holds these transactions and no others.
    fn fill_pool(&self, transactions: Vec<Arc<Recovered>>) {
        let mut pool = self.shared.pool();
        pool.drop_all();
        pool.reinsert(transactions, &PoolState(&self.writer.reader()));
    }

    /// Refuses to go back to where the state is no longer kept (`--prune`).
    fn within_reach(&self, to: u64) -> Result<(), ControlError> {
        let oldest = self.writer.reader().oldest();
        if to < oldest { Err(ControlError::OutOfReach { asked: to, oldest }) } else { Ok(()) }
    }

    fn rewind(&mut self, to: u64) -> Result<(), ProducerError> {
        if to != self.head.number {
            self.writer.rewind(to)?;
            (self.head, self.head_hash) = self.shared.header_at(to)?;
        }
        self.shared.went_back(to);
        Ok(())
    }

    /// Undoes `depth` blocks. Returns the head.
    pub(super) fn roll_back(&mut self, depth: u64) -> Controlled<u64> {
        let head = self.head.number;
        let Some(to) = head.checked_sub(depth) else {
            return Ok(Err(ControlError::TooDeep { depth, head }));
        };
        if let Err(error) = self.within_reach(to) {
            return Ok(Err(error));
        }
        self.snapshots.kept.retain(|_, snapshot| snapshot.head <= to);
        self.publish_snapshots();
        self.rewind(to)?;
        Ok(Ok(to))
    }

    /// Puts other blocks in the place of the last ones.
    pub(super) fn reorganise(&mut self, blocks: Vec<Vec<Arc<Recovered>>>) -> Controlled<()> {
        let depth = u64::try_from(blocks.len()).unwrap_or(u64::MAX);
        if let Err(error) = self.roll_back(depth)? {
            return Ok(Err(error));
        }
        for transactions in blocks {
            self.seal(transactions, None)?;
        }
        Ok(Ok(()))
    }

    /// Goes back to block 0 with the state that it was sealed with.
    pub(super) fn reset(&mut self) -> Controlled<()> {
        if let Err(error) = self.within_reach(0) {
            return Ok(Err(error));
        }
        self.snapshots = Snapshots { taken: self.snapshots.taken, ..Snapshots::default() };
        self.publish_snapshots();
        self.rewind(0)?;
        let genesis = &self.shared.genesis;
        if self.writer.head().is_some_and(|head| head.root != self.head.state_root) {
            let present = self.writer.reader().accounts()?.into_iter().map(|(address, _)| address);
            let changes = develop::replace(present, genesis.changes());
            self.writer.amend(changes, encode(&self.head))?;
        }
        self.clock = Clock::new(genesis.timestamp, genesis.params.slot_secs);
        self.set_dials(Dials::default());
        self.fill_pool(Vec::new());
        Ok(Ok(()))
    }

    /// Takes over accounts, height, time and pool of a dump. What it does not name stays.
    pub(super) fn restore(&mut self, dump: Dump) -> Controlled<()> {
        let slot = self.shared.genesis.params.slot_secs;
        let missing = dump.number.saturating_sub(self.head.number);
        if missing > super::MAX_MINED_BLOCKS {
            return Ok(Err(ControlError::TooManyBlocks { asked: missing, most: super::MAX_MINED_BLOCKS }));
        }
        if missing > 0 {
            // The last of the missing blocks comes at the dumped time, if there is room before it.
            let before = missing.saturating_sub(1).saturating_mul(slot);
            let first = dump.timestamp.saturating_sub(before);
            if let Err(error) =
                self.clock.set_next(first.max(self.head.timestamp.saturating_add(slot)), self.head.timestamp)
            {
                return Ok(Err(error.into()));
            }
            self.shared.turn(Dials::used);
            self.seal_empty(missing, slot, true)?;
        }
        let edits = dump.accounts.into_iter().map(|(address, account)| Edit::Account(address, account));
        self.edit(edits.collect())?;
        let mut dials = Dials { next_base_fee: dump.next_base_fee, ..self.shared.dials() };
        if let Some(session) = dump.session {
            self.clock.set_offset(session.offset_secs);
            self.set_mining(session.mining);
            dials = Dials { next_base_fee: dump.next_base_fee, ..session.dials };
            self.set_dials(dials);
            let mut pool = self.shared.pool();
            pool.reinsert(session.pool, &PoolState(&self.writer.reader()));
        } else {
            if self.clock.peek(self.head.timestamp, wall_clock()) <= dump.timestamp
                && let Err(error) = self.clock.set(dump.timestamp, wall_clock())
            {
                return Ok(Err(error.into()));
            }
            self.set_dials(dials);
        }
        Ok(Ok(()))
    }
}
