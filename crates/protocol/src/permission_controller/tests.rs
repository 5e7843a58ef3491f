//! Claims about PermissionController. What the executed cases cover (`tests/cases`) is not repeated here.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    host::{Error, Result},
    mem::MemHost,
    testkit::{ALICE, BOB, STRANGER, assert_dispatches, chain, reverts},
};
use alloy_primitives::fixed_bytes;
use alloy_sol_types::{SolCall, SolEvent};
use proptest::prelude::*;
use std::collections::BTreeMap;
use types::abi::IPermissionController::IPermissionControllerCalls;

const HERE: Address = PERMISSION_CONTROLLER;
const TARGET: Address = Address::repeat_byte(0x77);
const SELECTOR: FixedBytes<4> = fixed_bytes!("0x3dff8e7d");

fn tell<C: SolCall>(chain: &mut MemHost, from: Address, call: C) -> Result<C::Return> {
    chain.tell(from, HERE, &call)
}

fn can(chain: &mut MemHost, caller: Address, selector: FixedBytes<4>) -> bool {
    chain.ask(HERE, &canCallCall { account: ALICE, caller, target: TARGET, selector }).unwrap()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IPermissionControllerCalls::SELECTORS);
}

#[test]
fn an_account_with_an_admin_has_no_power_of_its_own() {
    let mut chain = chain();
    assert!(can(&mut chain, ALICE, SELECTOR));
    tell(&mut chain, ALICE, addPendingAdminCall { account: ALICE, admin: BOB }).unwrap();
    assert!(can(&mut chain, ALICE, SELECTOR), "a pending admin changes nothing");
    tell(&mut chain, BOB, acceptAdminCall { account: ALICE }).unwrap();
    let log = chain.logs()[0].clone();
    assert_eq!((log.address, log.data), (HERE, AdminSet { account: ALICE, admin: BOB }.encode_log_data()));
    assert!(!can(&mut chain, ALICE, SELECTOR));
    assert!(can(&mut chain, BOB, SELECTOR));
    let own = tell(&mut chain, ALICE, addPendingAdminCall { account: ALICE, admin: ALICE });
    assert_eq!(own.err(), Some(reverts(NotAdmin {})));
}

#[test]
fn an_appointee_may_call_exactly_what_it_was_appointed_for() {
    let mut chain = chain();
    let appoint = setAppointeeCall { account: ALICE, appointee: BOB, target: TARGET, selector: SELECTOR };
    tell(&mut chain, ALICE, appoint.clone()).unwrap();
    assert!(can(&mut chain, BOB, SELECTOR));
    assert!(!can(&mut chain, BOB, fixed_bytes!("0x261f84e0")), "R34");
    assert!(!can(&mut chain, STRANGER, SELECTOR));
    assert_eq!(tell(&mut chain, ALICE, appoint).err(), Some(reverts(AppointeeAlreadySet {})));
    let by = getAppointeePermissionsCall { account: ALICE, appointee: BOB };
    let answer = chain.ask(HERE, &by).unwrap();
    assert_eq!((answer._0, answer._1), (vec![TARGET], vec![SELECTOR]));
    let remove = removeAppointeeCall { account: ALICE, appointee: BOB, target: TARGET, selector: SELECTOR };
    tell(&mut chain, ALICE, remove.clone()).unwrap();
    assert!(!can(&mut chain, BOB, SELECTOR));
    assert_eq!(tell(&mut chain, ALICE, remove).err(), Some(reverts(AppointeeNotSet {})));
}

#[test]
fn a_power_is_keyed_by_target_and_selector() {
    let key = target_selector(TARGET, SELECTOR);
    assert_eq!(key.0[..24], *[[0x77; 20].as_slice(), SELECTOR.as_slice()].concat());
    assert_eq!(key.0[24..], [0; 8]);
    assert_eq!(from_target_selector(key), (TARGET, SELECTOR));
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    AddPending,
    RemovePending,
    Accept,
    Remove,
}

