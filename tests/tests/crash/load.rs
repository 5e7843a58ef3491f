//! What clients do while the node is killed: transfers, restaking deposits, ranges of empty blocks. What they are told
//! goes into the ledger; when the node is gone they end.

use super::ledger::Ledger;
use alloy_primitives::{Address, B256, U256};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tests::{Rpc, Wallet, rpc::quantity, wallet::Signed};
use tokio::task::JoinSet;
use types::{
    abi::{IDelegationManager, IStrategyManager, ITestToken},
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Test accounts that send one wei at a time.
pub const SENDERS: [u32; 3] = [1, 2, 3];

/// Test account that mints, approves, deposits in turn.
pub const DEPOSITOR: u32 = 4;

/// Test account that is an operator and says something of itself, ever anew.
pub const OPERATOR: u32 = 6;

/// Test account that sends large transactions.
pub const FILLER: u32 = 5;

/// Bytes of a large transaction's input.
const LARGE: usize = 100_000;

/// Most empty blocks of one command.
const MAX_EMPTY: u64 = 40;

/// Shared by the clients.
pub type Shared = Arc<Mutex<Ledger>>;

/// Where a sender's wei go.
pub fn sink(index: u32) -> Address {
    Address::repeat_byte(0xa0 + u8::try_from(index).unwrap())
}

/// Clients at work.
pub struct Load {
    clients: JoinSet<()>,
}

impl Load {
    /// Waits until all clients have noticed that the node is gone. Panics with the first that panicked.
    pub async fn ended(mut self) {
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client saw something wrong");
        }
    }
}

/// Sets all clients to work.
pub fn start(rpc: Rpc, ledger: Shared, seed: u64) -> Load {
    let mut clients = JoinSet::new();
    for index in SENDERS {
        clients.spawn(client(rpc.clone(), ledger.clone(), index, transfer));
    }
    clients.spawn(client(rpc.clone(), ledger.clone(), DEPOSITOR, deposit));
    clients.spawn(client(rpc.clone(), ledger.clone(), OPERATOR, describe));
    clients.spawn(miner(rpc, ledger, seed));
    Load { clients }
}

/// Sends until the node is gone.
async fn client(rpc: Rpc, ledger: Shared, index: u32, next: fn(&mut Wallet, u32) -> Signed) {
    let mut wallet = Wallet::dev(index);
    let Some(nonce) = ask(&rpc, "eth_getTransactionCount", json!([wallet.address, "latest"])).await else {
        return;
    };
    wallet.nonce = quantity(&nonce).to();
    loop {
        let signed = next(&mut wallet, index);
        if ask(&rpc, "eth_sendRawTransaction", json!([signed.raw])).await.is_none() {
            return;
        }
        if told(&rpc, &ledger, signed.hash).await.is_none() {
            return;
        }
    }
}

/// The answer, or `None` when the node is gone. A refusal is a failure of the test.
async fn ask(rpc: &Rpc, method: &str, params: Value) -> Option<Value> {
    match rpc.attempt(method, params).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(refused)) => panic!("{method}: {refused:?}"),
        Err(_) => None,
    }
}

/// Reads receipt and header of a transaction that the node took, and remembers them.
async fn told(rpc: &Rpc, ledger: &Shared, hash: B256) -> Option<()> {
    let receipt = ask(rpc, "eth_getTransactionReceipt", json!([hash])).await?;
    assert_eq!(receipt["status"], "0x1", "{hash} was taken: {receipt}");
    let block = receipt["blockNumber"].clone();
    ledger.lock().unwrap().acknowledge(hash, receipt);
    let header = ask(rpc, "eth_getBlockByNumber", json!([block, false])).await?;
    ledger.lock().unwrap().header(quantity(&block).to(), header);
    Some(())
}

/// The same for a node that is there.
pub async fn acknowledge(rpc: &Rpc, ledger: &Shared, hash: B256) {
    told(rpc, ledger, hash).await.expect("the node is there");
}

fn transfer(wallet: &mut Wallet, index: u32) -> Signed {
    wallet.transfer(sink(index), 1)
}

fn deposit(wallet: &mut Wallet, _: u32) -> Signed {
    let one = U256::from(1);
    match wallet.nonce % 3 {
        0 => wallet.call(TEST_TOKEN, &ITestToken::mintCall { to: wallet.address, value: one }),
        1 => wallet.call(TEST_TOKEN, &ITestToken::approveCall { spender: STRATEGY_MANAGER, value: one }),
        _ => {
            let deposit = IStrategyManager::depositIntoStrategyCall {
                strategy: TEST_TOKEN_STRATEGY,
                token: TEST_TOKEN,
                amount: one,
            };
            wallet.call(STRATEGY_MANAGER, &deposit)
        }
    }
}

/// What the operator says of itself with a transaction.
pub fn description(nonce: u64) -> String {
    format!("ipfs://{nonce}")
}

fn describe(wallet: &mut Wallet, _: u32) -> Signed {
    let uri = description(wallet.nonce);
    let operator = wallet.address;
    match wallet.nonce {
        0 => {
            let register = IDelegationManager::registerAsOperatorCall {
                initDelegationApprover: Address::ZERO,
                allocationDelay: 0,
                metadataURI: uri,
            };
            wallet.call(DELEGATION_MANAGER, &register)
        }
        _ => {
            let update = IDelegationManager::updateOperatorMetadataURICall { operator, metadataURI: uri };
            wallet.call(DELEGATION_MANAGER, &update)
        }
    }
}

/// A transaction of 100 kB.
pub fn large(wallet: &mut Wallet) -> Signed {
    let input = vec![0xab; LARGE];
    let transaction = wallet.transaction(Address::repeat_byte(0xff), U256::ZERO, input);
    wallet.sign(alloy_consensus::TxEip1559 { gas_limit: 6_000_000, ..transaction })
}

/// Seals ranges of empty blocks and remembers some of their headers.
async fn miner(rpc: Rpc, ledger: Shared, seed: u64) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    loop {
        let count = random.next_u64() % MAX_EMPTY + 1;
        if ask(&rpc, "anvil_mine", json!([format!("{count:#x}")])).await.is_none() {
            return;
        }
        let Some(head) = ask(&rpc, "eth_blockNumber", json!([])).await else { return };
        let head: u64 = quantity(&head).to();
        for number in [head, head - random.next_u64() % count] {
            let params = json!([format!("{number:#x}"), false]);
            let Some(header) = ask(&rpc, "eth_getBlockByNumber", params).await else { return };
            ledger.lock().unwrap().header(number, header);
        }
    }
}

/// `count` transactions of each kind, all acknowledged.
pub async fn some(rpc: &Rpc, ledger: &Shared, count: usize) {
    for (index, next) in [(SENDERS[0], transfer as fn(&mut Wallet, u32) -> Signed), (DEPOSITOR, deposit)] {
        let mut wallet = Wallet::dev(index);
        wallet.nonce = rpc.nonce(wallet.address).await;
        for _ in 0..count {
            let signed = next(&mut wallet, index);
            rpc.call("eth_sendRawTransaction", json!([signed.raw])).await;
            acknowledge(rpc, ledger, signed.hash).await;
        }
    }
    rpc.call("anvil_mine", json!(["0x64"])).await;
    let head = rpc.head().await;
    let header = rpc.block(head).await;
    ledger.lock().unwrap().header(head, header);
}
