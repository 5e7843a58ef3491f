//! RiskOracle's ABI to its verbs.

use super::{OWNER, PAUSED, network, publish, records, services};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IRiskOracle::{
        clearPrizeCall, countedStrategiesCall, gammaCall, modeGammaCall, networkCall, networkGammaCall,
        networkOfCall, permissionControllerCall, prizeOfCall, publishCall, rCall, servicesCall,
        setCountedCall, setListedCall, setPrizeCall, staleCall, trackCall, trackedOperatorsCall,
    },
    addresses::PERMISSION_CONTROLLER,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        publishCall::SELECTOR => write(host, calldata, publish::publish),
        setPrizeCall::SELECTOR => write(host, calldata, services::set_prize),
        clearPrizeCall::SELECTOR => write(host, calldata, services::clear_prize),
        setListedCall::SELECTOR => write(host, calldata, services::set_listed),
        setCountedCall::SELECTOR => write(host, calldata, services::set_counted),
        trackCall::SELECTOR => write(host, calldata, services::track),
        gammaCall::SELECTOR => {
            view(host, calldata, |view, call: gammaCall| records::of_service(view, call.service))
        }
        modeGammaCall::SELECTOR => {
            view(host, calldata, |view, call: modeGammaCall| records::of_mode(view, call.mode))
        }
        networkGammaCall::SELECTOR => {
            view(host, calldata, |view, _: networkGammaCall| records::of_network(view))
        }
        rCall::SELECTOR => view(host, calldata, |view, call: rCall| records::r(view, call.psiE6)),
        staleCall::SELECTOR => {
            view(host, calldata, |view, call: staleCall| records::stale(view, call.maxAgeBlocks))
        }
        networkCall::SELECTOR => {
            view(host, calldata, |view, call: networkCall| network::listed(view, call.mode)?.told())
        }
        networkOfCall::SELECTOR => view(host, calldata, |view, call: networkOfCall| {
            network::of_services(view, call.mode, &call.services)?.told()
        }),
        prizeOfCall::SELECTOR => {
            view(host, calldata, |view, call: prizeOfCall| services::prize_of(view, call.service))
        }
        servicesCall::SELECTOR => {
            view(host, calldata, |view, _: servicesCall| Ok(services::LISTED.values(view, 0)?))
        }
        countedStrategiesCall::SELECTOR => {
            view(host, calldata, |view, _: countedStrategiesCall| Ok(services::COUNTED.values(view, 0)?))
        }
        trackedOperatorsCall::SELECTOR => view(host, calldata, |view, call: trackedOperatorsCall| {
            Ok(services::TRACKED.values(view, call.service)?)
        }),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => pausable::verbs(host, calldata, &PAUSED)
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .unwrap_or_else(revert_empty),
    }
}
