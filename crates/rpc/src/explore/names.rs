//! Contracts, functions and events by the names of the native ABIs: from bytes to `StrategyManager.depositIntoStrategy`
//! with its arguments. What no ABI declares stays as bytes; a name is never guessed.

use crate::restake::ask::told;
use alloy_dyn_abi::{DynSolValue, EventExt, JsonAbiExt};
use alloy_json_abi::{Event, Function, Param};
use alloy_primitives::{Address, B256, hex};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::LazyLock};
use types::addresses;

/// Bytes of call data that are shown when nothing names them.
const SHOWN_BYTES: usize = 256;

/// By selector or first topic: the contracts that declare it.
type Declared<K, T> = HashMap<K, Vec<(&'static str, T)>>;

static FUNCTIONS: LazyLock<Declared<[u8; 4], Function>> = LazyLock::new(|| {
    let mut all = Declared::new();
    for (name, abi) in types::abi::names().filter_map(|name| Some((name, types::abi::json(name)?))) {
        for function in abi.functions.into_values().flatten() {
            let declared: &mut Vec<_> = all.entry(function.selector().0).or_default();
            declared.push((name, function));
        }
    }
    all
});

static EVENTS: LazyLock<Declared<B256, Event>> = LazyLock::new(|| {
    let mut all = Declared::new();
    for (name, abi) in types::abi::names().filter_map(|name| Some((name, types::abi::json(name)?))) {
        for event in abi.events.into_values().flatten() {
            let declared: &mut Vec<_> = all.entry(event.selector()).or_default();
            declared.push((name, event));
        }
    }
    all
});

/// The name of a native contract.
pub(super) fn contract(address: Address) -> Option<&'static str> {
    let mut all = addresses::NAMED.iter().chain(addresses::NAMED_IN_DEV);
    let strategies = [
        (addresses::TEST_TOKEN_STRATEGY, "TestToken strategy"),
        (addresses::BEACON_STRATEGY, "Beacon ether"),
    ];
    let named = all.find(|(_, at)| *at == address).map(|(name, _)| *name);
    named.or_else(|| strategies.iter().find(|(at, _)| *at == address).map(|(_, name)| *name))
}

/// Those that `address` declares come first.
fn best_first<'d, T>(
    declared: &'d [(&'static str, T)],
    address: Option<Address>,
) -> Vec<&'d (&'static str, T)> {
    let own = address.and_then(contract);
    let mut sorted: Vec<_> = declared.iter().collect();
    sorted.sort_by_key(|(name, _)| Some(*name) != own);
    sorted
}

/// A call's function and arguments, or its bytes.
pub(super) fn call(to: Option<Address>, input: &[u8]) -> Value {
    let named = to.and_then(contract);
    let Some((selector, data)) = input.split_first_chunk::<4>() else {
        return json!({ "contract": named, "function": null, "arguments": [], "input": hex::encode_prefixed(input) });
    };
    // The creation of a contract calls nothing.
    let declared = FUNCTIONS.get(selector).filter(|_| to.is_some()).map_or(&[][..], Vec::as_slice);
    for (_, function) in best_first(declared, to) {
        if let Ok(values) = function.abi_decode_input(data) {
            return json!({
                "contract": named,
                "function": function.name,
                "signature": function.signature(),
                "arguments": arguments(&function.inputs, &values),
            });
        }
    }
    let shown = input.get(..SHOWN_BYTES.min(input.len())).unwrap_or_default();
    json!({
        "contract": named,
        "function": null,
        "selector": hex::encode_prefixed(selector),
        "arguments": [],
        "input": hex::encode_prefixed(shown),
        "input_bytes": input.len(),
    })
}

/// The name of the function alone, as lists show it.
pub(super) fn function(to: Address, input: &[u8]) -> Option<&'static str> {
    let selector = input.first_chunk::<4>()?;
    let declared = FUNCTIONS.get(selector)?;
    best_first(declared, Some(to)).first().map(|(_, function)| function.name.as_str())
}

