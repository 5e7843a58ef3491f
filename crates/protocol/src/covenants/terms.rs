//! Terms: their order by strictness, and how they lie in storage.
//!
//! | row | bits, from the lowest |
//! | --- | --- |
//! | [`Row`] | greatest slashable share 64 · least delay 32 · effect block 32 · most services 16 · list length 8 · flags 3 |

use crate::{
    host::{Fatal, Host, Result, View, require},
    ledger::{high, limb, low},
    storage::{Map, Word},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::ICovenants::{InvalidMaxSlashableWad, ServicesMustBeInAscendingOrder, Terms, TooManyServices},
    units::WAD,
};

/// Most services that terms may name: a bound on what every delegation and allocation compares.
pub(super) const MAX_SERVICES_NAMED: usize = 32;

/// What holds where nothing is promised.
pub(super) const fn unlimited() -> Terms {
    Terms {
        maxServices: u16::MAX,
        maxSlashableWad: WAD,
        minAllocationDelayBlocks: 0,
        allowRedistribution: true,
        services: Vec::new(),
    }
}

/// Lets only terms pass that say something definite.
///
/// # Errors
/// `InvalidMaxSlashableWad`, `TooManyServices`, `ServicesMustBeInAscendingOrder` (also for repeated ones and zero).
pub(super) fn require_valid(terms: &Terms) -> Result<()> {
    require(terms.maxSlashableWad <= WAD, InvalidMaxSlashableWad {})?;
    require(terms.services.len() <= MAX_SERVICES_NAMED, TooManyServices {})?;
    let mut previous = Address::ZERO;
    for service in &terms.services {
        require(*service > previous, ServicesMustBeInAscendingOrder {})?;
        previous = *service;
    }
    Ok(())
}

/// Whether whoever keeps `promise` keeps `demand` too.
pub(super) fn implies(promise: &Terms, demand: &Terms) -> bool {
    let services = demand.services.is_empty()
        || !promise.services.is_empty() && promise.services.iter().all(|of| demand.services.contains(of));
    promise.maxServices <= demand.maxServices
        && promise.maxSlashableWad <= demand.maxSlashableWad
        && promise.minAllocationDelayBlocks >= demand.minAllocationDelayBlocks
        && (demand.allowRedistribution || !promise.allowRedistribution)
        && services
}

/// The loosest terms that imply both; `None` if both name services and none in common, for a list of none would mean
/// any.
pub(super) fn meet(a: &Terms, b: &Terms) -> Option<Terms> {
    let services = match (a.services.is_empty(), b.services.is_empty()) {
        (true, _) => b.services.clone(),
        (false, true) => a.services.clone(),
        (false, false) => {
            let common: Vec<Address> =
                a.services.iter().copied().filter(|of| b.services.contains(of)).collect();
            if common.is_empty() {
                return None;
            }
            common
        }
    };
    Some(Terms {
        maxServices: a.maxServices.min(b.maxServices),
        maxSlashableWad: a.maxSlashableWad.min(b.maxSlashableWad),
        minAllocationDelayBlocks: a.minAllocationDelayBlocks.max(b.minAllocationDelayBlocks),
        allowRedistribution: a.allowRedistribution && b.allowRedistribution,
        services,
    })
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    max_services: u16,
    max_slashable_wad: u64,
    min_delay_blocks: u32,
    /// When the terms take effect; 0 for at once.
    effect_block: u32,
    allow_redistribution: bool,
    exists: bool,
    services: u8,
}

const REDISTRIBUTION: u64 = 1 << 24;
const EXISTS: u64 = 1 << 25;

impl Word for Row {
    fn to_word(self) -> U256 {
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = flag(self.allow_redistribution, REDISTRIBUTION) | flag(self.exists, EXISTS);
        let counts = u64::from(self.max_services) | (u64::from(self.services) << 16);
        U256::from_limbs([
            self.max_slashable_wad,
            limb(self.effect_block, self.min_delay_blocks),
            counts | flags,
            0,
        ])
    }

