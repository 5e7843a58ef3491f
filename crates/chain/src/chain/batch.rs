//! Many signed transactions at once, as a batch of requests brings them: checked on all cores, admitted together, and
//! waited for once, so that with instant sealing they share a block as far as it holds them.

use super::{Chain, Mining, PoolState, SubmitError};
use crate::transaction::{self, Recovered, TransactionError};
use alloy_primitives::{B256, Bytes};
use std::sync::Arc;
use tokio::sync::oneshot;

impl Chain {
    /// [`Chain::submit_raw`] for many; the answers are in the order of the transactions.
    pub async fn submit_raw_all(&self, raw: Vec<Bytes>) -> Vec<Result<B256, SubmitError>> {
        let count = raw.len();
        let stopped = |reason: &str| (0..count).map(|_| Err(SubmitError::Stopped(reason.into()))).collect();
        let chain_id = self.chain_id();
        let (answer, checked) = oneshot::channel();
        rayon::spawn_fifo(move || {
            // The caller may have gone.
            let _ = answer.send(transaction::recover_all(raw, chain_id));
        });
        let Ok(checked) = checked.await else { return stopped("a worker ended") };
        if let Some(reason) = self.failure() {
            return stopped(&reason);
        }
        let mut results = self.admit_all(checked);
        if results.iter().all(Result::is_err) {
            return results;
        }
        let ticket = self.wake();
        if self.mining() == Mining::Instant
            && let Err(error) = self.considered(ticket).await
        {
            let reason = error.to_string();
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(SubmitError::Stopped(reason.clone()));
            }
        }
        results
    }

    /// Admits all that passed the checks under one lock of the pool: the producer sees all of them or none.
    fn admit_all(&self, checked: Vec<Result<Recovered, TransactionError>>) -> Vec<Result<B256, SubmitError>> {
        let mut pool = self.pool();
        let reader = self.shared.readers.latest();
        let state = PoolState(&reader);
        let mut admit = |checked: Result<Recovered, TransactionError>| {
            let transaction = Arc::new(checked?);
            let hash = transaction.hash;
            pool.add(transaction, &state)?;
            Ok(hash)
        };
        let results: Vec<Result<B256, SubmitError>> = checked.into_iter().map(&mut admit).collect();
        drop(pool);
        for hash in results.iter().flatten() {
            // Nobody may be listening.
            let _ = self.shared.pending.send(*hash);
        }
        results
    }
}
