//! Nonsense at every door: each path, each parameter, each field of each form with values that somebody could send, and
//! names from the chain that are markup. Whatever comes: never a failure of the server, never what was sent as markup,
//! always a word that helps. The list of doors is the node's own description of itself, so a new one is tried as well.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod node;

use alloy_primitives::{Address, Bytes, U256, address};
use node::Node;
use serde_json::{Value, json};
use types::{
    abi::{
        IAllocationManager::{
            AllocateParams, CreateSetParamsV2, OperatorSet, RegisterParams, SlashingParams,
            createOperatorSets_1Call, modifyAllocationsCall, registerForOperatorSetsCall,
            setAVSRegistrarCall, slashOperatorCall, updateAVSMetadataURICall,
        },
        IDelegationManager::registerAsOperatorCall,
        IStrategyFactory::deployNewStrategyCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_FACTORY, TEST_TOKEN_STRATEGY},
};

/// Somebody.
const SOMEBODY: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// Text that does something where it is taken as markup, in element and attribute.
const MARKUP: &str = r#"'"><img src=x onerror=alert(1)><script>alert(1)</script>"#;
/// What no page holds unless somebody's text became markup, or a link became a script.
const SIGNS: [&str; 5] = ["<img", "<script>", "onerror=alert(1)>", "href=\"javascript:", "<b id=owned"];
/// Milliseconds that one answer may take: a door that can be made to work long is no better than one that fails.
const MOST_MS: u128 = 10_000;

/// Values that somebody could send, as they are; and whether they are in percent signs already.
fn nasty() -> Vec<(String, bool)> {
    let plain = [
        "",
        " ",
        "0",
        "-1",
        "1e999",
        "NaN",
        "null",
        "true",
        "[]",
        "{}",
        ":",
        ",",
        ";",
        "..",
        "../../etc/passwd",
        "%",
        "٣",
        "0x",
        "0x0",
        "0xzz",
        "1.5.5",
        "all",
        "200%",
        "javascript:alert(1)",
        "{{7*7}}",
        "${7*7}",
        "';DROP TABLE blocks;--",
        "\u{202e}gnp.exe",
        "\u{200b}",
        "\u{0}",
        "a\r\nset-cookie: owned=1",
        "🏰🏰🏰",
        "Robert\u{1b}[31m",
        MARKUP,
        "<b id=owned>",
        "18446744073709551615",
        "18446744073709551616",
        "4294967296",
        SOMEBODY,
    ];
    let mut all: Vec<(String, bool)> = plain.iter().map(|text| ((*text).to_owned(), false)).collect();
    all.extend([
        ("9".repeat(400), false),
        ("x".repeat(5_000), false),
        (format!("0x{}", "f".repeat(40)), false),
        (format!("0x{}", "f".repeat(64)), false),
        (format!("{SOMEBODY}:99999999999"), false),
        (format!("{SOMEBODY}:0,0"), false),
        // No UTF-8, and broken percent signs.
        ("%ff%fe".into(), true),
        ("%zz".into(), true),
        ("%".into(), true),
    ]);
    all
}

