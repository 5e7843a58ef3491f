//! Units, addresses, parameters, gas prices and ABIs: the vocabulary that every other crate speaks.
//! No rules and no input or output live here.

pub mod abi;
pub mod addresses;
pub mod approval;
pub mod gas;
pub mod params;
pub mod units;

pub use params::{Params, Preset, Rules};
