//! Who is let in, how large, how many, and what is found at the paths.

use super::*;
use reqwest::StatusCode;

async fn post(node: &Node, headers: &[(&str, &str)], method: &str) -> reqwest::Response {
    let mut post = node.client.post(node.url("/"));
    for (name, value) in headers {
        post = post.header(*name, *value);
    }
    post.body(request(1, method, &json!([])).to_string()).send().await.unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let node = node().await;
    for headers in [vec![], vec![("content-type", "text/plain")], vec![("content-type", "application/jsonp")]]
    {
        let response = post(&node, &headers, "eth_chainId").await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{headers:?}");
    }
    let charset = ("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(post(&node, &[charset], "eth_chainId").await.status(), StatusCode::OK);
    node.end().await;
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused() {
    let node = node_with(Mining::Instant, |config| config.allow_hosts = vec!["node.test".into()]).await;
    for (host, status) in
        [("localhost", 200), ("node.test:8545", 200), ("evil.test", 403), ("10.1.2.3:8545", 403)]
    {
        let response = post(&node, &[JSON, ("host", host)], "eth_chainId").await;
        assert_eq!(response.status().as_u16(), status, "{host}");
    }
    node.end().await;
}

#[tokio::test]
async fn a_foreign_page_may_read_but_not_sign_or_travel() {
    let node = node_with(Mining::Instant, |config| {
        config.allow_origins = vec!["*".into(), "https://app.test".into()]
    })
    .await;
    for (origin, allowed) in [
        ("https://evil.test", false),
        ("null", false),
        ("https://app.test", true),
        ("http://localhost:3000", true),
        ("http://127.0.0.1:1", true),
    ] {
        let headers = [JSON, ("origin", origin)];
        let read = post(&node, &headers, "eth_chainId").await;
        assert_eq!(read.headers()["access-control-allow-origin"], origin);
        assert!(outcome(&read.json().await.unwrap()).is_ok());
        for method in ["evm_mine", "evm_snapshot", "anvil_nodeInfo"] {
            let outcome = outcome(&post(&node, &headers, method).await.json().await.unwrap());
            assert_eq!(outcome.is_ok(), allowed, "{origin} {method}");
            if let Err(refusal) = outcome {
                assert_eq!(refusal.code, -32004);
                assert!(refusal.message.contains("--allow-origin"), "{refusal:?}");
            }
        }
    }
    node.end().await;
}

#[tokio::test]
async fn preflights_are_answered_only_for_origins_that_may_call() {
    let preflight = |node: &Node, origin: &str| {
        let options = node.client.request(reqwest::Method::OPTIONS, node.url("/")).header("origin", origin);
        options
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let open = node().await;
    let response = preflight(&open, "https://evil.test").await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://evil.test");
    assert_eq!(response.headers()["access-control-allow-headers"], "content-type");
    open.end().await;
    let shut = node_with(Mining::Instant, |config| config.cors = false).await;
    assert_eq!(preflight(&shut, "https://evil.test").await.unwrap().status(), StatusCode::FORBIDDEN);
    let local = preflight(&shut, "http://localhost:3000").await.unwrap();
    assert!(!local.headers().contains_key("access-control-allow-origin"));
    shut.end().await;
}

#[tokio::test]
async fn in_node_mode_keys_and_controls_are_refused_with_the_reason() {
    let node = node_with(Mining::Instant, |config| config.mode = Mode::Node).await;
    assert_eq!(node.get("eth_accounts", json!([])).await, json!([]));
    for method in
        ["evm_mine", "anvil_mine", "hardhat_mine", "evm_increaseTime", "eth_sign", "eth_sendTransaction"]
    {
        let refusal = node.call(method, json!([])).await.unwrap_err();
        assert_eq!(refusal.code, -32004, "{method}");
        assert!(refusal.message.contains("only `bulwark dev` and `bulwark demo` offer"), "{refusal:?}");
    }
    assert_eq!(node.call("evm_nothing", json!([])).await.unwrap_err().code, -32601);
    node.end().await;
}

#[tokio::test]
async fn bodies_and_batches_beyond_the_limits_are_refused() {
    let node = node_with(Mining::Instant, |config| {
        config.limits.max_body_bytes = 10_000;
        config.limits.max_batch = 10;
        config.limits.max_response_bytes = 2_000;
    })
    .await;
    let long = node.client.post(node.url("/")).header(JSON.0, JSON.1).body("x".repeat(10_001));
    let response = long.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        response.text().await.unwrap(),
        "request body too large: the limit is 10000 bytes (max_body_bytes); the node's operator changes it with \
         --limit max_body_bytes=VALUE\n"
    );
    let batch: Vec<Value> = (0..11).map(|id| request(id, "eth_chainId", &json!([]))).collect();
    let refusal = outcome(&node.body(json!(batch).to_string()).await).unwrap_err();
    assert_eq!(refusal.code, -32600);
    assert!(
        refusal.message.starts_with("batch too large: the limit is 10 requests (max_batch);"),
        "{refusal:?}"
    );
    assert_eq!(node.body(json!(batch[1..]).to_string()).await.as_array().unwrap().len(), 10);
    assert_eq!(node.call("restake_abi", json!(["DelegationManager"])).await.unwrap_err().code, -32003);
    let heads: Vec<Value> =
        (0..5).map(|id| request(id, "eth_getBlockByNumber", &json!(["latest", false]))).collect();
    let answers = node.body(json!(heads).to_string()).await;
    assert!(outcome(&answers[0]).is_ok());
    assert_eq!(outcome(&answers[4]).unwrap_err().code, -32003);
    node.end().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let node = node_with(Mining::Instant, |config| config.limits.max_connections = 1).await;
    let address = node.server.local_addr();
    let mut first = tokio::net::TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut second = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("the node takes 1 (max_connections)"));
    node.end().await;
}

#[tokio::test]
async fn connections_without_requests_are_closed_in_time() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let idle = std::time::Duration::from_millis(100);
    let node = node_with(Mining::Instant, |config| config.limits.idle_timeout = idle).await;
    for request in ["", "GET / HTTP/1.1\r\nho", "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(node.server.local_addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = stream.read_to_end(&mut answer);
        let closed = tokio::time::timeout(std::time::Duration::from_secs(20), closed).await;
        assert!(closed.is_ok(), "still open after {request:?}");
    }
    node.end().await;
}

