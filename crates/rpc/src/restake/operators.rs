//! Operators' books: what is delegated, what services can take of it, who delegates, what was slashed. And strategies.

use super::{
    arguments::{Paging, set_json},
    ask::{Asker, Snapshot, reply},
    position::withdrawal_json,
    slashes::slashes_of,
};
use crate::{context::Context, error::RpcError, json::Reply, method::Method, params::Params};
use alloy_primitives::{Address, U256};
use chain::index::{Described, Page, Place, SetId, SlashFilter, SlashSubject};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{
    abi::{IAllocationManager, ICovenants, IDelegationManager, ILens, IStrategy, IStrategyManager},
    addresses::{
        ALLOCATION_MANAGER, BEACON_STRATEGY, COVENANTS, DELEGATION_MANAGER, EIGEN_STRATEGY, LENS,
        STRATEGY_MANAGER, TEST_TOKEN_STRATEGY,
    },
};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("restake_operator", operator_method),
    Method::heavy("restake_operators", operators_method),
    Method::heavy("restake_allocations", allocations_method),
    Method::heavy("restake_strategies", strategies_method),
    Method::heavy("restake_delegators", delegators_method),
];

/// Bytes of an address in a cursor.
pub(super) const ADDRESS_WIDTH: usize = 20;

/// Bytes of a number in a cursor.
const NUMBER_WIDTH: usize = 8;

/// Most strategies that an operator's book looks for shares in: far more than any chain has.
const MOST_STRATEGIES: usize = 1_000;

/// Items of the lists inside a book; the lists' own methods have the rest.
pub(super) const FIRST_ITEMS: usize = 20;

/// Which operators are wanted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OperatorFilter {
    operator_set: Option<super::arguments::SetArgument>,
    registered_with: Option<Address>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// Whose operators are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OperatorsOf {
    /// All that there are.
    All,
    /// Members of an operator set.
    Set(SetId),
    /// Those registered with a service in AVSDirectory.
    Directory(Address),
}

fn operator_method(cx: &Context, params: Params<'_>) -> Reply {
    reply(operator(cx, params.one("operator")?))
}

fn operators_method(cx: &Context, params: Params<'_>) -> Reply {
    let filter: OperatorFilter = params.args()?.optional(0, "filter")?.unwrap_or_default();
    let paging = Paging { limit: filter.limit, cursor: filter.cursor };
    let of = match (filter.operator_set, filter.registered_with) {
        (None, None) => OperatorsOf::All,
        (Some(set), None) => OperatorsOf::Set(set.0),
        (None, Some(avs)) => OperatorsOf::Directory(avs),
        (Some(_), Some(_)) => {
            return Err(RpcError::params("operatorSet and registeredWith are two lists: name one"));
        }
    };
    reply(operators(cx, of, &paging))
}

fn allocations_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let paging: Paging = args.optional(1, "page")?.unwrap_or_default();
    reply(allocations(cx, args.required(0, "operator")?, &paging))
}

fn strategies_method(cx: &Context, params: Params<'_>) -> Reply {
    let paging: Paging = params.args()?.optional(0, "page")?.unwrap_or_default();
    reply(strategies(cx, &paging))
}

fn delegators_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let paging: Paging = args.optional(1, "page")?.unwrap_or_default();
    reply(delegators(cx, args.required(0, "operator")?, &paging))
}

/// Strategies that no log opened for deposits: the genesis did.
fn genesis_strategies(snapshot: &Snapshot<'_>) -> impl Iterator<Item = Address> {
    let dev = snapshot.cx.chain.genesis().dev.then_some(TEST_TOKEN_STRATEGY);
    dev.into_iter().chain([EIGEN_STRATEGY, BEACON_STRATEGY])
}

