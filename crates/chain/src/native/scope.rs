//! Calls from native code to native code (`decisions.md` 33): a Rust call at the price of a warm one. The message is
//! swapped, so the callee's logs, locks and outgoing calls are its own, and whoever watches is shown a frame.

use super::{drive::Drive, host::JournalHost};
use alloy_primitives::{Address, Bytes, U256};
use protocol::{
    host::{Error, Fatal, Msg, View},
    registry::MAX_NATIVE_NESTING,
};
use revm::{
    bytecode::Bytecode,
    context_interface::JournalTr,
    handler::FrameResult,
    interpreter::{
        CallInput, CallInputs, CallOutcome, CallScheme, CallValue, FrameInput, Gas, InstructionResult,
        InterpreterResult,
    },
    primitives::B256,
};
use types::gas;

/// An open call that somebody watches.
pub(super) struct Shown {
    input: FrameInput,
    gas_limit: u64,
}

impl<D: Drive> JournalHost<'_, D> {
    /// Swaps the message for the callee's and returns the caller's.
    ///
    /// A call past the nesting limit ends the frame as a call past the EVM's depth would, with its gas coming back:
    /// there is no frame of the callee's that could fail in its place.
    pub(super) fn open_scope(
        &mut self,
        callee: Address,
        selector: [u8; 4],
        input: Option<Bytes>,
    ) -> Result<Msg, Fatal> {
        self.charge_gas(gas::NATIVE_CALL)?;
        if *self.driver.nesting() >= MAX_NATIVE_NESTING {
            self.halt = InstructionResult::CallTooDeep;
            return Err(Fatal::OutOfGas);
        }
        // The callee may move its own wei, for which the journal must hold it.
        self.ensure_loaded(callee)?;
        let nesting = self.driver.nesting();
        *nesting = nesting.saturating_add(1);
        let Msg { this: sender, is_static, .. } = self.msg;
        let msg = Msg { sender, this: callee, value: U256::ZERO, selector, is_static };
        let caller = core::mem::replace(&mut self.msg, msg);
        if D::WATCHED {
            self.show_scope(input.unwrap_or_default());
        }
        Ok(caller)
    }

    /// Ends what [`Self::open_scope`] began.
    pub(super) fn close_scope(&mut self, caller: Msg, outcome: Result<Option<Bytes>, &Error>) {
        self.msg = caller;
        let nesting = self.driver.nesting();
        *nesting = nesting.saturating_sub(1);
        if D::WATCHED {
            self.show_end_of_scope(outcome);
        }
    }

    fn show_scope(&mut self, input: Bytes) {
        let gas_limit = self.gas.remaining();
        let scheme = if self.msg.is_static { CallScheme::StaticCall } else { CallScheme::Call };
        let inputs = CallInputs {
            input: CallInput::Bytes(input),
            return_memory_offset: 0..0,
            gas_limit,
            reservoir: self.gas.reservoir(),
            bytecode_address: self.msg.this,
            known_bytecode: (B256::ZERO, Bytecode::default()),
            target_address: self.msg.this,
            caller: self.msg.sender,
            value: CallValue::Transfer(U256::ZERO),
            scheme,
            is_static: self.msg.is_static,
            charged_new_account_state_gas: false,
        };
        let mut input = FrameInput::Call(Box::new(inputs));
        self.driver.show_start(&mut input);
        // Watchers read the depth of a frame from the journal; a checkpoint that is never reverted changes no more.
        let _ = self.driver.context_mut().journaled_state.checkpoint();
        self.shown.push(Shown { input, gas_limit });
    }

    fn show_end_of_scope(&mut self, outcome: Result<Option<Bytes>, &Error>) {
        let Some(Shown { input, gas_limit }) = self.shown.pop() else { return };
        self.driver.context_mut().journaled_state.checkpoint_commit();
        let (result, output) = match outcome {
            Ok(output) => (InstructionResult::Return, output.unwrap_or_default()),
            Err(Error::Revert(data)) => (InstructionResult::Revert, data.clone()),
            Err(Error::Fatal(Fatal::OutOfGas)) => (self.halt, Bytes::new()),
            Err(Error::Fatal(Fatal::StaticWrite)) => {
                (InstructionResult::StateChangeDuringStaticCall, Bytes::new())
            }
            Err(Error::Fatal(Fatal::Invalid)) => (InstructionResult::InvalidFEOpcode, Bytes::new()),
            Err(Error::Fatal(Fatal::Node | Fatal::Broken(_))) => {
                (InstructionResult::FatalExternalError, Bytes::new())
            }
        };
        let mut gas = Gas::new(gas_limit);
        gas.set_remaining(self.gas.remaining());
        let outcome = CallOutcome::new(InterpreterResult { result, output, gas }, 0..0);
        self.driver.show_end(&input, &mut FrameResult::Call(outcome));
    }
}
