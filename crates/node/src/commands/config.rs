//! `bulwark config`: what `node` would run with, shown and checked without starting. It opens no data directory and no
//! port, so it is safe beside a running node.

use crate::{
    accounts,
    cli::{ConfigCommand, DevArgs, SettingArgs},
    commands::{self, dev, node},
    failure::Failure,
    settings,
};
use clap::{Args, Command, FromArgMatches};
use serde_json::json;

/// Shows or checks.
///
/// # Errors
/// What is wrong with settings or genesis.
pub fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show { sources, json } => show(sources, *json),
        ConfigCommand::Genesis { sources, dev } => genesis(sources, *dev),
        ConfigCommand::Check { sources, json } => check(sources, *json),
    }
}

fn show(sources: &SettingArgs, as_json: bool) -> Result<(), Failure> {
    let loaded = settings::load(sources)?;
    let text = if as_json { format!("{:#}\n", loaded.to_json()) } else { loaded.to_toml() };
    commands::print(&text)
}

fn genesis(sources: &SettingArgs, of_dev: bool) -> Result<(), Failure> {
    let genesis = if of_dev {
        let args = default_dev_args()?;
        let accounts = accounts::derive(&args.mnemonic, args.accounts)?;
        dev::genesis(&args, &accounts)?
    } else {
        node::genesis(&settings::load(sources)?.settings)?.0
    };
    commands::print(&format!("{}\n", genesis.to_json()))
}

/// The flags of a plain `bulwark dev`.
fn default_dev_args() -> Result<DevArgs, Failure> {
    let matches = DevArgs::augment_args(Command::new("dev")).get_matches_from(["dev"]);
    DevArgs::from_arg_matches(&matches).map_err(Failure::new)
}

fn check(sources: &SettingArgs, as_json: bool) -> Result<(), Failure> {
    let settings = settings::load(sources)?.settings;
    let (genesis, warnings) = node::genesis(&settings)?;
    let data_dir = settings.data_dir()?.display().to_string();
    let identity = genesis.identity();
    crate::alerts::configured(settings.alerts.as_deref())?;
    if as_json {
        let report = json!({
            "chain_id": genesis.chain_id,
            "preset": genesis.preset,
            "rules": genesis.params.rules,
            "genesis": identity,
            "accounts": genesis.alloc.len(),
            "data_dir": data_dir,
            "warnings": warnings,
        });
        return commands::print(&format!("{report:#}\n"));
    }
    let mut text = format!(
        "Settings and genesis are in order.\n\n  chain id  {}\n  preset    {}\n  rules     {}\n  genesis   {identity}\n  accounts  {}\n  data      {data_dir}\n",
        genesis.chain_id,
        genesis.preset,
        genesis.params.rules,
        genesis.alloc.len(),
    );
    for warning in warnings {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    commands::print(&text)
}
