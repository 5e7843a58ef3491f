//! One native call frame: depth, checkpoint, value, the contract, and commit or rollback by its answer.

use super::{
    drive::{Drive, NodeResult},
    host::JournalHost,
    lookup::Claim,
};
use alloy_primitives::Bytes;
use alloy_sol_types::{SolError, sol};
use core::mem::replace;
use protocol::{
    host::{Error, Fatal, NativeFn},
    registry::MAX_NATIVE_NESTING,
};
use revm::{
    context_interface::{JournalTr, context::ContextError},
    handler::FrameResult,
    interpreter::{
        CallInputs, CallOutcome, FrameInput, InstructionResult, InterpreterResult,
        interpreter_action::FrameInit,
    },
    primitives::constants::CALL_STACK_LIMIT,
};

sol! {
    /// DELEGATECALL and CALLCODE would run native code on another account's storage.
    error DelegateCallRefused();
}

/// Runs a native contract as one call frame.
///
/// # Errors
/// The node's: a failed database, or a broken rule of ours. They end the transaction without an outcome.
pub fn run_native<D: Drive>(driver: &mut D, claim: Claim, init: FrameInit) -> NodeResult<D, FrameResult> {
    let FrameInit { depth, memory, frame_input: FrameInput::Call(inputs) } = init else {
        return Err(ContextError::Custom("a native frame that is not a call".into()));
    };
    let nesting = *driver.nesting();
    let mut host = JournalHost::new(driver, &inputs, depth, memory);
    *host.driver.nesting() = nesting.saturating_add(1);
    let ended = host.execute(claim, &inputs);
    *host.driver.nesting() = nesting;
    let (result, output) = ended?;

    let result = InterpreterResult { result, output, gas: host.gas };
    let mut outcome = CallOutcome::new(result, inputs.return_memory_offset.clone());
    outcome.charged_new_account_state_gas = inputs.charged_new_account_state_gas;
    Ok(FrameResult::Call(outcome))
}

impl<D: Drive> JournalHost<'_, D> {
    /// Checks, runs inside a checkpoint, and settles the journal.
    fn execute(&mut self, claim: Claim, inputs: &CallInputs) -> NodeResult<D, (InstructionResult, Bytes)> {
        let is_too_deep = self.depth > CALL_STACK_LIMIT as usize;
        if is_too_deep || *self.driver.nesting() > MAX_NATIVE_NESTING {
            return Ok((InstructionResult::CallTooDeep, Bytes::new()));
        }
        let checkpoint = self.driver.context_mut().journaled_state.checkpoint();
        let ended = match (self.take_value(inputs), claim) {
            (Some(failure), _) => (failure, Bytes::new()),
            (None, Claim::Run(entry)) => self.verdict(entry, inputs)?,
            (None, Claim::Refuse) => (InstructionResult::Revert, DelegateCallRefused {}.abi_encode().into()),
        };
        let journal = &mut self.driver.context_mut().journaled_state;
        if ended.0.is_ok() {
            journal.checkpoint_commit();
        } else {
            journal.checkpoint_revert(checkpoint);
        }
        Ok(ended)
    }

    /// Moves the call's value. A zero value must pass too: it touches the account, and writes of an untouched account
    /// would be lost.
    fn take_value(&mut self, inputs: &CallInputs) -> Option<InstructionResult> {
        let value = inputs.value.transfer()?;
        let journal = &mut self.driver.context_mut().journaled_state;
        let first_log = journal.logs().len();
        let failure = journal.transfer_loaded(inputs.caller, inputs.target_address, value);
        self.driver.show_logs(first_log);
        failure.map(Into::into)
    }

    /// Runs the contract and turns its answer into a frame result.
    fn verdict(&mut self, entry: NativeFn, inputs: &CallInputs) -> NodeResult<D, (InstructionResult, Bytes)> {
        // Copied out first: nested frames write into the buffer that the input may point into.
        let input = inputs.input.bytes(self.driver.context());
        self.set_selector(&input);
        match entry(self, &input) {
            Ok(output) => Ok((InstructionResult::Return, output)),
            Err(Error::Revert(data)) => Ok((InstructionResult::Revert, data)),
            Err(Error::Fatal(Fatal::OutOfGas)) => Ok((self.halt, Bytes::new())),
            Err(Error::Fatal(Fatal::StaticWrite)) => {
                Ok((InstructionResult::StateChangeDuringStaticCall, Bytes::new()))
            }
            Err(Error::Fatal(Fatal::Invalid)) => Ok((InstructionResult::InvalidFEOpcode, Bytes::new())),
            Err(Error::Fatal(Fatal::Node)) => Err(self.node_error()),
            Err(Error::Fatal(Fatal::Broken(rule))) => Err(ContextError::Custom(broken(rule))),
        }
    }

    /// Takes the error that a failed load or nested frame left in the context.
    fn node_error(&mut self) -> ContextError<<D::Db as revm::Database>::Error> {
        match replace(&mut self.driver.context_mut().error, Ok(())) {
            Err(error) => error,
            Ok(()) => ContextError::Custom("a native contract failed without a cause".into()),
        }
    }
}

/// How a broken rule is told to those who read the log.
pub fn broken(rule: &str) -> String {
    format!("a rule that must always hold is broken: {rule}")
}
