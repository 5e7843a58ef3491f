//! `trace_`: OpenEthereum's traces, against geth's tracers of the same node and against each other.

use super::*;

/// The frames of a call tracer's tree, outermost first, with the way to each.
fn flat(frame: &Value, way: Vec<u64>, out: &mut Vec<(Vec<u64>, Value)>) {
    out.push((way.clone(), frame.clone()));
    for (index, child) in (0..).zip(frame["calls"].as_array().into_iter().flatten()) {
        flat(child, [way.clone(), vec![index]].concat(), out);
    }
}

#[tokio::test]
async fn a_transaction_is_the_call_tree_laid_flat() {
    let story = Story::begin().await;
    let node = &story.node;
    for hash in story.tell().await {
        let tree = node.get("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await;
        let mut frames = Vec::new();
        flat(&tree, Vec::new(), &mut frames);
        let traces = node.get("trace_transaction", json!([hash])).await;
        let traces = traces.as_array().unwrap();
        assert_eq!(traces.len(), frames.len());
        for (trace, (way, frame)) in traces.iter().zip(&frames) {
            assert_eq!(trace["traceAddress"], json!(way));
            assert_eq!(
                trace["subtraces"].as_u64().unwrap() as usize,
                frame["calls"].as_array().map_or(0, Vec::len)
            );
            assert_eq!((&trace["action"]["from"], &trace["transactionHash"]), (&frame["from"], &json!(hash)));
            match text(&trace["type"]).as_str() {
                "call" => {
                    assert_eq!(trace["action"]["to"], frame["to"]);
                    assert_eq!(trace["action"]["input"], frame["input"]);
                    assert_eq!(text(&trace["action"]["callType"]), text(&frame["type"]).to_lowercase());
                }
                _ => assert_eq!(trace["result"]["address"], frame["to"]),
            }
            if !way.is_empty() {
                assert_eq!(trace["action"]["gas"], frame["gas"]);
            }
            let same_end = trace.get("error").is_some() == frame.get("error").is_some();
            assert!(same_end, "{trace}");
            assert_eq!(node.get("trace_get", json!([hash, way])).await, *trace);
        }
    }
    assert_eq!(node.get("trace_transaction", json!([word(1)])).await, Value::Null);
    assert_eq!(node.get("trace_get", json!([word(1), []])).await, Value::Null);
    story.node.end().await;
}

#[tokio::test]
async fn the_outermost_trace_leaves_out_what_the_transaction_costs_by_itself() {
    let Story { node, cube, .. } = Story::begin().await;
    let hash = node.send_to(0, cube, 0, put(3, 9)).await;
    let traces = node.get("trace_transaction", json!([hash])).await;
    let before = 21_000 + 2 * 16 + 62 * 4;
    assert_eq!(number(&traces[0]["action"]["gas"]), 1_000_000 - before);
    assert_eq!(number(&traces[0]["result"]["gasUsed"]), 3 + 3 + 2 + 3 + 22_100);
    node.end().await;
}

#[tokio::test]
async fn a_filter_finds_what_the_blocks_hold_and_pages_through_it() {
    let story = Story::begin().await;
    let node = &story.node;
    story.tell().await;
    node.get("anvil_mine", json!([1_000])).await;
    let head = node.number("eth_blockNumber", json!([])).await;
    let mut all = Vec::new();
    for block in 0..=head - 999 {
        let traces = node.get("trace_block", json!([format!("{block:#x}")])).await;
        all.extend(traces.as_array().unwrap().clone());
    }
    assert_eq!(node.get("trace_filter", json!([{}])).await, json!(all));
    let me = json!(node.address(0));
    let cube = json!(story.cube);
    let is = |trace: &Value, side: &str, who: &Value| trace["action"][side] == *who;
    let made = |trace: &Value, who: &Value| trace["type"] == "create" && trace["result"]["address"] == *who;
    let to_cube: Vec<&Value> = all.iter().filter(|it| is(it, "to", &cube) || made(it, &cube)).collect();
    let filter = json!([{ "toAddress": [cube] }]);
    assert!(to_cube.len() > 1);
    assert_eq!(node.get("trace_filter", filter).await, json!(to_cube));
    let either: Vec<&Value> =
        all.iter().filter(|it| is(it, "from", &me) || is(it, "to", &cube) || made(it, &cube)).collect();
    let filter = json!([{ "fromAddress": [me], "toAddress": [cube], "mode": "union", "toBlock": "latest" }]);
    assert_eq!(node.get("trace_filter", filter).await, json!(either));
    let mut paged = Vec::new();
    for after in (0..either.len()).step_by(3) {
        let filter = json!([{ "fromAddress": [me], "toAddress": [cube], "mode": "union", "after": after, "count": 3 }]);
        let page = node.get("trace_filter", filter).await;
        assert!(page.as_array().unwrap().len() <= 3);
        paged.extend(page.as_array().unwrap().clone());
    }
    assert_eq!(json!(paged), json!(either));
    let refused =
        node.call("trace_filter", json!([{ "fromBlock": "0x5", "toBlock": "0x2" }])).await.unwrap_err();
    assert_eq!(refused.code, -32602);
    story.node.end().await;
}

#[tokio::test]
async fn a_filter_over_too_many_blocks_is_refused() {
    let node = node_with(Mining::Instant, |config| config.limits.max_trace_blocks = 10).await;
    node.get("anvil_mine", json!([10])).await;
    let refused = node.call("trace_filter", json!([{}])).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            -32005,
            "block range too large: 11 blocks, and one trace_filter may span 10 (max_trace_blocks); narrow it, or the node's \
             operator changes it with --limit max_trace_blocks=VALUE"
        )
    );
    assert_eq!(node.get("trace_filter", json!([{ "fromBlock": "0x1" }])).await, json!([]));
    node.end().await;
}

