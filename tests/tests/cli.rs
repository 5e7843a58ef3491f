//! The command line as people use it, against a running development node: the journeys of a staker, an operator and a
//! service, keys of every kind, dry runs, and what refusals say. Each command is a process of its own.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use std::fs;
use tests::{Desk, process::end};

/// The private key of the second test account, as anvil's banner prints it.
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const OWNER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

#[test]
fn a_staker_deposits_delegates_is_slashed_and_leaves_with_the_rest() {
    let desk = Desk::new(&[]);
    desk.restake();
    desk.mint("dev1");
    desk.told("staker deposit 100TEST --from dev1 --yes");
    desk.told("staker delegate dev2 --from dev1 --yes");
    desk.told("chain mine 20");
    let position = desk.json("staker show dev1");
    assert_eq!(position["holdings"][0]["withdrawable_shares"], "100000000000000000000");
    assert_eq!(position["risks"][0]["at_risk_shares"], "40000000000000000000");
    let preview = desk.told("slash preview dev3:1 dev2 25%");
    assert!(preview.contains("would lose 10 TEST (10 %)"), "{preview}");
    desk.told("slash send dev3:1 dev2 25% --reason late --from dev3 --yes");
    let slash = desk.told("slash show dev3:1 1");
    assert!(slash.contains("lost 10 TEST (10 %)") && slash.contains("late"), "{slash}");
    assert_eq!(desk.json("slash list --operator dev2")["items"][0]["slash_id"], 1);
    desk.told("withdrawal queue all TEST --from dev1 --yes");
    let early = desk.refused("withdrawal complete --from dev1 --yes", 1);
    assert!(early.contains("no withdrawal has waited long enough"), "{early}");
    desk.told("chain mine 12");
    desk.told("withdrawal complete --from dev1 --yes");
    assert_eq!(desk.json("account show dev1")["tokens"][0]["balance"], "990000000000000000000");
    assert_eq!(desk.json("withdrawal list dev1")["items"][0]["status"], "completed");
    assert!(desk.told("slash clear dev3:1 1 --from dev4 --yes").contains("done: pay out or burn"));
}

#[test]
fn a_dry_run_and_calldata_send_nothing_and_say_what_would_be_sent() {
    let desk = Desk::new(&[]);
    desk.mint("dev1");
    let before = desk.json("chain status")["block"].clone();
    let dry = desk.json("staker deposit 50% TEST --from dev1 --dry-run");
    assert_eq!(dry["sent"], false);
    assert_eq!(dry["steps"][1], "deposit 500 TEST");
    let calldata = desk.json("staker deposit 50% TEST --from dev1 --calldata");
    let step = &calldata["items"][1];
    assert_eq!(step["to"], "0xb000000000000000000000000000000000000101");
    assert!(step["data"].as_str().unwrap().starts_with("0xe7a050aa"), "{step}");
    let unasked = desk.refused("staker deposit 50% TEST --from dev1", 64);
    assert!(unasked.contains("nothing is sent unasked"), "{unasked}");
    assert_eq!(desk.json("chain status")["block"], before);
}

