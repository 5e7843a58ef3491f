//! The chain's numbers (presets) and rule profiles, as `decisions.md` 1, 2 and §3 define them.
//! A genesis file may set each number by name; [`Params::check`] refuses sets that break the model.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which set of numbers a chain starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// EigenLayer's and Ethereum's real values.
    Mainnet,
    /// Short delays, for laptops and tests.
    #[default]
    Fast,
}

/// Which release's behaviour the restaking core follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rules {
    /// The newest public release (v1.13.1).
    #[default]
    Mainnet,
    /// The pinned release of the ABI table (v1.12.0).
    Pinned,
    /// The slashing release of April 2025 (v1.3.0), whose bytecode the differential tests run.
    #[serde(rename = "slashing-2025")]
    Slashing2025,
}

/// A name that is not one of those offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {found:?}; use one of: {offered}")]
pub struct UnknownName {
    what: &'static str,
    found: String,
    offered: &'static str,
}

impl FromStr for Preset {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "mainnet" => Ok(Self::Mainnet),
            "fast" => Ok(Self::Fast),
            _ => Err(UnknownName { what: "preset", found: name.into(), offered: "fast, mainnet" }),
        }
    }
}

impl FromStr for Rules {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "mainnet" => Ok(Self::Mainnet),
            "pinned" => Ok(Self::Pinned),
            "slashing-2025" => Ok(Self::Slashing2025),
            _ => Err(UnknownName {
                what: "rule profile",
                found: name.into(),
                offered: "mainnet, pinned, slashing-2025",
            }),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mainnet => "mainnet",
            Self::Fast => "fast",
        })
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mainnet => "mainnet",
            Self::Pinned => "pinned",
            Self::Slashing2025 => "slashing-2025",
        })
    }
}

impl Rules {
    /// What `version()` of the signing contracts answers.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Mainnet => "1.13.1",
            Self::Pinned => "1.12.0",
            Self::Slashing2025 => "v1.3.0",
        }
    }

    /// The EIP-712 domain version: the first character of the version, two in the slashing release.
    pub const fn domain_version(self) -> &'static str {
        match self {
            Self::Mainnet | Self::Pinned => "1",
            Self::Slashing2025 => "v1",
        }
    }
}

/// Every number of a chain that a genesis file may set. A field's name ends in its unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Behaviour of the restaking core.
    pub rules: Rules,
    /// Seconds between slots.
    pub slot_secs: u64,
    /// Blocks between queueing and completing a withdrawal; the same for a deallocation.
    pub withdrawal_delay_blocks: u32,
    /// Blocks before a change of an allocation delay or of a slasher takes effect.
    pub configuration_delay_blocks: u32,
    /// Blocks between a slash and the clearing of its shares (rules `mainnet`).
    pub slash_resolution_delay_blocks: u32,
    /// Blocks before a looser covenant takes effect (`decisions.md` 43).
    pub covenant_notice_blocks: u32,
    /// Blocks that a service has before an exit is forced, and, after the slashable window, before a key is released.
    pub exit_grace_blocks: u32,
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// Gas cap of one transaction (EIP-7825); `None` lifts it.
    pub transaction_gas_cap: Option<u64>,
}

/// The gas cap of one transaction on Ethereum since Osaka (EIP-7825).
pub const TRANSACTION_GAS_CAP: u64 = 1 << 24;

/// A set of parameters that cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Clocks divide by it.
    #[error("slot_secs is 0; a slot lasts at least one second")]
    NoSlot,
    /// Delegators must be able to leave before a risk change takes effect.
    #[error(
        "configuration_delay_blocks ({configuration}) must exceed withdrawal_delay_blocks ({withdrawal}), so that delegators can leave before a change takes effect"
    )]
    ConfigurationTooShort {
        /// The value found.
        configuration: u32,
        /// The value that it must exceed.
        withdrawal: u32,
    },
    /// Delegators must be able to leave before a looser covenant takes effect.
    #[error(
        "covenant_notice_blocks ({notice}) must exceed configuration_delay_blocks ({configuration}), so that delegators can leave before a looser covenant takes effect"
    )]
    NoticeTooShort {
        /// The value found.
        notice: u32,
        /// The value that it must exceed.
        configuration: u32,
    },
    /// No transaction would fit.
    #[error("block_gas_limit is {found}; the least that can run a transaction is 21000")]
    BlockGasTooSmall {
        /// The value found.
        found: u64,
    },
}

impl Params {
    /// The numbers of a preset, with the default rules and the transaction gas cap on.
    pub const fn preset(preset: Preset) -> Self {
        let (slot_secs, withdrawal, configuration, resolution, notice, grace) = match preset {
            Preset::Mainnet => (12, 100_800, 126_000, 50_400, 126_001, 50_400),
            Preset::Fast => (1, 10, 15, 0, 16, 5),
        };
        Self {
            rules: Rules::Mainnet,
            slot_secs,
            withdrawal_delay_blocks: withdrawal,
            configuration_delay_blocks: configuration,
            slash_resolution_delay_blocks: resolution,
            covenant_notice_blocks: notice,
            exit_grace_blocks: grace,
            block_gas_limit: 60_000_000,
            transaction_gas_cap: Some(TRANSACTION_GAS_CAP),
        }
    }

