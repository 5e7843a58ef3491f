//! eth_simulateV1 and overrides as the execution-apis specification has them: order, defaults, validation, transfers,
//! and the codes of its errors.

use super::*;

const ALICE: &str = "0xc000000000000000000000000000000000000000";
const BOB: &str = "0xc100000000000000000000000000000000000000";
const CAROL: &str = "0xc200000000000000000000000000000000000000";

fn transfer(from: &str, to: &str, value: u64) -> Value {
    json!({ "from": from, "to": to, "value": format!("{value:#x}") })
}

fn funded(account: &str, wei: u64) -> Value {
    json!({ account: { "balance": format!("{wei:#x}") } })
}

async fn simulate(node: &Node, blocks: Value) -> Result<Value, Refusal> {
    node.call("eth_simulateV1", json!([{ "blockStateCalls": blocks }, "latest"])).await
}

#[tokio::test]
async fn blocks_build_on_each_other_and_the_chain_stays_as_it_was() {
    let node = node().await;
    let head = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    let blocks = json!([
        { "stateOverrides": funded(ALICE, 2_000), "calls": [transfer(ALICE, BOB, 1_000)] },
        { "blockOverrides": { "number": "0x4" }, "calls": [transfer(BOB, CAROL, 600), transfer(ALICE, CAROL, 1)] },
    ]);
    let answer = simulate(&node, blocks).await.unwrap();
    let answer = answer.as_array().unwrap();
    let numbers: Vec<u64> = answer.iter().map(|block| number(&block["number"])).collect();
    assert_eq!(numbers, [1, 2, 3, 4], "blocks between those that were asked for are there");
    assert_eq!(answer[0]["parentHash"], head["hash"]);
    for pair in answer.windows(2) {
        assert_eq!(pair[1]["parentHash"], pair[0]["hash"]);
        assert!(number(&pair[1]["timestamp"]) > number(&pair[0]["timestamp"]));
    }
    let call = &answer[0]["calls"][0];
    assert_eq!(
        (&call["status"], &call["gasUsed"], &call["logs"]),
        (&json!("0x1"), &json!("0x5208"), &json!([]))
    );
    assert_eq!((number(&answer[3]["gasUsed"]), number(&answer[0]["baseFeePerGas"])), (42_000, 0));
    assert_eq!(answer[3]["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(answer[3]["miner"], json!(Address::ZERO));
    assert_eq!(node.get("eth_getBalance", json!([BOB])).await, "0x0");
    assert_eq!(node.number("eth_blockNumber", json!([])).await, 0);
    node.end().await;
}

#[tokio::test]
async fn a_contract_sees_block_number_time_and_the_hash_of_the_simulated_parent() {
    let node = node().await;
    // NUMBER, TIMESTAMP, BLOCKHASH(NUMBER - 1), each a word.
    let code = "0x435f5242602052600143034060405260605ff3";
    let blocks = json!([
        { "stateOverrides": { ALICE: { "code": code } } },
        { "blockOverrides": { "time": "0x70000000" }, "calls": [{ "to": ALICE }] },
    ]);
    let answer = simulate(&node, blocks).await.unwrap();
    let data = text(&answer[1]["calls"][0]["returnData"]);
    let word = |index: usize| format!("0x{}", &data[2 + 64 * index..66 + 64 * index]);
    assert_eq!(U256::from_str_radix(&word(0)[2..], 16).unwrap(), U256::from(2));
    assert_eq!(U256::from_str_radix(&word(1)[2..], 16).unwrap(), U256::from(0x7000_0000));
    assert_eq!(word(2), text(&answer[0]["hash"]));
    node.end().await;
}

#[tokio::test]
async fn transfers_are_told_as_logs_unless_they_were_reverted() {
    let node = node().await;
    // Sends its value on to CAROL; and one that does so and then reverts.
    let forward = format!("0x5f5f5f5f3473{}5af100", &CAROL[2..]);
    let undone = format!("0x5f5f5f5f3473{}5af15f5ffd", &CAROL[2..]);
    // Calls BOB with its value and goes on whatever comes of it.
    let tolerant = format!("0x5f5f5f5f3473{}5af100", &BOB[2..]);
    let run = async |bob: &str| {
        let dave = "0xc300000000000000000000000000000000000000";
        let state =
            json!({ ALICE: { "balance": "0x7d0" }, BOB: { "code": bob }, dave: { "code": tolerant } });
        let blocks = json!([{ "stateOverrides": state, "calls": [transfer(ALICE, dave, 1_000)] }]);
        let payload = json!([{ "blockStateCalls": blocks, "traceTransfers": true }, "latest"]);
        node.get("eth_simulateV1", payload).await[0].clone()
    };
    let block = run(&forward).await;
    let logs = block["calls"][0]["logs"].as_array().unwrap().clone();
    assert_eq!(logs.len(), 3, "to the first, on to BOB, on to CAROL");
    for (index, log) in logs.iter().enumerate() {
        assert_eq!(log["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
        assert_eq!((number(&log["logIndex"]), &log["blockHash"]), (index as u64, &block["hash"]));
        assert_eq!(log["data"], format!("0x{:064x}", 1_000));
    }
    assert!(text(&logs[2]["topics"][2]).ends_with(&CAROL[2..]));
    assert_eq!(block["logsBloom"], format!("0x{}", "0".repeat(512)), "they are no part of the block");
    let block = run(&undone).await;
    let logs = block["calls"][0]["logs"].as_array().unwrap();
    assert_eq!(
        (logs.len(), &block["calls"][0]["status"]),
        (1, &json!("0x1")),
        "what a reverted frame moved is left out"
    );
    node.end().await;
}

#[tokio::test]
async fn failed_calls_are_told_and_the_others_go_on() {
    let node = node().await;
    let state = json!({
        ALICE: { "code": "0x5f5ffd" },
        BOB: { "code": "0x5b5f56" },
    });
    let calls = json!([{ "to": ALICE }, { "to": BOB, "gas": "0x7530" }, { "to": CAROL }]);
    let answer = simulate(&node, json!([{ "stateOverrides": state, "calls": calls }])).await.unwrap();
    let calls = answer[0]["calls"].as_array().unwrap();
    assert_eq!((&calls[0]["error"]["code"], &calls[0]["error"]["data"]), (&json!(3), &json!("0x")));
    assert_eq!(
        (&calls[1]["error"]["code"], &calls[1]["error"]["message"]),
        (&json!(-32015), &json!("out of gas"))
    );
    assert_eq!((&calls[1]["gasUsed"], &calls[2]["status"]), (&json!("0x7530"), &json!("0x1")));
    node.end().await;
}

#[tokio::test]
async fn what_cannot_run_ends_the_simulation_with_the_code_of_the_specification() {
    let node = node_with(Mining::Instant, |config| config.limits.max_call_gas = 5_000_000).await;
    let call = |change: Value| {
        let mut call = transfer(ALICE, BOB, 0);
        call.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!([{ "stateOverrides": funded(ALICE, 1 << 60), "calls": [call] }])
    };
    let number = |number: &str| json!({ "blockOverrides": { "number": number } });
    let time = |time: &str| json!({ "blockOverrides": { "time": time } });
    let moved =
        |from: &str, to: &str| json!({ "stateOverrides": { from: { "movePrecompileToAddress": to } } });
    let one = "0x0000000000000000000000000000000000000001";
    let two = "0x0000000000000000000000000000000000000002";
    let both = json!({ "stateOverrides": {
        one: { "movePrecompileToAddress": ALICE }, two: { "movePrecompileToAddress": ALICE },
    } });
    let twice = json!([{ "calls": [{ "to": ALICE, "gas": "0x4c4b40" }, { "to": ALICE }] , "stateOverrides": {
        ALICE: { "code": "0x5b5f56" },
    } }]);
    let cases = [
        (json!([]), false, -32602),
        (json!([number("0x3"), number("0x3")]), false, -38020),
        (json!([number("0x0")]), false, -38020),
        (json!([number("0x101")]), false, -38026),
        (json!([time("0x70000000"), time("0x70000000")]), false, -38021),
        (call(json!({ "value": "0xffffffffffffffffffff" })), false, -38014),
        (call(json!({ "gas": "0x0" })), false, -38013),
        (call(json!({ "gas": "0x3938701" })), false, -38015),
        (call(json!({})), true, -38012),
        (call(json!({ "maxFeePerGas": "0x77359400", "nonce": "0x5" })), true, -38011),
        (call(json!({ "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x77359401" })), true, -32602),
        (json!([moved(one, one)]), false, -38022),
        (json!([both]), false, -38023),
        (json!([moved(ALICE, BOB)]), false, -32000),
        (twice, false, -38026),
    ];
    for (blocks, validation, code) in cases {
        let payload = json!([{ "blockStateCalls": blocks, "validation": validation }, "latest"]);
        let refusal = node.call("eth_simulateV1", payload.clone()).await.unwrap_err();
        assert_eq!(refusal.code, code, "{payload}: {refusal:?}");
    }
    // The same without validation: nonces and fees are not looked at.
    let relaxed = call(json!({ "nonce": "0x5" }));
    assert_eq!(simulate(&node, relaxed).await.unwrap()[0]["calls"][0]["status"], "0x1");
    node.end().await;
}

#[tokio::test]
async fn validated_blocks_follow_the_rules_of_fees_and_can_be_told_in_full() {
    let node = node().await;
    let call = json!({ "from": ALICE, "to": BOB, "value": "0x1", "maxFeePerGas": "0x77359400" });
    let blocks =
        json!([{ "stateOverrides": { ALICE: { "balance": "0xde0b6b3a7640000" } }, "calls": [call] }, {}]);
    let payload = json!({ "blockStateCalls": blocks, "validation": true, "returnFullTransactions": true });
    let answer = node.get("eth_simulateV1", json!([payload])).await;
    let next = node.get("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(answer[0]["baseFeePerGas"], next["baseFeePerGas"]);
    assert!(number(&answer[1]["baseFeePerGas"]) < number(&answer[0]["baseFeePerGas"]));
    let transaction = &answer[0]["transactions"][0];
    assert_eq!((&transaction["from"], &transaction["type"]), (&json!(ALICE), &json!("0x2")));
    assert_eq!((&transaction["blockHash"], &transaction["r"]), (&answer[0]["hash"], &json!("0x0")));
    node.end().await;
}

#[tokio::test]
async fn precompiles_move_and_make_way_for_code() {
    let node = node().await;
    let identity = "0x0000000000000000000000000000000000000004";
    let call = async |to: &str, overrides: Value| {
        node.get("eth_call", json!([{ "to": to, "data": "0xabcd" }, "latest", overrides])).await
    };
    assert_eq!(call(identity, json!({})).await, "0xabcd");
    let moved = json!({ identity: { "movePrecompileToAddress": ALICE } });
    assert_eq!(call(ALICE, moved.clone()).await, "0xabcd");
    assert_eq!(call(identity, moved).await, "0x");
    // PUSH1 7, MSTORE, RETURN a word.
    let seven = "0x60075f5260205ff3";
    let replaced = json!({ identity: { "movePrecompileToAddress": ALICE, "code": seven } });
    assert_eq!(call(identity, replaced.clone()).await, format!("0x{:064x}", 7));
    assert_eq!(call(ALICE, replaced).await, "0xabcd");
    assert_eq!(call(identity, json!({ identity: { "code": seven } })).await, format!("0x{:064x}", 7));
    node.end().await;
}

#[tokio::test]
async fn the_gas_of_a_call_is_bounded_whatever_the_block_pretends() {
    let node = node_with(Mining::Instant, |config| config.limits.max_call_gas = 1_000_000).await;
    let endless = json!([
        { "to": ALICE, "gas": "0xffffffffffffffff" }, "latest",
        { ALICE: { "code": "0x5b5f56" } }, { "gasLimit": "0xffffffffffffffff" },
    ]);
    let refusal = node.call("eth_call", endless).await.unwrap_err();
    assert_eq!((refusal.code, refusal.message.as_str()), (-32000, "out of gas"));
    node.end().await;
}
