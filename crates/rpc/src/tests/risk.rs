//! `restake_risk…` over a real server: figures of the state as it is, certificates that the contract takes, and what bad
//! questions are told.

#![allow(clippy::arithmetic_side_effects, reason = "a test: its numbers are small")]

use super::{
    restake::{OPERATOR, SERVICE, Scene},
    sockets::Client,
    *,
};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IAVSDirectory::{
            SignatureWithSaltAndExpiry, calculateOperatorAVSRegistrationDigestHashCall,
            deregisterOperatorFromAVSCall, registerOperatorToAVSCall,
        },
        IAllocationManager::{
            CreateSetParamsV2, RegisterParams, createOperatorSets_1Call, registerForOperatorSetsCall,
        },
        IRiskOracle::{publishCall, setListedCall, setPrizeCall},
    },
    addresses::{ALLOCATION_MANAGER, AVS_DIRECTORY, RISK_ORACLE, TEST_TOKEN_STRATEGY},
};

/// The first account owns the chain's contracts, and is the service.
fn key(scene: &Scene) -> B256 {
    let mut key = [0; 32];
    key[..20].copy_from_slice(scene.who(SERVICE).as_slice());
    key[31] = 1;
    key.into()
}

/// The scene whose operator has 600 of 1,000 ether allocated to set 1, which is worth 100 ether to an attacker.
async fn scene() -> Scene {
    let mut scene = Scene::new().await;
    let service = key(&scene);
    let prize = 100 * 10_u128.pow(18);
    let call = setPrizeCall { service, prize, numerator: 1, denominator: 3 };
    scene.send(SERVICE, RISK_ORACLE, &call).await;
    scene
}

async fn refused(scene: &Scene, method: &str, params: Value) -> i64 {
    scene.node.call(method, params).await.unwrap_err().code
}

