//! The events of a sealed block that a rule is about. What a subscriber of `restake_subscribe` would be told, an alert
//! tells with the keys of REST; what an operator changed about itself is read here.

use super::{
    Alert,
    rule::{Kind, Rule},
    watch::{Moment, alert},
    words,
};
use crate::{
    alerts::book::Cursor,
    context::Context,
    restake::{
        ask::snake_case,
        position,
        subscribe::{self, Filter},
    },
};
use alloy_primitives::{Address, Log};
use alloy_sol_types::SolEvent;
use chain::{ReadError, SealedBlock, View, index::SetId};
use serde_json::{Value, json};
use types::{
    abi::{IAllocationManager, ICovenants, IDelegationManager},
    addresses::{ALLOCATION_MANAGER, COVENANTS, DELEGATION_MANAGER},
};

/// The alerts of a rule in a block.
///
/// # Errors
/// A block that cannot be read.
pub(super) fn alerts(
    context: &Context,
    view: &View,
    rule: &Rule,
    number: u64,
) -> Result<Vec<Alert>, ReadError> {
    let Some(block) = view.block(number)? else { return Ok(Vec::new()) };
    let told = match rule.kind {
        Kind::Slash => of_staker(context, rule, events(&block, subscribe::Kind::Slash, rule)),
        Kind::PendingSlash => of_staker(context, rule, events(&block, subscribe::Kind::PendingSlash, rule)),
        Kind::Allocation => of_staker(context, rule, events(&block, subscribe::Kind::Allocation, rule)),
        Kind::Operator => {
            let mut told = match rule.avs.is_some() || rule.operator_set.is_some() {
                true => Vec::new(),
                false => events(&block, subscribe::Kind::Delegation, rule),
            };
            told.extend(of_staker(context, rule, changes(&block, rule)));
            told
        }
        Kind::WithdrawalReady => return ready(context, view, rule, &block),
        Kind::Gamma | Kind::Concentration => Vec::new(),
    };
    Ok(told.into_iter().map(|data| of(rule, &block, data)).collect())
}

fn of(rule: &Rule, block: &SealedBlock, data: Value) -> Alert {
    let data = snake_case(data);
    let cursor = Cursor { number: block.header.number, hash: block.hash };
    let at = Moment { cursor, timestamp: block.header.timestamp };
    // A withdrawal that is ready has no log in this block; its root tells it from others.
    let told = &data;
    let place = told["log_index"].as_u64().map(|index| index.to_string());
    let place = place.or_else(|| told["root"].as_str().map(str::to_owned)).unwrap_or_default();
    alert(rule, at, &place, words::of(rule.kind, &data), data)
}

