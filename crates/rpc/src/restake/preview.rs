//! What a slash or any transaction would do, before it is sent: it is run on the state of the newest block, and its logs
//! are told in figures and in words. What is previewed is what then happens, if nothing else comes between.

use super::{
    arguments::{Amount, Paging, SetArgument},
    ask::{Asker, Snapshot, numbered, reply},
    operators::ADDRESS_WIDTH,
    slashes::{losses_json, merge, row_json},
    words,
};
use crate::{
    context::Context,
    error::RpcError,
    eth::execute::{call_request, outcome_of},
    json::Reply,
    method::Method,
    params::Params,
};
use alloy_primitives::{Address, Log, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolEvent};
use chain::{
    CallRequest, Outcome,
    index::{Place, SetId, SlashRow, prospective_losses, slashes_in},
};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{
    abi::{IAllocationManager, IDelegationManager, IStrategyManager},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("restake_previewSlash", preview_slash_method),
    Method::heavy("restake_simulate", simulate_method),
];

/// Losers named in the words of a simulation; the figures have a page of them.
const MOST_NAMED: usize = 5;

/// Effects told of a simulation.
const MOST_EFFECTS: usize = 1_000;

/// A slash that somebody thinks of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SlashRequest {
    operator: Address,
    operator_set: SetArgument,
    strategies: Vec<Address>,
    wads_to_slash: Vec<Amount>,
    /// Who sends it; the set's slasher if nobody is named.
    from: Option<Address>,
    limit: Option<u64>,
    cursor: Option<String>,
}

fn preview_slash_method(cx: &Context, params: Params<'_>) -> Reply {
    reply(preview_slash(cx, params.one("slash")?))
}

fn simulate_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let paging: Paging = args.optional(1, "page of losses")?.unwrap_or_default();
    reply(simulate(cx, args.required(0, "transaction")?, &paging))
}

fn preview_slash(cx: &Context, request: SlashRequest) -> Result<Value, RpcError> {
    let SlashRequest { operator, operator_set: SetArgument(set), strategies, wads_to_slash, .. } = request;
    let wads: Vec<U256> = wads_to_slash.iter().map(|wad| wad.0).collect();
    let list = format!("preview {set} {operator} {strategies:?} {wads:?}");
    let paging = Paging { limit: request.limit, cursor: request.cursor };
    let wanted = paging.of(&list, ADDRESS_WIDTH)?;
    let snapshot = Snapshot::take(cx)?;
    if !snapshot.index().is_set(set)? {
        return Err(RpcError::params(format!("there is no operator set {set}")));
    }
    let mut asker = snapshot.next_block()?;
    let from = match request.from {
        Some(from) => from,
        None => slasher(&mut asker, set)?,
    };
    let params = IAllocationManager::SlashingParams {
        operator,
        operatorSetId: set.id,
        strategies,
        wadsToSlash: wads,
        description: String::new(),
    };
    let call = CallRequest {
        from,
        to: Some(ALLOCATION_MANAGER),
        gas: Some(cx.limits.max_call_gas),
        input: IAllocationManager::slashOperatorCall { avs: set.avs, params }.abi_encode().into(),
        ..CallRequest::default()
    };
    let outcome = asker.run(&call)?;
    let row = match slashes_in(0, numbered(&outcome.logs)).pop() {
        Some((_, row)) if outcome.is_success() => row,
        _ => return Err(failure(&outcome)),
    };
    let page = prospective_losses(&snapshot.view, &row, wanted.after(), wanted.limit)?;
    let mut told = row_json(&row, &magnitudes_before(&snapshot, &row)?);
    merge(&mut told, losses_json(&mut snapshot.asker(), &wanted, page, "would lose")?);
    merge(&mut told, json!({ "from": from, "gasUsed": outcome.gas_used }));
    snapshot.answer(told)
}

/// Who may slash for a set.
fn slasher(asker: &mut Asker<'_>, set: SetId) -> Result<Address, RpcError> {
    let operator_set = IAllocationManager::OperatorSet { avs: set.avs, id: set.id };
    asker.ask(ALLOCATION_MANAGER, &IAllocationManager::getSlasherCall { operatorSet: operator_set })
}

