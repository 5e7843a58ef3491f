//! Calls to native contracts on the in-memory chain, many in a row on one state. Promises: no panic; a call returns,
//! reverts or runs out of gas, and nothing else; it never uses more gas than it was given; a failed call leaves no
//! trace; ether is neither made nor lost; the same calls give the same answers.

mod arguments;
mod history;

use crate::{Target, runner::hash};
use alloy_primitives::{Address, Bytes, U256};
use history::{Call, Step};
use protocol::{
    genesis::Setup,
    host::{BlockInfo, Error, Fatal},
    mem::{Account, MemHost, Outcome},
    registry::kind_of,
};
use std::{collections::BTreeMap, sync::LazyLock};
use types::{
    Params, Preset,
    abi::{IERC20, ITestToken},
    addresses::{NAMED, NAMED_IN_DEV, STRATEGY_MANAGER, TEST_TOKEN},
    params::Roles,
};

/// The target.
pub const TARGET: Target =
    Target { name: "dispatch", generate: history::generate, mutate: history::change, run };

/// Who calls: the first holds every role.
const ACTORS: [Address; 4] = [
    Address::repeat_byte(0xa1),
    Address::repeat_byte(0xa2),
    Address::repeat_byte(0xa3),
    Address::repeat_byte(0xa4),
];

/// A contract that agrees to everything, for services to name as their registrar.
const REGISTRAR: Address = Address::repeat_byte(0xa9);

/// One history in so many is run again, and its failed calls are compared with the state before: both cost more than
/// the calls.
const THOROUGH_ONCE_IN: u64 = 16;

/// The native contracts at fixed addresses, with the names of their ABIs.
static SINGLETONS: LazyLock<Vec<(&str, Address)>> =
    LazyLock::new(|| NAMED.iter().chain(NAMED_IN_DEV).copied().collect());

fn run(input: &[u8]) -> Vec<u64> {
    let steps = history::parse(input);
    let thorough = hash(input).is_multiple_of(THOROUGH_ONCE_IN);
    let first = play(&steps, thorough);
    if thorough {
        assert_eq!(first, play(&steps, false), "the same calls gave other answers");
    }
    steps.iter().zip(&first).map(|(step, answer)| behaviour(step, answer)).collect()
}

/// What is compared of an outcome.
type Answer = Option<(Result<Bytes, Error>, u64)>;

/// Runs all steps on a new chain.
fn play(steps: &[Step], thorough: bool) -> Vec<Answer> {
    let mut chain = chain();
    steps
        .iter()
        .map(|step| match step {
            Step::Advance(blocks) => {
                chain.block.number += u64::from(*blocks);
                chain.block.timestamp += u64::from(*blocks);
                None
            }
            Step::Call(call) => {
                let outcome = send(&mut chain, call, thorough)?;
                Some((outcome.answer, outcome.gas_used))
            }
        })
        .collect()
}

/// Sends one call and checks all promises. `None`: there is no such contract.
fn send(chain: &mut MemHost, call: &Call, thorough: bool) -> Option<Outcome> {
    let to = target(chain, call.to)?;
    let ether = total_ether(chain);
    let before = thorough.then(|| contents(chain));
    let outcome = chain.send(call.from(), to, call.value(), &call.input, call.gas());
    match &outcome.answer {
        Ok(_) | Err(Error::Revert(_) | Error::Fatal(Fatal::OutOfGas)) => {}
        Err(Error::Fatal(fatal)) => panic!("{call:?} to {to} ended in {fatal:?}"),
    }
    assert!(outcome.gas_used <= call.gas(), "{call:?} to {to} used {} gas", outcome.gas_used);
    assert_eq!(total_ether(chain), ether, "{call:?} to {to} made or lost ether");
    if outcome.answer.is_err() {
        assert!(chain.logs().is_empty(), "{call:?} to {to} failed and left logs");
        if let Some(before) = before {
            assert_eq!(contents(chain), before, "{call:?} to {to} failed and left a trace");
        }
    }
    Some(outcome)
}