#[tokio::test]
async fn slack_is_that_of_the_state_and_its_certificate_is_what_the_contract_takes() {
    let mut scene = scene().await;
    let all = scene.node.get("restake_riskSlack", json!([])).await;
    assert_eq!((&all["scope"], &all["mode"]), (&json!("all"), &json!("unique")), "{all}");
    scene.send(SERVICE, RISK_ORACLE, &setListedCall { service: key(&scene), listed: true }).await;

    let slack = scene.node.get("restake_riskSlack", json!([])).await;
    // A third of 600 ether against 100.
    assert_eq!((&slack["scope"], &slack["secure"]), (&json!("listed"), &json!(true)), "{slack}");
    assert!((slack["gammaLower"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{slack}");
    assert!((slack["gammaUpper"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{slack}");
    assert_eq!((&slack["services"], &slack["assumedPrizes"]), (&json!(1), &json!(0)));
    assert_eq!(slack["block"]["number"], scene.node.number("eth_blockNumber", json!([])).await);
    assert_eq!(scene.node.get("restake_riskSlack", json!([])).await, slack, "kept for the block");

    let known = scene.node.get("restake_riskCertificate", json!([slack["certHash"]])).await;
    let told = scene.node.get("restake_riskVerify", json!([known["bytes"]])).await;
    assert_eq!((&told["ok"], &told["claim"]["service"]), (&json!(true), &Value::Null), "{told}");
    let as_json = scene.node.get("restake_riskVerify", json!([known["certificate"]])).await;
    assert_eq!(as_json["claim"], told["claim"]);

    let certificate: Bytes = known["bytes"].as_str().unwrap().parse().unwrap();
    scene.send(OPERATOR, RISK_ORACLE, &publishCall { mode: 1, certificate }).await;

    // A larger prize, and what was proved no longer holds.
    let call =
        setPrizeCall { service: key(&scene), prize: 201 * 10_u128.pow(18), numerator: 1, denominator: 3 };
    scene.send(SERVICE, RISK_ORACLE, &call).await;
    let told = scene.node.get("restake_riskVerify", json!([known["bytes"]])).await;
    assert_eq!(told["ok"], false, "{told}");
    let slack = scene.node.get("restake_riskSlack", json!([{ "level": "c1" }])).await;
    assert_eq!(slack["secure"], false, "{slack}");
    let attack = scene.node.get("restake_riskAttack", json!([])).await;
    assert_eq!(
        (&attack["profitable"], &attack["attack"]["services"][0]),
        (&json!(true), &json!(key(&scene)))
    );
    let cost: U256 = attack["attack"]["cost"].as_str().unwrap().parse().unwrap();
    assert_eq!(cost, U256::from(200) * U256::from(10).pow(U256::from(18)));
}

#[tokio::test]
async fn the_other_questions_have_answers_on_the_same_network() {
    let mut scene = scene().await;
    let (operator, avs) = (scene.who(OPERATOR), scene.who(SERVICE));
    let named = json!([{ "services": [format!("{}:1", scene.who(SERVICE))] }]);
    let held = scene.node.get("restake_riskConcentration", named.clone()).await;
    assert_eq!((&held["hhi"], &held["hands"], &held["scope"]), (&json!(1.0), &json!(1), &json!("named")));
    let stress = scene.node.get("restake_riskStress", named).await;
    assert!((stress["priceFallAtLeast"].as_f64().unwrap() - 0.5).abs() < 1e-6, "{stress}");
    let pool = json!([{ "services": 100, "stake": "1000000000", "theta": "1/1" }]);
    let pool = scene.node.get("restake_riskPool", pool).await;
    assert_eq!((&pool["times"], &pool["pooled"]), (&json!(100), &json!("100000000000")));
    let cascade = scene.node.get("restake_riskCascade", json!([{ "shock": [operator] }])).await;
    assert!(cascade["rounds"].is_array(), "{cascade}");

    // A set without allocations has the whole stake of its one operator: 1,000 ether against 10.
    let set = CreateSetParamsV2 { operatorSetId: 2, strategies: vec![TEST_TOKEN_STRATEGY], slasher: avs };
    let call = createOperatorSets_1Call { avs, params: vec![set] };
    scene.send(SERVICE, ALLOCATION_MANAGER, &call).await;
    let params = RegisterParams { avs, operatorSetIds: vec![2], data: Bytes::new() };
    scene.send(OPERATOR, ALLOCATION_MANAGER, &registerForOperatorSetsCall { operator, params }).await;
    let full = json!([{ "mode": "full", "psi": 0.01 }]);
    let slack = scene.node.get("restake_riskSlack", full.clone()).await;
    assert!((slack["gammaLower"].as_f64().unwrap() - 99.0).abs() < 0.01, "{slack}");
    assert_eq!((&slack["assumedPrizes"], &slack["otherServices"]), (&json!(1), &json!(1)));
    let cascade = scene.node.get("restake_riskCascade", full.clone()).await;
    assert_eq!((&cascade["exhaustive"], &cascade["lossLower"]), (&json!(true), &json!(0.01)), "{cascade}");
    let stress = scene.node.get("restake_riskStress", full).await;
    assert!(stress["priceFallAtLeast"].as_f64().unwrap() > 0.98 && stress["atLeast"].is_string(), "{stress}");
}

#[tokio::test]
async fn what_is_proved_on_chain_is_told_to_subscribers_who_want_it() {
    let mut scene = scene().await;
    scene.send(SERVICE, RISK_ORACLE, &setListedCall { service: key(&scene), listed: true }).await;
    let mut client = Client::connect(&scene.node, "/", None).await;
    let below = |level: f64| json!(["gamma", { "gammaBelow": level }]);
    client.call("restake_subscribe", below(0.5)).await.unwrap();
    let wanted = client.call("restake_subscribe", below(1.5)).await.unwrap();
    let slack = scene.node.get("restake_riskSlack", json!([])).await;
    let known = scene.node.get("restake_riskCertificate", json!([slack["certHash"]])).await;
    let certificate: Bytes = known["bytes"].as_str().unwrap().parse().unwrap();
    scene.send(OPERATOR, RISK_ORACLE, &publishCall { mode: 1, certificate }).await;
    let message = client.next().await;
    let event = &message["params"]["result"];
    assert_eq!((&message["params"]["subscription"], &event["kind"]), (&wanted, &json!("gamma")), "{message}");
    assert_eq!((&event["mode"], &event["certHash"]), (&json!("unique"), &slack["certHash"]));
    assert!((event["gammaLower"].as_f64().unwrap() - 1.0).abs() < 2e-6, "{event}");
    assert_eq!((&event["operatorSet"], &event["service"]), (&Value::Null, &json!(B256::ZERO)));
}

#[tokio::test]
async fn losses_premiums_and_choices_are_figures_of_the_same_network() {
    let scene = scene().await;
    let operator = scene.who(OPERATOR);
    // Certain failure of its one operator takes all that is allocated: 600 of 1,000 ether, and as much of every stake.
    let model = json!({ "operator_fault": 1.0, "operator_loss": 1.0 });
    let portfolio = json!([{ "name": "mine", "stake_gwei": { operator.to_checksum(None): "32000000000" } }]);
    let question = json!([{ "paths": 1_000, "seed": 7, "model": model, "portfolio": portfolio }]);
    let loss = scene.node.get("restake_riskSimulate", question.clone()).await;
    let mean = |it: &Value| it["mean"].as_f64().unwrap();
    assert!((mean(&loss["report"]["network"]) - 600.0).abs() < 1e-6, "{loss}");
    assert!((mean(&loss["report"]["portfolios"][0]["loss"]) - 19.2).abs() < 1e-6, "{loss}");
    assert_eq!((&loss["report"]["paths"], &loss["mode"]), (&json!(1_000), &json!("unique")));
    let price = scene.node.get("restake_riskPrice", question).await;
    assert!((price["prices"]["network"]["rate"].as_f64().unwrap() - 0.6).abs() < 1e-9, "{price}");
    // Slack is one: prizes may double.
    assert!((price["prizesMayGrow"].as_f64().unwrap() - 2.0).abs() < 1e-6, "{price}");
    let caps = json!([{ "goal": "prizecap", "targetGamma": 0.5 }]);
    let caps = scene.node.get("restake_riskAllocate", caps).await;
    assert!((caps["allTimes"].as_f64().unwrap() - 2.0 / 1.5).abs() < 1e-6, "{caps}");
    let bought = json!([{ "goal": "topup", "targetGamma": 3.0 }]);
    let bought = scene.node.get("restake_riskAllocate", bought).await;
    // Four times the prize at a third: 1,200 ether, which is 200 more than the operator has.
    assert_eq!(
        (&bought["plan"]["total"], &bought["plan"]["short"]),
        (&json!("200000000000000000000"), &json!([0]))
    );
    let enough = scene.node.get("restake_riskAllocate", json!([{ "goal": "topup" }])).await;
    assert_eq!((&enough["plan"]["total"], &enough["reached"]), (&json!("0"), &json!(true)), "{enough}");
    let split = scene.node.get("restake_riskAllocate", json!([])).await;
    assert_eq!(split["plan"]["shares"][0][1], operator.to_checksum(None), "{split}");
    let incident = scene.node.get("restake_riskLeverage", json!([])).await;
    let calm = scene.node.get("restake_riskLeverage", json!([{ "oracle": "nav" }])).await;
    assert!(incident["liquidations"].as_u64() > Some(0), "{incident}");
    assert_eq!((&calm["liquidations"], &calm["scenario"]), (&json!(0), &json!("ezeth-2024-04")));
}

#[tokio::test]
async fn a_set_tells_what_an_attack_costs_and_the_market_is_filtered_by_it() {
    let mut scene = scene().await;
    let path = format!("/api/v1/services/{}/sets/1", scene.who(SERVICE));
    let set = scene.node.rest(&path).await;
    let attack = &set["risk"]["attack"];
    assert_eq!(
        (&attack["cost"], &attack["prize"]),
        (&json!("200000000000000000000"), &json!("100000000000000000000")),
        "{set}"
    );
    // What it could take before the operator allocated to it, and now.
    let history = &set["history"];
    assert_eq!(history["strategies"], set["strategies"]);
    let steps = history["items"].as_array().unwrap();
    assert_eq!(steps.first().unwrap()["stake"], json!(["0"]), "{history}");
    assert_eq!(steps.last().unwrap()["stake"], json!(["600000000000000000000"]), "{history}");
    assert_eq!(steps.last().unwrap()["block"], set["block"]["number"]);

    let operator = scene.node.rest(&format!("/api/v1/operators/{}", scene.who(OPERATOR))).await;
    let last = operator["history"]["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["stake"][0], "1000000000000000000000", "{operator}");
    assert_eq!(operator["history"]["items"][0]["block"], operator["registered_block"]);

    let one = scene.node.rest("/api/v1/market?sort=risk&secure=yes").await;
    assert_eq!(
        (one["items"].as_array().unwrap().len(), &one["items"][0]["gamma_lower"]),
        (1, &json!(1.0)),
        "{one}"
    );
    assert_eq!(scene.node.rest("/api/v1/market?secure=no").await["items"], json!([]));
    let prize = 250 * 10_u128.pow(18);
    let call = setPrizeCall { service: key(&scene), prize, numerator: 1, denominator: 3 };
    scene.send(SERVICE, RISK_ORACLE, &call).await;
    assert_eq!(scene.node.rest("/api/v1/market?secure=yes").await["items"], json!([]));
    let insecure = scene.node.rest("/api/v1/market?secure=no").await;
    assert_eq!(insecure["items"][0]["secure"], json!(false), "{insecure}");
    let service = scene.node.rest(&format!("/api/v1/services/{}", scene.who(SERVICE))).await;
    assert_eq!(service["operator_sets"]["items"][0]["risk"]["profitable"], json!(true), "{service}");
}

#[tokio::test]
async fn pages_tell_how_a_shock_spreads_what_breaks_it_and_what_a_year_may_cost() {
    let mut scene = scene().await;
    let calm = scene.node.rest("/api/v1/risk/cascade").await;
    // The one operator is more than a tenth of all stake: no shock of that size has anything to take.
    assert_eq!(
        (&calm["psi"], &calm["rounds"], &calm["shock_by"]),
        (&json!(0.1), &json!([]), &json!("largest"))
    );
    assert_eq!((&calm["totals"]["stake_lost"], &calm["loss_lower"]), (&json!("0"), &json!(0.1)), "{calm}");
    let whole = scene.node.rest("/api/v1/risk/stress").await;
    // Whoever is lost, nobody is left to attack; so no loss of stake breaks it, and half of its price does not.
    assert_eq!(
        (&whole["shock"], &whole["exact"], &whole["at_least_psi"]),
        (&json!(null), &json!(true), &json!(1.0))
    );
    assert_eq!(
        (&whole["by_service"][0]["service"], &whole["by_service"][0]["shock"]),
        (&json!(key(&scene)), &json!(null))
    );
    assert_eq!(whole["outages"][0]["attack"], json!(null), "{whole}");
    assert_eq!(whole["price_fall_at_least"], json!(0.5), "{whole}");
    // A prize above what the set can take: the attack pays before any shock.
    let prize = 250 * 10_u128.pow(18);
    let call = setPrizeCall { service: key(&scene), prize, numerator: 1, denominator: 3 };
    scene.send(SERVICE, RISK_ORACLE, &call).await;
    let falls = scene.node.rest("/api/v1/risk/cascade?shock=5%25").await;
    assert_eq!(
        (&falls["psi"], &falls["rounds"][0]["services"]),
        (&json!(0.05), &json!([key(&scene)])),
        "{falls}"
    );
    assert_eq!(
        (&falls["totals"]["stake_lost"], &falls["totals"]["services"]),
        (&json!("200000000000000000000"), &json!(1))
    );
    assert!((falls["rounds"][0]["cumulative_share"].as_f64().unwrap() - 0.2).abs() < 1e-9, "{falls}");

    let broken = scene.node.rest("/api/v1/risk/stress").await;
    let service = &broken["by_service"][0];
    assert_eq!((&service["shock"]["stake"], &service["at_least"]), (&json!("0"), &json!("0")), "{broken}");
    assert_eq!(service["shock"]["attack"]["services"], json!([key(&scene)]));
    assert_eq!(broken["price_fall_at_most"], json!(0.0), "{broken}");

    let losses = scene.node.rest("/api/v1/risk/losses?years=20000&seed=3").await;
    // One operator that fails in one year of a hundred, and then loses its 600 ether.
    let mean = losses["mean"].as_f64().unwrap();
    assert!((mean - 6.0).abs() < 5.0 * losses["mean_error"].as_f64().unwrap(), "{losses}");
    assert_eq!(
        (&losses["years"], &losses["seed"], &losses["maximum"]),
        (&json!(20_000), &json!(3), &json!(600.0))
    );
    let counted: u64 =
        losses["histogram"].as_array().unwrap().iter().map(|bar| bar["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 20_000);
    assert_eq!(losses["tails"][1]["level"], 0.99);
    assert!(
        losses["assumptions"].as_array().unwrap().len() > 3
            && losses["contributions"][0]["operator"].is_string()
    );
    let again = scene.node.rest("/api/v1/risk/losses?years=20000&seed=3").await;
    assert_eq!(again, losses);
    for (query, said) in [
        ("cascade?shock=10", "write 0.1 or 10%"),
        ("cascade?shock=0", "write 0.1 or 10%"),
        ("cascade?shock=NaN", "write 0.1 or 10%"),
        ("cascade?shok=1", "shok"),
        ("losses?years=999", "outside [1000, 1000000]"),
        ("losses?years=2000000", "outside [1000, 1000000]"),
        ("losses?seed=-1", "seed"),
    ] {
        let answer =
            scene.node.client.get(scene.node.url(&format!("/api/v1/risk/{query}"))).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{query}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(said), "{query}: {text}");
    }
}

/// The service takes the operator into AVSDirectory, by the operator's signature, `nonce` for the first time.
async fn join_directory(scene: &mut Scene, nonce: u8) {
    let (operator, avs) = (scene.who(OPERATOR), scene.who(SERVICE));
    let (salt, expiry) = (B256::with_last_byte(nonce), U256::MAX);
    let view = calculateOperatorAVSRegistrationDigestHashCall { operator, avs, salt, expiry };
    let request = json!([{ "to": AVS_DIRECTORY, "data": Bytes::from(view.abi_encode()) }, "latest"]);
    let digest: B256 = scene.node.get("eth_call", request).await.as_str().unwrap().parse().unwrap();
    let signature = scene.node.signature(OPERATOR, digest);
    let operator_signature = SignatureWithSaltAndExpiry { signature, salt, expiry };
    let call = registerOperatorToAVSCall { operator, operatorSignature: operator_signature };
    scene.send(SERVICE, AVS_DIRECTORY, &call).await;
}

#[tokio::test]
async fn a_service_that_only_avs_directory_knows_is_part_of_the_network_and_the_lower_slack_is_told() {
    let mut scene = scene().await;
    let (operator, avs) = (scene.who(OPERATOR), scene.who(SERVICE));
    join_directory(&mut scene, 1).await;
    let mut directory = [0xff; 32];
    directory[..20].copy_from_slice(avs.as_slice());
    let directory = B256::from(directory);
    let gammas = |answer: &Value| -> Vec<(String, f64)> {
        let told = |it: &Value| (it["mode"].as_str().unwrap().to_owned(), it["gammaLower"].as_f64().unwrap());
        answer["modes"].as_array().unwrap().iter().map(told).collect()
    };
    let near = |told: &[(String, f64)], expected: [(&str, f64); 2]| {
        told.iter()
            .zip(expected)
            .all(|(told, expected)| told.0 == expected.0 && (told.1 - expected.1).abs() < 1e-5)
    };
    // Nobody declared what the registration is worth: its one operator's 1,000 ether against 3 % of a third of them.
    let slack = scene.node.get("restake_riskSlack", json!([])).await;
    assert!(near(&gammas(&slack), [("unique", 1.0), ("full", 99.0)]), "{slack}");
    assert_eq!(
        (&slack["mode"], &slack["servicesUnique"], &slack["servicesFull"]),
        (&json!("unique"), &json!(1), &json!(1))
    );
    // 800 ether are to be won by 1,000.
    let prize = 800 * 10_u128.pow(18);
    scene
        .send(SERVICE, RISK_ORACLE, &setPrizeCall { service: directory, prize, numerator: 1, denominator: 3 })
        .await;
    let slack = scene.node.get("restake_riskSlack", json!([])).await;
    assert!(near(&gammas(&slack), [("full", 0.25), ("unique", 1.0)]), "{slack}");
    assert_eq!(
        (&slack["mode"], &slack["witness"]["services"]),
        (&json!("full"), &json!([directory])),
        "{slack}"
    );
    // A service's own question is of the network that has it.
    let own = scene.node.get("restake_riskSlack", json!([{ "service": format!("{avs}:1") }])).await;
    assert_eq!(own["mode"], "unique", "{own}");
    let named = scene.node.get("restake_riskSlack", json!([{ "services": [avs], "mode": "full" }])).await;
    assert!((named["gammaLower"].as_f64().unwrap() - 0.25).abs() < 1e-5, "{named}");

    // The pages say the same.
    let overview = scene.node.rest("/api/v1/overview").await;
    assert_eq!(
        (&overview["risk"]["mode"], &overview["services"]["registered_in_directory"]),
        (&json!("full"), &json!(1))
    );
    let market = scene.node.rest("/api/v1/market").await;
    assert_eq!(
        (&market["gamma_lower"], &market["registered"][0]["service"]),
        (&overview["risk"]["gamma_lower"], &json!(directory))
    );
    assert_eq!(market["registered"][0]["stake"], "1000000000000000000000");
    let matrix = scene.node.rest("/api/v1/risk/matrix").await;
    assert_eq!(matrix["sets"][1]["operator_set"], json!({ "avs": avs, "id": null }), "{matrix}");
    assert_eq!(matrix["cells"][1], json!([1, 0, "1000000000000000000000"]));
    assert_eq!(matrix["operators"][0]["stake"], "1000000000000000000000", "the same stake is counted once");
    let page = scene.node.rest("/api/v1/risk").await;
    assert_eq!((&page["slack"]["mode"], &page["cascade"]["mode"]), (&json!("full"), &json!("full")));
    let listed = scene.node.get("restake_operators", json!([{ "registeredWith": avs }])).await;
    assert_eq!(listed["items"][0]["operator"], json!(operator));
    let book = scene.node.get("restake_operator", json!([operator])).await;
    assert_eq!(book["registeredWith"]["items"], json!([avs]));

    // Gone from AVSDirectory, gone from the network.
    scene.send(SERVICE, AVS_DIRECTORY, &deregisterOperatorFromAVSCall { operator }).await;
    let slack = scene.node.get("restake_riskSlack", json!([])).await;
    assert_eq!(
        (&slack["mode"], &slack["servicesFull"], &gammas(&slack).len()),
        (&json!("unique"), &json!(0), &1)
    );
}

#[tokio::test]
async fn a_price_that_is_set_halves_the_stake() {
    let scene = scene().await;
    let half = U256::from(5) * U256::from(10).pow(U256::from(17));
    scene.node.get("dev_setPrice", json!([TEST_TOKEN_STRATEGY, half])).await;
    let named = json!([{ "services": [format!("{}:1", scene.who(SERVICE))] }]);
    let slack = scene.node.get("restake_riskSlack", named).await;
    // A third of 300 ether against the prize of 100.
    assert!(slack["gammaLower"].as_f64().unwrap().abs() < 1e-6, "{slack}");
    for wad in [json!("0x0"), json!("0x100000000000000000000000000000000")] {
        assert_eq!(refused(&scene, "dev_setPrice", json!([TEST_TOKEN_STRATEGY, wad])).await, -32_602);
    }
}

#[tokio::test]
async fn bad_questions_have_codes_of_their_own() {
    let scene = scene().await;
    for (method, params, code) in [
        ("restake_riskSlack", json!([{ "mode": "full" }]), -32_040),
        ("restake_riskSlack", json!([{ "mode": "elastic" }]), -32_044),
        ("restake_riskSlack", json!([{ "seconds": 6 }]), -32_042),
        ("restake_riskSlack", json!([{ "level": "c9" }]), -32_042),
        ("restake_riskCascade", json!([{ "psi": 1.5 }]), -32_042),
        ("restake_riskSlack", json!([{ "service": B256::repeat_byte(1) }]), -32_043),
        ("restake_riskSlack", json!([{ "services": [B256::repeat_byte(1)] }]), -32_049),
        ("restake_riskSlack", json!([{ "services": vec![B256::ZERO; 65] }]), -32_046),
        ("restake_riskSlack", json!([{ "servces": [] }]), -32_602),
        ("restake_riskVerify", json!(["0x00"]), -32_047),
        ("restake_riskVerify", json!([{}]), -32_041),
        ("restake_riskCertificate", json!([B256::ZERO]), -32_048),
        ("restake_riskPool", json!([{ "services": 0, "stake": 1 }]), -32_042),
        ("restake_riskSimulate", json!([{ "paths": 1_000_001 }]), -32_042),
        ("restake_riskSimulate", json!([{ "model": { "operator_fault": 2 } }]), -32_042),
        ("restake_riskSimulate", json!([{ "portfolio": [] }]), -32_040),
        (
            "restake_riskSimulate",
            json!([{ "portfolio": [{ "name": "x", "stake_gwei": { "y": 1 } }] }]),
            -32_043,
        ),
        ("restake_riskPrice", json!([{ "k": -1 }]), -32_042),
        ("restake_riskPrice", json!([{ "targetGamma": -2 }]), -32_042),
        ("restake_riskAllocate", json!([{ "goal": "all" }]), -32_042),
        ("restake_riskLeverage", json!([{ "scenario": "none" }]), -32_043),
        ("restake_riskLeverage", json!([{ "scenario": {} }]), -32_041),
        ("restake_riskLeverage", json!([{ "oracle": "guess" }]), -32_042),
    ] {
        assert_eq!(refused(&scene, method, params.clone()).await, code, "{method} {params}");
    }
}
