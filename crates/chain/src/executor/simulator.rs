//! Executions that are never sealed: calls, estimates, and transactions run again under an inspector. A [`Simulator`]
//! is a state and a block in which they run; what they change lies above the state and goes with the simulator.

use super::{
    block::{ExecutionError, fatal},
    database::{Failed, StateDatabase, analysed},
    environment::{BlockContext, Checks, Environment},
    outcome::Outcome,
    request::{AccountOverride, CallRequest, Overrides},
    source::StateSource,
    transaction::{Refusal, transaction_env},
    transfers::Transfers,
};
use crate::{
    native::{Context, NativeEvm, Relocations},
    transaction::Recovered,
};
use alloy_primitives::{Address, Log, TxKind, U256};
use revm::{
    Database, DatabaseCommit, ExecuteEvm, InspectEvm, Inspector,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, ResultAndState},
    },
    context_interface::either::Either,
    database::CacheDB,
    state::EvmState,
};
use std::sync::Arc;

/// The state that simulations run on.
pub type SimulatedState<'s> = CacheDB<StateDatabase<'s>>;

/// The context that an inspector of simulations sees.
pub type SimulatedContext<'s> = Context<SimulatedState<'s>>;

/// Why nothing was simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The transaction cannot run.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state could not be read, or a rule of ours is broken.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

/// A state and a block for simulations.
#[derive(Debug)]
pub struct Simulator<'s> {
    environment: &'s Environment,
    context: BlockContext,
    state: SimulatedState<'s>,
    relocations: Arc<Relocations>,
}

/// What a simulation came to: revm's result, and the accounts that it loaded or changed.
#[derive(Clone, Debug)]
pub struct Simulated(pub ResultAndState<HaltReason>);

impl Simulated {
    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.0.result.clone().into()
    }

    /// How it ended.
    pub fn into_outcome(self) -> Outcome {
        self.0.result.into()
    }

    /// revm's result.
    pub const fn result(&self) -> &ExecutionResult {
        &self.0.result
    }

    /// The accounts that it loaded or changed.
    pub const fn state(&self) -> &EvmState {
        &self.0.state
    }
}

/// Simulates one call, on the state of `source` as the block `context` finds it.
///
/// # Errors
/// The call cannot run, or the state cannot be read.
pub fn simulate(
    source: &dyn StateSource,
    environment: &Environment,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
) -> Result<Outcome, SimulationError> {
    let mut simulator = Simulator::new(source, environment, *context);
    simulator.pretend(overrides)?;
    Ok(simulator.call(request)?.into_outcome())
}

impl<'s> Simulator<'s> {
    /// The state of `source`, as the block `context` finds it after its first step.
    pub fn new(source: &'s dyn StateSource, environment: &'s Environment, context: BlockContext) -> Self {
        let state = StateDatabase::new(source, environment.codes(), context.number);
        Self { environment, context, state: CacheDB::new(state), relocations: Arc::default() }
    }

    /// The block that simulations run in.
    pub const fn context(&self) -> &BlockContext {
        &self.context
    }

