//! Slashes, and what each staker lost by them.

use super::{
    arguments::{Paging, SetArgument, Wanted, set_json},
    ask::{Asker, Snapshot, reply},
    operators::ADDRESS_WIDTH,
    position::PLACE_WIDTH,
    words::{self, Lost},
};
use crate::{
    context::Context, error::RpcError, json::Reply, method::Method, params::Params, quantity::Quantity,
};
use alloy_primitives::{Address, U256};
use chain::index::{
    Loss, LossError, Page, SetId, Slash, SlashFilter, SlashRow, SlashSubject, losses as losses_by,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) const METHODS: &[Method] =
    &[Method::heavy("restake_slashes", slashes_method), Method::heavy("restake_losses", losses_method)];

/// Which slashes are wanted: every field narrows.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    avs: Option<Address>,
    operator_set: Option<SetArgument>,
    operator: Option<Address>,
    strategy: Option<Address>,
    from_block: Option<Quantity>,
    to_block: Option<Quantity>,
    limit: Option<u64>,
    cursor: Option<String>,
}

impl From<LossError> for RpcError {
    fn from(error: LossError) -> Self {
        match error {
            LossError::Read(error) => error.into(),
            numbers @ LossError::Numbers { .. } => Self::server(numbers.to_string()),
        }
    }
}

fn slashes_method(cx: &Context, params: Params<'_>) -> Reply {
    let filter: Filter = params.args()?.optional(0, "filter")?.unwrap_or_default();
    let subject = match (filter.operator_set, filter.avs, filter.operator) {
        (Some(SetArgument(set)), Some(avs), _) if set.avs != avs => {
            return reply(Err(RpcError::params("avs and operatorSet name different services")));
        }
        (Some(SetArgument(set)), ..) => SlashSubject::Set(set),
        (None, Some(avs), _) => SlashSubject::Service(avs),
        (None, None, Some(operator)) => SlashSubject::Operator(operator),
        (None, None, None) => SlashSubject::All,
    };
    let wanted = SlashFilter {
        subject,
        operator: filter.operator,
        strategy: filter.strategy,
        from: filter.from_block.map_or(0, |block| block.0),
        to: filter.to_block.map_or(u64::MAX, |block| block.0),
    };
    reply(slashes(cx, &wanted, &Paging { limit: filter.limit, cursor: filter.cursor }))
}

fn losses_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let SetArgument(set) = args.required(0, "operator set")?;
    let id: Quantity = args.required(1, "slash id")?;
    let paging: Paging = args.optional(2, "page")?.unwrap_or_default();
    reply(losses(cx, set, id.0, &paging))
}

/// Slashes, the newest first.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn slashes(cx: &Context, filter: &SlashFilter, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let told = slashes_of(&snapshot, filter, paging)?;
    snapshot.answer(told)
}

/// A page of slashes of a snapshot.
pub(super) fn slashes_of(
    snapshot: &Snapshot<'_>,
    filter: &SlashFilter,
    paging: &Paging,
) -> Result<Value, RpcError> {
    let wanted = paging.of(&format!("slashes {filter:?}"), PLACE_WIDTH)?;
    let page = snapshot.index().slashes(filter, wanted.after(), wanted.limit)?;
    wanted.page(page, |slash| slash_json(snapshot, &slash))
}

/// A slash with its transaction.
pub(super) fn slash_json(snapshot: &Snapshot<'_>, slash: &Slash) -> Result<Value, RpcError> {
    let Slash { place, row } = slash;
    let block = snapshot.view.block(place.block)?;
    let transaction = usize::try_from(row.transaction).ok();
    let transaction = block.as_ref().and_then(|block| block.transactions.get(transaction?));
    let mut told = json!({
        "blockNumber": place.block,
        "logIndex": place.log,
        "timestamp": block.as_ref().map(|block| block.header.timestamp),
        "transactionHash": transaction.map(|transaction| transaction.hash),
    });
    let mut more = Vec::new();
    for cut in &row.cuts {
        let mark = chain::index::Place { log: cut.mark.saturating_sub(1), ..*place };
        let before = match cut.mark {
            0 => None,
            _ => Some(snapshot.index().magnitude_before(row.operator, cut.strategy, mark)?),
        };
        more.push(before);
    }
    merge(&mut told, row_json(row, &more));
    Ok(told)
}

/// What a slash did, with the magnitudes before it.
pub(super) fn row_json(row: &SlashRow, before: &[Option<u64>]) -> Value {
    let cuts = row.cuts.iter().zip(before).map(|(cut, before)| {
        json!({
            "strategy": cut.strategy,
            "wadSlashed": cut.wad_slashed.to_string(),
            "maxMagnitudeBefore": before.map(|magnitude| magnitude.to_string()),
            "maxMagnitudeAfter": before.map(|_| cut.magnitude.to_string()),
            "sharesSlashed": cut.shares.to_string(),
        })
    });
    json!({
        "operator": row.operator,
        "operatorSet": set_json(row.set()),
        "slashId": (row.slash_id != 0).then_some(row.slash_id),
        "description": row.description,
        "strategies": cuts.collect::<Vec<_>>(),
    })
}

/// Adds the fields of one object to another.
pub(super) fn merge(to: &mut Value, from: Value) {
    if let (Some(to), Value::Object(from)) = (to.as_object_mut(), from) {
        to.extend(from);
    }
}

/// What each staker lost by a slash, by staker.
///
/// # Errors
/// An unknown set or slash, a bad page, state that has been pruned, or the database's.
pub(crate) fn losses(cx: &Context, set: SetId, slash_id: u64, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let wanted = paging.of(&format!("losses {set} {slash_id}"), ADDRESS_WIDTH)?;
    if !snapshot.index().is_set(set)? {
        return Err(RpcError::params(format!("there is no operator set {set}")));
    }
    let Some(slash) = snapshot.index().slash_of(set, slash_id)? else {
        return Err(RpcError::params(format!(
            "operator set {set} has no slash {slash_id} that took anything"
        )));
    };
    let page = losses_by(&snapshot.view, &slash, wanted.after(), wanted.limit)?;
    let mut told = slash_json(&snapshot, &slash)?;
    merge(&mut told, losses_json(&mut snapshot.asker(), &wanted, page, "lost")?);
    snapshot.answer(told)
}

/// A page of losses, in figures and in words; `verb` says whether they are past.
pub(super) fn losses_json(
    asker: &mut Asker<'_>,
    wanted: &Wanted,
    page: Page<Loss>,
    verb: &str,
) -> Result<Value, RpcError> {
    wanted.page(page, |loss| {
        let mut strategies = Vec::new();
        let mut said = Vec::new();
        for it in &loss.strategies {
            let (token, lost) = (asker.token(it.strategy)?, it.lost());
            let tokens = asker.underlying(it.strategy, lost)?;
            let had = it.before.saturating_add(it.queued_before);
            said.push(words::amount_lost(&Lost { token: &token, tokens, lost, had }));
            let text = |amount: U256| amount.to_string();
            strategies.push(json!({
                "strategy": it.strategy,
                "withdrawableBefore": text(it.before),
                "withdrawableAfter": text(it.after),
                "queuedBefore": text(it.queued_before),
                "queuedAfter": text(it.queued_after),
                "sharesLost": text(lost),
                "token": token.address,
                "symbol": token.symbol,
                "decimals": token.decimals,
                "tokensLost": text(tokens),
            }));
        }
        let words = format!("{} {verb} {}", words::short(loss.staker), words::list(&said));
        Ok(json!({ "staker": loss.staker, "strategies": strategies, "words": words }))
    })
}
