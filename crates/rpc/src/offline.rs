//! The server's answers without its port: the same methods, limits and texts, for programs that try many bodies.
//! What the door itself checks (headers, sizes, rates) is not in here.

use crate::{
    clients::{Client, Clients},
    config::{Limits, Mode},
    context::Context,
    dispatch::{self, Dispatcher, Session},
    server::origin::Trust,
};
use chain::Chain;
use std::sync::Arc;

/// Answers bodies of requests as the server would, for a caller who may do all that the mode offers.
pub struct Offline {
    dispatcher: Dispatcher,
    client: Client,
}

impl Offline {
    /// Starts what methods need.
    ///
    /// # Errors
    /// The system gave no threads.
    pub fn new(chain: Chain, mode: Mode, limits: Limits) -> std::io::Result<Self> {
        let client = Client::uncounted(&Clients::new(&limits));
        let context = Arc::new(Context::new(chain, mode, limits, "bulwark/offline".to_owned())?);
        Ok(Self { dispatcher: Dispatcher::new(context), client })
    }

    /// The answer to a body: JSON, or nothing if nothing is to be said.
    pub async fn answer(&self, body: &[u8]) -> Vec<u8> {
        let session = Session { trust: &Trust::Full, client: &self.client, socket: None };
        self.dispatcher.answer(body, session).await.text
    }

    /// The names of all methods.
    pub fn methods() -> Vec<&'static str> {
        dispatch::names().collect()
    }
}