/// All strategies, sorted.
pub(crate) fn all_strategies(snapshot: &Snapshot<'_>) -> Result<Vec<Address>, RpcError> {
    let mut all = snapshot.index().strategies(None, MOST_STRATEGIES)?.items;
    all.extend(genesis_strategies(snapshot));
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Strategies in which an operator has shares, and how many.
fn shares_of(
    asker: &mut Asker<'_>,
    operator: Address,
    strategies: &[Address],
) -> Result<Vec<(Address, U256)>, RpcError> {
    let call = IDelegationManager::getOperatorSharesCall { operator, strategies: strategies.to_vec() };
    let shares = asker.ask(DELEGATION_MANAGER, &call)?;
    Ok(strategies.iter().copied().zip(shares).filter(|(_, shares)| !shares.is_zero()).collect())
}

/// An operator's book.
///
/// # Errors
/// The database's.
pub(crate) fn operator(cx: &Context, operator: Address) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let (index, mut asker) = (snapshot.index(), snapshot.asker());
    let held = shares_of(&mut asker, operator, &all_strategies(&snapshot)?)?;
    let strategies = held.into_iter().map(|(strategy, _)| strategy).collect();
    let mut book = asker.tell(LENS, &ILens::bookCall { operator, strategies })?;
    let effect_blocks = asker.tell(LENS, &ILens::effectBlocksCall { operator })?;
    let covenant = asker.tell(COVENANTS, &ICovenants::covenantOfCall { operator })?;
    let filter = SlashFilter { subject: SlashSubject::Operator(operator), ..SlashFilter::default() };
    let slashes = slashes_of(&snapshot, &filter, &Paging { limit: Some(20), cursor: None })?;
    let delegators = index.delegators(operator, None, FIRST_ITEMS)?;
    let queue = index.withdrawals_of_operator(operator, (0, u64::MAX), None, FIRST_ITEMS)?;
    let queue: Vec<Value> = queue
        .items
        .iter()
        .map(|withdrawal| withdrawal_json(&snapshot, &mut asker, withdrawal))
        .collect::<Result<_, _>>()?;
    if let Some(fields) = book.as_object_mut() {
        fields.insert("metadataUri".into(), json!(index.metadata(Described::Operator, operator)?));
        let registered = index.registration(operator)?.map(|place| place.block);
        fields.insert("registeredBlock".into(), json!(registered));
        fields.insert("effectBlocks".into(), effect_blocks);
        fields.insert("covenant".into(), covenant);
        fields.insert("slashes".into(), slashes);
        fields.insert("delegators".into(), page_json(delegators));
        fields.insert("withdrawals".into(), json!(queue));
        let services = index.registered_with(operator, None, FIRST_ITEMS)?;
        fields.insert("registeredWith".into(), page_json(services));
    }
    snapshot.answer(book)
}

/// The first page of a list whose own method gives the others.
pub(super) fn page_json(page: Page<Address>) -> Value {
    json!({ "items": page.items, "more": page.next.is_some() })
}

/// Operators by address: all, a set's members, or a service's in AVSDirectory.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn operators(cx: &Context, of: OperatorsOf, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let index = snapshot.index();
    let wanted = paging.of(&format!("operators {of:?}"), ADDRESS_WIDTH)?;
    let placed = |operator| Ok::<_, RpcError>((operator, index.registration(operator)?));
    let page: Page<(Address, Option<Place>)> = match of {
        OperatorsOf::All => {
            let page = index.operators(wanted.after(), wanted.limit)?;
            page.try_map(|(operator, place)| Ok::<_, RpcError>((operator, Some(place))))?
        }
        OperatorsOf::Set(set) => index.members(set, wanted.after(), wanted.limit)?.try_map(placed)?,
        OperatorsOf::Directory(avs) => {
            index.registered(avs, wanted.after(), wanted.limit)?.try_map(placed)?
        }
    };
    let strategies = all_strategies(&snapshot)?;
    let mut asker = snapshot.asker();
    let told = wanted.page(page, |(operator, place)| {
        let shares = shares_of(&mut asker, operator, &strategies)?;
        let shares: Vec<Value> = shares
            .into_iter()
            .map(|(strategy, shares)| json!({ "strategy": strategy, "operatorShares": shares.to_string() }))
            .collect();
        Ok(json!({
            "operator": operator,
            "registeredBlock": place.map(|place| place.block),
            "metadataUri": index.metadata(Described::Operator, operator)?,
            "strategies": shares,
        }))
    })?;
    snapshot.answer(told)
}

/// Who delegates to an operator, by address.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn delegators(cx: &Context, operator: Address, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let wanted = paging.of(&format!("delegators {operator}"), ADDRESS_WIDTH)?;
    let page = snapshot.index().delegators(operator, wanted.after(), wanted.limit)?;
    snapshot.answer(wanted.page(page, |staker| Ok(json!(staker)))?)
}

