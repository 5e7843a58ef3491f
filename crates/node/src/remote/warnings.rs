//! What one should know before one signs, in words: what can be lost, to whom, how fast one can leave. Facts come from
//! the chain's own views after the newest block; nothing here refuses anything.

use super::{names::Set, session::Session};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, U256};
use serde_json::json;
use types::{
    abi::{
        IDelegationManager,
        ILens::{self, Book, SetBook},
    },
    addresses::{DELEGATION_MANAGER, LENS},
};

/// Operator sets that are looked at one by one; an operator with more is told of by their number.
const MOST_SETS: usize = 16;

/// Of all that a staker has with an operator, the share that services can take from which on it is called nearly all:
/// nine tenths, 18 decimals.
const NEARLY_ALL_WAD: u64 = 900_000_000_000_000_000;

impl Session {
    /// What delegating to an operator means for a staker; nothing for one that is no operator, as the chain refuses it.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn warn_of_operator(&self, staker: Address, operator: Address) -> Result<Vec<String>, Failure> {
        let held = self.client.view(LENS, &ILens::positionCall { staker })?.holdings;
        let strategies: Vec<Address> = held.iter().map(|holding| holding.strategy).collect();
        let book = self.client.view(LENS, &ILens::bookCall { operator, strategies })?;
        if !book.isOperator {
            return Ok(Vec::new());
        }
        let leaving = self.leaving_blocks()?;
        let mut said = Vec::new();
        for holding in &held {
            let exposure = book.exposures.iter().find(|it| it.strategy == holding.strategy);
            let Some(exposure) = exposure.filter(|it| it.committedWad > 0) else { continue };
            let wad = U256::from(exposure.committedWad);
            let lost = holding.withdrawableShares.saturating_mul(wad).checked_div(super::amount::WAD);
            let nearly =
                if exposure.committedWad >= NEARLY_ALL_WAD { ": nearly all of it is committed" } else { "" };
            said.push(format!(
                "services can take up to {} of {}, {} of it{nearly}",
                self.worth(holding.strategy, lost.unwrap_or_default()),
                self.worth(holding.strategy, holding.withdrawableShares),
                text::percent(wad, super::amount::WAD),
            ));
        }
        said.extend(delay_of(&book, leaving));
        said.extend(promise_of(&book));
        said.extend(self.warn_of_sets(&book)?);
        said.push(how_leaving_goes(leaving));
        Ok(said)
    }

    /// What being slashable by a set means.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn warn_of_set(&self, set: Set) -> Result<Vec<String>, Failure> {
        let operator_set = ILens::OperatorSet { avs: set.avs, id: set.id };
        let head = u32::try_from(self.client.head()?).unwrap_or(u32::MAX);
        // The view wants a block that has not passed; more may be sealed while we ask.
        let call =
            ILens::operatorSetCall { operatorSet: operator_set, futureBlock: head.saturating_add(1_000) };
        let Ok(told) = self.client.view(LENS, &call) else { return Ok(Vec::new()) };
        self.of_set(&told)
    }

    /// How long leaving takes, in words.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn warn_of_queue(&self) -> Result<String, Failure> {
        Ok(how_leaving_goes(self.leaving_blocks()?))
    }

    fn leaving_blocks(&self) -> Result<u32, Failure> {
        self.client.view(DELEGATION_MANAGER, &IDelegationManager::minWithdrawalDelayBlocksCall {})
    }

    fn warn_of_sets(&self, book: &Book) -> Result<Vec<String>, Failure> {
        let mut said = Vec::new();
        let sets: Vec<Set> = book.allocatedSets.iter().map(|it| Set { avs: it.avs, id: it.id }).collect();
        for set in sets.iter().take(MOST_SETS) {
            said.extend(self.warn_of_set(*set)?);
        }
        if let Some(more) = sets.len().checked_sub(MOST_SETS).filter(|more| *more > 0) {
            said.push(format!("{more} more operator sets can slash it: bulwark operator show lists them"));
        }
        Ok(said)
    }

    fn of_set(&self, set: &SetBook) -> Result<Vec<String>, Failure> {
        let name = format!("{}:{}", self.name(set.operatorSet.avs), set.operatorSet.id);
        let mut said = Vec::new();
        if set.redistributes {
            let to = self.name(set.redistributionRecipient);
            said.push(format!(
                "{name} pays slashed stake to {to} instead of burning it: a slash can be a gain"
            ));
        }
        if !set.slasher.is_zero()
            && self.client.ask("eth_getCode", json!([set.slasher, "latest"]))? == json!("0x")
        {
            let slasher = self.name(set.slasher);
            said.push(format!(
                "{name} is slashed by {slasher}, a plain account: whoever has its key can slash"
            ));
        }
        if !set.pendingSlasher.is_zero() {
            let (next, from) = (self.name(set.pendingSlasher), text::grouped(set.slasherEffectBlock));
            said.push(format!("{name} changes its slasher to {next} in block {from}"));
        }
        Ok(said)
    }
}

/// What an operator's allocation delay means against the time that leaving takes.
fn delay_of(book: &Book, leaving: u32) -> Option<String> {
    let delay = &book.allocationDelay;
    let least = match delay.effectBlock {
        0 => delay.delayBlocks,
        _ => delay.delayBlocks.min(delay.pendingDelayBlocks),
    };
    match least {
        // Nothing can be allocated before a delay is in force.
        _ if !delay.isSet && delay.effectBlock == 0 => None,
        0 => {
            Some("its allocations count at once: it can put more at risk before anyone can leave".to_owned())
        }
        blocks if blocks <= leaving => Some(format!(
            "its allocations count after {} blocks, sooner than anyone can leave",
            text::grouped(blocks)
        )),
        _ => None,
    }
}

fn promise_of(book: &Book) -> Option<String> {
    if !book.covenant.exists {
        return Some("it has promised no limits: its services and their part may grow up to all".to_owned());
    }
    let from = book.covenant.effectBlock;
    (from > 0).then(|| format!("it loosens its promise from block {} on", text::grouped(from)))
}

fn how_leaving_goes(blocks: u32) -> String {
    let blocks = text::grouped(blocks);
    format!("leaving takes {blocks} blocks, in which what waits can still be slashed")
}

/// Warnings as lines of a terminal.
pub fn lines(warnings: &[String]) -> impl Iterator<Item = String> {
    let (care, off) = (text::CARE.render(), text::CARE.render_reset());
    warnings.iter().map(move |words| format!("  {care}careful:{off} {words}"))
}
