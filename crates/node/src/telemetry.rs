//! Logs and metrics: what goes on inside, for operators. Logs go to standard error, so that standard output stays
//! for what a command is asked to print.

use crate::failure::Failure;
use clap::ValueEnum;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

/// How log lines look: one readable line an event, or one JSON object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts logging. `filter` is `error`, `warn`, `info`, `debug`, `trace`, or levels by module: `info,chain=debug`.
///
/// # Errors
/// A filter that does not parse.
pub fn start_logs(format: LogFormat, filter: &str) -> Result<(), Failure> {
    let parsed = EnvFilter::try_new(filter).map_err(|error| {
        Failure::usage(format!("log filter {filter:?}: {error}"))
            .help("one of error, warn, info, debug, trace, or levels by module: info,chain=debug")
    })?;
    let builder = fmt().with_env_filter(parsed).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new(format!("cannot start logging: {error}")))
}

/// Installs the recorder behind `/metrics`; the server keeps its figures small.
///
/// # Errors
/// A recorder that is already there.
pub fn start_metrics() -> Result<PrometheusHandle, Failure> {
    PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::new(format!("cannot start metrics: {error}")))
}
