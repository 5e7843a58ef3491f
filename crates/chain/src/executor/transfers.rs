//! The logs of a call with its moves of wei among them, each as a log of ERC-20's `Transfer` from an address that no
//! contract has (`traceTransfers` of eth_simulateV1). What a reverted frame logged or moved is left out.

use alloy_primitives::{Address, B256, Log, LogData, U256, address, b256};
use revm::{
    Inspector,
    context_interface::ContextTr,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome},
};

/// Who seems to log that wei moved.
pub const TRANSFER_EMITTER: Address = address!("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");

/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Collects logs and moves of wei, frame by frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfers {
    /// Of frames that ended well, and those that are open, the innermost last.
    kept: Vec<Log>,
    open: Vec<Vec<Log>>,
}

impl Transfers {
    /// All that happened and was not reverted, in order.
    pub(super) fn into_logs(self) -> Vec<Log> {
        self.kept
    }

    fn add(&mut self, log: Log) {
        self.open.last_mut().unwrap_or(&mut self.kept).push(log);
    }

    fn moved(&mut self, from: Address, to: Address, value: U256) {
        if !value.is_zero() {
            let topics = vec![TRANSFER, from.into_word(), to.into_word()];
            let data = LogData::new_unchecked(topics, value.to_be_bytes_vec().into());
            self.add(Log { address: TRANSFER_EMITTER, data });
        }
    }

    fn close(&mut self, success: bool) {
        let logs = self.open.pop().unwrap_or_default();
        if success {
            self.open.last_mut().unwrap_or(&mut self.kept).extend(logs);
        }
    }
}

impl<C: ContextTr> Inspector<C> for Transfers {
    fn log(&mut self, _: &mut C, log: Log) {
        self.add(log);
    }

    fn call(&mut self, _: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.open.push(Vec::new());
        if let Some(value) = inputs.transfer_value() {
            self.moved(inputs.transfer_from(), inputs.transfer_to(), value);
        }
        None
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, outcome: &mut CallOutcome) {
        self.close(outcome.result.is_ok());
    }

    fn create(&mut self, _: &mut C, _: &mut CreateInputs) -> Option<CreateOutcome> {
        self.open.push(Vec::new());
        None
    }

    fn create_end(&mut self, _: &mut C, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        // Where to is known only now; wei came before all that the frame did.
        if let Some(address) = outcome.address {
            let inner = self.open.pop().unwrap_or_default();
            self.open.push(Vec::new());
            self.moved(inputs.caller(), address, inputs.value());
            inner.into_iter().for_each(|log| self.add(log));
        }
        self.close(outcome.result.is_ok());
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.moved(contract, target, value);
    }
}