#[tokio::test]
async fn replays_agree_with_geths_tracers() {
    let story = Story::begin().await;
    let node = &story.node;
    for hash in story.tell().await {
        let kinds = json!(["trace", "vmTrace", "stateDiff"]);
        let replayed = node.get("trace_replayTransaction", json!([hash, kinds])).await;
        let logged = node.get("debug_traceTransaction", json!([hash])).await;
        assert_eq!(replayed["output"], logged["returnValue"]);
        let mut steps = 0;
        count_steps(&replayed["vmTrace"], &mut steps);
        assert_eq!(steps, logged["structLogs"].as_array().unwrap().len(), "{hash}");
        let options = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
        let diff = node.get("debug_traceTransaction", json!([hash, options])).await;
        for (address, account) in replayed["stateDiff"].as_object().unwrap() {
            if let Some(change) = account["balance"].get("*") {
                assert_eq!(change["from"], diff["pre"][address]["balance"], "{address}");
                assert_eq!(change["to"], diff["post"][address]["balance"], "{address}");
            }
            for (slot, change) in account["storage"].as_object().unwrap() {
                assert_eq!(
                    change["*"]["to"],
                    diff["post"][address]["storage"].get(slot).cloned().unwrap_or(json!(word(0)))
                );
            }
        }
        let located = node.get("trace_transaction", json!([hash])).await;
        assert_eq!(replayed["trace"].as_array().unwrap().len(), located.as_array().unwrap().len());
        let receipt = node.receipt(&hash).await;
        let block = node.get("trace_replayBlockTransactions", json!([receipt["blockNumber"], kinds])).await;
        let mut expected = replayed.clone();
        expected["transactionHash"] = json!(hash);
        assert_eq!(block, json!([expected]));
    }
    let unknown = node.call("trace_replayTransaction", json!([word(1), ["everything"]])).await.unwrap_err();
    assert_eq!(unknown.code, -32602);
    story.node.end().await;
}

fn count_steps(vm: &Value, steps: &mut usize) {
    for op in vm["ops"].as_array().into_iter().flatten() {
        *steps += 1;
        count_steps(&op["sub"], steps);
    }
}

#[tokio::test]
async fn calls_are_traced_singly_in_a_row_and_before_they_are_sent() {
    let Story { node, cube, reverter, .. } = Story::begin().await;
    let store = json!({ "from": node.address(1), "to": cube, "data": put(7, 8) });
    let one = node.get("trace_call", json!([store, ["stateDiff"], "latest"])).await;
    let cube_name = format!("{cube:#x}");
    assert_eq!(
        one["stateDiff"][&cube_name]["storage"][word(7)]["*"],
        json!({ "from": word(0), "to": word(8) })
    );
    assert_eq!((&one["trace"], &one["vmTrace"]), (&json!([]), &Value::Null));
    let other = json!({ "from": node.address(1), "to": cube, "data": put(7, 9) });
    let many = node
        .get("trace_callMany", json!([[[store, ["stateDiff"]], [other, ["stateDiff", "trace"]]], "latest"]))
        .await;
    assert_eq!(
        many[1]["stateDiff"][&cube_name]["storage"][word(7)]["*"],
        json!({ "from": word(8), "to": word(9) })
    );
    let failed = node.get("trace_call", json!([{ "to": reverter }, ["trace"]])).await;
    assert_eq!((&failed["trace"][0]["error"], &failed["output"]), (&json!("Reverted"), &json!(word(0x2a))));
    let nonce = node.number("eth_getTransactionCount", json!([node.address(1)])).await;
    let raw = node.signed_with_gas(1, nonce, TxKind::Call(cube), 0, put(7, 8), 1_000_000);
    let foreseen = node.get("trace_rawTransaction", json!([raw, ["trace", "vmTrace"]])).await;
    let hash = node.get("eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(foreseen, node.get("trace_replayTransaction", json!([hash, ["trace", "vmTrace"]])).await);
    let again = node.call("trace_rawTransaction", json!([raw, ["trace"]])).await.unwrap_err();
    assert!(again.message.contains("nonce too low"), "{again:?}");
    node.end().await;
}
