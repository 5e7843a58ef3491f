//! The EVM wrapper: revm's own, except that a call frame with native code runs Rust. It implements revm's traits to
//! execute, inspect and commit, so handlers and inspectors take it for any other EVM.

use super::{
    drive::{Drive, EvmFrame, NodeResult},
    frame::run_native,
    lookup::{Claim, Contracts},
    relocate::Relocations,
};
use alloy_primitives::Log;
use revm::{
    Database, DatabaseCommit, ExecuteCommitEvm, ExecuteEvm, InspectCommitEvm, InspectEvm, Inspector,
    context::{
        BlockEnv, CfgEnv, ContextSetters, ContextTr, Evm, FrameStack, JournalTr, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, ResultAndState},
    },
    handler::{
        EthPrecompiles, EvmTr, FrameInitOrResult, FrameResult, Handler, ItemOrResult, MainnetHandler,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    inspector::{
        InspectorEvmTr, InspectorHandler,
        handler::{frame_end, frame_start},
    },
    interpreter::{FrameInput, interpreter::EthInterpreter, interpreter_action::FrameInit},
    state::EvmState,
};
use std::sync::Arc;
use types::Params;

/// The context that every execution of this chain has.
pub type Context<DB> = revm::Context<BlockEnv, TxEnv, CfgEnv, DB>;

/// revm's EVM under the wrapper.
pub type Inner<DB, INSP> =
    Evm<Context<DB>, INSP, EthInstructions<EthInterpreter, Context<DB>>, EthPrecompiles, EvmFrame>;

/// Why a transaction has no outcome.
type Error<DB> = EVMError<<DB as Database>::Error>;

/// What native contracts know of the chain, and which there are.
#[derive(Clone, Debug)]
pub struct Natives {
    /// Numbers and rules.
    pub params: Arc<Params>,
    /// The table.
    pub contracts: Contracts,
}

/// A revm EVM with native contracts.
pub struct NativeEvm<DB: Database, INSP = ()> {
    /// revm's EVM.
    pub inner: Inner<DB, INSP>,
    /// Precompiles that are not where the rules have them; simulations only.
    pub relocations: Option<Arc<Relocations>>,
    natives: Natives,
    nesting: usize,
}

impl<DB: Database, INSP> NativeEvm<DB, INSP> {
    /// Adds native contracts to an EVM.
    pub const fn new(inner: Inner<DB, INSP>, natives: Natives) -> Self {
        Self { inner, relocations: None, natives, nesting: 0 }
    }

    fn relocate(&self, init: &mut FrameInit) {
        if let Some(relocations) = &self.relocations {
            relocations.apply(init);
        }
    }

    fn claim(&self, init: &FrameInit) -> Option<Claim> {
        let FrameInput::Call(inputs) = &init.frame_input else { return None };
        self.natives.contracts.claim(inputs, |inputs| {
            let account = self.inner.ctx.journaled_state.inner.state.get(&inputs.bytecode_address);
            account.is_some_and(|account| account.info.code_hash == inputs.known_bytecode.0)
        })
    }
}

impl<DB: Database, INSP> EvmTr for NativeEvm<DB, INSP> {
    type Context = Context<DB>;
    type Instructions = EthInstructions<EthInterpreter, Context<DB>>;
    type Precompiles = EthPrecompiles;
    type Frame = EvmFrame;

    fn all(&self) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<EvmFrame>) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Self::Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<EvmFrame>)
    {
        self.inner.all_mut()
    }

    fn frame_init(
        &mut self,
        mut init: FrameInit,
    ) -> Result<FrameInitResult<'_, EvmFrame>, ContextDbError<Context<DB>>> {
        self.relocate(&mut init);
        match self.claim(&init) {
            Some(claim) => run_native(&mut Plain(self), claim, init).map(ItemOrResult::Result),
            None => self.inner.frame_init(init),
        }
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<EvmFrame>, ContextDbError<Context<DB>>> {
        self.inner.frame_run()
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, ContextDbError<Context<DB>>> {
        self.inner.frame_return_result(result)
    }
}

impl<DB: Database, INSP: Inspector<Context<DB>>> InspectorEvmTr for NativeEvm<DB, INSP> {
    type Inspector = INSP;

    fn all_inspector(
        &self,
    ) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<EvmFrame>, &INSP) {
        self.inner.all_inspector()
    }

    fn all_mut_inspector(
        &mut self,
    ) -> (
        &mut Self::Context,
        &mut Self::Instructions,
        &mut Self::Precompiles,
        &mut FrameStack<EvmFrame>,
        &mut INSP,
    ) {
        self.inner.all_mut_inspector()
    }

    /// Overridden because the default would run the native frame's nested calls unwatched, and show all of their logs
    /// at its end.
    fn inspect_frame_init(
        &mut self,
        mut init: FrameInit,
    ) -> Result<FrameInitResult<'_, EvmFrame>, ContextDbError<Context<DB>>> {
        self.relocate(&mut init);
        let Some(claim) = self.claim(&init) else {
            return self.inner.inspect_frame_init(init);
        };
        let (context, inspector) = self.ctx_inspector();
        let answered = frame_start(context, inspector, &mut init.frame_input);
        let input = init.frame_input.clone();
        let mut result = match answered {
            Some(result) => result,
            None => run_native(&mut Watched(self), claim, init)?,
        };
        let (context, inspector) = self.ctx_inspector();
        frame_end(context, inspector, &input, &mut result);
        Ok(ItemOrResult::Result(result))
    }
}

