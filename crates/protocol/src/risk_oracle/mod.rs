//! RiskOracle: what corrupting each service is worth, and certified bounds on how secure services and the network are,
//! for other contracts to read (`decisions.md` 48 to 51, 72). Services declare prizes, anyone publishes a certificate;
//! it is checked against the state in which it runs by the checker of `light::certificate`, integers only.
//!
//! | file | of |
//! | --- | --- |
//! | `services` | prizes and thresholds, which services and strategies count, operators known from AVSDirectory |
//! | `network` | the network as certificates index it, from the state: one function for chain and RPC |
//! | `publish` | the check of a certificate, at a bounded price |
//! | `records` | what is proved, and what follows from it |

mod dispatch;
mod network;
mod publish;
mod records;
mod services;
#[cfg(test)]
mod tests;

pub use dispatch::main;
pub use network::{Built, listed, of_services};
pub use publish::{MAX_CERTIFICATE_BYTES, MAX_WORK};
pub use services::{MAX_MEMBERS, MAX_SERVICES, MAX_STRATEGIES, directory_avs, directory_key, genesis, told};

use crate::{
    host::{Result, revert},
    storage::Slot,
};
use alloy_primitives::{Address, U256};
use types::{abi::IRiskOracle::InvalidMode, addresses::RISK_ORACLE as HOME};

/// Pause bit: publishing.
const PAUSED_PUBLISHING: u8 = 0;
/// Pause bit: prizes, lists and the tracking of operators.
const PAUSED_DECLARING: u8 = 1;

const PAUSED: Slot<U256> = Slot::on(HOME, 0);
const OWNER: Slot<Address> = Slot::on(HOME, 1);

/// How stake backs the services of one network (`decisions.md` 72).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each service can slash the whole stake: AVSDirectory registrations, and sets without allocations.
    Full,
    /// Each unit of stake belongs to one service: sets with allocations.
    Unique,
}

impl Mode {
    /// The mode of a number of the ABI.
    ///
    /// # Errors
    /// `InvalidMode`.
    pub fn of(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Full),
            1 => Ok(Self::Unique),
            mode => revert(InvalidMode { mode }),
        }
    }

    const fn key(self) -> u64 {
        self as u64
    }
}
