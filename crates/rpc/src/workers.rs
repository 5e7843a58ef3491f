//! Threads for calls that compute: a bounded number runs at a time, each for a bounded time, so that the node stays
//! responsive whatever is asked of it. They have the stack that native contracts need, which the runtime's have not.

use crate::{config::Limits, error::RpcError, json::Reply, limits::raise};
use chain::executor::STACK_BYTES;
use parking_lot::Mutex;
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller is on one of these threads, and so may execute.
pub(crate) fn is_here() -> bool {
    IS_WORKER.get()
}

/// Work and what is done with its result.
type Job = Box<dyn FnOnce() + Send>;

/// The threads, shared by all callers. They end when this is dropped.
pub(crate) struct Workers {
    turns: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    queue: Duration,
    run: Duration,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gave none.
    pub(crate) fn new(limits: &Limits) -> std::io::Result<Self> {
        // Never more jobs than turns, and so than threads: the channel stays empty.
        let threads = limits.max_running_calls.max(1);
        let (jobs, inbox) = mpsc::channel::<Job>();
        let inbox = Arc::new(Mutex::new(inbox));
        for _ in 0..threads {
            let inbox = inbox.clone();
            let thread = std::thread::Builder::new().name("rpc-call".into()).stack_size(STACK_BYTES);
            thread.spawn(move || work(&inbox))?;
        }
        let turns = Arc::new(Semaphore::new(threads));
        Ok(Self { turns, jobs, queue: limits.queue_timeout, run: limits.call_timeout })
    }

    /// Runs `work` on a thread when it is its turn. Work that overruns is answered for and finishes unheard; its turn
    /// ends only then, so that overruns cannot pile up.
    pub(crate) async fn run(&self, work: impl FnOnce() -> Reply + Send + 'static) -> Reply {
        let turn = match timeout(self.queue, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return Err(RpcError::internal("the server is stopping")),
            Err(_) => {
                let waited = self.queue.as_secs();
                return Err(RpcError::limit(format!(
                    "the server is busy: no turn within {waited} s (queue_timeout_secs); try again later, or {}",
                    raise("max_running_calls")
                )));
            }
        };
        let (answer, reply) = oneshot::channel();
        let job = Box::new(move || {
            // The caller may have gone.
            let _ = answer.send(work());
            drop(turn);
        });
        if self.jobs.send(job).is_err() {
            return Err(RpcError::internal("the server is stopping"));
        }
        match timeout(self.run, reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Err(RpcError::internal("the call ended in a bug of the node; its log says more")),
            Err(_) => {
                let limit = self.run.as_millis();
                let name = "call_timeout_secs";
                Err(RpcError::server(format!(
                    "execution aborted (timeout = {limit} ms); that is {name}: ask for less, or {}",
                    raise(name)
                )))
            }
        }
    }
}

fn work(inbox: &Mutex<mpsc::Receiver<Job>>) {
    IS_WORKER.set(true);
    loop {
        // The lock is held while waiting, and let go before the work begins.
        let job = inbox.lock().recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a call ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn workers(run: Duration, queue: Duration) -> Workers {
        let limits =
            Limits { max_running_calls: 1, call_timeout: run, queue_timeout: queue, ..Limits::default() };
        Workers::new(&limits).unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_the_thread_goes_on() {
        let workers = workers(Duration::from_secs(60), Duration::from_secs(60));
        let error = workers.run(|| panic!("on purpose")).await.unwrap_err();
        assert!(error.message().contains("a bug of the node"));
        assert_eq!(workers.run(|| json(&1)).await, json(&1));
    }

    #[tokio::test]
    async fn work_that_overruns_keeps_its_turn_until_it_ends() {
        let workers = workers(Duration::from_millis(1), Duration::from_millis(1));
        let (release, held) = mpsc::channel::<()>();
        let overrun = workers.run(move || {
            let _ = held.recv();
            json(&1)
        });
        assert!(overrun.await.unwrap_err().message().contains("execution aborted (timeout = 1 ms)"));
        assert!(workers.run(|| json(&2)).await.unwrap_err().message().contains("the server is busy"));
        drop(release);
    }
}
