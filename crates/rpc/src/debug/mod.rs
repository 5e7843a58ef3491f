//! `debug_`: transactions, blocks and calls traced as geth does, and raw encodings.

pub(crate) mod ranges;
pub(crate) mod raw;
pub(crate) mod traces;
