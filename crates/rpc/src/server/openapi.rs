//! `/api/v1/openapi.json`: what the paths answer, for people and for programs that generate clients (OpenAPI 3.1).
//! A test asks each path that is described, and looks for a description of each path that is routed.

use super::Shared;
use axum::{Json, extract::State};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn page(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(document(&shared.dispatcher.context().client_version))
}

/// The whole document.
pub(crate) fn document(version: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bulwark",
            "summary": "A restaking chain with Ethereum's RPC",
            "description": "JSON-RPC 2.0 is at POST /, and over WebSocket at / and /ws. Keys are snake case under \
                            /api/v1, camel case in JSON-RPC.",
            "version": version,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths(),
        "components": { "schemas": schemas(), "responses": responses() },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// A successful answer in JSON.
fn answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

fn text(description: &str, kind: &str) -> Value {
    json!({ "description": description, "content": { kind: { "schema": { "type": "string" } } } })
}

/// A path that is read.
fn read(id: &str, summary: &str, parameters: &Value, responses: &[(&str, Value)]) -> Value {
    let mut all: serde_json::Map<String, Value> =
        responses.iter().map(|(status, answer)| ((*status).to_owned(), answer.clone())).collect();
    for (status, name) in [("403", "Refused"), ("429", "TooMany")] {
        all.insert(status.to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    json!({ "get": { "operationId": id, "summary": summary, "parameters": parameters, "responses": all } })
}

fn paths() -> Value {
    let mut all = own_paths();
    for more in [restaking_paths(), exploring_paths(), alert_paths()] {
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
    }
    all
}

fn own_paths() -> Value {
    let none = json!([]);
    let mut root = read(
        "pages",
        "The pages for people; with an Upgrade header, a WebSocket for JSON-RPC",
        &none,
        &[("200", text("The overview", "text/html")), ("101", json!({ "description": "A WebSocket" }))],
    );
    if let Some(methods) = root.as_object_mut() {
        methods.insert("post".into(), rpc());
    }
    json!({
        "/": root,
        "/ws": read(
            "websocket",
            "A WebSocket for JSON-RPC and subscriptions",
            &none,
            &[("101", json!({ "description": "A WebSocket" })), ("200", text("A note for people", "text/html"))],
        ),
        "/health": read(
            "health",
            "Whether the node answers and seals",
            &none,
            &[
                ("200", answer("It does", &reference("Ready"))),
                ("503", answer("It answers, but has stopped sealing", &reference("Failed"))),
            ],
        ),
        "/metrics": read(
            "metrics",
            "Figures for Prometheus",
            &none,
            &[("200", text("Prometheus text, version 0.0.4", "text/plain")), ("404", text("They are turned off", "text/plain"))],
        ),
        "/api/v1/addresses": read(
            "addresses",
            "Addresses of the contracts, by name",
            &none,
            &[("200", answer("Addresses", &reference("Addresses")))],
        ),
        "/api/v1/abi/{contract}": read(
            "abi",
            "The ABI of a contract",
            &json!([{
                "name": "contract", "in": "path", "required": true, "example": "DelegationManager",
                "description": "Its name, as in addresses",
                "schema": { "type": "string", "enum": types::abi::names().collect::<Vec<_>>() },
            }]),
            &[
                ("200", answer("A JSON ABI", &json!({ "type": "array", "items": { "type": "object" } }))),
                ("404", text("No contract has this name; those that have one are listed", "text/plain")),
            ],
        ),
        "/api/v1/parameters": read(
            "parameters",
            "Preset, rules, every number in force, and what the pauser has stopped",
            &none,
            &[("200", answer("Numbers with their units", &reference("Parameters")))],
        ),
        "/api/v1/events": events(),
        "/api/v1/openapi.json": read(
            "openapi",
            "This document",
            &none,
            &[("200", answer("OpenAPI 3.1", &json!({ "type": "object" })))],
        ),
    })
}

/// An argument in the path.
fn in_path(name: &str, description: &str, example: &str) -> Value {
    json!({
        "name": name, "in": "path", "required": true, "description": description, "example": example,
        "schema": { "type": "string" },
    })
}

/// Arguments of a query, none of them required; the page comes last.
fn in_query(named: &[(&str, &str)]) -> Vec<Value> {
    let page = [
        ("limit", "Items of the page: 1 to 1,000; 100 if absent"),
        ("cursor", "`next` of the page before, asked with the same filter"),
    ];
    let argument = |(name, description): &(&str, &str)| {
        json!({
            "name": name, "in": "query", "required": false, "description": description,
            "schema": { "type": "string" },
        })
    };
    named.iter().chain(&page).map(argument).collect()
}

/// An object of which the named keys are there; what else is in it is described in docs/restake-rpc.md.
fn with_keys(description: &str, keys: &[&str]) -> Value {
    json!({ "type": "object", "description": description, "required": keys })
}

fn restaking_paths() -> Value {
    let account = "0x0000000000000000000000000000000000000b01";
    let wrong = ("400", text("An argument that cannot be, in one line", "text/plain"));
    let absent = ("404", text("There is no such thing, in one line", "text/plain"));
    let list = |id: &str, summary: &str, filter: &[(&str, &str)]| {
        let schema = with_keys("A page of the list at one block", &["block", "items", "next"]);
        read(
            id,
            summary,
            &Value::Array(in_query(filter)),
            &[("200", answer("A page", &schema)), wrong.clone()],
        )
    };
    let one = |id: &str, summary: &str, parameters: Value, keys: &[&str]| {
        let schema = with_keys(summary, keys);
        read(id, summary, &parameters, &[("200", answer(summary, &schema)), wrong.clone(), absent.clone()])
    };
    let mut of_service = vec![in_path("avs", "The service", account)];
    of_service.extend(in_query(&[]));
    let set = format!("{account}:0");
    let mut of_slash = vec![
        in_path("set", "The operator set: avs:id, or 32 bytes of avs and id", &set),
        in_path("id", "The set's number of the slash", "1"),
    ];
    of_slash.extend(in_query(&[]));
    let of_set = json!([
        in_path("avs", "The service", account),
        in_path("id", "Which of its sets", "0"),
        {
            "name": "future_block", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "Up to which block what can be slashed is looked ahead; one deallocation delay if absent",
        },
    ]);
    let slash_filter = [
        ("avs", "Of this service only"),
        ("operator", "Of this operator only"),
        ("strategy", "In this strategy only"),
        ("from_block", "First block"),
        ("to_block", "Last block"),
    ];
    let root = format!("0x{}", "00".repeat(32));
    let page = ["block", "items", "next"];
    json!({
        "/api/v1/stakers/{staker}": one(
            "staker", "A staker's whole position", json!([in_path("staker", "The staker", account)]),
            &["block", "staker", "operator", "holdings", "queued", "risks"],
        ),
        "/api/v1/operators": list(
            "operators", "Operators, by address or by stake",
            &[("sort", "address or stake; address if absent"), ("skip", "With sort=stake: how many to leave out")],
        ),
        "/api/v1/operators/{operator}": one(
            "operator", "An operator's book", json!([in_path("operator", "The operator", account)]),
            &["block", "operator", "is_operator", "exposures", "delegators", "slashes", "withdrawals", "history"],
        ),
        "/api/v1/services": list("services", "Services, by address", &[]),
        "/api/v1/services/{avs}": one(
            "service", "A service and its operator sets", Value::Array(of_service),
            &["block", "avs", "is_service", "operator_sets", "slashes"],
        ),
        "/api/v1/services/{avs}/sets/{id}": one(
            "operatorSet", "An operator set and what it can slash, now and later", of_set,
            &["block", "operator_set", "members", "strategies", "slashable_stake", "future_slashable_stake", "history", "risk"],
        ),
        "/api/v1/strategies": list("strategies", "Strategies, by address", &[]),
        "/api/v1/strategies/{strategy}": one(
            "strategy", "A strategy", json!([in_path("strategy", "The strategy", account)]),
            &["block", "strategy", "token", "total_shares", "is_open_for_deposits"],
        ),
        "/api/v1/withdrawals/{root}": one(
            "withdrawal", "A withdrawal", json!([in_path("root", "Its root", &root)]),
            &["block", "root", "staker", "status"],
        ),
        "/api/v1/slashes": list("slashes", "Slashes, the newest first", &slash_filter),
        "/api/v1/slashes/{set}/{id}": one(
            "losses", "A slash, and what each staker lost by it", Value::Array(of_slash), &page,
        ),
    })
}

/// What the pages show besides; each is the JSON of the page at the same path without `/api/v1`.
fn exploring_paths() -> Value {
    let wrong = ("400", text("An argument that cannot be, in one line", "text/plain"));
    let absent = ("404", text("There is no such thing, in one line", "text/plain"));
    let get = |id: &str, summary: &str, parameters: Value, keys: &[&str]| {
        let schema = with_keys(summary, keys);
        read(id, summary, &parameters, &[("200", answer(summary, &schema)), wrong.clone(), absent.clone()])
    };
    let asked = |name: &str, description: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": description,
            "schema": { "type": "string" },
        })
    };
    let account = "0x0000000000000000000000000000000000000b01";
    json!({
        "/api/v1/overview": get(
            "overview", "Stake, operators, services, risk, slashes and the newest blocks", json!([]),
            &["block", "chain", "staked", "operators", "services", "risk", "slashes", "blocks", "transactions"],
        ),
        "/api/v1/blocks": get(
            "blocks", "Blocks, the newest first",
            json!([asked("before", "Only blocks below this one"), asked("limit", "1 to 100; 25 if absent")]),
            &["head", "items", "next"],
        ),
        "/api/v1/blocks/{block}": get(
            "block", "A block, with its transactions in sentences",
            json!([in_path("block", "Its number or hash", "0"), asked("skip", "Transactions to leave out")]),
            &["number", "hash", "timestamp", "items", "next"],
        ),
        "/api/v1/tx/{hash}": get(
            "transaction", "A transaction: in a sentence, its call tree with events, what it changed",
            json!([in_path("hash", "Its hash", &format!("0x{}", "00".repeat(32)))]),
            &["hash", "block_number", "words", "success", "fee", "trace", "changes"],
        ),
        "/api/v1/address/{account}": get(
            "address", "What an address is, what it owns, its newest transactions",
            json!([in_path("account", "The address", account), asked("before", "Only transactions below this block")]),
            &["address", "balance", "is_staker", "is_operator", "is_service", "transactions"],
        ),
        "/api/v1/tokens/{token}": get(
            "token", "A token, and the strategies that hold it", json!([in_path("token", "The token", account)]),
            &["token", "symbol", "decimals", "total_supply", "strategies"],
        ),
        "/api/v1/search": get(
            "search", "What a few letters mean", json!([asked("q", "A number, a hash, an address or words")]),
            &["query", "items"],
        ),
        "/api/v1/market": get(
            "market", "Operator sets as offers",
            json!([
                asked("sort", "stake, operators, largest, slashes, risk or service"),
                asked("redistributes", "yes or no"), asked("slashed", "yes or no"),
                asked("secure", "yes: proved that no attack on it pays; no: one may"),
            ]),
            &["block", "unit", "items", "more"],
        ),
        "/api/v1/stakers": get("ownAccounts", "Accounts that the node itself signs for", json!([]), &["items"]),
        "/api/v1/glossary": get("glossary", "The words of restaking", json!([]), &["items"]),
        "/api/v1/risk": get(
            "risk", "How secure the network is, with the attack that comes nearest", json!([]),
            &["block", "slack", "attack", "concentration", "stress", "cascade", "matrix"],
        ),
        "/api/v1/risk/matrix": get(
            "matrix", "Which operator sets can take how much of which operators", json!([]),
            &["block", "unit", "sets", "operators", "cells"],
        ),
        "/api/v1/risk/cascade": get(
            "cascade", "How far the worst shock of a share of all stake spreads, round by round",
            json!([asked("shock", "The share, as 0.1 or 10%; a tenth if absent")]),
            &["block", "psi", "loss_lower", "loss_upper", "bound", "shock", "rounds", "totals"],
        ),
        "/api/v1/risk/losses": get(
            "yearlyLosses", "What a year may cost by chance, over many drawn years",
            json!([
                asked("years", "How many are drawn, 1,000 to 1,000,000; 100,000 if absent"),
                asked("seed", "Of all chance; 1 if absent"),
            ]),
            &["block", "years", "seed", "mean", "tails", "histogram", "causes", "assumptions"],
        ),
        "/api/v1/risk/stress": get(
            "stress", "What would break it: the smallest losses of stake, and the fall of price", json!([]),
            &["block", "price_fall_at_least", "price_fall_at_most", "at_least", "exact", "shock", "by_service", "outages"],
        ),
        "/api/v1/risk/concentration": read(
            "concentration", "How concentrated stake behind services is", &json!([]),
            &[
                ("200", answer("Shares and indexes", &with_keys("Concentration", &["block", "stake", "nakamoto", "lorenz"]))),
                ("404", text("No service holds stake: there is nothing to measure", "text/plain")),
            ],
        ),
    })
}

