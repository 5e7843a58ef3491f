//! `bulwark demo`: the whole story on real input, its summary against the fact table, and how it ends.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_primitives::U256;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::Command,
};
use tests::{Rpc, bulwark, process};

/// Real operators and their stake in wei, read from the table on its own.
fn input() -> BTreeMap<String, U256> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/node/data/registration-graph/operators.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let mut cells = line.split(',');
        let address = cells.next().unwrap().to_string();
        (address, cells.next().unwrap().parse::<U256>().unwrap() * U256::from(1_000_000_000))
    };
    text.lines().skip(1).map(row).collect()
}

fn wei(value: &Value) -> U256 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_story_ends_with_every_operator_holding_its_stake_less_what_left() {
    let ended = process::run(["demo", "--exit", "--json", "--port", "0", "--seed", "5"]);
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    let operators = summary["operators"].as_array().unwrap();
    let input = input();
    assert_eq!(operators.len(), input.len());
    for operator in operators {
        let stake = input[&operator["operator"].as_str().unwrap().to_lowercase()];
        assert_eq!(wei(&operator["input_wei"]), stake);
        assert_eq!(wei(&operator["on_chain_wei"]) + wei(&operator["withdrawn_wei"]), stake, "{operator}");
    }
    assert!(operators.iter().any(|operator| !wei(&operator["withdrawn_wei"]).is_zero()));
    assert_eq!(summary["input"]["stake_wei"], "4089846001289897000000000");
    assert_eq!(summary["input"]["stakes"], "reconstructed, not measured");
    assert!(summary["seconds"].as_f64().unwrap() < 30.0, "told in {} s", summary["seconds"]);

    let story = ended.stderr;
    for chapter in 1..=9 {
        assert!(story.contains(&format!("{chapter}/9  ")), "{story}");
    }
    for outcome in ["who stays lost 36 of 600 ETH", "who had queued lost 18 of 300 ETH", "CovenantTooLoose()"]
    {
        assert!(story.contains(outcome), "{story}");
    }
    assert!(summary["covenant_refusal"].as_str().unwrap().starts_with("CovenantViolation("), "{summary}");
    let security = &summary["security"];
    assert_eq!((&security["registrations"], &security["secure"]), (&1_558.into(), &true.into()));
    // That of the table itself, by `bulwark risk check published`, read back from the chain by EigenLayer's ABI.
    for (bound, expected) in [("gamma_lower", 1.906_524), ("gamma_upper", 1.906_524)] {
        let gamma = security[bound].as_f64().unwrap();
        assert!((gamma - expected).abs() < 1e-5, "{security}");
    }
    assert_eq!(
        (&security["weakest"]["service"], &security["stakes"]),
        (&"GM Network MACH (Powered by AltLayer)".into(), &"reconstructed, not measured".into())
    );
    let shock = &security["shock"];
    assert!(
        shock["loss_lower"].as_f64() >= Some(0.1) && shock["loss_upper"].as_f64() < Some(0.16),
        "{shock}"
    );
    let lost: Vec<&str> =
        summary["losses"].as_array().unwrap().iter().map(|loss| loss["lost_wei"].as_str().unwrap()).collect();
    assert_eq!(lost, ["36000000000000000000", "18000000000000000000"]);
    for outcome in ["564 of 600 ETH", "282 of 300 ETH", "54 ETH were slashed and paid to whom was harmed"] {
        assert!(story.contains(outcome), "{story}");
    }
    assert!(story.contains("reconstructed") && story.contains("all as in the input, to the wei"), "{story}");
    assert!(story.lines().all(|line| line.chars().count() <= 82), "{story}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_story_the_chain_goes_on_until_asked_to_end() {
    let mut child = bulwark(["demo", "--port", "0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines
        .find_map(|line| line.split("--rpc-url ").nth(1).map(str::to_string))
        .expect("the story names its URL");
    let traffic =
        lines.find(|line| line.contains("deposits") || line.contains("queues out")).expect("traffic");
    assert!(traffic.starts_with("block "), "{traffic}");
    assert!(Rpc::new(&url).head().await > 0);
    Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_story_cut_short_ends_with_130_and_a_taken_port_with_1() {
    let mut child = bulwark(["demo", "--port", "0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("2/")).expect("the second chapter begins");
    Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    // What is still told must be read, or the pipe would fill.
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = process::run(["demo", "--port", &port]);
    assert_eq!(ended.code(), 1);
    assert!(ended.error().contains("is in use"), "{}", ended.error());
}
