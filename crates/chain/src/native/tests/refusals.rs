//! Who may not run native code, and who may not write: delegate calls, delegated accounts, forged code, static frames.

use super::{
    contracts::{COUNTER_KIND, Counter, MAKER, Maker, RELAY, ROGUE, Relay, VAULT, Vault},
    testkit::{
        ALICE, COUNTER, Chain, OPERATOR, PROBE, Probe, TOKEN, db, fresh, fund, ok, place, send, tx, u,
    },
};
use crate::native::frame::DelegateCallRefused;
use alloy_primitives::{Bytes, TxKind, bytes};
use alloy_sol_types::{SolCall, SolError};
use protocol::registry::{STUB_CODE, instance_code};
use revm::{
    Database, ExecuteCommitEvm,
    bytecode::Bytecode,
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason},
    },
    state::AccountInfo,
};

#[test]
fn delegatecall_and_callcode_into_native_code_are_refused() {
    let mut chain = fresh();
    let refusal = DelegateCallRefused {}.abi_encode();
    for (to, data) in
        [(RELAY, Relay::countCall {}.abi_encode()), (COUNTER, Counter::bumpCall {}.abi_encode())]
    {
        let data = Bytes::from(data);
        let out = ok(&mut chain, PROBE, Probe::delegateCall { to, data: data.clone() });
        assert_eq!((out.ok, out.out.to_vec()), (false, refusal.clone()));
        let out = ok(&mut chain, PROBE, Probe::callCodeCall { to, data });
        assert_eq!((out.ok, out.out.to_vec()), (false, refusal.clone()));
    }
}

#[test]
fn an_account_delegated_to_native_code_halts() {
    for (target, data) in
        [(RELAY, Relay::countCall {}.abi_encode()), (COUNTER, Counter::bumpCall {}.abi_encode())]
    {
        let mut chain = fresh();
        let code = Bytecode::new_eip7702(target);
        let info = AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..Default::default() };
        db(&mut chain).insert_account_info(OPERATOR, info);
        let result = send(&mut chain, ALICE, OPERATOR, data.clone());
        assert!(
            matches!(
                result,
                ExecutionResult::Halt {
                    reason: HaltReason::InvalidFEOpcode | HaltReason::OpcodeNotFound,
                    ..
                }
            ),
            "{result:?}"
        );
        // So it does when native code calls it, and when a contract delegates to it.
        let data = Bytes::from(data);
        assert!(!ok(&mut chain, RELAY, Relay::tryRelayCall { to: OPERATOR, data: data.clone() }).ok);
        assert!(!ok(&mut chain, PROBE, Probe::delegateCall { to: OPERATOR, data }).ok);
    }
}

#[test]
fn the_stub_code_alone_makes_nobody_native() {
    let mut chain = fresh();
    place(db(&mut chain), OPERATOR, Bytes::from_static(&STUB_CODE));
    let result = send(&mut chain, ALICE, OPERATOR, Relay::countCall {}.abi_encode());
    assert!(matches!(result, ExecutionResult::Halt { reason: HaltReason::InvalidFEOpcode, .. }));
    // Nor does the address without the code.
    db(&mut chain).insert_account_info(RELAY, AccountInfo { nonce: 1, ..Default::default() });
    let result = send(&mut chain, ALICE, RELAY, Relay::countCall {}.abi_encode());
    assert_eq!(result.output(), Some(&Bytes::new()));
}

/// Init code that deploys `code` of at most 32 bytes: PUSH, MSTORE, RETURN.
fn deploying(code: &[u8]) -> Bytes {
    let length = code.len() as u8;
    let mut init = vec![0x60 + length - 1];
    init.extend_from_slice(code);
    // MSTORE at 0, RETURN the last `length` bytes of the word.
    init.extend_from_slice(&[0x5f, 0x52, 0x60, length, 0x60, 32 - length, 0xf3]);
    init.into()
}

