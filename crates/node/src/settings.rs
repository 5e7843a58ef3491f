//! The settings of `node`: one flat list of keys. A key has the same name everywhere: `data_dir` in the file,
//! `BULWARK_DATA_DIR` in the environment, `--data-dir` as a flag; later ones win. What nobody reads is an error.

mod sources;

use crate::{cli, failure::Failure, running, telemetry::LogFormat};
use clap::Args;
use figment::{Figment, Metadata, Profile, Provider, providers::Serialized, value};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// What one source says: a file, the environment, or the flags.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Genesis file: geth's form, with config.bulwark (required)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genesis: Option<PathBuf>,
    /// Directory that keeps the chain (required)
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Port to listen on [default: 8545]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Seconds between blocks [default: the genesis file's slot]
    #[arg(long, visible_alias = "block-time", value_parser = cli::seconds, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_time_secs: Option<f64>,
    /// Keep the history of this many blocks [default: of all]
    #[arg(long, value_name = "BLOCKS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<u64>,
    /// Check all invariants after every block
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<bool>,
    /// Web pages that may call, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ORIGINS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_origin: Option<Vec<String>>,
    /// Host names under which the node is called, besides loopback, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "HOSTS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_host: Option<Vec<String>>,
    /// Refuse calls from web pages
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_cors: Option<bool>,
    /// Bounds on what clients may ask for, NAME=VALUE, separated by commas (docs/limits.md)
    #[arg(long, value_delimiter = ',', value_name = "LIMITS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Vec<String>>,
    /// File of alert rules, TOML (docs/alerts.md)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<PathBuf>,
    /// Log lines: error, warn, info, debug, trace, or by module (info,chain=debug) [default: info, of the database warn]
    #[arg(long, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// How log lines on standard error look [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

/// The settings in force, after all layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Genesis file.
    pub genesis: Option<PathBuf>,
    /// Directory that keeps the chain.
    pub data_dir: Option<PathBuf>,
    /// Address to listen on.
    pub host: String,
    /// Port to listen on.
    pub port: u16,
    /// Seconds between blocks; the slot of the genesis if absent.
    pub block_time_secs: Option<f64>,
    /// Blocks whose history is kept; all if absent.
    pub prune: Option<u64>,
    /// Whether all invariants are checked after every block.
    pub audit: bool,
    /// Web pages that may call.
    pub allow_origin: Vec<String>,
    /// Host names under which the node is called, besides loopback.
    pub allow_host: Vec<String>,
    /// Whether calls from web pages are refused.
    pub no_cors: bool,
    /// Bounds on what clients may ask for, `name=value`.
    pub limit: Vec<String>,
    /// File of alert rules.
    pub alerts: Option<PathBuf>,
    /// Which log lines.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

/// Settings with the name of the source that each came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    sources: Figment,
}

/// A layer as figment wants it, under the name that `config show` prints.
struct Named<'a>(&'a str, &'a Layer);

impl Provider for Named<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<value::Map<Profile, value::Dict>, figment::Error> {
        Serialized::defaults(self.1).data()
    }
}

/// What a node logs: what happens, and of the database only what is odd.
const DEFAULT_LOG: &str = "info,fjall=warn,lsm_tree=warn";

/// The keys, as the file spells them.
pub const KEYS: [&str; 14] = [
    "genesis",
    "data_dir",
    "host",
    "port",
    "block_time_secs",
    "prune",
    "audit",
    "allow_origin",
    "allow_host",
    "no_cors",
    "limit",
    "alerts",
    "log",
    "log_format",
];

/// Reads all sources.
///
/// # Errors
/// A file that cannot be read, an unknown key, a value of the wrong kind or out of range: with its place.
pub fn load(args: &cli::SettingArgs) -> Result<Loaded, Failure> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    layered(args, variables)
}

