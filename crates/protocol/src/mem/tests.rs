//! Claims about the in-memory chain: what a failed frame leaves, what a static frame may do, what gas buys.

use super::*;
use crate::{
    host::{revert_empty, revert_with},
    storage::{Slot, Transient},
    strategy_base,
    testkit::{ALICE, BOB, chain, empty_revert, says, u},
};
use alloy_primitives::{address, b256};
use types::{
    abi::{IERC20, ITestToken},
    addresses::TEST_TOKEN,
};

const HERE: Address = address!("0x0000000000000000000000000000000000000c01");
const THERE: Address = address!("0x0000000000000000000000000000000000000c02");
const GAS: u64 = 10_000_000;

const COUNT: Slot<u64> = Slot::at(0);
const FLAG: Transient<bool> = Transient::at(0);

fn topic() -> LogData {
    let topic = b256!("0x00000000000000000000000000000000000000000000000000000000000000ff");
    LogData::new_unchecked(vec![topic], Bytes::from_static(b"0123456789"))
}

/// Writes to all that a frame can write to, and then fails or not, as its input says.
fn scribble(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    COUNT.set(host, 7)?;
    FLAG.set(host, true)?;
    host.emit_log(topic())?;
    host.create_instance(strategy_base::KIND)?;
    host.transfer(BOB, host.msg().value)?;
    match input {
        b"fail" => revert_with("as told"),
        b"starve" => Err(Fatal::OutOfGas.into()),
        _ => Ok(Bytes::from_static(b"done")),
    }
}

/// Passes its input on to [`scribble`] with all its value, and tells how that went.
fn try_scribble(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let value = host.msg().value;
    let reply = host.call(THERE, value, Bytes::copy_from_slice(input))?;
    Ok(format!("{:?}", reply.status).into_bytes().into())
}

fn scribblers() -> MemHost {
    let mut chain = chain();
    chain.place(HERE, try_scribble);
    chain.place(THERE, scribble);
    chain.fund(ALICE, u(100));
    chain
}

#[test]
fn a_failed_frame_leaves_nothing() {
    for (input, status) in [(&b"fail"[..], "Revert"), (b"starve", "OutOfGas")] {
        let mut chain = scribblers();
        let mut expected = chain.accounts.clone();
        let outcome = chain.send(ALICE, HERE, u(5), input, GAS);
        assert_eq!(outcome.answer, Ok(Bytes::from(status)));
        assert!(chain.logs().is_empty());
        expected.get_mut(&ALICE).unwrap().balance = u(95);
        expected.get_mut(&HERE).unwrap().balance = u(5);
        assert_eq!(chain.accounts, expected, "only the outer frame's value has moved");
    }
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    let mut chain = scribblers();
    let before = chain.accounts.clone();
    assert_eq!(chain.send(ALICE, THERE, u(5), b"fail", GAS).answer, Err(says("as told")));
    let starved = chain.send(ALICE, THERE, u(5), b"starve", GAS);
    assert_eq!((starved.answer, starved.gas_used), (Err(Fatal::OutOfGas.into()), GAS));
    assert_eq!(chain.send(ALICE, THERE, u(101), b"", GAS).answer, Err(empty_revert()), "not that rich");
    assert_eq!(chain.accounts, before);
    assert!(chain.logs().is_empty());
}

#[test]
fn a_frame_that_returns_keeps_all() {
    let mut chain = scribblers();
    assert_eq!(chain.send(ALICE, HERE, u(5), b"", GAS).answer, Ok(Bytes::from("Success")));
    let instance = THERE.create(1);
    assert_eq!(chain.accounts[&instance].code, registry::instance_code(strategy_base::KIND));
    assert_eq!((chain.accounts[&THERE].nonce, chain.accounts[&instance].nonce), (2, 1));
    assert_eq!(chain.accounts[&BOB].balance, u(5));
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!((log.address, &log.data), (THERE, &topic()));
}

