//! An inspector around an inspector that ends a run which would record too much or take too long. What is recorded is
//! estimated from what the inner inspector is known to keep, before it keeps it; execution itself is bounded by gas.

use crate::{error::RpcError, limits::raise};
use alloy_primitives::{
    Address, Log, U256,
    map::{AddressMap, HashSet},
};
use revm::{
    Inspector,
    bytecode::opcode,
    context_interface::{ContextError, ContextTr},
    handler::FrameResult,
    inspector::JournalExt,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, FrameInput, Interpreter,
        interpreter_types::{InputsTr, Jumps, LoopControl},
    },
};
use std::time::{Duration, Instant};

/// Bytes that a step takes as recorded and as written out.
const STEP_BYTES: usize = 520;

/// Bytes that a word on the stack takes with each step, in both forms.
const WORD_BYTES: usize = 64;

/// A byte of memory is kept as such and, with each step, as hex.
const MEMORY_FACTOR: usize = 4;

/// Bytes of one slot in the storage shown with a step.
const SLOT_BYTES: usize = 96;

/// Bytes of a call frame without its data.
const FRAME_BYTES: usize = 1_024;

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u32 = 1_024;

/// What the inner inspector keeps.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keeps {
    /// Steps, at most this many; none: 0.
    pub(crate) steps: u64,
    /// The stack with each step.
    pub(crate) stack: bool,
    /// The memory with each step.
    pub(crate) memory: bool,
    /// The storage so far with each step that reads or writes it.
    pub(crate) storage: bool,
    /// Call frames with input and output, and logs.
    pub(crate) frames: bool,
}

/// Why a run was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    TooLarge,
    TooLate,
}

/// What a run may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Bytes recorded of one transaction.
    pub(crate) bytes: usize,
    /// For the whole request.
    pub(crate) time: Duration,
    /// When the request began.
    pub(crate) begun: Instant,
}

impl Allowance {
    /// Whether the time is up.
    ///
    /// # Errors
    /// It is.
    pub(crate) fn check(&self) -> Result<(), RpcError> {
        if self.begun.elapsed() > self.time { Err(self.overrun()) } else { Ok(()) }
    }

    fn overrun(&self) -> RpcError {
        let (millis, name) = (self.time.as_millis(), "call_timeout_secs");
        RpcError::server(format!(
            "execution timeout: a trace may take {millis} ms ({name}, or its own timeout); ask for less, or {}",
            raise(name)
        ))
    }
}

/// The inner inspector and what it has taken.
#[derive(Debug)]
pub(crate) struct Bounded<I> {
    pub(crate) inner: I,
    pub(crate) allowance: Allowance,
    keeps: Keeps,
    recorded: usize,
    steps: u64,
    until_look: u32,
    slots: AddressMap<HashSet<U256>>,
    stop: Option<Stop>,
}

impl<I> Bounded<I> {
    pub(crate) fn new(inner: I, keeps: Keeps, allowance: Allowance) -> Self {
        Self {
            inner,
            allowance,
            keeps,
            recorded: 0,
            steps: 0,
            until_look: 0,
            slots: AddressMap::default(),
            stop: None,
        }
    }

    /// Forgets what was counted, for the next transaction. Time goes on.
    pub(crate) fn begin_again(&mut self) {
        (self.recorded, self.steps, self.stop) = (0, 0, None);
        self.slots.clear();
    }

    /// Why the run was ended, if it was.
    pub(crate) fn verdict(&self) -> Option<RpcError> {
        self.stop.map(|stop| match stop {
            Stop::TooLarge => RpcError::trace_too_large(self.allowance.bytes),
            Stop::TooLate => self.allowance.overrun(),
        })
    }

    fn take(&mut self, bytes: usize) {
        self.recorded = self.recorded.saturating_add(bytes);
        if self.recorded > self.allowance.bytes {
            self.stop = Some(Stop::TooLarge);
        }
    }

