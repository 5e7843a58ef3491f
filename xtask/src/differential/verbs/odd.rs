//! Any member of any contract with any arguments: views about nothing, arrays of unequal length, ids that nobody gave,
//! verbs that only a contract may call. What is drawn here is well encoded and mostly senseless.

use super::{Call, Draw, Drawn, Kind};
use crate::differential::scene::NOBODY;
use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt, Specifier};
use alloy_json_abi::Function;
use alloy_primitives::{Address, B256, FixedBytes, I256, U256};
use anyhow::Result;
use types::{
    abi,
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, BEACON_STRATEGY, DELEGATION_MANAGER, EIGEN_POD_MANAGER,
        EIGEN_STRATEGY, KEY_REGISTRAR, PERMISSION_CONTROLLER, RELEASE_MANAGER, STRATEGY_MANAGER,
    },
};

/// The kind with its weight.
pub const KINDS: &[Kind] = &[(10, member)];

/// Contracts of all releases, with their ABIs' names.
const CONTRACTS: [(&str, Address); 6] = [
    ("AllocationManager", ALLOCATION_MANAGER),
    ("AVSDirectory", AVS_DIRECTORY),
    ("DelegationManager", DELEGATION_MANAGER),
    ("EigenPodManager", EIGEN_POD_MANAGER),
    ("PermissionController", PERMISSION_CONTROLLER),
    ("StrategyManager", STRATEGY_MANAGER),
];
/// Those of the pinned release alone.
const NEWER: [(&str, Address); 2] = [("KeyRegistrar", KEY_REGISTRAR), ("ReleaseManager", RELEASE_MANAGER)];

/// What answers otherwise on purpose: see `doors`.
const DEPARTURES: [&str; 4] = ["viewImplementation", "createPod", "getPod", "stake"];

fn member(draw: &mut Draw<'_>) -> Drawn {
    let (name, to) = contract(draw);
    let abi = abi::json(name).unwrap_or_default();
    let members: Vec<&Function> =
        abi.functions().filter(|it| !DEPARTURES.contains(&it.name.as_str())).collect();
    let member = members[draw.chance.index(members.len())];
    // Who owns what must stay as it is most of the time, or little else happens.
    let from = if draw.chance.one_in(4) { draw.anyone() } else { NOBODY };
    let values = member
        .inputs
        .iter()
        .map(|input| Ok(value(draw, &input.resolve()?)))
        .collect::<Result<Vec<DynSolValue>>>()?;
    let data = member.abi_encode_input(&values)?.into();
    let about = Box::new(format!("{name}.{}{values:?}", member.name));
    let signature = "any member with any arguments";
    Ok(Some(Call { from, to, data, signature, is_spoiled: false, about, note: "" }))
}

fn contract(draw: &mut Draw<'_>) -> (&'static str, Address) {
    let mut contracts = CONTRACTS.to_vec();
    if draw.scene.is_pinned {
        contracts.extend(NEWER);
        let strategies = &draw.scene.strategies;
        contracts.extend([("StrategyBase", strategies[0]), ("StrategyBaseTVLLimits", strategies[2])]);
    }
    draw.chance.pick(&contracts)
}

fn value(draw: &mut Draw<'_>, kind: &DynSolType) -> DynSolValue {
    match kind {
        DynSolType::Bool => DynSolValue::Bool(draw.chance.one_in(2)),
        DynSolType::Int(bits) => {
            let small = I256::try_from(draw.chance.below(5)).unwrap_or_default() - I256::ONE;
            DynSolValue::Int(small, *bits)
        }
        DynSolType::Uint(bits) => DynSolValue::Uint(number(draw, *bits), *bits),
        DynSolType::FixedBytes(4) => {
            let (_, selector) = draw.chance.pick(&crate::differential::views::appointed());
            DynSolValue::FixedBytes(FixedBytes::<32>::right_padding_from(selector.as_slice()), 4)
        }
        DynSolType::FixedBytes(size) => DynSolValue::FixedBytes(word(draw), *size),
        DynSolType::Address => DynSolValue::Address(account(draw)),
        DynSolType::Bytes => DynSolValue::Bytes(bytes(draw)),
        DynSolType::String => DynSolValue::String("a".repeat(draw.chance.index(70))),
        DynSolType::Array(item) => {
            let count = draw.chance.below(4);
            DynSolValue::Array((0..count).map(|_| value(draw, item)).collect())
        }
        DynSolType::FixedArray(item, count) => {
            DynSolValue::FixedArray((0..*count).map(|_| value(draw, item)).collect())
        }
        DynSolType::Tuple(items) => DynSolValue::Tuple(items.iter().map(|item| value(draw, item)).collect()),
        _ => DynSolValue::Uint(U256::ZERO, 256),
    }
}

fn number(draw: &mut Draw<'_>, bits: usize) -> U256 {
    let most = U256::MAX >> (256 - bits);
    let now = U256::from(draw.world.block());
    let amount = draw.amount();
    let some =
        [U256::ZERO, U256::ONE, U256::from(2), U256::from(7), now, now - U256::ONE, amount, amount, most];
    draw.chance.pick(&some) & most
}

fn account(draw: &mut Draw<'_>) -> Address {
    let (someone, strategy) = (draw.anyone(), draw.strategy());
    let (operator, service) = (draw.operator(), draw.service());
    let others = [Address::ZERO, BEACON_STRATEGY, EIGEN_STRATEGY, STRATEGY_MANAGER, DELEGATION_MANAGER];
    let other = draw.chance.pick(&others);
    draw.chance.pick(&[someone, strategy, strategy, operator, service, draw.scene.tokens[0], other])
}

/// A word: nothing, a salt, or the root of a withdrawal that waits.
fn word(draw: &mut Draw<'_>) -> B256 {
    use types::abi::IDelegationManager::getQueuedWithdrawalRootsCall;
    let (salt, staker) = (draw.salt(), draw.staker());
    let roots = draw.ask(DELEGATION_MANAGER, getQueuedWithdrawalRootsCall { staker }).ok().flatten();
    match roots.unwrap_or_default().first() {
        Some(root) if draw.chance.one_in(2) => *root,
        _ => salt,
    }
}

fn bytes(draw: &mut Draw<'_>) -> Vec<u8> {
    let length = draw.chance.pick(&[0, 1, 20, 32, 64, 65, 66, 192]);
    (0..length).map(|_| draw.chance.below(256) as u8).collect()
}
