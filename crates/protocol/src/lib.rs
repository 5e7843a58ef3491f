//! The restaking rules, one folder a contract. They know the world only through [`host::View`] and [`host::Host`],
//! so the same code runs inside the EVM (`chain::native`) and on an in-memory chain in tests ([`mem::MemHost`]).

pub mod allocation_manager;
pub mod audit;
pub mod avs_directory;
pub mod backing_eigen;
pub mod blobs;
pub mod covenants;
pub mod delegation_manager;
pub mod dispatch;
pub mod duration_vault;
pub mod eigen;
pub mod eigen_pod_manager;
pub mod eigen_strategy;
pub mod eip712;
pub mod enumerable;
pub mod erc20;
pub mod first_release;
pub mod genesis;
pub mod guard;
pub mod history;
pub mod host;
pub mod key_registrar;
pub mod ledger;
pub mod lens;
pub mod lists;
pub mod loss_notices;
pub mod math;
pub mod mem;
pub mod multicall3;
pub mod operator_set;
pub mod ownable;
pub mod pausable;
pub mod pauser_registry;
pub mod permission_controller;
pub mod prices;
pub mod protocol_registry;
pub mod registry;
pub mod release_manager;
pub mod risk_oracle;
pub mod safe_exit;
pub mod signature;
pub mod slashing;
pub mod storage;
pub mod strategy_base;
pub mod strategy_factory;
pub mod strategy_manager;
pub mod test_token;
pub mod votes_token;
pub mod weth;

#[cfg(test)]
mod scene;
#[cfg(test)]
mod testkit;
