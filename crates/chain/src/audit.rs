//! `--audit`: after each block that touched restaking, the invariants of whoever and whatever its logs name; all of them on
//! all of the state as often as that costs no more, on average, than a thousand stakers and slashes a block. Learns who takes part
//! from the events, runs `protocol::audit` in a simulation, and stops the chain at the first violation.

use crate::{
    chain::Shared,
    executor::{AccountOverride, At, BlockContext, CallRequest, Environment, Overrides, simulate},
    native::Contracts,
    query::{LogFilter, LogsError, View},
};
use alloy_primitives::{Address, B256, Log, U256};
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

/// So many stakers and slashes are looked at after every block: with twice as many all are in every second, and so on.
const ROWS_A_BLOCK: usize = 1_000;

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
    /// How many slashes there were, cleared or not.
    slashes: usize,
    /// Blocks that touched restaking since all of the state was looked at.
    since_all: usize,
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
            slashes: 0,
            since_all: 0,
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
                } else if IAllocationManager::OperatorSlashed::decode_log(log).is_ok() {
                    self.slashes = self.slashes.saturating_add(1);
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

    /// Audits the state after a block, if the block touched restaking: all of it, or what the block's logs name.
    ///
    /// # Errors
    /// Violations, or the audit could not run.
    pub fn follow<'l>(
        &mut self,
        reader: Reader,
        context: &BlockContext,
        logs: impl Iterator<Item = &'l Log>,
    ) -> Result<(), AuditError> {
        let (mut touched, mut words) = (false, Vec::new());
        for log in logs {
            touched |= self.learn(log);
            words.extend(words_of(log));
        }
        if !touched {
            return Ok(());
        }
        self.since_all = self.since_all.saturating_add(1);
        let rows = self.stakers.len().saturating_add(self.slashes);
        if self.since_all.saturating_mul(ROWS_A_BLOCK) < rows {
            return self.look(reader, context, &self.named_in(&words));
        }
        self.since_all = 0;
        self.audit(reader, context)
    }

    /// Whoever and whatever is named by words of logs.
    fn named_in(&self, words: &[B256]) -> Actors {
        let named: BTreeSet<Address> = words.iter().filter_map(|word| address_in(*word)).collect();
        let among = |all: &BTreeSet<Address>| named.iter().copied().filter(|it| all.contains(it)).collect();
        let pairs = words.iter().zip(words.iter().skip(1));
        let sets = pairs.filter_map(|(avs, id)| {
            let id = u32::try_from(U256::from_be_bytes(id.0)).ok()?;
            Some(OperatorSetName { avs: address_in(*avs)?, id })
        });
        let sets: BTreeSet<OperatorSetName> = sets.filter(|set| self.sets.contains(set)).collect();
        let keys = self.keys.iter().filter(|key| named.contains(&key.operator));
        Actors {
            stakers: among(&self.stakers),
            operators: among(&self.operators),
            strategies: among(&self.strategies),
            sets: sets.into_iter().collect(),
            keys: keys.cloned().collect(),
            isPart: true,
        }
    }

    /// Audits all of the state after a block.
    ///
    /// # Errors
    /// Violations, or the audit could not run.
    pub fn audit(&self, reader: Reader, context: &BlockContext) -> Result<(), AuditError> {
        let list = |of: &BTreeSet<Address>| of.iter().copied().collect();
        let actors = Actors {
            stakers: list(&self.stakers),
            operators: list(&self.operators),
            strategies: list(&self.strategies),
            sets: self.sets.iter().cloned().collect(),
            keys: self.keys.iter().cloned().collect(),
            isPart: false,
        };
        self.look(reader, context, &actors)
    }

    fn look(&self, reader: Reader, context: &BlockContext, actors: &Actors) -> Result<(), AuditError> {
        let number = context.number;
        let failed = |reason: String| AuditError::Failed { number, reason };
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

/// The words of a log, topics first.
fn words_of(log: &Log) -> impl Iterator<Item = B256> {
    let data = log.data.data.chunks_exact(32).map(B256::from_slice);
    log.topics().iter().copied().chain(data)
}

fn address_in(word: B256) -> Option<Address> {
    let (padding, address) = word.split_at_checked(12)?;
    padding.iter().all(|byte| *byte == 0).then(|| Address::from_slice(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter;
    use types::{
        Params, Preset,
        abi::{IAllocationManager::OperatorSet, IStrategyManager::Deposit},
    };

    fn auditor() -> Auditor {
        let account = |byte: u8| iter::once(Address::repeat_byte(byte)).collect();
        Auditor {
            environment: Environment::new(1, Params::preset(Preset::Fast)),
            stakers: account(1),
            operators: account(2),
            strategies: account(3),
            sets: iter::once(OperatorSetName { avs: Address::repeat_byte(4), id: 7 }).collect(),
            keys: BTreeSet::new(),
            slashes: 0,
            since_all: 0,
        }
    }

    fn log<E: SolEvent>(address: Address, event: &E) -> Log {
        Log { address, data: event.encode_log_data() }
    }

    #[test]
    fn a_blocks_logs_name_whom_it_touched() {
        let shares = U256::from(5);
        let (staker, strategy) = (Address::repeat_byte(1), Address::repeat_byte(3));
        let deposit = log(STRATEGY_MANAGER, &Deposit { staker, strategy, shares });
        let named = auditor().named_in(&words_of(&deposit).collect::<Vec<_>>());
        let part =
            Actors { stakers: vec![staker], strategies: vec![strategy], isPart: true, ..Actors::default() };
        assert_eq!(named, part);
        let (operator, avs) = (Address::repeat_byte(2), Address::repeat_byte(4));
        let joined = IAllocationManager::OperatorAddedToOperatorSet {
            operator,
            operatorSet: OperatorSet { avs, id: 7 },
        };
        let joined = log(ALLOCATION_MANAGER, &joined);
        let named = auditor().named_in(&words_of(&joined).collect::<Vec<_>>());
        assert_eq!((named.operators, named.sets), (vec![operator], vec![OperatorSetName { avs, id: 7 }]));
    }
}
