//! What services say of themselves: metadata, registrar, operator sets with their strategies, and where slashed
//! shares go.

use super::{
    existing, key, require_permission,
    rows::{RECIPIENTS, SERVICES, SET_STRATEGIES, SETS, SetRow},
    slashers,
};
use crate::{
    dispatch::static_call,
    host::{Host, Result, View, emit, require, revert},
    math::panic,
    operator_set,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::PanicKind;
use types::{
    Rules,
    abi::{
        IAVSRegistrar::supportsAVSCall,
        IAllocationManager::{
            AVSMetadataURIUpdated, AVSRegistrarSet, CreateSetParams, CreateSetParamsV2, InputAddressZero,
            InputArrayLengthMismatch, InvalidAVSRegistrar, InvalidOperatorSet,
            InvalidRedistributionRecipient, InvalidStrategy, NonexistentAVSMetadata, OperatorSet,
            OperatorSetCreated, RedistributionAddressSet, StrategyAddedToOperatorSet,
            StrategyAlreadyInOperatorSet, StrategyNotInOperatorSet, StrategyRemovedFromOperatorSet,
            addStrategiesToOperatorSetCall, createOperatorSets_0Call, createOperatorSets_1Call,
            createRedistributingOperatorSets_0Call, createRedistributingOperatorSets_1Call,
            getRedistributionRecipientCall, removeStrategiesFromOperatorSetCall, setAVSRegistrarCall,
            updateAVSMetadataURICall,
        },
    },
    addresses::{BEACON_STRATEGY, BURN, EIGEN_STRATEGY},
};

/// Announces where a service describes itself; only a service that did so can make sets. The text is not stored.
///
/// # Errors
/// `InvalidPermissions`.
pub(super) fn update_avs_metadata_uri(host: &mut dyn Host, call: updateAVSMetadataURICall) -> Result<()> {
    let updateAVSMetadataURICall { avs, metadataURI } = call;
    require_permission(host, avs)?;
    let mut service = SERVICES.get(host, avs)?;
    if !service.has_metadata {
        service.has_metadata = true;
        SERVICES.set(host, avs, service)?;
    }
    emit(host, &AVSMetadataURIUpdated { avs, metadataURI })
}

/// Names the contract that is told when operators join and leave the service's sets.
///
/// # Errors
/// `InvalidPermissions`, `InvalidAVSRegistrar`, the registrar's.
pub(super) fn set_avs_registrar(host: &mut dyn Host, call: setAVSRegistrarCall) -> Result<()> {
    let setAVSRegistrarCall { avs, registrar } = call;
    require_permission(host, avs)?;
    let supports = static_call(host, registrar, &supportsAVSCall { avs })?;
    require(supports, InvalidAVSRegistrar {})?;
    let mut service = SERVICES.get(host, avs)?;
    service.registrar = registrar;
    SERVICES.set(host, avs, service)?;
    emit(host, &AVSRegistrarSet { avs, registrar: registrar_or(avs, registrar) })
}

/// The service itself, where it named no registrar.
pub(super) fn registrar_or(avs: Address, registrar: Address) -> Address {
    if registrar.is_zero() { avs } else { registrar }
}

/// Makes sets that the service slashes itself.
///
/// # Errors
/// As [`create_operator_sets`], but that the slashing release takes repeated strategies.
pub(super) fn create_self_slashed_sets(host: &mut dyn Host, call: createOperatorSets_0Call) -> Result<()> {
    let createOperatorSets_0Call { avs, params } = call;
    create_operator_sets(host, createOperatorSets_1Call { avs, params: with_slasher(avs, params) })
}

/// Makes sets whose slashed shares are burnt.
///
/// # Errors
/// `InvalidPermissions`, `NonexistentAVSMetadata`, `InvalidOperatorSet`, `StrategyAlreadyInOperatorSet`,
/// `InputAddressZero`.
pub(super) fn create_operator_sets(host: &mut dyn Host, call: createOperatorSets_1Call) -> Result<()> {
    let createOperatorSets_1Call { avs, params } = call;
    require_permission(host, avs)?;
    require_metadata(host, avs)?;
    let added = params.len();
    params.into_iter().try_for_each(|params| create(host, avs, params, None))?;
    count_sets(host, avs, added)
}

/// Makes redistributing sets that the service slashes itself.
///
/// # Errors
/// As [`create_redistributing_sets`].
pub(super) fn create_self_slashed_redistributing_sets(
    host: &mut dyn Host,
    call: createRedistributingOperatorSets_0Call,
) -> Result<()> {
    let createRedistributingOperatorSets_0Call { avs, params, redistributionRecipients } = call;
    let params = with_slasher(avs, params);
    let call = createRedistributingOperatorSets_1Call { avs, params, redistributionRecipients };
    create_redistributing_sets(host, call)
}

/// Makes sets whose slashed shares go to recipients, named once and for ever.
///
/// # Errors
/// `InvalidPermissions`, `InputArrayLengthMismatch`, `NonexistentAVSMetadata`, `InputAddressZero`,
/// `InvalidRedistributionRecipient`, `InvalidOperatorSet`, `InvalidStrategy`, `StrategyAlreadyInOperatorSet`.
pub(super) fn create_redistributing_sets(
    host: &mut dyn Host,
    call: createRedistributingOperatorSets_1Call,
) -> Result<()> {
    let createRedistributingOperatorSets_1Call { avs, params, redistributionRecipients: recipients } = call;
    require_permission(host, avs)?;
    require(params.len() == recipients.len(), InputArrayLengthMismatch {})?;
    require_metadata(host, avs)?;
    let added = params.len();
    params.into_iter().zip(recipients).try_for_each(|(params, recipient)| {
        require(!recipient.is_zero(), InputAddressZero {})?;
        require(recipient != BURN, InvalidRedistributionRecipient {})?;
        create(host, avs, params, Some(recipient))
    })?;
    count_sets(host, avs, added)
}

fn with_slasher(avs: Address, params: Vec<CreateSetParams>) -> Vec<CreateSetParamsV2> {
    let with_slasher = |CreateSetParams { operatorSetId, strategies }| CreateSetParamsV2 {
        operatorSetId,
        strategies,
        slasher: avs,
    };
    params.into_iter().map(with_slasher).collect()
}

fn require_metadata(host: &mut dyn Host, avs: Address) -> Result<()> {
    let service = SERVICES.get(host, avs)?;
    require(service.has_metadata, NonexistentAVSMetadata {})
}

/// Counts sets that were made. Afterwards, so that a static frame halts where the original does: not before the checks.
fn count_sets(host: &mut dyn Host, avs: Address, added: usize) -> Result<()> {
    if added == 0 {
        return Ok(());
    }
    let mut service = SERVICES.get(host, avs)?;
    let sum = u32::try_from(added).ok().and_then(|added| service.sets.checked_add(added));
    service.sets = sum.ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    Ok(SERVICES.set(host, avs, service)?)
}

fn create(
    host: &mut dyn Host,
    avs: Address,
    params: CreateSetParamsV2,
    recipient: Option<Address>,
) -> Result<()> {
    let CreateSetParamsV2 { operatorSetId: id, strategies, slasher } = params;
    let set = OperatorSet { avs, id };
    let name = key(&set);
    let known = SETS.get(host, name)?;
    require(!known.exists, InvalidOperatorSet {})?;
    emit(host, &OperatorSetCreated { operatorSet: set.clone() })?;
    if let Some(recipient) = recipient {
        RECIPIENTS.set(host, name, recipient)?;
        emit(
            host,
            &RedistributionAddressSet { operatorSet: set.clone(), redistributionRecipient: recipient },
        )?;
    }
    let row = SetRow { exists: true, redistributes: recipient.is_some(), ..SetRow::default() };
    if host.params().rules == Rules::Slashing2025 {
        for strategy in strategies {
            SET_STRATEGIES.insert(host, name, strategy)?;
            emit(host, &StrategyAddedToOperatorSet { operatorSet: set.clone(), strategy })?;
        }
        return Ok(SETS.set(host, name, row)?);
    }
    for strategy in strategies {
        add_strategy(host, &set, row.redistributes, strategy)?;
    }
    slashers::appoint(host, set, row, slasher)
}

fn add_strategy(
    host: &mut dyn Host,
    set: &OperatorSet,
    redistributes: bool,
    strategy: Address,
) -> Result<()> {
    if redistributes && (strategy == BEACON_STRATEGY || strategy == EIGEN_STRATEGY) {
        return revert(InvalidStrategy {});
    }
    let is_new = SET_STRATEGIES.insert(host, key(set), strategy)?;
    require(is_new, StrategyAlreadyInOperatorSet {})?;
    emit(host, &StrategyAddedToOperatorSet { operatorSet: set.clone(), strategy })
}

/// Lets a set slash more strategies, from now on.
///
/// # Errors
/// `InvalidPermissions`, `InvalidOperatorSet`, `InvalidStrategy`, `StrategyAlreadyInOperatorSet`.
pub(super) fn add_strategies(host: &mut dyn Host, call: addStrategiesToOperatorSetCall) -> Result<()> {
    let addStrategiesToOperatorSetCall { avs, operatorSetId: id, strategies } = call;
    require_permission(host, avs)?;
    let set = OperatorSet { avs, id };
    let row = existing(host, key(&set))?;
    strategies.into_iter().try_for_each(|strategy| add_strategy(host, &set, row.redistributes, strategy))
}

/// Takes strategies from a set, which cannot slash them from now on. Allocations stay.
///
/// # Errors
/// `InvalidPermissions`, `InvalidOperatorSet`, `StrategyNotInOperatorSet`.
pub(super) fn remove_strategies(
    host: &mut dyn Host,
    call: removeStrategiesFromOperatorSetCall,
) -> Result<()> {
    let removeStrategiesFromOperatorSetCall { avs, operatorSetId: id, strategies } = call;
    require_permission(host, avs)?;
    let set = OperatorSet { avs, id };
    existing(host, key(&set))?;
    for strategy in strategies {
        let was_there = SET_STRATEGIES.remove(host, key(&set), strategy)?;
        require(was_there, StrategyNotInOperatorSet {})?;
        emit(host, &StrategyRemovedFromOperatorSet { operatorSet: set.clone(), strategy })?;
    }
    Ok(())
}

/// Where the tokens of a slash by an operator set go: the burn address, also for sets that do not exist.
///
/// # Errors
/// Out of gas, or the node's.
pub fn redistribution_recipient<V: View + ?Sized>(
    view: &mut V,
    call: getRedistributionRecipientCall,
) -> Result<Address> {
    let OperatorSet { avs, id } = call.operatorSet;
    recipient_of(view, operator_set::key(avs, id))
}

fn recipient_of<V: View + ?Sized>(view: &mut V, set: B256) -> Result<Address> {
    let row = SETS.get(view, set)?;
    if row.redistributes { Ok(RECIPIENTS.get(view, set)?) } else { Ok(BURN) }
}
