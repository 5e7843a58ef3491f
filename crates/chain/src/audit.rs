//! `--audit`: after each block that touched restaking, all invariants on all of the state. Learns who takes part from
//! the events, runs `protocol::audit` in a simulation, and stops the chain at the first violation.

use crate::{
    chain::Shared,
    executor::{AccountOverride, At, BlockContext, CallRequest, Environment, Overrides, simulate},
    native::Contracts,
    query::{LogFilter, LogsError, View},
};
use alloy_primitives::{Address, Log};
use alloy_sol_types::{SolEvent, SolValue};
use protocol::{
    audit::{self, Actors, OperatorSetName, UsedKey},
    host::NativeFn,
    registry,
};
use state::Reader;
use std::{collections::BTreeSet, sync::Arc};
use types::{
    abi::{IAllocationManager, IDelegationManager, IEigenPodManager, IKeyRegistrar, IStrategyManager},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, EIGEN_POD_MANAGER, KEY_REGISTRAR, STRATEGY_MANAGER},
};

/// Gas for one audit: no bound, for it runs on the operator's own wish.
const GAS: u64 = u64::MAX >> 1;

/// Logs read at once when a chain is opened.
const LOGS_AT_ONCE: usize = 10_000_000;

/// Who takes part in restaking, and how to check on them.
pub struct Auditor {
    environment: Environment,
    stakers: BTreeSet<Address>,
    operators: BTreeSet<Address>,
    strategies: BTreeSet<Address>,
    sets: BTreeSet<OperatorSetName>,
    keys: BTreeSet<UsedKey>,
}

/// What an audit came to.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Invariants do not hold.
    #[error("the audit of block {number} found {} broken: {}", .violations.len(), .violations.join("; "))]
    Violations {
        /// The block after which they do not hold.
        number: u64,
        /// Each in one line.
        violations: Vec<String>,
    },
    /// The audit could not run.
    #[error("block {number} could not be audited: {reason}")]
    Failed {
        /// The block.
        number: u64,
        /// Why.
        reason: String,
    },
    /// The events of the past could not be read.
    #[error("the audit cannot learn who takes part: {0}")]
    Logs(#[from] LogsError),
}

/// The protocol's contracts and the auditor.
fn with_auditor(address: Address) -> Option<NativeFn> {
    if address == audit::ADDRESS { Some(audit::main) } else { registry::singleton(address) }
}

impl Auditor {
    /// An auditor that knows everybody in the chain's past.
    ///
    /// # Errors
    /// The past cannot be read.
    pub fn open(shared: &Arc<Shared>, reader: Reader) -> Result<Self, AuditError> {
        let contracts = Contracts { singleton: with_auditor, ..Contracts::PROTOCOL };
        let genesis = &shared.genesis;
        let environment = Environment::with_contracts(genesis.chain_id, genesis.params.clone(), contracts);
        let mut auditor = Self {
            environment,
            stakers: BTreeSet::new(),
            operators: BTreeSet::new(),
            strategies: BTreeSet::new(),
            sets: BTreeSet::new(),
            keys: BTreeSet::new(),
        };
        let from = reader.oldest();
        let view = View::new(reader, shared.clone());
        let core =
            vec![DELEGATION_MANAGER, STRATEGY_MANAGER, ALLOCATION_MANAGER, EIGEN_POD_MANAGER, KEY_REGISTRAR];
        let filter = LogFilter { from, to: view.head(), addresses: core, ..LogFilter::default() };
        for located in view.logs(&filter, LOGS_AT_ONCE)? {
            auditor.learn(&located.log);
        }
        Ok(auditor)
    }

    /// Takes note of who appears in a log. Says whether the log is of the restaking core.
    fn learn(&mut self, log: &Log) -> bool {
        match log.address {
            STRATEGY_MANAGER => {
                if let Ok(deposit) = IStrategyManager::Deposit::decode_log(log) {
                    self.stakers.insert(deposit.staker);
                    self.strategies.insert(deposit.strategy);
                }
                true
            }
            DELEGATION_MANAGER => {
                if let Ok(delegated) = IDelegationManager::StakerDelegated::decode_log(log) {
                    self.stakers.insert(delegated.staker);
                } else if let Ok(registered) = IDelegationManager::OperatorRegistered::decode_log(log) {
                    self.operators.insert(registered.operator);
                }
                true
            }
            ALLOCATION_MANAGER => {
                if let Ok(added) = IAllocationManager::StrategyAddedToOperatorSet::decode_log(log) {
                    self.strategies.insert(added.strategy);
                } else if let Ok(made) = IAllocationManager::OperatorSetCreated::decode_log(log) {
                    let IAllocationManager::OperatorSet { avs, id } = made.data.operatorSet;
                    self.sets.insert(OperatorSetName { avs, id });
                }
                true
            }
            EIGEN_POD_MANAGER => {
                if let Ok(shares) = IEigenPodManager::NewTotalShares::decode_log(log) {
                    self.stakers.insert(shares.podOwner);
                }
                true
            }
            KEY_REGISTRAR => {
                if let Ok(registered) = IKeyRegistrar::KeyRegistered::decode_log(log) {
                    let IKeyRegistrar::KeyRegistered { operatorSet: set, operator, pubkey, .. } =
                        registered.data;
                    let key = UsedKey { operator, avs: set.avs, id: set.id, key: pubkey };
                    self.keys.insert(key);
                }
                true
            }
            _ => false,
        }
    }

    /// Audits the state after a block, if the block touched restaking.
    ///
    /// # Errors
    /// Violations, or the audit could not run.
    pub fn follow<'l>(
        &mut self,
        reader: Reader,
        context: &BlockContext,
        logs: impl Iterator<Item = &'l Log>,
    ) -> Result<(), AuditError> {
        let mut touched = false;
        for log in logs {
            touched |= self.learn(log);
        }
        if touched { self.audit(reader, context) } else { Ok(()) }
    }

    /// Audits the state after a block.
    ///
    /// # Errors
    /// Violations, or the audit could not run.
    pub fn audit(&self, reader: Reader, context: &BlockContext) -> Result<(), AuditError> {
        let number = context.number;
        let failed = |reason: String| AuditError::Failed { number, reason };
        let list = |of: &BTreeSet<Address>| of.iter().copied().collect();
        let actors = Actors {
            stakers: list(&self.stakers),
            operators: list(&self.operators),
            strategies: list(&self.strategies),
            sets: self.sets.iter().cloned().collect(),
            keys: self.keys.iter().cloned().collect(),
        };
        let mut overrides = Overrides::default();
        overrides.block.gas_limit = Some(GAS);
        let stub = AccountOverride { code: Some(registry::STUB_CODE.into()), ..AccountOverride::default() };
        overrides.accounts.insert(audit::ADDRESS, stub);
        let request = CallRequest {
            to: Some(audit::ADDRESS),
            gas: Some(GAS),
            input: actors.abi_encode().into(),
            ..CallRequest::default()
        };
        let source = At { reader, number };
        let outcome = simulate(&source, &self.environment, context, &request, &overrides)
            .map_err(|error| failed(error.to_string()))?;
        if !outcome.is_success() {
            return Err(failed(format!("{:?}", outcome.ending)));
        }
        let violations =
            Vec::<String>::abi_decode(&outcome.output()).map_err(|error| failed(error.to_string()))?;
        if violations.is_empty() { Ok(()) } else { Err(AuditError::Violations { number, violations }) }
    }
}
