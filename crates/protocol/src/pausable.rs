//! Pausing (restaking-core §2.0.1): a bitmap in each contract, where a set bit stops what the contract says it
//! stops. The pauser registry decides who may set bits and who may clear them.

use crate::{
    dispatch::{self, Calldata},
    host::{Host, Result, View, call_native, emit, require, revert},
    pauser_registry,
    storage::Slot,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IPausable::{
            CurrentlyPaused, InvalidNewPausedStatus, OnlyPauser, OnlyUnpauser, Paused, Unpaused,
            pauseAllCall, pauseCall, paused_0Call, paused_1Call, pauserRegistryCall, unpauseCall,
        },
        IPauserRegistry::{isPauserCall, unpauserCall},
    },
    addresses::PAUSER_REGISTRY,
};

/// Where a contract keeps its bitmap: a variable of its own, or bits of another one.
pub trait PauseBits {
    /// Reads the bitmap.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn read<V: View + ?Sized>(&self, view: &mut V) -> Result<U256>;
    /// Writes the bitmap.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    fn write(&self, host: &mut dyn Host, bits: U256) -> Result<()>;
}

impl PauseBits for Slot<U256> {
    fn read<V: View + ?Sized>(&self, view: &mut V) -> Result<U256> {
        Ok(self.get(view)?)
    }

    fn write(&self, host: &mut dyn Host, bits: U256) -> Result<()> {
        Ok(self.set(host, bits)?)
    }
}

/// Runs the call if it is one of the verbs that all pausable contracts share.
pub fn verbs(host: &mut dyn Host, calldata: Calldata<'_>, bits: &impl PauseBits) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        pauseCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call: pauseCall| pause(host, bits, call.newPausedStatus))
        }
        pauseAllCall::SELECTOR => {
            dispatch::write(host, calldata, |host, _: pauseAllCall| pause_all(host, bits))
        }
        unpauseCall::SELECTOR => dispatch::write(host, calldata, |host, call: unpauseCall| {
            unpause(host, bits, call.newPausedStatus)
        }),
        paused_0Call::SELECTOR => dispatch::view(host, calldata, |view, _: paused_0Call| bits.read(view)),
        paused_1Call::SELECTOR => dispatch::view(host, calldata, |view, call: paused_1Call| {
            Ok(bits.read(view)?.bit(usize::from(call.index)))
        }),
        pauserRegistryCall::SELECTOR => {
            dispatch::view(host, calldata, |_, _: pauserRegistryCall| Ok(PAUSER_REGISTRY))
        }
        _ => return None,
    })
}

/// Lets a verb pass while `bit` is clear.
///
/// # Errors
/// `CurrentlyPaused`.
pub fn require_running<V: View + ?Sized>(view: &mut V, bits: &impl PauseBits, bit: u8) -> Result<()> {
    let bits = bits.read(view)?;
    require(!bits.bit(usize::from(bit)), CurrentlyPaused {})
}

/// Lets only the unpauser pass.
///
/// # Errors
/// `OnlyUnpauser`.
pub fn require_unpauser<V: View + ?Sized>(view: &mut V) -> Result<()> {
    let unpauser: Address = call_native(view, PAUSER_REGISTRY, unpauserCall {}, pauser_registry::unpauser)?;
    require(unpauser == view.msg().sender, OnlyUnpauser {})
}

fn require_pauser<V: View + ?Sized>(view: &mut V) -> Result<()> {
    let pauser = view.msg().sender;
    let call = isPauserCall { pauser };
    let may = call_native(view, PAUSER_REGISTRY, call, pauser_registry::is_pauser)?;
    require(may, OnlyPauser {})
}

/// Sets bits; none may be cleared.
fn pause(host: &mut dyn Host, bits: &impl PauseBits, wanted: U256) -> Result<()> {
    require_pauser(host)?;
    let now = bits.read(host)?;
    if now & wanted != now {
        return revert(InvalidNewPausedStatus {});
    }
    set_paused(host, bits, wanted)
}

fn pause_all(host: &mut dyn Host, bits: &impl PauseBits) -> Result<()> {
    require_pauser(host)?;
    set_paused(host, bits, U256::MAX)
}

