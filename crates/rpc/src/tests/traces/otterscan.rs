//! `ots_`: what the Otterscan explorer asks, with `trace_block` as the oracle of who took part in what.

use super::*;
use std::collections::BTreeSet;

fn hashes(page: &Value) -> Vec<String> {
    let hash = |it: &Value| text(&it["hash"]);
    let receipts = page["receipts"].as_array().unwrap();
    let txs: Vec<String> = page["txs"].as_array().unwrap().iter().map(hash).collect();
    let told: Vec<String> = receipts.iter().map(|it| text(&it["transactionHash"])).collect();
    assert_eq!(txs, told);
    assert!(receipts.iter().all(|it| it["timestamp"].is_string()));
    txs
}

#[tokio::test]
async fn searching_by_address_finds_every_transaction_it_took_part_in() {
    let story = Story::begin().await;
    let node = &story.node;
    story.tell().await;
    node.get("anvil_mine", json!([3_000])).await;
    story.tell().await;
    let people = [
        node.address(0),
        story.cube,
        story.reverter,
        story.forwarder,
        Address::with_last_byte(0xa1),
        TEST_TOKEN,
        STRATEGY_MANAGER,
        Address::with_last_byte(0xdd),
    ];
    for address in people {
        let expected = oracle(&story, address).await;
        let (mut down, mut from) = (Vec::new(), 0);
        loop {
            let page = node.get("ots_searchTransactionsBefore", json!([address, from, 3])).await;
            assert_eq!(page["firstPage"], json!(from == 0), "{address}");
            down.extend(hashes(&page));
            if page["lastPage"] == json!(true) {
                break;
            }
            from = number(&page["txs"].as_array().unwrap().last().unwrap()["blockNumber"]);
        }
        assert_eq!(down, expected, "{address}");
        let (mut up, mut from) = (Vec::new(), 0);
        loop {
            let page = node.get("ots_searchTransactionsAfter", json!([address, from, 3])).await;
            assert_eq!(page["lastPage"], json!(from == 0));
            let mut found = hashes(&page);
            found.append(&mut up);
            up = found;
            if page["firstPage"] == json!(true) {
                break;
            }
            from = number(&page["txs"][0]["blockNumber"]);
        }
        assert_eq!(up, expected, "{address}");
    }
    let refused = node.call("ots_searchTransactionsBefore", json!([story.cube, 0, 0])).await.unwrap_err();
    assert_eq!(refused.code, -32602);
    story.node.end().await;
}

/// Hashes of all transactions in which an address took part, newest first. Calls between contracts that were taken back
/// changed nothing, and so are in no index: they do not count.
async fn oracle(story: &Story, address: Address) -> Vec<String> {
    let node = &story.node;
    let traces = node.get("trace_filter", json!([{}])).await;
    let name = format!("{address:#x}");
    let mut seen = BTreeSet::new();
    let failed: Vec<Value> = (traces.as_array().unwrap().iter())
        .filter(|trace| trace["traceAddress"] == json!([]) && trace.get("error").is_some())
        .map(|trace| trace["transactionHash"].clone())
        .collect();
    for trace in traces.as_array().unwrap() {
        let is_within = trace["traceAddress"] != json!([]);
        if is_within && failed.contains(&trace["transactionHash"]) {
            continue;
        }
        let action = &trace["action"];
        let places = [
            &action["from"],
            &action["to"],
            &trace["result"]["address"],
            &action["address"],
            &action["refundAddress"],
        ];
        if places.iter().any(|place| place.as_str() == Some(&name)) {
            let place =
                (trace["blockNumber"].as_u64().unwrap(), trace["transactionPosition"].as_u64().unwrap());
            seen.insert((place, text(&trace["transactionHash"])));
        }
    }
    seen.into_iter().rev().map(|(_, hash)| hash).collect()
}

#[tokio::test]
async fn contracts_know_their_creator_and_nonces_their_transaction() {
    let story = Story::begin().await;
    let node = &story.node;
    let sent = node.send_to(1, story.factory, 0, Bytes::new()).await;
    node.get("anvil_mine", json!([500])).await;
    let child = story.factory.create(1);
    let creator = node.get("ots_getContractCreator", json!([child])).await;
    assert_eq!(creator, json!({ "hash": sent, "creator": story.factory }));
    let creator = node.get("ots_getContractCreator", json!([story.cube])).await;
    assert_eq!(creator["creator"], json!(node.address(0)));
    for nobody in [STRATEGY_MANAGER, node.address(0), Address::with_last_byte(0xdd)] {
        assert_eq!(node.get("ots_getContractCreator", json!([nobody])).await, Value::Null);
    }
    let by_nonce = async |nonce: u64| {
        node.get("ots_getTransactionBySenderAndNonce", json!([node.address(0), nonce])).await
    };
    let mut nonce = FIRST_NONCE;
    while let Value::String(hash) = by_nonce(nonce).await {
        let transaction = node.get("eth_getTransactionByHash", json!([hash])).await;
        assert_eq!((number(&transaction["nonce"]), &transaction["from"]), (nonce, &json!(node.address(0))));
        nonce += 1;
    }
    assert_eq!(nonce, node.number("eth_getTransactionCount", json!([node.address(0)])).await);
    assert_eq!(by_nonce(FIRST_NONCE - 1).await, Value::Null);
    for (address, block, has) in
        [(story.cube, "latest", true), (story.cube, "0x0", false), (node.address(0), "latest", false)]
    {
        assert_eq!(node.get("ots_hasCode", json!([address, block])).await, json!(has));
    }
    story.node.end().await;
}

