//! A dump of the chain's head as one JSON document: anvil's form for accounts and block, and a part of our own, `bulwark`,
//! for what anvil does not keep (`decisions.md` 25). History is not in it: a data directory keeps that.

use crate::{
    chain::Mining,
    develop::Dials,
    genesis::GenesisAccount,
    transaction::{self, Recovered},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// The version of our own part.
const VERSION: u32 = 1;

/// What a dump holds.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    /// Height of the dumped head.
    pub number: u64,
    /// Its time, in seconds since 1970.
    pub timestamp: u64,
    /// Wei per gas of the block after it.
    pub next_base_fee: Option<u64>,
    /// All accounts.
    pub accounts: BTreeMap<Address, GenesisAccount>,
    /// What only our own dumps hold.
    pub session: Option<Session>,
}

/// The part of a dump that anvil does not have.
#[derive(Clone, Debug)]
pub struct Session {
    /// Time of block 0, in seconds since 1970.
    pub genesis_time: u64,
    /// Seconds between the wall clock and chain time.
    pub offset_secs: i64,
    /// When blocks are sealed.
    pub mining: Mining,
    /// What development tools had set.
    pub dials: Dials,
    /// What waited in the pool, in order of arrival.
    pub pool: Vec<Arc<Recovered>>,
}

/// A document that is no dump that this build reads.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// Not the JSON of a dump; the text names the place.
    #[error("no state dump: {0}; give a file that bulwark or anvil wrote with --dump-state")]
    Malformed(String),
    /// A later build's.
    #[error(
        "a state dump of version {0}, and this build reads version {VERSION}; use the release that wrote it"
    )]
    Version(u32),
    /// A waiting transaction that is none.
    #[error("no state dump: bulwark.pool: {0}")]
    Pool(#[from] transaction::TransactionError),
}

#[derive(Serialize, Deserialize)]
struct File {
    block: Option<BlockFile>,
    accounts: BTreeMap<Address, AccountFile>,
    #[serde(default)]
    best_block_number: Option<Number>,
    /// Anvil's own history, which is not read.
    #[serde(default, skip_deserializing)]
    blocks: [(); 0],
    #[serde(default, skip_deserializing)]
    transactions: [(); 0],
    #[serde(default, skip_deserializing)]
    historical_states: Option<()>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bulwark: Option<SessionFile>,
}

/// Revm's block environment, as anvil writes it.
#[derive(Serialize, Deserialize)]
struct BlockFile {
    number: Number,
    #[serde(default, alias = "coinbase")]
    beneficiary: Address,
    timestamp: Number,
    #[serde(default)]
    gas_limit: Number,
    #[serde(default)]
    basefee: Number,
    #[serde(default)]
    difficulty: U256,
    #[serde(default)]
    prevrandao: Option<B256>,
    #[serde(default, skip_deserializing)]
    blob_excess_gas_and_price: BlobFile,
    #[serde(default, skip_deserializing)]
    slot_num: u64,
}

#[derive(Serialize)]
struct BlobFile {
    excess_blob_gas: u64,
    blob_gasprice: u64,
}

impl Default for BlobFile {
    fn default() -> Self {
        Self { excess_blob_gas: 0, blob_gasprice: 1 }
    }
}

