//! The genesis file's form. Reading is strict under `config.bulwark` (an unknown key is an error with its path) and
//! lenient elsewhere (a warning), so that files made for geth load. Printing states everything.

use super::{Genesis, GenesisAccount, GenesisError, INITIAL_BASE_FEE, LimitedStrategy};
use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use std::collections::BTreeMap;
use types::{Params, Preset, Rules, params::Roles};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenesisFile {
    config: ConfigFile,
    #[serde(default)]
    alloc: BTreeMap<Address, AccountFile>,
    #[serde(default)]
    timestamp: Option<Quantity>,
    #[serde(default)]
    gas_limit: Option<Quantity>,
    #[serde(default)]
    base_fee_per_gas: Option<Quantity>,
    #[serde(default)]
    extra_data: Option<Bytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigFile {
    chain_id: Option<Quantity>,
    bulwark: Option<BulwarkFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulwarkFile {
    #[serde(default = "mainnet")]
    preset: Preset,
    #[serde(default)]
    rules: Rules,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    params: ParamsFile,
    #[serde(default)]
    forks: BTreeMap<String, u64>,
    roles: Option<Roles>,
    /// Whether TestToken and its strategy exist; only development chains say yes.
    #[serde(default)]
    test_token: bool,
    #[serde(default)]
    limited_strategies: Vec<LimitedStrategy>,
}

/// Names of the base layer (`decisions.md` 3).
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Network {
    #[default]
    Native,
}

const fn mainnet() -> Preset {
    Preset::Mainnet
}

/// Parameters that a file sets; the preset gives the others.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParamsFile {
    slot_secs: Option<u64>,
    withdrawal_delay_blocks: Option<u32>,
    configuration_delay_blocks: Option<u32>,
    slash_resolution_delay_blocks: Option<u32>,
    /// One more than the configuration delay unless set.
    covenant_notice_blocks: Option<u32>,
    exit_grace_blocks: Option<u32>,
    block_gas_limit: Option<u64>,
    /// 0 lifts the cap.
    transaction_gas_cap: Option<u64>,
}

#[derive(Deserialize)]
struct AccountFile {
    #[serde(default)]
    nonce: Option<Quantity>,
    #[serde(default)]
    balance: Option<Quantity>,
    #[serde(default)]
    code: Option<Bytes>,
    #[serde(default)]
    storage: BTreeMap<Quantity, Quantity>,
}

/// A number as geth's files write it: JSON number, decimal string, or hex string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Quantity(U256);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, or a decimal or 0x-hex string")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
        Ok(Quantity(U256::from(number)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        let number = parse_number(text).map(Quantity);
        number.ok_or_else(|| E::custom(format!("{text:?} is not a number of at most 256 bits")))
    }
}

fn parse_number(text: &str) -> Option<U256> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some("") => Some(U256::ZERO),
        Some(hex) => U256::from_str_radix(hex, 16).ok(),
        None if text.is_empty() => None,
        None => U256::from_str_radix(text, 10).ok(),
    }
}

/// A quantity that must fit 64 bits.
fn small(found: Option<Quantity>, path: &'static str) -> Result<Option<u64>, GenesisError> {
    match found {
        None => Ok(None),
        Some(Quantity(value)) => u64::try_from(value)
            .map(Some)
            .map_err(|_| GenesisError::Malformed(format!("{path}: {value} does not fit 64 bits"))),
    }
}

/// Reads a file; see [`Genesis::from_json`].
pub fn parse(text: &str) -> Result<(Genesis, Vec<String>), GenesisError> {
    let mut unread = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let file: GenesisFile = match serde_ignored::deserialize(tracked, |path| unread.push(path.to_string())) {
        Ok(file) => file,
        Err(error) => return Err(GenesisError::Malformed(format!("{}: {error}", track.path()))),
    };
    json.end().map_err(|error| GenesisError::Malformed(error.to_string()))?;
    let warnings = unread
        .into_iter()
        .filter(|path| !known_to_geth(path))
        .map(|path| format!("genesis file: nothing reads {path}"))
        .collect();
    Ok((resolve(file)?, warnings))
}

/// Keys that geth's files have and that mean nothing here: fork switches (all of Osaka is on) and mining fields.
fn known_to_geth(path: &str) -> bool {
    let name = path.strip_prefix("config.").unwrap_or(path);
    let fork =
        name.ends_with("Block") || name.ends_with("Time") || name.starts_with("terminalTotalDifficulty");
    let mining = ["nonce", "difficulty", "mixHash", "coinbase", "number", "gasUsed", "parentHash"];
    fork || mining.contains(&name)
        || ["ethash", "clique", "blobSchedule", "depositContractAddress"].contains(&name)
}

