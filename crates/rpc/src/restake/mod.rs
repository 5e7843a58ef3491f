//! `restake_`: what a tool must know to find its way: the contracts' addresses, their ABIs, and the chain's numbers.
//! What is staked, by whom, and at what risk is in the files beside: each answer is of one block, which it names, and
//! comes from the state after that block and the restaking index at it.

pub(crate) mod arguments;
pub(crate) mod ask;
pub(crate) mod operators;
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
use serde::Serialize;
use std::collections::BTreeMap;
use types::{addresses, params::Parameter};

/// Characters of an unknown name that are shown.
const MAX_NAME: usize = 64;

pub(crate) const METHODS: &[Method] = &[
    Method::now("restake_addresses", addresses),
    Method::now("restake_abi", abi),
    Method::now("restake_parameters", parameter_table),
];

/// The contracts that exist, by name (`decisions.md` 41).
pub(crate) fn named(cx: &Context) -> BTreeMap<&'static str, String> {
    let dev_only = cx.chain.genesis().dev.then_some(("TestToken", addresses::TEST_TOKEN));
    let all = addresses::NAMED.iter().copied().chain(dev_only);
    all.map(|(name, address)| (name, address.to_checksum(None))).collect()
}

/// Preset, rules and every number in force.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters {
    chain_id: u64,
    preset: String,
    rules: String,
    parameters: Vec<Parameter>,
}

/// The same for REST, whose keys are snake case (`decisions.md` 7).
#[derive(Serialize)]
pub(crate) struct SnakeParameters {
    chain_id: u64,
    preset: String,
    rules: String,
    parameters: Vec<Parameter>,
}

impl Parameters {
    pub(crate) fn snake_case(self) -> SnakeParameters {
        let Self { chain_id, preset, rules, parameters } = self;
        SnakeParameters { chain_id, preset, rules, parameters }
    }
}

pub(crate) fn parameters(cx: &Context) -> Parameters {
    let params = cx.chain.params();
    Parameters {
        chain_id: cx.chain.chain_id(),
        preset: cx.chain.genesis().preset.to_string(),
        rules: params.rules.to_string(),
        parameters: params.table(),
    }
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
    json(&parameters(cx))
}
