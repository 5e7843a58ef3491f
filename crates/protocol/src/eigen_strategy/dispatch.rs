//! EigenStrategy's ABI to its verbs.

use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result},
    strategy_base,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IEigenStrategy::{EIGENCall, initialize_0Call},
        IStrategy::{depositCall, withdrawCall},
    },
    addresses::EIGEN,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        depositCall::SELECTOR => write(host, calldata, super::deposit),
        withdrawCall::SELECTOR => write(host, calldata, super::withdraw),
        initialize_0Call::SELECTOR => write(host, calldata, already_initialized::<initialize_0Call>),
        EIGENCall::SELECTOR => view(host, calldata, |_, _: EIGENCall| Ok(EIGEN)),
        _ => strategy_base::shared_verbs(host, calldata),
    }
}