fn layered(
    args: &cli::SettingArgs,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, Failure> {
    let defaults = Layer {
        host: Some("127.0.0.1".into()),
        port: Some(8545),
        audit: Some(false),
        allow_origin: Some(Vec::new()),
        allow_host: Some(Vec::new()),
        no_cors: Some(false),
        limit: Some(Vec::new()),
        log: Some(DEFAULT_LOG.into()),
        log_format: Some(LogFormat::Text),
        ..Layer::default()
    };
    let mut sources = Figment::from(Named("default", &defaults));
    if let Some(path) = &args.config {
        sources = sources.merge(Named(&path.display().to_string(), &sources::file(path)?));
    }
    let sources = sources
        .merge(Named("environment", &sources::environment(variables)?))
        .merge(Named("flag", &args.flags));
    let settings: Settings =
        sources.extract().map_err(|error| Failure::usage(format!("settings: {error}")))?;
    settings.check()?;
    Ok(Loaded { settings, sources })
}

impl Settings {
    fn check(&self) -> Result<(), Failure> {
        self.block_time()?;
        running::limits(&self.limit)?;
        if self.prune == Some(0) {
            return Err(Failure::usage("prune is 0; keep the history of at least one block")
                .help("leave the key away to keep the history of all blocks"));
        }
        Ok(())
    }

    /// Time between blocks, if set.
    ///
    /// # Errors
    /// Outside its range.
    pub fn block_time(&self) -> Result<Option<Duration>, Failure> {
        let Some(seconds) = self.block_time_secs else { return Ok(None) };
        cli::block_time(&seconds.to_string())
            .map(Some)
            .map_err(|expected| Failure::usage(format!("block_time_secs is {seconds}; {expected}")))
    }

    /// The genesis file.
    ///
    /// # Errors
    /// None is set.
    pub fn genesis(&self) -> Result<&Path, Failure> {
        self.genesis.as_deref().ok_or_else(|| missing("genesis", "\"genesis.json\"", "FILE"))
    }

    /// The data directory.
    ///
    /// # Errors
    /// None is set.
    pub fn data_dir(&self) -> Result<&Path, Failure> {
        self.data_dir.as_deref().ok_or_else(|| missing("data_dir", "\"data\"", "DIR"))
    }
}

fn missing(key: &str, example: &str, value: &str) -> Failure {
    let (variable, flag) = (sources::variable(key), key.replace('_', "-"));
    Failure::usage(format!("{key} is not set, and a node has no default for it")).help(format!(
        "write {key} = {example} in the file of --config, or set {variable}, or pass --{flag} {value}"
    ))
}

impl Loaded {
    /// The settings as a TOML file, each with its source.
    pub fn to_toml(&self) -> String {
        let table = toml::Table::try_from(&self.settings).unwrap_or_default();
        let line = |key: &&str| match table.get(*key) {
            Some(value) => (format!("{key} = {value}"), self.source(key)),
            None => (format!("# {key} ="), "not set".into()),
        };
        let lines: Vec<(String, String)> = KEYS.iter().map(line).collect();
        let width = lines.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
        lines.iter().fold(String::new(), |mut out, (text, source)| {
            let _ = writeln!(out, "{text:width$}  # {source}");
            out
        })
    }

    /// The settings as JSON, each with its source.
    pub fn to_json(&self) -> serde_json::Value {
        let values = serde_json::to_value(&self.settings).unwrap_or_default();
        let row = |key: &&str| {
            let value = values.get(*key).cloned().unwrap_or_default();
            let source = if value.is_null() { "not set".into() } else { self.source(key) };
            ((*key).to_string(), serde_json::json!({ "value": value, "source": source }))
        };
        KEYS.iter().map(row).collect::<serde_json::Map<_, _>>().into()
    }

    fn source(&self, key: &str) -> String {
        match self.sources.find_metadata(key).map(|metadata| metadata.name.as_ref()) {
            Some("flag") => format!("--{}", key.replace('_', "-")),
            Some("environment") => sources::variable(key),
            Some(name) => name.to_string(),
            None => "default".to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
