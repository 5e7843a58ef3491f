//! `eth_`, by subject.

pub(crate) mod blocks;
pub(crate) mod execute;
pub(crate) mod fees;
pub(crate) mod logs;
pub(crate) mod sign;
pub(crate) mod state;
pub(crate) mod transactions;
