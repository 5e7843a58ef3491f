//! The first block: geth's genesis file with a `config.bulwark` part (`decisions.md` 56), and the ready-made genesis
//! of `dev`. Its identity is a hash that a data directory keeps, so that no node continues somebody else's chain.

mod file;

use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_eips::{eip2935::HISTORY_STORAGE_CODE, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B256, Bytes, U256, bytes, keccak256};
use protocol::{
    genesis::{Setup, accounts},
    registry::instance_code,
    strategy_base::limits,
    strategy_manager,
};
use serde::{Deserialize, Serialize};
use state::{Account, AccountChange, Changes};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    Params, Preset, Rules, addresses,
    params::{ParamsError, Roles},
};

/// What the deterministic deployer at [`addresses::CREATE2_DEPLOYER`] runs on every Ethereum chain.
const CREATE2_DEPLOYER_CODE: Bytes = bytes!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// Nonces to look through for creations that would land on a fixed address (`decisions.md` 40).
const NONCES_CHECKED: u64 = 64;

/// Base fee of the first block of a `dev` chain: one gwei, as in geth's and anvil's.
pub const INITIAL_BASE_FEE: u64 = 1_000_000_000;

/// Longest extra data of a header.
const MAX_EXTRA_DATA: usize = 32;

/// A genesis that cannot start a chain.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Not JSON, or a value of the wrong kind; the text names line or path.
    #[error("genesis file: {0}")]
    Malformed(String),
    /// Something that every chain must state.
    #[error("genesis file: {path} is missing; {hint}")]
    Missing {
        /// Where it belongs.
        path: &'static str,
        /// What to write there.
        hint: &'static str,
    },
    /// A fork that this build does not know (`decisions.md` 37).
    #[error(
        "genesis file: config.bulwark.forks.{0} is unknown to this build; run the release that brings it"
    )]
    UnknownFork(String),
    /// Parameters that contradict each other.
    #[error("genesis file: config.bulwark.params: {0}")]
    Params(#[from] ParamsError),
    /// A funded account at the address of a native contract.
    #[error("genesis file: alloc.{0} is the address of a native contract; remove the entry")]
    Occupied(Address),
    /// Limits of which the one for a deposit is above the one for all.
    #[error(
        "genesis file: config.bulwark.limitedStrategies: {0} has a maxPerDeposit above its maxTotalDeposits"
    )]
    Limits(Address),
    /// Extra data that no header can hold.
    #[error("genesis file: extraData has {0} bytes; at most 32 fit")]
    ExtraData(usize),
}

/// An account that the genesis file funds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GenesisAccount {
    /// First nonce; raised where a creation would land on a fixed address.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Runtime code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// A strategy with limits (StrategyBaseTVLLimits) that the chain begins with. No verb makes one: with the originals the
/// deployer does, and StrategyManager's owner lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitedStrategy {
    /// Where.
    pub address: Address,
    /// Its token, which must exist when it is first used.
    pub token: Address,
    /// Greatest deposit, in token units.
    pub max_per_deposit: U256,
    /// Greatest balance that still takes deposits, in token units.
    pub max_total_deposits: U256,
}

/// All that determines a chain's first block and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Seconds since 1970 of block 0.
    pub timestamp: u64,
    /// Wei per gas of block 0.
    pub base_fee: u64,
    /// At most 32 bytes of the founder's choice.
    pub extra_data: Bytes,
    /// Funded accounts.
    pub alloc: BTreeMap<Address, GenesisAccount>,
    /// Which preset the numbers began from.
    pub preset: Preset,
    /// The numbers and rules in force.
    pub params: Params,
    /// Who holds which power.
    pub roles: Roles,
    /// Whether TestToken and its strategy exist.
    pub dev: bool,
    /// Strategies with limits, listed for deposits.
    pub limited_strategies: Vec<LimitedStrategy>,
}

/// What `bulwark dev` asks for.
#[derive(Clone, Debug)]
pub struct DevOptions {
    /// EIP-155 chain id; 31337 unless told otherwise.
    pub chain_id: u64,
    /// Numbers.
    pub preset: Preset,
    /// Rule profile.
    pub rules: Rules,
    /// Funded accounts; the first holds every role.
    pub accounts: Vec<(Address, U256)>,
    /// Gas limit of a block; the preset's if `None`.
    pub gas_limit: Option<u64>,
    /// Seconds since 1970 of block 0.
    pub timestamp: u64,
    /// Wei per gas of block 0; one gwei if `None`.
    pub base_fee: Option<u64>,
}

