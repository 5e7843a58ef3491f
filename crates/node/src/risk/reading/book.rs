//! Where the contracts of restaking stand, by chain id, and which strategies are counted at par with ether. Ours are the
//! same on every chain; those of EigenLayer are as its deployments tell. A file names those of any other chain.

use crate::{failure::Failure, risk::source::text_of};
use alloy_primitives::{Address, address};
use serde::{Deserialize, Serialize};
use types::addresses::{
    ALLOCATION_MANAGER, AVS_DIRECTORY, BEACON_STRATEGY, DELEGATION_MANAGER, TEST_TOKEN_STRATEGY,
};

/// Chain ids under which development nodes run: their newest block is final.
pub const DEVELOPMENT: [u64; 2] = [31_337, 1_337];

const MAINNET: u64 = 1;
const HOLESKY: u64 = 17_000;
const HOODI: u64 = 560_048;

/// The contracts that are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Stake of operators.
    pub delegation_manager: Address,
    /// Registrations of the legacy way.
    pub avs_directory: Address,
    /// Operator sets and allocations.
    pub allocation_manager: Address,
    /// Strategies whose tokens are worth as much ether as they say.
    #[serde(default)]
    pub strategies: Vec<Address>,
    /// The first block that can hold an event of theirs.
    #[serde(default)]
    pub first_block: u64,
}

impl Contracts {
    /// Those of a chain, if they are known; ours otherwise.
    pub fn of_chain(chain: u64) -> Self {
        match chain {
            MAINNET => mainnet(),
            HOLESKY => Self {
                delegation_manager: address!("0xA44151489861Fe9e3055d95adC98FbD462B948e7"),
                avs_directory: address!("0x055733000064333CaDDbC92763c58BF0192fFeBf"),
                allocation_manager: address!("0x78469728304326CBc65f8f95FA756B0B73164462"),
                strategies: vec![BEACON_STRATEGY],
                first_block: 0,
            },
            HOODI => Self {
                delegation_manager: address!("0x867837a9722C512e0862d8c2E15b8bE220E8b87d"),
                avs_directory: address!("0xD58f6844f79eB1fbd9f7091d05f7cb30d3363926"),
                allocation_manager: address!("0x95a7431400F362F3647a69535C5666cA0133CAA0"),
                strategies: vec![
                    BEACON_STRATEGY,
                    address!("0x24579aD4fe83aC53546E5c2D3dF5F85D6383420d"),
                    address!("0x41525d38F59895d606E8C05C229864F2DB6B64Fd"),
                ],
                first_block: 0,
            },
            _ => Self {
                delegation_manager: DELEGATION_MANAGER,
                avs_directory: AVS_DIRECTORY,
                allocation_manager: ALLOCATION_MANAGER,
                strategies: vec![BEACON_STRATEGY, TEST_TOKEN_STRATEGY],
                first_block: 0,
            },
        }
    }

    /// Those that a file names.
    ///
    /// # Errors
    /// It cannot be read, or says something else.
    pub fn of_file(path: &str) -> Result<Self, Failure> {
        serde_json::from_str(&text_of(path)?).map_err(|error| {
            Failure::new(format!("{path}: {error}")).help(
                "it is JSON with delegation_manager, avs_directory, allocation_manager, and if need be strategies \
                 (counted at par) and first_block",
            )
        })
    }
}

/// Ethereum: native ether and the liquid staking tokens that EigenLayer listed itself.
fn mainnet() -> Contracts {
    Contracts {
        delegation_manager: address!("0x39053D51B77DC0d36036Fc1fCc8Cb819df8Ef37A"),
        avs_directory: address!("0x135DDa560e946695d6f155dACaFC6f1F25C1F5AF"),
        allocation_manager: address!("0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39"),
        strategies: vec![
            BEACON_STRATEGY,
            // stETH, rETH, cbETH, ETHx, ankrETH, OETH
            address!("0x93c4b944D05dfe6df7645A86cd2206016c51564D"),
            address!("0x1BeE69b7dFFfA4E2d53C2a2Df135C388AD25dCD2"),
            address!("0x54945180dB7943c0ed0FEE7EdaB2Bd24620256bc"),
            address!("0x9d7eD45EE2E8FC5482fa2428f15C971e6369011d"),
            address!("0x13760F50a9d7377e4F20CB8CF9e4c26586c658ff"),
            address!("0xa4C637e0F704745D182e4D38cAb7E7485321d059"),
            // osETH, swETH, wBETH, sfrxETH, LsETH, mETH
            address!("0x57ba429517c3473B6d34CA9aCd56c0e735b94c02"),
            address!("0x0Fe4F44beE93503346A3Ac9EE5A26b130a5796d6"),
            address!("0x7CA911E83dabf90C90dD3De5411a10F1A6112184"),
            address!("0x8CA7A5d6f3acd3A7A8bC468a8CD0FB14B6BD28b6"),
            address!("0xAe60d8180437b5C34bB956822ac2710972584473"),
            address!("0x298aFB19A105D59E74658C4C334Ff360BadE6dd2"),
        ],
        // StrategyManager came first, in June 2023.
        first_block: 17_445_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_that_eigenlayer_is_not_on_are_taken_for_ours() {
        for chain in [31_337, 1_337, 700_000] {
            assert_eq!(Contracts::of_chain(chain).delegation_manager, DELEGATION_MANAGER);
        }
        for chain in [MAINNET, HOLESKY, HOODI] {
            let contracts = Contracts::of_chain(chain);
            assert_ne!(contracts.delegation_manager, DELEGATION_MANAGER);
            assert_eq!(contracts.strategies.first(), Some(&BEACON_STRATEGY));
        }
    }
}
