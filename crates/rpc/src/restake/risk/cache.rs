//! What is kept between questions of risk: answers and networks of the newest block, the last certificates, and whose turn
//! it is to search. All bounded; answers of another block are forgotten at once.

use super::network::Networks;
use crate::error::RpcError;
use alloy_primitives::B256;
use parking_lot::{Mutex, MutexGuard};
use risk::certificate::{self, Certificate};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Answers kept for one block.
const MOST_ANSWERS: usize = 256;
/// Networks kept for one block.
const MOST_NETWORKS: usize = 8;
/// Certificates kept, newest last.
const MOST_CERTIFICATES: usize = 64;

/// The cache.
#[derive(Default)]
pub(crate) struct Cache {
    answers: Mutex<(B256, HashMap<String, Value>)>,
    networks: Mutex<(B256, HashMap<String, Arc<Networks>>)>,
    certificates: Mutex<VecDeque<(B256, Certificate)>>,
    turn: Mutex<()>,
}

impl Cache {
    /// The answer to the same question on the same block.
    pub(crate) fn answer(&self, head: B256, key: &str) -> Option<Value> {
        let answers = self.answers.lock();
        (answers.0 == head).then(|| answers.1.get(key).cloned()).flatten()
    }

    pub(crate) fn keep(&self, head: B256, key: String, answer: Value) {
        let mut answers = self.answers.lock();
        if answers.0 != head || answers.1.len() >= MOST_ANSWERS {
            *answers = (head, HashMap::new());
        }
        answers.1.insert(key, answer);
    }

    /// The networks that the same question on the same block was about.
    pub(super) fn networks(&self, head: B256, key: &str) -> Option<Arc<Networks>> {
        let networks = self.networks.lock();
        (networks.0 == head).then(|| networks.1.get(key).map(Arc::clone)).flatten()
    }

    pub(super) fn keep_networks(&self, head: B256, key: String, found: &Arc<Networks>) {
        let mut networks = self.networks.lock();
        if networks.0 != head || networks.1.len() >= MOST_NETWORKS {
            *networks = (head, HashMap::new());
        }
        networks.1.insert(key, Arc::clone(found));
    }

    pub(super) fn remember(&self, certificate: &Certificate) {
        let hash = certificate::hash(certificate);
        let mut certificates = self.certificates.lock();
        if certificates.iter().any(|(known, _)| *known == hash) {
            return;
        }
        if certificates.len() >= MOST_CERTIFICATES {
            certificates.pop_front();
        }
        certificates.push_back((hash, certificate.clone()));
    }

    pub(super) fn certificate(&self, hash: B256) -> Option<Certificate> {
        let certificates = self.certificates.lock();
        certificates.iter().find(|(known, _)| *known == hash).map(|(_, certificate)| certificate.clone())
    }

    /// Waits until no other search runs.
    ///
    /// # Errors
    /// It took too long.
    pub(super) fn turn(&self, patience: Duration) -> Result<MutexGuard<'_, ()>, RpcError> {
        let busy = "another search of risk is running: one runs at a time; try again later";
        self.turn.try_lock_for(patience).ok_or_else(|| RpcError::limit(busy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_of_one_block_and_bounded() {
        let cache = Cache::default();
        let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
        cache.keep(one, "a".into(), json!(1));
        assert_eq!((cache.answer(one, "a"), cache.answer(two, "a")), (Some(json!(1)), None));
        cache.keep(two, "b".into(), json!(2));
        assert_eq!((cache.answer(one, "a"), cache.answer(two, "b")), (None, Some(json!(2))));
        for number in 0..1_000 {
            cache.keep(two, number.to_string(), json!(number));
        }
        assert!(cache.answers.lock().1.len() <= MOST_ANSWERS);
    }

    #[test]
    fn one_search_runs_at_a_time() {
        let cache = Cache::default();
        let first = cache.turn(Duration::ZERO).unwrap();
        assert!(cache.turn(Duration::ZERO).is_err());
        drop(first);
        assert!(cache.turn(Duration::ZERO).is_ok());
    }
}
