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

const CAPPED: LimitedStrategy = LimitedStrategy {
    address: address!("0x0000000000000000000000000000000000000ca9"),
    token: addresses::TEST_TOKEN,
    max_per_deposit: U256::from_limbs([600, 0, 0, 0]),
    max_total_deposits: U256::from_limbs([1_000, 0, 0, 0]),
};

#[test]
fn a_chain_may_begin_with_strategies_that_have_limits() {
    let genesis = Genesis { limited_strategies: vec![CAPPED], ..dev() };
    let (read, warnings) = Genesis::from_json(&genesis.to_json()).unwrap();
    assert_eq!((read, warnings), (genesis.clone(), Vec::new()));
    assert_ne!(genesis.identity(), dev().identity());
    let changes = genesis.changes();
    let made = changes.accounts.iter().find(|it| it.address == CAPPED.address).unwrap();
    assert!(made.account.as_ref().is_some_and(|it| it.code_hash == keccak256(instance_code(limits::KIND))));
    let manager = changes.accounts.iter().find(|it| it.address == addresses::STRATEGY_MANAGER).unwrap();
    assert!(manager.slots.contains(&strategy_manager::whitelist_entry(CAPPED.address)));
}

#[test]
fn limits_that_contradict_each_other_and_occupied_places_are_refused() {
    let with = |strategy| Genesis { limited_strategies: vec![strategy], ..dev() }.check();
    assert!(with(CAPPED).is_ok());
    let upside_down = LimitedStrategy { max_total_deposits: U256::ONE, ..CAPPED };
    assert!(with(upside_down).unwrap_err().to_string().contains("limitedStrategies"));
    for taken in [DEV_ACCOUNT, addresses::TEST_TOKEN] {
        let on_another = LimitedStrategy { address: taken, ..CAPPED };
        assert!(matches!(with(on_another), Err(GenesisError::Occupied(at)) if at == taken));
    }
    let twice = Genesis { limited_strategies: vec![CAPPED, CAPPED], ..dev() };
    assert!(twice.check().is_err());
}
