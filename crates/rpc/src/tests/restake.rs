//! `restake_` over a real server: positions, books, slashes with their losses, previews that come true, subscriptions,
//! and what bad input is told.

#![allow(clippy::arithmetic_side_effects, reason = "a test: its numbers are small")]

use super::{sockets::Client, *};
use alloy_primitives::{B256, address, bytes};
use alloy_sol_types::SolCall;
use types::{
    abi::{IAllocationManager as Am, IDelegationManager as Dm, IERC20, IStrategyManager as Sm, ITestToken},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
    units::WAD,
};

const REGISTRAR: Address = address!("0x0000000000000000000000000000000000000b05");
pub(super) const SERVICE: usize = 0;
pub(super) const OPERATOR: usize = 1;
pub(super) const STAKER: usize = 2;

/// A node on which a staker with 1,000 tokens delegates to an operator that allocated 60 % to set 1 of a service.
pub(super) struct Scene {
    pub(super) node: Node,
    nonces: [u64; 3],
}

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

impl Scene {
    pub(super) async fn new() -> Self {
        let mut scene = Self { node: node().await, nonces: [FIRST_NONCE, 0, 0] };
        scene.node.get("anvil_setCode", json!([REGISTRAR, bytes!("60015f5260205ff3")])).await;
        let (avs, staker) = (scene.who(SERVICE), scene.who(STAKER));
        scene.send(STAKER, TEST_TOKEN, &ITestToken::mintCall { to: staker, value: ether(2_000) }).await;
        scene
            .send(STAKER, TEST_TOKEN, &IERC20::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX })
            .await;
        let register = Dm::registerAsOperatorCall {
            initDelegationApprover: Address::ZERO,
            allocationDelay: 0,
            metadataURI: "ipfs://operator".into(),
        };
        scene.send(OPERATOR, DELEGATION_MANAGER, &register).await;
        scene.deposit(ether(1_000)).await;
        let delegate = Dm::delegateToCall {
            operator: scene.who(OPERATOR),
            approverSignatureAndExpiry: Dm::SignatureWithExpiry {
                signature: Bytes::new(),
                expiry: U256::ZERO,
            },
            approverSalt: B256::ZERO,
        };
        scene.send(STAKER, DELEGATION_MANAGER, &delegate).await;
        let about = Am::updateAVSMetadataURICall { avs, metadataURI: "ipfs://service".into() };
        scene.send(SERVICE, ALLOCATION_MANAGER, &about).await;
        scene.send(SERVICE, ALLOCATION_MANAGER, &Am::setAVSRegistrarCall { avs, registrar: REGISTRAR }).await;
        let set =
            Am::CreateSetParamsV2 { operatorSetId: 1, strategies: vec![TEST_TOKEN_STRATEGY], slasher: avs };
        scene
            .send(SERVICE, ALLOCATION_MANAGER, &Am::createOperatorSets_1Call { avs, params: vec![set] })
            .await;
        let operator = scene.who(OPERATOR);
        let params = Am::RegisterParams { avs, operatorSetIds: vec![1], data: Bytes::new() };
        scene.send(OPERATOR, ALLOCATION_MANAGER, &Am::registerForOperatorSetsCall { operator, params }).await;
        let params = vec![Am::AllocateParams {
            operatorSet: Am::OperatorSet { avs, id: 1 },
            strategies: vec![TEST_TOKEN_STRATEGY],
            newMagnitudes: vec![WAD / 10 * 6],
        }];
        scene.send(OPERATOR, ALLOCATION_MANAGER, &Am::modifyAllocationsCall { operator, params }).await;
        scene.node.get("anvil_mine", json!(["0x20"])).await;
        scene
    }

    pub(super) fn who(&self, person: usize) -> Address {
        self.node.address(person)
    }

    pub(super) async fn send(&mut self, person: usize, to: Address, call: &impl SolCall) -> Value {
        let input = call.abi_encode().into();
        let raw =
            self.node.signed_with_gas(person, self.nonces[person], TxKind::Call(to), 0, input, 2_000_000);
        self.nonces[person] += 1;
        let hash = self.node.get("eth_sendRawTransaction", json!([raw])).await;
        let receipt = self.node.get("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        hash
    }

    async fn deposit(&mut self, amount: U256) {
        let call = Sm::depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount };
        self.send(STAKER, STRATEGY_MANAGER, &call).await;
    }

    /// Slashes a sixth of what is allocated: a tenth of everything.
    pub(super) fn slash(&self) -> Am::slashOperatorCall {
        let params = Am::SlashingParams {
            operator: self.who(OPERATOR),
            operatorSetId: 1,
            strategies: vec![TEST_TOKEN_STRATEGY],
            wadsToSlash: vec![U256::from(WAD / 6)],
            description: "signed twice".into(),
        };
        Am::slashOperatorCall { avs: self.who(SERVICE), params }
    }

    fn set(&self) -> Value {
        json!({ "avs": self.who(SERVICE), "id": 1 })
    }
}

