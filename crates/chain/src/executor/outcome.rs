//! How a transaction or a call ended.

use alloy_primitives::{Address, Bytes, Log};
use revm::context::result::{ExecutionResult, HaltReason, Output};

/// How a transaction or a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its end.
    pub ending: Ending,
    /// Gas paid for, refunds taken off.
    pub gas_used: u64,
    /// Gas that storage refunds took off.
    pub gas_refunded: u64,
    /// Logs; none unless it succeeded.
    pub logs: Vec<Log>,
}

/// The end of a transaction or a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It returned data.
    Returned(Bytes),
    /// It made a contract.
    Created {
        /// Where; `None` only for a nonce at its limit.
        address: Option<Address>,
        /// The deployed code.
        code: Bytes,
    },
    /// It reverted with data.
    Reverted(Bytes),
    /// It halted, and all of its gas is gone.
    Halted(HaltReason),
}

impl Outcome {
    /// Whether it succeeded.
    pub const fn is_success(&self) -> bool {
        matches!(self.ending, Ending::Returned(_) | Ending::Created { .. })
    }

    /// Return data, deployed code or revert data; empty after a halt.
    pub fn output(&self) -> Bytes {
        match &self.ending {
            Ending::Returned(data) | Ending::Reverted(data) | Ending::Created { code: data, .. } => {
                data.clone()
            }
            Ending::Halted(_) => Bytes::new(),
        }
    }
}

impl From<ExecutionResult> for Outcome {
    fn from(result: ExecutionResult) -> Self {
        let gas_used = result.tx_gas_used();
        let gas_refunded = result.gas().final_refunded();
        let (ending, logs) = match result {
            ExecutionResult::Success { output: Output::Call(data), logs, .. } => {
                (Ending::Returned(data), logs)
            }
            ExecutionResult::Success { output: Output::Create(code, address), logs, .. } => {
                (Ending::Created { address, code }, logs)
            }
            ExecutionResult::Revert { output, .. } => (Ending::Reverted(output), Vec::new()),
            ExecutionResult::Halt { reason, .. } => (Ending::Halted(reason), Vec::new()),
        };
        Self { ending, gas_used, gas_refunded, logs }
    }
}
