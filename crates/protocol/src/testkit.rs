//! What the tests of all contracts share: a chain on [`MemHost`], its people, and claims about reverts and selectors.

use crate::{
    genesis::Setup,
    host::{BlockInfo, Error, Fatal, NativeFn, Result},
    mem::MemHost,
};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::SolError;
use types::{Params, Preset, params::Roles};

pub const OWNER: Address = address!("0x0000000000000000000000000000000000000a01");
pub const PAUSER: Address = address!("0x0000000000000000000000000000000000000a02");
pub const UNPAUSER: Address = address!("0x0000000000000000000000000000000000000a03");
pub const ALICE: Address = address!("0x0000000000000000000000000000000000000b01");
pub const BOB: Address = address!("0x0000000000000000000000000000000000000b02");
pub const STRANGER: Address = address!("0x0000000000000000000000000000000000000b99");

pub fn roles() -> Roles {
    Roles { unpauser: UNPAUSER, pausers: vec![PAUSER], ..Roles::all_held_by(OWNER) }
}

/// A `dev` chain with the numbers of `fast`, at block 1000.
pub fn chain() -> MemHost {
    chain_with(true)
}

/// A chain with or without TestToken and its strategy.
pub fn chain_with(dev: bool) -> MemHost {
    let (params, roles) = (Params::preset(Preset::Fast), roles());
    let block = BlockInfo { number: 1000, timestamp: 1_700_000_000, chain_id: 31337, ..BlockInfo::default() };
    MemHost::new(&Setup { params: &params, roles: &roles, dev }, block)
}

pub fn u(value: u64) -> U256 {
    U256::from(value)
}

/// The revert data of a custom error.
pub fn reverts(error: impl SolError) -> Error {
    Error::Revert(error.abi_encode().into())
}

/// The revert data of `require(false, message)`.
pub fn says(message: &str) -> Error {
    reverts(alloy_sol_types::Revert::from(message))
}

pub fn empty_revert() -> Error {
    Error::Revert(Bytes::new())
}

/// Claims that a contract knows exactly the selectors of its ABI. A known verb pays for its entry first, and so runs
/// out of gas without any; an unknown one reverts.
pub fn assert_dispatches(entry: NativeFn, selectors: &[[u8; 4]]) {
    let place = address!("0x00000000000000000000000000000000000c0de0");
    let mut chain = chain();
    chain.place(place, entry);
    let mut answer =
        |selector: [u8; 4]| -> Result<Bytes> { chain.send(ALICE, place, U256::ZERO, &selector, 0).answer };
    for selector in selectors {
        assert_eq!(answer(*selector), Err(Fatal::OutOfGas.into()), "{} is unknown", hex(*selector));
    }
    let foreign = [0xde, 0xad, 0xbe, 0xef];
    assert_eq!(answer(foreign), Err(empty_revert()), "{} is known", hex(foreign));
}

fn hex(selector: [u8; 4]) -> String {
    Bytes::from(selector).to_string()
}
