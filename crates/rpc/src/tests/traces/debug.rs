//! `debug_`: geth's tracers.

use super::*;
use alloy_primitives::keccak256;
use types::addresses::{DELEGATION_MANAGER, HISTORY_STORAGE};

#[tokio::test]
async fn the_struct_log_of_a_store_is_the_one_worked_out_by_hand() {
    let Story { node, cube, .. } = Story::begin().await;
    let hash = node.send_to(0, cube, 0, put(3, 9)).await;
    let trace = node.get("debug_traceTransaction", json!([hash])).await;
    let receipt = node.receipt(&hash).await;
    assert_eq!(trace["gas"].as_u64().unwrap(), number(&receipt["gasUsed"]));
    assert_eq!((&trace["failed"], &trace["returnValue"]), (&json!(false), &json!("0x")));
    let logs = trace["structLogs"].as_array().unwrap();
    // PUSH1 0x20, CALLDATALOAD, PUSH0, CALLDATALOAD, SSTORE (cold, from zero), STOP.
    let ops = ["PUSH1", "CALLDATALOAD", "PUSH0", "CALLDATALOAD", "SSTORE", "STOP"];
    let (pcs, costs) = ([0, 2, 3, 4, 5, 6], [3, 3, 2, 3, 22_100, 0]);
    let calldata_gas = 21_000 + 2 * 16 + 62 * 4;
    let mut gas = 1_000_000 - calldata_gas;
    for (index, log) in logs.iter().enumerate() {
        let told = (&log["op"], &log["pc"], &log["gas"], &log["gasCost"], &log["depth"]);
        let expected = (&json!(ops[index]), &json!(pcs[index]), &json!(gas), &json!(costs[index]), &json!(1));
        assert_eq!(told, expected, "step {index}");
        gas -= costs[index];
    }
    assert_eq!(logs.len(), ops.len());
    assert_eq!(logs[4]["stack"], json!(["0x9", "0x3"]));
    assert_eq!(logs[4]["storage"], json!({ word(3): word(9) }));
    assert!(logs[0].get("memory").is_none() && logs[3].get("storage").is_none());
    node.end().await;
}

#[tokio::test]
async fn options_of_the_struct_log_leave_out_and_put_in() {
    let Story { node, cube, reverter, .. } = Story::begin().await;
    let hash = node.send_to(0, cube, 0, put(3, 9)).await;
    let options = json!({ "disableStack": true, "disableStorage": true, "limit": 5 });
    let trace = node.get("debug_traceTransaction", json!([hash, options])).await;
    let logs = trace["structLogs"].as_array().unwrap();
    assert_eq!(logs.len(), 5);
    assert!(logs.iter().all(|log| log.get("stack").is_none() && log.get("storage").is_none()));
    let call = json!({ "to": reverter });
    let options = json!({ "enableMemory": true, "enableReturnData": true });
    let trace = node.get("debug_traceCall", json!([call, "latest", options])).await;
    assert_eq!((&trace["failed"], &trace["returnValue"]), (&json!(true), &json!(word(0x2a))));
    let last = trace["structLogs"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["op"], &last["memory"]), (&json!("REVERT"), &json!([word(0x2a)])));
    node.end().await;
}

