//! Verbs of the command line that the journeys of `cli.rs` do not meet, each against a running development node: what
//! they change is asked of the chain afterwards.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use serde_json::{Value, json};
use tests::Desk;

/// The private key of dev1, as anvil's banner prints it.
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Addresses of test accounts.
const DEV1: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DEV5: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";

fn warnings(answer: &Value) -> String {
    answer["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn delegating_is_warned_of_in_words_before_it_is_sent() {
    let desk = Desk::new(&[]);
    desk.restake();
    desk.mint("dev1");
    desk.told("staker deposit 100TEST --from dev1 --yes");
    let plan = desk.json("staker delegate dev2 --from dev1 --dry-run");
    let said = warnings(&plan);
    for words in [
        "services can take up to 40 TEST of 100 TEST, 40.00 % of it",
        "its allocations count at once",
        "it has promised no limits",
        "is slashed by 0x90F7…b906, a plain account",
        "leaving takes 10 blocks",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("instead of burning"), "{said}");
    desk.told(&format!("service set dev3:2 TEST --redistribute-to {DEV5} --from dev3 --yes"));
    desk.told("operator join dev3:2 --from dev2 --yes");
    desk.told("operator allocate dev3:2 TEST 55% --from dev2 --yes");
    desk.told("service slasher dev3:1 dev6 --from dev3 --yes");
    desk.told("operator covenant --max-slashable 99% --allow-redistribution --from dev2 --yes");
    let said = desk.told("staker delegate dev2 --from dev1 --yes");
    for words in [
        "careful: services can take up to 95 TEST of 100 TEST, 95.00 % of it: nearly all of it is committed",
        "pays slashed stake to 0x9965…A4dc instead of burning it",
        "changes its slasher to 0x976E…0aa9 in block",
        "done: delegate to",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("promised no limits"), "{said}");
    // What is put in later is delegated at once.
    let deposit = warnings(&desk.json("staker deposit 50TEST --from dev1 --dry-run"));
    assert!(deposit.contains("services can take up to 95 TEST"), "{deposit}");
    let multisig = desk.json("staker undelegate --from dev1 --calldata");
    assert!(multisig["items"][0]["warnings"][0].as_str().unwrap().contains("leaving takes 10 blocks"));
    let unasked = desk.refused("staker undelegate --from dev1", 64);
    assert!(unasked.contains("nothing is sent unasked"), "{unasked}");
}

#[test]
fn a_staker_leaves_goes_elsewhere_and_is_let_go() {
    let desk = Desk::new(&[]);
    desk.restake();
    desk.told("operator register --metadata ipfs://other --from dev4 --yes");
    desk.mint("dev1");
    desk.told("staker deposit 100TEST --from dev1 --yes");
    desk.told("staker delegate dev2 --from dev1 --yes");
    let told = desk.told("staker redelegate dev4 --from dev1 --yes");
    assert!(told.contains("leave the operator and delegate to"), "{told}");
    let position = desk.json("staker show dev1");
    assert_eq!(
        position["operator"],
        desk.json("account show dev4")["address"].as_str().unwrap().to_lowercase()
    );
    assert_eq!(position["queued"].as_array().unwrap().len(), 1);
    desk.told("chain mine 12");
    desk.told("withdrawal complete --as-shares --from dev1 --yes");
    assert_eq!(desk.json("staker show dev1")["holdings"][0]["withdrawable_shares"], "100000000000000000000");
    desk.told("staker undelegate dev1 --from dev4 --yes");
    let position = desk.json("staker show dev1");
    assert_eq!(position["operator"], "0x0000000000000000000000000000000000000000");
    desk.told("staker delegate dev2 --from dev1 --yes");
    desk.told("staker undelegate --from dev1 --yes");
    assert_eq!(desk.json("staker show dev1")["operator"], "0x0000000000000000000000000000000000000000");
}

#[test]
fn an_approver_signs_here_or_elsewhere_and_nobody_else_can() {
    let desk = Desk::new(&[]);
    let (key, password) = (desk.file("key", KEY), desk.file("password", "open sesame"));
    desk.told(&format!("account import ann --private-key-file {key} --password-file {password}"));
    desk.told(&format!("account new eve --password-file {password}"));
    desk.told("operator register --metadata ipfs://olga --approver dev1 --from dev2 --yes");
    let alone = desk.refused("staker delegate dev2 --from dev5 --yes", 1);
    assert!(alone.contains("takes only stakers that") && alone.contains("--approver-key"), "{alone}");
    let wrong = format!(
        "staker delegate dev2 --from dev5 --yes --approver-key eve --approver-password-file {password}"
    );
    assert!(desk.refused(&wrong, 64).contains("not of the approver"));
    desk.told(&format!(
        "staker delegate dev2 --from dev5 --yes --approver-key ann --approver-password-file {password}"
    ));
    let sign = format!("operator approve dev2 dev6 --approver-key ann --approver-password-file {password}");
    let flags = desk.told(&sign);
    let (flags, signed) = (flags.trim(), desk.json(&sign));
    assert_eq!(signed["approver"].as_str().unwrap().to_lowercase(), DEV1.to_lowercase());
    let stolen = desk.refused(&format!("staker delegate dev2 --from dev7 --yes {flags}"), 1);
    assert!(stolen.contains("InvalidSignature"), "{stolen}");
    desk.told(&format!("staker delegate dev2 --from dev6 --yes {flags}"));
    let delegators = &desk.json("operator show dev2")["operator"]["delegators"]["items"];
    assert_eq!(delegators.as_array().unwrap().len(), 3, "itself, dev5 and dev6");
}

#[test]
fn a_strategy_is_made_paused_and_knows_its_limits() {
    let desk = Desk::new(&[]);
    desk.mint("dev1");
    desk.told("strategy create WETH --from dev1 --yes");
    assert_eq!(desk.json("strategy show WETH")["is_open_for_deposits"], true);
    assert!(desk.told("strategy limits TEST").contains("TEST has no limits"));
    let refused = desk.refused("strategy limits TEST 10TEST 100TEST --from dev0 --yes", 1);
    assert!(refused.contains("knows no limits"), "{refused}");
    desk.told("strategy pause TEST --only deposits --from dev0 --yes");
    assert_eq!(desk.json("strategy show TEST")["paused"], "deposits");
    let closed = desk.refused("staker deposit 10TEST --from dev1 --yes", 1);
    assert!(closed.contains("CurrentlyPaused"), "{closed}");
    desk.told("strategy pause TEST --from dev0 --yes");
    assert_eq!(desk.json("strategy show TEST")["paused"], "deposits and withdrawals");
    desk.told("strategy pause TEST --end --from dev0 --yes");
    assert_eq!(desk.json("strategy show TEST")["paused"], "nothing");
    desk.told("staker deposit 10TEST --from dev1 --yes");
}

#[test]
fn a_service_publishes_releases_and_names_another_slasher() {
    let desk = Desk::new(&[]);
    desk.restake();
    let digest = format!("0x{}", "ab".repeat(32));
    let early = desk.refused(&format!("service release dev3:1 {digest} ghcr.io/it --from dev3 --yes"), 1);
    assert!(early.contains("MustPublishMetadataURI"), "{early}");
    desk.told(&format!("service release dev3:1 {digest} ghcr.io/it --metadata ipfs://how --from dev3 --yes"));
    let set = desk.json("service show dev3")["operator_sets"]["items"][0]["operator_set"]["avs"].clone();
    let asked = format!("chain call ReleaseManager getTotalReleases ({},1)", set.as_str().unwrap());
    assert_eq!(desk.told(&asked).trim(), "1");
    desk.told("service slasher dev3:1 dev6 --from dev3 --yes");
    let early = desk.refused("slash send dev3:1 dev2 10% --from dev6 --yes", 1);
    assert!(early.contains("InvalidCaller"), "{early}");
    desk.told("chain mine 16");
    assert_eq!(
        desk.json("service show dev3")["operator_sets"]["items"][0]["slasher"],
        desk.json("account show dev6")["address"].as_str().unwrap().to_lowercase()
    );
    desk.told("slash send dev3:1 dev2 10% --from dev6 --yes");
}

#[test]
fn a_watched_stakers_loss_is_written_into_the_log() {
    let desk = Desk::new(&[]);
    desk.restake();
    desk.mint("dev1");
    desk.told("staker deposit 100TEST --from dev1 --yes");
    desk.told("staker delegate dev2 --from dev1 --yes");
    desk.told("slash send dev3:1 dev2 25% --from dev3 --yes");
    let blind = desk.refused("slash notice dev1 dev3:1 1 --from dev4 --yes", 1);
    assert!(blind.contains("NotWatched"), "{blind}");
    desk.told("staker watch --from dev1 --yes");
    desk.told("slash send dev3:1 dev2 25% --from dev3 --yes");
    desk.told("slash notice dev1 dev3:1 2 --from dev4 --yes");
    assert!(desk.told("chain logs LossNotices").contains("LossNotice("));
    desk.told("staker watch --end --from dev1 --yes");
}

#[test]
fn admins_are_proposed_accepted_and_removed() {
    let desk = Desk::new(&[]);
    desk.restake();
    let proposal = desk.json("permission admin add dev2 dev6 --from dev2 --yes");
    assert!(warnings(&proposal).contains("an admin may do all"), "{proposal}");
    assert!(
        desk.told("permission list dev2").contains("proposed  0x976EA74026E726554dB657fA54763abd0C3a0aa9")
    );
    desk.told("permission admin accept dev2 --from dev6 --yes");
    desk.told("operator delay 5 --operator dev2 --from dev6 --yes");
    desk.told("permission admin add dev2 dev7 --from dev6 --yes");
    desk.told("permission admin remove dev2 dev7 --from dev6 --yes");
    let list = desk.json("permission list dev2");
    let found = (list["pending_admins"].clone(), list["admins"].as_array().unwrap().len());
    assert_eq!(found, (json!([]), 1));
    desk.refused("operator delay 6 --from dev2 --yes", 1);
}

#[test]
fn an_operator_describes_itself_anew_and_leaves_with_and_without_its_registrar() {
    let desk = Desk::new(&[]);
    desk.restake();
    desk.told("operator update --metadata ipfs://anew --approver dev6 --from dev2 --yes");
    let book = desk.json("operator show dev2");
    assert_eq!(book["operator"]["metadata_uri"], "ipfs://anew");
    desk.told("operator leave dev3:1 --safe --from dev2 --yes");
    desk.told("operator leave dev3:1 --cancel --from dev2 --yes");
    let early = desk.refused("operator leave dev3:1 --force --from dev2 --yes", 1);
    assert!(early.contains("ExitNotRequested"), "{early}");
    desk.told("operator leave dev3:1 --safe --from dev2 --yes");
    desk.told("chain mine 6");
    desk.told("operator leave dev3:1 --force --from dev2 --yes");
    assert_eq!(desk.json("operator list --set dev3:1")["items"], json!([]));
    desk.told("chain mine 20");
    desk.told("operator join dev3:1 --from dev2 --yes");
    desk.told("operator leave dev3:1 --from dev2 --yes");
    assert_eq!(desk.json("operator list --set dev3:1")["items"], json!([]));
}

#[test]
fn a_validators_key_is_made_once_listed_and_exported() {
    let desk = Desk::new(&[]);
    let (password, wrong) = (desk.file("password", "öpen sesame"), desk.file("wrong", "open sesame"));
    let line = format!("key bls vera --password-file {password}");
    let made = desk.json(&line);
    assert_eq!((made["curve"].as_str(), made["pubkey"].as_str().unwrap().len()), (Some("bls12-381"), 98));
    assert_eq!(desk.json(&line), made);
    let refused = desk.refused(&format!("key bls vera --password-file {wrong}"), 1);
    assert!(refused.contains("the password is wrong"), "{refused}");
    assert_eq!(desk.json("key list")["items"][0]["pubkey"], made["pubkey"]);
    let exported = desk.json(&format!("key export vera --yes --password-file {password}"));
    assert_eq!(exported["private_key"].as_str().unwrap().len(), 66);
    let file = desk.home.path().join("bulwark/keys/vera.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(
        (kept["version"].as_u64(), kept["crypto"]["kdf"]["function"].as_str()),
        (Some(4), Some("scrypt"))
    );
    desk.told(&format!("account new alice --password-file {password}"));
    let other = desk.refused(&format!("key bls alice --password-file {password}"), 1);
    assert!(other.contains("no BLS key of EIP-2335"), "{other}");
    let taken = desk.refused(&format!("account new vera --password-file {password}"), 64);
    assert!(taken.contains("there is a key vera already"), "{taken}");
}

#[test]
fn a_key_is_freed_for_its_operator_after_the_set_is_left() {
    let desk = Desk::new(&[]);
    desk.restake();
    let password = desk.file("password", "open sesame");
    desk.told("service set dev3:1 --curve ecdsa --from dev3 --yes");
    let register =
        format!("key ecdsa kay --register dev3:1 --from dev2 --yes --key-password-file {password}");
    desk.told(&register);
    desk.told("operator leave dev3:1 --from dev2 --yes");
    let early = desk.refused("key release dev3:1 --from dev2 --yes", 1);
    assert!(early.contains("KeyNotReleasable"), "{early}");
    desk.told("chain mine 30");
    desk.told("key release dev3:1 --from dev2 --yes");
    desk.told(&register);
}

/// Where a strategy with limits is put, and the code that makes it one.
const LIMITED: &str = "0x0000000000000000000000000000000000007775";
const LIMITED_CODE: &str = "0xefb10002";

#[test]
fn a_strategy_with_limits_takes_no_more_than_they_say() {
    let desk = Desk::new(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(desk.node.rpc().call("anvil_setCode", json!([LIMITED, LIMITED_CODE])));
    let ether = |whole: u64| format!("{whole}000000000000000000");
    desk.told(&format!(
        "chain send {LIMITED} --call initialize(uint256,uint256,address) --with {} {} TestToken --from dev0 --yes",
        ether(50),
        ether(80)
    ));
    desk.told(&format!(
        "chain send StrategyFactory --call whitelistStrategies --with [{LIMITED}] --from dev0 --yes"
    ));
    let limits = desk.json(&format!("strategy limits {LIMITED}"));
    assert_eq!(
        (&limits["max_per_deposit"], &limits["max_total_deposits"]),
        (&json!(ether(50)), &json!(ether(80)))
    );
    let told = desk.told(&format!("strategy limits {LIMITED}"));
    assert!(told.contains("one deposit") && told.contains("50 TEST") && told.contains("80 TEST"), "{told}");
    desk.mint("dev1");
    let deposit = |tokens: u64| format!("staker deposit {tokens}TEST {LIMITED} --from dev1 --yes");
    let refused = desk.refused(&deposit(51), 1);
    assert!(refused.contains("MaxPerDepositExceedsMax") && refused.contains("in parts"), "{refused}");
    desk.told(&deposit(50));
    assert!(desk.refused(&deposit(31), 1).contains("BalanceExceedsMaxTotalDeposits"));
    // Whoever is not the unpauser sets nothing, nor does half a pair.
    let set = |limits: &str, who: &str| format!("strategy limits {LIMITED} {limits} --from {who} --yes");
    assert!(desk.refused(&set("60TEST 90TEST", "dev1"), 1).contains("OnlyUnpauser"));
    assert!(desk.refused(&set("60TEST", "dev0"), 64).contains("TOTAL"));
    assert!(desk.refused(&set("91TEST 90TEST", "dev0"), 1).contains("MaxPerDepositExceedsMax"));
    let plan = desk.told(&format!("strategy limits {LIMITED} 60TEST 90TEST --from dev0 --dry-run"));
    assert!(plan.contains("limit TEST to 60 TEST a deposit, 90 TEST in all"), "{plan}");
    assert_eq!(desk.json(&format!("strategy limits {LIMITED}")), limits, "nothing was sent");
    desk.told(&set("60TEST 90TEST", "dev0"));
    desk.told(&deposit(31));
    let limits = desk.json(&format!("strategy limits {LIMITED}"));
    assert_eq!(
        (&limits["max_per_deposit"], &limits["max_total_deposits"]),
        (&json!(ether(60)), &json!(ether(90)))
    );
    assert_eq!(
        desk.json("strategy limits 0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A")["max_per_deposit"],
        json!(null)
    );
}
