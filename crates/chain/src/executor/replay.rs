//! A sealed block run again, to watch what it did: on the state before it, its first step, then its transactions in
//! order. What the replay comes to is compared with the receipts, so that nobody is shown another story.

use super::{
    block::ExecutionError,
    environment::Environment,
    simulator::{Simulated, SimulatedContext, SimulatedState, SimulationError, Simulator},
    source::StateSource,
};
use crate::{block::SealedBlock, executor::BlockContext, transaction::Recovered};
use alloy_primitives::B256;
use revm::Inspector;
use std::sync::Arc;

/// A sealed block on the way through its transactions.
#[derive(Debug)]
pub struct Replay<'s> {
    simulator: Simulator<'s>,
    block: &'s SealedBlock,
    next: usize,
}

/// Why a replay did not get through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A transaction did not run.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A transaction ran, but not as it did when it was sealed.
    #[error(
        "replaying {transaction} used {replayed} gas where its receipt says {sealed}: this node cannot trace block {block}"
    )]
    Differs {
        /// The block.
        block: u64,
        /// The transaction.
        transaction: B256,
        /// Gas that the replay used.
        replayed: u64,
        /// Gas that the receipt says.
        sealed: u64,
    },
}

impl<'s> Replay<'s> {
    /// Begins the block on `source`, the state after its parent. Its first step (`decisions.md` B2) is seen by all that
    /// runs, as [`super::StateDatabase`] says; further steps of the system belong here, in the order of `block`.
    pub fn begin(source: &'s dyn StateSource, environment: &'s Environment, block: &'s SealedBlock) -> Self {
        let context = BlockContext::of(&block.header);
        Self { simulator: Simulator::new(source, environment, context), block, next: 0 }
    }

    /// The block.
    pub const fn block(&self) -> &'s SealedBlock {
        self.block
    }

    /// Position of the transaction that runs next.
    pub const fn position(&self) -> usize {
        self.next
    }

    /// The transaction that runs next.
    pub fn upcoming(&self) -> Option<&'s Arc<Recovered>> {
        self.block.transactions.get(self.next)
    }

    /// The state before the transaction that runs next.
    pub const fn state(&self) -> &SimulatedState<'s> {
        self.simulator.state()
    }

    /// The block's context and the state before the transaction that runs next, for calls.
    pub fn into_simulator(self) -> Simulator<'s> {
        self.simulator
    }

    /// Runs the transactions before `index`, or all if there are fewer, unwatched.
    ///
    /// # Errors
    /// One does not run as it did, or the state cannot be read.
    pub fn skip_to(&mut self, index: usize) -> Result<(), ReplayError> {
        while self.next < index
            && let Some(transaction) = self.upcoming()
        {
            let outcome = self.simulator.execute(transaction)?;
            self.check(outcome.gas_used)?;
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }

    /// Runs the next transaction under an inspector. What it did is kept by [`Self::keep`], and until then the state is
    /// the one before it. `None`: there is no next.
    ///
    /// # Errors
    /// It does not run as it did, or the state cannot be read.
    pub fn watch<I>(&mut self, inspector: &mut I) -> Result<Option<Simulated>, ReplayError>
    where
        I: Inspector<SimulatedContext<'s>>,
    {
        let Some(transaction) = self.upcoming() else { return Ok(None) };
        let simulated = self.simulator.inspect_transaction(transaction, inspector)?;
        self.check(simulated.result().tx_gas_used())?;
        Ok(Some(simulated))
    }

    /// Takes what [`Self::watch`] came to, and goes on to the transaction after it.
    pub fn keep(&mut self, simulated: Simulated) {
        self.simulator.keep(simulated);
        self.next = self.next.saturating_add(1);
    }

    fn check(&self, replayed: u64) -> Result<(), ReplayError> {
        let sealed = self.block.gas_used(self.next);
        if replayed == sealed {
            return Ok(());
        }
        let transaction = self.upcoming().map_or(B256::ZERO, |transaction| transaction.hash);
        Err(ReplayError::Differs { block: self.block.header.number, transaction, replayed, sealed })
    }
}

impl From<ExecutionError> for ReplayError {
    fn from(error: ExecutionError) -> Self {
        Self::Simulation(error.into())
    }
}
