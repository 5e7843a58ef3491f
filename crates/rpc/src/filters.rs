//! Installed filters: what each wants, and up to where it has been told. They are bounded in number, and those that
//! nobody asks for expire.

use crate::{config::Limits, error::RpcError, json::Reply, limits::raise};
use alloy_primitives::B256;
use alloy_rpc_types_eth::Filter;
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// The name of a filter or subscription: 128 random bits, so that nobody guesses another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FilterId(pub(crate) u128);

impl Serialize for FilterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#034x}", self.0))
    }
}

impl<'de> Deserialize<'de> for FilterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        u128::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| de::Error::custom("an id is up to 32 hex digits, as the node gave it out"))
    }
}

/// What a filter wants, and where it stands.
pub(crate) enum Cursor {
    /// Hashes of new blocks.
    Blocks {
        /// The last block told of.
        after: (u64, B256),
    },
    /// New logs.
    Logs {
        /// Which.
        filter: Box<Filter>,
        /// The last block told of.
        after: (u64, B256),
    },
    /// Hashes of transactions that the pool admits.
    Pending {
        /// Those not told of yet.
        hashes: broadcast::Receiver<B256>,
    },
}

struct Installed {
    cursor: Arc<Mutex<Cursor>>,
    asked: Instant,
}

/// All installed filters.
pub(crate) struct Filters {
    installed: Mutex<HashMap<FilterId, Installed>>,
    most: usize,
    lifetime: Duration,
}

impl Filters {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { installed: Mutex::default(), most: limits.max_filters, lifetime: limits.filter_lifetime }
    }

    /// Installs a filter.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn install(&self, cursor: Cursor) -> Result<FilterId, RpcError> {
        let mut installed = self.installed.lock();
        if installed.len() >= self.most {
            let lifetime = self.lifetime;
            installed.retain(|_, filter| filter.asked.elapsed() < lifetime);
        }
        if installed.len() >= self.most {
            let (most, name) = (self.most, "max_filters");
            return Err(RpcError::limit(format!(
                "too many filters: {most} may be installed ({name}); uninstall some, or {}",
                raise(name)
            )));
        }
        let id = FilterId(rand::random());
        installed.insert(id, Installed { cursor: Arc::new(Mutex::new(cursor)), asked: Instant::now() });
        Ok(id)
    }

    /// Lets `of` read and advance a filter. Others are not held up meanwhile.
    ///
    /// # Errors
    /// There is no such filter, or it has expired.
    pub(crate) fn advance(&self, id: FilterId, of: impl FnOnce(&mut Cursor) -> Reply) -> Reply {
        let cursor = {
            let mut installed = self.installed.lock();
            let filter = installed.get_mut(&id).filter(|filter| filter.asked.elapsed() < self.lifetime);
            filter.map(|filter| {
                filter.asked = Instant::now();
                filter.cursor.clone()
            })
        };
        match cursor {
            Some(cursor) => of(&mut cursor.lock()),
            None => Err(RpcError::server("filter not found")),
        }
    }

    /// Lets filters that told of undone blocks continue after the last one that is left.
    pub(crate) fn went_back(&self, number: u64, hash: B256) {
        let cursors: Vec<_> = self.installed.lock().values().map(|filter| filter.cursor.clone()).collect();
        for cursor in cursors {
            match &mut *cursor.lock() {
                Cursor::Blocks { after } | Cursor::Logs { after, .. } if after.0 > number => {
                    *after = (number, hash);
                }
                _ => {}
            }
        }
    }

    /// Removes a filter. `false`: there is none.
    pub(crate) fn uninstall(&self, id: FilterId) -> bool {
        self.installed.lock().remove(&id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn filters(limits: &Limits) -> (Filters, Vec<FilterId>) {
        let filters = Filters::new(limits);
        let ids =
            (0..2).map(|_| filters.install(Cursor::Blocks { after: (0, B256::ZERO) }).unwrap()).collect();
        (filters, ids)
    }

    #[test]
    fn filters_are_bounded_and_removed_once() {
        let (filters, ids) = filters(&Limits { max_filters: 2, ..Limits::default() });
        assert!(filters.install(Cursor::Blocks { after: (0, B256::ZERO) }).is_err());
        assert!(filters.uninstall(ids[0]) && !filters.uninstall(ids[0]));
        assert!(filters.install(Cursor::Blocks { after: (0, B256::ZERO) }).is_ok());
    }

    #[test]
    fn a_filter_that_nobody_asked_for_expires_and_makes_room() {
        let limits = Limits { max_filters: 2, filter_lifetime: Duration::ZERO, ..Limits::default() };
        let (filters, ids) = filters(&limits);
        assert!(filters.advance(ids[0], |_| json(&true)).is_err());
        assert!(filters.install(Cursor::Blocks { after: (0, B256::ZERO) }).is_ok());
    }

    #[test]
    fn ids_read_back_as_they_were_written() {
        let id = FilterId(0x1234);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, "\"0x00000000000000000000000000001234\"");
        assert_eq!(serde_json::from_str::<FilterId>(&text).unwrap(), id);
    }
}
