//! What a plan costs at most, and whether the chain would take it: its calls are run one after another on the newest block.

use super::{asked::Trouble, plan::Plan};
use crate::{format, told::Told};
use alloy_primitives::{U256, hex};
use axum::http::StatusCode;
use rpc::{Reads, Refused};
use serde_json::{Value, json};

/// What a wallet is asked to send for each step, and the fee of all together.
pub(super) struct Price {
    /// By step: JSON as `eth_sendTransaction` takes it, with the step's words under `says`.
    pub(super) transactions: Vec<Value>,
    pub(super) fee_at_most: U256,
    /// Whether the account cannot pay the fee.
    pub(super) is_short: bool,
    /// What the chain says the last step would do, where it can be said before the others are done.
    pub(super) effects: Vec<String>,
}

fn quantity(value: impl Into<U256>) -> String {
    format!("{:#x}", value.into())
}

/// Runs the steps and prices them.
///
/// # Errors
/// The chain would refuse a step, with the contract's own error by name; or the node's refusal.
pub(super) async fn of(reads: &Reads, plan: &Plan) -> Result<Price, Trouble> {
    let call = |step: &super::plan::Step| json!({ "from": plan.from, "to": step.to, "input": hex::encode_prefixed(&step.data) });
    let calls: Vec<Value> = plan.steps.iter().map(call).collect();
    let simulated =
        reads.ask("eth_simulateV1", json!([{ "blockStateCalls": [{ "calls": calls }] }, "latest"])).await?;
    let outcomes = Told::new(&simulated).at("0.calls");
    let newest = reads.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
    let tip = reads.ask("eth_maxPriorityFeePerGas", json!([])).await?;
    let tip = Told::new(&tip).amount();
    // Twice the base fee lasts for six full blocks.
    let cap =
        Told::new(&newest).at("baseFeePerGas").amount().saturating_mul(U256::from(2)).saturating_add(tip);
    let (mut transactions, mut gas_in_all) = (Vec::new(), 0_u64);
    for (step, outcome) in plan.steps.iter().zip(outcomes.items()) {
        let error = outcome.at("error.message").text();
        if !error.is_empty() {
            return Err(refused(&step.says, error));
        }
        // What a call uses may be less than what it must have to begin with: whoever forces an exit pays a registrar's
        // part in advance. A step that needs those before it cannot be estimated alone.
        let estimated = reads.ask("eth_estimateGas", json!([call(step)])).await.unwrap_or_default();
        let needed = outcome.at("gasUsed").amount().max(Told::new(&estimated).amount());
        // Half as much again: a block may come between, and an inner call gets only 63 of 64 parts.
        let needed: u64 = needed.saturating_to();
        let gas = needed.saturating_add(needed.checked_div(2).unwrap_or_default());
        gas_in_all = gas_in_all.saturating_add(gas);
        transactions.push(json!({
            "says": step.says, "from": plan.from, "to": step.to, "data": hex::encode_prefixed(&step.data),
            "value": "0x0", "gas": quantity(U256::from(gas)), "maxFeePerGas": quantity(cap),
            "maxPriorityFeePerGas": quantity(tip),
        }));
    }
    if transactions.len() != plan.steps.len() {
        return Err(refused("this", "the node could not try it"));
    }
    let fee_at_most = cap.saturating_mul(U256::from(gas_in_all));
    let balance = reads.ask("eth_getBalance", json!([plan.from, "latest"])).await?;
    let is_short = Told::new(&balance).amount() < fee_at_most;
    let effects = match calls.as_slice() {
        [only] => effects(reads, only).await,
        _ => Vec::new(),
    };
    Ok(Price { transactions, fee_at_most, is_short, effects })
}

/// The words of `restake_simulate`; nothing if it says nothing.
async fn effects(reads: &Reads, call: &Value) -> Vec<String> {
    let told = reads.ask("restake_simulate", json!([call])).await.unwrap_or_default();
    let told = Told::new(&told);
    if told.at("effects").items().len() == 0 {
        return Vec::new();
    }
    told.at("words").items().map(|words| format::foreign(words.text())).collect()
}

fn refused(what: &str, error: &str) -> Trouble {
    let named = error.strip_prefix("execution reverted: ").unwrap_or(error);
    let why = format!("The chain would refuse to {what}: {}.", format::foreign(named));
    Trouble::Node(Refused { status: StatusCode::BAD_REQUEST, why })
}
