//! What one should know before one signs, in words that pages and terminal share: what can be lost, to whom, how fast one
//! can leave. Facts come in from the chain's own views; nothing here asks or refuses.

use crate::format;
use alloy_primitives::Address;
use types::abi::ILens::{Book, SetBook};

/// Operator sets that are looked at one by one; an operator with more is told of by their number.
pub const MOST_SETS: usize = 16;

/// Of all that a staker has with an operator, the share that services can take from which on it is called nearly all:
/// nine tenths, 18 decimals.
pub const NEARLY_ALL_WAD: u64 = 900_000_000_000_000_000;

/// How much of a staker's tokens with an operator services can take, once all that is asked for is in force. `share` is
/// the same as a percentage.
pub fn of_commitment(lost: &str, all: &str, share: &str, committed_wad: u64) -> String {
    let nearly = if committed_wad >= NEARLY_ALL_WAD { ": nearly all of it is committed" } else { "" };
    format!("services can take up to {lost} of {all}, {share} of it{nearly}")
}

/// What an operator's allocation delay means against the blocks that leaving takes.
pub fn of_delay(book: &Book, leaving: u32) -> Option<String> {
    let delay = &book.allocationDelay;
    let least = match delay.effectBlock {
        0 => delay.delayBlocks,
        _ => delay.delayBlocks.min(delay.pendingDelayBlocks),
    };
    match least {
        // Nothing can be allocated before a delay is in force.
        _ if !delay.isSet && delay.effectBlock == 0 => None,
        0 => {
            Some("its allocations count at once: it can put more at risk before anyone can leave".to_owned())
        }
        blocks if blocks <= leaving => Some(format!(
            "its allocations count after {} blocks, sooner than anyone can leave",
            format::grouped(blocks)
        )),
        _ => None,
    }
}

/// What an operator's own choice of an allocation delay tells its stakers, against the blocks that leaving takes.
pub fn of_own_delay(delay: u32, leaving: u32) -> Option<String> {
    match delay {
        0 => Some("allocations count at once: stakers are warned that more can be put at risk before they can leave".to_owned()),
        blocks if blocks <= leaving => Some(format!(
            "allocations count after {}, leaving takes {}: stakers are warned that they cannot leave in time",
            format::count(u64::from(blocks), "block"),
            format::grouped(leaving)
        )),
        _ => None,
    }
}

/// How long a set can slash whoever leaves it.
pub fn of_leaving_a_set(blocks: u32) -> String {
    format!("who leaves a set can be slashed by it for {} blocks yet", format::grouped(blocks))
}

/// What a registrar can do to whoever wants to leave.
pub fn of_registrar(name: &str, grace: u32) -> String {
    format!(
        "its registrar {name} can refuse to let you go; an exit that it cannot bar takes {} blocks more",
        format::grouped(grace)
    )
}

/// What an operator has not promised, or takes back.
pub fn of_promise(book: &Book) -> Option<String> {
    if !book.covenant.exists {
        return Some("it has promised no limits: its services and their part may grow up to all".to_owned());
    }
    let from = book.covenant.effectBlock;
    (from > 0).then(|| format!("it loosens its promise from block {} on", format::grouped(from)))
}

/// What being slashable by a set means. `plain_slasher`: its slasher has no code. `name`: how an account is called.
pub fn of_set(set: &SetBook, plain_slasher: bool, name: impl Fn(Address) -> String) -> Vec<String> {
    let this = format!("{}:{}", name(set.operatorSet.avs), set.operatorSet.id);
    let mut said = Vec::new();
    if set.redistributes {
        let to = name(set.redistributionRecipient);
        said.push(format!("{this} pays slashed stake to {to} instead of burning it: a slash can be a gain"));
    }
    if plain_slasher {
        let slasher = name(set.slasher);
        said.push(format!("{this} is slashed by {slasher}, a plain account: whoever has its key can slash"));
    }
    if !set.pendingSlasher.is_zero() {
        let (next, from) = (name(set.pendingSlasher), format::grouped(set.slasherEffectBlock));
        said.push(format!("{this} changes its slasher to {next} in block {from}"));
    }
    said
}

/// How long leaving takes.
pub fn of_leaving(blocks: u32) -> String {
    format!("leaving takes {} blocks, in which what waits can still be slashed", format::grouped(blocks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::abi::ILens::{AllocationDelay, OperatorSet};

    fn delayed(is_set: bool, delay: u32, pending: u32, effect: u32) -> Book {
        let delay = AllocationDelay {
            isSet: is_set,
            delayBlocks: delay,
            pendingDelayBlocks: pending,
            effectBlock: effect,
        };
        Book { allocationDelay: delay, ..Book::default() }
    }

    #[test]
    fn a_delay_is_warned_of_where_it_is_shorter_than_leaving() {
        for (book, words) in [
            (delayed(true, 0, 0, 0), Some("at once")),
            (delayed(true, 100, 0, 9), Some("at once")),
            (delayed(true, 100, 100, 0), Some("after 100 blocks")),
            (delayed(true, 101, 101, 0), None),
            (delayed(false, 0, 0, 0), None),
        ] {
            let said = of_delay(&book, 100);
            assert_eq!(said.is_some(), words.is_some(), "{book:?}");
            assert!(words.is_none_or(|words| said.unwrap().contains(words)), "{book:?}");
        }
    }

    #[test]
    fn an_own_delay_is_warned_of_where_stakers_cannot_leave_in_time() {
        for (delay, words) in [
            (0, Some("at once")),
            (1, Some("after 1 block, leaving takes 100")),
            (100, Some("in time")),
            (101, None),
        ] {
            let said = of_own_delay(delay, 100);
            assert_eq!(said.is_some(), words.is_some(), "{delay}");
            assert!(words.is_none_or(|words| said.unwrap().contains(words)), "{delay}");
        }
    }

    #[test]
    fn sets_that_gain_by_slashing_and_slashers_that_change_are_named() {
        let set = SetBook {
            operatorSet: OperatorSet { avs: Address::ZERO, id: 7 },
            redistributes: true,
            pendingSlasher: Address::repeat_byte(1),
            slasherEffectBlock: 1_234,
            ..SetBook::default()
        };
        let said = of_set(&set, true, |_| "NAME".into());
        assert_eq!(said.len(), 3);
        assert!(said[0].contains("NAME:7 pays slashed stake to NAME"), "{said:?}");
        assert!(said[1].contains("a plain account") && said[2].contains("in block 1,234"), "{said:?}");
        assert!(of_set(&SetBook::default(), false, |_| "NAME".into()).is_empty());
    }

    #[test]
    fn nearly_all_is_said_from_nine_tenths_on() {
        assert!(of_commitment("1", "1", "90 %", NEARLY_ALL_WAD).ends_with("nearly all of it is committed"));
        assert!(!of_commitment("1", "2", "50 %", NEARLY_ALL_WAD - 1).contains("nearly"));
    }
}
