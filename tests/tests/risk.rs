//! `bulwark risk` from outside: networks read from a running node by EigenLayer's ABI alone, snapshots that are resumed,
//! providers that refuse long ranges, exit codes, fields of the JSON, and bad input refused in one line.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tests::{Bulwark, Ended, Rpc, Wallet, bulwark, process, process::end};
use types::{
    abi::{IAVSDirectory, IAllocationManager, IDelegationManager, IStrategyManager, ITestToken},
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN,
        TEST_TOKEN_STRATEGY,
    },
    units::WAD,
};

/// Code that answers every call with one.
const AGREEABLE: &str = "0x60015f5260205ff3";
const REGISTRAR: Address = Address::repeat_byte(0xc0);

fn risk(words: &[&str]) -> Ended {
    process::run([&["risk"], words].concat())
}

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

/// Dev accounts 1 to 3 operate with 1,000, 500 and 250 ether; 4 and 5 are services: 4 has set 1 with 60 % of the first and
/// all of the second, set 2 without allocations; 5 has the first and the third in AVSDirectory.
struct Town {
    node: Bulwark,
    rpc: Rpc,
}

impl Town {
    async fn new() -> Self {
        let node = Bulwark::dev(&[]);
        let town = Self { rpc: node.rpc(), node };
        town.rpc.call("anvil_setCode", json!([REGISTRAR, AGREEABLE])).await;
        for (operator, stake) in [(1, 1_000), (2, 500), (3, 250)] {
            town.operator(operator, ether(stake)).await;
        }
        town.sets().await;
        for operator in [1, 3] {
            town.join_directory(operator).await;
        }
        town
    }

    async fn send(&self, from: Address, to: Address, call: &impl alloy_sol_types::SolCall) {
        let data = Bytes::from(call.abi_encode());
        let transaction = json!([{ "from": from, "to": to, "data": data, "gas": "0x400000" }]);
        let hash = self.rpc.call("eth_sendTransaction", transaction).await;
        let receipt = self.rpc.call("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{to} from {from}: {receipt}");
    }

    /// Account `index` operates with its own stake.
    async fn operator(&self, index: u32, stake: U256) {
        let who = Wallet::dev(index).address;
        let register = IDelegationManager::registerAsOperatorCall {
            initDelegationApprover: Address::ZERO,
            allocationDelay: 0,
            metadataURI: String::new(),
        };
        self.send(who, DELEGATION_MANAGER, &register).await;
        self.send(who, TEST_TOKEN, &ITestToken::mintCall { to: who, value: stake }).await;
        let approve = ITestToken::approveCall { spender: STRATEGY_MANAGER, value: stake };
        self.send(who, TEST_TOKEN, &approve).await;
        let (strategy, token) = (TEST_TOKEN_STRATEGY, TEST_TOKEN);
        let deposit = IStrategyManager::depositIntoStrategyCall { strategy, token, amount: stake };
        self.send(who, STRATEGY_MANAGER, &deposit).await;
    }

    async fn sets(&self) {
        let avs = Wallet::dev(4).address;
        let about = IAllocationManager::updateAVSMetadataURICall { avs, metadataURI: "x".into() };
        self.send(avs, ALLOCATION_MANAGER, &about).await;
        let call = IAllocationManager::setAVSRegistrarCall { avs, registrar: REGISTRAR };
        self.send(avs, ALLOCATION_MANAGER, &call).await;
        let set = |id| IAllocationManager::CreateSetParamsV2 {
            operatorSetId: id,
            strategies: vec![TEST_TOKEN_STRATEGY],
            slasher: avs,
        };
        let call = IAllocationManager::createOperatorSets_1Call { avs, params: vec![set(1), set(2)] };
        self.send(avs, ALLOCATION_MANAGER, &call).await;
        // Past the allocation delay of new operators.
        self.rpc.call("anvil_mine", json!([100])).await;
        for (index, magnitude) in [(1, WAD / 10 * 6), (2, WAD)] {
            let operator = Wallet::dev(index).address;
            let params =
                IAllocationManager::RegisterParams { avs, operatorSetIds: vec![1, 2], data: Bytes::new() };
            let call = IAllocationManager::registerForOperatorSetsCall { operator, params };
            self.send(operator, ALLOCATION_MANAGER, &call).await;
            let params = IAllocationManager::AllocateParams {
                operatorSet: IAllocationManager::OperatorSet { avs, id: 1 },
                strategies: vec![TEST_TOKEN_STRATEGY],
                newMagnitudes: vec![magnitude],
            };
            let call = IAllocationManager::modifyAllocationsCall { operator, params: vec![params] };
            self.send(operator, ALLOCATION_MANAGER, &call).await;
        }
        self.rpc.call("anvil_mine", json!([100])).await;
    }