/// As it goes into an address.
fn encoded((text, is_encoded): &(String, bool)) -> String {
    if *is_encoded {
        return text.clone();
    }
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Asks for a page, and holds it to what every answer is held to.
async fn knock(node: &Node, path: &str) {
    let begun = std::time::Instant::now();
    let response =
        node.client.get(node.url(path)).send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    assert!(begun.elapsed().as_millis() < MOST_MS, "{path} takes too long");
    assert!(!status.is_server_error(), "{path}: {status}: {text}");
    assert!(!headers.contains_key("set-cookie"), "{path}: a cookie came in");
    if status.is_redirection() {
        let to = headers["location"].to_str().unwrap();
        assert!(
            to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'),
            "{path} leads away, to {to}"
        );
        return;
    }
    let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap()).unwrap_or_default();
    if status.is_client_error() {
        assert!(text.trim().len() > 8, "{path}: {status} without a word: {text:?}");
    }
    if kind.starts_with("text/html") {
        for sign in SIGNS {
            assert!(!text.contains(sign), "{path}: {sign} is on the page");
        }
        assert!(
            headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
        if status.is_client_error() {
            assert!(text.contains("role=\"alert\""), "{path}: {status} without a word in place");
        }
    } else {
        // Programs are told as text that no browser takes for markup.
        assert!(
            ["application/json", "text/plain", "text/event-stream"].iter().any(|it| kind.starts_with(it)),
            "{path}: {kind}"
        );
        if status.is_client_error() {
            assert!(text.trim().lines().count() == 1, "{path}: more than a line: {text}");
        }
    }
}

/// The doors for reading: a path with its parameters' examples, and the names of its queries.
async fn doors(node: &Node) -> Vec<(String, Vec<(String, String)>, Vec<String>)> {
    let document: Value = serde_json::from_str(&node.get("/api/v1/openapi.json").await.1).unwrap();
    let mut all = Vec::new();
    for (path, verbs) in document["paths"].as_object().unwrap() {
        let Some(get) = verbs.get("get") else { continue };
        // A stream never ends; its parameters are tried where they are refused (`rpc`).
        if path.ends_with("/events") || path.ends_with("openapi.json") {
            continue;
        }
        let (mut places, mut queries) = (Vec::new(), Vec::new());
        for it in get["parameters"].as_array().into_iter().flatten() {
            let name = it["name"].as_str().unwrap().to_owned();
            match it["in"].as_str() {
                Some("path") => {
                    let example =
                        it["example"].as_str().map_or_else(|| it["example"].to_string(), str::to_owned);
                    places.push((name, example));
                }
                Some("query") => queries.push(name),
                _ => {}
            }
        }
        all.push((path.clone(), places, queries));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_and_no_parameter_can_be_made_to_fail() {
    let node = Node::start().await;
    let values: Vec<String> = nasty().iter().map(encoded).collect();
    let doors = doors(&node).await;
    assert!(doors.len() > 20, "{doors:?}");
    let mut tried = 0;
    for (path, places, queries) in &doors {
        let filled = |skip: &str| {
            places
                .iter()
                .filter(|(name, _)| name != skip)
                .fold(path.clone(), |path, (name, example)| path.replace(&format!("{{{name}}}"), example))
        };
        let mut asked = Vec::new();
        for (name, _) in places {
            let at = filled(name);
            asked.extend(values.iter().map(|value| at.replace(&format!("{{{name}}}"), value)));
        }
        let at = filled("");
        for name in queries.iter().map(String::as_str).chain(["unknown"]) {
            asked.extend(values.iter().map(|value| format!("{at}?{name}={value}")));
            asked.push(format!("{at}?{name}"));
            asked.push(format!("{at}?{name}=1&{name}=2"));
        }
        for path in asked {
            // The page at the same path draws the same answer or refusal.
            if let Some(page) = path.strip_prefix("/api/v1") {
                knock(&node, if page == "/overview" { "/" } else { page }).await;
                tried += 1;
            }
            knock(&node, &path).await;
            tried += 1;
        }
    }
    for value in &values {
        for path in ["/act/{}", "/parts/position/{}", "/assets/0/{}", "/{}", "/nowhere/{}"] {
            knock(&node, &path.replace("{}", value)).await;
            tried += 1;
        }
    }
    assert!(tried > 2_000, "{tried}");
    node.end().await;
}

/// Names of the fields of a form.
fn fields(form: &str) -> Vec<String> {
    let (_, form) = form.split_once("class=\"fields\"").expect("a form");
    let (form, _) = form.split_once("</form>").unwrap();
    let names = form.split(" name=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned());
    names.collect()
}

/// What a field takes, so that the others are reached.
fn good(name: &str) -> &'static str {
    match name {
        "from" | "operator" | "staker" => SOMEBODY,
        "strategy" => "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A",
        "amount" => "1",
        "set" => "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:0",
        "part" => "10%25",
        "delay" => "5",
        "as" => "tokens",
        "way" => "ask",
        _ => "",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_a_form_can_be_made_to_fail() {
    let node = Node::start().await;
    let index = node.get("/act").await.1;
    let verbs: Vec<&str> =
        index.split("href=\"/act/").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert!(verbs.len() >= 12, "{verbs:?}");
    let values: Vec<String> = nasty().iter().map(encoded).collect();
    for verb in verbs {
        let mut names = fields(&node.get(&format!("/act/{verb}")).await.1);
        if verb == "delegate" {
            names.extend(["signature", "salt", "expiry"].map(str::to_owned));
        }
        assert!(names.contains(&"from".to_owned()), "{verb}: {names:?}");
        for (place, _) in names.iter().enumerate() {
            for value in &values {
                let given = |(at, name): (usize, &String)| {
                    format!("{name}={}", if at == place { value } else { good(name) })
                };
                let query: Vec<String> = names.iter().enumerate().map(given).collect();
                knock(&node, &format!("/act/{verb}?{}", query.join("&"))).await;
            }
        }
        let twice: Vec<String> = names.iter().map(|name| format!("{name}=1&{name}=2")).collect();
        knock(&node, &format!("/act/{verb}?{}", twice.join("&"))).await;
        knock(&node, &format!("/act/{verb}?&&&=&=1&%00=1&unknown={SOMEBODY}")).await;
    }
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_the_form_of_alerts_can_be_made_to_fail() {
    let node = Node::start().await;
    let form = node.get("/alerts").await.1;
    let (_, form) = form.split_once("class=\"fields rule\"").expect("a form");
    let (form, _) = form.split_once("</form>").unwrap();
    let names: Vec<&str> =
        form.split(" name=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert!(names.contains(&"do") && names.contains(&"webhook") && names.len() > 9, "{names:?}");
    for field in &names {
        for (value, _) in nasty() {
            let mut sent = vec![("do", "add"), ("name", "fine"), ("kind", "slash")];
            sent.retain(|(name, _)| name != field);
            sent.push((field, &value));
            let post = node.client.post(node.url("/alerts")).header("origin", node.url("")).form(&sent);
            let response = post.send().await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response.text().await.unwrap();
            assert!(!status.is_server_error(), "{field} {value:?}: {status}: {text}");
            assert!(!headers.contains_key("set-cookie"), "{field} {value:?}: a cookie came in");
            if let Some(to) = headers.get("location") {
                let to = to.to_str().unwrap();
                assert!(to.starts_with("/alerts?added="), "{field} {value:?} leads to {to}");
                let name = [("do", "remove"), ("name", to.split_once('=').unwrap().1)];
                let post = node.client.post(node.url("/alerts")).header("origin", node.url("")).form(&name);
                assert!(post.send().await.unwrap().status().is_redirection(), "{to} is not removed");
            }
            for sign in SIGNS {
                assert!(!text.contains(sign), "{field} {value:?}: {sign} is on the page");
            }
            if status.is_client_error() {
                assert!(text.contains("role=\"alert\""), "{field} {value:?}: {status} without a word");
            }
        }
    }
    node.end().await;
}

/// Code that answers every call with the same text: symbol and name of a token that is markup.
fn chanting(text: &str) -> Bytes {
    let length = text.len();
    let padded = length.div_ceil(32) * 32;
    let mut data =
        [U256::from(32), U256::from(length)].iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<u8>>();
    data.extend_from_slice(text.as_bytes());
    data.resize(64 + padded, 0);
    let size = u16::try_from(data.len()).unwrap().to_be_bytes();
    // CODECOPY what follows these twelve bytes, and return it.
    let code = [0x61, size[0], size[1], 0x80, 0x60, 0x0b, 0x5f, 0x39, 0x5f, 0xf3, 0x00];
    [&code[..], &data].concat().into()
}

/// A chain on which everything that has a name is called by markup: operator, service, token, the reason of a slash.
async fn scrawled(node: &Node) -> Vec<String> {
    let (service, operator) = (node.who(0), node.who(1));
    let token = address!("0x00000000000000000000000000000000000000cc");
    let registrar = address!("0x00000000000000000000000000000000000000a9");
    node.ask("anvil_setCode", json!([token, chanting(MARKUP)])).await;
    node.ask("anvil_setCode", json!([registrar, "0x60015f5260205ff3"])).await;
    node.call(0, STRATEGY_FACTORY, &deployNewStrategyCall { token }).await;
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: MARKUP.into(),
    };
    node.call(1, DELEGATION_MANAGER, &register).await;
    let metadata = updateAVSMetadataURICall { avs: service, metadataURI: MARKUP.into() };
    node.call(0, ALLOCATION_MANAGER, &metadata).await;
    let set = CreateSetParamsV2 { operatorSetId: 0, strategies: vec![TEST_TOKEN_STRATEGY], slasher: service };
    node.call(0, ALLOCATION_MANAGER, &createOperatorSets_1Call { avs: service, params: vec![set] }).await;
    node.call(0, ALLOCATION_MANAGER, &setAVSRegistrarCall { avs: service, registrar }).await;
    let params = RegisterParams { avs: service, operatorSetIds: vec![0], data: Bytes::new() };
    node.call(1, ALLOCATION_MANAGER, &registerForOperatorSetsCall { operator, params }).await;
    let params = AllocateParams {
        operatorSet: OperatorSet { avs: service, id: 0 },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![500_000_000_000_000_000],
    };
    node.call(1, ALLOCATION_MANAGER, &modifyAllocationsCall { operator, params: vec![params] }).await;
    let params = SlashingParams {
        operator,
        operatorSetId: 0,
        strategies: vec![TEST_TOKEN_STRATEGY],
        wadsToSlash: vec![U256::from(10).pow(U256::from(17))],
        description: MARKUP.into(),
    };
    node.call(0, ALLOCATION_MANAGER, &slashOperatorCall { avs: service, params }).await;
    let all: Value = serde_json::from_str(&node.get("/api/v1/strategies").await.1).unwrap();
    let strategies =
        all["items"].as_array().unwrap().iter().map(|it| it["strategy"].as_str().unwrap().to_owned());
    let block: Value = serde_json::from_str(&node.get("/api/v1/blocks").await.1).unwrap();
    let mut pages: Vec<String> = [
        "/",
        "/blocks",
        "/operators",
        "/services",
        "/strategies",
        "/slashes",
        "/market",
        "/risk",
        "/risk/matrix",
        "/alerts",
        "/act",
        "/act/deposit",
        "/act/allocate",
        "/search?q=img",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.extend(strategies.map(|it| format!("/strategies/{it}")));
    pages.extend([
        format!("/tokens/{token}"),
        format!("/address/{token}"),
        format!("/address/{service}"),
        format!("/operators/{operator}"),
        format!("/stakers/{operator}"),
        format!("/services/{service}"),
        format!("/services/{service}/sets/0"),
        format!("/slashes/{service}:0/1"),
        format!("/act/delegate?from={SOMEBODY}&operator={operator}"),
    ]);
    let head = block["items"][0]["number"].as_u64().unwrap();
    for number in 0..=head {
        pages.push(format!("/blocks/{number}"));
        let block = node.ask("eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await;
        let hashes = block["transactions"].as_array().unwrap();
        pages.extend(hashes.iter().map(|hash| format!("/tx/{}", hash.as_str().unwrap())));
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_the_chain_are_text_wherever_they_are_shown() {
    let node = Node::start().await;
    let pages = scrawled(&node).await;
    let mut shown = 0;
    for path in &pages {
        knock(&node, path).await;
        let (status, text) = node.get(path).await;
        assert!(status.is_success() || status == 422, "{path}: {status}");
        // Cut or not, it is shown as text: else the test would see nothing.
        shown += usize::from(text.contains("&lt;img src=x"));
    }
    assert!(shown >= 8, "markup is shown on {shown} of {} pages", pages.len());
    node.end().await;
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing_and_frame_nothing() {
    let node = Node::start().await;
    let before = node.ask("eth_blockNumber", json!([])).await;
    for origin in
        ["https://evil.test", "null", "http://localhost.evil.test:8545", "http://evil.test@localhost"]
    {
        let post = |path: &str, kind: &'static str, body: String| {
            node.client
                .post(node.url(path))
                .header("origin", origin)
                .header("content-type", kind)
                .body(body)
                .send()
        };
        let rule = json!({ "name": "spy", "kind": "slash", "webhook": "https://evil.test/" }).to_string();
        for kind in ["application/json", "text/plain"] {
            let refused = post("/api/v1/alerts", kind, rule.clone()).await.unwrap();
            assert_eq!(refused.status(), 403, "{origin} {kind}");
        }
        for path in ["/act", "/act/deposit", "/parts/chip", "/alerts", "/api/v1/alerts"] {
            let status =
                post(path, "application/x-www-form-urlencoded", "amount=1".into()).await.unwrap().status();
            assert!(status.is_client_error(), "{origin} {path}: {status}");
        }
        let spend = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction",
                            "params": [{ "from": SOMEBODY, "to": SOMEBODY, "value": "0x1" }] });
        let told: Value =
            post("/", "application/json", spend.to_string()).await.unwrap().json().await.unwrap();
        assert!(told["error"]["message"].as_str().unwrap().contains("origin"), "{told}");
        // What a page may read of alerts, which name secrets' places, is nothing either.
        let read = node.client.get(node.url("/alerts")).header("origin", origin).send().await.unwrap();
        assert_eq!(read.status(), 403, "{origin}");
    }
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, before);
    node.end().await;
}
