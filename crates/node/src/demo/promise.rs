//! The chapter in which an operator promises limits and is held to them: a staker with a policy delegates only where its
//! policy is promised, and the operator's attempt to go beyond is refused. All parties are invented.

use super::{
    cast::{self, Player},
    chapters::{Record, Stage},
    client::Order,
    script::{self, call},
    story::Story,
};
use crate::failure::Failure;
use alloy_primitives::Address;
use types::{
    abi::{
        IAllocationManager::{self, AllocateParams, OperatorSet},
        ICovenants::{self, Terms},
    },
    addresses::{ALLOCATION_MANAGER, COVENANTS, TEST_TOKEN_STRATEGY},
    units::WAD,
};

/// What the operator promises at most to let services slash, in per cent.
const PROMISED: u64 = 50;
/// What it then tries to allocate.
const TRIED: u64 = 60;

/// Plays the chapter.
///
/// # Errors
/// A transaction that fails, or a refusal that does not come.
pub async fn play(stage: &Stage<'_>, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
    let players: [Player; 2] = cast::players(stage.seed, "promise", 2)?
        .try_into()
        .map_err(|_| Failure::new("the promise has two parties"))?;
    let [operator, staker] = &players;
    let slashed = cast::players(stage.seed, "slash", 2)?;
    let [service, loose] = slashed.as_slice() else { return Err(Failure::new("the slash has its parties")) };
    let nonce = stage.next_nonce(&stage.payer).await?;
    stage.quietly(record, &script::allowances(&stage.payer, nonce, &players)).await?;

    let policy = ICovenants::setPolicyCall { staker: staker.address, terms: terms() };
    let covenant = ICovenants::setCovenantCall { operator: operator.address, terms: terms() };
    let promised = [
        script::register(operator, "bulwark-demo:invented".into()),
        call(operator, 1, COVENANTS, covenant),
        call(staker, 0, COVENANTS, policy),
    ];
    let promised = stage.quietly(record, &promised).await?;
    story.say(&format!(
        "Another operator promises that services can never slash more than {PROMISED} % of its stake. A staker \
         demands that."
    ));
    let elsewhere = stage.client.refusal(&script::delegate(staker, 1, loose.address)).await?;
    expect(&elsewhere, "CovenantTooLoose")?;
    story.fact(&format!("it cannot delegate to the operator that was slashed: {elsewhere}"));
    stage.quietly(record, &[script::delegate(staker, 1, operator.address)]).await?;

    let refusal = stage.client.refusal(&allocate(operator, service.address, TRIED)).await?;
    expect(&refusal, "CovenantViolation")?;
    story.fact(&format!("the operator cannot allocate {TRIED} % afterwards: {refusal}"));
    stage.quietly(record, &[allocate(operator, service.address, PROMISED)]).await?;
    story.fact(&format!(
        "{PROMISED} % it can; a looser promise would wait {} blocks, a withdrawal takes {}",
        stage.params.covenant_notice_blocks, stage.params.withdrawal_delay_blocks
    ));
    if let Some(signed) = promised.signed.get(1) {
        story.transaction("promises", signed.hash);
        record.key_transactions.push(("covenant", signed.hash));
    }
    record.refusal = refusal;
    Ok(())
}

/// Half of the stake at most, all else as the operator likes.
fn terms() -> Terms {
    Terms {
        maxServices: u16::MAX,
        maxSlashableWad: percent(PROMISED),
        minAllocationDelayBlocks: 0,
        allowRedistribution: true,
        services: Vec::new(),
    }
}

fn percent(of_whole: u64) -> u64 {
    (WAD / 100).saturating_mul(of_whole)
}

/// The operator gives a part of its magnitude to the service's first set.
fn allocate(operator: &Player, avs: Address, of_whole: u64) -> Order<'_> {
    let params = AllocateParams {
        operatorSet: OperatorSet { avs, id: 1 },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![percent(of_whole)],
    };
    let input =
        IAllocationManager::modifyAllocationsCall { operator: operator.address, params: vec![params] };
    call(operator, 2, ALLOCATION_MANAGER, input)
}

/// A refusal must be the one that the rules name.
fn expect(refusal: &str, error: &str) -> Result<(), Failure> {
    if refusal.starts_with(error) {
        Ok(())
    } else {
        Err(Failure::new(format!("refused with {refusal:?}, not with {error}")))
    }
}