/// A path that changes something: what it answers, and what refuses it.
fn change(id: &str, summary: &str, parameters: &Value, status: &str, schema: &Value) -> Value {
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            status: answer(summary, schema),
            "400": text("What is wrong, in one line", "text/plain"),
            "403": { "$ref": "#/components/responses/Refused" },
            "404": text("There is no such rule", "text/plain"),
            "409": text("It cannot be now, in one line", "text/plain"),
            "429": { "$ref": "#/components/responses/TooMany" },
        },
    })
}

fn alert_paths() -> Value {
    let named = json!([in_path("name", "The rule", "example")]);
    let list = with_keys("The rules, and the newest alerts", &["items", "next", "recent"]);
    let list = ("200", answer("The rules and how they stand; docs/alerts.md describes them", &list));
    let mut all =
        read("alerts", "Rules and alerts; for this machine and allowed origins", &json!([]), &[list]);
    let rule = with_keys("The rule, its secret in it this once", &["name", "kind", "waiting"]);
    let mut add = change("addAlert", "Adds a rule", &json!([]), "201", &rule);
    if let (Some(all), Some(add_fields)) = (all.as_object_mut(), add.as_object_mut()) {
        let body = json!({ "schema": with_keys("A rule", &["name", "kind"]) });
        add_fields.insert(
            "requestBody".into(),
            json!({ "required": true, "content": { "application/json": body } }),
        );
        all.insert("post".into(), add);
    }
    let removed = with_keys("What was removed", &["removed"]);
    let tested = with_keys("Whether the test was delivered", &["delivered", "alert", "status", "error"]);
    json!({
        "/api/v1/alerts": all,
        "/api/v1/alerts/{name}": { "delete": change("removeAlert", "Removes a rule", &named, "200", &removed) },
        "/api/v1/alerts/{name}/test": {
            "post": change("testAlert", "Tells a test alert of a rule", &named, "200", &tested),
        },
    })
}

