//! The AllocationManager's verbs as the bench of verbs calls them, and one slash of operators with ever more delegators.

#![allow(non_snake_case, reason = "locals are named as the ABI's arguments that they become")]

use super::{
    report::{Table, least_and_median},
    verbs::{Calldata, OPERATOR, STAKER, Verb, delegate, delegated, must},
};
use crate::{
    differential::props::{SERVICE, contract},
    originals::{
        release::IAllocations::{self as Sets, OperatorSet},
        world::{Furniture, World, transaction},
    },
};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use anyhow::{Result, ensure};
use chain::native::Contracts;
use protocol::{genesis::Account, registry::STUB_CODE};
use std::time::Instant;
use types::{
    Params, Preset,
    abi::{IAllocationManager as Newest, IStrategyManager as Deposits},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN_STRATEGY},
};

/// The set that is made, joined and slashed by.
const SET: u32 = 1;
/// Half of everything.
const HALF: u64 = 500_000_000_000_000_000;
/// Runs of each slash by number of delegators.
const SLASHES: usize = 2_000;
/// Delegators of an operator that is slashed.
const DELEGATORS: [u64; 3] = [10, 10_000, 1_000_000];
/// Where redistributed tokens go.
const RECIPIENT: Address = Address::with_last_byte(b'R');

/// Those that both sides have.
pub(super) const VERBS: [Verb; 7] = [
    Verb { name: "create a set", before: described, call: |_| Ok(by_service(create())) },
    Verb { name: "join a set", before: with_set, call: |_| Ok(by_operator(join())) },
    Verb { name: "allocate", before: joined, call: |_| Ok(by_operator(allocate(HALF))) },
    Verb { name: "deallocate", before: allocated, call: |_| Ok(by_operator(allocate(HALF / 2))) },
    Verb { name: "slash, burnt", before: allocated, call: |_| Ok(by_service(slash())) },
    Verb { name: "leave a set", before: joined, call: |_| Ok(by_operator(leave())) },
    Verb { name: "clear the queue", before: deallocated, call: |_| Ok(by_operator(clear())) },
];

/// Those that came after the release compared with.
pub(super) const OURS: [Verb; 2] = [
    Verb { name: "slash, redistributed", before: redistributing, call: |_| Ok(by_service(slash())) },
    Verb { name: "pay a redistribution", before: redistributed, call: |_| Ok(pay()) },
];

/// A service that is its own registrar, in both worlds.
pub(super) fn furniture() -> Furniture {
    let code = Bytes::from_static(&STUB_CODE);
    let service = Account { address: SERVICE, nonce: 1, code, storage: Vec::new() };
    let contracts = Contracts { singleton: contract, ..Contracts::PROTOCOL };
    Furniture { accounts: vec![service], contracts, ..Furniture::default() }
}

/// The same under the newest rules.
pub(super) fn newest() -> Furniture {
    Furniture { params: Params::preset(Preset::Fast), ..furniture() }
}

/// The time of a slash by the number of delegators.
///
/// # Errors
/// A step is refused.
pub(super) fn by_delegators() -> Result<Table> {
    let mut table = Table::new(&["delegators", "slash, µs (least)", "(median)", "gas"]);
    for count in DELEGATORS {
        let mut world = World::native_among(&newest());
        for number in 0..count {
            // Shares as if deposited, told by the manager itself; then the staker delegates.
            let staker = Address::left_padding_from(&(number + (1 << 40)).to_be_bytes());
            let (strategy, shares) = (TEST_TOKEN_STRATEGY, U256::from(HALF));
            if number == 0 {
                allocated(&mut world)?;
            }
            let add = Deposits::addSharesCall { staker, strategy, shares };
            must(&mut world, DELEGATION_MANAGER, STRATEGY_MANAGER, add.abi_encode())?;
            must(&mut world, staker, DELEGATION_MANAGER, delegate())?;
        }
        let (from, to, data) = by_service(slash());
        let tx = transaction(from, TxKind::Call(to), data.into())?;
        let mut micros = Vec::new();
        let mut gas = 0;
        for _ in 0..SLASHES {
            let started = Instant::now();
            let done = world.try_out(&tx)?;
            micros.push(started.elapsed().as_secs_f64() * 1e6);
            ensure!(done.result.is_success(), "a slash failed: {:?}", done.result);
            gas = done.result.tx_gas_used();
        }
        let (least, median) = least_and_median(micros);
        table.row(&[count.to_string(), format!("{least:.1}"), format!("{median:.1}"), gas.to_string()]);
    }
    Ok(table)
}