#[tokio::test]
async fn what_happened_within_a_transaction_is_told() {
    let story = Story::begin().await;
    let node = &story.node;
    let to: Bytes = Address::with_last_byte(0xa5).into_word().to_vec().into();
    let sent = node.send_to(0, story.forwarder, 7, to).await;
    let operations = node.get("ots_getInternalOperations", json!([sent])).await;
    let expected =
        json!([{ "type": 0, "from": story.forwarder, "to": Address::with_last_byte(0xa5), "value": "0x7" }]);
    assert_eq!(operations, expected);
    let made = node.send_to(0, story.factory, 0, Bytes::new()).await;
    let operations = node.get("ots_getInternalOperations", json!([made])).await;
    let expected =
        json!([{ "type": 2, "from": story.factory, "to": story.factory.create(1), "value": "0x0" }]);
    assert_eq!(operations, expected);
    let trace = node.get("ots_traceTransaction", json!([made])).await;
    assert_eq!((&trace[0]["type"], &trace[0]["depth"]), (&json!("CALL"), &json!(0)));
    assert_eq!(
        (&trace[1]["type"], &trace[1]["depth"], &trace[1]["input"]),
        (&json!("CREATE"), &json!(1), &json!("0x60015ff3"))
    );
    let deposit = node.deposit(0, 9).await;
    let trace = node.get("ots_traceTransaction", json!([deposit])).await;
    let kinds: Vec<&str> = trace.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["CALL", "CALL", "CALL", "STATICCALL", "CALL", "CALL"]);
    assert_eq!(trace[3]["value"], Value::Null);
    assert_eq!(node.get("ots_getTransactionError", json!([deposit])).await, "0x");
    let failed = node.send_to(0, story.reverter, 0, Bytes::new()).await;
    assert_eq!(node.get("ots_getTransactionError", json!([failed])).await, json!(word(0x2a)));
    let unknown = node.call("ots_traceTransaction", json!([word(1)])).await.unwrap_err();
    assert_eq!((unknown.code, unknown.message.as_str()), (-32000, "transaction not found"));
    story.node.end().await;
}

#[tokio::test]
async fn blocks_are_told_in_pages_with_their_fees() {
    let node = node_with(Mining::Manual, |_| {}).await;
    for nonce in 0..5 {
        node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + nonce)])).await;
    }
    node.get("evm_mine", json!([])).await;
    assert_eq!(node.get("ots_getApiLevel", json!([])).await, 8);
    let details = node.get("ots_getBlockDetails", json!([1])).await;
    let block = node.get("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(details["block"]["hash"], block["hash"]);
    assert_eq!(details["block"]["transactionCount"], 5);
    assert!(details["block"].get("transactions").is_none());
    assert_eq!(details["issuance"], json!({ "blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0" }));
    let mut fees = 0;
    for hash in block["transactions"].as_array().unwrap() {
        let receipt = node.receipt(hash.as_str().unwrap()).await;
        fees += number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]);
    }
    assert_eq!(number(&details["totalFees"]), fees);
    assert_eq!(node.get("ots_getBlockDetailsByHash", json!([block["hash"]])).await, details);
    assert_eq!(node.get("ots_getBlockDetails", json!([99])).await, Value::Null);
    let mut listed = Vec::new();
    for page in (0..3).rev() {
        let page = node.get("ots_getBlockTransactions", json!([1, page, 2])).await;
        assert_eq!(page["fullblock"]["transactionCount"], 5);
        for receipt in page["receipts"].as_array().unwrap() {
            assert_eq!((&receipt["logs"], &receipt["logsBloom"]), (&Value::Null, &Value::Null));
        }
        listed.extend(
            page["fullblock"]["transactions"].as_array().unwrap().iter().map(|it| it["hash"].clone()),
        );
    }
    assert_eq!(json!(listed), block["transactions"]);
    let header = node.get("erigon_getHeaderByNumber", json!([1])).await;
    assert_eq!(header["hash"], block["hash"]);
    node.end().await;
}
