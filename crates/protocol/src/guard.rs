//! OpenZeppelin's ReentrancyGuard (4.9), with the lock in transient storage: each contract has its own.

use crate::{
    host::{Fatal, Host, Result, revert_with},
    storage::Transient,
};

/// Whether a guarded verb of the running contract is on the stack. No contract uses this tag for anything else.
const ENTERED: Transient<bool> = Transient::at(u32::MAX);

/// Refuses to go on while a guarded verb of the running contract runs: all that a verb needs which hands control to
/// native contracts only, for nobody can come back from those. In a static frame it halts here, as the original does
/// where it takes the lock: before any check that comes after.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, [`Fatal::StaticWrite`].
pub fn require_not_entered(host: &mut dyn Host) -> Result<()> {
    if ENTERED.get(host)? {
        return revert_with("ReentrancyGuard: reentrant call");
    }
    if host.msg().is_static { Err(Fatal::StaticWrite.into()) } else { Ok(()) }
}

/// Runs `verb` unless a guarded verb of the same contract is running. On an error the frame is rolled back, and the
/// lock with it.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, or the verb's.
pub fn non_reentrant<R>(host: &mut dyn Host, verb: impl FnOnce(&mut dyn Host) -> Result<R>) -> Result<R> {
    require_not_entered(host)?;
    ENTERED.set(host, true)?;
    let output = verb(host)?;
    ENTERED.set(host, false)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{ALICE, BOB, chain, says};

    #[test]
    fn a_guarded_verb_does_not_run_inside_another_of_its_contract() {
        let nested = chain().run(ALICE, |host| non_reentrant(host, |host| non_reentrant(host, |_| Ok(()))));
        assert_eq!(nested, Err(says("ReentrancyGuard: reentrant call")));
    }

    #[test]
    fn the_lock_opens_at_the_end() {
        let twice = chain().run(ALICE, |host| {
            non_reentrant(host, |_| Ok(()))?;
            non_reentrant(host, |_| Ok(7))
        });
        assert_eq!(twice, Ok(7));
    }

    #[test]
    fn each_contract_has_its_own_lock() {
        use crate::host::call_native;
        use types::abi::IERC20::decimalsCall;
        let both = chain().run(ALICE, |host| {
            non_reentrant(host, |host| {
                call_native(host, BOB, decimalsCall {}, |host, _| non_reentrant(host, |_| Ok(6)))
            })
        });
        assert_eq!(both, Ok(6));
    }
}
