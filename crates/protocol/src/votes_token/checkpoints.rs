//! Votes: who votes with whose tokens, and how many votes anyone had at any second (ERC-5805, ERC-6372).

use super::BALANCES;
use crate::{
    host::{Fatal, Host, Result, View, emit, revert_with},
    math::{self, panic},
    storage::Map,
};
use alloy_primitives::{Address, U256, uint};
use alloy_sol_types::PanicKind;
use types::abi::IVotesToken::{
    Checkpoint, DelegateChanged, DelegateVotesChanged, checkpointsCall, delegatesCall,
    getPastTotalSupplyCall, getPastVotesCall, getVotesCall, numCheckpointsCall,
};

/// Votes have 224 bits.
pub(super) const MAX_VOTES: U256 = uint!(0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff_U256);

const DELEGATES: Map<Address, Address> = Map::at(4);
const VOTES: Trails = Trails { lengths: Map::at(5), points: Map::at(6) };
/// The supply's one trail is that of the zero address.
const SUPPLY: Trails = Trails { lengths: Map::at(7), points: Map::at(8) };

/// Second in the lowest 32 bits, votes above.
const VOTES_SHIFT: usize = 32;

/// Histories by account: lengths, and points by place from 0.
struct Trails {
    lengths: Map<Address, u64>,
    points: Map<(Address, u64), U256>,
}

impl Trails {
    fn point<V: View + ?Sized>(&self, view: &mut V, of: Address, place: u64) -> Result<(u64, U256), Fatal> {
        let point = self.points.get(view, (of, place))?;
        Ok((point.as_limbs()[0] & u64::from(u32::MAX), point.wrapping_shr(VOTES_SHIFT)))
    }

    fn latest<V: View + ?Sized>(&self, view: &mut V, of: Address) -> Result<U256, Fatal> {
        match self.lengths.get(view, of)?.checked_sub(1) {
            Some(last) => Ok(self.point(view, of, last)?.1),
            None => Ok(U256::ZERO),
        }
    }

    /// The value at the end of a second in the past.
    fn at(&self, view: &mut dyn View, of: Address, timepoint: U256) -> Result<U256> {
        if timepoint >= U256::from(view.block().timestamp) {
            return revert_with("ERC20Votes: future lookup");
        }
        let (mut low, mut high) = (0, self.lengths.get(view, of)?);
        while low < high {
            let middle = u64::midpoint(low, high);
            if U256::from(self.point(view, of, middle)?.0) > timepoint {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        match high.checked_sub(1) {
            Some(last) => Ok(self.point(view, of, last)?.1),
            None => Ok(U256::ZERO),
        }
    }

    /// Changes the value from now on, and answers with those before and after.
    fn change(
        &self,
        host: &mut dyn Host,
        of: Address,
        change: impl FnOnce(U256) -> Result<U256>,
    ) -> Result<(U256, U256)> {
        let length = self.lengths.get(host, of)?;
        let last = match length.checked_sub(1) {
            Some(place) => Some((place, self.point(host, of, place)?)),
            None => None,
        };
        let before = last.map_or(U256::ZERO, |(_, (_, votes))| votes);
        let after = change(before)?;
        let now = host.block().timestamp;
        let Ok(second) = u32::try_from(now) else {
            return revert_with("SafeCast: value doesn't fit in 32 bits");
        };
        let point = after.wrapping_shl(VOTES_SHIFT) | U256::from(second);
        match last {
            Some((place, (at, _))) if at == now => self.points.set(host, (of, place), point)?,
            _ => {
                self.points.set(host, (of, length), point)?;
                let length =
                    length.checked_add(1).ok_or(Fatal::Broken("a trail has fewer than 2^64 points"))?;
                self.lengths.set(host, of, length)?;
            }
        }
        Ok((before, after))
    }
}

/// The first point of the supply, at second 0.
pub(super) fn genesis_supply(supply: U256) -> [(U256, U256); 2] {
    [
        SUPPLY.lengths.entry(Address::ZERO, 1),
        SUPPLY.points.entry((Address::ZERO, 0), supply.wrapping_shl(VOTES_SHIFT)),
    ]
}

/// At most [`MAX_VOTES`], which the caller has checked.
pub(super) fn raise_supply(host: &mut dyn Host, value: U256) -> Result<()> {
    SUPPLY.change(host, Address::ZERO, |supply| math::add(supply, value)).map(drop)
}

pub(super) fn lower_supply(host: &mut dyn Host, value: U256) -> Result<()> {
    SUPPLY.change(host, Address::ZERO, |supply| math::sub(supply, value)).map(drop)
}

/// Follows a transfer: the votes go from one holder's delegate to the other's.
pub(super) fn move_votes(host: &mut dyn Host, from: Address, to: Address, value: U256) -> Result<()> {
    let (source, target) = (DELEGATES.get(host, from)?, DELEGATES.get(host, to)?);
    shift(host, source, target, value)
}

/// Gives the votes of a holder to `delegatee`.
pub(super) fn delegate(host: &mut dyn Host, delegator: Address, delegatee: Address) -> Result<()> {
    let before = DELEGATES.get(host, delegator)?;
    let balance = BALANCES.get(host, delegator)?;
    DELEGATES.set(host, delegator, delegatee)?;
    emit(host, &DelegateChanged { delegator, fromDelegate: before, toDelegate: delegatee })?;
    shift(host, before, delegatee, balance)
}

fn shift(host: &mut dyn Host, source: Address, target: Address, value: U256) -> Result<()> {
    if source == target || value.is_zero() {
        return Ok(());
    }
    if !source.is_zero() {
        let (before, after) = VOTES.change(host, source, |votes| math::sub(votes, value))?;
        emit(host, &DelegateVotesChanged { delegate: source, previousBalance: before, newBalance: after })?;
    }
    if !target.is_zero() {
        let (before, after) = VOTES.change(host, target, |votes| math::add(votes, value))?;
        emit(host, &DelegateVotesChanged { delegate: target, previousBalance: before, newBalance: after })?;
    }
    Ok(())
}

pub(super) fn checkpoint(view: &mut dyn View, call: checkpointsCall) -> Result<Checkpoint> {
    let checkpointsCall { account, pos } = call;
    if u64::from(pos) >= VOTES.lengths.get(view, account)? {
        return Err(panic(PanicKind::ArrayOutOfBounds));
    }
    let (second, votes) = VOTES.point(view, account, u64::from(pos))?;
    Ok(Checkpoint { fromBlock: second as u32, votes: votes.to() })
}

pub(super) fn count(view: &mut dyn View, call: numCheckpointsCall) -> Result<u32> {
    match u32::try_from(VOTES.lengths.get(view, call.account)?) {
        Ok(length) => Ok(length),
        Err(_) => revert_with("SafeCast: value doesn't fit in 32 bits"),
    }
}

pub(super) fn delegate_of(view: &mut dyn View, call: delegatesCall) -> Result<Address> {
    Ok(DELEGATES.get(view, call.account)?)
}

pub(super) fn votes(view: &mut dyn View, call: getVotesCall) -> Result<U256> {
    Ok(VOTES.latest(view, call.account)?)
}

pub(super) fn past_votes(view: &mut dyn View, call: getPastVotesCall) -> Result<U256> {
    VOTES.at(view, call.account, call.timepoint)
}

pub(super) fn past_supply(view: &mut dyn View, call: getPastTotalSupplyCall) -> Result<U256> {
    SUPPLY.at(view, Address::ZERO, call.timepoint)
}
