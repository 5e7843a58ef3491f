//! Which addresses are native, and what their accounts look like (`decisions.md` 29, 30).

use crate::{host::NativeFn, pauser_registry};
use alloy_primitives::{Address, Bytes};
use types::addresses;

/// How many native frames may be open at once. Each holds Rust stack, which EVM frames do not, so this is a rule of
/// consensus like the EVM's depth of 1024: a call past it fails and its gas comes back.
pub const MAX_NATIVE_NESTING: usize = 32;

/// The code of a singleton: one INVALID byte. EXTCODESIZE is nonzero, EIP-161 never clears the account, and a path
/// that misses the registry halts instead of succeeding with nothing done.
pub const STUB_CODE: [u8; 1] = [0xfe];

/// The first two bytes of an instance's code. EIP-3541 lets nobody deploy code that begins with `0xef`.
const INSTANCE_PREFIX: [u8; 2] = [0xef, 0xb1];

/// The singletons: address and entry.
static SINGLETONS: &[(Address, NativeFn)] = &[(addresses::PAUSER_REGISTRY, pauser_registry::main)];

/// The instances: kind and entry.
static INSTANCES: &[(u16, NativeFn)] = &[];

/// The native contract that an account with this code runs: a singleton only where genesis or a fork placed it.
pub fn native_at(address: Address, code: &[u8]) -> Option<NativeFn> {
    if code == STUB_CODE { singleton(address) } else { instance(kind_of(code)?) }
}

/// The native contract at a fixed address.
pub fn singleton(address: Address) -> Option<NativeFn> {
    SINGLETONS.iter().find(|(at, _)| *at == address).map(|(_, entry)| *entry)
}

/// The native contract that instances of `kind` run.
pub fn instance(kind: u16) -> Option<NativeFn> {
    INSTANCES.iter().find(|(of, _)| *of == kind).map(|(_, entry)| *entry)
}

/// The code that registers an instance of `kind`.
pub fn instance_code(kind: u16) -> Bytes {
    let [high, low] = kind.to_be_bytes();
    let [a, b] = INSTANCE_PREFIX;
    Bytes::from(vec![a, b, high, low])
}

/// The kind that an account's code registers, if it is an instance.
pub fn kind_of(code: &[u8]) -> Option<u16> {
    match code {
        [a, b, high, low] if [*a, *b] == INSTANCE_PREFIX => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
