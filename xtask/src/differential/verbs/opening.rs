//! How most runs begin: operators, services with sets, deposits, delegations, so that what follows has something to work
//! on. One run in five begins with nothing.

use super::{Action, Draw, allocations, call, delegation, deposits, pods};
use crate::{
    differential::{props::REGISTRAR, views::SET_IDS},
    originals::{release::IAllocations as Sets, world::World},
};
use alloy_primitives::{Address, Bytes};
use anyhow::Result;
use types::{
    abi::IDelegationManager as Delegation,
    addresses::{ALLOCATION_MANAGER, BEACON_STRATEGY, DELEGATION_MANAGER},
};

/// Steps of the opening.
const STEPS: u32 = 34;

/// The step, if it belongs to an opening.
///
/// # Errors
/// The world cannot answer a view.
pub fn step(draw: &mut Draw<'_>, seed: u64, step: u32) -> Result<Option<Action>> {
    if step >= STEPS || seed.is_multiple_of(5) {
        return Ok(None);
    }
    let nth = |from: u32| usize::try_from(step - from).unwrap_or_default();
    let service = |from: u32| draw.scene.services[nth(from) % draw.scene.services.len()];
    let drawn = match step {
        0..4 => {
            let register = Delegation::registerAsOperatorCall {
                initDelegationApprover: draw.chance.pick(&[Address::ZERO, draw.scene.approvers[0]]),
                allocationDelay: draw.chance.pick(&[0, 1, 5]),
                metadataURI: String::new(),
            };
            call(draw.scene.operators[nth(0)], DELEGATION_MANAGER, register)
        }
        4..7 => {
            let (avs, metadataURI) = (service(4), "https://example.org/service.json".to_owned());
            call(avs, ALLOCATION_MANAGER, Sets::updateAVSMetadataURICall { avs, metadataURI })
        }
        7..9 => {
            let avs = service(6);
            call(avs, ALLOCATION_MANAGER, Sets::setAVSRegistrarCall { avs, registrar: REGISTRAR })
        }
        9..14 => {
            let avs = service(9);
            let operatorSetId = SET_IDS[nth(9) / draw.scene.services.len()];
            let strategies = draw.scene.strategies.iter().copied().chain([BEACON_STRATEGY]).collect();
            let params = vec![Sets::CreateSetParams { operatorSetId, strategies }];
            call(avs, ALLOCATION_MANAGER, Sets::createOperatorSetsCall { avs, params })
        }
        14..20 => deposits::deposit(draw),
        20..22 => pods::balance(draw),
        22..25 => delegation::delegate(draw),
        25 => {
            // The first allocation delays are in force from here on.
            return Ok(Some(Action::Mine(u64::from(World::params().configuration_delay_blocks) + 1)));
        }
        26..30 => {
            let operator = draw.scene.operators[nth(26)];
            let (avs, data) = (service(26), Bytes::new());
            let params = Sets::RegisterParams { avs, operatorSetIds: vec![SET_IDS[0]], data };
            call(operator, ALLOCATION_MANAGER, Sets::registerForOperatorSetsCall { operator, params })
        }
        _ => allocations::allocate(draw),
    };
    Ok(drawn?.map(Action::Call))
}
