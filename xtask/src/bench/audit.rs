//! What `--audit` costs after a block, by the number of stakers: every invariant on all of the state, from scratch, and
//! those of one staker and its operator.

use super::{
    report::{Section, Table, least_and_median},
    verbs::{OPERATOR, delegate, delegated, must},
};
use crate::{
    differential::props::contract,
    originals::world::{Furniture, World, transaction},
};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolValue};
use anyhow::{Result, ensure};
use chain::native::Contracts;
use protocol::{
    audit::{self, Actors},
    genesis::Account,
    registry::STUB_CODE,
};
use revm::context::TxEnv;
use std::time::Instant;
use types::{
    Params, Preset,
    abi::{
        IDelegationManager::{QueuedWithdrawalParams, queueWithdrawalsCall},
        IStrategyManager::depositIntoStrategyCall,
        ITestToken::{approveCall, mintCall},
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Stakers of a state.
const STAKERS: [u64; 3] = [100, 10_000, 100_000];
/// Of so many stakers one has a withdrawal that waits.
const QUEUED: u64 = 10;
/// Audits of each state.
const AUDITS: usize = 5;
/// Gas of an audit: no bound, as in a node.
const GAS: u64 = 1 << 60;

/// Measures.
///
/// # Errors
/// A step is refused, or an invariant does not hold.
pub fn run() -> Result<Section> {
    let header = ["stakers", "all of it, ms (least)", "(median)", "µs a staker", "one staker, ms (median)"];
    let mut table = Table::new(&header);
    for count in STAKERS {
        let (mut world, actors) = economy(count)?;
        let part = Actors { stakers: actors.stakers[..2].to_vec(), isPart: true, ..actors.clone() };
        let (least, median) = least_and_median(audits(&mut world, &actors)?);
        let (_, of_part) = least_and_median(audits(&mut world, &part)?);
        let each = median * 1e3 / count as f64;
        let cells = [
            count.to_string(),
            format!("{least:.1}"),
            format!("{median:.1}"),
            format!("{each:.1}"),
            format!("{of_part:.2}"),
        ];
        table.row(&cells);
    }
    Ok(Section {
        name: "audit",
        title: "The auditor by the number of stakers",
        method: format!(
            "All invariants on all of the state, and those of one staker, its operator and strategy (native contracts, in \
             memory, rules `mainnet`, `fast` delays; one staker in {QUEUED} has a withdrawal that waits; {AUDITS} audits \
             each). Nothing is remembered from one audit to the next, so that what is wrong in the state is found whoever \
             wrote it. `--audit` looks after each block that touched restaking at whoever its logs name, and at everything \
             and everybody after each such block with up to 1,000 stakers, each second with up to 2,000, each hundredth with \
             10⁵: on average as much as a thousand stakers a block (slashes count as stakers do). `bulwark doctor` always looks at everything."
        ),
        tables: vec![table],
    })
}

/// Milliseconds of each audit.
fn audits(world: &mut World, actors: &Actors) -> Result<Vec<f64>> {
    let tx = transaction(OPERATOR, TxKind::Call(audit::ADDRESS), actors.abi_encode().into())?;
    let tx = TxEnv { gas_limit: GAS, ..tx };
    let audit = |_| {
        let started = Instant::now();
        let done = world.try_out(&tx)?.result;
        let millis = started.elapsed().as_secs_f64() * 1e3;
        ensure!(done.is_success(), "an audit did not run: {done:?}");
        let found = Vec::<String>::abi_decode(done.output().unwrap_or(&Bytes::new()))?;
        ensure!(found.is_empty(), "an audit found {found:?}");
        Ok(millis)
    };
    (0..AUDITS).map(audit).collect()
}

/// Stakers who have deposited and delegated, and who they are.
fn economy(count: u64) -> Result<(World, Actors)> {
    let code = Bytes::from_static(&STUB_CODE);
    let furniture = Furniture {
        params: Params::preset(Preset::Fast),
        accounts: vec![Account { address: audit::ADDRESS, nonce: 1, code, storage: Vec::new() }],
        contracts: Contracts { singleton: contract, ..Contracts::PROTOCOL },
    };
    let mut world = World::native_among(&furniture);
    delegated(&mut world)?;
    let mut stakers = vec![OPERATOR];
    let shares = U256::from(1_000_000);
    for number in 0..count {
        let staker = Address::left_padding_from(&(number + (1 << 40)).to_be_bytes());
        let mint = mintCall { to: staker, value: shares };
        must(&mut world, staker, TEST_TOKEN, mint.abi_encode())?;
        let approve = approveCall { spender: STRATEGY_MANAGER, value: shares };
        must(&mut world, staker, TEST_TOKEN, approve.abi_encode())?;
        let (strategy, token) = (TEST_TOKEN_STRATEGY, TEST_TOKEN);
        let deposit = depositIntoStrategyCall { strategy, token, amount: shares };
        must(&mut world, staker, STRATEGY_MANAGER, deposit.abi_encode())?;
        must(&mut world, staker, DELEGATION_MANAGER, delegate())?;
        if number % QUEUED == 0 {
            let param = QueuedWithdrawalParams {
                strategies: vec![strategy],
                depositShares: vec![U256::from(10)],
                __deprecated_withdrawer: staker,
            };
            let queue = queueWithdrawalsCall { params: vec![param] };
            must(&mut world, staker, DELEGATION_MANAGER, queue.abi_encode())?;
        }
        stakers.push(staker);
    }
    let strategies = vec![TEST_TOKEN_STRATEGY];
    Ok((world, Actors { stakers, operators: vec![OPERATOR], strategies, ..Actors::default() }))
}
