//! A staker's whole position, and its withdrawals, waiting and done. What the state knows comes from Lens; the index adds
//! what is over.

use super::{
    arguments::Paging,
    ask::{Asker, Snapshot, reply},
};
use crate::{context::Context, error::RpcError, json::Reply, method::Method, params::Params};
use alloy_primitives::{Address, B256, U256};
use chain::index::{Withdrawal, WithdrawalStatus};
use serde_json::{Value, json};
use types::{
    abi::{ICovenants, IDelegationManager, ILens},
    addresses::{COVENANTS, LENS},
};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("restake_position", position_method),
    Method::heavy("restake_withdrawals", withdrawals_method),
];

/// Bytes of a place in a cursor.
pub(super) const PLACE_WIDTH: usize = 12;

fn position_method(cx: &Context, params: Params<'_>) -> Reply {
    reply(position(cx, params.one("staker")?))
}

fn withdrawals_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let paging: Paging = args.optional(1, "page")?.unwrap_or_default();
    reply(withdrawals(cx, args.required(0, "staker")?, &paging))
}

/// All that a staker has, and what of it can be lost.
///
/// # Errors
/// The database's.
pub(crate) fn position(cx: &Context, staker: Address) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let mut asker = snapshot.asker();
    let mut answer = asker.tell(LENS, &ILens::positionCall { staker })?;
    if let Some(holdings) = answer.get_mut("holdings").and_then(Value::as_array_mut) {
        for holding in holdings {
            add_worth(&mut asker, holding)?;
        }
    }
    let policy = asker.tell(COVENANTS, &ICovenants::policyOfCall { staker })?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("policy".into(), policy);
    }
    snapshot.answer(answer)
}

/// Adds to an object with a strategy and withdrawable shares what they are worth in the strategy's token.
fn add_worth(asker: &mut Asker<'_>, holding: &mut Value) -> Result<(), RpcError> {
    let field = |name: &str| holding.get(name).and_then(Value::as_str);
    let strategy: Option<Address> = field("strategy").and_then(|text| text.parse().ok());
    let shares: Option<U256> = field("withdrawableShares").and_then(|text| text.parse().ok());
    let (Some(strategy), Some(shares)) = (strategy, shares) else { return Ok(()) };
    let token = asker.token(strategy)?;
    let worth = asker.underlying(strategy, shares)?;
    if let Some(fields) = holding.as_object_mut() {
        fields.insert("token".into(), json!(token.address));
        fields.insert("symbol".into(), json!(token.symbol));
        fields.insert("decimals".into(), json!(token.decimals));
        fields.insert("withdrawableTokens".into(), json!(worth.to_string()));
    }
    Ok(())
}

/// A staker's withdrawals, the newest first.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn withdrawals(cx: &Context, staker: Address, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let wanted = paging.of(&format!("withdrawals {staker}"), PLACE_WIDTH)?;
    let page = snapshot.index().withdrawals(staker, (0, u64::MAX), wanted.after(), wanted.limit)?;
    let mut asker = snapshot.asker();
    snapshot.answer(wanted.page(page, |withdrawal| withdrawal_json(&snapshot, &mut asker, &withdrawal))?)
}

/// The withdrawal with a root; `None`: nobody queued it.
///
/// # Errors
/// The database's.
pub(crate) fn withdrawal(cx: &Context, root: B256) -> Result<Option<Value>, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let Some(withdrawal) = snapshot.index().withdrawal(root)? else { return Ok(None) };
    let told = withdrawal_json(&snapshot, &mut snapshot.asker(), &withdrawal)?;
    snapshot.answer(told).map(Some)
}

/// A withdrawal: what was queued, and what it pays now or why it no longer does.
pub(super) fn withdrawal_json(
    snapshot: &Snapshot<'_>,
    asker: &mut Asker<'_>,
    withdrawal: &Withdrawal,
) -> Result<Value, RpcError> {
    let Withdrawal { staker, place, row, status } = withdrawal;
    let delay = u64::from(snapshot.cx.chain.params().withdrawal_delay_blocks);
    let until = place.block.saturating_add(delay);
    let completable = until.saturating_add(1);
    let (status, completed) = match status {
        WithdrawalStatus::Completed(place) => ("completed", Some(place.block)),
        WithdrawalStatus::Queued if snapshot.head().saturating_add(1) >= completable => ("completable", None),
        WithdrawalStatus::Queued => ("queued", None),
    };
    let strings = |amounts: &[U256]| amounts.iter().map(U256::to_string).collect::<Vec<_>>();
    let mut pays = None;
    if completed.is_none() {
        let call = IDelegationManager::getQueuedWithdrawalCall { withdrawalRoot: row.root };
        pays = asker.try_ask(types::addresses::DELEGATION_MANAGER, &call)?.map(|it| strings(&it.shares));
    }
    Ok(json!({
        "root": row.root,
        "staker": staker,
        "operator": row.operator,
        "withdrawer": row.withdrawer,
        "nonce": row.nonce.to_string(),
        "startBlock": place.block,
        "slashableUntilBlock": until,
        "completableBlock": completable,
        "status": status,
        "completedBlock": completed,
        "strategies": row.strategies,
        "scaledShares": strings(&row.scaled_shares),
        "queuedShares": strings(&row.shares),
        "withdrawableShares": pays,
    }))
}
