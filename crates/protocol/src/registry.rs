//! Which addresses are native, and what their accounts look like (`decisions.md` 29, 30).

use crate::{
    allocation_manager, avs_directory, backing_eigen, covenants, delegation_manager, duration_vault, eigen,
    eigen_pod_manager, eigen_strategy, host::NativeFn, key_registrar, lens, loss_notices, multicall3,
    pauser_registry, permission_controller, prices, protocol_registry, release_manager, risk_oracle,
    safe_exit, strategy_base, strategy_factory, strategy_manager, test_token, weth,
};
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
static SINGLETONS: &[(Address, NativeFn)] = &[
    (addresses::STRATEGY_MANAGER, strategy_manager::main),
    (addresses::DELEGATION_MANAGER, delegation_manager::main),
    (addresses::ALLOCATION_MANAGER, allocation_manager::main),
    (addresses::EIGEN_POD_MANAGER, eigen_pod_manager::main),
    (addresses::PERMISSION_CONTROLLER, permission_controller::main),
    (addresses::STRATEGY_FACTORY, strategy_factory::main),
    (addresses::PAUSER_REGISTRY, pauser_registry::main),
    (addresses::AVS_DIRECTORY, avs_directory::main),
    (addresses::KEY_REGISTRAR, key_registrar::main),
    (addresses::RELEASE_MANAGER, release_manager::main),
    (addresses::PROTOCOL_REGISTRY, protocol_registry::main),
    (addresses::EIGEN_STRATEGY, eigen_strategy::main),
    (addresses::EIGEN, eigen::main),
    (addresses::BACKING_EIGEN, backing_eigen::main),
    (addresses::COVENANTS, covenants::main),
    (addresses::LOSS_NOTICES, loss_notices::main),
    (addresses::SAFE_EXIT, safe_exit::main),
    (addresses::LENS, lens::main),
    (addresses::PRICE_BOOK, prices::main),
    (addresses::RISK_ORACLE, risk_oracle::main),
    (addresses::TEST_TOKEN, test_token::main),
    (addresses::WETH, weth::main),
    (addresses::MULTICALL3, multicall3::main),
];

/// The instances: kind and entry.
static INSTANCES: &[(u16, NativeFn)] = &[
    (strategy_base::KIND, strategy_base::main),
    (strategy_base::limits::KIND, strategy_base::limits::main),
    (duration_vault::KIND, duration_vault::main),
];

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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::bytes;

    #[test]
    fn code_registers_an_instance() {
        assert_eq!(instance_code(0x0102), bytes!("efb10102"));
        assert_eq!(kind_of(&instance_code(0x0102)), Some(0x0102));
        for other in [&b""[..], &[0xfe], &[0xef, 0xb1, 1], &[0xef, 0xb1, 1, 2, 3], &[0xef, 0x01, 1, 2]] {
            assert_eq!(kind_of(other), None);
        }
    }

    #[test]
    fn a_singleton_needs_its_stub_and_an_instance_a_known_kind() {
        assert!(native_at(addresses::WETH, &STUB_CODE).is_some());
        assert!(native_at(addresses::WETH, &[]).is_none());
        assert!(native_at(Address::ZERO, &STUB_CODE).is_none());
        assert!(native_at(Address::ZERO, &instance_code(strategy_base::KIND)).is_some());
        assert!(native_at(Address::ZERO, &instance_code(u16::MAX)).is_none());
    }

    #[test]
    fn addresses_and_kinds_are_unique() {
        for (index, (address, _)) in SINGLETONS.iter().enumerate() {
            assert!(SINGLETONS[..index].iter().all(|(other, _)| other != address), "{address}");
        }
        for (index, (kind, _)) in INSTANCES.iter().enumerate() {
            assert!(INSTANCES[..index].iter().all(|(other, _)| other != kind), "{kind}");
        }
    }
}
