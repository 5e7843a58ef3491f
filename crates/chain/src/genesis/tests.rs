//! Claims about genesis files: what is read, what is refused and in which words.

use super::*;
use alloy_primitives::address;

const DEV_ACCOUNT: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

fn dev() -> Genesis {
    Genesis::dev(&DevOptions {
        chain_id: 31337,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts: vec![(DEV_ACCOUNT, U256::from(10).pow(U256::from(22)))],
        gas_limit: None,
        timestamp: 1_700_000_000,
        base_fee: None,
    })
}

#[test]
fn the_first_dev_account_starts_past_the_fixed_addresses_it_would_create() {
    assert_eq!(dev().alloc[&DEV_ACCOUNT].nonce, 20);
}

#[test]
fn a_printed_genesis_reads_back_as_itself() {
    let genesis = dev();
    let (read, warnings) = Genesis::from_json(&genesis.to_json()).unwrap();
    assert_eq!(read, genesis);
    assert_eq!(read.identity(), genesis.identity());
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn unknown_keys_are_errors_under_bulwark_and_warnings_elsewhere() {
    let text = dev().to_json();
    let broken = text.replace("\"slot_secs\"", "\"slot_seconds\"");
    let error = Genesis::from_json(&broken).unwrap_err().to_string();
    assert!(error.contains("config.bulwark.params") && error.contains("slot_seconds"), "{error}");

    let odd = text.replacen("\"timestamp\"", "\"colour\": 1, \"timestamp\"", 1);
    assert_eq!(Genesis::from_json(&odd).unwrap().1, ["genesis file: nothing reads colour"]);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let text = dev().to_json();
    let cases = [
        ("not json".to_string(), "line 1"),
        (text.replace("\"chainId\": 31337,", ""), "config.chainId is missing"),
        (text.replace("\"owner\"", "\"ownr\""), "ownr"),
        (text.replace("\"0x3b9aca00\"", "\"many\""), "\"many\" is not a number"),
        (text.replace("\"forks\": {}", "\"forks\": {\"moon\": 5}"), "config.bulwark.forks.moon"),
        (
            text.replace("\"configuration_delay_blocks\": 15", "\"configuration_delay_blocks\": 9"),
            "must exceed",
        ),
    ];
    for (file, expected) in cases {
        let error = Genesis::from_json(&file).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} should contain {expected}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn the_identity_follows_every_field() {
    let genesis = dev();
    let mut other = genesis.clone();
    other.params.slash_resolution_delay_blocks = 1;
    assert_ne!(genesis.identity(), other.identity());
}