    async fn join_directory(&self, index: u32) {
        use alloy_signer::SignerSync;
        let (avs, operator) = (Wallet::dev(5).address, Wallet::dev(index));
        let salt = B256::with_last_byte(u8::try_from(index).unwrap());
        let (expiry, who) = (U256::from(u64::MAX), operator.address);
        let view = IAVSDirectory::calculateOperatorAVSRegistrationDigestHashCall {
            operator: who,
            avs,
            salt,
            expiry,
        };
        let digest = self.rpc.view(AVS_DIRECTORY, view).await;
        let signature = operator.signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into();
        let signed = IAVSDirectory::SignatureWithSaltAndExpiry { signature, salt, expiry };
        let call = IAVSDirectory::registerOperatorToAVSCall { operator: who, operatorSignature: signed };
        self.send(avs, AVS_DIRECTORY, &call).await;
    }

    /// `bulwark risk` against this node.
    fn risk(&self, words: &[&str]) -> Ended {
        risk_at(self.node.url(), words)
    }

    fn json(&self, words: &[&str]) -> Value {
        let ended = self.risk(&[words, &["--json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}: {ended:?}"))
    }
}

/// `bulwark risk` with a node from the environment, as a user has it.
fn risk_at(url: &str, words: &[&str]) -> Ended {
    let mut command = bulwark([&["risk"], words].concat());
    command.env("BULWARK_RPC", url).env("HOME", "/nonexistent");
    end(command)
}

fn close(value: &Value, expected: &Value) {
    let (value, expected) = (value.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_read_by_the_public_abi_is_that_of_the_nodes_own_state() {
    let town = Town::new().await;
    let read = town.json(&["check"]);
    let (avs, directory) = (Wallet::dev(4).address, Wallet::dev(5).address);
    let own = |services: Value, mode: &str| json!([{ "services": services, "mode": mode }]);
    let unique = town
        .rpc
        .call("restake_riskSlack", own(json!([format!("{avs}:1"), format!("{avs}:2")]), "unique"))
        .await;
    let modes = read["modes"].as_array().unwrap();
    assert_eq!((read["services_unique"].as_u64(), read["services_full"].as_u64()), (Some(1), Some(2)));
    assert_eq!(
        (&modes[0]["mode"], &modes[0]["operators"], &modes[0]["services"]),
        (&json!("unique"), &json!(2), &json!(1))
    );
    assert_eq!(modes[0]["stake_wei"], ether(1_500).to_string());
    close(&modes[0]["gamma_lower"], &unique["gammaLower"]);
    close(&modes[0]["gamma_upper"], &unique["gammaUpper"]);
    // The node knows AVSDirectory's registrations from its index, the reader from events.
    let full = town.rpc.call("restake_riskSlack", own(json!([directory, format!("{avs}:2")]), "full")).await;
    assert_eq!(
        (&modes[1]["mode"], &modes[1]["operators"], &modes[1]["services"]),
        (&json!("full"), &full["operators"], &full["services"])
    );
    close(&modes[1]["gamma_lower"], &full["gammaLower"]);
    close(&modes[1]["gamma_upper"], &full["gammaUpper"]);
    // The network's figure is the lower one, and the certificate is of that mode.
    let lower = if modes[0]["gamma_lower"].as_f64() <= modes[1]["gamma_lower"].as_f64() { 0 } else { 1 };
    assert_eq!(read["mode"], modes[lower]["mode"]);
    // So does the node's answer to a question without any words.
    let network = town.rpc.call("restake_riskSlack", json!([])).await;
    assert_eq!((&network["mode"], &network["scope"]), (&read["mode"], &json!("all")), "{network}");
    assert_eq!((&network["servicesUnique"], &network["servicesFull"]), (&json!(1), &json!(2)), "{network}");
    close(&network["gammaLower"], &read["gamma_lower"]);
    close(&network["gammaUpper"], &read["gamma_upper"]);
    // All verbs read a node; the operator of 1,000 ether is the whole of a third.
    let held = town.json(&["concentration", "--mode", "full"]);
    assert_eq!(held["concentration"]["nakamoto"][0]["hands"], 1);
    assert_eq!(held["network"]["services_unique"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_resumed_and_read_without_the_node() {
    let town = Town::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.json");
    let file = path.to_str().unwrap();
    let first = town.json(&["snapshot", "--out", file]);
    assert_eq!((&first["registrations"], &first["sets"]), (&json!(2), &json!(2)), "{first}");
    let before: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    town.rpc.call("evm_mine", json!([])).await;
    town.json(&["snapshot", "--out", file]);
    let after: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let next = |file: &Value| file["next_block"].as_u64().unwrap();
    assert_eq!(next(&after), next(&before) + 1);
    assert_eq!((&after["registered"], &after["sets"]), (&before["registered"], &before["sets"]));
    let live = town.json(&["check"]);
    let cut = town.json(&["check", "--at-block", &before["stake"]["block"].to_string()]);
    close(&cut["gamma_lower"], &live["gamma_lower"]);
    let answer = risk(&["check", file, "--json"]);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&answer["gamma_lower"], &answer["modes"]), (&live["gamma_lower"], &live["modes"]));

    // A file of another chain, of a block that is gone, of no chain at all, cut short.
    let told = |change: &dyn Fn(&mut Value)| {
        let mut file = after.clone();
        change(&mut file);
        fs::write(&path, file.to_string()).unwrap();
        let ended = town.risk(&["snapshot", "--out", path.to_str().unwrap()]);
        assert_eq!(ended.code(), 1, "{ended:?}");
        ended.error().to_owned()
    };
    assert!(told(&|file| file["chain_id"] = json!(1)).contains("is of chain 1, the node of chain 31337"));
    let gone = told(&|file| file["last_hash"] = json!(B256::repeat_byte(1)));
    assert!(gone.contains("that the chain does not have"), "{gone}");
    let other = told(&|file| file["contracts"]["avs_directory"] = json!(Address::repeat_byte(1)));
    assert!(other.contains("is of other contracts"), "{other}");
    assert!(told(&|file| file["registred"] = json!({})).contains("unknown field `registred`"));
    let mut cut = after.clone();
    cut["stake"] = Value::Null;
    fs::write(&path, cut.to_string()).unwrap();
    let ended = risk(&["check", file]);
    assert!(ended.error().contains("has no stake"), "{ended:?}");
}

/// A provider that refuses ranges of more than 16 blocks, hangs up on one question in nine, and counts what it is asked.
fn strict_provider(upstream: &str, refused: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let Ok(stream) = stream else { continue };
            if index % 9 == 8 {
                continue;
            }
            let (upstream, refused) = (upstream.clone(), refused.clone());
            std::thread::spawn(move || pass_on(stream, &upstream, &refused));
        }
    });
    url
}

/// One request, one answer, then the connection is closed.
fn pass_on(mut stream: TcpStream, upstream: &str, refused: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let number = |key: &str| {
        let text = request["params"][0][key].as_str().unwrap_or("0x0").trim_start_matches("0x").to_owned();
        u64::from_str_radix(&text, 16).unwrap_or_default()
    };
    let answer = if request["method"] == "eth_getLogs" && number("toBlock") - number("fromBlock") >= 16 {
        refused.fetch_add(1, Ordering::Relaxed);
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32602, "message": "block range is too wide" } }).to_string()
    } else {
        let mut node = TcpStream::connect(upstream).ok()?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        node.write_all(head.as_bytes()).ok()?;
        node.write_all(&body).ok()?;
        let mut text = Vec::new();
        node.read_to_end(&mut text).ok()?;
        let text = String::from_utf8(text).ok()?;
        text.split_once("\r\n\r\n")?.1.to_owned()
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(answer.as_bytes()).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_long_ranges_and_hangs_up_is_read_all_the_same() {
    let town = Town::new().await;
    let refused = Arc::new(AtomicUsize::new(0));
    let url = strict_provider(town.node.url(), refused.clone());
    let through = risk_at(&url, &["check", "--json"]);
    let through: Value = serde_json::from_str(&through.stdout).unwrap_or_else(|_| panic!("{through:?}"));
    assert_eq!(through["modes"], town.json(&["check"])["modes"]);
    assert!(refused.load(Ordering::Relaxed) > 3, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_contracts_or_without_stake_is_told_in_one_line() {
    let node = Bulwark::dev(&[]);
    let empty = risk_at(node.url(), &["check"]);
    assert_eq!(empty.code(), 1);
    assert!(empty.error().contains("no stake stands behind a service"), "{empty:?}");
    let folder = tempfile::tempdir().unwrap();
    let addresses = folder.path().join("addresses.json");
    let other = json!({ "delegation_manager": Address::repeat_byte(1), "avs_directory": Address::repeat_byte(2), "allocation_manager": Address::repeat_byte(3) });
    fs::write(&addresses, other.to_string()).unwrap();
    let missing = risk_at(node.url(), &["check", "--addresses", addresses.to_str().unwrap()]);
    assert_eq!(missing.code(), 1);
    assert!(missing.error().contains("has no DelegationManager"), "{missing:?}");
    fs::write(&addresses, "{}").unwrap();
    let broken = risk_at(node.url(), &["check", "--addresses", addresses.to_str().unwrap()]);
    assert!(broken.error().contains("missing field `delegation_manager`"), "{broken:?}");
    let nobody = risk(&["check", "--rpc", "http://127.0.0.1:1"]);
    assert_eq!(nobody.code(), 1);
    assert!(nobody.error().contains("http://127.0.0.1:1 does not answer"), "{nobody:?}");
    assert_eq!(risk(&["check", "published", "--rpc", "http://127.0.0.1:1"]).code(), 64);
    assert_eq!(risk(&["check", "published", "--mode", "elastic"]).code(), 64);
}

/// Two operators of 900 and 300 ether in mode full, both behind one service whose prize is given in ether.
fn network(folder: &Path, prize: &str) -> String {
    let path = folder.join("graph.json");
    let operator =
        |id: &str, ether: u64| json!({ "id": id, "stake_gwei": (ether * 1_000_000_000).to_string() });
    let text = json!({
        "schema": "bulwark-risk-graph/1", "unit": "gwei", "mode": "full",
        "operators": [operator("a", 900), operator("b", 300)],
        "services": [{ "id": "s", "prize_gwei": format!("{prize}000000000"), "theta": [1, 3] }],
        "edges": [[0, 0], [1, 0]],
    });
    fs::write(&path, text.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_exit_code_is_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    // The need is 400 ether, which only the operator of 900 reaches.
    for (prize, code, secure) in [("899", 0, json!(true)), ("901", 2, json!(false))] {
        let ended = risk(&["check", &network(folder.path(), prize), "--json"]);
        let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((ended.code(), &answer["secure"]), (code, &secure), "{prize}: {ended:?}");
    }
    // Break-even counts as an attack where asked for.
    let even = network(folder.path(), "900");
    assert_ne!(risk(&["check", &even]).code(), 2);
    assert_eq!(risk(&["check", &even, "--profit", "weak"]).code(), 2);
    // By loads alone the published graph under other assumptions is neither secure nor insecure.
    let undecided =
        risk(&["check", "published", "--prize-rule", "b=0.03", "--theta", "1/2", "--level", "c0"]);
    assert_eq!(undecided.code(), 3, "{undecided:?}");
    assert_eq!(risk(&["check", "/nonexistent/graph.json"]).code(), 1);
    assert_eq!(risk(&["check", "published", "--level", "c9"]).code(), 64);
}

#[test]
fn the_answer_for_programs_has_every_field_and_its_certificate_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let proof = folder.path().join("proof.json");
    let proof = proof.to_str().unwrap();
    let ended = risk(&["check", "published", "--json", "--cert", proof]);
    assert_eq!(ended.code(), 0);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&answer["secure"], &answer["prize_rule"]), (&json!(true), &json!("a=0.03")));
    assert_eq!((&answer["mode"], &answer["level"]), (&json!("full"), &json!("c4")));
    for field in ["certificate", "witness", "gamma_lower", "gamma_upper"] {
        assert!(!answer[field].is_null(), "{field}");
    }
    assert!(answer["block"].is_null() && answer["caveat"].as_str().unwrap().contains("reconstructed"));
    let width = answer["gamma_upper"].as_f64().unwrap() - answer["gamma_lower"].as_f64().unwrap();
    assert!((0.0..=5e-7).contains(&width), "{width}");
    assert_eq!(risk(&["verify", "published", proof]).code(), 0);
    let other = risk(&["verify", "published", proof, "--prize-rule", "a=0.2"]);
    assert_eq!(other.code(), 2, "{other:?}");
}

#[test]
fn bad_input_is_refused_in_one_line_that_names_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.json");
    let name = path.to_str().unwrap();
    let good: Value =
        serde_json::from_str(&fs::read_to_string(network(folder.path(), "1")).unwrap()).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut graph = good.clone();
        *graph.pointer_mut(pointer).unwrap() = value;
        graph.to_string()
    };
    let half = 1u128 << 66;
    let cases: Vec<(String, &str)> = vec![
        (good.to_string().replace("\"900000000000\"", "NaN"), "line 1 column"),
        (change("/operators/0/stake_gwei", json!(1.5)), "operators[0].stake_gwei"),
        (change("/operators/1/stake_gwei", json!("-3")), "operators[1].stake_gwei"),
        (change("/operators/1/stake_gwei", json!("NaN")), "operators[1].stake_gwei"),
        (change("/operators/1/id", json!("a")), "a"),
        (change("/edges/1/1", json!(7)), "7"),
        (change("/edges/1", json!([0, 0])), "edges[1]"),
        (change("/services/0/theta", json!([4, 3])), "theta"),
        (change("/services/0/prize_gwei", json!((half << 30).to_string())), "services[0].prize_gwei"),
        (change("/operators", json!([])), "no operators"),
        (change("/services", json!([])), "no services"),
        (change("/edges", json!([])), "no registrations"),
        (change("/mode", json!("sideways")), "sideways"),
        (change("/schema", json!("x")), "schema is \"x\""),
        (String::new(), "rows"),
        ("operator,stake_gwei,services\na,12,x\nb,-5,x\n".into(), "operators line 3"),
        ("operator,stake_gwei,services\na,12\n".into(), "operators line 2: 2 fields, expected 3"),
        ("operator,stake,services\na,12,x\n".into(), "unknown column \"stake\""),
    ];
    for (text, part) in cases {
        fs::write(&path, &text).unwrap();
        let ended = risk(&["check", name]);
        assert_eq!(ended.code(), 1, "{text}: {ended:?}");
        assert!(ended.error().contains(part), "{part:?} is missing of {text}: {}", ended.error());
    }
    // A gigabyte that lies nowhere.
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let ended = risk(&["check", name]);
    assert!(ended.error().contains("1024 MB, at most 256 MB are read"), "{ended:?}");
    // A file that is no text.
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(risk(&["check", name]).code(), 1);
}

