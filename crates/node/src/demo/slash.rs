//! The chapter in which a service slashes: two operator sets, allocations, an exit that was queued before the slash and
//! is caught by it, a notice to each delegator of what it lost, and what was slashed paid to whom was harmed. All parties
//! are invented: nobody real is slashed.

use super::{
    cast::{self, Player},
    chapters::{Record, Stage},
    check::{compare, wei},
    client::{Order, Receipt},
    script::{self, call},
    story::Story,
};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolEvent;
use serde_json::{Value, json};
use types::{
    abi::{
        IAllocationManager::{self, AllocateParams, CreateSetParamsV2, RegisterParams, SlashingParams},
        IDelegationManager, ILens, ILossNotices,
        IStrategyManager::{self, OperatorSet},
        ITestToken,
    },
    addresses::{
        ALLOCATION_MANAGER, DELEGATION_MANAGER, LENS, LOSS_NOTICES, STRATEGY_MANAGER, TEST_TOKEN,
        TEST_TOKEN_STRATEGY,
    },
};

/// The set whose slashes are burnt.
const BURNING: u32 = 1;
/// The set whose slashes go to whom was harmed.
const REDISTRIBUTING: u32 = 2;
/// What the operator allocates to the sets, in per cent of its magnitude.
const ALLOCATED: [(u32, u64); 2] = [(BURNING, 40), (REDISTRIBUTING, 60)];
/// What the service slashes, in per cent of the allocation to the redistributing set.
const SLASHED: u64 = 10;
/// Deposits in ether: of the staker who stays, and of the one who leaves too late.
const DEPOSITS: [u64; 2] = [600, 300];
/// Transactions of a staker of this chapter before it may leave: those of any other, and that it wants notices.
const STEPS: u64 = script::STAKING_STEPS + 1;
/// A whole magnitude, 10^18.
const WAD: u64 = 1_000_000_000_000_000_000;

/// A registrar that answers 1 to every call: `mstore(0, 1) return(0, 32)`, and the code that deploys it.
const REGISTRAR: [u8; 16] =
    [0x67, 0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5f, 0x52, 0x60, 0x08, 0x60, 0x18, 0xf3];

/// Tokens that this chapter brought into the world, and what of them its strategy still holds, in wei.
#[derive(Clone, Copy, Debug)]
pub struct Aside {
    /// Minted.
    pub minted: U256,
    /// In the strategy at the end.
    pub held: U256,
}

/// Who plays in this chapter.
struct Parties {
    service: Player,
    operator: Player,
    stays: Player,
    leaves: Player,
    harmed: Address,
}

impl Parties {
    fn draw(seed: u64) -> Result<Self, Failure> {
        let players: [Player; 5] = cast::players(seed, "slash", 5)?
            .try_into()
            .map_err(|_| Failure::new("the slash has five parties"))?;
        let [service, operator, stays, leaves, harmed] = players;
        Ok(Self { service, operator, stays, leaves, harmed: harmed.address })
    }

    fn stakers(&self) -> [(&Player, U256); 2] {
        let [stays, leaves] = DEPOSITS.map(ether);
        [(&self.stays, stays), (&self.leaves, leaves)]
    }

    fn set(&self) -> OperatorSet {
        OperatorSet { avs: self.service.address, id: REDISTRIBUTING }
    }
}

fn ether(amount: u64) -> U256 {
    text::ETHER.saturating_mul(U256::from(amount))
}

/// `percent` of `amount`, rounded down.
fn part(amount: U256, percent: u64) -> U256 {
    amount.saturating_mul(U256::from(percent)).checked_div(U256::from(100)).unwrap_or_default()
}

/// What is lost of `amount` behind the operator: a part of a part.
fn loss(amount: U256) -> U256 {
    part(part(amount, ALLOCATED[1].1), SLASHED)
}