fn set_paused(host: &mut dyn Host, bits: &impl PauseBits, wanted: U256) -> Result<()> {
    bits.write(host, wanted)?;
    let account = host.msg().sender;
    emit(host, &Paused { account, newPausedStatus: wanted })
}

/// Clears bits; none may be set.
fn unpause(host: &mut dyn Host, bits: &impl PauseBits, wanted: U256) -> Result<()> {
    require_unpauser(host)?;
    let now = bits.read(host)?;
    if now & wanted != wanted {
        return revert(InvalidNewPausedStatus {});
    }
    bits.write(host, wanted)?;
    let account = host.msg().sender;
    emit(host, &Unpaused { account, newPausedStatus: wanted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mem::MemHost,
        testkit::{PAUSER, STRANGER, UNPAUSER, chain, reverts, u},
    };
    use alloy_primitives::LogData;
    use alloy_sol_types::SolEvent;
    use types::addresses::STRATEGY_FACTORY as HERE;

    fn bits(chain: &mut MemHost) -> U256 {
        chain.ask(HERE, &paused_0Call {}).unwrap()
    }

    fn only_log(chain: &MemHost) -> LogData {
        let [log] = chain.logs() else { panic!("one log") };
        assert_eq!(log.address, HERE);
        log.data.clone()
    }

    #[test]
    fn a_pauser_sets_bits_and_the_unpauser_clears_them() {
        let mut chain = chain();
        chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(0b101) }).unwrap();
        assert_eq!(only_log(&chain), Paused { account: PAUSER, newPausedStatus: u(0b101) }.encode_log_data());
        assert_eq!(bits(&mut chain), u(0b101));
        for (index, expected) in [(0, true), (1, false), (2, true), (255, false)] {
            assert_eq!(chain.ask(HERE, &paused_1Call { index }), Ok(expected), "bit {index}");
        }

        chain.tell(UNPAUSER, HERE, &unpauseCall { newPausedStatus: u(0b100) }).unwrap();
        let event = Unpaused { account: UNPAUSER, newPausedStatus: u(0b100) };
        assert_eq!(only_log(&chain), event.encode_log_data());
        assert_eq!(bits(&mut chain), u(0b100));

        chain.tell(PAUSER, HERE, &pauseAllCall {}).unwrap();
        let event = Paused { account: PAUSER, newPausedStatus: U256::MAX };
        assert_eq!(only_log(&chain), event.encode_log_data());
        assert_eq!(bits(&mut chain), U256::MAX);
    }

    #[test]
    fn a_pause_clears_nothing_and_an_unpause_sets_nothing() {
        let mut chain = chain();
        chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(0b11) }).unwrap();
        let invalid = Some(reverts(InvalidNewPausedStatus {}));
        for status in [0b01, 0b100, 0] {
            let refused = chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(status) });
            assert_eq!(refused.err(), invalid);
        }
        for status in [0b100, 0b111] {
            let refused = chain.tell(UNPAUSER, HERE, &unpauseCall { newPausedStatus: u(status) });
            assert_eq!(refused.err(), invalid);
        }
        assert!(chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(0b11) }).is_ok(), "the same again");
        assert!(chain.tell(UNPAUSER, HERE, &unpauseCall { newPausedStatus: u(0b11) }).is_ok());
    }

    #[test]
    fn the_caller_is_checked_before_the_status() {
        let mut chain = chain();
        chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(1) }).unwrap();
        for caller in [STRANGER, UNPAUSER] {
            let only_pauser = Some(reverts(OnlyPauser {}));
            assert_eq!(chain.tell(caller, HERE, &pauseCall { newPausedStatus: u(0) }).err(), only_pauser);
            assert_eq!(chain.tell(caller, HERE, &pauseAllCall {}).err(), only_pauser);
        }
        for caller in [STRANGER, PAUSER] {
            let refused = chain.tell(caller, HERE, &unpauseCall { newPausedStatus: u(2) });
            assert_eq!(refused.err(), Some(reverts(OnlyUnpauser {})));
        }
    }
}