fn rpc() -> Value {
    json!({
        "operationId": "rpc",
        "summary": "JSON-RPC 2.0, single requests and batches",
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": { "oneOf": [
                    reference("Request"),
                    { "type": "array", "minItems": 1, "items": reference("Request") },
                ] },
                "example": { "jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": [] },
            } },
        },
        "responses": {
            "200": answer(
                "An answer to each request that has an id; nothing, if none has",
                &json!({ "oneOf": [reference("Response"), { "type": "array", "items": reference("Response") }] }),
            ),
            "403": { "$ref": "#/components/responses/Refused" },
            "408": text("The body took too long", "text/plain"),
            "413": text("The body is larger than the limit max_body_bytes", "text/plain"),
            "415": text("The body is not declared as application/json", "text/plain"),
            "429": { "$ref": "#/components/responses/TooMany" },
        },
    })
}

fn events() -> Value {
    let list = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": description, "example": example,
            "schema": { "type": "string" },
        })
    };
    let parameters = json!([
        list("kinds", "heads, logs, alerts, separated by commas; heads and logs if absent", "heads"),
        list("address", "Emitters of logs: addresses or names of contracts, separated by commas", "DelegationManager"),
        list("topic", "First topics of logs, separated by commas", &format!("0x{}", "00".repeat(32))),
        {
            "name": "Last-Event-ID", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The id of the last event that was read: what came after it is told first, as far back \
                            as 1,024 blocks; an event `missed` says if that was not far enough",
        },
    ]);
    read(
        "events",
        "Heads, logs and alerts as they come, as server-sent events (head, log, alert, missed), with a comment every 15 seconds",
        &parameters,
        &[
            (
                "200",
                json!({
                    "description": "A stream without end. The data of `head` and `log` are objects.",
                    "content": { "text/event-stream": {
                        "schema": { "type": "string" },
                        "x-events": { "head": reference("Head"), "log": reference("Log"), "alert": reference("Alert"), "missed": reference("Missed") },
                    } },
                }),
            ),
            ("400", text("An argument that cannot be, in one line", "text/plain")),
            (
                "503",
                text("As many streams are open as the limit max_subscriptions_total allows", "text/plain"),
            ),
        ],
    )
}

