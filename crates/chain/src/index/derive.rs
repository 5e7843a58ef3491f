//! From the logs of a block to its rows: a pure function, so that a rebuilt index equals the one that grew. Only logs
//! of the core's own addresses count; a log of theirs that does not decode is none of ours.

use super::rows::{Column, Cut, Described, Key, Place, SetId, SlashRow, WithdrawalRow, encoded};
use alloy_primitives::{Address, B256, Log, U256};
use alloy_sol_types::SolEvent;
use state::SideRow;
use std::collections::BTreeMap;
use types::{
    abi::{IAVSDirectory, IAllocationManager, IDelegationManager, IStrategyManager},
    addresses::{ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

const CAME: [u8; 1] = [1];
const LEFT: [u8; 1] = [0];

/// AVSDirectory's status of an operator that is registered.
const REGISTERED: u8 = 1;

/// What the logs of a slash say before its last one names them all.
#[derive(Default)]
struct Slashing {
    /// By strategy: mark, magnitude, shares.
    cuts: BTreeMap<Address, (u32, u64, U256)>,
    slash_id: u64,
}

struct Derivation {
    place: Place,
    transaction: u32,
    slashing: Slashing,
    rows: Vec<SideRow>,
    slashes: Vec<(Place, SlashRow)>,
}

/// The rows of a block's logs, each with the position of its transaction.
pub fn rows_of<'l>(block: u64, logs: impl Iterator<Item = (u32, &'l Log)>) -> Vec<SideRow> {
    derive(block, logs).rows
}

/// The slashes in logs, also in logs of a simulation.
pub fn slashes_in<'l>(block: u64, logs: impl Iterator<Item = (u32, &'l Log)>) -> Vec<(Place, SlashRow)> {
    derive(block, logs).slashes
}

fn derive<'l>(block: u64, logs: impl Iterator<Item = (u32, &'l Log)>) -> Derivation {
    let mut derivation = Derivation {
        place: Place { block, log: 0 },
        transaction: 0,
        slashing: Slashing::default(),
        rows: Vec::new(),
        slashes: Vec::new(),
    };
    for (position, (transaction, log)) in (0u32..).zip(logs) {
        derivation.place.log = position;
        derivation.transaction = transaction;
        let Some(topic) = log.topics().first() else { continue };
        match log.address {
            DELEGATION_MANAGER => derivation.delegation_manager(topic, log),
            ALLOCATION_MANAGER => derivation.allocation_manager(topic, log),
            STRATEGY_MANAGER => derivation.strategy_manager(topic, log),
            AVS_DIRECTORY => derivation.avs_directory(topic, log),
            _ => None,
        };
    }
    derivation
}

fn read<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log_data(&log.data).ok()
}

impl Derivation {
    fn delegation_manager(&mut self, topic: &B256, log: &Log) -> Option<()> {
        use IDelegationManager::{
            OperatorMetadataURIUpdated, OperatorRegistered, OperatorSharesSlashed,
            SlashingWithdrawalCompleted, SlashingWithdrawalQueued, StakerDelegated, StakerUndelegated,
        };
        match *topic {
            StakerDelegated::SIGNATURE_HASH => {
                let StakerDelegated { staker, operator } = read(log)?;
                self.delegation(staker, operator, CAME);
            }
            StakerUndelegated::SIGNATURE_HASH => {
                let StakerUndelegated { staker, operator } = read(log)?;
                self.delegation(staker, operator, LEFT);
            }
            OperatorRegistered::SIGNATURE_HASH => {
                let OperatorRegistered { operator, .. } = read(log)?;
                self.put(Key::new(Column::Operator).address(operator), self.place.bytes());
            }
            OperatorMetadataURIUpdated::SIGNATURE_HASH => {
                let OperatorMetadataURIUpdated { operator, metadataURI } = read(log)?;
                self.metadata(Described::Operator, operator, &metadataURI);
            }
            OperatorSharesSlashed::SIGNATURE_HASH => {
                let OperatorSharesSlashed { strategy, totalSlashedShares, .. } = read(log)?;
                self.slashing.cuts.entry(strategy).or_default().2 = totalSlashedShares;
            }
            SlashingWithdrawalQueued::SIGNATURE_HASH => self.queued(read(log)?),
            SlashingWithdrawalCompleted::SIGNATURE_HASH => {
                let SlashingWithdrawalCompleted { withdrawalRoot: root } = read(log)?;
                self.put(Key::new(Column::Completed).with(root.as_slice()), self.place.bytes());
            }
            _ => {}
        }
        Some(())
    }