fn sum(value: &Value) -> U256 {
    value.as_str().unwrap().parse().unwrap()
}

fn same_address(value: &Value, expected: Address) {
    assert_eq!(value.as_str().unwrap().parse::<Address>().unwrap(), expected);
}

#[tokio::test]
async fn a_position_and_a_book_tell_all_at_one_block() {
    let mut scene = Scene::new().await;
    let (staker, operator, avs) = (scene.who(STAKER), scene.who(OPERATOR), scene.who(SERVICE));
    let params = Dm::QueuedWithdrawalParams {
        strategies: vec![TEST_TOKEN_STRATEGY],
        depositShares: vec![ether(100)],
        __deprecated_withdrawer: staker,
    };
    scene.send(STAKER, DELEGATION_MANAGER, &Dm::queueWithdrawalsCall { params: vec![params] }).await;
    let head = scene.node.number("eth_blockNumber", json!([])).await;

    let position = scene.node.get("restake_position", json!([staker])).await;
    assert_eq!(position["block"]["number"], head);
    same_address(&position["operator"], operator);
    let holding = &position["holdings"][0];
    assert_eq!((sum(&holding["withdrawableShares"]), &holding["decimals"]), (ether(900), &json!(18)));
    assert_eq!(sum(&holding["withdrawableTokens"]), ether(900));
    assert_eq!(position["queued"][0]["startBlock"], head);
    let risk = &position["risks"][0];
    assert_eq!(position["policy"]["exists"], false);
    assert_eq!(sum(&risk["currentMagnitude"]), U256::from(WAD / 10 * 6));
    assert_eq!((sum(&risk["atRiskShares"]), risk["isSlashable"].as_bool()), (ether(540), Some(true)));

    let withdrawals = scene.node.get("restake_withdrawals", json!([staker])).await;
    let waiting = &withdrawals["items"][0];
    assert_eq!((waiting["status"].as_str(), waiting["startBlock"].as_u64()), (Some("queued"), Some(head)));
    assert_eq!(
        (sum(&waiting["scaledShares"][0]), sum(&waiting["withdrawableShares"][0])),
        (ether(100), ether(100))
    );

    let book = scene.node.get("restake_operator", json!([operator])).await;
    assert_eq!(book["metadataUri"], "ipfs://operator");
    assert_eq!(book["covenant"]["exists"], false);
    assert_eq!(book["delegators"]["items"].as_array().unwrap().len(), 2, "itself and the staker");
    assert_eq!(sum(&book["exposures"][0]["operatorShares"]), ether(900));
    assert_eq!(book["withdrawals"].as_array().unwrap().len(), 1);
    let operators = scene.node.get("restake_operators", json!([{ "operatorSet": scene.set() }])).await;
    same_address(&operators["items"][0]["operator"], operator);
    assert_eq!(operators["next"], Value::Null);

    let service = scene.node.get("restake_service", json!([avs])).await;
    assert_eq!(
        (service["metadataUri"].as_str(), service["isService"].as_bool()),
        (Some("ipfs://service"), Some(true))
    );
    assert_eq!(service["operatorSets"]["items"][0]["memberCount"], 1);
    let services = scene.node.get("restake_services", json!([])).await;
    assert_eq!(services["items"].as_array().unwrap().len(), 1);
    let set = scene.node.get("restake_operatorSet", json!([scene.set()])).await;
    assert_eq!(sum(&set["slashableStake"][0][0]), ether(540));
    let allocations = scene.node.get("restake_allocations", json!([operator])).await;
    assert_eq!(allocations["items"][0]["isSlashable"], true);
    let strategies = scene.node.get("restake_strategies", json!([])).await;
    let known: Vec<&str> =
        strategies["items"].as_array().unwrap().iter().map(|it| it["symbol"].as_str().unwrap()).collect();
    assert_eq!(known.len(), 3, "of the genesis: {known:?}");

    // The same over REST, in snake case.
    let rest = scene.node.rest(&format!("/api/v1/stakers/{staker}")).await;
    assert_eq!(rest, crate::restake::ask::snake_case(position));
    let root = waiting["root"].as_str().unwrap();
    let rest = scene.node.rest(&format!("/api/v1/withdrawals/{root}")).await;
    assert_eq!(rest["status"], "queued");
    scene.node.end().await;
}

