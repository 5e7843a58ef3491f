//! `eth_`, by subject.
//! Each file begins with the table of its methods; subscriptions are beside, since they need a connection.

pub(crate) mod blocks;
pub(crate) mod execute;
pub(crate) mod fees;
pub(crate) mod fill;
pub(crate) mod logs;
pub(crate) mod many;
pub(crate) mod node;
pub(crate) mod receipts;
pub(crate) mod sign;
pub(crate) mod simulate;
pub(crate) mod state;
pub(crate) mod transactions;
