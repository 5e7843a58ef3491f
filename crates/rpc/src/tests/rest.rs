//! The paths beside JSON-RPC: the OpenAPI document is complete and true, and events come, resume and end.

use super::*;
use crate::server::{openapi, rest};
use reqwest::StatusCode;
use std::{collections::BTreeSet, time::Duration};

/// Follows a local reference.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect(reference),
        None => value,
    }
}

/// Whether a value is what a schema says, as far as our schemas go.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolved(document, schema);
    if let Some(constant) = schema.get("const") {
        return constant == value;
    }
    if let Some(required) = schema["required"].as_array()
        && required.iter().any(|key| value.get(key.as_str().unwrap()).is_none())
    {
        return false;
    }
    match schema["type"].as_str() {
        Some("object") => {
            let Some(object) = value.as_object() else { return false };
            object.iter().all(|(key, value)| {
                match (schema["properties"].get(key), schema.get("additionalProperties")) {
                    (Some(schema), _) | (None, Some(schema)) => fits(document, schema, value),
                    // Only an object without described keys may have others.
                    (None, None) => schema.get("properties").is_none(),
                }
            })
        }
        Some("array") => {
            value.as_array().is_some_and(|all| all.iter().all(|it| fits(document, &schema["items"], it)))
        }
        Some("integer") => value.is_u64(),
        Some("string") => value.is_string(),
        _ => true,
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn each_route_is_described_and_each_description_is_true() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let node = node_with(Mining::Instant, |config| config.metrics = Some(handle)).await;
    let response = node.client.get(node.url("/api/v1/openapi.json")).send().await.unwrap();
    let document: Value = response.json().await.unwrap();
    assert_eq!(document, openapi::document("bulwark/test"));
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let routed: BTreeSet<&str> = rest::table().into_iter().map(|(path, _)| path).collect();
    assert_eq!(described, routed);
    let mut all = BTreeSet::new();
    references(&document, &mut all);
    for reference in all {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(get) = item.get("get") else { continue };
        let path = get["parameters"].as_array().unwrap().iter().fold(path.clone(), |path, parameter| {
            let name = parameter["name"].as_str().unwrap();
            let example = parameter["example"].as_str().unwrap_or_default();
            if parameter["in"] == "query" && parameter["required"] == true {
                let sign = if path.contains('?') { '&' } else { '?' };
                return format!("{path}{sign}{name}={example}");
            }
            path.replace(&format!("{{{name}}}"), example)
        });
        let response = node.client.get(node.url(&path)).send().await.unwrap();
        if response.status() == StatusCode::NOT_FOUND {
            // What the example names need not be there, if the document says so.
            assert!(get["responses"].get("404").is_some(), "{path}");
            continue;
        }
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let content = get["responses"]["200"]["content"].as_object().unwrap();
        let (kind, described) = content.iter().next().unwrap();
        let got = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(got.starts_with(kind.as_str()), "{path}: {got} is not {kind}");
        if kind == "application/json" {
            let value: Value = response.json().await.unwrap();
            assert!(fits(&document, &described["schema"], &value), "{path}: {value}");
        }
    }
    node.end().await;
}

/// An open stream of events.
struct Events {
    response: reqwest::Response,
    read: String,
}

/// One event: its kind, id and data.
type Event = (String, String, Value);