    /// Refuses sets that break the model (`decisions.md` §3).
    ///
    /// # Errors
    /// The first rule that does not hold, with the values found.
    pub const fn check(&self) -> Result<(), ParamsError> {
        if self.slot_secs == 0 {
            return Err(ParamsError::NoSlot);
        }
        if self.configuration_delay_blocks <= self.withdrawal_delay_blocks {
            return Err(ParamsError::ConfigurationTooShort {
                configuration: self.configuration_delay_blocks,
                withdrawal: self.withdrawal_delay_blocks,
            });
        }
        if self.covenant_notice_blocks <= self.configuration_delay_blocks {
            return Err(ParamsError::NoticeTooShort {
                notice: self.covenant_notice_blocks,
                configuration: self.configuration_delay_blocks,
            });
        }
        if self.block_gas_limit < 21_000 {
            return Err(ParamsError::BlockGasTooSmall { found: self.block_gas_limit });
        }
        Ok(())
    }

    /// Each parameter as (name, value, unit, source), for `restake_parameters` and the docs.
    pub fn table(&self) -> Vec<Parameter> {
        let cap = self.transaction_gas_cap.map_or_else(|| "none".into(), |cap| cap.to_string());
        let row = |name, value: String, unit, source| Parameter { name, value, unit, source };
        vec![
            row("rules", self.rules.to_string(), "profile", "restaking-core §0.4"),
            row("slot_secs", self.slot_secs.to_string(), "seconds", "Ethereum consensus specification"),
            row(
                "withdrawal_delay_blocks",
                self.withdrawal_delay_blocks.to_string(),
                "blocks",
                "DelegationManager.minWithdrawalDelayBlocks, AllocationManager.DEALLOCATION_DELAY",
            ),
            row(
                "configuration_delay_blocks",
                self.configuration_delay_blocks.to_string(),
                "blocks",
                "AllocationManager.ALLOCATION_CONFIGURATION_DELAY",
            ),
            row(
                "slash_resolution_delay_blocks",
                self.slash_resolution_delay_blocks.to_string(),
                "blocks",
                "StrategyManager.SLASH_RESOLUTION_DELAY_BLOCKS (ELIP-016)",
            ),
            row(
                "covenant_notice_blocks",
                self.covenant_notice_blocks.to_string(),
                "blocks",
                "Bulwark: a looser covenant waits until a warned delegator could have left",
            ),
            row(
                "exit_grace_blocks",
                self.exit_grace_blocks.to_string(),
                "blocks",
                "Bulwark: what a service has before an exit is forced, and before a key is released",
            ),
            row("block_gas_limit", self.block_gas_limit.to_string(), "gas", "Ethereum mainnet"),
            row("transaction_gas_cap", cap, "gas", "EIP-7825"),
        ]
    }
}

/// One row of the parameter table.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// The name in genesis files.
    pub name: &'static str,
    /// The value in force, in decimal.
    pub value: String,
    /// What the value counts.
    pub unit: &'static str,
    /// Where the number or its meaning comes from.
    pub source: &'static str,
}

/// Who holds which power from genesis on (`decisions.md` 55).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Roles {
    /// Owner of the Ownable contracts.
    pub owner: Address,
    /// Who may clear pause bits.
    pub unpauser: Address,
    /// Who may set pause bits.
    pub pausers: Vec<Address>,
    /// Where tips go (`decisions.md` 27).
    #[serde(default)]
    pub fee_recipient: Address,
    /// Who hands out programmatic incentives, once rewards exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incentive_council: Option<Address>,
    /// Who may veto disputed slashes, once services exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian: Option<Address>,
}

impl Roles {
    /// One account in every role, as in `dev`.
    pub fn all_held_by(account: Address) -> Self {
        Self {
            owner: account,
            unpauser: account,
            pausers: vec![account],
            fee_recipient: Address::ZERO,
            incentive_council: Some(account),
            guardian: Some(account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_pass_their_own_check() {
        for preset in [Preset::Mainnet, Preset::Fast] {
            assert_eq!(Params::preset(preset).check(), Ok(()), "{preset}");
        }
    }

    #[test]
    fn names_parse_back() {
        for rules in [Rules::Mainnet, Rules::Pinned, Rules::Slashing2025] {
            assert_eq!(rules.to_string().parse(), Ok(rules));
        }
        let error = "medium".parse::<Preset>().unwrap_err();
        assert_eq!(error.to_string(), "unknown preset \"medium\"; use one of: fast, mainnet");
    }

    #[test]
    fn a_configuration_delay_within_the_withdrawal_delay_is_refused() {
        let mut params = Params::preset(Preset::Fast);
        params.configuration_delay_blocks = 10;
        assert!(matches!(params.check(), Err(ParamsError::ConfigurationTooShort { .. })));
    }

    #[test]
    fn a_covenant_notice_within_the_configuration_delay_is_refused() {
        let mut params = Params::preset(Preset::Fast);
        params.covenant_notice_blocks = 15;
        let error = params.check().unwrap_err();
        assert_eq!(error, ParamsError::NoticeTooShort { notice: 15, configuration: 15 });
    }
}