/// The error of a call that did not return.
fn failure(outcome: &Outcome) -> RpcError {
    let nothing = |_| RpcError::server("the call succeeds and slashes nothing");
    outcome_of(outcome.clone()).map_or_else(|error| error, nothing)
}

fn magnitudes_before(snapshot: &Snapshot<'_>, row: &SlashRow) -> Result<Vec<Option<u64>>, RpcError> {
    let before = |cut: &chain::index::Cut| match cut.mark {
        0 => Ok(None),
        _ => snapshot.index().magnitude_before(row.operator, cut.strategy, Place::LAST).map(Some),
    };
    Ok(row.cuts.iter().map(before).collect::<Result<_, _>>()?)
}

/// Runs a transaction in the next block and tells what it would do.
fn simulate(cx: &Context, request: TransactionRequest, paging: &Paging) -> Result<Value, RpcError> {
    let mut call = call_request(request)?;
    call.gas = Some(call.gas.unwrap_or(u64::MAX).min(cx.limits.max_call_gas));
    let snapshot = Snapshot::take(cx)?;
    let outcome = snapshot.next_block()?.run(&call)?;
    let mut asker = snapshot.asker();
    let mut effects = Vec::new();
    for log in outcome.logs.iter().take(MOST_EFFECTS) {
        effects.extend(effect(&mut asker, log)?);
    }
    let (mut slashes, mut said) = (Vec::new(), Vec::new());
    let found = slashes_in(0, numbered(&outcome.logs));
    for (at, (_, row)) in found.iter().enumerate() {
        let wanted = paging.of(&format!("simulate {call:?} {at}"), ADDRESS_WIDTH)?;
        let page = prospective_losses(&snapshot.view, row, wanted.after(), wanted.limit)?;
        let more = page.next.is_some();
        let mut told = row_json(row, &magnitudes_before(&snapshot, row)?);
        let losses = losses_json(&mut asker, &wanted, page, "would lose")?;
        said.extend(named(&losses, more));
        merge(&mut told, losses);
        slashes.push(told);
    }
    let words: Vec<Value> =
        effects.iter().filter_map(|effect| effect.get("words").cloned()).chain(said).collect();
    let error = (!outcome.is_success()).then(|| failure(&outcome));
    snapshot.answer(json!({
        "succeeds": outcome.is_success(),
        "gasUsed": outcome.gas_used,
        "error": error.as_ref().map(RpcError::message),
        "effects": effects,
        "slashes": slashes,
        "words": match error {
            Some(error) => vec![json!(format!("the transaction would fail: {}", error.message()))],
            None if words.is_empty() => vec![json!("the transaction would change nothing in restaking")],
            None => words,
        },
    }))
}

/// The first losers in words, and whether there are more.
fn named(losses: &Value, more: bool) -> Vec<Value> {
    let items = losses.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut said: Vec<Value> =
        items.iter().take(MOST_NAMED).filter_map(|loss| loss.get("words").cloned()).collect();
    let left = items.len().saturating_sub(MOST_NAMED);
    match (left, more) {
        (0, false) => {}
        (left, false) => said.push(json!(format!("{left} other stakers would lose too"))),
        (_, true) => said.push(json!("many other stakers would lose too")),
    }
    said
}

/// What a log of the core means, in figures and in words; `None` for others and for mere bookkeeping.
fn effect(asker: &mut Asker<'_>, log: &Log) -> Result<Option<Value>, RpcError> {
    match log.address {
        STRATEGY_MANAGER => deposit_effect(asker, log),
        DELEGATION_MANAGER => delegation_effect(asker, log),
        ALLOCATION_MANAGER => Ok(allocation_effect(log)),
        _ => Ok(None),
    }
}

