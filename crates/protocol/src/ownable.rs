//! OpenZeppelin's Ownable (4.9): its verbs, its strings, and the check that other verbs ask for.

use crate::{
    dispatch::{self, Calldata},
    host::{Host, Result, View, emit, revert_with},
    storage::Slot,
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use types::abi::IOwnable::{OwnershipTransferred, ownerCall, renounceOwnershipCall, transferOwnershipCall};

/// Runs the call if it is one of Ownable's verbs. `owner` is the contract's variable.
pub fn verbs(host: &mut dyn Host, calldata: Calldata<'_>, owner: &Slot<Address>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        ownerCall::SELECTOR => dispatch::view(host, calldata, |view, _: ownerCall| Ok(owner.get(view)?)),
        renounceOwnershipCall::SELECTOR => {
            dispatch::write(host, calldata, |host, _: renounceOwnershipCall| {
                require_owner(host, owner)?;
                pass_on(host, owner, Address::ZERO)
            })
        }
        transferOwnershipCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call: transferOwnershipCall| {
                require_owner(host, owner)?;
                match call.newOwner {
                    Address::ZERO => revert_with("Ownable: new owner is the zero address"),
                    heir => pass_on(host, owner, heir),
                }
            })
        }
        _ => return None,
    })
}

/// Lets only the owner pass.
///
/// # Errors
/// `Ownable: caller is not the owner`.
pub fn require_owner<V: View + ?Sized>(view: &mut V, owner: &Slot<Address>) -> Result<()> {
    if owner.get(view)? == view.msg().sender {
        Ok(())
    } else {
        revert_with("Ownable: caller is not the owner")
    }
}

/// Writes before it emits, as the original does.
fn pass_on(host: &mut dyn Host, owner: &Slot<Address>, heir: Address) -> Result<()> {
    let before = owner.get(host)?;
    owner.set(host, heir)?;
    emit(host, &OwnershipTransferred { previousOwner: before, newOwner: heir })
}