#[tokio::test]
async fn a_preview_is_what_then_happens() {
    let mut scene = Scene::new().await;
    let (staker, operator) = (scene.who(STAKER), scene.who(OPERATOR));
    let asked = json!([{
        "operator": operator,
        "operatorSet": scene.set(),
        "strategies": [TEST_TOKEN_STRATEGY],
        "wadsToSlash": [(WAD / 6).to_string()],
    }]);
    let preview = scene.node.get("restake_previewSlash", asked).await;
    let slash = scene.slash();
    let transaction = json!({ "from": scene.who(SERVICE), "to": ALLOCATION_MANAGER, "data": Bytes::from(slash.abi_encode()) });
    let simulated = scene.node.get("restake_simulate", json!([transaction])).await;
    assert_eq!(
        (simulated["succeeds"].as_bool(), &simulated["slashes"][0]["items"]),
        (Some(true), &preview["items"])
    );

    let hash = scene.send(SERVICE, ALLOCATION_MANAGER, &slash).await;
    let losses = scene.node.get("restake_losses", json!([scene.set(), 1])).await;
    assert_eq!(losses["transactionHash"], hash);
    assert_eq!(losses["strategies"], preview["strategies"]);
    assert_eq!(losses["items"][0]["strategies"], preview["items"][0]["strategies"]);
    assert_eq!(losses["items"].as_array().unwrap().len(), 1, "the operator itself holds nothing");
    let lost = sum(&losses["items"][0]["strategies"][0]["sharesLost"]);
    let position = scene.node.get("restake_position", json!([staker])).await;
    assert_eq!(sum(&position["holdings"][0]["withdrawableShares"]), ether(1_000) - lost);
    let words = preview["items"][0]["words"].as_str().unwrap();
    assert!(words.contains("would lose 99.9999") || words.contains("would lose 100"), "{words}");
    assert!(losses["items"][0]["words"].as_str().unwrap().contains(" lost "), "{losses}");

    let slashes =
        scene.node.get("restake_slashes", json!([{ "operatorSet": scene.set(), "limit": 1 }])).await;
    assert_eq!(
        (slashes["items"][0]["slashId"].as_u64(), slashes["items"][0]["transactionHash"].clone()),
        (Some(1), hash)
    );
    assert_eq!(slashes["items"][0]["description"], "signed twice");
    let none = scene.node.get("restake_slashes", json!([{ "operator": staker }])).await;
    assert_eq!(none["items"], json!([]));
    scene.node.end().await;
}

