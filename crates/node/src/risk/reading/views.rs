//! Stake at one block, from the views of EigenLayer's ABI: members of sets, what is slashable there, shares of operators,
//! tokens by share. Long lists are asked for in parts that a provider's limit of gas allows.

use super::{
    provider::{Block, Provider, Trouble},
    snapshot::{SetFields, SetName, SetStake, Snapshot, Stake},
};
use crate::failure::Failure;
use alloy_primitives::{Address, U256};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    abi::{
        IAllocationManager::{
            OperatorSet, getMembersCall, getMinimumSlashableStakeCall, getStrategiesInOperatorSetCall,
        },
        IDelegationManager::getOperatorsSharesCall,
        IStrategy::sharesToUnderlyingViewCall,
    },
    addresses::BEACON_STRATEGY,
    units::WAD,
};

/// Pairs of operator and strategy in one call: a few thousand slots.
const PAIRS: usize = 400;

/// Reads the stake at `at`; `strategies` are those whose rates are wanted besides the sets' own.
///
/// # Errors
/// What the node refuses.
pub fn read(
    provider: &Provider,
    snapshot: &Snapshot,
    at: Block,
    strategies: &BTreeSet<Address>,
) -> Result<Stake, Failure> {
    let bar = bar(snapshot.sets.len());
    let reader = Reader { provider, snapshot, block: at.number };
    let mut stake = Stake { block: at.number, hash: at.hash, ..Stake::default() };
    let mut operators: BTreeSet<Address> = snapshot.registered.values().flatten().copied().collect();
    let mut strategies = strategies.clone();
    for set in &snapshot.sets {
        if let Some(set) = reader.set(*set)? {
            operators.extend(&set.members);
            strategies.extend(&set.strategies);
            stake.sets.push(set);
        }
        bar.inc(1);
    }
    bar.set_message("shares");
    for strategy in &strategies {
        stake.rates.insert(*strategy, reader.rate(*strategy)?);
    }
    let strategies: Vec<Address> = strategies.into_iter().collect();
    stake.shares = reader.shares(&operators.into_iter().collect::<Vec<_>>(), &strategies)?;
    bar.finish_and_clear();
    Ok(stake)
}

struct Reader<'a> {
    provider: &'a Provider,
    snapshot: &'a Snapshot,
    block: u64,
}

impl Reader<'_> {
    /// A set with members.
    fn set(&self, name: SetName) -> Result<Option<SetStake>, Failure> {
        let to = self.snapshot.contracts.allocation_manager;
        let set = OperatorSet { avs: name.avs, id: name.id };
        let members = self.provider.view(self.block, to, &getMembersCall { operatorSet: set.clone() })?;
        if members.is_empty() {
            return Ok(None);
        }
        let call = getStrategiesInOperatorSetCall { operatorSet: set.clone() };
        let strategies = self.provider.view(self.block, to, &call)?;
        let mut slashable = Vec::new();
        for some in members.chunks(part(strategies.len())) {
            let call = getMinimumSlashableStakeCall {
                operatorSet: set.clone(),
                operators: some.to_vec(),
                strategies: strategies.clone(),
                futureBlock: 0,
            };
            let rows = self.provider.view(self.block, to, &call)?;
            slashable.extend(checked(rows, some.len(), strategies.len())?);
        }
        let set = SetFields { avs: name.avs, id: name.id };
        Ok(Some(SetStake { set, strategies, members, slashable }))
    }

    /// Tokens for 10^18 shares. Native ether has no contract: its shares are ether.
    fn rate(&self, strategy: Address) -> Result<U256, Failure> {
        let wad = U256::from(WAD);
        if strategy == BEACON_STRATEGY {
            return Ok(wad);
        }
        let call = sharesToUnderlyingViewCall { amountShares: wad };
        match self.provider.view(self.block, strategy, &call) {
            Ok(rate) => Ok(rate),
            // Anybody can make a strategy; one that fails is worth nothing.
            Err(Trouble::Refused(_) | Trouble::Broken(_)) => Ok(U256::ZERO),
        }
    }

    fn shares(
        &self,
        operators: &[Address],
        strategies: &[Address],
    ) -> Result<BTreeMap<Address, BTreeMap<Address, U256>>, Failure> {
        let mut shares = BTreeMap::new();
        if strategies.is_empty() {
            return Ok(shares);
        }
        for some in operators.chunks(part(strategies.len())) {
            let call = getOperatorsSharesCall { operators: some.to_vec(), strategies: strategies.to_vec() };
            let rows = self.provider.view(self.block, self.snapshot.contracts.delegation_manager, &call)?;
            let rows = checked(rows, some.len(), strategies.len())?;
            for (operator, row) in some.iter().zip(rows) {
                let held = strategies.iter().copied().zip(row).filter(|(_, shares)| !shares.is_zero());
                shares.insert(*operator, held.collect());
            }
        }
        Ok(shares)
    }
}

/// How many operators fit into one call.
fn part(strategies: usize) -> usize {
    PAIRS.checked_div(strategies).unwrap_or(PAIRS).max(1)
}

/// A table of the size asked for.
fn checked(rows: Vec<Vec<U256>>, height: usize, width: usize) -> Result<Vec<Vec<U256>>, Failure> {
    match rows.len() == height && rows.iter().all(|row| row.len() == width) {
        true => Ok(rows),
        false => Err(Failure::new("the node answers a table of another size than asked for")),
    }
}

fn bar(sets: usize) -> ProgressBar {
    let bar = ProgressBar::new(sets as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40.blue} {human_pos} of {human_len} operator sets {msg}")
    {
        bar.set_style(style.progress_chars("■■·"));
    }
    bar
}
