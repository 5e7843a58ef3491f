//! Claims about ProtocolRegistry.

use super::*;
use crate::{
    host::Error,
    mem::MemHost,
    testkit::{
        ALICE, BOB, OWNER, PAUSER as THE_PAUSER, STRANGER, assert_dispatches, chain, empty_revert, reverts,
        says, u,
    },
};
use alloy_primitives::LogData;
use alloy_sol_types::SolEvent;
use types::{
    abi::{
        IPausable::paused_0Call,
        IProtocolRegistry::{
            IProtocolRegistryCalls, RoleGranted, RoleRevoked, StringTooLong, getRoleMemberCall,
            getRoleMemberCountCall, grantRoleCall, hasRoleCall, renounceRoleCall, revokeRoleCall,
            supportsInterfaceCall,
        },
    },
    addresses::PROTOCOL_REGISTRY as HERE,
};

const LIVE: DeploymentConfig = DeploymentConfig { pausable: true, deprecated: false };
const PLAIN: DeploymentConfig = DeploymentConfig { pausable: false, deprecated: false };

fn shipping(name: &str, address: Address, config: DeploymentConfig) -> shipCall {
    shipCall {
        addresses: vec![address],
        configs: vec![config],
        names: vec![name.into()],
        semanticVersion: "2.0.0".into(),
    }
}

fn logs(chain: &MemHost) -> Vec<LogData> {
    chain.logs().iter().map(|log| log.data.clone()).collect()
}

fn lacks(account: Address, role: B256) -> Error {
    says(&format!("AccessControl: account {account:#x} is missing role {role:#x}"))
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IProtocolRegistryCalls::SELECTORS);
}

#[test]
fn a_new_chain_knows_its_core_by_name() {
    let mut chain = chain();
    let all = chain.ask(HERE, &getAllDeploymentsCall {}).unwrap();
    assert_eq!(all.names.len(), SHIPPED.len());
    assert_eq!(chain.ask(HERE, &totalDeploymentsCall {}), Ok(u(SHIPPED.len() as u64)));
    for (name, address, pausable) in SHIPPED {
        assert_eq!(chain.ask(HERE, &getAddressCall { name: (*name).into() }), Ok(*address));
        let found = chain.ask(HERE, &getDeploymentCall { name: (*name).into() }).unwrap();
        let config = DeploymentConfig { pausable: *pausable, deprecated: false };
        assert_eq!((found.addr, found.config), (*address, config));
    }
    assert_eq!(chain.ask(HERE, &versionCall {}), Ok("1.13.1".into()));
    assert_eq!(chain.ask(HERE, &majorVersionCall {}), Ok("1".into()));
    let unknown = chain.ask(HERE, &getAddressCall { name: "Nothing".into() });
    assert_eq!(unknown, Err(says("EnumerableMap: nonexistent key")));
}

#[test]
fn a_pauser_stops_all_that_can_be_stopped() {
    let mut chain = chain();
    assert_eq!(chain.tell(OWNER, HERE, &pauseAllCall {}).err(), Some(lacks(OWNER, PAUSER)));
    chain.tell(THE_PAUSER, HERE, &pauseAllCall {}).unwrap();
    for (name, address, pausable) in SHIPPED {
        if *pausable {
            assert_eq!(chain.ask(*address, &paused_0Call {}), Ok(U256::MAX), "{name}");
        }
    }
}

#[test]
fn one_that_cannot_stop_keeps_all_others_running() {
    let mut chain = chain();
    chain.tell(OWNER, HERE, &shipping("Broken", BOB, LIVE)).unwrap();
    assert_eq!(chain.tell(THE_PAUSER, HERE, &pauseAllCall {}).err(), Some(empty_revert()));
    let deprecated = DeploymentConfig { pausable: true, deprecated: true };
    let call = configureCall { name: "Broken".into(), config: deprecated.clone() };
    chain.tell(OWNER, HERE, &call).unwrap();
    assert_eq!(logs(&chain), [DeploymentConfigured { addr: BOB, config: deprecated }.encode_log_data()]);
    assert!(chain.tell(THE_PAUSER, HERE, &pauseAllCall {}).is_ok());
}

#[test]
fn a_name_may_move_to_another_address() {
    let mut chain = chain();
    chain.tell(OWNER, HERE, &shipping("Thing", ALICE, LIVE)).unwrap();
    let version = |previous: &str| SemanticVersionUpdated {
        previousSemanticVersion: previous.into(),
        semanticVersion: "2.0.0".into(),
    };
    let shipped = |addr, config| DeploymentShipped { addr, config }.encode_log_data();
    assert_eq!(logs(&chain), [version("1.13.1").encode_log_data(), shipped(ALICE, LIVE)]);
    chain.tell(OWNER, HERE, &shipping("Thing", BOB, PLAIN)).unwrap();
    let deleted = DeploymentConfigDeleted { addr: ALICE }.encode_log_data();
    assert_eq!(logs(&chain), [version("2.0.0").encode_log_data(), deleted, shipped(BOB, PLAIN)]);
    assert_eq!(chain.ask(HERE, &getAddressCall { name: "Thing".into() }), Ok(BOB));
    assert_eq!(chain.ask(HERE, &totalDeploymentsCall {}), Ok(u(SHIPPED.len() as u64 + 1)));
    assert_eq!(chain.ask(HERE, &versionCall {}), Ok("2.0.0".into()));
}

