//! OpenZeppelin's ReentrancyGuard (4.9), with the lock in transient storage: each contract has its own.

use crate::{
    host::{Host, Result, revert_with},
    storage::Transient,
};

/// Whether a guarded verb of the running contract is on the stack. No contract uses this tag for anything else.
const ENTERED: Transient<bool> = Transient::at(u32::MAX);

/// Runs `verb` unless a guarded verb of the same contract is running. On an error the frame is rolled back, and the
/// lock with it.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, or the verb's.
pub fn non_reentrant<R>(host: &mut dyn Host, verb: impl FnOnce(&mut dyn Host) -> Result<R>) -> Result<R> {
    if ENTERED.get(host)? {
        return revert_with("ReentrancyGuard: reentrant call");
    }
    ENTERED.set(host, true)?;
    let output = verb(host)?;
    ENTERED.set(host, false)?;
    Ok(output)
}