#[tokio::test]
async fn subscribers_are_told_what_they_asked_for_and_nothing_else() {
    let mut scene = Scene::new().await;
    let mut client = Client::connect(&scene.node, "/", None).await;
    let wanted = json!(["slash", { "operatorSet": scene.set() }]);
    let slashes = client.call("restake_subscribe", wanted).await.unwrap();
    let other = json!(["slash", { "operator": scene.who(STAKER) }]);
    client.call("restake_subscribe", other).await.unwrap();
    let withdrawals = client.call("restake_subscribe", json!(["withdrawal"])).await.unwrap();
    let slash = scene.slash();
    scene.send(SERVICE, ALLOCATION_MANAGER, &slash).await;
    scene.send(STAKER, DELEGATION_MANAGER, &Dm::undelegateCall { staker: scene.who(STAKER) }).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let message = client.next().await;
        assert_eq!(message["method"], "restake_subscription");
        told.push((message["params"]["subscription"].clone(), message["params"]["result"].clone()));
    }
    told.sort_by_key(|(_, event)| event["blockNumber"].as_u64());
    assert_eq!((&told[0].0, told[0].1["slashId"].as_u64()), (&slashes, Some(1)));
    assert_eq!((&told[1].0, told[1].1["status"].as_str()), (&withdrawals, Some("queued")));
    assert_eq!(client.call("restake_unsubscribe", json!([slashes])).await, Ok(json!(true)));
    let refused = [("rewardsRoot", "this build has no rewards"), ("x", "no \"x\" subscription")];
    for (kind, part) in refused {
        let refusal = client.call("restake_subscribe", json!([kind])).await.unwrap_err();
        assert!(refusal.code == -32602 && refusal.message.contains(part), "{refusal:?}");
    }
    scene.node.end().await;
}

#[tokio::test]
async fn what_a_slash_took_is_pending_until_it_is_cleared() {
    let mut scene = Scene::new().await;
    let mut client = Client::connect(&scene.node, "/", None).await;
    let wanted = json!(["pendingSlash", { "operatorSet": scene.set(), "strategy": TEST_TOKEN_STRATEGY }]);
    client.call("restake_subscribe", wanted).await.unwrap();
    let other = json!(["pendingSlash", { "operator": scene.who(STAKER) }]);
    client.call("restake_subscribe", other).await.unwrap();
    let slash = scene.slash();
    scene.send(SERVICE, ALLOCATION_MANAGER, &slash).await;
    let taken = client.next().await["params"]["result"].clone();
    assert_eq!((taken["status"].as_str(), taken["slashId"].as_u64()), (Some("pending"), Some(1)));
    same_address(&taken["operator"], scene.who(OPERATOR));
    // `fast` has no resolution delay: whatever was slashed in a block can be cleared in the next.
    let next = taken["blockNumber"].as_u64().unwrap() + 1;
    assert_eq!(taken["clearableBlock"].as_u64(), Some(next));
    let set = Sm::OperatorSet { avs: scene.who(SERVICE), id: 1 };
    let clear = Sm::clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: U256::from(1) };
    scene.send(STAKER, STRATEGY_MANAGER, &clear).await;
    let cleared = client.next().await["params"]["result"].clone();
    assert_eq!((cleared["status"].as_str(), cleared["blockNumber"].as_u64()), (Some("cleared"), Some(next)));
    assert_eq!(cleared["shares"], taken["shares"]);
    scene.node.end().await;
}

#[tokio::test]
async fn roots_of_withdrawals_are_told_as_they_come_and_go() {
    let mut scene = Scene::new().await;
    let mut client = Client::connect(&scene.node, "/", None).await;
    client.call("restake_subscribe", json!(["root"])).await.unwrap();
    let staker = scene.who(STAKER);
    scene.send(STAKER, DELEGATION_MANAGER, &Dm::undelegateCall { staker }).await;
    let queued = client.next().await["params"]["result"].clone();
    assert_eq!((queued["of"].as_str(), queued["status"].as_str()), (Some("withdrawal"), Some("queued")));
    same_address(&queued["staker"], staker);
    scene.node.get("anvil_mine", json!(["0x20"])).await;
    let waiting = Dm::getQueuedWithdrawalsCall { staker }.abi_encode();
    let call = json!([{ "to": DELEGATION_MANAGER, "data": Bytes::from(waiting) }, "latest"]);
    let waiting: Bytes = serde_json::from_value(scene.node.get("eth_call", call).await).unwrap();
    let withdrawal =
        Dm::getQueuedWithdrawalsCall::abi_decode_returns(&waiting).unwrap().withdrawals.remove(0);
    let complete =
        Dm::completeQueuedWithdrawalCall { withdrawal, tokens: vec![TEST_TOKEN], receiveAsTokens: true };
    scene.send(STAKER, DELEGATION_MANAGER, &complete).await;
    let completed = client.next().await["params"]["result"].clone();
    assert_eq!((&completed["root"], completed["status"].as_str()), (&queued["root"], Some("completed")));
    scene.node.end().await;
}