#[tokio::test]
async fn a_deposit_is_a_tree_of_native_frames() {
    let node = node().await;
    let hash = node.deposit(0, 1_000).await;
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let root = node.get("debug_traceTransaction", json!([hash, options])).await;
    let receipt = node.receipt(&hash).await;
    assert_eq!(root["gasUsed"], receipt["gasUsed"]);
    assert_eq!(number(&root["gas"]), 1_000_000);
    assert_eq!(root["to"], json!(STRATEGY_MANAGER));
    assert_eq!(text(&root["output"]), word(1_000));
    let calls: Vec<(String, String)> = root["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| (text(&frame["to"]), text(&frame["input"])[..10].to_owned()))
        .collect();
    let selector = |signature: &str| Bytes::copy_from_slice(&keccak256(signature)[..4]).to_string();
    let lower = |address: Address| format!("{address:#x}");
    let expected = [
        (TEST_TOKEN, "transferFrom(address,address,uint256)"),
        (TEST_TOKEN_STRATEGY, "deposit(address,uint256)"),
        (TEST_TOKEN_STRATEGY, "beforeAddShares(address,uint256)"),
        (DELEGATION_MANAGER, "increaseDelegatedShares(address,address,uint256,uint256)"),
    ];
    assert_eq!(calls, expected.map(|(to, verb)| (lower(to), selector(verb))));
    let asked = &root["calls"][1]["calls"][0];
    assert_eq!((&asked["type"], &asked["to"]), (&json!("STATICCALL"), &json!(TEST_TOKEN)));
    // Each log is in the frame of the contract that wrote it, and all of them are there.
    let mut logs = Vec::new();
    walk(&root, &mut |frame| {
        for log in frame["logs"].as_array().into_iter().flatten() {
            assert_eq!(log["address"], frame["to"]);
            logs.push((number(&log["index"]), log["topics"].clone()));
        }
        for child in frame["calls"].as_array().into_iter().flatten() {
            assert!(number(&child["gasUsed"]) <= number(&frame["gasUsed"]));
        }
    });
    logs.sort_by_key(|(index, _)| *index);
    let sealed: Vec<Value> =
        receipt["logs"].as_array().unwrap().iter().map(|log| log["topics"].clone()).collect();
    assert_eq!(logs.into_iter().map(|(_, topics)| topics).collect::<Vec<_>>(), sealed);
    let top = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    let top = node.get("debug_traceTransaction", json!([hash, top])).await;
    assert!(top.get("calls").is_none());
    assert_eq!(top["gasUsed"], root["gasUsed"]);
    node.end().await;
}

fn walk(frame: &Value, see: &mut impl FnMut(&Value)) {
    see(frame);
    for child in frame["calls"].as_array().into_iter().flatten() {
        walk(child, see);
    }
}

#[tokio::test]
async fn custom_errors_of_native_contracts_are_named() {
    let node = node().await;
    // Nothing was approved.
    let hash = node.send_to(0, STRATEGY_MANAGER, 0, deposit_call(U256::from(5))).await;
    let options = json!({ "tracer": "callTracer" });
    let root = node.get("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!(root["error"], "execution reverted");
    let reason = text(&root["revertReason"]);
    let call = json!({ "from": node.address(0), "to": STRATEGY_MANAGER, "data": Bytes::from(deposit_call(U256::from(5))) });
    let refused = node.call("eth_call", json!([call, "latest"])).await.unwrap_err();
    assert_eq!(refused.message, format!("execution reverted: {reason}"));
    assert_eq!(refused.data.unwrap(), text(&root["output"]));
    node.end().await;
}

#[tokio::test]
async fn small_tracers_answer_in_their_forms() {
    let Story { node, cube, .. } = Story::begin().await;
    let hash = node.send_to(0, cube, 0, put(3, 9)).await;
    let deposit = node.deposit(0, 70).await;
    let traced =
        async |hash: &str, options: Value| node.get("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!(traced(&hash, json!({ "tracer": "4byteTracer" })).await, json!({ "0x00000000-60": 1 }));
    assert_eq!(traced(&hash, json!({ "tracer": "noopTracer" })).await, json!({}));
    let selectors = traced(&deposit, json!({ "tracer": "4byteTracer" })).await;
    assert_eq!(selectors["0xe7a050aa-96"], 1);
    assert_eq!(selectors["0x23b872dd-96"], 1);
    let flat = traced(&hash, json!({ "tracer": "flatCallTracer" })).await;
    assert_eq!((flat[0]["action"]["to"].clone(), flat[0]["traceAddress"].clone()), (json!(cube), json!([])));
    assert_eq!(flat[0]["transactionHash"], json!(hash));
    let mux = json!({ "tracer": "muxTracer", "tracerConfig": { "callTracer": null, "4byteTracer": null } });
    let mux = traced(&hash, mux).await;
    assert_eq!(mux["callTracer"], traced(&hash, json!({ "tracer": "callTracer" })).await);
    assert_eq!(mux["4byteTracer"], json!({ "0x00000000-60": 1 }));
    assert_eq!(traced(&hash, json!({ "tracer": "" })).await["structLogs"].as_array().unwrap().len(), 6);
    node.end().await;
}

#[tokio::test]
async fn what_cannot_be_traced_is_refused_with_the_reason() {
    let Story { node, cube, .. } = Story::begin().await;
    let hash = node.send_to(0, cube, 0, put(3, 9)).await;
    let refused = async |method: &str, params: Value| {
        let refusal = node.call(method, params).await.unwrap_err();
        (refusal.code, refusal.message)
    };
    let (code, message) =
        refused("debug_traceTransaction", json!([hash, { "tracer": "opcountTracer" }])).await;
    assert_eq!(code, -32000);
    assert!(message.starts_with("tracer opcountTracer is not offered; there are callTracer,"), "{message}");
    let script = "{step: function() {}, fault: function() {}, result: function() { return 1 }}";
    let (_, message) = refused("debug_traceTransaction", json!([hash, { "tracer": script }])).await;
    assert!(message.starts_with("tracers in JavaScript are not run by this node"), "{message}");
    let none = word(1);
    assert_eq!(
        refused("debug_traceTransaction", json!([none])).await,
        (-32000, "transaction not found".into())
    );
    assert_eq!(
        refused("debug_traceBlockByNumber", json!(["0x0"])).await,
        (-32000, "genesis is not traceable".into())
    );
    assert_eq!(
        refused("debug_traceBlockByNumber", json!(["0x63"])).await,
        (-32000, "block #99 not found".into())
    );
    assert_eq!(refused("debug_traceBlockByHash", json!([none])).await.1, format!("block {none} not found"));
    let (code, _) = refused("debug_traceTransaction", json!([hash, { "timeout": "soon" }])).await;
    assert_eq!(code, -32602);
    let (_, message) = refused("debug_traceTransaction", json!([hash, { "timeout": "0s" }])).await;
    assert!(message.starts_with("execution timeout"), "{message}");
    node.end().await;
}

#[tokio::test]
async fn a_trace_that_would_fill_the_memory_is_refused_and_the_node_lives_on() {
    let node = node_with(Mining::Instant, |config| config.limits.max_trace_bytes = 1 << 20).await;
    // JUMPDEST PUSH0 JUMP, for ever.
    let endless = json!({ "0x00000000000000000000000000000000000000ee": { "code": "0x5b5f56" } });
    let call = json!({ "to": "0x00000000000000000000000000000000000000ee", "gas": "0x1c9c380" });
    let options = json!({ "stateOverrides": endless });
    let refusal = node.call("debug_traceCall", json!([call, "latest", options])).await.unwrap_err();
    assert_eq!(refusal.code, -32003);
    assert!(refusal.message.starts_with("trace too large: more than 1048576 bytes"), "{}", refusal.message);
    // With a limit, the same call is traced to its end.
    let options = json!({ "stateOverrides": endless, "limit": 10 });
    let trace = node.get("debug_traceCall", json!([call, "latest", options])).await;
    assert_eq!((&trace["failed"], trace["structLogs"].as_array().unwrap().len()), (&json!(true), 10));
    assert_eq!(trace["gas"], 30_000_000);
    node.end().await;
}

#[tokio::test]
async fn hashes_of_blocks_sealed_without_a_step_are_seen_by_a_trace_as_they_were_by_the_block() {
    let node = node().await;
    node.get("anvil_mine", json!([300])).await;
    let asked = Bytes::from(U256::from(120).to_be_bytes::<32>());
    let hash = node.send_to(0, HISTORY_STORAGE, 0, asked).await;
    node.get("anvil_mine", json!([300])).await;
    let expected = node.get("eth_getBlockByNumber", json!(["0x78", false])).await["hash"].clone();
    let frame = node.get("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await;
    assert_eq!((&frame["output"], frame.get("error")), (&expected, None));
    node.end().await;
}

#[tokio::test]
async fn a_block_is_traced_transaction_by_transaction() {
    let node = node_with(Mining::Manual, |_| {}).await;
    for nonce in 0..3 {
        node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + nonce)])).await;
    }
    node.get("evm_mine", json!([])).await;
    let block = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    let options = json!({ "tracer": "callTracer" });
    let traces = node.get("debug_traceBlockByNumber", json!(["latest", options])).await;
    assert_eq!(traces, node.get("debug_traceBlockByHash", json!([block["hash"], options])).await);
    let hashes: Vec<Value> = traces.as_array().unwrap().iter().map(|trace| trace["txHash"].clone()).collect();
    assert_eq!(json!(hashes), block["transactions"]);
    for (hash, trace) in hashes.iter().zip(traces.as_array().unwrap()) {
        assert_eq!(trace["result"], node.get("debug_traceTransaction", json!([hash, options])).await);
    }
    node.end().await;
}

