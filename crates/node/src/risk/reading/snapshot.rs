//! What was read of a chain, as a file: events up to a block, and the stake at one block. Reading goes on where a file
//! ends; networks are made from it without the node.

use super::book::Contracts;
use crate::{failure::Failure, risk::source::text_of};
use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The form of the file.
pub const SCHEMA: &str = "bulwark-risk-snapshot/1";

/// An operator set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetName {
    /// The service.
    pub avs: Address,
    /// Its number there.
    pub id: u32,
}

/// All that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: String,
    /// The chain's id.
    pub chain_id: u64,
    /// The contracts.
    pub contracts: Contracts,
    /// The first block whose events are not in here.
    pub next_block: u64,
    /// The hash of the block before that.
    pub last_hash: Option<B256>,
    /// Operators in AVSDirectory, by service.
    pub registered: BTreeMap<Address, BTreeSet<Address>>,
    /// Operator sets.
    pub sets: BTreeSet<SetName>,
    /// Stake, once all events are read.
    pub stake: Option<Stake>,
}

/// Stake at one block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// The block.
    pub block: u64,
    /// Its hash.
    pub hash: B256,
    /// Tokens of each strategy for 10^18 shares.
    pub rates: BTreeMap<Address, U256>,
    /// Shares of operators, by strategy; none that are zero.
    pub shares: BTreeMap<Address, BTreeMap<Address, U256>>,
    /// Sets with members.
    pub sets: Vec<SetStake>,
}

/// What a set can slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStake {
    /// The set.
    #[serde(flatten)]
    pub set: SetFields,
    /// Its strategies.
    pub strategies: Vec<Address>,
    /// Its members.
    pub members: Vec<Address>,
    /// Slashable shares, a row for each member, a column for each strategy.
    pub slashable: Vec<Vec<U256>>,
}

/// A set's name as fields beside others, where unknown ones cannot be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetFields {
    /// The service.
    pub avs: Address,
    /// Its number there.
    pub id: u32,
}

impl Snapshot {
    /// Nothing read yet.
    pub fn new(chain_id: u64, contracts: Contracts, first_block: u64) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            chain_id,
            contracts,
            next_block: first_block,
            last_hash: None,
            registered: BTreeMap::new(),
            sets: BTreeSet::new(),
            stake: None,
        }
    }

    /// Whether a file's text is a snapshot rather than a network.
    pub fn is_in(text: &str) -> bool {
        text.trim_start().starts_with('{') && text.contains(SCHEMA)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It says something else.
    pub fn parse(path: &str, text: &str) -> Result<Self, Failure> {
        let read: Result<Self, _> = serde_json::from_str(text);
        let snapshot = read.map_err(|error| Failure::new(format!("{path}: {error}")))?;
        if snapshot.schema != SCHEMA {
            let found = snapshot.schema;
            return Err(Failure::new(format!("{path}: schema is {found:?}, this build reads {SCHEMA:?}")));
        }
        Ok(snapshot)
    }

    /// Reads a file, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or says something else.
    pub fn load(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let name = path.display().to_string();
        Self::parse(&name, &text_of(&name)?).map(Some)
    }

    /// Writes the file; whoever reads it meanwhile sees the old one or the new one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::new(format!("cannot write {}: {error}", path.display()));
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        fs::write(&beside, format!("{text}\n")).map_err(|error| failed(&error))?;
        fs::rename(&beside, path).map_err(|error| failed(&error))
    }

    /// Registrations in AVSDirectory.
    pub fn registrations(&self) -> usize {
        self.registered.values().map(BTreeSet::len).sum()
    }
}
