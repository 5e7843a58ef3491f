//! The original contracts beside ours in the same EVM: where their code comes from, the two worlds, and a story told to
//! both. The bytecode is fetched when needed and never part of this repository.

pub mod pinned;
pub mod release;
pub mod smoke;
mod source;
pub mod world;

pub use pinned::Pinned;
pub use source::{Creations, load};

use alloy_primitives::Address;
use types::{
    Rules,
    addresses::{KEY_REGISTRAR, RELEASE_MANAGER},
};

/// A release to compare with.
#[derive(Clone, Debug)]
pub enum Originals {
    /// v1.3.0.
    Slashing(Creations),
    /// v1.12.0.
    Pinned(Pinned),
}

impl Originals {
    /// The rules under which ours must do the same.
    pub fn rules(&self) -> Rules {
        match self {
            Self::Slashing(_) => Rules::Slashing2025,
            Self::Pinned(_) => Rules::Pinned,
        }
    }

    /// Where the contracts that are compared stand.
    pub fn contracts(&self) -> Vec<Address> {
        let mut contracts = pinned::REPLACED.to_vec();
        if matches!(self, Self::Slashing(_)) {
            contracts.retain(|it| *it != KEY_REGISTRAR && *it != RELEASE_MANAGER);
        }
        contracts
    }
}
