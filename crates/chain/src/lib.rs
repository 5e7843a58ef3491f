//! The chain: transactions, pool, producer, execution, and the handle through which everything else asks it.

mod audit;
pub mod block;
pub mod chain;
pub mod clock;
pub mod develop;
pub mod doctor;
pub mod dump;
pub mod empty;
pub mod executor;
pub mod genesis;
pub mod index;
pub mod native;
pub mod pool;
mod producer;
pub mod query;
mod reread;
mod search;
pub mod transaction;

pub use audit::AuditError;
pub use block::SealedBlock;
pub use chain::{Chain, ChainError, Config, ControlError, Mining, SubmitError};
pub use develop::{Dials, Edit};
pub use dump::Dump;
pub use executor::{CallRequest, Outcome, Overrides};
pub use genesis::Genesis;
pub use pool::Limits as PoolLimits;
pub use query::{LocatedLog, LogFilter, LogsError, ReadError, View};
pub use state::{Account, History};
pub use transaction::Recovered;
