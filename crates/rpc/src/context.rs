//! What every method can reach: the chain, the node's keys, filters, workers and limits.
//! It decides nothing: rules are in the methods, access in `dispatch`.

use crate::{
    accounts::Accounts,
    config::{Limits, Mode},
    filters::Filters,
    pending::Next,
    restake::risk::Cache,
    subscriptions::{Feeds, Heads},
    workers::Workers,
};
use alloy_primitives::B256;
use chain::Chain;
use parking_lot::Mutex;

/// Shared by all methods.
pub(crate) struct Context {
    pub(crate) chain: Chain,
    pub(crate) mode: Mode,
    pub(crate) accounts: Accounts,
    pub(crate) filters: Filters,
    pub(crate) heads: Heads,
    pub(crate) feeds: Feeds,
    pub(crate) workers: Workers,
    pub(crate) next: Next,
    pub(crate) limits: Limits,
    pub(crate) client_version: String,
    pub(crate) risk: Cache,
    instance: Mutex<B256>,
}

impl Context {
    /// Starts what methods need.
    ///
    /// # Errors
    /// The system gave no threads.
    pub(crate) fn new(
        chain: Chain,
        mode: Mode,
        limits: Limits,
        client_version: String,
    ) -> std::io::Result<Self> {
        let signers = match &mode {
            Mode::Dev { signers } => signers.clone(),
            Mode::Node => Vec::new(),
        };
        Ok(Self {
            accounts: Accounts::new(signers),
            filters: Filters::new(&limits),
            heads: Heads::default(),
            feeds: Feeds::new(&limits),
            workers: Workers::new(&limits)?,
            next: Next::default(),
            chain,
            mode,
            limits,
            client_version,
            risk: Cache::default(),
            instance: Mutex::new(rand::random::<[u8; 32]>().into()),
        })
    }

    /// Which run this is: a random name, another one after a reset.
    pub(crate) fn instance(&self) -> B256 {
        *self.instance.lock()
    }

    pub(crate) fn renew_instance(&self) {
        *self.instance.lock() = rand::random::<[u8; 32]>().into();
    }
}