#[tokio::test]
async fn calls_are_traced_on_pretended_states_and_between_transactions() {
    let node = node_with(Mining::Manual, |_| {}).await;
    for nonce in 0..3 {
        node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + nonce)])).await;
    }
    node.get("evm_mine", json!([])).await;
    // BALANCE of the recipient, NUMBER: returned as two words.
    let code = format!("0x73{}315f524360205260405ff3", "11".repeat(20));
    let eye = "0x00000000000000000000000000000000000000ee";
    for (index, balance) in [(json!("0x0"), 0), (json!("0x2"), 2), (Value::Null, 3)] {
        let options = json!({
            "tracer": "callTracer", "txIndex": index, "stateOverrides": { eye: { "code": code } },
            "blockOverrides": { "number": "0x7b" },
        });
        let frame = node.get("debug_traceCall", json!([{ "to": eye }, "0x1", options])).await;
        assert_eq!(text(&frame["output"]), format!("{}{}", word(balance), &word(123)[2..]));
    }
    let call = json!({ "from": node.address(1), "to": Address::repeat_byte(0x11), "value": "0x5" });
    let many = json!([[{ "transactions": [call, call] }, { "transactions": [{ "to": eye }] }],
        { "blockNumber": "0x1" }, { "tracer": "callTracer", "stateOverrides": { eye: { "code": code } } }]);
    let traces = node.get("debug_traceCallMany", many).await;
    assert_eq!(traces[0].as_array().unwrap().len(), 2);
    assert_eq!(text(&traces[1][0]["output"]), format!("{}{}", word(13), &word(2)[2..]));
    node.end().await;
}

