//! A method's entry in the table of its namespace: its name, how it runs, and who may call it.
//! What it does is in the namespace's file; who is let through is checked in `dispatch`.

use crate::{
    context::Context,
    error::RpcError,
    json::{Json, Reply},
    params::Params,
    socket::Socket,
    subscriptions::Task,
};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// An answer under way.
pub(crate) type Pending = BoxFuture<'static, Reply>;

/// Answers under way, one a request.
pub(crate) type PendingAll = BoxFuture<'static, Vec<Reply>>;

/// An answer that is there already, and the subscription that it announces.
pub(crate) type Begun = Result<(Json, Option<Task>), RpcError>;

/// A look-up or a computation.
pub(crate) type Look = fn(&Context, Params<'_>) -> Reply;
/// A wait.
type Wait = fn(&Arc<Context>, Params<'_>) -> Pending;
/// The same wait for many requests.
pub(crate) type Together = fn(&Arc<Context>, &[Params<'_>]) -> PendingAll;
/// A deed on a connection.
type OnSocket = fn(&Arc<Context>, Params<'_>, &Arc<Socket>) -> Begun;

/// How a method runs.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// At once: look-ups of a few microseconds. Those that meet a pending block that is still to be executed run again as
    /// if they were heavy.
    Now(Look),
    /// On a thread of its own, a few at a time, for a bounded time: execution, proofs, long scans.
    Heavy(Look),
    /// Waiting for the producer: transactions and controls.
    Wait(Wait),
    /// Waiting for the producer, and in a batch all of them at once.
    Together(Together),
    /// Bound to a WebSocket connection. A task starts after the answer is on its way.
    Socket(OnSocket),
}

/// Who may call (`decisions.md` 65, 66).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody: it reads, or carries its own signature.
    Open,
    /// It signs with keys that the node holds.
    Keys,
    /// It changes time, mining or state.
    Control,
}

/// One row of a namespace's table.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    pub(crate) access: Access,
}

impl Method {
    pub(crate) const fn now(name: &'static str, run: Look) -> Self {
        Self { name, run: Run::Now(run), access: Access::Open }
    }

    pub(crate) const fn heavy(name: &'static str, run: Look) -> Self {
        Self { name, run: Run::Heavy(run), access: Access::Open }
    }

    pub(crate) const fn wait(name: &'static str, run: Wait) -> Self {
        Self { name, run: Run::Wait(run), access: Access::Open }
    }

    pub(crate) const fn together(name: &'static str, run: Together) -> Self {
        Self { name, run: Run::Together(run), access: Access::Open }
    }

    pub(crate) const fn socket(name: &'static str, run: OnSocket) -> Self {
        Self { name, run: Run::Socket(run), access: Access::Open }
    }

    /// The same row, for methods that sign with the node's keys.
    pub(crate) const fn keys(self) -> Self {
        Self { access: Access::Keys, ..self }
    }

    /// The same row, for methods that change time, mining or state.
    pub(crate) const fn control(self) -> Self {
        Self { access: Access::Control, ..self }
    }
}

/// Runs `work` once the arguments have been read; a bad argument is answered without waiting.
pub(crate) fn pending<T, F>(arguments: Result<T, RpcError>, work: impl FnOnce(T) -> F) -> Pending
where
    F: Future<Output = Reply> + Send + 'static,
{
    match arguments {
        Ok(arguments) => Box::pin(work(arguments)),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}
