//! Calldata that fits the declared ABIs, with arguments that mean something to the contracts: their own addresses, the
//! actors, amounts at edges, now and then calls within calls.

use super::{ACTORS, REGISTRAR, SINGLETONS};
use crate::random::Random;
use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt, Specifier};
use alloy_json_abi::Function;
use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{Panic, Revert, SolError};
use std::{collections::BTreeSet, sync::LazyLock};
use types::{
    abi,
    addresses::{BEACON_STRATEGY, TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH},
};

/// The ABIs of instances.
const STRATEGIES: [&str; 2] = ["StrategyBase", "StrategyBaseTVLLimits"];

/// Instances that calls are addressed to, besides the singletons.
const INSTANCES: usize = 3;

/// Most elements of an array, most of the time.
const FEW: usize = 4;

/// All functions of the singletons by index, then those of the strategies.
static FUNCTIONS: LazyLock<Vec<Vec<Function>>> = LazyLock::new(|| {
    let functions = |name: &str| -> Vec<Function> {
        let abi = abi::json(name).unwrap_or_else(|| panic!("types::abi knows no {name}"));
        abi.functions().cloned().collect()
    };
    SINGLETONS.iter().map(|(name, _)| *name).chain(STRATEGIES).map(functions).collect()
});

/// Selectors of all functions and errors.
static SELECTORS: LazyLock<BTreeSet<[u8; 4]>> = LazyLock::new(|| {
    let mut selectors = BTreeSet::from([Revert::SELECTOR, Panic::SELECTOR]);
    for name in abi::names() {
        let abi = abi::json(name).unwrap_or_default();
        selectors.extend(abi.functions().map(|function| function.selector().0));
        selectors.extend(abi.errors().map(|error| error.selector().0));
    }
    selectors
});

/// The first four bytes, if they are the selector of a function or an error; else none.
pub(super) fn known_selector(data: &[u8]) -> Option<[u8; 4]> {
    data.first_chunk().filter(|selector| SELECTORS.contains(*selector)).copied()
}

/// The index of a singleton.
pub(super) fn index_of(contract: Address) -> u8 {
    let index = SINGLETONS.iter().position(|(_, address)| *address == contract);
    u8::try_from(index.expect("a singleton")).expect("few singletons")
}

/// How many indices name contracts.
pub(super) fn contracts() -> usize {
    SINGLETONS.len() + INSTANCES
}

/// A contract's index and calldata for one of its verbs.
pub(super) fn call(random: &mut Random) -> (u8, Vec<u8>) {
    let to = random.below(contracts());
    let abi = if to < SINGLETONS.len() { to } else { SINGLETONS.len() + random.below(STRATEGIES.len()) };
    let function = function(random, abi);
    (to as u8, calldata(random, function, 0))
}

fn function(random: &mut Random, abi: usize) -> &'static Function {
    let functions = &FUNCTIONS[abi];
    &functions[random.below(functions.len())]
}

fn calldata(random: &mut Random, function: &Function, depth: usize) -> Vec<u8> {
    let types = function.inputs.iter().map(|input| input.resolve().expect("ABIs of this build resolve"));
    let values: Vec<_> = types.map(|ty| value(random, &ty, depth)).collect();
    function.abi_encode_input(&values).expect("values of the types asked for")
}

fn value(random: &mut Random, ty: &DynSolType, depth: usize) -> DynSolValue {
    match ty {
        DynSolType::Bool => DynSolValue::Bool(random.once_in(2)),
        DynSolType::Address => DynSolValue::Address(address(random)),
        DynSolType::Uint(bits) => DynSolValue::Uint(amount(random, *bits), *bits),
        DynSolType::Int(bits) => DynSolValue::Int(I256::from_raw(amount(random, bits - 1)), *bits),
        DynSolType::FixedBytes(size) => {
            let word = if random.once_in(2) { B256::ZERO } else { B256::from(random.word()) };
            let kept = U256::from_be_bytes(word.0) & (U256::MAX << (8 * (32 - size)));
            DynSolValue::FixedBytes(kept.into(), *size)
        }
        DynSolType::Bytes => DynSolValue::Bytes(bytes(random, depth)),
        DynSolType::String => {
            let length = random.below(80);
            DynSolValue::String("é".repeat(length / 2))
        }
        DynSolType::Array(of) => {
            let length = if random.once_in(50) { random.below(200) } else { random.below(FEW) };
            DynSolValue::Array((0..length).map(|_| value(random, of, depth)).collect())
        }
        DynSolType::FixedArray(of, length) => {
            DynSolValue::FixedArray((0..*length).map(|_| value(random, of, depth)).collect())
        }
        DynSolType::Tuple(types) => {
            DynSolValue::Tuple(types.iter().map(|ty| value(random, ty, depth)).collect())
        }
        other => panic!("no ABI of this build has {other}"),
    }
}

/// A signature's length, a call within a call, or anything.
fn bytes(random: &mut Random, depth: usize) -> Vec<u8> {
    match random.below(4) {
        0 if depth < 3 => {
            let abi = random.below(FUNCTIONS.len());
            let function = function(random, abi);
            calldata(random, function, depth + 1)
        }
        1 => random.bytes(65),
        2 => Vec::new(),
        _ => {
            let length = random.below(100);
            random.bytes(length)
        }
    }
}

fn address(random: &mut Random) -> Address {
    match random.below(13) {
        0..=3 => random.pick(&ACTORS),
        4 | 5 => TEST_TOKEN_STRATEGY,
        6 => TEST_TOKEN,
        7 => WETH,
        8 => SINGLETONS[random.below(SINGLETONS.len())].1,
        9 => Address::ZERO,
        10 => BEACON_STRATEGY,
        11 => REGISTRAR,
        _ => Address::from_slice(&random.word()[..20]),
    }
}

/// An amount at some edge, of at most `bits` bits.
fn amount(random: &mut Random, bits: usize) -> U256 {
    let most = U256::MAX >> (256 - bits);
    let power = U256::ONE << random.below(bits);
    let amount = match random.below(8) {
        0 => U256::ZERO,
        1 | 2 => U256::from(random.below(2_000)),
        3 => U256::from(10).pow(U256::from(18)),
        4 => power,
        5 => power - U256::ONE,
        6 => most,
        _ => U256::from_be_bytes(random.word()),
    };
    amount & most
}
