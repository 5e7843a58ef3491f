//! `evm_`, `anvil_`, `hardhat_`: control of a development chain, with anvil's names, arguments and answers. A file a
//! concern; the work is the chain's (`chain::develop`), and who is let through is checked in `dispatch`.

pub(crate) mod impersonation;
pub(crate) mod mining;
pub(crate) mod next;
pub(crate) mod node;
pub(crate) mod past;
pub(crate) mod pool;
pub(crate) mod refused;
pub(crate) mod state;
pub(crate) mod time;
pub(crate) mod tokens;