/// What `restake_subscribe` tells of a block. A slash and an allocation are of no staker: see [`of_staker`].
fn events(block: &SealedBlock, kind: subscribe::Kind, rule: &Rule) -> Vec<Value> {
    let is_of_stakers = matches!(kind, subscribe::Kind::Delegation | subscribe::Kind::Withdrawal);
    let mut wanted = serde_json::Map::new();
    let scope = [
        ("staker", rule.staker.filter(|_| is_of_stakers).map(|it| json!(it))),
        ("operator", rule.operator.map(|it| json!(it))),
        ("avs", rule.avs.map(|it| json!(it))),
        ("operatorSet", rule.operator_set.as_ref().map(|it| json!(it))),
        ("strategy", rule.strategy.map(|it| json!(it))),
    ];
    wanted.extend(scope.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    // A rule was checked when it came in.
    let filter: Filter = serde_json::from_value(Value::Object(wanted)).unwrap_or_default();
    subscribe::events(block, kind, &filter)
}

/// Of events about operators those that concern the rule's staker: its operator of now, and those under whom it still
/// has withdrawals waiting. Who cannot be asked for counts as concerned.
fn of_staker(context: &Context, rule: &Rule, told: Vec<Value>) -> Vec<Value> {
    let Some(staker) = rule.staker.filter(|_| !told.is_empty()) else { return told };
    let position = &match position::position(context, staker) {
        Ok(position) => position,
        Err(error) => {
            tracing::warn!(error = error.message(), rule = rule.name, "the staker's operator is unknown");
            return told;
        }
    };
    let queued = position["queued"].as_array().map_or(&[][..], Vec::as_slice);
    let operators: Vec<&str> = std::iter::once(&position["operator"])
        .chain(queued.iter().map(|row| &row["operator"]))
        .filter_map(Value::as_str)
        .collect();
    let is_its = |event: &Value| {
        event["operator"]
            .as_str()
            .is_some_and(|it| operators.iter().any(|known| known.eq_ignore_ascii_case(it)))
    };
    told.into_iter().filter(is_its).collect()
}

/// What operators changed about themselves, in the order of the logs.
fn changes(block: &SealedBlock, rule: &Rule) -> Vec<Value> {
    let mut told = Vec::new();
    let logs = block.receipts.iter().zip(&block.transactions);
    let logs =
        logs.flat_map(|(receipt, transaction)| receipt.logs().iter().map(move |log| (transaction.hash, log)));
    for (index, (hash, log)) in (0_u64..).zip(logs) {
        let Some((operator, set, mut data)) = change(log) else { continue };
        let takes = rule.operator.is_none_or(|wanted| wanted == operator)
            && rule.avs.is_none_or(|wanted| set.is_some_and(|set| set.avs == wanted))
            && rule.set().is_none_or(|wanted| set == Some(wanted));
        if !takes {
            continue;
        }
        if let Some(fields) = data.as_object_mut() {
            fields.insert("kind".into(), json!("operator"));
            fields.insert("operator".into(), json!(operator));
            fields.insert("transaction_hash".into(), json!(hash));
            fields.insert("log_index".into(), json!(index));
        }
        told.push(data);
    }
    told
}

/// A log by which an operator changed something: who, in which set, and what.
fn change(log: &Log) -> Option<(Address, Option<SetId>, Value)> {
    let data = &log.data;
    match log.address {
        ALLOCATION_MANAGER => {
            use IAllocationManager::{
                AllocationDelaySet, OperatorAddedToOperatorSet, OperatorRemovedFromOperatorSet,
            };
            let in_set = |operator, set: IAllocationManager::OperatorSet, change: &str| {
                let set = SetId { avs: set.avs, id: set.id };
                (
                    operator,
                    Some(set),
                    json!({ "change": change, "operator_set": { "avs": set.avs, "id": set.id } }),
                )
            };
            if let Ok(it) = AllocationDelaySet::decode_log_data(data) {
                let told =
                    json!({ "change": "delay", "delay_blocks": it.delay, "effect_block": it.effectBlock });
                return Some((it.operator, None, told));
            }
            if let Ok(it) = OperatorAddedToOperatorSet::decode_log_data(data) {
                return Some(in_set(it.operator, it.operatorSet, "joined"));
            }
            let it = OperatorRemovedFromOperatorSet::decode_log_data(data).ok()?;
            Some(in_set(it.operator, it.operatorSet, "left"))
        }
        DELEGATION_MANAGER => {
            use IDelegationManager::{DelegationApproverUpdated, OperatorMetadataURIUpdated};
            if let Ok(it) = DelegationApproverUpdated::decode_log_data(data) {
                let told = json!({ "change": "approver", "approver": it.newDelegationApprover });
                return Some((it.operator, None, told));
            }
            let it = OperatorMetadataURIUpdated::decode_log_data(data).ok()?;
            Some((it.operator, None, json!({ "change": "metadata", "metadata_uri": it.metadataURI })))
        }
        COVENANTS => {
            let it = ICovenants::CovenantSet::decode_log_data(data).ok()?;
            Some((it.operator, None, json!({ "change": "covenant", "effect_block": it.effectBlock })))
        }
        _ => None,
    }
}

/// Withdrawals that can be completed in the block after this one: those queued one delay ago. None can have been
/// completed yet.
fn ready(context: &Context, view: &View, rule: &Rule, block: &SealedBlock) -> Result<Vec<Alert>, ReadError> {
    let delay = u64::from(context.chain.params().withdrawal_delay_blocks);
    let Some(queued) = block.header.number.checked_sub(delay) else { return Ok(Vec::new()) };
    let Some(from) = view.block(queued)? else { return Ok(Vec::new()) };
    let told = events(&from, subscribe::Kind::Withdrawal, rule);
    let told = told.into_iter().filter(|event| event["status"] == json!("queued"));
    let alerts = told.map(|mut data| {
        if let Some(fields) = data.as_object_mut() {
            // They say where it was queued, which is not where it is ready.
            for name in ["blockNumber", "blockHash", "timestamp", "logIndex", "transactionHash"] {
                fields.remove(name);
            }
            fields.insert("status".into(), json!("completable"));
            fields.insert("completableBlock".into(), json!(block.header.number.saturating_add(1)));
        }
        of(rule, block, data)
    });
    Ok(alerts.collect())
}
