//! What one should know before one signs. Facts come from the chain's own views after the newest block, the words from
//! `web::warnings`, which the pages use too; nothing here refuses anything.

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
use web::warnings;

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
            said.push(warnings::of_commitment(
                &self.worth(holding.strategy, lost.unwrap_or_default()),
                &self.worth(holding.strategy, holding.withdrawableShares),
                &text::percent(wad, super::amount::WAD),
                exposure.committedWad,
            ));
        }
        said.extend(warnings::of_delay(&book, leaving));
        said.extend(warnings::of_promise(&book));
        said.extend(self.warn_of_sets(&book)?);
        said.push(warnings::of_leaving(leaving));
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
        Ok(warnings::of_leaving(self.leaving_blocks()?))
    }

    fn leaving_blocks(&self) -> Result<u32, Failure> {
        self.client.view(DELEGATION_MANAGER, &IDelegationManager::minWithdrawalDelayBlocksCall {})
    }

    fn warn_of_sets(&self, book: &Book) -> Result<Vec<String>, Failure> {
        let mut said = Vec::new();
        let sets: Vec<Set> = book.allocatedSets.iter().map(|it| Set { avs: it.avs, id: it.id }).collect();
        for set in sets.iter().take(warnings::MOST_SETS) {
            said.extend(self.warn_of_set(*set)?);
        }
        if let Some(more) = sets.len().checked_sub(warnings::MOST_SETS).filter(|more| *more > 0) {
            said.push(format!("{more} more operator sets can slash it: bulwark operator show lists them"));
        }
        Ok(said)
    }

    fn of_set(&self, set: &SetBook) -> Result<Vec<String>, Failure> {
        let plain_slasher = !set.slasher.is_zero()
            && self.client.ask("eth_getCode", json!([set.slasher, "latest"]))? == json!("0x");
        Ok(warnings::of_set(set, plain_slasher, |account| self.name(account)))
    }
}

/// Warnings as lines of a terminal.
pub fn lines(warnings: &[String]) -> impl Iterator<Item = String> {
    let (care, off) = (text::CARE.render(), text::CARE.render_reset());
    warnings.iter().map(move |words| format!("  {care}careful:{off} {words}"))
}
