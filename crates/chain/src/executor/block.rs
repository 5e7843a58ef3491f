//! A block: its first step, then the transactions that can run, in order, in one journal, and what all of it changed.

use super::{
    changes::collect,
    database::{BlockDatabase, Failed},
    environment::{BlockContext, Checks, Environment},
    history,
    source::StateSource,
    transaction::{Refusal, transaction_env},
};
use crate::{block::receipt, native::NativeEvm, transaction::Recovered};
use alloy_consensus::{ReceiptEnvelope, Transaction};
use revm::{
    ExecuteEvm,
    context::{JournalTr, TxEnv, result::EVMError},
    context_interface::transaction::AuthorizationTr,
};
use state::Changes;
use std::sync::Arc;
use types::addresses::HISTORY_STORAGE;

/// Most bytes of a block as RLP (EIP-7934: 10 MiB less the margin that consensus data takes).
pub const MAX_BLOCK_BYTES: usize = (10 << 20) - (2 << 20);

/// Bytes kept free for the header and the lists around the transactions.
const HEADER_BYTES: usize = 1_024;

/// Bytes of RLP around one transaction.
const WRAPPER_BYTES: usize = 5;

/// The least gas that a transaction can use; with less left, a block is full.
const LEAST_GAS: u64 = 21_000;

/// What has run.
#[derive(Clone, Debug, Default)]
pub struct ExecutedBlock {
    /// The transactions, in order.
    pub transactions: Vec<Arc<Recovered>>,
    /// Their receipts, in the same order.
    pub receipts: Vec<ReceiptEnvelope>,
    /// Gas of all of them.
    pub gas_used: u64,
}

/// What has run, what it changed, and what could not run.
#[derive(Debug)]
pub struct Executed {
    /// Transactions and receipts.
    pub block: ExecutedBlock,
    /// What the block did to the state.
    pub changes: Changes,
    /// Candidates that cannot run on this state or on a later one, with the reason. A candidate that is neither here
    /// nor in the block waits for room, for an earlier nonce, or for a lower base fee.
    pub skipped: Vec<(Arc<Recovered>, Refusal)>,
}

/// Why a block could not be executed. Nothing of it may be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A rule of ours does not hold.
    #[error("{0}")]
    Broken(String),
}

impl From<Failed> for ExecutionError {
    fn from(failed: Failed) -> Self {
        Self::State(failed.0)
    }
}

/// How a candidate fared.
enum Attempt {
    /// It is in the block.
    Ran,
    /// It waits for another block.
    Waits,
    /// It can never run.
    Refused(Refusal),
}

/// A block in the making.
struct Builder<'s> {
    evm: NativeEvm<BlockDatabase<'s>>,
    context: BlockContext,
    block: ExecutedBlock,
    bytes: usize,
}

/// Executes the candidates that can run, in the order given, on the state of `source`.
///
/// # Errors
/// The state could not be read, or a rule of ours is broken.
pub fn execute_block(
    source: &dyn StateSource,
    environment: &Environment,
    context: &BlockContext,
    candidates: &[Arc<Recovered>],
) -> Result<Executed, ExecutionError> {
    let mut builder = Builder::begin(source, environment, context)?;
    let mut skipped = Vec::new();
    for candidate in candidates {
        if builder.gas_left() < LEAST_GAS {
            break;
        }
        match builder.attempt(candidate)? {
            Attempt::Ran | Attempt::Waits => {}
            Attempt::Refused(reason) => skipped.push((candidate.clone(), reason)),
        }
    }
    let (block, changes) = builder.finish();
    Ok(Executed { block, changes, skipped })
}

impl<'s> Builder<'s> {
    /// The first step (`decisions.md` B2): parent hashes into the ring of EIP-2935, as its system call writes them.
    fn begin(
        source: &'s dyn StateSource,
        environment: &'s Environment,
        context: &BlockContext,
    ) -> Result<Self, ExecutionError> {
        let database = BlockDatabase::new(source, environment.codes());
        let mut evm = environment.evm(database, context, Checks::All { impersonated: false }, ());
        let entries = history::missing(source, context.number)?;
        if !entries.is_empty() {
            let journal = &mut evm.inner.ctx.journaled_state;
            journal.load_account(HISTORY_STORAGE)?;
            for (slot, hash) in entries {
                journal.sstore(HISTORY_STORAGE, slot, hash.into())?;
            }
            journal.commit_tx();
        }
        Ok(Self { evm, context: *context, block: ExecutedBlock::default(), bytes: HEADER_BYTES })
    }

    const fn gas_left(&self) -> u64 {
        self.context.gas_limit.saturating_sub(self.block.gas_used)
    }

    fn attempt(&mut self, candidate: &Arc<Recovered>) -> Result<Attempt, ExecutionError> {
        let bytes = self.bytes.saturating_add(candidate.size()).saturating_add(WRAPPER_BYTES);
        let gas_limit = candidate.tx.gas_limit();
        let fits_an_empty_block = gas_limit <= self.context.gas_limit;
        if bytes > MAX_BLOCK_BYTES || (gas_limit > self.gas_left() && fits_an_empty_block) {
            return Ok(Attempt::Waits);
        }
        // Development tools act as contracts too.
        self.evm.inner.ctx.cfg.disable_eip3607 = candidate.impersonated;
        let env = transaction_env(candidate);
        self.forget_touches(&env);
        let result = match self.evm.transact_one(env) {
            Ok(result) => result,
            Err(EVMError::Transaction(reason)) => {
                let reason = Refusal::new(reason, candidate.fee_cap(), self.context.base_fee);
                return Ok(if reason.may_pass() { Attempt::Waits } else { Attempt::Refused(reason) });
            }
            Err(error) => return Err(fatal(error)),
        };
        let success = result.is_success();
        self.block.gas_used = self.block.gas_used.saturating_add(result.tx_gas_used());
        self.bytes = bytes;
        let logs = result.into_logs();
        let receipt = receipt(candidate.tx.tx_type(), success, self.block.gas_used, logs);
        self.block.receipts.push(receipt);
        self.block.transactions.push(candidate.clone());
        Ok(Attempt::Ran)
    }

    /// Takes back the mark that an earlier call left on an authority that does not exist. By that mark revm tells an
    /// authority that exists, which costs less (EIP-7702); it means a journal of one transaction, and ours has many.
    fn forget_touches(&mut self, env: &TxEnv) {
        let state = &mut self.evm.inner.ctx.journaled_state.inner.state;
        for authority in env.authorization_list.iter().filter_map(AuthorizationTr::authority) {
            if let Some(account) =
                state.get_mut(&authority).filter(|it| it.is_empty() && it.is_loaded_as_not_existing())
            {
                account.unmark_touch();
            }
        }
    }

    fn finish(mut self) -> (ExecutedBlock, Changes) {
        let state = self.evm.finalize();
        let changes = collect(state, &self.evm.inner.ctx.journaled_state.database);
        (self.block, changes)
    }
}

/// A failure that is no transaction's.
pub(super) fn fatal(error: EVMError<Failed>) -> ExecutionError {
    match error {
        EVMError::Database(failed) => failed.into(),
        other => ExecutionError::Broken(other.to_string()),
    }
}