    fn look_at_the_clock(&mut self) {
        self.until_look = STEPS_PER_LOOK;
        if self.allowance.check().is_err() {
            self.stop = Some(Stop::TooLate);
        }
    }

    fn count_step(&mut self, interp: &Interpreter) {
        match self.until_look.checked_sub(1) {
            Some(left) => self.until_look = left,
            None => self.look_at_the_clock(),
        }
        if self.steps >= self.keeps.steps {
            return;
        }
        self.steps = self.steps.saturating_add(1);
        let mut bytes = STEP_BYTES;
        if self.keeps.stack {
            bytes = bytes.saturating_add(interp.stack.len().saturating_mul(WORD_BYTES));
        }
        if self.keeps.memory {
            bytes = bytes.saturating_add(interp.memory.len().saturating_mul(MEMORY_FACTOR));
        }
        if self.keeps.storage && matches!(interp.bytecode.opcode(), opcode::SLOAD | opcode::SSTORE) {
            let slots = self.slots.entry(interp.input.target_address()).or_default();
            slots.extend(interp.stack.data().last());
            bytes = bytes.saturating_add(slots.len().saturating_mul(SLOT_BYTES));
        }
        self.take(bytes);
    }

    fn count_frame(&mut self, data: usize) {
        self.look_at_the_clock();
        if self.keeps.frames {
            self.take(data.saturating_mul(2).saturating_add(FRAME_BYTES));
        }
    }

    fn count_data(&mut self, bytes: usize) {
        if self.keeps.frames {
            self.take(bytes.saturating_mul(2));
        }
    }
}

/// Ends the run with an error that is no outcome.
fn end<CTX: ContextTr>(interp: &mut Interpreter, context: &mut CTX) {
    if context.error().is_ok() {
        *context.error() = Err(ContextError::Custom("the trace was ended".into()));
    }
    interp.bytecode.action().take();
    interp.bytecode.reset_action();
    interp.halt_fatal();
}

/// Once a run is ended, the inner inspector is told nothing more: it may be left with open frames.
impl<CTX, I> Inspector<CTX> for Bounded<I>
where
    CTX: ContextTr<Journal: JournalExt>,
    I: Inspector<CTX>,
{
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        match self.stop {
            None => self.inner.initialize_interp(interp, context),
            Some(_) => end(interp, context),
        }
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if self.stop.is_none() {
            self.count_step(interp);
        }
        match self.stop {
            None => self.inner.step(interp, context),
            Some(_) => end(interp, context),
        }
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if self.stop.is_none() {
            self.inner.step_end(interp, context);
        }
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        self.count_data(log.data.data.len());
        if self.stop.is_none() {
            self.inner.log(context, log);
        }
    }

    fn log_full(&mut self, interp: &mut Interpreter, context: &mut CTX, log: Log) {
        self.count_data(log.data.data.len());
        if self.stop.is_none() {
            self.inner.log_full(interp, context, log);
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.count_frame(inputs.input.len());
        if self.stop.is_none() { self.inner.call(context, inputs) } else { None }
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.count_data(outcome.result.output.len());
        if self.stop.is_none() {
            self.inner.call_end(context, inputs, outcome);
        }
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.count_frame(inputs.init_code().len());
        if self.stop.is_none() { self.inner.create(context, inputs) } else { None }
    }

    fn create_end(&mut self, context: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.count_data(outcome.result.output.len());
        if self.stop.is_none() {
            self.inner.create_end(context, inputs, outcome);
        }
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        if self.stop.is_none() {
            self.inner.selfdestruct(contract, target, value);
        }
    }

    fn frame_start(&mut self, context: &mut CTX, frame_input: &mut FrameInput) -> Option<FrameResult> {
        if self.stop.is_none() { self.inner.frame_start(context, frame_input) } else { None }
    }

    fn frame_end(&mut self, context: &mut CTX, frame_input: &FrameInput, frame_result: &mut FrameResult) {
        if self.stop.is_none() {
            self.inner.frame_end(context, frame_input, frame_result);
        }
    }
}
