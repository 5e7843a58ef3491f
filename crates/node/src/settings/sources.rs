//! Two of the sources: the configuration file and the environment. Both refuse what they do not know, with its place
//! and the nearest known name.

use super::{KEYS, Layer};
use crate::{failure::Failure, text};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the names of our variables begin with.
const PREFIX: &str = "BULWARK_";

/// Variables with our prefix that other parts read: the build script's commit, and what the commands that speak to a node
/// take from the environment.
const NOT_SETTINGS: [&str; 8] = [
    "BULWARK_COMMIT",
    "BULWARK_COMMANDS",
    "BULWARK_FROM",
    "BULWARK_KEYSTORE",
    "BULWARK_MNEMONIC",
    "BULWARK_PASSWORD",
    "BULWARK_PRIVATE_KEY",
    "BULWARK_RPC",
];

/// The variable that sets a key.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
}

/// Reads a configuration file. Relative paths in it are relative to its directory.
///
/// # Errors
/// With file, line and column.
pub fn file(path: &Path) -> Result<Layer, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read configuration file {shown}: {error}"))
            .help("bulwark config show > bulwark.toml writes one to start from")
    })?;
    let mut layer: Layer = toml::from_str(&text).map_err(|error| refused(path, &text, &error))?;
    let home = path.parent().unwrap_or(Path::new(""));
    let resolve = |path: &mut PathBuf| *path = home.join(&*path);
    layer
        .genesis
        .iter_mut()
        .chain(layer.data_dir.iter_mut())
        .chain(layer.alerts.iter_mut())
        .for_each(resolve);
    Ok(layer)
}

fn refused(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    let place = format!("{}:{line}:{column}", path.display());
    match unknown_field(error.message()) {
        Some(key) => {
            let (message, help) = unknown(key, KEYS.into_iter().map(str::to_string));
            Failure::usage(format!("{place}: {message}")).help(help)
        }
        None => Failure::usage(format!("{place}: {}", error.message())),
    }
}

/// The name in serde's refusal of a field that a structure does not have.
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

fn unknown(key: &str, known: impl Iterator<Item = String>) -> (String, String) {
    let known: Vec<String> = known.collect();
    let message = match text::nearest(key, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown key {key}; did you mean {near}?"),
        None => format!("unknown key {key}"),
    };
    (message, format!("known are {}", known.join(", ")))
}

/// Reads the environment.
///
/// # Errors
/// A variable with our prefix that is no setting, or a value of the wrong kind.
pub fn environment(variables: impl Iterator<Item = (String, String)>) -> Result<Layer, Failure> {
    let mut table = toml::Table::new();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
        if NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        if !KEYS.contains(&key.as_str()) || name != variable(&key) {
            let (message, help) = unknown(&name, KEYS.iter().map(|key| variable(key)));
            let message = message.replacen("unknown key", "environment: unknown variable", 1);
            return Err(Failure::usage(message).help(help));
        }
        let parsed = typed(&key, &value);
        let single = toml::Table::from_iter([(key.clone(), parsed.clone())]);
        if let Err(error) = Layer::deserialize(single) {
            return Err(Failure::usage(format!("environment: {name}={value}: {}", error.message())));
        }
        table.insert(key, parsed);
    }
    Layer::deserialize(table).map_err(|error| Failure::usage(format!("environment: {}", error.message())))
}

/// A variable's text as the kind of value that its key has in a file; left as text where it does not parse, so that
/// the refusal shows it.
fn typed(key: &str, value: &str) -> toml::Value {
    let text = || toml::Value::String(value.to_string());
    match key {
        "port" | "prune" => value.parse().map_or_else(|_| text(), toml::Value::Integer),
        "block_time_secs" => value.parse().map_or_else(|_| text(), toml::Value::Float),
        "audit" | "no_cors" => value.parse().map_or_else(|_| text(), toml::Value::Boolean),
        "allow_origin" | "allow_host" | "limit" => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_string())).collect())
        }
        _ => text(),
    }
}