/// Plays the chapter and checks what it did, to the wei.
///
/// # Errors
/// The first transaction that fails, or figure that is not as the rules say.
pub async fn play(stage: &Stage<'_>, story: &mut Story, record: &mut Record) -> Result<Aside, Failure> {
    let parties = Parties::draw(stage.seed)?;
    story.say("A service of its own, so that nobody real is slashed: parties and amounts here are invented.");
    enter(stage, record, &parties).await?;
    story.say(&format!(
        "It makes two operator sets. What the first slashes is burnt, what the second slashes goes to whom was \
         harmed. An operator with {} ETH behind it allocates {} % of its magnitude to the first and {} % to the \
         second.",
        text::grouped(DEPOSITS.iter().sum::<u64>()),
        ALLOCATED[0].1,
        ALLOCATED[1].1
    ));
    let queue = script::queue(&parties.leaves, STEPS, ether(DEPOSITS[1]));
    let queued = stage.quietly(record, &[queue]).await?;
    let [receipt] = queued.receipts.as_slice() else { return Err(Failure::new("one receipt was expected")) };
    let withdrawal = script::queued(receipt)?;
    let slash = [order_of_slash(&parties)];
    let slashed = stage.quietly(record, &slash).await?;
    story.say(&format!(
        "One of two stakers queues its exit. In the next block the service slashes {SLASHED} % of what the second \
         set was given: {SLASHED} % of {} % of the stake.",
        ALLOCATED[1].1
    ));
    notices(stage, story, record, &parties, slashed.receipts.first()).await?;
    let delay = u64::from(stage.params.withdrawal_delay_blocks).saturating_add(1);
    stage.client.ask("anvil_mine", json!([format!("{delay:#x}")])).await?;
    let leave = script::complete(&parties.leaves, STEPS.saturating_add(1), withdrawal, true);
    let clear = IStrategyManager::clearBurnOrRedistributableSharesCall {
        operatorSet: parties.set(),
        slashId: U256::from(1),
    };
    stage.quietly(record, &[leave, call(&parties.stays, STEPS, STRATEGY_MANAGER, clear)]).await?;
    if let Some(signed) = slashed.signed.first() {
        story.transaction("slashes", signed.hash);
        record.key_transactions.push(("slash", signed.hash));
    }
    check(stage, story, record, &parties).await
}

/// Everybody gets gas; service and operator set themselves up; stakers deposit and delegate; the operator allocates.
async fn enter(stage: &Stage<'_>, record: &mut Record, parties: &Parties) -> Result<(), Failure> {
    let everybody = [&parties.service, &parties.operator, &parties.stays, &parties.leaves];
    let nonce = stage.next_nonce(&stage.payer).await?;
    stage.quietly(record, &script::allowances(&stage.payer, nonce, everybody)).await?;
    let mut orders = service(parties);
    orders.push(script::register(&parties.operator, "bulwark-demo:invented".into()));
    for (player, amount) in parties.stakers() {
        orders.extend(script::deposit(player, 0, amount));
    }
    stage.quietly(record, &orders).await?;
    let mut orders = join(parties).to_vec();
    for (player, _) in parties.stakers() {
        orders.push(script::delegate(player, 3, parties.operator.address));
        let watch = ILossNotices::setWatchedCall { staker: player.address, watched: true };
        orders.push(call(player, script::STAKING_STEPS, LOSS_NOTICES, watch));
    }
    stage.quietly(record, &orders).await?;
    Ok(())
}

/// The service deploys its registrar, tells who it is, and makes its sets.
fn service(parties: &Parties) -> Vec<Order<'_>> {
    let service = &parties.service;
    let avs = service.address;
    let set = |id: u32| CreateSetParamsV2 {
        operatorSetId: id,
        strategies: vec![TEST_TOKEN_STRATEGY],
        slasher: avs,
    };
    let about = IAllocationManager::updateAVSMetadataURICall {
        avs,
        metadataURI: "bulwark-demo:invented-service".into(),
    };
    let registrar = IAllocationManager::setAVSRegistrarCall { avs, registrar: avs.create(0) };
    let burning = IAllocationManager::createOperatorSets_1Call { avs, params: vec![set(BURNING)] };
    let redistributing = IAllocationManager::createRedistributingOperatorSets_1Call {
        avs,
        params: vec![set(REDISTRIBUTING)],
        redistributionRecipients: vec![parties.harmed],
    };
    let deploy = Order {
        from: service,
        nonce: 0,
        to: TxKind::Create,
        value: U256::ZERO,
        gas: script::CALL_GAS,
        input: Bytes::from_static(&REGISTRAR),
    };
    vec![
        deploy,
        call(service, 1, ALLOCATION_MANAGER, about),
        call(service, 2, ALLOCATION_MANAGER, registrar),
        call(service, 3, ALLOCATION_MANAGER, burning),
        call(service, 4, ALLOCATION_MANAGER, redistributing),
    ]
}

