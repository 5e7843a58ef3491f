//! Verbs of the AllocationManager, as the originals' release has them.

use super::{Draw, Drawn, Kind, WAD, call};
use crate::{
    differential::props::{IProp, REGISTRAR, REGISTRAR_MOODS, SERVICE},
    originals::release::IAllocations::{self as Sets, OperatorSet},
};
use alloy_primitives::{Address, Bytes, U256};
use anyhow::Result;
use types::addresses::ALLOCATION_MANAGER;

const TO: Address = ALLOCATION_MANAGER;

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[
    (2, metadata),
    (4, create),
    (3, add_strategies),
    (2, remove_strategies),
    (8, register),
    (4, deregister),
    (4, delay),
    (18, allocate),
    (5, clear),
    (12, slash),
    (3, set_registrar),
    (2, registrars_mood),
];

/// Metadata, without which a service can make no set.
fn metadata(draw: &mut Draw<'_>) -> Drawn {
    let avs = draw.service();
    let from = draw.acting_for(avs);
    let metadataURI = "https://example.org/service.json".to_owned();
    call(from, TO, Sets::updateAVSMetadataURICall { avs, metadataURI })
}

/// New sets.
fn create(draw: &mut Draw<'_>) -> Drawn {
    let avs = draw.service();
    let from = draw.acting_for(avs);
    let count = if draw.chance.one_in(5) { 2 } else { 1 };
    let mut params = Vec::new();
    for _ in 0..count {
        let strategies =
            if draw.chance.one_in(4) { draw.strategies(3) } else { draw.scene.strategies.clone() };
        params.push(Sets::CreateSetParams { operatorSetId: draw.set_id(), strategies });
    }
    call(from, TO, Sets::createOperatorSetsCall { avs, params })
}

fn add_strategies(draw: &mut Draw<'_>) -> Drawn {
    let set = draw.set()?;
    let from = draw.acting_for(set.avs);
    let listed = draw.listed(&set)?;
    let missing: Vec<Address> =
        draw.scene.strategies.iter().copied().filter(|it| !listed.contains(it)).collect();
    let strategies = if missing.is_empty() || draw.chance.one_in(5) { draw.strategies(3) } else { missing };
    let add = Sets::addStrategiesToOperatorSetCall { avs: set.avs, operatorSetId: set.id, strategies };
    call(from, TO, add)
}

fn remove_strategies(draw: &mut Draw<'_>) -> Drawn {
    let set = draw.set()?;
    let from = draw.acting_for(set.avs);
    let strategies = draw.strategies(1);
    let remove =
        Sets::removeStrategiesFromOperatorSetCall { avs: set.avs, operatorSetId: set.id, strategies };
    call(from, TO, remove)
}

/// Joining sets.
fn register(draw: &mut Draw<'_>) -> Drawn {
    let (operator, set) = (draw.operator(), draw.set()?);
    let (from, avs) = (draw.acting_for(operator), set.avs);
    let operatorSetIds = if draw.chance.one_in(3) { draw.ids() } else { vec![set.id] };
    let data = Bytes::from_static(b"for the registrar");
    let params = Sets::RegisterParams { avs, operatorSetIds, data };
    call(from, TO, Sets::registerForOperatorSetsCall { operator, params })
}

fn deregister(draw: &mut Draw<'_>) -> Drawn {
    let operator = draw.operator();
    let joined = draw.ask(TO, Sets::getRegisteredSetsCall { operator })?.unwrap_or_default();
    let (avs, operatorSetIds) = if joined.is_empty() || draw.chance.one_in(6) {
        (draw.service(), draw.ids())
    } else {
        let set = joined[draw.chance.index(joined.len())].clone();
        (set.avs, vec![set.id])
    };
    let side = if draw.chance.one_in(3) { avs } else { operator };
    let from = draw.acting_for(side);
    let params = Sets::DeregisterParams { operator, avs, operatorSetIds };
    call(from, TO, Sets::deregisterFromOperatorSetsCall { params })
}

/// Another delay; a short one most often, so that allocations take effect within a run.
fn delay(draw: &mut Draw<'_>) -> Drawn {
    let operator = draw.operator();
    let from = draw.acting_for(operator);
    let delay = draw.chance.pick(&[0, 0, 0, 1, 2, 12, u32::MAX]);
    call(from, TO, Sets::setAllocationDelayCall { operator, delay })
}

/// Allocating, and taking back.
pub fn allocate(draw: &mut Draw<'_>) -> Drawn {
    let operator = draw.operator();
    let from = draw.acting_for(operator);
    let count = if draw.chance.one_in(6) { 2 } else { 1 };
    let mut params = Vec::new();
    for _ in 0..count {
        let operatorSet = draw.set()?;
        let listed = draw.listed(&operatorSet)?;
        let mut strategies = if listed.is_empty() || draw.chance.one_in(5) {
            draw.strategies(3)
        } else {
            let most = 1 + draw.chance.index(listed.len());
            listed.into_iter().take(most).collect()
        };
        let mut newMagnitudes = Vec::new();
        for strategy in &strategies {
            newMagnitudes.push(draw.magnitude(operator, *strategy)?);
        }
        match draw.chance.below(30) {
            0 => drop(strategies.pop()),
            1 => newMagnitudes.push(1),
            2 => {
                strategies.extend(strategies.first().copied());
                newMagnitudes.push(draw.wad());
            }
            _ => {}
        }
        params.push(Sets::AllocateParams { operatorSet, strategies, newMagnitudes });
    }
    call(from, TO, Sets::modifyAllocationsCall { operator, params })
}

