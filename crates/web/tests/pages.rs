//! The pages as a browser meets them: a real chain in memory, a real port, what is sent back to good and to bad requests.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod node;

use node::Node;
use reqwest::StatusCode;

/// Pages of a chain on which nothing has happened.
const PAGES: &[&str] = &[
    "/",
    "/blocks",
    "/blocks/0",
    "/operators",
    "/services",
    "/strategies",
    "/slashes",
    "/market",
    "/market?sort=largest&redistributes=yes&slashed=",
    "/risk",
    "/risk/matrix",
    "/parameters",
    "/glossary",
    "/alerts",
    "/stakers",
    "/search?q=",
    "/search?q=manager",
    "/search?q=nothing-is-called-so",
    "/stakers/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "/operators/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "/services/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "/address/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "/address/0xB000000000000000000000000000000000000102",
    "/strategies/0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A",
    "/tokens/0xb000000000000000000000000000000000000f02",
];

/// Pages that lead to a signature: forms and what they mean, without a twin.
const FORMS: &[&str] = &[
    "/act",
    "/act/deposit",
    "/act/allocate",
    "/act/mint?from=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266&amount=100",
];

#[tokio::test]
async fn every_page_of_an_empty_chain_is_whole_and_keeps_the_policy() {
    let node = Node::start().await;
    for path in PAGES.iter().chain(FORMS) {
        let response = node.client.get(node.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        let text = response.text().await.unwrap();
        for wanted in ["<!DOCTYPE html>", "<h1>", "</html>", "id=\"main\"", "Skip to content"] {
            assert!(text.contains(wanted), "{path}: no {wanted}");
        }
        for banned in ["style=\"", "<style", "onclick", "javascript:", "https://", "<script>"] {
            assert!(!text.contains(banned), "{path}: {banned}");
        }
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(text.len() < 100_000, "{path}: {} bytes", text.len());
    }
    node.end().await;
}

#[tokio::test]
async fn who_takes_gzip_gets_half_at_most_and_who_does_not_gets_text() {
    let node = Node::start().await;
    let plain = node.client.get(node.url("/")).send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.bytes().await.unwrap();
    let packed = node.client.get(node.url("/")).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers().get_all("vary").iter().any(|it| it == "accept-encoding"));
    assert!(packed.headers().contains_key("content-security-policy"));
    let packed = packed.bytes().await.unwrap();
    assert!(
        packed.starts_with(&[0x1f, 0x8b]) && packed.len() * 2 < plain.len(),
        "{} of {}",
        packed.len(),
        plain.len()
    );
    node.end().await;
}

#[tokio::test]
async fn each_page_is_json_at_the_same_path() {
    let node = Node::start().await;
    for path in PAGES {
        let twin = if *path == "/" { "/overview" } else { path };
        let response = node.client.get(node.url(&format!("/api/v1{twin}"))).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{twin}");
        assert!(response.json::<serde_json::Value>().await.unwrap().is_object(), "{twin}");
    }
    node.end().await;
}

