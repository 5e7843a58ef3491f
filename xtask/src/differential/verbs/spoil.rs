//! Deliberate mistakes: another caller, calldata cut short, a dirty word, another verb's selector.

use super::{Call, Draw};
use crate::differential::props::{IProp::relayCall, RELAY};
use alloy_sol_types::SolCall;

/// Calls in a hundred that are spoiled here; lists and arguments that are wrong from the start come on top.
const SPOILED: u64 = 14;

/// Spoils a call, or not.
pub fn maybe(draw: &mut Draw<'_>, call: &mut Call) {
    through_a_contract(draw, call);
    if draw.chance.below(100) >= SPOILED {
        return;
    }
    let mut data = call.data.to_vec();
    match draw.chance.below(10) {
        0..7 => {
            call.from = draw.anyone();
            call.note = " (any caller)";
            return;
        }
        7 => {
            data.truncate(4 + draw.chance.index(data.len().saturating_sub(3)));
            call.note = " (cut short)";
        }
        8 => {
            let at = draw.chance.index(data.len());
            data[at] ^= 1 << draw.chance.below(8);
            call.note = " (a bit flipped)";
        }
        _ => {
            // The first bytes of a word are where an address or a small number has its padding.
            let words = (data.len() / 32).max(1);
            let at = (4 + 32 * draw.chance.index(words)).min(data.len() - 1);
            data[at] |= 0x80;
            call.note = " (a dirty word)";
        }
    }
    call.data = data.into();
    call.is_spoiled = true;
}

/// What the relay would say itself it says through a call; anybody's call may go through it, or through a static frame.
fn through_a_contract(draw: &mut Draw<'_>, call: &mut Call) {
    let is_static = draw.chance.one_in(40);
    if call.from != RELAY && !is_static && !draw.chance.one_in(40) {
        return;
    }
    let from = if call.from == RELAY { draw.anyone() } else { call.from };
    let relayed = relayCall { to: call.to, data: call.data.clone(), isStatic: is_static };
    (call.from, call.to, call.data) = (from, RELAY, relayed.abi_encode().into());
    call.note = if is_static { " (in a static frame)" } else { " (through the relay)" };
}