#[derive(Serialize, Deserialize)]
struct AccountFile {
    nonce: Number,
    balance: U256,
    #[serde(default)]
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<U256, U256>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFile {
    version: u32,
    genesis_time: u64,
    offset_secs: i64,
    mining: MiningFile,
    coinbase: Option<Address>,
    gas_limit: Option<u64>,
    next_prev_randao: Option<B256>,
    impersonated: Vec<Address>,
    impersonate_all: bool,
    pool: Vec<PooledFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MiningFile {
    Instant,
    Manual,
    IntervalMs(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PooledFile {
    sender: Address,
    impersonated: bool,
    raw: Bytes,
}

/// A number that anvil's releases have written as a JSON number or as hex.
#[derive(Clone, Copy, Default)]
struct Number(u64);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = U256::deserialize(deserializer)?;
        u64::try_from(value).map(Self).map_err(|_| de::Error::custom("a number does not fit 64 bits"))
    }
}

impl Dump {
    /// The time of block 0 with which blocks at least `slot_secs` apart reach the dumped head in time. `None`: any will do,
    /// for the dump is of a first block; anvil then writes second 1 of 1970.
    pub fn genesis_time(&self, slot_secs: u64) -> Option<u64> {
        match &self.session {
            Some(session) => Some(session.genesis_time),
            None if self.number == 0 => None,
            None => Some(self.timestamp.saturating_sub(self.number.saturating_mul(slot_secs))),
        }
    }

    /// The document.
    ///
    /// # Errors
    /// None that a dump can cause.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let head = self.session.as_ref().map(|session| &session.dials);
        let accounts = self.accounts.iter().map(|(address, account)| {
            let GenesisAccount { nonce, balance, code, storage } = account.clone();
            (*address, AccountFile { nonce: Number(nonce), balance, code, storage })
        });
        serde_json::to_vec(&File {
            block: Some(BlockFile {
                number: Number(self.number),
                beneficiary: head.and_then(|dials| dials.coinbase).unwrap_or_default(),
                timestamp: Number(self.timestamp),
                gas_limit: Number(head.and_then(|dials| dials.gas_limit).unwrap_or(GAS_LIMIT)),
                basefee: Number(self.next_base_fee.unwrap_or_default()),
                difficulty: U256::ZERO,
                prevrandao: Some(B256::ZERO),
                blob_excess_gas_and_price: BlobFile::default(),
                slot_num: 0,
            }),
            accounts: accounts.collect(),
            best_block_number: Some(Number(self.number)),
            blocks: [],
            transactions: [],
            historical_states: None,
            bulwark: self.session.as_ref().map(SessionFile::of),
        })
    }

    /// Reads a document, for a chain with this id.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn from_json(text: &[u8], chain_id: u64) -> Result<Self, DumpError> {
        let file: File =
            serde_json::from_slice(text).map_err(|error| DumpError::Malformed(error.to_string()))?;
        let number = file.best_block_number.or(file.block.as_ref().map(|block| block.number));
        let accounts = file.accounts.into_iter().map(|(address, account)| {
            let AccountFile { nonce: Number(nonce), balance, code, storage } = account;
            (address, GenesisAccount { nonce, balance, code, storage })
        });
        Ok(Self {
            number: number.unwrap_or_default().0,
            timestamp: file.block.as_ref().map_or(0, |block| block.timestamp.0),
            next_base_fee: file.block.as_ref().map(|block| block.basefee.0),
            accounts: accounts.collect(),
            session: file.bulwark.map(|session| session.read(chain_id)).transpose()?,
        })
    }
}

/// Gas limit that a dump tells other tools when no tool has set one.
const GAS_LIMIT: u64 = 60_000_000;

impl SessionFile {
    fn of(session: &Session) -> Self {
        let pooled = |tx: &Arc<Recovered>| PooledFile {
            sender: tx.sender,
            impersonated: tx.impersonated,
            raw: tx.raw.clone(),
        };
        let dials = &session.dials;
        Self {
            version: VERSION,
            genesis_time: session.genesis_time,
            offset_secs: session.offset_secs,
            mining: match session.mining {
                Mining::Instant => MiningFile::Instant,
                Mining::Manual => MiningFile::Manual,
                Mining::Interval(time) => {
                    MiningFile::IntervalMs(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
                }
            },
            coinbase: dials.coinbase,
            gas_limit: dials.gas_limit,
            next_prev_randao: dials.next_prev_randao,
            impersonated: dials.impersonated.iter().copied().collect(),
            impersonate_all: dials.impersonate_all,
            pool: session.pool.iter().map(pooled).collect(),
        }
    }

    fn read(self, chain_id: u64) -> Result<Session, DumpError> {
        if self.version != VERSION {
            return Err(DumpError::Version(self.version));
        }
        let pool = self.pool.into_iter().map(|tx| {
            let checked = match tx.impersonated {
                true => Recovered::stored(tx.raw, tx.sender, true),
                false => transaction::recover(tx.raw, chain_id),
            };
            checked.map(Arc::new)
        });
        Ok(Session {
            genesis_time: self.genesis_time,
            offset_secs: self.offset_secs,
            mining: match self.mining {
                MiningFile::Instant => Mining::Instant,
                MiningFile::Manual => Mining::Manual,
                MiningFile::IntervalMs(time) => Mining::Interval(Duration::from_millis(time.max(1))),
            },
            dials: Dials {
                coinbase: self.coinbase,
                gas_limit: self.gas_limit,
                next_base_fee: None,
                next_prev_randao: self.next_prev_randao,
                impersonated: self.impersonated.into_iter().collect(),
                impersonate_all: self.impersonate_all,
                silent: false,
            },
            pool: pool.collect::<Result<_, _>>()?,
        })
    }
}