impl Genesis {
    /// The genesis of a development chain.
    pub fn dev(options: &DevOptions) -> Self {
        let mut params = Params::preset(options.preset);
        params.rules = options.rules;
        params.transaction_gas_cap = None;
        params.block_gas_limit = options.gas_limit.unwrap_or(params.block_gas_limit);
        let first = options.accounts.first().map_or(Address::ZERO, |(address, _)| *address);
        let mut alloc: BTreeMap<Address, GenesisAccount> = options
            .accounts
            .iter()
            .map(|(address, balance)| (*address, GenesisAccount { balance: *balance, ..Default::default() }))
            .collect();
        let deployer = GenesisAccount { nonce: 1, code: CREATE2_DEPLOYER_CODE, ..Default::default() };
        alloc.insert(addresses::CREATE2_DEPLOYER, deployer);
        let mut genesis = Self {
            chain_id: options.chain_id,
            timestamp: options.timestamp,
            base_fee: options.base_fee.unwrap_or(INITIAL_BASE_FEE),
            extra_data: Bytes::new(),
            alloc,
            preset: options.preset,
            params,
            roles: Roles::all_held_by(first),
            dev: true,
            limited_strategies: Vec::new(),
        };
        genesis.lift_nonces();
        genesis
    }

    /// Reads a genesis file. The second value warns of keys outside `config.bulwark` that nothing reads.
    ///
    /// # Errors
    /// What is wrong, with its path and value.
    pub fn from_json(text: &str) -> Result<(Self, Vec<String>), GenesisError> {
        let (mut genesis, warnings) = file::parse(text)?;
        genesis.check()?;
        genesis.lift_nonces();
        Ok((genesis, warnings))
    }

    /// The effective genesis as a file: everything stated, in one fixed form.
    pub fn to_json(&self) -> String {
        file::print(self)
    }

    /// The chain's identity: the hash of the effective genesis file.
    pub fn identity(&self) -> B256 {
        keccak256(self.to_json())
    }

    /// Refuses what cannot start.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), GenesisError> {
        self.params.check()?;
        if self.extra_data.len() > MAX_EXTRA_DATA {
            return Err(GenesisError::ExtraData(self.extra_data.len()));
        }
        let native = self.native_accounts();
        let mut taken: BTreeSet<Address> = self.alloc.keys().copied().collect();
        if let Some(account) = native.iter().find(|account| !taken.insert(account.address)) {
            return Err(GenesisError::Occupied(account.address));
        }
        match self.limited_strategies.iter().find(|it| it.max_per_deposit > it.max_total_deposits) {
            Some(strategy) => Err(GenesisError::Limits(strategy.address)),
            None => Ok(()),
        }
    }

    fn native_accounts(&self) -> Vec<protocol::genesis::Account> {
        let mut accounts = accounts(&Setup { params: &self.params, roles: &self.roles, dev: self.dev });
        let listed = self.limited_strategies.iter().map(|it| strategy_manager::whitelist_entry(it.address));
        if let Some(manager) = accounts.iter_mut().find(|it| it.address == addresses::STRATEGY_MANAGER) {
            manager.storage.extend(listed);
        }
        accounts.extend(self.limited_strategies.iter().map(|it| {
            protocol::genesis::Account {
                address: it.address,
                nonce: 1,
                code: instance_code(limits::KIND),
                storage: limits::genesis(it.token, it.max_per_deposit, it.max_total_deposits)
                    .into_iter()
                    .filter(|(_, value)| !value.is_zero())
                    .collect(),
            }
        }));
        accounts
    }

    /// Raises the nonce of each funded account past those that would create onto a fixed address.
    fn lift_nonces(&mut self) {
        for (address, account) in &mut self.alloc {
            let lands = |nonce: &u64| addresses::is_fixed(address.create(*nonce));
            if let Some(last) = (0..NONCES_CHECKED).rfind(lands) {
                account.nonce = account.nonce.max(last.saturating_add(1));
            }
        }
    }

    /// What block 0 writes.
    pub fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for (address, account) in &self.alloc {
            let slots = account.storage.iter().map(|(slot, value)| (*slot, *value)).collect();
            put(&mut changes, *address, account.nonce, account.balance, &account.code, slots);
        }
        if !self.alloc.contains_key(&addresses::HISTORY_STORAGE) {
            put(&mut changes, addresses::HISTORY_STORAGE, 1, U256::ZERO, &HISTORY_STORAGE_CODE, Vec::new());
        }
        for account in self.native_accounts() {
            put(&mut changes, account.address, account.nonce, U256::ZERO, &account.code, account.storage);
        }
        changes
    }

    /// The header of block 0 above a state root.
    pub fn header(&self, state_root: B256) -> Header {
        Header {
            state_root,
            timestamp: self.timestamp,
            gas_limit: self.params.block_gas_limit,
            base_fee_per_gas: Some(self.base_fee),
            beneficiary: self.roles.fee_recipient,
            extra_data: self.extra_data.clone(),
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
    }
}

/// Adds an account that block 0 makes.
fn put(
    changes: &mut Changes,
    address: Address,
    nonce: u64,
    balance: U256,
    code: &Bytes,
    slots: Vec<(U256, U256)>,
) {
    let code_hash = keccak256(code);
    if !code.is_empty() {
        changes.code.push((code_hash, code.clone()));
    }
    let account = Some(Account { nonce, balance, code_hash });
    changes.accounts.push(AccountChange { address, account, wiped: false, slots });
}

#[cfg(test)]
mod tests;
