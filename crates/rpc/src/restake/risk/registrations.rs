//! Who is registered with whom in AVSDirectory, as the index has it from the logs. The contract RiskOracle knows only the
//! operators that somebody told it of; its view is asked here as if it had been told of all.

use super::{super::ask::Asker, code};
use crate::error::RpcError;
use alloy_primitives::{Address, B256};
use chain::index::{Index, SetId};
use protocol::{operator_set, risk_oracle};
use types::addresses::RISK_ORACLE;

/// Operators of one service that are looked at: more than the whole of EigenLayer has.
const MOST_OPERATORS: usize = 8_192;
/// Registrations of one question.
const MOST_REGISTRATIONS: usize = 32_768;

/// A service of AVSDirectory with its operators.
pub(super) struct Registered {
    avs: Address,
    operators: Vec<Address>,
}

impl Registered {
    /// Its operators at the newest block.
    ///
    /// # Errors
    /// It has too many, or the database's.
    pub(super) fn read(index: Index<'_>, avs: Address) -> Result<Self, RpcError> {
        let mut operators = Vec::new();
        let mut after = None;
        loop {
            let page = index.registered(avs, after.as_deref(), MOST_OPERATORS)?;
            operators.extend(page.items);
            require_within(operators.len(), MOST_OPERATORS, "operators of one service")?;
            after = page.next;
            if after.is_none() {
                return Ok(Self { avs, operators });
            }
        }
    }

    /// The key by which risk names it (`decisions.md` 9).
    pub(super) fn key(&self) -> B256 {
        risk_oracle::directory_key(self.avs)
    }
}

fn require_within(size: usize, most: usize, what: &str) -> Result<(), RpcError> {
    match size <= most {
        true => Ok(()),
        false => Err(RpcError::coded(code::TOO_LARGE, format!("{size} {what}, at most {most}"))),
    }
}

/// From here on the contract answers as if it had been told of these registrations.
///
/// # Errors
/// There are too many, or the state cannot be read.
pub(super) fn tell(asker: &mut Asker<'_>, services: &[Registered]) -> Result<(), RpcError> {
    let all = services.iter().fold(0_usize, |sum, service| sum.saturating_add(service.operators.len()));
    require_within(all, MOST_REGISTRATIONS, "registrations")?;
    let slots = services.iter().flat_map(|service| risk_oracle::told(service.avs, &service.operators));
    asker.pretend(RISK_ORACLE, slots.collect())
}

/// The first services that the index knows, operator sets and those of AVSDirectory with anybody registered, and whether
/// there are more.
///
/// # Errors
/// The database's.
pub(super) fn known(index: Index<'_>, most: usize) -> Result<(Vec<B256>, bool), RpcError> {
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = index.services(after.as_deref(), most)?;
        for avs in page.items {
            // One more than fits tells that there are more.
            let left = most.saturating_add(1).saturating_sub(keys.len());
            let sets = index.sets(avs, None, left)?.items;
            keys.extend(sets.into_iter().map(|SetId { avs, id }| operator_set::key(avs, id)));
            if !index.registered(avs, None, 1)?.items.is_empty() {
                keys.push(risk_oracle::directory_key(avs));
            }
            if keys.len() > most {
                keys.truncate(most);
                return Ok((keys, true));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok((keys, false));
        }
    }
}