    fn allocation_manager(&mut self, topic: &B256, log: &Log) -> Option<()> {
        use IAllocationManager::{
            AVSMetadataURIUpdated, MaxMagnitudeUpdated, OperatorAddedToOperatorSet,
            OperatorRemovedFromOperatorSet, OperatorSetCreated, OperatorSlashed,
        };
        match *topic {
            AVSMetadataURIUpdated::SIGNATURE_HASH => {
                let AVSMetadataURIUpdated { avs, metadataURI } = read(log)?;
                self.service(avs);
                self.metadata(Described::Service, avs, &metadataURI);
            }
            OperatorSetCreated::SIGNATURE_HASH => {
                let OperatorSetCreated { operatorSet } = read(log)?;
                let set = set_id(&operatorSet);
                self.service(set.avs);
                self.put(Key::new(Column::Set).set(set), self.place.bytes());
            }
            OperatorAddedToOperatorSet::SIGNATURE_HASH => {
                let OperatorAddedToOperatorSet { operator, operatorSet } = read(log)?;
                self.member(&operatorSet, operator, CAME);
            }
            OperatorRemovedFromOperatorSet::SIGNATURE_HASH => {
                let OperatorRemovedFromOperatorSet { operator, operatorSet } = read(log)?;
                self.member(&operatorSet, operator, LEFT);
            }
            MaxMagnitudeUpdated::SIGNATURE_HASH => {
                let MaxMagnitudeUpdated { operator, strategy, maxMagnitude } = read(log)?;
                let key = Key::new(Column::Magnitude).address(operator).address(strategy).place(self.place);
                self.put(key, maxMagnitude.to_be_bytes());
                let mark = self.place.log.saturating_add(1);
                self.slashing.cuts.insert(strategy, (mark, maxMagnitude, U256::ZERO));
            }
            OperatorSlashed::SIGNATURE_HASH => self.slashed(read(log)?),
            _ => {}
        }
        Some(())
    }

    fn strategy_manager(&mut self, topic: &B256, log: &Log) -> Option<()> {
        use IStrategyManager::{
            BurnOrRedistributableSharesIncreased, StrategyAddedToDepositWhitelist,
            StrategyRemovedFromDepositWhitelist,
        };
        match *topic {
            BurnOrRedistributableSharesIncreased::SIGNATURE_HASH => {
                let BurnOrRedistributableSharesIncreased { slashId, .. } = read(log)?;
                self.slashing.slash_id = slashId.saturating_to();
            }
            StrategyAddedToDepositWhitelist::SIGNATURE_HASH => {
                let StrategyAddedToDepositWhitelist { strategy } = read(log)?;
                self.put(Key::new(Column::Strategy).address(strategy).place(self.place), CAME);
            }
            StrategyRemovedFromDepositWhitelist::SIGNATURE_HASH => {
                let StrategyRemovedFromDepositWhitelist { strategy } = read(log)?;
                self.put(Key::new(Column::Strategy).address(strategy).place(self.place), LEFT);
            }
            _ => {}
        }
        Some(())
    }

    fn avs_directory(&mut self, topic: &B256, log: &Log) -> Option<()> {
        use IAVSDirectory::{AVSMetadataURIUpdated, OperatorAVSRegistrationStatusUpdated};
        match *topic {
            AVSMetadataURIUpdated::SIGNATURE_HASH => {
                let AVSMetadataURIUpdated { avs, metadataURI } = read(log)?;
                self.service(avs);
                self.metadata(Described::Service, avs, &metadataURI);
            }
            OperatorAVSRegistrationStatusUpdated::SIGNATURE_HASH => {
                let OperatorAVSRegistrationStatusUpdated { operator, avs, status } = read(log)?;
                self.service(avs);
                self.registration(avs, operator, if status == REGISTERED { CAME } else { LEFT });
            }
            _ => {}
        }
        Some(())
    }