fn deploy(chain: &mut Chain, code: &[u8]) -> ExecutionResult {
    let tx = TxEnv { kind: TxKind::Create, ..tx(chain, ALICE, ALICE, deploying(code)) };
    chain.transact_commit(tx).unwrap()
}

#[test]
fn nobody_can_deploy_an_instance_but_a_written_one_runs() {
    let mut chain = fresh();
    let forged = deploy(&mut chain, &instance_code(COUNTER_KIND));
    assert!(
        matches!(forged, ExecutionResult::Halt { reason: HaltReason::CreateContractStartingWithEF, .. }),
        "{forged:?}"
    );
    assert!(
        deploy(&mut chain, &[0xfe]).is_success(),
        "the check above is about the code, not about deploying"
    );

    // As `anvil_setCode` and genesis write it.
    place(db(&mut chain), OPERATOR, instance_code(COUNTER_KIND));
    assert_eq!(ok(&mut chain, OPERATOR, Counter::bumpCall {}), u(1));
    assert_eq!(ok(&mut chain, OPERATOR, Counter::countCall {}), u(1));
    assert_eq!(ok(&mut chain, MAKER, Maker::kindOfCall { of: OPERATOR }), u(COUNTER_KIND.into()));

    // A kind that nobody knows is not native.
    place(db(&mut chain), OPERATOR, instance_code(COUNTER_KIND + 1));
    let unknown = send(&mut chain, ALICE, OPERATOR, Counter::countCall {}.abi_encode());
    assert!(
        matches!(unknown, ExecutionResult::Halt { reason: HaltReason::OpcodeNotFound, .. }),
        "{unknown:?}"
    );
    // Nor is code that only begins like a registration.
    place(db(&mut chain), OPERATOR, bytes!("efb10c0700"));
    assert!(!send(&mut chain, ALICE, OPERATOR, Counter::countCall {}.abi_encode()).is_success());
}

#[test]
fn a_static_frame_cannot_write_through_native_code() {
    let mut chain = fresh();
    fund(&mut chain, TOKEN);
    let data: Bytes = Vault::depositCall { operator: OPERATOR, assets: u(1) }.abi_encode().into();
    let out = ok(&mut chain, PROBE, Probe::lookCall { to: VAULT, data: data.clone() });
    assert_eq!((out.ok, out.out.len()), (false, 0), "the first write halts the frame");

    // Static holds through a native view into another native contract.
    let out = ok(&mut chain, RELAY, Relay::peekCall { to: VAULT, data });
    assert_eq!((out.ok, out.out.len()), (false, 0));

    // A contract without guards is halted too, and writes where it may.
    let out = ok(&mut chain, PROBE, Probe::lookCall { to: ROGUE, data: Bytes::new() });
    assert_eq!((out.ok, out.out.len()), (false, 0));
    assert!(send(&mut chain, ALICE, ROGUE, Bytes::new()).is_success());

    // A plain call made inside a static frame is static too.
    let write = Probe::tryForwardCall { to: TOKEN, data: Bytes::new() }.abi_encode();
    let data = [PROBE.as_slice(), &write].concat().into();
    assert!(!ok(&mut chain, PROBE, Probe::lookCall { to: ROGUE, data }).ok);

    // The making of an instance halts it before anything else can.
    let data = Maker::makeAndRevertCall { kind: COUNTER_KIND }.abi_encode().into();
    let out = ok(&mut chain, PROBE, Probe::lookCall { to: MAKER, data });
    assert_eq!((out.ok, out.out.len()), (false, 0));
    assert_eq!(db(&mut chain).basic(MAKER).unwrap().unwrap().nonce, 1);

    let data = Vault::poolOfCall { operator: OPERATOR }.abi_encode().into();
    let out = ok(&mut chain, PROBE, Probe::lookCall { to: VAULT, data });
    assert_eq!((out.ok, out.out.len()), (true, 32));
}