#[tokio::test]
async fn the_paths_answer_health_addresses_abis_and_parameters() {
    let node = node().await;
    let get = async |path: &str| node.client.get(node.url(path)).send().await.unwrap();
    let health: Value = get("/health").await.json().await.unwrap();
    assert_eq!(
        (&health["status"], &health["head"], &health["chain_id"]),
        (&json!("ready"), &json!(0), &json!(31337))
    );
    let addresses: Value = get("/api/v1/addresses").await.json().await.unwrap();
    assert_eq!(addresses["DelegationManager"], "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9");
    assert!(addresses["TestToken"].is_string());
    assert_eq!(addresses, node.get("restake_addresses", json!([])).await);
    let abi: Value = get("/api/v1/abi/StrategyManager").await.json().await.unwrap();
    assert!(abi.as_array().unwrap().iter().any(|item| item["name"] == "depositIntoStrategy"));
    assert_eq!(abi, node.get("restake_abi", json!(["StrategyManager"])).await);
    let parameters: Value = get("/api/v1/parameters").await.json().await.unwrap();
    assert_eq!((&parameters["chain_id"], &parameters["preset"]), (&json!(31337), &json!("fast")));
    assert_eq!(parameters["parameters"], node.get("restake_parameters", json!([])).await["parameters"]);
    let verbs = |told: &Value, key: &str, is: bool| -> Vec<String> {
        let stopped = told["paused"].as_array().unwrap().iter().filter(|it| it[key] == is);
        stopped.map(|it| it["verb"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(verbs(&parameters, "is_paused", false).len(), 7, "{parameters}");
    // `pause(6)` of DelegationManager, by the pauser of a chain for development: its bits 1 and 2.
    let data = format!("0x136439dd{:064x}", 6);
    let manager = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";
    let from = node.get("eth_accounts", json!([])).await[0].clone();
    node.get("eth_sendTransaction", json!([{ "from": from, "to": manager, "data": data }])).await;
    let parameters: Value = get("/api/v1/parameters").await.json().await.unwrap();
    assert_eq!(verbs(&parameters, "is_paused", true), ["withdraw", "complete"]);
    let over_rpc = node.get("restake_parameters", json!([])).await;
    assert_eq!(verbs(&over_rpc, "isPaused", true), ["withdraw", "complete"]);
    let note = get("/").await;
    assert!(note.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    for (path, status) in [("/api/v1/abi/Nothing", 404), ("/nothing", 404), ("/metrics", 404)] {
        assert_eq!(get(path).await.status().as_u16(), status, "{path}");
    }
    let wrong = node.client.put(node.url("/health")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    node.end().await;
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line() {
    let node = node().await;
    let config = ServerConfig {
        host: "127.0.0.1".into(),
        port: node.server.local_addr().port(),
        mode: Mode::Node,
        allow_origins: Vec::new(),
        allow_hosts: Vec::new(),
        cors: true,
        limits: Limits::default(),
        metrics: None,
        client_version: String::new(),
        pages: None,
        alerts: crate::AlertConfig::default(),
    };
    let told = serve(node.chain.clone(), config).await.unwrap_err().to_string();
    assert!(told.contains("is in use") && told.contains("--port") && !told.contains('\n'), "{told}");
    node.end().await;
}

#[tokio::test]
async fn metrics_count_by_known_method_and_never_by_what_a_caller_sends() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // Tests run on one thread each, and so does the server that this one starts.
    let _recording = metrics::set_default_local_recorder(&recorder);
    let node = node_with(Mining::Instant, |config| config.metrics = Some(handle)).await;
    node.get("eth_chainId", json!([])).await;
    node.call("eth_getBalance", json!([])).await.unwrap_err();
    node.call("evil_name", json!([])).await.unwrap_err();
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    let text = node.client.get(node.url("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "bulwark_rpc_requests_total{method=\"eth_chainId\",outcome=\"ok\"} 1",
        "bulwark_rpc_requests_total{method=\"eth_getBalance\",outcome=\"error\"} 1",
        "bulwark_rpc_requests_total{method=\"unknown\",outcome=\"error\"} 1",
        "bulwark_head_block 1",
        "bulwark_pool_pending_transactions 0",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("evil"));
    node.end().await;
}
