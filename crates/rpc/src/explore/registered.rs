//! Services that AVSDirectory alone knows: operators registered with them and pledged all their stake at once.

use super::{amounts, amounts::Unit, amounts::Worth, names};
use crate::{
    error::RpcError,
    restake::ask::{Asker, Snapshot},
};
use alloy_primitives::{Address, U256};
use chain::index::Described;
use protocol::risk_oracle::directory_key;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Operators of one service that are looked at.
const MOST_OPERATORS: usize = 1_000;

/// The first services with their operators, and what each operator holds, by strategy in shares.
#[derive(Default)]
pub(super) struct Directory {
    pub(super) services: Vec<(Address, Vec<Address>)>,
    pub(super) held: BTreeMap<Address, Vec<U256>>,
    /// Whether some operators are left out.
    pub(super) more: bool,
}

impl Directory {
    /// Of these services, those with which anybody is registered.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn read(
        snapshot: &Snapshot<'_>,
        asker: &mut Asker<'_>,
        services: &[Address],
        worths: &[Worth],
    ) -> Result<Self, RpcError> {
        let mut directory = Self::default();
        for avs in services {
            let page = snapshot.index().registered(*avs, None, MOST_OPERATORS)?;
            directory.more |= page.next.is_some();
            if !page.items.is_empty() {
                directory.services.push((*avs, page.items));
            }
        }
        let mut operators: Vec<Address> =
            directory.services.iter().flat_map(|(_, operators)| operators).copied().collect();
        operators.sort_unstable();
        operators.dedup();
        let shares = amounts::shares(asker, &operators, worths)?;
        directory.held = operators.into_iter().zip(shares).collect();
        Ok(directory)
    }

    /// What an operator holds.
    pub(super) fn shares(&self, operator: Address) -> &[U256] {
        self.held.get(&operator).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds what all hold to sums by strategy.
    pub(super) fn add_to(&self, totals: &mut [U256]) {
        for shares in self.held.values() {
            totals.iter_mut().zip(shares).for_each(|(sum, it)| *sum = sum.saturating_add(*it));
        }
    }

    /// Each service: who it is, how many operators, with how much stake, and the largest one's part.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn told(
        &self,
        snapshot: &Snapshot<'_>,
        unit: &Unit,
        worths: &[Worth],
    ) -> Result<Vec<Value>, RpcError> {
        let index = snapshot.index();
        let wad = U256::from(1_000_000_000_000_000_000_u64);
        let mut told = Vec::new();
        for (avs, operators) in &self.services {
            let stakes = operators.iter().map(|operator| unit.sum(worths, self.shares(*operator)));
            let stakes: Vec<U256> = stakes.collect();
            let sum = stakes.iter().fold(U256::ZERO, |sum, it| sum.saturating_add(*it));
            let largest = stakes.iter().max().copied().unwrap_or_default();
            told.push(json!({
                "avs": avs,
                "service": directory_key(*avs),
                "contract": names::contract(*avs),
                "metadataUri": index.metadata(Described::Service, *avs)?,
                "memberCount": operators.len(),
                "stake": sum.to_string(),
                "largestWad": largest.saturating_mul(wad).checked_div(sum).unwrap_or_default().to_string(),
            }));
        }
        Ok(told)
    }
}