#[test]
fn the_explainers_hundred_services_are_one_command() {
    let ended = risk(&["pool", "--services", "100", "--stake", "1000000000", "--theta", "1", "--json"]);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!((&answer["isolated"], &answer["pooled"]), (&json!("1000000000"), &json!("100000000000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proved_is_published_checked_and_read_by_other_contracts() {
    use types::{abi::IRiskOracle as Oracle, addresses::RISK_ORACLE};
    let town = Town::new().await;
    let nothing = town.risk(&["publish", "--from", "dev6", "--yes"]);
    assert_eq!(nothing.code(), 1);
    assert!(nothing.error().contains("lists no service that stake stands behind"), "{nothing:?}");
    let (owner, avs) = (Wallet::dev(0).address, Wallet::dev(4).address);
    let mut service = [0; 32];
    service[..20].copy_from_slice(avs.as_slice());
    service[31] = 1;
    let service = B256::from(service);
    town.send(owner, RISK_ORACLE, &Oracle::setListedCall { service, listed: true }).await;

    let told = town.risk(&["publish", "--from", "dev6", "--yes"]);
    assert_eq!(told.code(), 0, "{told:?}");
    let all = town.rpc.view(RISK_ORACLE, Oracle::networkGammaCall {}).await;
    // The assumed prize is 3 % of what corrupts the set; the bound stands a millionth below what was proved.
    assert!((32_333_200..=32_333_334).contains(&all.gammaLowerE6), "{}", all.gammaLowerE6);
    assert_eq!(all.blockNumber, town.rpc.head().await);
    let of_set = format!("{avs}:1");
    let told = town.risk(&["publish", "--from", "dev6", "--yes", "--service", &of_set]);
    assert_eq!(told.code(), 0, "{told:?}");
    let own = town.rpc.view(RISK_ORACLE, Oracle::gammaCall { service }).await;
    assert_eq!(own.blockNumber, town.rpc.head().await);
    let other = town.risk(&["publish", "--from", "dev6", "--yes", "--service", &format!("{avs}:2")]);
    assert!(other.error().contains("lists no service"), "{other:?}");
    // Fresh bounds that are as narrow are left alone, and nothing is paid for.
    let head = town.rpc.head().await;
    let again = town.risk(&["publish", "--from", "dev6", "--yes", "--margin", "0.1"]);
    assert!(again.stdout.contains("what is stored is fresh and as narrow"), "{again:?}");
    assert_eq!(town.rpc.head().await, head);
}
