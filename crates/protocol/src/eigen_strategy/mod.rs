//! EigenStrategy: the strategy of bEIGEN, at a fixed address, which takes and pays EIGEN too (restaking-core §2.2).
//! EIGEN that arrives is unwrapped, and what leaves as EIGEN is wrapped first, one for one.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    dispatch::call as call_contract,
    host::{Host, Result, require},
    strategy_base,
};
use alloy_primitives::{Address, U256};
use types::{
    abi::{
        IERC20::approveCall,
        IEigen::{unwrapCall, wrapCall},
        IStrategy::{OnlyUnderlyingToken, depositCall, withdrawCall},
    },
    addresses::{BACKING_EIGEN, EIGEN},
};

/// The storage that a genesis state gives it.
pub fn genesis() -> Vec<(U256, U256)> {
    strategy_base::genesis(BACKING_EIGEN)
}

fn deposit(host: &mut dyn Host, call: depositCall) -> Result<U256> {
    strategy_base::deposit_after(host, call, |host, call| {
        require_held(call.token)?;
        if call.token == EIGEN {
            call_contract(host, EIGEN, &unwrapCall { amount: call.amount })?;
        }
        Ok(BACKING_EIGEN)
    })
}

fn withdraw(host: &mut dyn Host, call: withdrawCall) -> Result<U256> {
    let token = call.token;
    let held = |_: &mut dyn Host| {
        require_held(token)?;
        Ok(BACKING_EIGEN)
    };
    strategy_base::withdraw_through(host, call, held, |host, amount| {
        if token == EIGEN {
            call_contract(host, BACKING_EIGEN, &approveCall { spender: EIGEN, value: amount })?;
            call_contract(host, EIGEN, &wrapCall { amount })?;
        }
        Ok(())
    })
}

fn require_held(token: Address) -> Result<()> {
    require(token == BACKING_EIGEN || token == EIGEN, OnlyUnderlyingToken {})
}