#[tokio::test]
async fn nonsense_gets_a_helpful_page_and_never_a_failure() {
    let node = Node::start().await;
    let huge = "9".repeat(400);
    let cases = [
        ("/nowhere".to_owned(), StatusCode::NOT_FOUND),
        (format!("/blocks/{huge}"), StatusCode::NOT_FOUND),
        ("/blocks/-1".into(), StatusCode::NOT_FOUND),
        ("/blocks/1000000".into(), StatusCode::NOT_FOUND),
        ("/blocks/%00%ff".into(), StatusCode::BAD_REQUEST),
        ("/blocks?limit=nonsense".into(), StatusCode::BAD_REQUEST),
        ("/blocks?limit=0".into(), StatusCode::BAD_REQUEST),
        (format!("/blocks?before={huge}"), StatusCode::BAD_REQUEST),
        ("/blocks?unknown=1".into(), StatusCode::BAD_REQUEST),
        ("/blocks/<script>alert(1)</script>".into(), StatusCode::NOT_FOUND),
        ("/?q=%22%3E%3Cscript%3E".into(), StatusCode::OK),
        ("/tx/0x12".into(), StatusCode::BAD_REQUEST),
        ("/act/steal".into(), StatusCode::NOT_FOUND),
        ("/act/deposit?from=me&strategy=none&amount=1e9".into(), StatusCode::UNPROCESSABLE_ENTITY),
        (
            format!(
                "/act/deposit?from=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266&strategy=0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A&amount={}",
                "9".repeat(90)
            ),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (format!("/act/deposit?from={huge}"), StatusCode::BAD_REQUEST),
        (format!("/tx/0x{}", "12".repeat(32)), StatusCode::NOT_FOUND),
        ("/address/nobody".into(), StatusCode::BAD_REQUEST),
        ("/stakers/0x12".into(), StatusCode::BAD_REQUEST),
        ("/operators/0xzz".into(), StatusCode::BAD_REQUEST),
        ("/operators?sort=colour".into(), StatusCode::BAD_REQUEST),
        (format!("/operators?skip={huge}"), StatusCode::BAD_REQUEST),
        ("/services/1".into(), StatusCode::BAD_REQUEST),
        (
            "/services/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266/sets/99999999999".into(),
            StatusCode::BAD_REQUEST,
        ),
        ("/services/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266/sets/1".into(), StatusCode::NOT_FOUND),
        ("/slashes/nonsense/1".into(), StatusCode::BAD_REQUEST),
        ("/slashes/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:1/1".into(), StatusCode::NOT_FOUND),
        (format!("/slashes/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:1/{huge}"), StatusCode::BAD_REQUEST),
        ("/tokens/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".into(), StatusCode::NOT_FOUND),
        ("/strategies/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".into(), StatusCode::OK),
        ("/market?sort=%3Cscript%3E".into(), StatusCode::BAD_REQUEST),
        (format!("/search?q={}", "x".repeat(5_000)), StatusCode::BAD_REQUEST),
        ("/search?q=%3Cscript%3Ealert(1)%3C/script%3E".into(), StatusCode::OK),
        ("/search?p=1".into(), StatusCode::BAD_REQUEST),
        ("/stakers/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266?block=0".into(), StatusCode::BAD_REQUEST),
        // Nothing is at stake here: the pages say so, and what is asked of them is read all the same.
        ("/risk/cascade".into(), StatusCode::OK),
        ("/risk/losses".into(), StatusCode::OK),
        ("/risk/stress".into(), StatusCode::OK),
        ("/risk/concentration".into(), StatusCode::OK),
        ("/risk/concentration?block=1".into(), StatusCode::BAD_REQUEST),
        ("/withdrawals/nonsense".into(), StatusCode::BAD_REQUEST),
        (format!("/withdrawals/0x{}", "1".repeat(64)), StatusCode::NOT_FOUND),
        ("/risk/stress?block=1".into(), StatusCode::BAD_REQUEST),
        ("/risk/cascade?shock=10".into(), StatusCode::BAD_REQUEST),
        ("/risk/cascade?shock=%22%3E%3Cscript%3E".into(), StatusCode::BAD_REQUEST),
        ("/risk/cascade?shok=10%25".into(), StatusCode::BAD_REQUEST),
        ("/risk/losses?years=5&seed=1".into(), StatusCode::BAD_REQUEST),
        (format!("/risk/losses?years=1000&seed={huge}"), StatusCode::BAD_REQUEST),
    ];
    for (path, status) in cases {
        let (got, text) = node.get(&path).await;
        assert_eq!(got, status, "{path}: {text}");
        assert!(text.contains("<h1>") && text.contains("action=\"/search\""), "{path}");
        assert!(!text.contains("<script>"), "{path}");
    }
    node.end().await;
}

#[tokio::test]
async fn files_are_kept_as_long_as_they_stay_the_same() {
    let node = Node::start().await;
    let (_, page) = node.get("/").await;
    for kind in ["bulwark.css", "htmx.js", "live.js", "mark.svg"] {
        let at = page.split('"').find(|it| it.starts_with("/assets/") && it.ends_with(kind)).expect(kind);
        let response = node.client.get(node.url(at)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{at}");
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let old = format!("/assets/000000000000/{kind}");
        let response = node.client.get(node.url(&old)).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-cache");
    }
    assert_eq!(node.get("/assets/0/other.js").await.0, StatusCode::NOT_FOUND);
    node.end().await;
}

#[tokio::test]
async fn a_cookie_remembers_the_theme_and_leads_back() {
    let node = Node::start().await;
    let post = node.client.post(node.url("/prefs")).form(&[("theme", "dark"), ("back", "/blocks")]);
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/blocks");
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = node.client.get(node.url("/")).header("cookie", cookie).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("data-theme=\"dark\""));
    assert!(!node.get("/").await.1.contains("data-theme"));
    let post = node.client.post(node.url("/prefs")).form(&[("clock", "local"), ("back", "/blocks")]);
    let response = post.send().await.unwrap();
    let clock = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(clock, "clock=local");
    let page = node.client.get(node.url("/")).header("cookie", format!("theme=dark; {clock}"));
    let text = page.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("data-theme=\"dark\"") && text.contains("data-clock=\"local\""), "both are kept");
    let nonsense =
        node.client.get(node.url("/")).header("cookie", "clock=\"><script>; theme=pink; unit=<b>; =; x");
    let text = nonsense.send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("data-clock") && !text.contains("data-theme") && !text.contains("<script>"));
    let bad = node.client.post(node.url("/prefs")).body("x").send().await.unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    node.end().await;
}