#[tokio::test]
async fn raw_encodings_hash_to_what_they_are() {
    let Story { node, .. } = Story::begin().await;
    let block = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    let raw: Bytes = text(&node.get("debug_getRawHeader", json!(["latest"])).await).parse().unwrap();
    assert_eq!(json!(keccak256(&raw)), block["hash"]);
    let whole: Bytes = text(&node.get("debug_getRawBlock", json!([block["hash"]])).await).parse().unwrap();
    let whole: alloy_consensus::Block<TxEnvelope> =
        alloy_rlp::Decodable::decode(&mut whole.as_ref()).unwrap();
    assert_eq!(json!(whole.header.hash_slow()), block["hash"]);
    assert_eq!(
        alloy_consensus::proofs::calculate_transaction_root(&whole.body.transactions),
        whole.header.transactions_root
    );
    let hash = &block["transactions"][0];
    let raw: Bytes = text(&node.get("debug_getRawTransaction", json!([hash])).await).parse().unwrap();
    assert_eq!(json!(keccak256(raw)), *hash);
    assert_eq!(node.get("debug_getRawTransaction", json!([word(1)])).await, "0x");
    let receipts = node.get("debug_getRawReceipts", json!(["latest"])).await;
    let receipt: Bytes = text(&receipts[0]).parse().unwrap();
    assert_eq!(receipt[0], 2);
    node.end().await;
}