/// What an operator has allocated, current and pending, by set and strategy in the state's order.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn allocations(cx: &Context, operator: Address, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let wanted = paging.of(&format!("allocations {operator}"), NUMBER_WIDTH)?;
    let mut asker = snapshot.asker();
    let call = IAllocationManager::getAllocatedSetsCall { operator };
    let mut pairs = Vec::new();
    for set in asker.ask(ALLOCATION_MANAGER, &call)? {
        let call = IAllocationManager::getAllocatedStrategiesCall { operator, operatorSet: set.clone() };
        let strategies = asker.ask(ALLOCATION_MANAGER, &call)?;
        pairs.extend(strategies.into_iter().map(|strategy| (set.clone(), strategy)));
    }
    pairs.sort_unstable_by_key(|(set, strategy)| (set.avs, set.id, *strategy));
    let begun = wanted.after().and_then(|raw| raw.try_into().ok()).map_or(0, u64::from_be_bytes);
    let begin = usize::try_from(begun).unwrap_or(usize::MAX);
    let end = begin.saturating_add(wanted.limit);
    let next = (end < pairs.len()).then(|| u64::try_from(end).unwrap_or(u64::MAX).to_be_bytes().to_vec());
    let items = pairs.into_iter().skip(begin).take(wanted.limit).collect();
    let told = wanted.page(Page { items, next }, |(set, strategy)| {
        let call = IAllocationManager::getAllocationCall { operator, operatorSet: set.clone(), strategy };
        let allocation = asker.ask(ALLOCATION_MANAGER, &call)?;
        let call_most = IAllocationManager::getMaxMagnitudeCall { operator, strategy };
        let most = asker.ask(ALLOCATION_MANAGER, &call_most)?;
        let call = IAllocationManager::isOperatorSlashableCall { operator, operatorSet: set.clone() };
        let slashable = asker.ask(ALLOCATION_MANAGER, &call)?;
        Ok(json!({
            "operatorSet": set_json(SetId { avs: set.avs, id: set.id }),
            "strategy": strategy,
            "currentMagnitude": allocation.currentMagnitude.to_string(),
            "pendingDiff": allocation.pendingDiff.to_string(),
            "effectBlock": allocation.effectBlock,
            "maxMagnitude": most.to_string(),
            "isSlashable": slashable,
        }))
    })?;
    snapshot.answer(told)
}

/// Strategies by address: token, shares, and whether deposits are open.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn strategies(cx: &Context, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let wanted = paging.of("strategies", ADDRESS_WIDTH)?;
    let after = wanted.after().and_then(|raw| Address::try_from(raw).ok());
    let mut all = snapshot.index().strategies(wanted.after(), wanted.limit.saturating_add(1))?.items;
    all.extend(genesis_strategies(&snapshot).filter(|strategy| after.is_none_or(|after| *strategy > after)));
    all.sort_unstable();
    all.dedup();
    let more = all.len() > wanted.limit;
    all.truncate(wanted.limit);
    let next = all.last().filter(|_| more).map(|last| last.to_vec());
    let mut asker = snapshot.asker();
    let told = wanted.page(Page { items: all, next }, |strategy| strategy_json(&mut asker, strategy))?;
    snapshot.answer(told)
}

/// One strategy.
///
/// # Errors
/// The database's.
pub(crate) fn strategy(cx: &Context, strategy: Address) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let told = strategy_json(&mut snapshot.asker(), strategy)?;
    snapshot.answer(told)
}

fn strategy_json(asker: &mut Asker<'_>, strategy: Address) -> Result<Value, RpcError> {
    let token = asker.token(strategy)?;
    let shares = asker.try_ask(strategy, &IStrategy::totalSharesCall {})?;
    let worth = match shares {
        Some(shares) => Some(asker.underlying(strategy, shares)?.to_string()),
        None => None,
    };
    let call = IStrategyManager::strategyIsWhitelistedForDepositCall { strategy };
    let open = asker.ask(STRATEGY_MANAGER, &call)?;
    Ok(json!({
        "strategy": strategy,
        "token": token.address,
        "symbol": token.symbol,
        "decimals": token.decimals,
        "totalShares": shares.map(|shares| shares.to_string()),
        "totalTokens": worth,
        "isOpenForDeposits": open,
    }))
}