#[tokio::test]
async fn amounts_of_ether_are_in_the_unit_that_a_cookie_chose() {
    let node = Node::start().await;
    let account = "/address/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let act = "/act/mint?from=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266&amount=100";
    for (unit, balance) in [
        ("ETH", "10,000 <span class=\"u\">ETH"),
        ("gwei", "10,000,000,000,000 <span class=\"u\">gwei"),
        ("wei", "10,000,000,000,000,000,000,000 <span class=\"u\">wei"),
    ] {
        let post = node.client.post(node.url("/prefs")).form(&[("unit", unit), ("back", account)]);
        let response = post.send().await.unwrap();
        assert_eq!(response.headers()["location"], account);
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let get = async |path: &str| {
            let page = node.client.get(node.url(path)).header("cookie", &cookie).send().await.unwrap();
            page.text().await.unwrap()
        };
        let page = get(account).await;
        assert!(page.contains(balance), "{unit}: {page}");
        assert!(page.contains(&format!("value=\"{unit}\" aria-pressed=\"true\"")), "{unit}");
        let fee = get(act).await;
        let (_, fee) = fee.split_once("at most ").unwrap();
        assert!(fee.split_once('<').unwrap().0.ends_with(&format!(" {unit}")), "{unit}");
    }
    node.end().await;
}

#[tokio::test]
async fn programs_still_find_json_rpc_at_the_same_address() {
    let node = Node::start().await;
    let ask = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
    let post = node.client.post(node.url("/")).header("content-type", "application/json").body(ask);
    let answer: serde_json::Value = post.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["result"], "0x7a69");
    let (status, text) = node.get("/api/v1/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!text.contains("<html"), "programs get a line of text");
    node.end().await;
}

#[tokio::test]
async fn what_the_pauser_stopped_is_said_where_it_leads() {
    let node = Node::start().await;
    let account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let (staker, operator) = (format!("/stakers/{account}"), format!("/operators/{account}"));
    let strategy = "/strategies/0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A";
    for path in [&staker, &operator, strategy, "/strategies", "/act/deposit", "/act"] {
        assert!(!node.get(path).await.1.contains("banner paused"), "{path}");
    }
    // `pauseAll()` of StrategyManager and DelegationManager, by the pauser of a chain for development.
    for contract in
        ["0xb000000000000000000000000000000000000101", "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9"]
    {
        let send = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"eth_sendTransaction","params":[{{"from":"{account}","to":"{contract}","data":"0x595c6a67"}}]}}"#
        );
        let post = node.client.post(node.url("/")).header("content-type", "application/json").body(send);
        let answer: serde_json::Value = post.send().await.unwrap().json().await.unwrap();
        assert!(answer["result"].is_string(), "{answer}");
    }
    for (path, said) in [
        (staker.as_str(), "New deposits are paused"),
        (&staker, "aria-describedby=\"paused-withdraw\""),
        (&staker, "Completing withdrawals is paused"),
        (&operator, "New delegations are paused"),
        (strategy, "New deposits are paused"),
        ("/strategies", "New deposits are paused"),
        ("/parameters", "<b>paused</b>"),
        ("/act/deposit", "New deposits are paused"),
        ("/act/undelegate", "New withdrawals are paused"),
        ("/act", "New deposits are paused"),
        ("/act", "Completing withdrawals is paused"),
        ("/act", "Deposit</a> <span class=\"tag\">paused</span>"),
    ] {
        let (status, text) = node.get(path).await;
        assert!(status == StatusCode::OK && text.contains(said), "{path}: no {said:?} in {text}");
    }
    assert!(!node.get("/act/allocate").await.1.contains("banner paused"), "allocations are not paused");
    assert!(!node.get("/act").await.1.contains("Changes of allocations are paused"));
    let told: serde_json::Value = serde_json::from_str(&node.get("/api/v1/parameters").await.1).unwrap();
    let stopped = told["paused"].as_array().unwrap().iter().filter(|it| it["is_paused"] == true);
    let stopped: Vec<&str> = stopped.map(|it| it["verb"].as_str().unwrap()).collect();
    assert_eq!(stopped, ["deposit", "delegate", "withdraw", "complete"]);
    node.end().await;
}