    fn from_word(word: U256) -> Self {
        let [max_slashable_wad, blocks, rest, _] = *word.as_limbs();
        Self {
            max_services: rest as u16,
            max_slashable_wad,
            min_delay_blocks: low(blocks),
            effect_block: high(blocks),
            allow_redistribution: rest & REDISTRIBUTION != 0,
            exists: rest & EXISTS != 0,
            services: (rest >> 16) as u8,
        }
    }
}

/// Terms by account.
pub(super) struct Shelf {
    rows: Map<Address, Row>,
    services: Map<(Address, u64), Address>,
}

impl Shelf {
    /// In the storage of `home` under two tags.
    pub const fn on(home: Address, [rows, services]: [u32; 2]) -> Self {
        Self { rows: Map::on(home, rows), services: Map::on(home, services) }
    }

    /// The terms of an account and the block of their effect, if there are any.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn get<V: View + ?Sized>(&self, view: &mut V, of: Address) -> Result<Option<(Terms, u32)>> {
        let row = self.rows.get(view, of)?;
        if !row.exists {
            return Ok(None);
        }
        let services = (0..u64::from(row.services)).map(|index| self.services.get(view, (of, index)));
        let terms = Terms {
            maxServices: row.max_services,
            maxSlashableWad: row.max_slashable_wad,
            minAllocationDelayBlocks: row.min_delay_blocks,
            allowRedistribution: row.allow_redistribution,
            services: services.collect::<Result<_, Fatal>>()?,
        };
        Ok(Some((terms, row.effect_block)))
    }

    /// Writes an account's terms, or clears them; nothing is left behind of those before.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn set(&self, host: &mut dyn Host, of: Address, terms: Option<(&Terms, u32)>) -> Result<()> {
        let before = self.rows.get(host, of)?;
        let services = terms.map_or(&[][..], |(terms, _)| &terms.services);
        let listed = u8::try_from(services.len()).map_err(|_| Fatal::Broken("terms were checked"))?;
        for (index, service) in (0..).zip(services) {
            self.services.set(host, (of, index), *service)?;
        }
        for index in listed..before.services {
            self.services.set(host, (of, index.into()), Address::ZERO)?;
        }
        let row = terms.map_or_else(Row::default, |(terms, effect_block)| Row {
            max_services: terms.maxServices,
            max_slashable_wad: terms.maxSlashableWad,
            min_delay_blocks: terms.minAllocationDelayBlocks,
            effect_block,
            allow_redistribution: terms.allowRedistribution,
            exists: true,
            services: listed,
        });
        if row != before {
            self.rows.set(host, of, row)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms() -> impl Strategy<Value = Terms> {
        let services = prop::collection::btree_set(1_u8..6, 0..4);
        (0_u16..4, 0..=WAD, 0_u32..4, any::<bool>(), services).prop_map(
            |(services_count, wad, delay, redistribution, services)| Terms {
                maxServices: services_count,
                maxSlashableWad: wad,
                minAllocationDelayBlocks: delay,
                allowRedistribution: redistribution,
                services: services.into_iter().map(Address::with_last_byte).collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn strictness_is_an_order_with_the_meet_as_greatest_lower_bound(a in terms(), b in terms(), c in terms()) {
            prop_assert!(implies(&a, &a) && implies(&a, &unlimited()));
            if implies(&a, &b) && implies(&b, &c) {
                prop_assert!(implies(&a, &c));
            }
            if implies(&a, &b) && implies(&b, &a) {
                prop_assert_eq!(&a, &b);
            }
            if let Some(both) = meet(&a, &b) {
                prop_assert!(implies(&both, &a) && implies(&both, &b));
                prop_assert_eq!(Some(both.clone()), meet(&b, &a));
                if implies(&c, &a) && implies(&c, &b) {
                    prop_assert!(implies(&c, &both));
                }
            } else {
                prop_assert!(a.services.iter().all(|of| !b.services.contains(of)));
            }
        }

        #[test]
        fn a_row_keeps_every_field(
            max_services: u16, max_slashable_wad: u64, min_delay_blocks: u32, effect_block: u32,
            allow_redistribution: bool, exists: bool, services: u8,
        ) {
            let row = Row {
                max_services, max_slashable_wad, min_delay_blocks, effect_block, allow_redistribution, exists, services,
            };
            prop_assert_eq!(Row::from_word(row.to_word()), row);
        }
    }
}