#[tokio::test]
async fn bad_input_is_told_what_is_wrong_with_it() {
    let scene = Scene::new().await;
    let (set, operator) = (scene.set(), scene.who(OPERATOR));
    let unknown = json!({ "avs": scene.who(STAKER), "id": 9 });
    let foreign = Address::repeat_byte(0x77);
    let page = scene.node.get("restake_delegators", json!([operator, { "limit": 1 }])).await;
    let cursor = page["next"].clone();
    let slash = |set: &Value, wads: Value| json!([{ "operator": operator, "operatorSet": set, "strategies": [TEST_TOKEN_STRATEGY], "wadsToSlash": wads }]);
    let cases = [
        ("restake_position", json!([]), "missing value for required argument 0 (staker)"),
        ("restake_position", json!(["0x12"]), "invalid argument 0 (staker)"),
        ("restake_operatorSet", json!([unknown]), "there is no operator set"),
        ("restake_operatorSet", json!([set, 1]), "the future block is 1"),
        ("restake_operatorSet", json!(["nonsense"]), "an operator set"),
        ("restake_losses", json!([unknown, 1]), "there is no operator set"),
        ("restake_losses", json!([set, 5]), "has no slash 5"),
        ("restake_slashes", json!([{ "limit": 1_001 }]), "a page has 1 to 1000 items"),
        ("restake_slashes", json!([{ "limit": 0 }]), "a page has 1 to 1000 items"),
        ("restake_slashes", json!([{ "oprator": operator }]), "unknown field"),
        ("restake_slashes", json!([{ "cursor": cursor }]), "the cursor is not of this list"),
        ("restake_delegators", json!([foreign, { "cursor": cursor }]), "the cursor is not of this list"),
        ("restake_operators", json!([{ "cursor": "0xzz" }]), "the cursor is not of this list"),
        ("restake_previewSlash", slash(&unknown, json!(["1"])), "there is no operator set"),
        ("restake_previewSlash", slash(&set, json!(["x"])), "expected an amount"),
    ];
    for (method, params, part) in cases {
        let refusal = scene.node.call(method, params.clone()).await.unwrap_err();
        assert_eq!(refusal.code, -32602, "{method} {params}: {refusal:?}");
        assert!(refusal.message.contains(part), "{method} {params}: {refusal:?}");
    }
    for (wads, part) in [(json!([]), "InputArrayLengthMismatch"), (json!(["0"]), "InvalidWadToSlash")] {
        let refusal = scene.node.call("restake_previewSlash", slash(&set, wads)).await.unwrap_err();
        assert!(refusal.code == 3 && refusal.message.contains(part), "{refusal:?}");
    }
    // Foreign accounts have empty lists, and a page past the end is empty.
    let position = scene.node.get("restake_position", json!([foreign])).await;
    assert_eq!((&position["holdings"], &position["queued"]), (&json!([]), &json!([])));
    for (method, params) in [
        ("restake_withdrawals", json!([foreign])),
        ("restake_allocations", json!([foreign])),
        ("restake_delegators", json!([foreign])),
        ("restake_slashes", json!([{ "avs": foreign }])),
        ("restake_slashes", json!([{ "fromBlock": "0xffffffff" }])),
        ("restake_operators", json!([{ "operatorSet": unknown }])),
    ] {
        let page = scene.node.get(method, params.clone()).await;
        assert_eq!((&page["items"], &page["next"]), (&json!([]), &Value::Null), "{method} {params}");
    }
    let rest = page["next"].as_str().unwrap();
    let second = scene.node.get("restake_delegators", json!([operator, { "cursor": rest }])).await;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    for (path, status) in [
        ("/api/v1/stakers/0x12", 400),
        ("/api/v1/operators?limit=1001", 400),
        ("/api/v1/operators?limti=1", 400),
        ("/api/v1/slashes/nonsense/1", 400),
        ("/api/v1/services/0x0000000000000000000000000000000000000b01/sets/0", 404),
        ("/api/v1/withdrawals/0x00", 400),
    ] {
        let response = scene.node.client.get(scene.node.url(path)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
    let failing = json!({ "from": foreign, "to": DELEGATION_MANAGER, "data": Bytes::from(Dm::undelegateCall { staker: foreign }.abi_encode()) });
    let simulated = scene.node.get("restake_simulate", json!([failing])).await;
    assert_eq!(simulated["succeeds"], false);
    assert!(simulated["words"][0].as_str().unwrap().contains("NotActivelyDelegated"), "{simulated}");
    scene.node.end().await;
}

#[tokio::test]
async fn a_double_in_a_contracts_place_is_named_where_the_contract_is_needed() {
    let scene = Scene::new().await;
    for contract in [ALLOCATION_MANAGER, DELEGATION_MANAGER] {
        scene.node.get("anvil_setCode", json!([contract, "0x"])).await;
    }
    let (service, operator) = (scene.who(SERVICE), scene.who(OPERATOR));
    for (method, params, name) in [
        ("restake_service", json!([service]), "AllocationManager at 0x"),
        ("restake_operator", json!([operator]), "DelegationManager at 0x"),
    ] {
        let refusal = scene.node.call(method, params).await.unwrap_err();
        assert_eq!(refusal.code, -32000, "{method}: {refusal:?}");
        assert!(
            refusal.message.starts_with(name) && refusal.message.contains("anvil_setCode"),
            "{method}: {refusal:?}"
        );
    }
    scene.node.end().await;
}

#[tokio::test]
async fn an_answer_is_of_one_block_however_fast_blocks_come() {
    let mut scene = Scene::new().await;
    let staker = scene.who(STAKER);
    let mut raw = Vec::new();
    for nonce in 0..40 {
        let params = Dm::QueuedWithdrawalParams {
            strategies: vec![TEST_TOKEN_STRATEGY],
            depositShares: vec![ether(1)],
            __deprecated_withdrawer: staker,
        };
        let input = Dm::queueWithdrawalsCall { params: vec![params] }.abi_encode().into();
        let to = TxKind::Call(DELEGATION_MANAGER);
        raw.push(scene.node.signed_with_gas(STAKER, scene.nonces[STAKER] + nonce, to, 0, input, 1_000_000));
    }
    let first = scene.node.number("eth_blockNumber", json!([])).await;
    let node = &scene.node;
    let send = async {
        for raw in raw {
            node.get("eth_sendRawTransaction", json!([raw])).await;
        }
    };
    let look = async {
        let mut blocks = std::collections::BTreeSet::new();
        while !blocks.contains(&(first + 40)) {
            let position = node.get("restake_position", json!([staker])).await;
            let block = position["block"]["number"].as_u64().unwrap();
            let queued = position["queued"].as_array().unwrap();
            assert_eq!(queued.len() as u64, block - first, "one withdrawal a block");
            let waiting: U256 = queued.iter().map(|it| sum(&it["withdrawableShares"][0])).sum();
            let held = sum(&position["holdings"][0]["withdrawableShares"]);
            assert_eq!((position["blockNumber"].as_u64(), held + waiting), (Some(block), ether(1_000)));
            blocks.insert(block);
        }
        blocks.len()
    };
    let ((), seen) = tokio::join!(send, look);
    assert!(seen > 1, "blocks came while positions were asked for");
    scene.nonces[STAKER] += 40;
    scene.node.end().await;
}