/// Admins as the rules say, on lists.
#[derive(Default)]
struct Model {
    pending: BTreeMap<Address, Vec<Address>>,
    admins: BTreeMap<Address, Vec<Address>>,
}

impl Model {
    fn is_admin(&self, account: Address, caller: Address) -> bool {
        match self.admins.get(&account).filter(|admins| !admins.is_empty()) {
            Some(admins) => admins.contains(&caller),
            None => account == caller,
        }
    }

    fn apply(&mut self, verb: Verb, caller: Address, account: Address, admin: Address) -> Result<(), Error> {
        fn take(list: &mut Vec<Address>, item: Address) -> bool {
            let at = list.iter().position(|other| *other == item);
            at.map(|index| list.swap_remove(index)).is_some()
        }
        let is_admin = self.is_admin(account, caller);
        let pending = self.pending.entry(account).or_default();
        let admins = self.admins.entry(account).or_default();
        match verb {
            Verb::Accept if !take(pending, caller) => return Err(reverts(AdminNotPending {})),
            Verb::Accept if admins.contains(&caller) => {}
            Verb::Accept => admins.push(caller),
            _ if !is_admin => return Err(reverts(NotAdmin {})),
            Verb::AddPending if admins.contains(&admin) => return Err(reverts(AdminAlreadySet {})),
            Verb::AddPending if pending.contains(&admin) => return Err(reverts(AdminAlreadyPending {})),
            Verb::AddPending => pending.push(admin),
            Verb::RemovePending if !take(pending, admin) => return Err(reverts(AdminNotPending {})),
            Verb::RemovePending => {}
            Verb::Remove if admins.len() <= 1 => return Err(reverts(CannotHaveZeroAdmins {})),
            Verb::Remove if !take(admins, admin) => return Err(reverts(AdminNotSet {})),
            Verb::Remove => {}
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn admins_come_and_go_as_on_lists(
        steps in prop::collection::vec((0u8..4, 0u8..3, 0u8..2, 0u8..4), 1..80),
    ) {
        let person = Address::with_last_byte;
        let mut chain = chain();
        let mut model = Model::default();
        for (verb, caller, account, admin) in steps {
            let (caller, account, admin) = (person(1 + caller), person(1 + account), person(1 + admin));
            let (verb, answer) = match verb {
                0 => (Verb::AddPending, tell(&mut chain, caller, addPendingAdminCall { account, admin }).map(|_| ())),
                1 => {
                    let call = removePendingAdminCall { account, admin };
                    (Verb::RemovePending, tell(&mut chain, caller, call).map(|_| ()))
                }
                2 => (Verb::Accept, tell(&mut chain, caller, acceptAdminCall { account }).map(|_| ())),
                _ => (Verb::Remove, tell(&mut chain, caller, removeAdminCall { account, admin }).map(|_| ())),
            };
            prop_assert_eq!(answer, model.apply(verb, caller, account, admin));
            for account in [person(1), person(2)] {
                let admins = model.admins.get(&account).cloned().unwrap_or_default();
                let shown = if admins.is_empty() { vec![account] } else { admins };
                prop_assert_eq!(chain.ask(HERE, &getAdminsCall { account }), Ok(shown));
                let pending = model.pending.get(&account).cloned().unwrap_or_default();
                prop_assert_eq!(chain.ask(HERE, &getPendingAdminsCall { account }), Ok(pending.clone()));
                for caller in (1..5).map(person) {
                    let is_pending = chain.ask(HERE, &isPendingAdminCall { account, pendingAdmin: caller });
                    prop_assert_eq!(is_pending, Ok(pending.contains(&caller)));
                    let is_admin = chain.ask(HERE, &isAdminCall { account, caller });
                    prop_assert_eq!(is_admin, Ok(model.is_admin(account, caller)));
                }
            }
        }
    }
}