#[test]
fn every_limit_of_gas_either_does_all_or_nothing() {
    let input = b"go";
    let mut reference = scribblers();
    let enough = reference.send(ALICE, THERE, u(5), input, GAS);
    assert!(enough.answer.is_ok());
    // EIP-2200 wants a stipend's worth left at each write, so a little more than what is used may be needed.
    let mut first_success = None;
    for gas in (0..enough.gas_used + 3_000).step_by(7) {
        let mut chain = scribblers();
        let before = chain.accounts.clone();
        let outcome = chain.send(ALICE, THERE, u(5), input, gas);
        match outcome.answer {
            Ok(_) => {
                first_success.get_or_insert(gas);
                assert_eq!(chain.accounts, reference.accounts, "at {gas}");
            }
            Err(error) => {
                assert_eq!((error, first_success), (Fatal::OutOfGas.into(), None), "at {gas}");
                assert_eq!((chain.accounts, outcome.gas_used), (before, gas));
            }
        }
    }
    assert!(first_success.is_some());
}

#[test]
fn a_static_frame_halts_at_its_first_write_and_not_before() {
    fn look(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        let before = COUNT.get(host)?;
        let reply = host.static_call(THERE, Bytes::new())?;
        assert_eq!((reply.status, reply.data), (Status::Halt, Bytes::new()));
        COUNT.set(host, before + 1)?;
        Ok(Bytes::new())
    }
    fn write_late(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        assert!(host.msg().is_static);
        assert_eq!(COUNT.get(host)?, 0);
        COUNT.set(host, 1)?;
        panic!("a write in a static frame went through")
    }
    let mut chain = chain();
    chain.place(HERE, look);
    chain.place(THERE, write_late);
    let outcome = chain.send(ALICE, HERE, u(0), b"", GAS);
    assert_eq!(outcome.answer, Ok(Bytes::new()));
    assert!(outcome.gas_used > GAS / 64 * 63, "a halt takes the gas given");
}

#[test]
fn nothing_that_writes_runs_in_a_static_frame() {
    type Write = fn(&mut dyn Host) -> Result<(), Fatal>;
    let writes: [Write; 6] = [
        |host| host.sstore(HERE, U256::ZERO, U256::ZERO),
        |host| host.tstore(U256::ZERO, U256::ZERO),
        |host| host.emit_log(topic()),
        |host| host.create_instance(1).map(drop),
        |host| host.call(BOB, U256::ONE, Bytes::new()).map(drop),
        |host| host.transfer(BOB, U256::ONE).map(drop),
    ];
    fn nothing(_: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        Ok(Bytes::new())
    }
    for write in writes {
        let mut chain = chain();
        chain.place(HERE, nothing);
        chain.fund(HERE, u(1));
        (chain.msg, chain.gas) = (Msg { this: HERE, is_static: true, ..Msg::default() }, GAS);
        assert_eq!(write(&mut chain), Err(Fatal::StaticWrite));
        assert!(chain.call(BOB, U256::ZERO, Bytes::new()).is_ok(), "a call without value writes nothing");
    }
}

#[test]
fn native_frames_nest_to_a_limit() {
    fn deeper(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        let reply = host.call(HERE, U256::ZERO, Bytes::new())?;
        let below = reply.data.first().copied().unwrap_or_default();
        Ok(Bytes::from(vec![below + 1]))
    }
    let mut chain = chain();
    chain.place(HERE, deeper);
    let outcome = chain.send(ALICE, HERE, u(0), b"", GAS);
    assert_eq!(outcome.answer, Ok(Bytes::from(vec![32])));
    assert!(outcome.gas_used < 10_000, "the gas of the refused call came back");
}

#[test]
fn native_calls_count_as_frames_do() {
    use crate::host::call_native;
    /// Makes as many native calls, one in another, as its input is long.
    fn deeper(host: &mut dyn Host, levels: usize) -> Result<()> {
        match levels.checked_sub(1) {
            None => Ok(()),
            Some(left) => {
                call_native(host, THERE, IERC20::decimalsCall {}, |host, _| deeper(host, left).map(|()| 0_u8))
                    .map(drop)
            }
        }
    }
    fn dive(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
        deeper(host, input.len()).map(|()| Bytes::new())
    }
    let mut chain = chain();
    chain.place(HERE, dive);
    assert_eq!(chain.send(ALICE, HERE, u(0), &[0; 31], GAS).answer, Ok(Bytes::new()));
    let too_deep = chain.send(ALICE, HERE, u(0), &[0; 32], GAS);
    assert_eq!(too_deep.answer, Err(empty_revert()));
    assert!(too_deep.gas_used < 10_000, "the gas comes back");
    assert!(chain.send(ALICE, HERE, u(0), &[0; 31], GAS).answer.is_ok(), "the count is back");
}

