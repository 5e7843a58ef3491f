//! `/api/v1/alerts` and the stream of alerts as their callers meet them: who may, what is refused, and what a rule's own
//! signature looks like at the other end.

use super::{
    FIRST_NONCE, Node, node, node_with,
    restake::{OPERATOR, SERVICE, STAKER, Scene},
};
use crate::{AlertConfig, AlertRule};
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chain::Mining;
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use types::{
    abi::{IDelegationManager, IStrategyManager as Sm},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

type Posts = mpsc::UnboundedReceiver<(HeaderMap, String)>;

type Statuses = Arc<Mutex<VecDeque<u16>>>;
type Answering = (mpsc::UnboundedSender<(HeaderMap, String)>, Statuses);

/// A webhook that answers with some statuses, then always with 200.
async fn hook(statuses: &[u16]) -> (String, Posts) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (told, posts) = mpsc::unbounded_channel();
    let statuses = Statuses::new(Mutex::new(statuses.iter().copied().collect()));
    let answer = |State((told, statuses)): State<Answering>, headers: HeaderMap, body: String| async move {
        told.send((headers, body)).unwrap();
        StatusCode::from_u16(statuses.lock().pop_front().unwrap_or(200)).unwrap()
    };
    let router = Router::new().route("/", post(answer)).with_state((told, statuses));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, posts)
}

/// Makes the first account an operator: an event of the kind `operator`.
async fn register(node: &Node) {
    let call = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: Default::default(),
        allocationDelay: 0,
        metadataURI: "ipfs://operator".into(),
    };
    let data = Bytes::from(call.abi_encode());
    let raw = node.signed_with_gas(0, FIRST_NONCE, TxKind::Call(DELEGATION_MANAGER), 0, data, 1_000_000);
    node.get("eth_sendRawTransaction", json!([raw])).await;
}

async fn ask(
    node: &Node,
    method: Method,
    path: &str,
    origin: Option<&str>,
    body: Option<&Value>,
) -> (u16, Value) {
    let mut request = node.client.request(method, node.url(&format!("/api/v1/alerts{path}")));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn foreign_pages_neither_see_nor_change_rules() {
    let node = node().await;
    let rule = json!({ "name": "a", "kind": "slash" });
    for (method, path, body) in [
        (Method::GET, "", None),
        (Method::POST, "", Some(&rule)),
        (Method::DELETE, "/a", None),
        (Method::POST, "/a/test", None),
    ] {
        let (status, told) = ask(&node, method.clone(), path, Some("https://evil.test"), body).await;
        assert_eq!(status, 403, "{method} {path}: {told}");
    }
    let stream =
        node.client.get(node.url("/api/v1/events?kinds=alerts")).header("origin", "https://evil.test");
    assert_eq!(stream.send().await.unwrap().status(), 403);
    let text = node.client.post(node.url("/api/v1/alerts")).body(rule.to_string());
    assert_eq!(text.send().await.unwrap().status(), 415);
    let (status, added) = ask(&node, Method::POST, "", Some("http://localhost:3000"), Some(&rule)).await;
    assert_eq!((status, &added["name"]), (201, &json!("a")));
    node.end().await;
}

#[tokio::test]
async fn rules_are_added_listed_and_removed_and_nonsense_is_refused() {
    let configured: AlertRule = serde_json::from_value(json!({ "name": "fixed", "kind": "slash" })).unwrap();
    let node = node_with(Mining::Instant, |config| {
        config.alerts = AlertConfig { rules: vec![configured], ..AlertConfig::default() };
    })
    .await;
    let huge = json!({ "name": "a", "kind": "slash", "webhook": "x".repeat(20_000) });
    for (body, status, said) in [
        (json!({ "name": "a" }), 400, "missing field `kind`"),
        (json!({ "name": "<b>", "kind": "slash" }), 400, "a rule's name is"),
        (json!({ "name": "a", "kind": "pending_slash", "over": 0.1 }), 400, "has no bounds"),
        (json!({ "name": "fixed", "kind": "slash" }), 409, "already"),
        (huge, 413, "bytes"),
    ] {
        let (found, told) = ask(&node, Method::POST, "", None, Some(&body)).await;
        assert_eq!(found, status, "{told}");
        assert!(told.as_str().unwrap().contains(said), "{told}");
    }
    let hooked = json!({ "name": "b", "kind": "slash", "webhook": "http://127.0.0.1:1/" });
    let (status, added) = ask(&node, Method::POST, "", None, Some(&hooked)).await;
    assert_eq!((status, added["secret"].as_str().unwrap().len()), (201, 64));
    let (_, list) = ask(&node, Method::GET, "", None, None).await;
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["b", "fixed"]);
    assert!(!list.to_string().contains("secret"), "{list}");
    assert_eq!(ask(&node, Method::DELETE, "/fixed", None, None).await.0, 409);
    assert_eq!(ask(&node, Method::DELETE, "/b", None, None).await.0, 200);
    assert_eq!(ask(&node, Method::DELETE, "/b", None, None).await.0, 404);
    for number in 0..super::super::alerts::MAX_RULES - 1 {
        let rule = json!({ "name": format!("r{number}"), "kind": "slash" });
        assert_eq!(ask(&node, Method::POST, "", None, Some(&rule)).await.0, 201);
    }
    let one_more = json!({ "name": "more", "kind": "slash" });
    assert_eq!(ask(&node, Method::POST, "", None, Some(&one_more)).await.0, 409);
    node.end().await;
}