/// Drives nested calls without an inspector.
struct Plain<'e, DB: Database, INSP>(&'e mut NativeEvm<DB, INSP>);

/// Drives nested calls under the inspector.
struct Watched<'e, DB: Database, INSP>(&'e mut NativeEvm<DB, INSP>);

impl<DB: Database, INSP> Drive for Plain<'_, DB, INSP> {
    type Db = DB;

    const WATCHED: bool = false;

    fn context(&self) -> &Context<DB> {
        &self.0.inner.ctx
    }
    fn context_mut(&mut self) -> &mut Context<DB> {
        &mut self.0.inner.ctx
    }
    fn frames(&mut self) -> &mut FrameStack<EvmFrame> {
        &mut self.0.inner.frame_stack
    }
    fn natives(&self) -> &Natives {
        &self.0.natives
    }
    fn nesting(&mut self) -> &mut usize {
        &mut self.0.nesting
    }
    fn open(&mut self, init: FrameInit) -> NodeResult<Self, Option<FrameResult>> {
        self.0.frame_init(init).map(result_of)
    }
    fn step(&mut self) -> NodeResult<Self, FrameInitOrResult<EvmFrame>> {
        self.0.frame_run()
    }
    fn deliver(&mut self, result: FrameResult) -> NodeResult<Self, ()> {
        self.0.frame_return_result(result).map(drop)
    }
    fn show_logs(&mut self, _first: usize) {}
    fn show_start(&mut self, _input: &mut FrameInput) {}
    fn show_end(&mut self, _input: &FrameInput, _result: &mut FrameResult) {}
}

impl<DB: Database, INSP: Inspector<Context<DB>>> Drive for Watched<'_, DB, INSP> {
    type Db = DB;

    const WATCHED: bool = true;

    fn context(&self) -> &Context<DB> {
        &self.0.inner.ctx
    }
    fn context_mut(&mut self) -> &mut Context<DB> {
        &mut self.0.inner.ctx
    }
    fn frames(&mut self) -> &mut FrameStack<EvmFrame> {
        &mut self.0.inner.frame_stack
    }
    fn natives(&self) -> &Natives {
        &self.0.natives
    }
    fn nesting(&mut self) -> &mut usize {
        &mut self.0.nesting
    }
    fn open(&mut self, init: FrameInit) -> NodeResult<Self, Option<FrameResult>> {
        self.0.inspect_frame_init(init).map(result_of)
    }
    fn step(&mut self) -> NodeResult<Self, FrameInitOrResult<EvmFrame>> {
        self.0.inspect_frame_run()
    }
    fn deliver(&mut self, result: FrameResult) -> NodeResult<Self, ()> {
        self.0.frame_return_result(result).map(drop)
    }
    fn show_logs(&mut self, first: usize) {
        let (context, inspector) = self.0.ctx_inspector();
        let fresh: Vec<Log> = context.journal().logs().get(first..).unwrap_or_default().to_vec();
        for log in fresh {
            inspector.log(context, log);
        }
    }
    fn show_start(&mut self, input: &mut FrameInput) {
        let (context, inspector) = self.0.ctx_inspector();
        // Native code has begun: an answer in its place cannot be taken.
        let _ = frame_start(context, inspector, input);
    }
    fn show_end(&mut self, input: &FrameInput, result: &mut FrameResult) {
        let (context, inspector) = self.0.ctx_inspector();
        frame_end(context, inspector, input, result);
    }
}

fn result_of(opened: FrameInitResult<'_, EvmFrame>) -> Option<FrameResult> {
    match opened {
        ItemOrResult::Item(_) => None,
        ItemOrResult::Result(result) => Some(result),
    }
}

impl<DB: Database, INSP> ExecuteEvm for NativeEvm<DB, INSP> {
    type ExecutionResult = ExecutionResult<HaltReason>;
    type State = EvmState;
    type Error = Error<DB>;
    type Tx = TxEnv;
    type Block = BlockEnv;

    fn set_block(&mut self, block: BlockEnv) {
        self.inner.ctx.set_block(block);
    }

    fn transact_one(&mut self, tx: TxEnv) -> Result<Self::ExecutionResult, Error<DB>> {
        self.inner.ctx.set_tx(tx);
        MainnetHandler::default().run(self)
    }

    fn finalize(&mut self) -> EvmState {
        self.inner.ctx.journal_mut().finalize()
    }

    fn replay(&mut self) -> Result<ResultAndState<HaltReason>, Error<DB>> {
        let result: Result<_, Error<DB>> = MainnetHandler::default().run(self);
        let state = self.finalize();
        Ok(ResultAndState::new(result?, state))
    }
}

impl<DB: Database + DatabaseCommit, INSP> ExecuteCommitEvm for NativeEvm<DB, INSP> {
    fn commit(&mut self, state: EvmState) {
        self.inner.ctx.db_mut().commit(state);
    }
}

impl<DB: Database, INSP: Inspector<Context<DB>>> InspectEvm for NativeEvm<DB, INSP> {
    type Inspector = INSP;

    fn set_inspector(&mut self, inspector: INSP) {
        self.inner.inspector = inspector;
    }

    fn inspect_one_tx(&mut self, tx: TxEnv) -> Result<Self::ExecutionResult, Error<DB>> {
        self.inner.ctx.set_tx(tx);
        MainnetHandler::default().inspect_run(self)
    }
}

impl<DB: Database + DatabaseCommit, INSP: Inspector<Context<DB>>> InspectCommitEvm for NativeEvm<DB, INSP> {}
