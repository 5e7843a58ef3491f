//! The chain: transactions, pool, producer, execution, and the handle through which everything else asks it.

pub mod block;
pub mod clock;
pub mod empty;
pub mod genesis;
pub mod pool;
pub mod transaction;
