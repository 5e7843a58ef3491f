//! Precompiles that a simulation moves to other addresses, or hides under code of its own (`movePrecompileToAddress` and
//! `code` of state overrides). Sealed blocks never have any.

use alloy_primitives::{Address, address};
use revm::{interpreter::FrameInput, interpreter::interpreter_action::FrameInit};
use std::collections::BTreeMap;

/// An address at which there is no precompile: a frame sent here runs the code that it brings.
const NOWHERE: Address = address!("0xffffffffffffffffffffffffffffffffffffff01");

/// What is found at the addresses that differ from the rules: another address's precompile, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relocations(BTreeMap<Address, Option<Address>>);

impl Relocations {
    /// Whether precompiles are where the rules have them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Moves the precompile of `from` to `to`; at `from` there is none afterwards.
    pub fn shift(&mut self, from: Address, to: Address) {
        let source = self.0.insert(from, None).flatten().unwrap_or(from);
        self.0.insert(to, Some(source));
    }

    /// Leaves no precompile at an address. Where there is none, nothing changes: native contracts go by their address.
    pub fn hide(&mut self, at: Address) {
        if self.0.contains_key(&at) || is_precompile(at) {
            self.0.insert(at, None);
        }
    }

    /// Sends a frame to the precompile that is at its address now, or past the one that is not there any more.
    pub(super) fn apply(&self, init: &mut FrameInit) {
        if let FrameInput::Call(inputs) = &mut init.frame_input
            && let Some(source) = self.0.get(&inputs.bytecode_address)
        {
            inputs.bytecode_address = source.unwrap_or(NOWHERE);
        }
    }
}

/// Whether the rules have a precompile at an address (Osaka: 1 to 0x11, and 0x100).
fn is_precompile(at: Address) -> bool {
    let [high @ .., tens, ones] = at.0.0;
    high == [0; 18] && matches!((tens, ones), (0, 1..=0x11) | (1, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(relocations: &Relocations, address: Address) -> Option<Option<Address>> {
        relocations.0.get(&address).copied()
    }

    #[test]
    fn a_precompile_moved_twice_is_found_only_where_it_went_last() {
        let [first, second, third] = [1, 2, 3].map(Address::with_last_byte);
        let mut relocations = Relocations::default();
        relocations.shift(first, second);
        assert_eq!((at(&relocations, first), at(&relocations, second)), (Some(None), Some(Some(first))));
        relocations.shift(second, third);
        assert_eq!((at(&relocations, second), at(&relocations, third)), (Some(None), Some(Some(first))));
        relocations.hide(third);
        assert_eq!(at(&relocations, third), Some(None));
    }

    #[test]
    fn code_at_any_other_address_keeps_its_address() {
        let mut relocations = Relocations::default();
        relocations.hide(Address::repeat_byte(7));
        assert!(relocations.is_empty());
        relocations.hide(Address::with_last_byte(9));
        assert!(!relocations.is_empty());
    }
}