/// The operator joins both sets and allocates magnitude to them.
fn join(parties: &Parties) -> [Order<'_>; 2] {
    let (operator, avs) = (&parties.operator, parties.service.address);
    let register = IAllocationManager::registerForOperatorSetsCall {
        operator: operator.address,
        params: RegisterParams { avs, operatorSetIds: vec![BURNING, REDISTRIBUTING], data: Bytes::new() },
    };
    let give = |(id, percent): (u32, u64)| AllocateParams {
        operatorSet: IAllocationManager::OperatorSet { avs, id },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![part(U256::from(WAD), percent).saturating_to()],
    };
    let allocate = IAllocationManager::modifyAllocationsCall {
        operator: operator.address,
        params: ALLOCATED.map(give).to_vec(),
    };
    [call(operator, 1, ALLOCATION_MANAGER, register), call(operator, 2, ALLOCATION_MANAGER, allocate)]
}

fn order_of_slash(parties: &Parties) -> Order<'_> {
    let slash = IAllocationManager::slashOperatorCall {
        avs: parties.service.address,
        params: SlashingParams {
            operator: parties.operator.address,
            operatorSetId: REDISTRIBUTING,
            strategies: vec![TEST_TOKEN_STRATEGY],
            wadsToSlash: vec![part(U256::from(WAD), SLASHED)],
            description: "demo: signed two answers to one question".into(),
        },
    };
    call(&parties.service, 5, ALLOCATION_MANAGER, slash)
}

/// Has what each delegator lost written to the log, and compares it with what each could take out before the slash and
/// after.
async fn notices(
    stage: &Stage<'_>,
    story: &mut Story,
    record: &mut Record,
    parties: &Parties,
    slash: Option<&Receipt>,
) -> Result<(), Failure> {
    let slash = slash.ok_or_else(|| Failure::new("the slash has a receipt"))?;
    let OperatorSet { avs, id } = parties.set();
    let notice = |(nonce, (player, _)): (u64, (&Player, U256))| {
        let operator_set = ILossNotices::OperatorSet { avs, id };
        let input = ILossNotices::noticeCall {
            staker: player.address,
            operatorSet: operator_set,
            slashId: U256::from(1),
        };
        call(&parties.operator, nonce, LOSS_NOTICES, input)
    };
    let orders: Vec<Order<'_>> = (3..).zip(parties.stakers()).map(notice).collect();
    let scene = stage.quietly(record, &orders).await?;
    let told: Vec<U256> = scene.receipts.iter().map(told).collect::<Result<_, _>>()?;
    let positions = parties.stakers().map(|(player, _)| ILens::positionCall { staker: player.address });
    let before = stage.client.view(LENS, &positions, slash.block.saturating_sub(1)).await?;
    let after = stage.client.view(LENS, &positions, slash.block).await?;
    let lost: Vec<U256> =
        before.iter().zip(&after).map(|(before, after)| worth(before).saturating_sub(worth(after))).collect();
    let named = |index: usize| format!("loss of staker {index}");
    let figures = compare(named, &lost, &told, wei)?;
    record.checked.figures = record.checked.figures.saturating_add(figures);
    story.say("Anyone may have a delegator's loss written to the log; the operator does, for both:");
    for (((player, deposit), lost), words) in
        parties.stakers().into_iter().zip(&told).zip(["who stays", "who had queued"])
    {
        story.fact(&format!(
            "{words} lost {} of {} ETH: notice, and worth before and after",
            text::ether_exact(*lost),
            text::ether(deposit, 0)
        ));
        record.losses.push((player.address, *lost));
    }
    if let Some(signed) = scene.signed.first() {
        story.transaction("notice", signed.hash);
        record.key_transactions.push(("loss_notice", signed.hash));
    }
    Ok(())
}