    /// The state below the next simulation.
    pub const fn state(&self) -> &SimulatedState<'s> {
        &self.state
    }

    /// Changes accounts and the block from here on.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn pretend(&mut self, overrides: &Overrides) -> Result<(), ExecutionError> {
        let block = &overrides.block;
        self.context = BlockContext {
            number: block.number.unwrap_or(self.context.number),
            timestamp: block.timestamp.unwrap_or(self.context.timestamp),
            parent_hash: block.parent_hash.unwrap_or(self.context.parent_hash),
            base_fee: block.base_fee.unwrap_or(self.context.base_fee),
            gas_limit: block.gas_limit.unwrap_or(self.context.gas_limit),
            beneficiary: block.beneficiary.unwrap_or(self.context.beneficiary),
            prev_randao: block.prev_randao.unwrap_or(self.context.prev_randao),
        };
        for (number, hash) in &block.block_hashes {
            self.state.cache.block_hashes.insert(U256::from(*number), *hash);
        }
        // All moves come before any code: whatever the order, what is moved is what was there.
        for (from, account) in &overrides.accounts {
            if let Some(to) = account.move_precompile_to {
                Arc::make_mut(&mut self.relocations).shift(*from, to);
            }
        }
        for (address, account) in &overrides.accounts {
            self.pretend_account(*address, account)?;
        }
        Ok(())
    }

    fn pretend_account(&mut self, address: Address, account: &AccountOverride) -> Result<(), ExecutionError> {
        let mut info = self.state.basic(address)?.unwrap_or_default();
        info.balance = account.balance.unwrap_or(info.balance);
        info.nonce = account.nonce.unwrap_or(info.nonce);
        if let Some(code) = &account.code {
            Arc::make_mut(&mut self.relocations).hide(address);
            info.set_code(analysed(code.clone()));
        }
        self.state.insert_account_info(address, info);
        if let Some(storage) = &account.storage {
            self.state.replace_account_storage(address, storage.iter().copied().collect())?;
        }
        for (slot, value) in &account.slots {
            self.state.insert_account_storage(address, *slot, *value)?;
        }
        Ok(())
    }

    /// An account's wei.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn balance(&mut self, of: Address) -> Result<U256, ExecutionError> {
        Ok(self.state.basic(of)?.unwrap_or_default().balance)
    }

    /// Whether an account has code.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn has_code(&mut self, account: Address) -> Result<bool, ExecutionError> {
        Ok(!self.state.basic(account)?.unwrap_or_default().is_empty_code_hash())
    }

    /// Runs a call and forgets what it changed.
    ///
    /// # Errors
    /// The call cannot run, or the state cannot be read.
    pub fn call(&mut self, request: &CallRequest) -> Result<Simulated, SimulationError> {
        let (tx, checks) = self.call_env(request)?;
        self.run(tx, checks)
    }

    /// Runs a call under an inspector and forgets what it changed.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn inspect_call<I>(
        &mut self,
        request: &CallRequest,
        inspector: &mut I,
    ) -> Result<Simulated, SimulationError>
    where
        I: Inspector<SimulatedContext<'s>>,
    {
        let (tx, checks) = self.call_env(request)?;
        self.watch(tx, checks, inspector)
    }

    /// The transaction that revm runs for a call.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn envelope(&mut self, request: &CallRequest) -> Result<TxEnv, ExecutionError> {
        Ok(self.call_env(request)?.0)
    }

    /// Runs a call as part of a simulated block, and forgets what it changed. It is checked as a transaction would be,
    /// but for signature and sender's code, if `strict`; else as a call. Returns its logs too, with its moves of wei
    /// among them if `transfers`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_in_block(
        &mut self,
        request: &CallRequest,
        strict: bool,
        transfers: bool,
    ) -> Result<(Simulated, Vec<Log>), SimulationError> {
        let (tx, relaxed) = self.call_env(request)?;
        let checks = if strict { Checks::All { impersonated: true } } else { relaxed };
        if transfers {
            let mut seen = Transfers::default();
            let simulated = self.watch(tx, checks, &mut seen)?;
            let logs = if simulated.result().is_success() { seen.into_logs() } else { Vec::new() };
            return Ok((simulated, logs));
        }
        let simulated = self.run(tx, checks)?;
        let logs = simulated.result().logs().to_vec();
        Ok((simulated, logs))
    }

    /// An account's next nonce.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn nonce(&mut self, of: Address) -> Result<u64, ExecutionError> {
        Ok(self.state.basic(of)?.unwrap_or_default().nonce)
    }

    /// Runs a transaction as a block would, under an inspector, and forgets what it changed.
    ///
    /// # Errors
    /// The transaction cannot run, or the state cannot be read.
    pub fn inspect_transaction<I>(
        &mut self,
        transaction: &Recovered,
        inspector: &mut I,
    ) -> Result<Simulated, SimulationError>
    where
        I: Inspector<SimulatedContext<'s>>,
    {
        self.watch(transaction_env(transaction), checks_of(transaction), inspector)
    }

    /// Runs a transaction as a block would, and keeps what it changed for those after it.
    ///
    /// # Errors
    /// The transaction cannot run, or the state cannot be read.
    pub fn execute(&mut self, transaction: &Recovered) -> Result<Outcome, SimulationError> {
        let simulated = self.run(transaction_env(transaction), checks_of(transaction))?;
        let outcome = simulated.outcome();
        self.keep(simulated);
        Ok(outcome)
    }

    /// Keeps what a simulation changed for those after it.
    pub fn keep(&mut self, simulated: Simulated) {
        self.state.commit(simulated.0.state);
    }

    fn run(&mut self, tx: TxEnv, checks: Checks) -> Result<Simulated, SimulationError> {
        let fee_cap = tx.gas_price;
        let mut evm = self.environment.evm(self.lend(), &self.context, checks, ());
        evm.relocations = self.relocated();
        let result = evm.transact(tx);
        self.take_back(evm);
        result.map(Simulated).map_err(|error| self.failure(error, fee_cap))
    }

    fn watch<I>(&mut self, tx: TxEnv, checks: Checks, inspector: &mut I) -> Result<Simulated, SimulationError>
    where
        I: Inspector<SimulatedContext<'s>>,
    {
        let fee_cap = tx.gas_price;
        let mut evm = self.environment.evm(self.lend(), &self.context, checks, inspector);
        evm.relocations = self.relocated();
        let result = evm.inspect_tx(tx);
        self.take_back(evm);
        result.map(Simulated).map_err(|error| self.failure(error, fee_cap))
    }

    fn relocated(&self) -> Option<Arc<Relocations>> {
        (!self.relocations.is_empty()).then(|| self.relocations.clone())
    }

    /// Gives the state to an EVM. Owned, not borrowed: else inspectors would have to take any lifetime.
    fn lend(&mut self) -> SimulatedState<'s> {
        CacheDB { cache: core::mem::take(&mut self.state.cache), db: self.state.db }
    }

    fn take_back<I>(&mut self, evm: NativeEvm<SimulatedState<'s>, I>) {
        self.state = evm.inner.ctx.journaled_state.database;
    }

    fn failure(&self, error: EVMError<Failed>, fee_cap: u128) -> SimulationError {
        match error {
            EVMError::Transaction(reason) => Refusal::new(reason, fee_cap, self.context.base_fee).into(),
            error => fatal(error).into(),
        }
    }

    fn call_env(&mut self, request: &CallRequest) -> Result<(TxEnv, Checks), ExecutionError> {
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.state.basic(request.from)?.unwrap_or_default().nonce,
        };
        let mut tx = TxEnv {
            tx_type: 0,
            caller: request.from,
            gas_limit: request.gas.unwrap_or(u64::MAX).min(self.context.gas_limit),
            gas_price: request.fee_cap.unwrap_or_default(),
            kind: request.to.map_or(TxKind::Create, TxKind::Call),
            value: request.value,
            data: request.input.clone(),
            nonce,
            chain_id: Some(self.environment.chain_id),
            access_list: request.access_list.clone(),
            gas_priority_fee: request.tip_cap,
            blob_hashes: Vec::new(),
            max_fee_per_blob_gas: 0,
            authorization_list: request.authorizations.iter().cloned().map(Either::Left).collect(),
        };
        // It only fails for a creation with delegations, which then is refused by its type 0 having a list.
        let _ = tx.derive_tx_type();
        let base_fee = request.fee_cap.unwrap_or_default() > 0 || request.tip_cap.unwrap_or_default() > 0;
        Ok((tx, Checks::Relaxed { base_fee }))
    }
}

const fn checks_of(transaction: &Recovered) -> Checks {
    Checks::All { impersonated: transaction.impersonated }
}
