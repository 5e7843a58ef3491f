//! Batches: answers in order, members side by side, one block for all.

use super::*;

#[tokio::test]
async fn transactions_of_a_batch_share_a_block() {
    let node = node().await;
    let batch: Vec<Value> = (0..500)
        .map(|offset| {
            request(offset, "eth_sendRawTransaction", &json!([node.transfer(0, FIRST_NONCE + offset)]))
        })
        .collect();
    let answers = node.body(json!(batch).to_string()).await;
    let hashes: Vec<Value> =
        answers.as_array().unwrap().iter().map(|answer| outcome(answer).unwrap()).collect();
    assert_eq!(hashes.len(), 500);
    for hash in hashes {
        let receipt = node.get("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!((&receipt["status"], &receipt["blockNumber"]), (&json!("0x1"), &json!("0x1")));
    }
    let nonce = node.number("eth_getTransactionCount", json!([node.address(0), "latest"])).await;
    assert_eq!(nonce, FIRST_NONCE + 500);
    node.end().await;
}

#[tokio::test]
async fn a_bad_transaction_in_a_batch_does_not_harm_the_others() {
    let node = node().await;
    let raw =
        [node.transfer(0, FIRST_NONCE), "0xzz".into(), "0x03c0".into(), node.transfer(0, FIRST_NONCE + 1)];
    let batch: Vec<Value> =
        (0..).zip(&raw).map(|(id, raw)| request(id, "eth_sendRawTransaction", &json!([raw]))).collect();
    let answers = node.body(json!(batch).to_string()).await;
    let codes: Vec<Option<i64>> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| outcome(answer).err().map(|refusal| refusal.code))
        .collect();
    assert_eq!(codes, [None, Some(-32602), Some(-32000), None]);
    assert_eq!(node.number("eth_getBlockTransactionCountByNumber", json!(["latest"])).await, 2);
    node.end().await;
}

#[tokio::test]
async fn answers_keep_the_order_of_the_requests_and_errors_stay_with_theirs() {
    let node = node().await;
    let batch = json!([
        request(10, "evm_mine", &json!([])),
        request(11, "eth_chainId", &json!([])),
        { "jsonrpc": "2.0", "method": "eth_chainId" },
        7,
        request(12, "eth_nothing", &json!([])),
        request(13, "eth_getProof", &json!([node.address(0), [], "latest"])),
    ]);
    let answers = node.body(batch.to_string()).await;
    let ids: Vec<&Value> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(10), &json!(11), &Value::Null, &json!(12), &json!(13)]);
    let codes: Vec<Option<i64>> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| outcome(answer).err().map(|refusal| refusal.code))
        .collect();
    assert_eq!(codes, [None, None, Some(-32600), Some(-32601), None]);
    node.end().await;
}

#[tokio::test]
async fn transactions_without_a_nonce_in_one_batch_each_get_their_own() {
    let node = node().await;
    let send = json!([{ "from": node.address(1), "to": node.address(2), "value": "0x1", "gas": "0x5208" }]);
    let batch: Vec<Value> = (0..20).map(|id| request(id, "eth_sendTransaction", &send)).collect();
    let answers = node.body(json!(batch).to_string()).await;
    for (nonce, answer) in answers.as_array().unwrap().iter().enumerate() {
        let hash = outcome(answer).unwrap();
        let transaction = node.get("eth_getTransactionByHash", json!([hash])).await;
        assert_eq!(number(&transaction["nonce"]), u64::try_from(nonce).unwrap());
        assert!(transaction["blockNumber"].is_string());
    }
    node.end().await;
}