/// What a notice says was lost, of what is deposited and of what waits.
fn told(receipt: &Receipt) -> Result<U256, Failure> {
    let decode = |log: &Value| {
        let topics: Vec<B256> = serde_json::from_value(log.get("topics")?.clone()).ok()?;
        let data: Bytes = serde_json::from_value(log.get("data")?.clone()).ok()?;
        ILossNotices::LossNotice::decode_raw_log(topics, &data).ok()
    };
    let notice = receipt.logs.iter().find_map(decode);
    let notice = notice.ok_or_else(|| Failure::new(format!("no notice in block {}", receipt.block)))?;
    let sum = |sum: U256, loss: &ILossNotices::StrategyLoss| {
        sum.saturating_add(loss.lostShares).saturating_add(loss.lostQueuedShares)
    };
    Ok(notice.losses.iter().fold(U256::ZERO, sum))
}

/// What a staker could take out, deposited or waiting.
fn worth(position: &ILens::Position) -> U256 {
    let held = position.holdings.iter().map(|holding| holding.withdrawableShares);
    let queued = position.queued.iter().flat_map(|withdrawal| withdrawal.withdrawableShares.clone());
    held.chain(queued).fold(U256::ZERO, U256::saturating_add)
}

/// Reads back what everybody has now.
async fn check(
    stage: &Stage<'_>,
    story: &mut Story,
    record: &mut Record,
    parties: &Parties,
) -> Result<Aside, Failure> {
    let [(stays, kept), (leaves, withdrawn)] =
        parties.stakers().map(|(player, deposit)| (player.address, deposit.saturating_sub(loss(deposit))));
    let minted = parties.stakers().iter().fold(U256::ZERO, |sum, (_, deposit)| sum.saturating_add(*deposit));
    let repaid = loss(minted);
    let at = stage.client.head().await?;
    let ask = IDelegationManager::getWithdrawableSharesCall {
        staker: stays,
        strategies: vec![TEST_TOKEN_STRATEGY],
    };
    let shares = stage.client.view(DELEGATION_MANAGER, &[ask], at).await?;
    let balances = [leaves, parties.harmed].map(|account| ITestToken::balanceOfCall { account });
    let balances = stage.client.view(TEST_TOKEN, &balances, at).await?;
    let mut found: Vec<U256> = shares.into_iter().flat_map(|shares| shares.withdrawableShares).collect();
    found.extend(balances);
    let named = |index: usize| {
        let what = ["of the staker who stays", "of the staker who left", "of whom was harmed"];
        format!("stake {}", what.get(index).copied().unwrap_or_default())
    };
    let figures = compare(named, &[kept, withdrawn, repaid], &found, wei)?;
    record.checked.figures = record.checked.figures.saturating_add(figures);
    story.fact(&format!(
        "who stayed has {} of {} ETH: every delegator bears its part",
        text::ether_exact(kept),
        DEPOSITS[0]
    ));
    story.fact(&format!(
        "who queued before the slash took out {} of {} ETH: caught by it",
        text::ether_exact(withdrawn),
        DEPOSITS[1]
    ));
    story.fact(&format!(
        "{} ETH were slashed and paid to whom was harmed, to the wei",
        text::ether_exact(repaid)
    ));
    Ok(Aside { minted, held: minted.saturating_sub(withdrawn).saturating_sub(repaid) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrar_is_eight_bytes_that_answer_one() {
        assert_eq!(REGISTRAR[0], 0x67, "PUSH8");
        assert_eq!(REGISTRAR[1..9], [0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    }

    #[test]
    fn a_tenth_of_six_tenths_is_six_per_cent() {
        assert_eq!(loss(ether(600)), ether(36));
        assert_eq!(loss(ether(900)), ether(54));
    }
}
