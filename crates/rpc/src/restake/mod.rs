//! `restake_`: what a tool must know to find its way: the contracts' addresses, their ABIs, and the chain's numbers.
//! What is staked, by whom, and at what risk is in the files beside: each answer is of one block, which it names, and
//! comes from the state after that block and the restaking index at it.

pub(crate) mod arguments;
pub(crate) mod ask;
pub(crate) mod operators;
mod paused;
pub(crate) mod position;
pub(crate) mod preview;
pub(crate) mod risk;
pub(crate) mod services;
pub(crate) mod slashes;
pub(crate) mod subscribe;
pub(crate) mod words;

pub(crate) use arguments::{Paging, set_in};
pub(crate) use words::short;

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    method::Method,
    params::Params,
};
use serde_json::{Value, json as value};
use std::collections::BTreeMap;
use types::addresses;

/// Characters of an unknown name that are shown.
const MAX_NAME: usize = 64;

pub(crate) const METHODS: &[Method] = &[
    Method::now("restake_addresses", addresses),
    Method::now("restake_abi", abi),
    Method::heavy("restake_parameters", parameter_table),
];

/// The contracts that exist, by name (`decisions.md` 41).
pub(crate) fn named(cx: &Context) -> BTreeMap<&'static str, String> {
    let dev_only = cx.chain.genesis().dev.then_some(("TestToken", addresses::TEST_TOKEN));
    let all = addresses::NAMED.iter().copied().chain(dev_only);
    all.map(|(name, address)| (name, address.to_checksum(None))).collect()
}

/// Preset, rules, every number in force, and what the pauser has stopped.
///
/// # Errors
/// The state cannot be read.
pub(crate) fn parameters(cx: &Context) -> Result<Value, RpcError> {
    let params = cx.chain.params();
    Ok(value!({
        "chainId": cx.chain.chain_id(),
        "preset": cx.chain.genesis().preset.to_string(),
        "rules": params.rules.to_string(),
        "parameters": params.table(),
        "paused": paused::told(cx)?,
    }))
}

fn addresses(cx: &Context, _: Params<'_>) -> Reply {
    json(&named(cx))
}

/// The ABI of a contract; without an argument, the names of all.
fn abi(_: &Context, params: Params<'_>) -> Reply {
    let Some(name) = params.args()?.optional::<String>(0, "contract")? else {
        return json(&types::abi::names().collect::<Vec<_>>());
    };
    match types::abi::json(&name) {
        Some(abi) => json(&abi),
        None => {
            let names: Vec<&str> = types::abi::names().collect();
            let shown: String = name.chars().take(MAX_NAME).collect();
            Err(RpcError::params(format!("no contract is named {shown:?}; there are {}", names.join(", "))))
        }
    }
}

fn parameter_table(cx: &Context, _: Params<'_>) -> Reply {
    ask::reply(parameters(cx))
}