fn deposit_effect(asker: &mut Asker<'_>, log: &Log) -> Result<Option<Value>, RpcError> {
    let Ok(deposit) = IStrategyManager::Deposit::decode_log_data(&log.data) else { return Ok(None) };
    let token = asker.token(deposit.strategy)?;
    let tokens = asker.underlying(deposit.strategy, deposit.shares)?;
    let words = format!("{} would hold {} more", words::short(deposit.staker), words::amount(tokens, &token));
    Ok(Some(json!({
        "kind": "deposit",
        "staker": deposit.staker,
        "strategy": deposit.strategy,
        "depositShares": deposit.shares.to_string(),
        "words": words,
    })))
}

fn delegation_effect(asker: &mut Asker<'_>, log: &Log) -> Result<Option<Value>, RpcError> {
    use IDelegationManager::{
        OperatorRegistered, SlashingWithdrawalCompleted, SlashingWithdrawalQueued, StakerDelegated,
        StakerUndelegated,
    };
    let data = &log.data;
    if let Ok(StakerDelegated { staker, operator }) = StakerDelegated::decode_log_data(data) {
        let words = format!("{} would delegate to {}", words::short(staker), words::short(operator));
        return Ok(Some(
            json!({ "kind": "delegation", "staker": staker, "operator": operator, "words": words }),
        ));
    }
    if let Ok(StakerUndelegated { staker, operator }) = StakerUndelegated::decode_log_data(data) {
        let words = format!("{} would leave {}", words::short(staker), words::short(operator));
        return Ok(Some(
            json!({ "kind": "undelegation", "staker": staker, "operator": operator, "words": words }),
        ));
    }
    if let Ok(OperatorRegistered { operator, .. }) = OperatorRegistered::decode_log_data(data) {
        let words = format!("{} would become an operator", words::short(operator));
        return Ok(Some(json!({ "kind": "operator", "operator": operator, "words": words })));
    }
    if let Ok(SlashingWithdrawalCompleted { withdrawalRoot }) =
        SlashingWithdrawalCompleted::decode_log_data(data)
    {
        let words = "a withdrawal would be completed";
        return Ok(Some(json!({ "kind": "withdrawalCompleted", "root": withdrawalRoot, "words": words })));
    }
    if let Ok(queued) = SlashingWithdrawalQueued::decode_log_data(data) {
        let mut parts = Vec::new();
        for (strategy, shares) in queued.withdrawal.strategies.iter().zip(&queued.sharesToWithdraw) {
            let token = asker.token(*strategy)?;
            parts.push(words::amount(asker.underlying(*strategy, *shares)?, &token));
        }
        let staker = queued.withdrawal.staker;
        let words = format!("{} would queue {} for withdrawal", words::short(staker), words::list(&parts));
        let shares: Vec<String> = queued.sharesToWithdraw.iter().map(U256::to_string).collect();
        return Ok(Some(json!({
            "kind": "withdrawalQueued",
            "root": queued.withdrawalRoot,
            "staker": staker,
            "operator": queued.withdrawal.delegatedTo,
            "strategies": queued.withdrawal.strategies,
            "withdrawableShares": shares,
            "words": words,
        })));
    }
    Ok(None)
}

fn allocation_effect(log: &Log) -> Option<Value> {
    let update = IAllocationManager::AllocationUpdated::decode_log_data(&log.data).ok()?;
    let IAllocationManager::AllocationUpdated {
        operator,
        operatorSet: set,
        strategy,
        magnitude,
        effectBlock,
    } = update;
    let set = SetId { avs: set.avs, id: set.id };
    let token = super::ask::Token { address: None, symbol: "of its magnitude".into(), decimals: 18 };
    let words = format!(
        "operator set {} of {} could slash {} of {} in {} from block {effectBlock} on",
        set.id,
        words::short(set.avs),
        words::amount(U256::from(magnitude), &token).replace(" of its magnitude", ""),
        words::short(operator),
        words::short(strategy),
    );
    Some(json!({
        "kind": "allocation",
        "operator": operator,
        "operatorSet": super::arguments::set_json(set),
        "strategy": strategy,
        "magnitude": magnitude.to_string(),
        "effectBlock": effectBlock,
        "words": words,
    }))
}