impl Events {
    async fn open(node: &Node, query: &str, after: Option<&str>) -> Self {
        let mut get = node.client.get(node.url(&format!("/api/v1/events{query}")));
        if let Some(after) = after {
            get = get.header("last-event-id", after);
        }
        let response = get.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                    line.trim().to_owned()
                };
                let data = serde_json::from_str(&field("data:")).unwrap();
                let event = (field("event:"), field("id:"), data);
                self.read = rest.to_owned();
                return event;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk()).await;
            let chunk = chunk.unwrap().unwrap().expect("the stream goes on");
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// A transfer of the test token, which logs.
async fn log_once(node: &Node, nonce: u64) {
    let token = types::addresses::TEST_TOKEN;
    // transfer(address,uint256) of nothing.
    let data = [&alloy_primitives::hex!("a9059cbb")[..], &[0; 12], &[0x11; 20], &[0; 32]].concat();
    let raw = node.signed(0, nonce, TxKind::Call(token), 0, data.into());
    let receipt = node.get("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!(
        (&receipt["status"], receipt["logs"].as_array().unwrap().len()),
        (&json!("0x1"), 1),
        "{receipt}"
    );
}

#[tokio::test]
async fn heads_and_logs_come_as_events_and_a_client_that_comes_back_misses_nothing() {
    let node = node().await;
    let document = openapi::document("");
    let mut events = Events::open(&node, "", None).await;
    log_once(&node, FIRST_NONCE).await;
    let (kind, head_id, head) = events.next().await;
    assert_eq!((kind.as_str(), &head["number"]), ("head", &json!(1)));
    assert!(fits(&document, &json!({ "$ref": "#/components/schemas/Head" }), &head), "{head}");
    let (kind, _, log) = events.next().await;
    assert_eq!((kind.as_str(), &log["block_hash"]), ("log", &head["hash"]));
    assert!(fits(&document, &json!({ "$ref": "#/components/schemas/Log" }), &log), "{log}");
    drop(events);
    log_once(&node, FIRST_NONCE + 1).await;
    let mut events = Events::open(&node, "", Some(&head_id)).await;
    let (kind, log_id, again) = events.next().await;
    assert_eq!((kind.as_str(), again), ("log", log), "the log after the head that was read last");
    let (kind, _, head) = events.next().await;
    assert_eq!((kind.as_str(), &head["number"]), ("head", &json!(2)));
    let mut events = Events::open(&node, "?kinds=logs&address=TestToken", Some(&log_id)).await;
    assert_eq!(events.next().await.2["block_number"], 2);
    log_once(&node, FIRST_NONCE + 2).await;
    assert_eq!(events.next().await.2["block_number"], 3);
    node.end().await;
}

#[tokio::test]
async fn a_client_that_was_away_too_long_is_told_how_much_it_missed() {
    let node = node().await;
    log_once(&node, FIRST_NONCE).await;
    let mut events = Events::open(&node, "?kinds=logs", Some(&format!("0-{}-0", "00".repeat(32)))).await;
    let id = events.next().await.1;
    node.get("anvil_mine", json!(["0x1388"])).await;
    let mut events = Events::open(&node, "?kinds=heads", Some(&id)).await;
    let (kind, _, missed) = events.next().await;
    let oldest = missed["oldest_block"].as_u64().unwrap();
    assert_eq!((kind.as_str(), oldest), ("missed", 5_001 - 1_024));
    assert_eq!(events.next().await.2["number"], oldest);
    node.end().await;
}

#[tokio::test]
async fn wrong_arguments_and_too_many_streams_are_refused() {
    let node = node_with(Mining::Instant, |config| config.limits.max_subscriptions_total = 1).await;
    for (query, part) in [
        ("?kinds=heads,tails", "no events are called \"tails\""),
        ("?address=Nobody", "\"Nobody\" is no address"),
        ("?topic=0x12", "\"0x12\" is no topic"),
        ("?colour=red", "colour"),
    ] {
        let response = node.client.get(node.url(&format!("/api/v1/events{query}"))).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        let told = response.text().await.unwrap();
        assert!(told.contains(part) && told.lines().count() == 1, "{query}: {told}");
    }
    let wrong =
        node.client.get(node.url("/api/v1/events")).header("last-event-id", "seven").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let _open = Events::open(&node, "", None).await;
    let refused = node.client.get(node.url("/api/v1/events")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().await.unwrap().contains("1 (max_subscriptions_total)"));
    node.end().await;
}