#[test]
fn keys_sign_from_the_environment_files_phrases_and_encrypted_files() {
    let desk = Desk::new(&[]);
    let secret = |name: &str, text: &str| {
        let path = desk.home.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (key, password) = (secret("key", KEY), secret("password", "open sesame\n"));
    let phrase = secret("phrase", tests::wallet::MNEMONIC);
    let imported =
        desk.json(&format!("account import alice --private-key-file {key} --password-file {password}"));
    assert_eq!(imported["address"], OWNER);
    let kept = fs::read_to_string(imported["file"].as_str().unwrap()).unwrap();
    assert!(!kept.contains(&KEY[2..]), "the key lies open");
    assert_eq!(desk.json("account list")["items"][0]["name"], "alice");
    let mut by_environment = desk.command("chain send dev5 1eth --yes --json");
    by_environment.env("BULWARK_PRIVATE_KEY", KEY);
    assert_eq!(end(by_environment).code(), 0);
    for flags in [
        format!("--private-key-file {key}"),
        format!("--mnemonic-file {phrase} --mnemonic-index 1"),
        format!("--keystore alice --password-file {password}"),
        format!("--from alice --keystore alice --password-file {password}"),
    ] {
        desk.told(&format!("chain send dev5 1eth --yes {flags}"));
    }
    assert_eq!(desk.json("account show alice")["nonce"], 5);
    assert_eq!(desk.json("account show dev5")["balance"], "10005000000000000000000");
    let wrong = secret("wrong", "abracadabra");
    let refused =
        desk.refused(&format!("chain send dev5 1eth --yes --keystore alice --password-file {wrong}"), 1);
    assert!(refused.contains("the password is wrong"), "{refused}");
    let other = desk.refused(&format!("chain send dev5 1eth --yes --from dev2 --private-key-file {key}"), 64);
    assert!(other.contains("the key is of"), "{other}");
    let exported = desk.told(&format!("account export alice --yes --password-file {password}"));
    assert_eq!(exported.trim(), KEY);
}

#[test]
fn keys_of_both_curves_are_made_and_registered() {
    let desk = Desk::new(&[]);
    desk.restake();
    let password = desk.home.path().join("password");
    fs::write(&password, "open sesame").unwrap();
    let password = password.display();
    for (curve, set) in [("bn254", 1), ("ecdsa", 2)] {
        if set == 2 {
            desk.told("service set dev3:2 TEST --from dev3 --yes");
        }
        desk.told(&format!("service set dev3:{set} --curve {curve} --from dev3 --yes"));
        let made = desk.json(&format!("key {curve} {curve} --password-file {password}"));
        assert_eq!(made["curve"], curve);
        assert_eq!(desk.json(&format!("key {curve} {curve} --password-file {password}")), made);
        desk.told(&format!(
            "key {curve} {curve} --register dev3:{set} --from dev2 --yes --key-password-file {password}"
        ));
        let spent = format!(
            "key {curve} {curve} --register dev3:{set} --from dev2 --yes --key-password-file {password}"
        );
        assert!(desk.refused(&spent, 1).contains("OperatorAlreadyRegistered"));
    }
}

#[test]
fn an_appointee_acts_for_an_operator_within_its_covenant() {
    let desk = Desk::new(&[]);
    desk.restake();
    let denied = desk.refused("operator delay 5 --operator dev2 --from dev6 --yes", 1);
    assert!(denied.contains("InvalidPermissions") || denied.contains("InvalidCaller"), "{denied}");
    desk.told("permission appoint dev6 AllocationManager setAllocationDelay --from dev2 --yes");
    desk.told("operator delay 5 --operator dev2 --from dev6 --yes");
    let may = desk.told("permission list dev2 --appointee dev6");
    assert!(may.contains("setAllocationDelay of AllocationManager"), "{may}");
    desk.told("operator covenant --max-services 1 --max-slashable 50% --from dev2 --yes");
    let broken = desk.refused("operator allocate dev3:1 TEST 60% --from dev2 --yes", 1);
    assert!(broken.contains("CovenantViolation"), "{broken}");
    assert!(desk.told("operator show dev2").contains("at most 1 services, 50.00 % slashable"));
    desk.told("staker policy --max-slashable 10% --from dev1 --yes");
    let loose = desk.refused("staker delegate dev2 --from dev1 --yes", 1);
    assert!(loose.contains("CovenantTooLoose") && loose.contains("help: "), "{loose}");
}

#[test]
fn the_chain_is_looked_at_and_travelled() {
    let desk = Desk::new(&[]);
    let id = desk.told("chain snapshot");
    desk.mint("dev1");
    let logs = desk.told("chain logs TestToken");
    assert!(logs.contains("TestToken: Transfer(from: 0x0000000000000000000000000000000000000000"), "{logs}");
    let balance = desk.told("chain call TestToken balanceOf dev1");
    assert_eq!(balance.trim(), "1000000000000000000000");
    let hash = desk.json("chain block 1")["transactions"][0]["hash"].as_str().unwrap().to_owned();
    let transaction = desk.told(&format!("chain tx {hash}"));
    assert!(transaction.contains(&format!("mint({OWNER}, 1000000000000000000000)")), "{transaction}");
    desk.told(&format!("chain revert {id}"));
    assert_eq!(desk.json("chain blocks")["items"].as_array().unwrap().len(), 1);
    let before = desk.json("chain block latest")["timestamp"].clone();
    let after = desk.json("chain travel 1d")["timestamp"].as_u64().unwrap();
    let before = u64::from_str_radix(before.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert!(after >= before + 86_400);
}

#[test]
fn refusals_name_the_value_and_what_to_do() {
    let desk = Desk::new(&[]);
    fs::create_dir_all(desk.home.path().join("bulwark")).unwrap();
    let book = format!("from = \"alice\"\n[names]\nalice = \"{OWNER}\"\n");
    fs::write(desk.home.path().join("bulwark/commands.toml"), book).unwrap();
    let cases = [
        ("staker deposit 10TSET --yes", 64, "did you mean TEST?"),
        ("staker deposit 10 --yes", 64, "which token is meant?"),
        ("staker deposit 10stETH TEST --yes", 64, "the amount is of TEST, not of stETH"),
        ("staker deposit 10TEST --yes", 1, "more than alice has: 0 TEST"),
        ("staker show alcie", 64, "did you mean alice?"),
        ("staker show 0x12", 64, "0x12 is no address"),
        ("staker delegate dev2 --yes", 1, "OperatorNotRegistered"),
        ("staker delegate dev77 --yes", 64, "the node has 10 unlocked accounts"),
        ("slash show dev3 1", 64, "dev3 is no operator set"),
        (
            "chain tx 0x0000000000000000000000000000000000000000000000000000000000000001",
            1,
            "nobody here knows",
        ),
        ("chain call StrategyManager getDeposit alice", 64, "did you mean getDeposits?"),
        ("chain revert 0x77", 64, "there is no snapshot 0x77"),
        ("explain NotMemberOfSte", 64, "did you mean NotMemberOfSet?"),
        ("stacker show alice", 64, "did you mean staker?"),
        ("chain status --rpc http://127.0.0.1:1", 1, "start a node with `bulwark dev`"),
    ];
    for (line, code, said) in cases {
        let told = desk.refused(line, code);
        assert!(told.contains(said), "{line}: {told}");
    }
    assert!(desk.told("explain NotMemberOfSet").contains("`bulwark operator join`"));
    assert!(desk.told("explain max magnitude").contains("slashes have left"));
}
