//! The EVM as a native frame drives it, and the loop that runs a nested call to its end. Two drivers implement
//! [`Drive`], one plain and one under an inspector; they differ in type, so a watched run cannot slip into a plain loop.

use super::evm::{Context, Natives};
use revm::{
    Database,
    context_interface::{context::ContextError, local::FrameStack},
    handler::{EthFrame, FrameInitOrResult, FrameResult, ItemOrResult},
    interpreter::{FrameInput, interpreter::EthInterpreter, interpreter_action::FrameInit},
};

/// The frame type of mainnet revm.
pub type EvmFrame = EthFrame<EthInterpreter>;

/// A result that fails only when the node does.
pub type NodeResult<D, T> = Result<T, ContextError<<<D as Drive>::Db as Database>::Error>>;

/// The EVM under a native frame.
pub trait Drive {
    /// The state below the journal.
    type Db: Database;

    /// Whether an inspector watches.
    const WATCHED: bool;

    /// The context, to read.
    fn context(&self) -> &Context<Self::Db>;
    /// The context.
    fn context_mut(&mut self) -> &mut Context<Self::Db>;
    /// The frame stack that EVM and native frames share.
    fn frames(&mut self) -> &mut FrameStack<EvmFrame>;
    /// The chain's parameters and its native contracts.
    fn natives(&self) -> &Natives;
    /// The count of native frames and scopes now open.
    fn nesting(&mut self) -> &mut usize;
    /// Starts a frame. `None` means that it was pushed and must be run.
    ///
    /// # Errors
    /// The node's.
    fn open(&mut self, init: FrameInit) -> NodeResult<Self, Option<FrameResult>>;
    /// Runs the top frame until it calls or ends.
    ///
    /// # Errors
    /// The node's.
    fn step(&mut self) -> NodeResult<Self, FrameInitOrResult<EvmFrame>>;
    /// Hands a callee's result to the frame that called it.
    ///
    /// # Errors
    /// The node's.
    fn deliver(&mut self, result: FrameResult) -> NodeResult<Self, ()>;
    /// Shows the logs journaled since `first` to the inspector.
    fn show_logs(&mut self, first: usize);
    /// Shows the inspector a frame that native code makes without the frame stack. It cannot answer in its place.
    fn show_start(&mut self, input: &mut FrameInput);
    /// Shows the end of such a frame.
    fn show_end(&mut self, input: &FrameInput, result: &mut FrameResult);
}

/// Runs a frame and all that it calls on the shared frame stack, and returns its result.
///
/// The result must not reach the frame below: that one is waiting for the native frame's own result.
///
/// # Errors
/// The node's.
pub fn run_to_end<D: Drive>(driver: &mut D, init: FrameInit) -> NodeResult<D, FrameResult> {
    let root = driver.frames().index().map_or(0, |below| below.saturating_add(1));
    if let Some(result) = driver.open(init)? {
        return Ok(result);
    }
    loop {
        let result = match driver.step()? {
            ItemOrResult::Item(init) => match driver.open(init)? {
                Some(result) => result,
                None => continue,
            },
            ItemOrResult::Result(result) if driver.frames().index() == Some(root) => {
                driver.frames().pop();
                return Ok(result);
            }
            ItemOrResult::Result(result) => result,
        };
        driver.deliver(result)?;
    }
}
