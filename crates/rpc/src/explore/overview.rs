//! The whole chain on one page: what is staked and with whom, how concentrated it is, what services hold, how secure
//! that is, what was lost, and what happened last.

use super::{amounts::Worth, asked, blocks, once_a_block, ranking};
use crate::{
    context::Context,
    error::RpcError,
    restake::ask::{Snapshot, snake_case},
};
use alloy_primitives::{Address, U256};
use chain::index::{SlashFilter, SlashSubject};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Operators, services and slashes that are counted: beyond, the answer says `more`.
const MOST_COUNTED: usize = 5_000;
/// Operators that are told by name.
const TOLD_OPERATORS: usize = 10;
/// Blocks and transactions that are told.
const TOLD_BLOCKS: u64 = 8;
const TOLD_TRANSACTIONS: usize = 12;
/// Blocks that are searched for the newest transactions.
const SEARCHED_BLOCKS: u64 = 32;
/// Slashes that are told.
const TOLD_SLASHES: usize = 5;
/// Seconds that the search for a bound of security may take.
const SLACK_SECONDS: f64 = 1.0;

/// The overview.
///
/// # Errors
/// The database's.
pub(crate) fn overview(cx: &Context) -> Result<Value, RpcError> {
    once_a_block(cx, "overview", || {
        let snapshot = Snapshot::take(cx)?;
        let mut body = stake(&snapshot)?;
        let params = cx.chain.params();
        let mut asker = snapshot.asker();
        let view = &snapshot.view;
        let head = view.head();
        let mut newest = Vec::new();
        for number in (head.saturating_sub(TOLD_BLOCKS.saturating_sub(1))..=head).rev() {
            newest.extend(view.block(number)?.map(|block| blocks::row(&block)));
        }
        let more = json!({
            "chain": {
                "chain_id": cx.chain.chain_id(),
                "preset": cx.chain.genesis().preset.to_string(),
                "rules": params.rules.to_string(),
                "is_dev": cx.chain.genesis().dev,
                "seconds_per_block": params.slot_secs,
                "withdrawal_delay_blocks": params.withdrawal_delay_blocks,
            },
            "services": services(&snapshot)?,
            "slashes": slashes(cx, &snapshot)?,
            "risk": risk(cx),
            "blocks": newest,
            "transactions": blocks::newest(&snapshot, &mut asker, SEARCHED_BLOCKS, TOLD_TRANSACTIONS)?,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        snapshot.answer(body).map(snake_case)
    })
}

/// What operators hold, the largest first, and how many hold a third, a half, two thirds.
fn stake(snapshot: &Snapshot<'_>) -> Result<Value, RpcError> {
    let ranking::Ranking { unit, worths, totals, held, total, more } = ranking::rank(snapshot)?;
    let largest: Vec<Value> = held
        .iter()
        .filter(|(_, stake)| !stake.is_zero())
        .take(TOLD_OPERATORS)
        .map(|(operator, stake)| json!({ "operator": operator, "stake": stake.to_string() }))
        .collect();
    Ok(json!({
        "unit": unit.json(),
        "staked": total.to_string(),
        "operators": {
            "count": held.len(),
            "more": more,
            "withStake": held.iter().filter(|(_, stake)| !stake.is_zero()).count(),
            "largest": largest,
            "groups": [group(&held, total, 1, 3), group(&held, total, 1, 2), group(&held, total, 2, 3)],
        },
        "strategies": strategies(&worths, &totals),
    }))
}

/// The fewest operators that hold more than `numerator / denominator` of all, and what they hold.
fn group(held: &[(Address, U256)], total: U256, numerator: u64, denominator: u64) -> Value {
    let bound = total.saturating_mul(U256::from(numerator));
    let (mut count, mut sum) = (0_usize, U256::ZERO);
    for (_, stake) in held.iter().filter(|(_, stake)| !stake.is_zero()) {
        if sum.saturating_mul(U256::from(denominator)) > bound {
            break;
        }
        sum = sum.saturating_add(*stake);
        count = count.saturating_add(1);
    }
    json!({ "of": format!("{numerator}/{denominator}"), "operators": count, "stake": sum.to_string() })
}

fn strategies(worths: &[Worth], totals: &[U256]) -> Vec<Value> {
    let one = |(worth, total): (&Worth, &U256)| {
        json!({
            "strategy": worth.strategy,
            "symbol": worth.token.symbol,
            "decimals": worth.token.decimals,
            "delegatedShares": total.to_string(),
            "delegatedTokens": worth.tokens(*total).to_string(),
        })
    };
    worths.iter().zip(totals).map(one).collect()
}

fn services(snapshot: &Snapshot<'_>) -> Result<Value, RpcError> {
    let index = snapshot.index();
    let page = index.services(None, MOST_COUNTED)?;
    let (mut sets, mut registered) = (0_usize, 0_usize);
    for avs in &page.items {
        let left = MOST_COUNTED.saturating_sub(sets);
        sets = sets.saturating_add(index.sets(*avs, None, left)?.items.len());
        let has = !index.registered(*avs, None, 1)?.items.is_empty();
        registered = registered.saturating_add(usize::from(has));
    }
    Ok(json!({
        "count": page.items.len(),
        "more": page.next.is_some(),
        "operatorSets": sets,
        "registeredInDirectory": registered,
    }))
}

/// The newest slashes, their number, and what they took by token.
fn slashes(cx: &Context, snapshot: &Snapshot<'_>) -> Result<Value, RpcError> {
    let filter = SlashFilter { subject: SlashSubject::All, ..SlashFilter::default() };
    let page = snapshot.index().slashes(&filter, None, MOST_COUNTED)?;
    let mut lost: BTreeMap<Address, U256> = BTreeMap::new();
    for cut in page.items.iter().flat_map(|slash| &slash.row.cuts) {
        let sum = lost.entry(cut.strategy).or_default();
        *sum = sum.saturating_add(cut.shares);
    }
    let mut asker = snapshot.asker();
    let mut told = Vec::new();
    for (strategy, shares) in lost {
        let (token, tokens) = (asker.token(strategy)?, asker.underlying(strategy, shares)?);
        told.push(json!({
            "strategy": strategy, "symbol": token.symbol, "decimals": token.decimals, "tokens": tokens.to_string(),
        }));
    }
    let newest = asked(cx, "restake_slashes", &json!([{ "limit": TOLD_SLASHES }]))?;
    Ok(json!({
        "count": page.items.len(), "more": page.next.is_some(), "lost": told, "newest": newest.get("items"),
    }))
}

/// The certified slack, or why there is none.
fn risk(cx: &Context) -> Value {
    match asked(cx, "restake_riskSlack", &json!([{ "seconds": SLACK_SECONDS }])) {
        Ok(answer) => answer,
        Err(error) => json!({ "unknown": error.message() }),
    }
}