/// A contract by its index: the singletons, then the instances that exist.
fn target(chain: &MemHost, index: u8) -> Option<Address> {
    let index = usize::from(index);
    match SINGLETONS.get(index) {
        Some((_, address)) => Some(*address),
        None => instances(chain).nth(index - SINGLETONS.len()),
    }
}

fn instances(chain: &MemHost) -> impl Iterator<Item = Address> {
    let is_instance = |account: &Account| kind_of(&account.code).is_some();
    chain.accounts.iter().filter(move |(_, account)| is_instance(account)).map(|(address, _)| *address)
}

fn total_ether(chain: &MemHost) -> U256 {
    chain.accounts.values().map(|account| account.balance).sum()
}

/// All that a block's state root would cover: no zero slots, no empty accounts.
fn contents(chain: &MemHost) -> BTreeMap<Address, Account> {
    let mut accounts = chain.accounts.clone();
    for account in accounts.values_mut() {
        account.storage.retain(|_, value| !value.is_zero());
    }
    accounts.retain(|_, account| *account != Account::default());
    accounts
}

/// A `dev` chain whose actors hold ether and test tokens, and let the StrategyManager take them.
fn chain() -> MemHost {
    let (params, roles) = (Params::preset(Preset::Fast), Roles::all_held_by(ACTORS[0]));
    let block =
        BlockInfo { number: 1_000, timestamp: 1_700_000_000, chain_id: 31_337, ..BlockInfo::default() };
    let mut chain = MemHost::new(&Setup { params: &params, roles: &roles, dev: true }, block);
    chain.place(REGISTRAR, |_, _| Ok(U256::ONE.to_be_bytes::<32>().into()));
    let tokens = U256::from(1u128 << 100);
    for actor in ACTORS {
        chain.fund(actor, U256::from(1u64 << 60));
        let mint = ITestToken::mintCall { to: actor, value: tokens };
        chain.tell(actor, TEST_TOKEN, &mint).expect("anyone mints test tokens");
        let approve = IERC20::approveCall { spender: STRATEGY_MANAGER, value: tokens };
        chain.tell(actor, TEST_TOKEN, &approve).expect("a holder approves");
    }
    chain
}

/// Which verb, and how it ended. Selectors that no ABI has count as one, or noise would look like progress.
fn behaviour(step: &Step, answer: &Answer) -> u64 {
    let (Step::Call(call), Some((answer, _))) = (step, answer) else { return 0 };
    let mut mark = vec![call.to];
    mark.extend(arguments::known_selector(&call.input).into_iter().flatten());
    match answer {
        Ok(output) => mark.extend([0, output.len().checked_ilog2().unwrap_or_default() as u8]),
        Err(Error::Revert(data)) => {
            mark.push(1);
            mark.extend(arguments::known_selector(data).into_iter().flatten());
        }
        Err(Error::Fatal(_)) => mark.push(2),
    }
    hash(&mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner;
    use std::{collections::BTreeSet, time::Duration};

    #[test]
    fn the_scripted_histories_run_to_their_end() {
        for steps in [history::script(), history::script_of_services()] {
            let answers = play(&steps, true);
            for (step, answer) in steps.iter().zip(answers) {
                let Step::Call(_) = step else { continue };
                assert!(matches!(answer, Some((Ok(_), _))), "{step:?} gave {answer:?}");
            }
        }
    }

    #[test]
    fn made_calls_reach_the_inside_of_most_verbs() {
        let mut random = crate::random::Random::new(1);
        let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..4_000 {
            let steps = history::parse(&history::generate(&mut random));
            for (step, answer) in steps.iter().zip(play(&steps, false)) {
                let (Step::Call(call), Some((answer, _))) = (step, answer) else { continue };
                let Some(selector) = arguments::known_selector(&call.input) else { continue };
                asked.insert((call.to, selector));
                if answer.is_ok() {
                    answered.insert((call.to, selector));
                }
            }
        }
        assert!(answered.len() * 4 > asked.len() * 3, "{} of {} verbs answered", answered.len(), asked.len());
    }

    #[test]
    fn a_short_run_meets_hundreds_of_outcomes() {
        let summary = runner::run(TARGET, 1, Duration::from_secs(5)).unwrap();
        assert!(summary.behaviours > 300, "{summary:?}");
    }
}
