//! Services and their operator sets: who secures them with what, who may slash, and what was slashed.

use super::{
    arguments::{Paging, SetArgument, set_json},
    ask::{Asker, Snapshot, reply},
    operators::{ADDRESS_WIDTH, FIRST_ITEMS, page_json},
    slashes::slashes_of,
};
use crate::{context::Context, error::RpcError, json::Reply, method::Method, params::Params};
use alloy_primitives::Address;
use chain::index::{Described, SetId, SlashFilter, SlashSubject};
use serde_json::{Value, json};
use types::{
    abi::{IAllocationManager, ILens},
    addresses::{ALLOCATION_MANAGER, LENS},
};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("restake_service", service_method),
    Method::heavy("restake_services", services_method),
    Method::heavy("restake_operatorSet", set_method),
];

/// Sets told of a service at once; a service with more is read set by set.
const MOST_SETS: usize = 1_000;

/// Bytes of a set's number in a cursor.
const SET_WIDTH: usize = 4;

fn service_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let paging: Paging = args.optional(1, "page of sets")?.unwrap_or_default();
    reply(service(cx, args.required(0, "avs")?, &paging))
}

fn services_method(cx: &Context, params: Params<'_>) -> Reply {
    let paging: Paging = params.args()?.optional(0, "page")?.unwrap_or_default();
    reply(services(cx, &paging))
}

fn set_method(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let SetArgument(set) = args.required(0, "operator set")?;
    let future = args.optional::<crate::quantity::Quantity>(1, "future block")?.map(|block| block.0);
    reply(operator_set(cx, set, future))
}

fn abi_set(set: SetId) -> IAllocationManager::OperatorSet {
    IAllocationManager::OperatorSet { avs: set.avs, id: set.id }
}

/// A service and a page of its sets.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn service(cx: &Context, avs: Address, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let (index, mut asker) = (snapshot.index(), snapshot.asker());
    let wanted = paging.of(&format!("sets {avs}"), SET_WIDTH)?;
    let page = index.sets(avs, wanted.after(), wanted.limit)?;
    let sets = wanted.page(page, |set| set_summary(&mut asker, set))?;
    let filter = SlashFilter { subject: SlashSubject::Service(avs), ..SlashFilter::default() };
    let slashes = slashes_of(&snapshot, &filter, &Paging { limit: Some(20), cursor: None })?;
    let registrar = asker.ask(ALLOCATION_MANAGER, &IAllocationManager::getAVSRegistrarCall { avs })?;
    snapshot.answer(json!({
        "avs": avs,
        "isService": index.is_service(avs)?,
        "metadataUri": index.metadata(Described::Service, avs)?,
        "registrar": registrar,
        "operatorSets": sets,
        "registered": page_json(index.registered(avs, None, FIRST_ITEMS)?),
        "slashes": slashes,
    }))
}

/// What is said of a set in a list.
fn set_summary(asker: &mut Asker<'_>, set: SetId) -> Result<Value, RpcError> {
    let named = abi_set(set);
    let call = IAllocationManager::getStrategiesInOperatorSetCall { operatorSet: named.clone() };
    let strategies = asker.ask(ALLOCATION_MANAGER, &call)?;
    let call = IAllocationManager::getMemberCountCall { operatorSet: named.clone() };
    let members = asker.ask(ALLOCATION_MANAGER, &call)?;
    let call = IAllocationManager::getSlasherCall { operatorSet: named.clone() };
    let slasher = asker.ask(ALLOCATION_MANAGER, &call)?;
    let call = IAllocationManager::isRedistributingOperatorSetCall { operatorSet: named.clone() };
    let redistributes = asker.ask(ALLOCATION_MANAGER, &call)?;
    let slashes =
        asker.ask(ALLOCATION_MANAGER, &IAllocationManager::getSlashCountCall { operatorSet: named })?;
    Ok(json!({
        "operatorSet": set_json(set),
        "strategies": strategies,
        "memberCount": members.saturating_to::<u64>(),
        "slasher": slasher,
        "redistributes": redistributes,
        "slashCount": slashes.saturating_to::<u64>(),
    }))
}

/// Services by address.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn services(cx: &Context, paging: &Paging) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let index = snapshot.index();
    let wanted = paging.of("services", ADDRESS_WIDTH)?;
    let page = index.services(wanted.after(), wanted.limit)?;
    let told = wanted.page(page, |avs| {
        let sets = index.sets(avs, None, MOST_SETS)?.items.len();
        Ok(json!({
            "avs": avs,
            "metadataUri": index.metadata(Described::Service, avs)?,
            "operatorSetCount": sets,
            "hasRegistered": !index.registered(avs, None, 1)?.items.is_empty(),
        }))
    })?;
    snapshot.answer(told)
}

/// An operator set with what it can slash now and at a later block; by default one deallocation delay from now.
///
/// # Errors
/// An unknown set, a block that is past or out of reach, or the database's.
pub(crate) fn operator_set(cx: &Context, set: SetId, future: Option<u64>) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    if !snapshot.index().is_set(set)? {
        return Err(RpcError::params(format!("there is no operator set {set}")));
    }
    let head = snapshot.head();
    let delay = u64::from(cx.chain.params().withdrawal_delay_blocks);
    let block = future.unwrap_or(head.saturating_add(delay));
    let block = u32::try_from(block).ok().filter(|block| u64::from(*block) >= head).ok_or_else(|| {
        RpcError::params(format!("the future block is {block}; it is from the head, {head}, to 4294967295"))
    })?;
    let operator_set = abi_set(set).into();
    let told = snapshot
        .asker()
        .tell(LENS, &ILens::operatorSetCall { operatorSet: operator_set, futureBlock: block })?;
    let mut answer = snapshot.answer(told)?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("futureBlock".into(), json!(block));
    }
    Ok(answer)
}
