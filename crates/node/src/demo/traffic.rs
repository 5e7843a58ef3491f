//! What goes on after the story: every other second a staker deposits a little or takes a little out, so that whoever
//! looks at the chain sees it live.

use super::{
    cast::{Cast, Staker},
    client::{Client, Order, number},
    script,
    story::Story,
};
use crate::{failure::Failure, text};
use alloy_primitives::{B256, U256, keccak256};
use serde_json::json;
use std::time::Duration;
use types::abi::IDelegationManager::Withdrawal;

/// Time between two acts.
const PACE: Duration = Duration::from_millis(1_500);

/// Acts between queueing a withdrawal and completing it: more than the delay of the preset `fast` in blocks.
const PATIENCE: u64 = 12;

/// What part of its deposit a staker takes out: one in so many.
const LITTLE: u64 = 1_000;

/// A withdrawal that waits.
struct Waiting {
    staker: usize,
    withdrawal: Withdrawal,
    amount: U256,
    from: u64,
}

/// Goes on until aborted. A refusal is told once and ends it: the chain goes on without.
pub async fn run(client: Client, cast: Cast, mut story: Story) {
    let mut tick = tokio::time::interval(PACE);
    let mut waiting: Vec<Waiting> = Vec::new();
    for turn in 0_u64.. {
        tick.tick().await;
        match act(&client, &cast, turn, &mut waiting).await {
            Ok(line) => story.traffic(&line),
            Err(failure) => return story.traffic(&format!("the traffic ends: {}", failure.message())),
        }
    }
}

async fn act(client: &Client, cast: &Cast, turn: u64, waiting: &mut Vec<Waiting>) -> Result<String, Failure> {
    if waiting.first().is_some_and(|first| turn >= first.from.saturating_add(PATIENCE)) {
        let first = waiting.remove(0);
        return complete(client, cast, first).await;
    }
    let drawn = keccak256(format!("bulwark demo, traffic {turn}"));
    let (index, staker) = pick(cast, drawn)?;
    let amount = text::ETHER.saturating_mul(
        U256::from(drawn.0.last().copied().unwrap_or_default()).saturating_add(U256::from(1)),
    );
    let nonce = nonce(client, staker).await?;
    if turn % 3 != 2 {
        let orders = script::deposit(&staker.player, nonce, amount);
        let (block, hash, _) = send(client, &orders).await?;
        return Ok(line(block, "deposits", amount, staker, hash));
    }
    let little = staker.deposit.checked_div(U256::from(LITTLE)).unwrap_or_default().max(U256::from(1));
    let (block, hash, receipt) = send(client, &[script::queue(&staker.player, nonce, little)]).await?;
    let withdrawal = script::queued(&receipt)?;
    let amount = withdrawal.scaledShares.first().copied().unwrap_or_default();
    waiting.push(Waiting { staker: index, withdrawal, amount, from: turn });
    Ok(line(block, "queues out", amount, staker, hash))
}

async fn complete(client: &Client, cast: &Cast, first: Waiting) -> Result<String, Failure> {
    let staker = cast.stakers.get(first.staker).ok_or_else(|| Failure::new("a staker left the stage"))?;
    let nonce = nonce(client, staker).await?;
    let (block, hash, _) =
        send(client, &[script::complete(&staker.player, nonce, first.withdrawal, true)]).await?;
    Ok(line(block, "takes out", first.amount, staker, hash))
}

/// A staker who has not left.
fn pick(cast: &Cast, drawn: B256) -> Result<(usize, &Staker), Failure> {
    let count = U256::from(cast.stakers.len());
    let at = U256::from_be_bytes(drawn.0).checked_rem(count).unwrap_or_default().saturating_to::<usize>();
    let stays = |(_, staker): &(usize, &Staker)| staker.exit.is_none();
    let mut from = cast.stakers.iter().enumerate().cycle().skip(at).take(cast.stakers.len());
    from.find(stays).ok_or_else(|| Failure::new("nobody stays"))
}

async fn nonce(client: &Client, staker: &Staker) -> Result<u64, Failure> {
    number(&client.ask("eth_getTransactionCount", json!([staker.player.address, "latest"])).await?)
}

async fn send(client: &Client, orders: &[Order<'_>]) -> Result<(u64, B256, super::client::Receipt), Failure> {
    let signed = client.sign(orders)?;
    client.send(&signed, |_| ()).await?;
    let last = client.receipts(&signed).await?.into_iter().next_back().zip(signed.last());
    let (receipt, signed) = last.ok_or_else(|| Failure::new("nothing was sent"))?;
    Ok((receipt.block, signed.hash, receipt))
}

fn line(block: u64, verb: &str, amount: U256, staker: &Staker, hash: B256) -> String {
    format!(
        "block {block:<6} {} {verb:<10} {:>12} ETH   {}{}{}",
        text::short(staker.player.address),
        text::ether(amount, 2),
        text::DIM.render(),
        text::short_hash(hash),
        text::DIM.render_reset()
    )
}
