//! What happens on the chain of the `rpc` target before the first input: contracts with logs, a strategy with a deposit,
//! an operator with a staker, an operator set, failed transactions and some that wait. Told through the server itself.

use alloy_primitives::{Address, Bytes, U256, address, hex};
use alloy_sol_types::SolCall;
use rpc::Offline;
use serde_json::{Value, json};
use types::{
    abi::{
        IAllocationManager::{CreateSetParams, createOperatorSets_0Call, updateAVSMetadataURICall},
        IDelegationManager::{SignatureWithExpiry, delegateToCall, registerAsOperatorCall},
        IStrategyManager::depositIntoStrategyCall,
        ITestToken::{approveCall, mintCall},
        IWETH::depositCall,
    },
    addresses::{
        ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH,
    },
};

const STAKER: Address = address!("0x00000000000000000000000000000000000000c8");
const OPERATOR: Address = address!("0x00000000000000000000000000000000000000c9");
const SERVICE: Address = address!("0x00000000000000000000000000000000000000ca");

/// Makes a contract that stores the block's number, logs the first word of its calldata as a topic, and calls the address
/// in it.
const NOISY_INIT: [u8; 26] = hex!("71435f555f355f5fa15f5f5f5f5f5f355af1005f526012600ef3");

/// Reverts with one word.
const REVERTER_INIT: [u8; 16] = hex!("67602a5f5260205ffd5f5260086018f3");

/// Tells the story; what a request may name of it.
pub(super) async fn tell(server: &Offline) -> Vec<String> {
    let teller = Teller { server };
    teller.ask("anvil_autoImpersonateAccount", json!([true])).await;
    for person in [STAKER, OPERATOR, SERVICE] {
        teller.ask("anvil_setBalance", json!([person, "0xd3c21bcecceda1000000"])).await;
    }
    let noisy = teller.send(STAKER, None, &NOISY_INIT).await;
    let reverter = teller.send(STAKER, None, &REVERTER_INIT).await;
    let [noisy, reverter] = [noisy, reverter].map(|receipt| text(&receipt["contractAddress"]));
    let mut known = vec![noisy.clone(), reverter.clone()];
    let amount = U256::from(1_000_000);
    let approval = SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO };
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 1,
        metadataURI: "https://operator.test".into(),
    };
    let delegate = delegateToCall {
        operator: OPERATOR,
        approverSignatureAndExpiry: approval,
        approverSalt: Default::default(),
    };
    let deposit = depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount };
    let metadata = updateAVSMetadataURICall { avs: SERVICE, metadataURI: "https://service.test".into() };
    let set = CreateSetParams { operatorSetId: 1, strategies: vec![TEST_TOKEN_STRATEGY] };
    let create = createOperatorSets_0Call { avs: SERVICE, params: vec![set] };
    let steps: [(Address, Address, Vec<u8>); 8] = [
        (STAKER, TEST_TOKEN, mintCall { to: STAKER, value: amount }.abi_encode()),
        (STAKER, TEST_TOKEN, approveCall { spender: STRATEGY_MANAGER, value: amount }.abi_encode()),
        (STAKER, STRATEGY_MANAGER, deposit.abi_encode()),
        (OPERATOR, DELEGATION_MANAGER, register.abi_encode()),
        (STAKER, DELEGATION_MANAGER, delegate.abi_encode()),
        (SERVICE, ALLOCATION_MANAGER, metadata.abi_encode()),
        (SERVICE, ALLOCATION_MANAGER, create.abi_encode()),
        (STAKER, noisy.parse().expect("an address"), TEST_TOKEN.into_word().to_vec()),
    ];
    for (from, to, input) in &steps {
        let receipt = teller.send(*from, Some(*to), input).await;
        assert_eq!(receipt["status"], "0x1", "a step of the story failed: {to} {receipt}");
        known.push(text(&receipt["transactionHash"]));
        known.push(text(&receipt["blockHash"]));
        known.push(Bytes::copy_from_slice(input).to_string());
        known.extend(topics(&receipt));
    }
    let failed = json!({ "from": STAKER, "to": reverter, "gas": "0x30000" });
    known.push(text(&teller.ask("eth_sendTransaction", json!([failed])).await));
    // What waits for an earlier nonce.
    let waiting = json!({ "from": OPERATOR, "to": WETH, "gas": "0x30000", "nonce": "0x40", "value": "0x1" });
    known.push(text(&teller.ask("eth_sendTransaction", json!([waiting])).await));
    let natives = [STRATEGY_MANAGER, DELEGATION_MANAGER, ALLOCATION_MANAGER, WETH, TEST_TOKEN];
    let people = [STAKER, OPERATOR, SERVICE, TEST_TOKEN_STRATEGY];
    known.extend(natives.into_iter().chain(people).map(|address| address.to_string()));
    known.push(Bytes::from(depositCall {}.abi_encode()).to_string());
    known.sort();
    known.dedup();
    known
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn topics(receipt: &Value) -> Vec<String> {
    let logs = receipt["logs"].as_array().expect("a receipt has logs");
    logs.iter().flat_map(|log| log["topics"].as_array().expect("a log has topics")).map(text).collect()
}

struct Teller<'a> {
    server: &'a Offline,
}

impl Teller<'_> {
    async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.server.answer(body.to_string().as_bytes()).await;
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        assert!(answer.get("error").is_none(), "{method} {params}: {answer}");
        answer["result"].clone()
    }

    /// Sends, and returns the receipt.
    async fn send(&self, from: Address, to: Option<Address>, input: &[u8]) -> Value {
        let input = Bytes::copy_from_slice(input);
        let mut transaction = json!({ "from": from, "input": input, "gas": "0x1000000" });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        self.ask("eth_getTransactionReceipt", json!([hash])).await
    }
}
