//! What the players do, as transactions: calldata, gas limits and nonces of each scene. Nothing is signed or sent
//! here.

use super::{
    cast::{Cast, Exit, Player, Staker},
    client::{Order, Receipt},
    table::Graph,
};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolEvent};
use serde_json::Value;
use types::{
    abi::{
        IDelegationManager::{
            self, QueuedWithdrawalParams, SignatureWithExpiry, SlashingWithdrawalQueued, Withdrawal,
        },
        IStrategyManager, ITestToken,
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Gas of a transfer of ether.
const TRANSFER_GAS: u64 = 21_000;

/// Gas limit of every other transaction of the demo: well above the dearest. What is not used is not paid.
pub const CALL_GAS: u64 = 400_000;

/// Ether that each player gets to pay gas with.
pub const ALLOWANCE_ETHER: u64 = 1;

/// Transactions of a staker before it may leave: mint, approve, deposit, delegate.
pub const STAKING_STEPS: u64 = 4;

/// A call of a contract.
pub fn call(from: &Player, nonce: u64, to: Address, input: impl SolCall) -> Order<'_> {
    let to = TxKind::Call(to);
    Order { from, nonce, to, value: U256::ZERO, gas: CALL_GAS, input: input.abi_encode().into() }
}

/// Everybody gets ether from one payer, whose next nonce is `nonce`.
pub fn funding<'a>(payer: &'a Player, nonce: u64, cast: &Cast) -> Vec<Order<'a>> {
    allowances(payer, nonce, cast.operators.iter().chain(cast.stakers.iter().map(|staker| &staker.player)))
}

/// Some players get ether from one payer, whose next nonce is `nonce`.
pub fn allowances<'a, 'p>(
    payer: &'a Player,
    nonce: u64,
    players: impl IntoIterator<Item = &'p Player>,
) -> Vec<Order<'a>> {
    let value = text::ETHER.saturating_mul(U256::from(ALLOWANCE_ETHER));
    let pay = |(nonce, player): (u64, &Player)| Order {
        from: payer,
        nonce,
        to: TxKind::Call(player.address),
        value,
        gas: TRANSFER_GAS,
        input: Bytes::new(),
    };
    (nonce..).zip(players).map(pay).collect()
}

/// Every operator registers, naming the real operator that it plays.
pub fn registrations<'a>(graph: &Graph, cast: &'a Cast) -> Vec<Order<'a>> {
    let named = |(player, operator): (&'a Player, &super::table::Operator)| {
        register(player, format!("bulwark-demo:{}", operator.address))
    };
    cast.operators.iter().zip(&graph.operators).map(named).collect()
}

/// A player registers as operator; its allocations take effect at once.
pub fn register(player: &Player, metadata_uri: String) -> Order<'_> {
    let input = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: metadata_uri,
    };
    call(player, 0, DELEGATION_MANAGER, input)
}

/// Every staker mints its stake in test tokens, approves, deposits and delegates.
pub fn staking(cast: &Cast) -> Result<Vec<Order<'_>>, Failure> {
    let mut orders = Vec::new();
    for staker in &cast.stakers {
        let operator =
            cast.operators.get(staker.operator).ok_or_else(|| Failure::new("a staker without operator"))?;
        orders.extend(stake(staker, operator.address));
    }
    Ok(orders)
}

fn stake(staker: &Staker, operator: Address) -> [Order<'_>; 4] {
    let (player, amount) = (&staker.player, staker.deposit);
    let [mint, approve, deposit] = deposit(player, 0, amount);
    [mint, approve, deposit, delegate(player, 3, operator)]
}

/// Delegates to an operator that needs no approval.
pub fn delegate(player: &Player, nonce: u64, operator: Address) -> Order<'_> {
    let input = IDelegationManager::delegateToCall {
        operator,
        approverSignatureAndExpiry: SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    };
    call(player, nonce, DELEGATION_MANAGER, input)
}

/// Mints, approves and deposits; `nonce` is the player's next.
pub fn deposit(player: &Player, nonce: u64, amount: U256) -> [Order<'_>; 3] {
    let mint = ITestToken::mintCall { to: player.address, value: amount };
    let approve = ITestToken::approveCall { spender: STRATEGY_MANAGER, value: amount };
    let deposit = IStrategyManager::depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount,
    };
    [
        call(player, nonce, TEST_TOKEN, mint),
        call(player, nonce.saturating_add(1), TEST_TOKEN, approve),
        call(player, nonce.saturating_add(2), STRATEGY_MANAGER, deposit),
    ]
}

/// Those who leave, with what they take.
pub fn leavers(cast: &Cast) -> Vec<(&Staker, Exit)> {
    cast.stakers.iter().filter_map(|staker| Some((staker, staker.exit?))).collect()
}

/// Queues a withdrawal.
pub fn queue(player: &Player, nonce: u64, amount: U256) -> Order<'_> {
    let params = QueuedWithdrawalParams {
        strategies: vec![TEST_TOKEN_STRATEGY],
        depositShares: vec![amount],
        __deprecated_withdrawer: Address::ZERO,
    };
    call(player, nonce, DELEGATION_MANAGER, IDelegationManager::queueWithdrawalsCall { params: vec![params] })
}

/// Completes a withdrawal.
pub fn complete(player: &Player, nonce: u64, withdrawal: Withdrawal, as_tokens: bool) -> Order<'_> {
    let input = IDelegationManager::completeQueuedWithdrawalCall {
        withdrawal,
        tokens: vec![TEST_TOKEN],
        receiveAsTokens: as_tokens,
    };
    call(player, nonce, DELEGATION_MANAGER, input)
}

/// The withdrawal that a receipt says was queued.
///
/// # Errors
/// The receipt has no such log.
pub fn queued(receipt: &Receipt) -> Result<Withdrawal, Failure> {
    let found = receipt.logs.iter().find_map(decode);
    found.ok_or_else(|| Failure::new(format!("no withdrawal was queued in block {}", receipt.block)))
}

fn decode(log: &Value) -> Option<Withdrawal> {
    let topics: Vec<B256> = serde_json::from_value(log.get("topics")?.clone()).ok()?;
    let data: Bytes = serde_json::from_value(log.get("data")?.clone()).ok()?;
    Some(SlashingWithdrawalQueued::decode_raw_log(topics, &data).ok()?.withdrawal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_player_uses_its_nonces_without_a_gap() {
        let graph = Graph::read().unwrap();
        let cast = Cast::draw(&graph, 1).unwrap();
        let mut next = std::collections::BTreeMap::new();
        for order in registrations(&graph, &cast).iter().chain(&staking(&cast).unwrap()) {
            let expected: &mut u64 = next.entry(order.from.address).or_default();
            assert_eq!(order.nonce, *expected);
            *expected += 1;
        }
        assert!(cast.stakers.iter().all(|staker| next[&staker.player.address] == STAKING_STEPS));
    }

    #[test]
    fn everybody_is_paid_once() {
        let graph = Graph::read().unwrap();
        let cast = Cast::draw(&graph, 1).unwrap();
        let payer = cast.operators[0].clone();
        let orders = funding(&payer, 20, &cast);
        assert_eq!(orders.len(), cast.operators.len() + cast.stakers.len());
        assert_eq!((orders[0].nonce, orders[orders.len() - 1].nonce), (20, 19 + orders.len() as u64));
    }
}
