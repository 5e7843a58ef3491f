//! Claims about settings: which source wins, and what a wrong one is told.

use super::*;
use crate::cli::SettingArgs;
use std::fs;

fn loaded(file: &str, variables: &[(&str, &str)], flags: Layer) -> Result<Loaded, Failure> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bulwark.toml");
    fs::write(&path, file).unwrap();
    let args = SettingArgs { config: Some(path), flags };
    let variables = variables.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string()));
    layered(&args, variables)
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    loaded(file, variables, Layer::default()).unwrap_err().message().to_string()
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "port = 1\nhost = \"0.0.0.0\"\nprune = 5\n";
    let flags = Layer { prune: Some(7), ..Layer::default() };
    let loaded = loaded(file, &[("BULWARK_PORT", "2"), ("BULWARK_PRUNE", "6")], flags).unwrap();
    assert_eq!((loaded.settings.port, loaded.settings.prune), (2, Some(7)));
    assert_eq!(loaded.settings.host, "0.0.0.0");
    assert_eq!(loaded.source("port"), "BULWARK_PORT");
    assert_eq!(loaded.source("prune"), "--prune");
    assert!(loaded.source("host").ends_with("bulwark.toml"));
    assert_eq!(loaded.source("audit"), "default");
}

#[test]
fn what_is_shown_reads_back_as_the_same_settings() {
    let file = "genesis = \"/g.json\"\nallow_host = [\"node.example\"]\nblock_time_secs = 0.5\n";
    let first = loaded(file, &[], Layer::default()).unwrap();
    let second = loaded(&first.to_toml(), &[], Layer::default()).unwrap();
    assert_eq!(first.settings, second.settings);
}

#[test]
fn relative_paths_in_a_file_are_relative_to_it() {
    let loaded = loaded("genesis = \"sub/genesis.json\"\n", &[], Layer::default()).unwrap();
    let genesis = loaded.settings.genesis().unwrap();
    assert!(genesis.is_absolute() && genesis.ends_with("sub/genesis.json"), "{}", genesis.display());
}

#[test]
fn lists_in_the_environment_are_separated_by_commas() {
    let variables = [("BULWARK_ALLOW_ORIGIN", "https://a.example, https://b.example"), ("OTHER", "x")];
    let settings = loaded("", &variables, Layer::default()).unwrap().settings;
    assert_eq!(settings.allow_origin, ["https://a.example", "https://b.example"]);
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_the_nearest_known_name() {
    let cases = [
        (
            refusal("port = 1\ndatadir = \"x\"\n", &[]),
            "bulwark.toml:2:1: unknown key datadir; did you mean data_dir?",
        ),
        (refusal("[rpc]\nport = 1\n", &[]), "unknown key rpc"),
        (refusal("port = \"many\"\n", &[]), "bulwark.toml:1:8: invalid type: string \"many\", expected u16"),
        (refusal("port = 70000\n", &[]), "bulwark.toml:1:8: invalid value: integer `70000`, expected u16"),
        (refusal("port = \n", &[]), "bulwark.toml:1:8:"),
        (
            refusal("", &[("BULWARK_PROT", "1")]),
            "environment: unknown variable BULWARK_PROT; did you mean BULWARK_PORT?",
        ),
        (refusal("", &[("BULWARK_PORT", "many")]), "environment: BULWARK_PORT=many: invalid type"),
        (refusal("prune = 0\n", &[]), "prune is 0"),
        (refusal("limit = [\"max_bach=1\"]\n", &[]), "no limit is named \"max_bach\""),
        (
            refusal("", &[("BULWARK_LIMIT", "max_batch=5,max_logs=0")]),
            "limit max_logs is a whole number from 1",
        ),
        (refusal("block_time_secs = -1\n", &[]), "block_time_secs is -1; expected seconds above 0"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message:?} should contain {expected:?}");
    }
}

#[test]
fn a_node_without_genesis_or_data_directory_is_told_how_to_name_them() {
    let settings = loaded("", &[], Layer::default()).unwrap().settings;
    assert!(settings.genesis().unwrap_err().message().starts_with("genesis is not set"));
    assert!(settings.data_dir().unwrap_err().message().starts_with("data_dir is not set"));
}

#[test]
fn every_field_of_a_layer_is_a_known_key() {
    let error = toml::from_str::<Layer>("x = 1").unwrap_err();
    let expected: Vec<String> = KEYS.iter().map(|key| format!("`{key}`")).collect();
    assert!(error.message().ends_with(&expected.join(", ")), "{}", error.message());
}
