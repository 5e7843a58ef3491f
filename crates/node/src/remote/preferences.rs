//! The settings of the commands, in one file of TOML: the node, the usual sender, the directory of keys, and the address
//! book. `BULWARK_COMMANDS` names another file. The settings of a node are not here but in `settings`.

use crate::{failure::Failure, text};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

/// The keys, as the file spells them.
const KEYS: [&str; 4] = ["rpc", "from", "keystore_dir", "names"];

/// What the file says; all of it may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// The node.
    pub rpc: Option<String>,
    /// Who sends when nobody is named.
    pub from: Option<String>,
    /// Where encrypted keys lie.
    pub keystore_dir: Option<PathBuf>,
    /// The address book.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

impl Preferences {
    /// Reads the file; without one there are no preferences.
    ///
    /// # Errors
    /// A file that was named and cannot be read, or that says something else than the keys above.
    pub fn load() -> Result<Self, Failure> {
        let named = env::var_os("BULWARK_COMMANDS").map(PathBuf::from);
        let Some(path) = named.clone().or_else(|| home().map(|home| home.join("commands.toml"))) else {
            return Ok(Self::default());
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(Failure::usage(format!("cannot read {}: {error}", path.display()))),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            let message = error.message();
            let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            let near = unknown.and_then(|key| text::nearest(key, KEYS));
            let help = match near {
                Some(near) => format!("did you mean {near}? known are {}", KEYS.join(", ")),
                None => format!("known are {}", KEYS.join(", ")),
            };
            Failure::usage(format!("{}: {message}", path.display())).help(help)
        })
    }

    /// Where encrypted keys lie.
    ///
    /// # Errors
    /// Nothing says where home is.
    pub fn keystore_dir(&self) -> Result<PathBuf, Failure> {
        let usual = || home().map(|home| home.join("keys"));
        self.keystore_dir.clone().or_else(usual).ok_or_else(|| {
            Failure::usage("nothing says where keys lie: HOME is not set")
                .help("set HOME, or keystore_dir in the file that BULWARK_COMMANDS names")
        })
    }
}

/// The address book of whoever runs this process, as it is now; empty where the file cannot be read, of which the commands
/// tell.
pub fn names() -> BTreeMap<String, String> {
    Preferences::load().map(|preferences| preferences.names).unwrap_or_default()
}

/// Our directory among the user's settings.
fn home() -> Option<PathBuf> {
    let config = env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let config = config.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(config.join("bulwark"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let failure = Preferences::parse("form = \"alice\"", Path::new("a.toml")).unwrap_err();
        assert!(failure.message().contains("unknown field `form`"), "{}", failure.message());
        let book = Preferences::parse("[names]\nalice = \"0x00\"", Path::new("a.toml")).unwrap();
        assert_eq!(book.names.get("alice").map(String::as_str), Some("0x00"));
    }
}