#[tokio::test]
async fn an_alert_is_posted_signed_until_it_is_acknowledged_and_streamed() {
    let node = node_with(Mining::Instant, |config| {
        config.alerts.first_pause = Duration::from_millis(1);
    })
    .await;
    let (url, mut posts) = hook(&[500, 302, 404]).await;
    let secret = "0123456789abcdef";
    let rule = json!({ "name": "new", "kind": "operator", "webhook": url, "secret": secret });
    assert_eq!(ask(&node, Method::POST, "", None, Some(&rule)).await.0, 201);
    let mut stream = node.client.get(node.url("/api/v1/events?kinds=alerts")).send().await.unwrap();
    register(&node).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(tokio::time::timeout(Duration::from_secs(30), posts.recv()).await.unwrap().unwrap());
    }
    assert!(told.iter().all(|(_, body)| *body == told[0].1), "the same until it is acknowledged");
    let alert: Value = serde_json::from_str(&told[0].1).unwrap();
    assert_eq!(
        (&alert["rule"], &alert["kind"], &alert["block_number"]),
        (&json!("new"), &json!("operator"), &json!(1))
    );
    for (headers, body) in &told {
        let timestamp = headers["bulwark-timestamp"].to_str().unwrap().parse().unwrap();
        assert_eq!(headers["bulwark-signature"], crate::alerts::sign(secret, timestamp, body).as_str());
        assert_eq!(headers["bulwark-alert-id"], alert["id"].as_str().unwrap());
    }
    let mut read = String::new();
    while !read.contains("event: alert") || !read.ends_with("\n\n") {
        let chunk = tokio::time::timeout(Duration::from_secs(30), stream.chunk()).await.unwrap().unwrap();
        read.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
    }
    assert!(read.contains(alert["id"].as_str().unwrap()), "{read}");
    node.end().await;
}

/// The next alert that a webhook is posted.
async fn posted(posts: &mut Posts) -> Value {
    let (_, body) = tokio::time::timeout(Duration::from_secs(30), posts.recv()).await.unwrap().unwrap();
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn what_a_slash_took_is_told_while_it_waits_and_when_it_is_cleared() {
    let mut scene = Scene::new().await;
    let (everybody, mut all) = hook(&[]).await;
    let (staker, mut own) = hook(&[]).await;
    let secret = "0123456789abcdef";
    let rules = [
        json!({ "name": "all", "kind": "pending_slash", "webhook": everybody, "secret": secret }),
        json!({ "name": "own", "kind": "pending_slash", "webhook": staker, "secret": secret,
                "staker": scene.who(STAKER) }),
    ];
    for rule in &rules {
        assert_eq!(ask(&scene.node, Method::POST, "", None, Some(rule)).await.0, 201);
    }
    let slash = scene.slash();
    scene.send(SERVICE, ALLOCATION_MANAGER, &slash).await;
    let pending = posted(&mut all).await;
    let data = &pending["data"];
    assert_eq!((&pending["kind"], &data["status"]), (&json!("pending_slash"), &json!("pending")));
    assert_eq!((&data["operator"], &data["slash_id"]), (&json!(scene.who(OPERATOR)), &json!(1)));
    // `fast` has no resolution delay.
    let clearable = pending["block_number"].as_u64().unwrap() + 1;
    assert_eq!(data["clearable_block"], clearable);
    let words = pending["words"].as_str().unwrap();
    assert!(words.ends_with(&format!("can be cleared from block {clearable} on")), "{words}");
    let told = posted(&mut own).await;
    assert_eq!((&told["rule"], &told["data"]), (&json!("own"), data), "the staker's operator lost it");
    let set = Sm::OperatorSet { avs: scene.who(SERVICE), id: 1 };
    let clear = Sm::clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: U256::from(1) };
    scene.send(STAKER, STRATEGY_MANAGER, &clear).await;
    let cleared = posted(&mut all).await;
    assert_eq!(
        (&cleared["data"]["status"], &cleared["data"]["shares"]),
        (&json!("cleared"), &data["shares"])
    );
    scene.node.end().await;
}