#[test]
fn checks_come_in_order() {
    let mut chain = chain();
    let mut call = shipping("", Address::ZERO, LIVE);
    call.names.push("more".into());
    call.semanticVersion = "x".repeat(32);
    assert_eq!(chain.tell(STRANGER, HERE, &call).err(), Some(lacks(STRANGER, DEFAULT_ADMIN)));
    assert_eq!(chain.tell(OWNER, HERE, &call).err(), Some(reverts(ArrayLengthMismatch {})));
    call.names.pop();
    let too_long = |string: &str| Some(reverts(StringTooLong { str: string.into() }));
    assert_eq!(chain.tell(OWNER, HERE, &call).err(), too_long(&"x".repeat(32)));
    call.semanticVersion = "x".repeat(31);
    assert_eq!(chain.tell(OWNER, HERE, &call).err(), Some(reverts(InputAddressZero {})));
    call.addresses = vec![BOB];
    assert_eq!(chain.tell(OWNER, HERE, &call).err(), Some(reverts(InputNameEmpty {})));
    call.names = vec!["y".repeat(40)];
    assert_eq!(chain.tell(OWNER, HERE, &call).err(), too_long(&"y".repeat(40)));
    let configure = configureCall { name: "Nothing".into(), config: LIVE };
    assert_eq!(chain.tell(STRANGER, HERE, &configure).err(), Some(lacks(STRANGER, DEFAULT_ADMIN)));
    assert_eq!(chain.tell(OWNER, HERE, &configure).err(), Some(reverts(DeploymentNotShipped {})));
}

#[test]
fn without_a_version_there_is_no_major_one() {
    let mut chain = chain();
    let nothing =
        shipCall { addresses: vec![], configs: vec![], names: vec![], semanticVersion: String::new() };
    chain.tell(OWNER, HERE, &nothing).unwrap();
    assert_eq!(chain.ask(HERE, &majorVersionCall {}), Err(panic(PanicKind::ArrayOutOfBounds)));
}

#[test]
fn admins_give_and_take_roles_and_members_leave() {
    let mut chain = chain();
    let grant = grantRoleCall { role: PAUSER, account: ALICE };
    assert_eq!(chain.tell(STRANGER, HERE, &grant).err(), Some(lacks(STRANGER, DEFAULT_ADMIN)));
    chain.tell(OWNER, HERE, &grant).unwrap();
    let event = RoleGranted { role: PAUSER, account: ALICE, sender: OWNER };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    chain.tell(OWNER, HERE, &grant).unwrap();
    assert!(logs(&chain).is_empty(), "again");
    assert_eq!(chain.ask(HERE, &hasRoleCall { role: PAUSER, account: ALICE }), Ok(true));
    assert_eq!(chain.ask(HERE, &getRoleMemberCountCall { role: PAUSER }), Ok(u(2)));
    assert_eq!(chain.ask(HERE, &getRoleMemberCall { role: PAUSER, index: u(1) }), Ok(ALICE));
    let beyond = getRoleMemberCall { role: PAUSER, index: u(2) };
    assert_eq!(chain.ask(HERE, &beyond), Err(panic(PanicKind::ArrayOutOfBounds)));

    let not_self = renounceRoleCall { role: PAUSER, account: ALICE };
    let only_self = Some(says("AccessControl: can only renounce roles for self"));
    assert_eq!(chain.tell(OWNER, HERE, &not_self).err(), only_self);
    chain.tell(ALICE, HERE, &not_self).unwrap();
    let event = RoleRevoked { role: PAUSER, account: ALICE, sender: ALICE };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    chain.tell(OWNER, HERE, &revokeRoleCall { role: PAUSER, account: THE_PAUSER }).unwrap();
    assert_eq!(chain.ask(HERE, &getRoleMemberCountCall { role: PAUSER }), Ok(u(0)));
    assert_eq!(chain.tell(THE_PAUSER, HERE, &pauseAllCall {}).err(), Some(lacks(THE_PAUSER, PAUSER)));
}

#[test]
fn it_tells_its_interfaces() {
    let mut chain = chain();
    for (id, expected) in
        [([0x01, 0xff, 0xc9, 0xa7], true), ([0x5a, 0x05, 0x18, 0x0f], true), ([0xff; 4], false)]
    {
        assert_eq!(chain.ask(HERE, &supportsInterfaceCall { interfaceId: id.into() }), Ok(expected));
    }
}