/// An object all of whose keys are there.
fn object(keys: &[(&str, Value)]) -> Value {
    let properties: serde_json::Map<String, Value> =
        keys.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = keys.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn schemas() -> Value {
    let integer = json!({ "type": "integer", "minimum": 0 });
    let string = json!({ "type": "string" });
    let hash = reference("Hash");
    json!({
        "Alert": with_keys(
            "An alert, as it is posted to webhooks",
            &["id", "rule", "kind", "block_number", "block_hash", "timestamp", "words", "data"],
        ),
        "Address": { "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" },
        "Hash": { "type": "string", "pattern": "^0x[0-9a-f]{64}$" },
        "Bytes": { "type": "string", "pattern": "^0x([0-9a-f]{2})*$" },
        "Addresses": { "type": "object", "additionalProperties": reference("Address") },
        "Ready": object(&[
            ("status", json!({ "const": "ready" })),
            ("chain_id", integer.clone()),
            ("head", integer.clone()),
            ("head_hash", hash.clone()),
        ]),
        "Failed": object(&[("status", json!({ "const": "failed" })), ("reason", string.clone())]),
        "Parameters": object(&[
            ("chain_id", integer.clone()),
            ("preset", string.clone()),
            ("rules", string.clone()),
            ("parameters", json!({ "type": "array", "items": reference("Parameter") })),
            ("paused", json!({ "type": "array", "items": reference("Stop") })),
        ]),
        "Stop": object(&[
            ("verb", json!({ "type": "string", "description": "deposit, delegate, withdraw, complete, allocate, slash or join" })),
            ("contract", string.clone()),
            ("address", reference("Address")),
            ("bit", integer.clone()),
            ("is_paused", json!({ "type": ["boolean", "null"], "description": "null: the contract does not answer" })),
        ]),
        "Parameter": object(&[
            ("name", string.clone()),
            ("value", json!({ "type": "string", "description": "In decimal" })),
            ("unit", string.clone()),
            ("source", string.clone()),
        ]),
        "Head": object(&[
            ("number", integer.clone()),
            ("hash", hash.clone()),
            ("parent_hash", hash.clone()),
            ("timestamp", integer.clone()),
            ("gas_used", integer.clone()),
            ("base_fee", integer.clone()),
            ("transactions", integer.clone()),
        ]),
        "Log": object(&[
            ("address", reference("Address")),
            ("topics", json!({ "type": "array", "items": reference("Hash") })),
            ("data", reference("Bytes")),
            ("block_number", integer.clone()),
            ("block_hash", hash.clone()),
            ("timestamp", integer.clone()),
            ("transaction_hash", hash),
            ("transaction_index", integer.clone()),
            ("log_index", integer.clone()),
        ]),
        "Missed": object(&[("oldest_block", integer.clone())]),
        "Request": {
            "type": "object",
            "properties": {
                "jsonrpc": { "const": "2.0" },
                "id": { "type": ["string", "number", "null"] },
                "method": string.clone(),
                "params": { "type": "array" },
            },
            "required": ["jsonrpc", "method"],
        },
        "Response": {
            "type": "object",
            "properties": {
                "jsonrpc": { "const": "2.0" },
                "id": { "type": ["string", "number", "null"] },
                "result": {},
                "error": reference("Error"),
            },
            "required": ["jsonrpc", "id"],
        },
        "Error": {
            "type": "object",
            "properties": { "code": { "type": "integer" }, "message": string, "data": reference("Bytes") },
            "required": ["code", "message"],
        },
    })
}

fn responses() -> Value {
    let mut too_many =
        answer("The client sends more than the limit requests_per_second", &reference("Response"));
    if let Some(answer) = too_many.as_object_mut() {
        let seconds = json!({ "description": "Seconds to wait", "schema": { "type": "integer" } });
        answer.insert("headers".into(), json!({ "Retry-After": seconds }));
    }
    json!({
        "Refused": text("The Host header is not this node's, or pages of the Origin are not allowed", "text/plain"),
        "TooMany": too_many,
    })
}