fn clear(draw: &mut Draw<'_>) -> Drawn {
    let (operator, from) = (draw.operator(), draw.anyone());
    let strategies = if draw.chance.one_in(3) { draw.strategies(3) } else { draw.scene.strategies.clone() };
    let mut numToClear: Vec<u16> =
        strategies.iter().map(|_| draw.chance.pick(&[0, 1, 2, u16::MAX, u16::MAX])).collect();
    if draw.chance.one_in(12) {
        numToClear.push(1);
    }
    call(from, TO, Sets::clearDeallocationQueueCall { operator, strategies, numToClear })
}

/// Slashes, mostly of what is allocated.
fn slash(draw: &mut Draw<'_>) -> Drawn {
    let (operator, set) = draw.until(
        |draw| {
            let operator = draw.operator();
            let allocated = draw.ask(TO, Sets::getAllocatedSetsCall { operator }).ok().flatten();
            let allocated = allocated.unwrap_or_default();
            (operator, allocated.get(draw.chance.index(allocated.len())).cloned())
        },
        |draw, (operator, set)| {
            let Some(set) = set else { return Ok(false) };
            let slashable = Sets::isOperatorSlashableCall { operator: *operator, set: set.clone() };
            Ok(draw.ask(TO, slashable)?.unwrap_or_default())
        },
    )?;
    let set = match set {
        Some(set) => set,
        None if draw.chance.one_in(4) => draw.set()?,
        None => return Ok(None),
    };
    let from =
        if draw.scene.is_pinned { draw.slasher_of(set.avs, set.id)? } else { draw.acting_for(set.avs) };
    let mut strategies = draw.listed(&set)?;
    strategies.sort_unstable();
    match draw.chance.below(16) {
        0 => strategies = draw.strategies(3),
        1 => strategies.reverse(),
        2 => strategies.extend(strategies.last().copied()),
        3..10 if !strategies.is_empty() => strategies = vec![strategies[draw.chance.index(strategies.len())]],
        _ => {}
    }
    let mut wadsToSlash: Vec<U256> = Vec::new();
    for _ in &strategies {
        wadsToSlash.push(if draw.chance.one_in(40) { U256::MAX } else { U256::from(draw.wad()) });
    }
    if draw.chance.one_in(20) {
        wadsToSlash.push(U256::ONE);
    }
    let params = Sets::SlashingParams {
        operator,
        operatorSetId: set.id,
        strategies,
        wadsToSlash,
        description: "equivocation".to_owned(),
    };
    call(from, TO, Sets::slashOperatorCall { avs: set.avs, params })
}

fn set_registrar(draw: &mut Draw<'_>) -> Drawn {
    let avs = draw.service();
    let from = draw.acting_for(avs);
    let nobody = if draw.chance.one_in(3) { draw.anyone() } else { REGISTRAR };
    let registrar = draw.chance.pick(&[REGISTRAR, REGISTRAR, SERVICE, nobody, Address::ZERO]);
    call(from, TO, Sets::setAVSRegistrarCall { avs, registrar })
}

fn registrars_mood(draw: &mut Draw<'_>) -> Drawn {
    let mood = if draw.chance.one_in(2) { 0 } else { draw.chance.below(REGISTRAR_MOODS) };
    let (from, to) = (draw.anyone(), draw.chance.pick(&[REGISTRAR, SERVICE]));
    call(from, to, IProp::setMoodCall { mood })
}

impl Draw<'_> {
    /// Ids of sets: one, or several, at times twice the same.
    fn ids(&mut self) -> Vec<u32> {
        match self.chance.below(12) {
            0 => Vec::new(),
            1 => vec![1, 1],
            2 | 3 => vec![0, 1],
            4 => vec![7, 0, 1],
            _ => vec![self.set_id()],
        }
    }

    /// The strategies of a set.
    fn listed(&mut self, set: &OperatorSet) -> Result<Vec<Address>> {
        Ok(self.ask(TO, Sets::getStrategiesInOperatorSetCall { set: set.clone() })?.unwrap_or_default())
    }

    /// A magnitude for `operator`: what is still free, round parts of it, the edges.
    fn magnitude(&mut self, operator: Address, strategy: Address) -> Result<u64> {
        let free = self.ask(TO, Sets::getAllocatableMagnitudeCall { operator, strategy })?.unwrap_or(WAD);
        // Nothing is not a change unless there is something.
        let least = if free == WAD { 3 } else { 0 };
        Ok(match least + self.chance.below(16 - least) {
            0..3 => 0,
            3 => free,
            4 => free.saturating_add(1),
            5..8 => free / 2,
            8..11 => free / 3,
            11 | 12 => 1,
            13 if self.chance.one_in(3) => u64::MAX,
            14 => WAD / 10,
            _ => self.chance.below(WAD),
        })
    }
}
