//! One run of a command against a node: the client, the preferences, and what the node was asked once and for all:
//! its contracts' names, its strategies, its unlocked accounts.

use super::{
    amount::Unit,
    args::ReadArgs,
    client::{self, Client},
    preferences::Preferences,
};
use crate::{commands, failure::Failure};
use alloy_primitives::{Address, U256};
use serde_json::{Map, Value, json};
use std::{cell::OnceCell, collections::BTreeMap};

/// Where a node listens unless told otherwise.
const USUAL_URL: &str = "http://127.0.0.1:8545";

/// A strategy as `restake_strategies` tells it.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Its address.
    pub address: Address,
    /// Its token.
    pub token: Address,
    /// The token's unit.
    pub unit: Unit,
    /// All the fields.
    pub row: Value,
}

impl Strategy {
    /// One of the fields; null if it has none of that name.
    pub fn field(&self, name: &str) -> &Value {
        self.row.get(name).unwrap_or(&Value::Null)
    }
}

/// One run of a command.
#[derive(Debug)]
pub struct Session {
    /// The node.
    pub client: Client,
    /// What the user has set.
    pub preferences: Preferences,
    /// Whether answers are JSON.
    pub json: bool,
    contracts: OnceCell<BTreeMap<String, Address>>,
    strategies: OnceCell<Vec<Strategy>>,
    unlocked: OnceCell<Vec<Address>>,
}

impl Session {
    /// A session with the node that the flags, the environment or the preferences name.
    ///
    /// # Errors
    /// Broken preferences.
    pub fn open(args: &ReadArgs) -> Result<Self, Failure> {
        let preferences = Preferences::load()?;
        let url = args.rpc.as_deref().or(preferences.rpc.as_deref()).unwrap_or(USUAL_URL);
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        Ok(Self {
            client: Client::new(&url)?,
            preferences,
            json: args.json,
            contracts: OnceCell::new(),
            strategies: OnceCell::new(),
            unlocked: OnceCell::new(),
        })
    }

    /// The node's contracts by name.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn contracts(&self) -> Result<&BTreeMap<String, Address>, Failure> {
        if let Some(known) = self.contracts.get() {
            return Ok(known);
        }
        let answer = self.client.ask("restake_addresses", json!([]))?;
        let contracts = serde_json::from_value(answer)
            .map_err(|error| Failure::new(format!("restake_addresses answers no addresses: {error}")))?;
        Ok(self.contracts.get_or_init(|| contracts))
    }

    /// All strategies.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn strategies(&self) -> Result<&[Strategy], Failure> {
        if let Some(known) = self.strategies.get() {
            return Ok(known);
        }
        let rows = self.client.list("restake_strategies", &[], Map::new())?;
        let read = |row: Value| {
            let fields = &row;
            let decimals = client::number(&fields["decimals"]).ok().and_then(|it| u8::try_from(it).ok());
            let symbol = fields["symbol"].as_str().unwrap_or_default().to_owned();
            Ok(Strategy {
                address: client::address(&fields["strategy"])?,
                token: client::address(&fields["token"]).unwrap_or_default(),
                unit: Unit { symbol, decimals: decimals.unwrap_or(18) },
                row,
            })
        };
        let strategies = rows.into_iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
        Ok(self.strategies.get_or_init(|| strategies))
    }

    /// Accounts for which the node signs.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn unlocked(&self) -> Result<&[Address], Failure> {
        if let Some(known) = self.unlocked.get() {
            return Ok(known);
        }
        let answer = self.client.ask("eth_accounts", json!([]))?;
        let unlocked = client::items(&answer).iter().map(client::address).collect::<Result<Vec<_>, _>>()?;
        Ok(self.unlocked.get_or_init(|| unlocked))
    }

    /// An amount in the token of a strategy, as well as one can say it.
    pub fn worth(&self, strategy: Address, shares: U256) -> String {
        let known = self.strategies().ok().and_then(|all| all.iter().find(|it| it.address == strategy));
        let Some(known) = known else { return format!("{shares} shares") };
        let call = types::abi::IStrategy::sharesToUnderlyingViewCall { amountShares: shares };
        match self.client.view(strategy, &call) {
            Ok(tokens) => known.unit.show(tokens),
            Err(_) => format!("{shares} shares"),
        }
    }

    /// Prints an answer: JSON in snake case, or what `told` makes of it.
    ///
    /// # Errors
    /// `told`'s, or standard output is closed.
    pub fn answer(
        &self,
        value: Value,
        told: impl FnOnce(&Value) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        if self.json {
            return commands::print(&format!("{:#}\n", client::snake(value)));
        }
        let text = told(&value)?;
        commands::print(&format!("{}\n", text.trim_end()))
    }
}
