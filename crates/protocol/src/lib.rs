//! The restaking rules, one folder a contract. They know the world only through [`host::View`] and [`host::Host`],
//! so the same code runs inside the EVM (`chain::native`) and on an in-memory chain in tests ([`mem::MemHost`]).

pub mod dispatch;
pub mod erc20;
pub mod genesis;
pub mod guard;
pub mod host;
pub mod math;
pub mod mem;
pub mod ownable;
pub mod pausable;
pub mod pauser_registry;
pub mod registry;
pub mod storage;

#[cfg(test)]
mod testkit;