fn resolve(file: GenesisFile) -> Result<Genesis, GenesisError> {
    let missing = |path, hint| GenesisError::Missing { path, hint };
    let chain_id = small(file.config.chain_id, "config.chainId")?
        .ok_or_else(|| missing("config.chainId", "choose the chain's EIP-155 id"))?;
    let bulwark = file.config.bulwark.ok_or_else(|| {
        missing(
            "config.bulwark",
            "it needs at least {\"roles\": {\"owner\": …, \"unpauser\": …, \"pausers\": […]}}",
        )
    })?;
    let roles = bulwark.roles.ok_or_else(|| {
        missing(
            "config.bulwark.roles",
            "state owner, unpauser and pausers; there is no default on a real network",
        )
    })?;
    if let Some(name) = bulwark.forks.keys().next() {
        return Err(GenesisError::UnknownFork(name.clone()));
    }
    let Network::Native = bulwark.network;
    let mut params = bulwark.params.over(Params::preset(bulwark.preset));
    params.rules = bulwark.rules;
    if let Some(limit) = small(file.gas_limit, "gasLimit")? {
        params.block_gas_limit = limit;
    }
    let timestamp = small(file.timestamp, "timestamp")?
        .ok_or_else(|| missing("timestamp", "write the first block's time in seconds since 1970"))?;
    let alloc = file.alloc.into_iter().map(|(address, account)| Ok((address, account.resolve()?)));
    Ok(Genesis {
        chain_id,
        timestamp,
        base_fee: small(file.base_fee_per_gas, "baseFeePerGas")?.unwrap_or(INITIAL_BASE_FEE),
        extra_data: file.extra_data.unwrap_or_default(),
        alloc: alloc.collect::<Result<_, GenesisError>>()?,
        preset: bulwark.preset,
        params,
        roles,
        dev: bulwark.test_token,
        limited_strategies: bulwark.limited_strategies,
    })
}

impl ParamsFile {
    fn over(&self, preset: Params) -> Params {
        let configuration = self.configuration_delay_blocks.unwrap_or(preset.configuration_delay_blocks);
        Params {
            rules: preset.rules,
            slot_secs: self.slot_secs.unwrap_or(preset.slot_secs),
            withdrawal_delay_blocks: self.withdrawal_delay_blocks.unwrap_or(preset.withdrawal_delay_blocks),
            configuration_delay_blocks: configuration,
            slash_resolution_delay_blocks: self
                .slash_resolution_delay_blocks
                .unwrap_or(preset.slash_resolution_delay_blocks),
            covenant_notice_blocks: self.covenant_notice_blocks.unwrap_or(configuration.saturating_add(1)),
            exit_grace_blocks: self.exit_grace_blocks.unwrap_or(preset.exit_grace_blocks),
            block_gas_limit: self.block_gas_limit.unwrap_or(preset.block_gas_limit),
            transaction_gas_cap: match self.transaction_gas_cap {
                None => preset.transaction_gas_cap,
                Some(0) => None,
                cap => cap,
            },
        }
    }
}

impl AccountFile {
    fn resolve(self) -> Result<GenesisAccount, GenesisError> {
        Ok(GenesisAccount {
            nonce: small(self.nonce, "alloc nonce")?.unwrap_or_default(),
            balance: self.balance.map_or(U256::ZERO, |quantity| quantity.0),
            code: self.code.unwrap_or_default(),
            storage: self
                .storage
                .into_iter()
                .map(|(slot, value)| (slot.0, value.0))
                .filter(|(_, value)| !value.is_zero())
                .collect(),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedFile<'a> {
    config: PrintedConfig<'a>,
    timestamp: String,
    gas_limit: String,
    base_fee_per_gas: String,
    extra_data: &'a Bytes,
    alloc: BTreeMap<String, PrintedAccount<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedConfig<'a> {
    chain_id: u64,
    bulwark: PrintedBulwark<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedBulwark<'a> {
    preset: Preset,
    rules: Rules,
    network: &'static str,
    params: BTreeMap<&'static str, u64>,
    forks: BTreeMap<&'static str, u64>,
    roles: &'a Roles,
    test_token: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    limited_strategies: &'a [LimitedStrategy],
}

#[derive(Serialize)]
struct PrintedAccount<'a> {
    nonce: String,
    balance: String,
    code: &'a Bytes,
    storage: BTreeMap<String, String>,
}

/// Prints the effective genesis; see [`Genesis::to_json`].
pub fn print(genesis: &Genesis) -> String {
    let params = &genesis.params;
    let file = PrintedFile {
        config: PrintedConfig {
            chain_id: genesis.chain_id,
            bulwark: PrintedBulwark {
                preset: genesis.preset,
                rules: params.rules,
                network: "native",
                params: BTreeMap::from([
                    ("slot_secs", params.slot_secs),
                    ("withdrawal_delay_blocks", params.withdrawal_delay_blocks.into()),
                    ("configuration_delay_blocks", params.configuration_delay_blocks.into()),
                    ("slash_resolution_delay_blocks", params.slash_resolution_delay_blocks.into()),
                    ("covenant_notice_blocks", params.covenant_notice_blocks.into()),
                    ("exit_grace_blocks", params.exit_grace_blocks.into()),
                    ("block_gas_limit", params.block_gas_limit),
                    ("transaction_gas_cap", params.transaction_gas_cap.unwrap_or(0)),
                ]),
                forks: BTreeMap::new(),
                roles: &genesis.roles,
                test_token: genesis.dev,
                limited_strategies: &genesis.limited_strategies,
            },
        },
        timestamp: hex(genesis.timestamp),
        gas_limit: hex(params.block_gas_limit),
        base_fee_per_gas: hex(genesis.base_fee),
        extra_data: &genesis.extra_data,
        alloc: genesis
            .alloc
            .iter()
            .map(|(address, account)| (address.to_string(), printed(account)))
            .collect(),
    };
    // Serialising structs of strings, numbers and byte strings cannot fail.
    serde_json::to_string_pretty(&file).unwrap_or_default()
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}

fn printed(account: &GenesisAccount) -> PrintedAccount<'_> {
    PrintedAccount {
        nonce: hex(account.nonce),
        balance: format!("{:#x}", account.balance),
        code: &account.code,
        storage: account
            .storage
            .iter()
            .map(|(slot, value)| (format!("{slot:#066x}"), format!("{value:#066x}")))
            .collect(),
    }
}