    fn put<const N: usize>(&mut self, key: Key, value: [u8; N]) {
        self.rows.push(key.row(value.to_vec()));
    }

    fn delegation(&mut self, staker: Address, operator: Address, mark: [u8; 1]) {
        self.put(Key::new(Column::Delegation).address(operator).address(staker).place(self.place), mark);
        let value = [operator.as_slice(), &mark].concat();
        self.rows.push(Key::new(Column::DelegationOfStaker).address(staker).place(self.place).row(value));
    }

    fn service(&mut self, avs: Address) {
        self.put(Key::new(Column::Service).address(avs).place(self.place), []);
    }

    fn metadata(&mut self, of: Described, subject: Address, uri: &str) {
        let key = Key::new(Column::Metadata).with(&[of as u8]).address(subject).place(self.place);
        self.rows.push(key.row(uri.as_bytes().to_vec()));
    }

    fn member(&mut self, set: &IAllocationManager::OperatorSet, operator: Address, mark: [u8; 1]) {
        self.put(Key::new(Column::Member).set(set_id(set)).address(operator).place(self.place), mark);
    }

    fn registration(&mut self, avs: Address, operator: Address, mark: [u8; 1]) {
        self.put(Key::new(Column::Registration).address(avs).address(operator).place(self.place), mark);
        let key = Key::new(Column::RegistrationOfOperator).address(operator).address(avs);
        self.put(key.place(self.place), mark);
    }

    fn queued(&mut self, event: IDelegationManager::SlashingWithdrawalQueued) {
        let IDelegationManager::SlashingWithdrawalQueued { withdrawalRoot, withdrawal, sharesToWithdraw } =
            event;
        let (staker, operator) = (withdrawal.staker, withdrawal.delegatedTo);
        let row = WithdrawalRow {
            root: withdrawalRoot,
            operator,
            withdrawer: withdrawal.withdrawer,
            nonce: withdrawal.nonce,
            transaction: self.transaction,
            strategies: withdrawal.strategies,
            scaled_shares: withdrawal.scaledShares,
            shares: sharesToWithdraw,
        };
        let key = Key::new(Column::Withdrawal).address(staker).place(self.place);
        self.rows.push(key.row(encoded(&row)));
        let key = Key::new(Column::WithdrawalOfOperator).address(operator).place(self.place);
        self.rows.push(key.row(staker.to_vec()));
        let value = [staker.as_slice(), &self.place.bytes()].concat();
        self.rows.push(Key::new(Column::Queued).with(withdrawalRoot.as_slice()).row(value));
    }

    fn slashed(&mut self, event: IAllocationManager::OperatorSlashed) {
        let IAllocationManager::OperatorSlashed {
            operator,
            operatorSet: set,
            strategies,
            wadSlashed,
            description,
        } = event;
        let Slashing { cuts, slash_id } = std::mem::take(&mut self.slashing);
        let cut = |(strategy, wad_slashed): (Address, U256)| {
            let (mark, magnitude, shares) = cuts.get(&strategy).copied().unwrap_or_default();
            Cut { strategy, wad_slashed, magnitude, mark, shares }
        };
        let cuts = strategies.into_iter().zip(wadSlashed).map(cut).collect();
        let SetId { avs, id: set_id } = set_id(&set);
        let transaction = self.transaction;
        let row = SlashRow { operator, avs, set_id, slash_id, transaction, cuts, description };
        let (set, place) = (row.set(), self.place);
        self.rows.push(Key::new(Column::Slash).place(place).row(encoded(&row)));
        self.put(Key::new(Column::SlashOfService).address(avs).place(place), []);
        self.put(Key::new(Column::SlashOfSet).set(set).place(place), []);
        self.put(Key::new(Column::SlashOfOperator).address(operator).place(place), []);
        if slash_id != 0 {
            self.put(Key::new(Column::SlashId).set(set).with(&slash_id.to_be_bytes()), place.bytes());
        }
        self.slashes.push((place, row));
    }
}

const fn set_id(set: &IAllocationManager::OperatorSet) -> SetId {
    SetId { avs: set.avs, id: set.id }
}
