//! Calls from native code to any contract: CALL and STATICCALL with their prices, the 63/64 rule, the stipend, and the
//! callee's gas merged back as a calling EVM frame does.

use super::{
    drive::{Drive, NodeResult, run_to_end},
    host::{JournalHost, fatal},
};
use alloy_primitives::{Address, Bytes, U256};
use core::ops::RangeInclusive;
use protocol::host::{Fatal, Reply, Status, View};
use revm::{
    bytecode::Bytecode,
    handler::{FrameResult, handle_reservoir_remaining_gas},
    interpreter::{
        CallInput, CallInputs, CallScheme, CallValue, FrameInput, InstructionResult,
        instructions::contract::load_account_delegated, interpreter_action::FrameInit,
    },
    primitives::B256,
};

/// A call that a native frame is about to make.
struct Outgoing {
    to: Address,
    value: U256,
    input: Bytes,
    scheme: CallScheme,
    /// Least and most gas passed on, the stipend not counted.
    gas: RangeInclusive<u64>,
}

/// What a call's price bought: the callee's code and gas.
struct Callee {
    code: (B256, Bytecode),
    gas_limit: u64,
    charged_as_new: bool,
}

impl<D: Drive> JournalHost<'_, D> {
    /// CALL.
    pub(super) fn invoke(
        &mut self,
        to: Address,
        value: U256,
        input: Bytes,
        gas: RangeInclusive<u64>,
    ) -> Result<Reply, Fatal> {
        if !value.is_zero() {
            self.forbid_static()?;
        }
        self.run(Outgoing { to, value, input, scheme: CallScheme::Call, gas })
    }

    /// STATICCALL.
    pub(super) fn invoke_static(
        &mut self,
        to: Address,
        input: Bytes,
        gas: RangeInclusive<u64>,
    ) -> Result<Reply, Fatal> {
        let scheme = CallScheme::StaticCall;
        self.run(Outgoing { to, value: U256::ZERO, input, scheme, gas })
    }

    /// Makes a nested call and merges its gas into this frame.
    fn run(&mut self, call: Outgoing) -> Result<Reply, Fatal> {
        let callee = self.price(&call)?;
        let inputs = self.inputs(call, callee);
        match self.drive(inputs) {
            Ok(result) => self.settle(result),
            Err(error) => {
                self.driver.context_mut().error = Err(error);
                Err(Fatal::Node)
            }
        }
    }

    /// Charges what the opcode charges and sets the callee's gas by the 63/64 rule.
    fn price(&mut self, call: &Outgoing) -> Result<Callee, Fatal> {
        let has_value = !call.value.is_zero();
        let prices = self.prices();
        let stipend = if has_value { prices.call_stipend() } else { 0 };
        let transfer = if has_value { prices.transfer_value_cost() } else { 0 };
        let upfront = prices
            .warm_storage_read_cost()
            .saturating_add(prices.copy_cost(call.input.len()))
            .saturating_add(transfer);
        self.charge_gas(upfront)?;

        let may_create = call.scheme == CallScheme::Call;
        let remaining = self.gas.remaining();
        let context = self.driver.context_mut();
        let spec = context.cfg.spec;
        let (gas, state_gas, code, hash) =
            load_account_delegated(context, spec, remaining, call.to, has_value, may_create)
                .map_err(fatal)?;
        self.charge_gas(gas)?;
        self.charge_state_gas(state_gas)?;

        // After all other charges, so that a callee that burns all it got leaves this frame able to go on.
        let remaining = self.gas.remaining();
        let forwarded = self.prices().call_stipend_reduction(remaining).min(*call.gas.end());
        if forwarded < *call.gas.start() {
            return Err(Fatal::OutOfGas);
        }
        self.charge_gas(forwarded)?;
        let gas_limit = forwarded.saturating_add(stipend);
        Ok(Callee { code: (hash, code), gas_limit, charged_as_new: state_gas > 0 })
    }

    fn inputs(&self, call: Outgoing, callee: Callee) -> CallInputs {
        CallInputs {
            input: CallInput::Bytes(call.input),
            return_memory_offset: 0..0,
            gas_limit: callee.gas_limit,
            reservoir: self.gas.reservoir(),
            bytecode_address: call.to,
            known_bytecode: callee.code,
            target_address: call.to,
            caller: self.msg.this,
            value: CallValue::Transfer(call.value),
            scheme: call.scheme,
            is_static: self.msg.is_static || call.scheme == CallScheme::StaticCall,
            charged_new_account_state_gas: callee.charged_as_new,
        }
    }

    /// Runs the callee on a child of this frame's memory.
    fn drive(&mut self, inputs: CallInputs) -> NodeResult<D, FrameResult> {
        let init = FrameInit {
            depth: self.depth.saturating_add(1),
            memory: self.memory.new_child_context(),
            frame_input: FrameInput::Call(Box::new(inputs)),
        };
        let result = run_to_end(self.driver, init);
        // Also after a failure: the next child's context cannot be made while this one is there.
        self.memory.free_child_context();
        result
    }

    /// Takes the callee's gas back as a calling EVM frame does.
    fn settle(&mut self, mut result: FrameResult) -> Result<Reply, Fatal> {
        // A failed database ends an EVM frame like any halt; only the context knows better.
        if self.driver.context().error.is_err() {
            return Err(Fatal::Node);
        }
        let refill = result.refundable_state_gas(self.prices());
        let ended = result.instruction_result();
        let callee_gas = result.gas_mut().tracker_mut();
        handle_reservoir_remaining_gas(ended, self.gas.tracker_mut(), callee_gas);
        if let Some(charge) = refill {
            self.gas.refill_reservoir(charge);
        }
        Ok(Reply { status: status(ended), data: result.into_interpreter_result().output })
    }
}

fn status(ended: InstructionResult) -> Status {
    use InstructionResult as R;
    match ended {
        ok if ok.is_ok() => Status::Success,
        revert if revert.is_revert() => Status::Revert,
        R::OutOfGas
        | R::MemoryOOG
        | R::MemoryLimitOOG
        | R::PrecompileOOG
        | R::InvalidOperandOOG
        | R::ReentrancySentryOOG => Status::OutOfGas,
        _ => Status::Halt,
    }
}
