//! The file of alert rules that a node is started with: `[[alert]]` tables of TOML, apart from the other settings because
//! it holds secrets. What a rule may say is checked here as well as when the node takes it.

use crate::failure::Failure;
use rpc::AlertRule;
use serde::Deserialize;
use std::{fs, path::Path};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    alert: Vec<AlertRule>,
}

/// The rules of a file; none without one.
///
/// # Errors
/// A file that cannot be read, a rule that cannot be evaluated, or two of one name.
pub fn configured(path: Option<&Path>) -> Result<Vec<AlertRule>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read alert rules {shown}: {error}")))?;
    let Rules { alert: rules } = toml::from_str(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {}", error.message()))
            .help("docs/alerts.md tells what a rule may say")
    })?;
    for (at, rule) in rules.iter().enumerate() {
        rule.check().map_err(|why| Failure::usage(format!("{shown}: rule {:?}: {why}", rule.name)))?;
        if rules.iter().take(at).any(|earlier| earlier.name == rule.name) {
            return Err(Failure::usage(format!("{shown}: two rules are called {:?}", rule.name)));
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<AlertRule>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts.toml");
        fs::write(&path, text).unwrap();
        configured(Some(&path)).map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn rules_are_read_and_wrong_ones_named() {
        let rules = read("[[alert]]\nname = \"a\"\nkind = \"gamma\"\nunder = 0.05\n").unwrap();
        assert_eq!((rules.len(), rules[0].under), (1, Some(0.05)));
        assert!(read("").unwrap().is_empty());
        let slash = "[[alert]]\nname = \"a\"\nkind = \"slash\"\n";
        for (text, why) in [
            ("[[alert]]\nname = \"a\"\nkind = \"gamma\"\n".to_owned(), "rule \"a\": gamma wants `under`"),
            (slash.repeat(2), "two rules are called \"a\""),
            (format!("{slash}hook = 1\n"), "unknown field `hook`"),
        ] {
            let told = read(&text).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