/// An event's name and arguments, or its bytes.
pub(super) fn event(emitter: Address, topics: &[B256], data: &[u8]) -> Value {
    let named = contract(emitter);
    let declared = topics.first().and_then(|topic| EVENTS.get(topic)).map_or(&[][..], Vec::as_slice);
    for (_, event) in best_first(declared, Some(emitter)) {
        let Ok(decoded) = event.decode_log_parts(topics.iter().copied(), data) else { continue };
        let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
        let params: Vec<Param> = event
            .inputs
            .iter()
            .map(|input| Param {
                ty: input.ty.clone(),
                name: input.name.clone(),
                components: input.components.clone(),
                internal_type: input.internal_type.clone(),
            })
            .collect();
        let values: Vec<DynSolValue> = event
            .inputs
            .iter()
            .filter_map(|input| if input.indexed { indexed.next() } else { body.next() })
            .collect();
        return json!({
            "emitter": emitter, "contract": named, "event": event.name, "arguments": arguments(&params, &values),
        });
    }
    let shown = data.get(..SHOWN_BYTES.min(data.len())).unwrap_or_default();
    json!({
        "emitter": emitter, "contract": named, "event": null, "arguments": [], "topics": topics,
        "data": hex::encode_prefixed(shown), "data_bytes": data.len(),
    })
}

fn arguments(params: &[Param], values: &[DynSolValue]) -> Vec<Value> {
    let one = |(param, value): (&Param, &DynSolValue)| json!({ "name": param.name, "type": param.ty, "value": told(param, value) });
    params.iter().zip(values).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use alloy_sol_types::{SolCall, SolEvent};
    use types::abi::{IERC20, IStrategyManager};

    #[test]
    fn calls_and_events_are_named_with_their_arguments() {
        let deposit = IStrategyManager::depositIntoStrategyCall {
            strategy: Address::repeat_byte(1),
            token: Address::repeat_byte(2),
            amount: U256::from(7),
        };
        let told = call(Some(addresses::STRATEGY_MANAGER), &deposit.abi_encode());
        assert_eq!(told["contract"], "StrategyManager");
        assert_eq!(told["function"], "depositIntoStrategy");
        assert_eq!(told["arguments"][2], json!({ "name": "amount", "type": "uint256", "value": "7" }));

        let (from, to) = (Address::repeat_byte(3), Address::repeat_byte(4));
        let log = IERC20::Transfer { from, to, value: U256::from(9) }.encode_log_data();
        let told = event(Address::repeat_byte(5), log.topics(), &log.data);
        assert_eq!((&told["event"], &told["contract"]), (&json!("Transfer"), &Value::Null));
        assert_eq!(told["arguments"][0]["value"], json!(from));
        assert_eq!(told["arguments"][2]["value"], "9");
    }

    #[test]
    fn what_nothing_declares_stays_bytes() {
        let told = call(Some(Address::repeat_byte(9)), &[0xde, 0xad, 0xbe, 0xef, 1]);
        assert_eq!((&told["function"], &told["input"]), (&Value::Null, &json!("0xdeadbeef01")));
        for input in [&[][..], &[1], &[1, 2, 3]] {
            assert_eq!(call(None, input)["function"], Value::Null);
        }
        let told = event(Address::repeat_byte(9), &[B256::repeat_byte(7)], &[0; 1_000]);
        assert_eq!(told["data"].as_str().unwrap().len(), 2 + 2 * SHOWN_BYTES);
        assert_eq!(event(Address::ZERO, &[], &[])["event"], Value::Null);
    }

    #[test]
    fn broken_arguments_of_a_known_function_stay_bytes() {
        let mut input = IStrategyManager::depositIntoStrategyCall::SELECTOR.to_vec();
        input.extend([0xff; 40]);
        assert_eq!(call(Some(addresses::STRATEGY_MANAGER), &input)["function"], Value::Null);
    }
}
