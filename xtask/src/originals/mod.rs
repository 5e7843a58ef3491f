//! The original contracts beside ours in the same EVM: where their code comes from, the two worlds, and a story told to
//! both. The bytecode is fetched when needed and never part of this repository.

pub mod release;
pub mod smoke;
mod source;
pub mod world;

pub use source::{Creations, load};