fn by_service(call: impl SolCall) -> Calldata {
    (SERVICE, ALLOCATION_MANAGER, call.abi_encode())
}

fn by_operator(call: impl SolCall) -> Calldata {
    (OPERATOR, ALLOCATION_MANAGER, call.abi_encode())
}

fn tell(world: &mut World, (from, to, data): Calldata) -> Result<()> {
    must(world, from, to, data).map(drop)
}

/// A staker has delegated, the operator's first delay is in force, the service has told its metadata.
fn described(world: &mut World) -> Result<()> {
    delegated(world)?;
    world.mine(u64::from(World::params().configuration_delay_blocks) + 1);
    let metadata = Sets::updateAVSMetadataURICall { avs: SERVICE, metadataURI: "ipfs://service".into() };
    tell(world, by_service(metadata))
}

fn with_set(world: &mut World) -> Result<()> {
    described(world)?;
    tell(world, by_service(create()))
}

fn joined(world: &mut World) -> Result<()> {
    with_set(world)?;
    tell(world, by_operator(join()))
}

fn allocated(world: &mut World) -> Result<()> {
    joined(world)?;
    tell(world, by_operator(allocate(HALF)))?;
    world.mine(1);
    Ok(())
}

fn deallocated(world: &mut World) -> Result<()> {
    allocated(world)?;
    tell(world, by_operator(allocate(HALF / 2)))?;
    world.mine(u64::from(World::params().withdrawal_delay_blocks) + 1);
    Ok(())
}

fn redistributing(world: &mut World) -> Result<()> {
    described(world)?;
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let create = Newest::createRedistributingOperatorSets_0Call {
        avs: SERVICE,
        params: vec![Newest::CreateSetParams { operatorSetId: SET, strategies }],
        redistributionRecipients: vec![RECIPIENT],
    };
    tell(world, by_service(create))?;
    tell(world, by_operator(join()))?;
    tell(world, by_operator(allocate(HALF)))?;
    world.mine(1);
    Ok(())
}

fn redistributed(world: &mut World) -> Result<()> {
    redistributing(world)?;
    tell(world, by_service(slash()))?;
    world.mine(1);
    Ok(())
}

fn pay() -> Calldata {
    let operatorSet = Deposits::OperatorSet { avs: SERVICE, id: SET };
    let clear = Deposits::clearBurnOrRedistributableSharesCall { operatorSet, slashId: U256::ONE };
    (STAKER, STRATEGY_MANAGER, clear.abi_encode())
}

fn create() -> Sets::createOperatorSetsCall {
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let params = vec![Sets::CreateSetParams { operatorSetId: SET, strategies }];
    Sets::createOperatorSetsCall { avs: SERVICE, params }
}

fn join() -> Sets::registerForOperatorSetsCall {
    let params = Sets::RegisterParams { avs: SERVICE, operatorSetIds: vec![SET], data: Bytes::new() };
    Sets::registerForOperatorSetsCall { operator: OPERATOR, params }
}

fn leave() -> Sets::deregisterFromOperatorSetsCall {
    let params = Sets::DeregisterParams { operator: OPERATOR, avs: SERVICE, operatorSetIds: vec![SET] };
    Sets::deregisterFromOperatorSetsCall { params }
}

fn allocate(magnitude: u64) -> Sets::modifyAllocationsCall {
    let params = Sets::AllocateParams {
        operatorSet: OperatorSet { avs: SERVICE, id: SET },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![magnitude],
    };
    Sets::modifyAllocationsCall { operator: OPERATOR, params: vec![params] }
}

fn slash() -> Sets::slashOperatorCall {
    let params = Sets::SlashingParams {
        operator: OPERATOR,
        operatorSetId: SET,
        strategies: vec![TEST_TOKEN_STRATEGY],
        wadsToSlash: vec![U256::from(HALF / 5)],
        description: "equivocation".into(),
    };
    Sets::slashOperatorCall { avs: SERVICE, params }
}

fn clear() -> Sets::clearDeallocationQueueCall {
    let (strategies, numToClear) = (vec![TEST_TOKEN_STRATEGY], vec![u16::MAX]);
    Sets::clearDeallocationQueueCall { operator: OPERATOR, strategies, numToClear }
}