#[test]
fn an_instance_on_a_taken_address_takes_all_gas() {
    let mut chain = scribblers();
    chain.place(THERE.create(1), scribble);
    let outcome = chain.send(ALICE, THERE, u(0), b"", GAS);
    assert_eq!((outcome.answer, outcome.gas_used), (Err(Fatal::OutOfGas.into()), GAS));
}

#[test]
fn a_callee_gets_all_but_one_64th() {
    fn burn(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        host.charge_gas(u64::MAX)?;
        Ok(Bytes::new())
    }
    fn survive(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        assert_eq!(host.call(THERE, U256::ZERO, Bytes::new())?.status, Status::OutOfGas);
        Ok(Bytes::new())
    }
    let mut chain = chain();
    chain.place(HERE, survive);
    chain.place(THERE, burn);
    let outcome = chain.send(ALICE, HERE, u(0), b"", 64_000 + price::COLD_ACCOUNT);
    assert_eq!((outcome.answer, outcome.gas_used), (Ok(Bytes::new()), 63_000 + price::COLD_ACCOUNT));
}

#[test]
fn a_transfer_brings_the_stipend_only() {
    fn greedy(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        host.charge_gas(price::STIPEND + 1)?;
        Ok(Bytes::new())
    }
    fn modest(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        host.charge_gas(price::STIPEND)?;
        Ok(Bytes::new())
    }
    fn pay(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        let reply = host.transfer(THERE, U256::ONE)?;
        Ok(format!("{:?}", reply.status).into_bytes().into())
    }
    for (receiver, status) in [(greedy as NativeFn, "OutOfGas"), (modest, "Success")] {
        let mut chain = chain();
        chain.place(HERE, pay);
        chain.place(THERE, receiver);
        chain.fund(HERE, u(1));
        assert_eq!(chain.send(ALICE, HERE, u(0), b"", GAS).answer, Ok(Bytes::from(status)));
    }
}

#[test]
fn transient_storage_lasts_one_transaction_and_belongs_to_its_contract() {
    fn flag(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        if FLAG.get(host)? {
            return revert_empty();
        }
        FLAG.set(host, true)?;
        if host.msg().this == HERE {
            assert!(host.call(THERE, U256::ZERO, Bytes::new())?.is_success(), "not shared");
            assert!(!host.call(HERE, U256::ZERO, Bytes::new())?.is_success(), "kept");
        }
        Ok(Bytes::new())
    }
    let mut chain = chain();
    chain.place(HERE, flag);
    chain.place(THERE, flag);
    for _ in 0..2 {
        assert!(chain.send(ALICE, HERE, u(0), b"", GAS).answer.is_ok());
    }
}

#[test]
fn a_native_call_has_the_callers_address_and_the_callees_storage() {
    use crate::host::call_native;
    let mut chain = chain();
    chain.place(HERE, scribble);
    let seen = chain.run(HERE, |host| {
        let call = ITestToken::mintCall { to: BOB, value: u(3) };
        let seen = call_native(host, TEST_TOKEN, call, |host, _| {
            COUNT.set(host, 9)?;
            host.emit_log(topic())?;
            Ok(Seen(host.msg()))
        })?;
        Ok((seen.0, host.msg()))
    });
    let (inner, outer) = seen.unwrap();
    let selector = ITestToken::mintCall::SELECTOR;
    assert_eq!((inner.sender, inner.this, inner.selector), (HERE, TEST_TOKEN, selector));
    assert_eq!((outer.sender, outer.this), (Address::ZERO, HERE));
    assert_eq!(chain.slot(TEST_TOKEN, U256::ZERO), u(9));
    assert_eq!(chain.logs().first().map(|log| log.address), Some(TEST_TOKEN));
}

/// A message that passes for the answer of a verb that returns nothing.
#[derive(Clone)]
struct Seen(Msg);

impl From<Seen> for ITestToken::mintReturn {
    fn from(_: Seen) -> Self {
        Self {}
    }
}

#[test]
fn an_account_without_code_takes_any_call() {
    let mut chain = chain();
    chain.fund(ALICE, u(1));
    assert_eq!(chain.send(ALICE, BOB, u(1), b"hello", GAS).answer, Ok(Bytes::new()));
    let nothing = chain.ask(BOB, &IERC20::balanceOfCall { account: ALICE });
    assert_eq!(nothing, Err(Fatal::Broken("an answer decodes as the ABI says").into()));
}
