//! The ABI at a native contract's doors: calldata to a verb and its answer back, and typed calls to other contracts.
//! Failures are Solidity's: an unknown selector, short or dirty calldata, and value sent to a verb that takes none
//! revert without data. A static frame is not refused here: its first write halts, as in the EVM.

use crate::host::{Host, Reply, Result, View, revert_empty, revert_with};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, abi::AbiDecoderConfig};
use types::gas;

/// Decoded values may take this many times the calldata's bytes: enough for any encoding in which nothing overlaps,
/// and a bound on what overlapping arrays, which Solidity reads lazily, cost the node.
const EXPANSION_LIMIT: usize = 4;

/// Calldata, split into the selector and the encoded arguments.
#[derive(Clone, Copy, Debug)]
pub struct Calldata<'a> {
    /// Which verb.
    pub selector: [u8; 4],
    arguments: &'a [u8],
}

impl<'a> Calldata<'a> {
    /// Splits.
    ///
    /// # Errors
    /// An empty revert if a selector does not fit.
    pub fn split(input: &'a [u8]) -> Result<Self> {
        match input.split_first_chunk() {
            Some((selector, arguments)) => Ok(Self { selector: *selector, arguments }),
            None => revert_empty(),
        }
    }
}

/// Runs a verb that reads: it gets a [`View`], and so cannot write.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn view<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn View, C) -> Result<R>,
) -> Result<Bytes> {
    refuse_value(host)?;
    let call = decode(host, calldata)?;
    let output = verb(host, call)?;
    encode::<C>(host, &output.into())
}

/// Runs a verb that writes and takes no value.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn write<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn Host, C) -> Result<R>,
) -> Result<Bytes> {
    refuse_value(host)?;
    payable(host, calldata, verb)
}

/// Runs a verb that writes and may be paid.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn payable<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn Host, C) -> Result<R>,
) -> Result<Bytes> {
    let call = decode(host, calldata)?;
    let output = verb(host, call)?;
    encode::<C>(host, &output.into())
}

/// The verb `initialize` of a contract that genesis made (restaking-core D2).
///
/// # Errors
/// Always OpenZeppelin's string.
pub fn already_initialized<C: SolCall>(_: &mut dyn Host, _: C) -> Result<C::Return> {
    revert_with("Initializable: contract is already initialized")
}

fn refuse_value(host: &mut dyn Host) -> Result<()> {
    if host.msg().value.is_zero() { Ok(()) } else { revert_empty() }
}

fn decode<C: SolCall>(host: &mut dyn Host, calldata: Calldata<'_>) -> Result<C> {
    let bytes = calldata.arguments.len();
    host.charge_gas(gas::VERB)?;
    host.charge_gas(gas::abi(bytes))?;
    let limit = EXPANSION_LIMIT.saturating_mul(bytes);
    let config = AbiDecoderConfig::new().validate(true).memory_limit(limit);
    C::abi_decode_raw_with_config(calldata.arguments, config).or_else(|_| revert_empty())
}

fn encode<C: SolCall>(host: &mut dyn Host, output: &C::Return) -> Result<Bytes> {
    let encoded = C::abi_encode_returns(output);
    host.charge_gas(gas::abi(encoded.len()))?;
    Ok(encoded.into())
}

/// Calls a view verb of any contract, as a Solidity interface does.
///
/// # Errors
/// The callee's revert data unchanged; an empty revert if there is no code or the answer does not decode.
pub fn static_call<C: SolCall, V: View + ?Sized>(view: &mut V, to: Address, call: &C) -> Result<C::Return> {
    let input = encode_call(view, call)?;
    let reply = view.static_call(to, input)?;
    decode_reply::<C, V>(view, to, reply)
}

/// Calls a verb of any contract, as a Solidity interface does.
///
/// # Errors
/// As [`static_call`].
pub fn call<C: SolCall>(host: &mut dyn Host, to: Address, call: &C) -> Result<C::Return> {
    let input = encode_call(host, call)?;
    let reply = host.call(to, U256::ZERO, input)?;
    decode_reply::<C, dyn Host>(host, to, reply)
}

/// The calldata of a call to another contract, paid by the word.
///
/// # Errors
/// Out of gas.
pub fn encode_call<C: SolCall, V: View + ?Sized>(view: &mut V, call: &C) -> Result<Bytes> {
    let input = call.abi_encode();
    view.charge_gas(gas::abi(input.len()))?;
    Ok(input.into())
}

fn decode_reply<C: SolCall, V: View + ?Sized>(view: &mut V, to: Address, reply: Reply) -> Result<C::Return> {
    let data = reply.bubble()?;
    view.charge_gas(gas::abi(data.len()))?;
    let limit = EXPANSION_LIMIT.saturating_mul(data.len());
    let config = AbiDecoderConfig::new().validate(true).memory_limit(limit);
    // A verb that returns nothing decodes nothing, so there only the code tells a contract from an empty account.
    match C::abi_decode_returns_with_config(&data, config) {
        Ok(_) if data.is_empty() && view.code_size(to)? == 0 => revert_empty(),
        Ok(answer) => Ok(answer),
        Err(_) => revert_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        host::{Fatal, emit},
        mem::MemHost,
        testkit::{ALICE, BOB, chain, empty_revert, says, u},
    };
    use alloy_primitives::{B256, address, hex};
    use alloy_sol_types::sol;

    const HERE: Address = address!("0x0000000000000000000000000000000000000c01");
    const GAS: u64 = 1_000_000;

    sol! {
        interface Probe {
            event Written();

            function look(address who, bool flag, uint8 small, bytes4 tag) external view returns (uint8, bytes4);
            function put(bytes data, uint256[] list) external returns (uint256);
            function pay() external payable;
            function nested(uint256[][] lists) external returns (uint256);
            function initialize() external;
        }
    }

    use Probe::{Written, initializeCall, lookCall, nestedCall, payCall, putCall};

    fn probe(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
        let calldata = Calldata::split(input)?;
        match calldata.selector {
            lookCall::SELECTOR => view(host, calldata, |_, call: lookCall| Ok((call.small, call.tag))),
            putCall::SELECTOR => write(host, calldata, |host, call: putCall| {
                emit(host, &Written {})?;
                Ok(U256::from(call.data.len().saturating_add(call.list.len())))
            }),
            nestedCall::SELECTOR => write(host, calldata, |_, call: nestedCall| {
                Ok(call.lists.iter().flatten().copied().sum::<U256>())
            }),
            payCall::SELECTOR => payable(host, calldata, |_, _: payCall| Ok(())),
            initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
            _ => revert_empty(),
        }
    }

    fn probed() -> MemHost {
        let mut chain = chain();
        chain.place(HERE, probe);
        chain.fund(ALICE, u(10));
        chain
    }

    fn send(input: &[u8]) -> Result<Bytes> {
        probed().send(ALICE, HERE, u(0), input, GAS).answer
    }

    fn words(selector: [u8; 4], words: &[U256]) -> Vec<u8> {
        let words = words.iter().flat_map(|word| word.to_be_bytes::<32>());
        selector.into_iter().chain(words).collect()
    }

    #[test]
    fn calldata_without_a_known_selector_reverts_without_data() {
        for input in [&b""[..], &[1, 2, 3], &hex!("deadbeef"), &hex!("deadbeef00000000")] {
            assert_eq!(send(input), Err(empty_revert()));
        }
    }

    #[test]
    fn short_calldata_is_refused_and_long_is_not() {
        let call = lookCall { who: BOB, flag: true, small: 3, tag: [1, 2, 3, 4].into() }.abi_encode();
        let answer = send(&call);
        assert!(answer.is_ok());
        for cut in 4..call.len() {
            assert_eq!(send(&call[..cut]), Err(empty_revert()), "{cut} bytes");
        }
        let longer: Vec<u8> = call.iter().copied().chain([0xff; 33]).collect();
        assert_eq!(send(&longer), answer);
    }

    #[test]
    fn dirty_words_are_refused() {
        let bytes4 = |tail: u8| {
            let mut word = B256::ZERO;
            (word[0], word[4]) = (0xaa, tail);
            U256::from_be_bytes(word.0)
        };
        let good = [u(1), u(1), u(255), bytes4(0)];
        assert!(send(&words(lookCall::SELECTOR, &good)).is_ok());
        let dirt = [(0, U256::ONE << 160), (1, u(2)), (2, u(256)), (3, bytes4(1))];
        for (place, word) in dirt {
            let mut dirty = good;
            dirty[place] = word;
            assert_eq!(send(&words(lookCall::SELECTOR, &dirty)), Err(empty_revert()), "word {place}");
        }
    }

    #[test]
    fn dynamic_values_need_not_be_padded_or_apart() {
        let unpadded: Vec<u8> =
            words(putCall::SELECTOR, &[u(64), u(32), u(3)]).into_iter().chain(*b"abc").collect();
        // The list begins at word 1, whose length 32 is more than there is.
        assert_eq!(send(&unpadded), Err(empty_revert()));
        let shared: Vec<u8> =
            words(putCall::SELECTOR, &[u(96), u(64), u(0), u(3)]).into_iter().chain(*b"abc").collect();
        assert_eq!(send(&shared), Ok(u(3).to_be_bytes::<32>().into()));
    }

    #[test]
    fn offsets_and_lengths_that_lead_nowhere_are_refused() {
        for bad in [u(1 << 40), U256::MAX, U256::from(u64::MAX)] {
            assert_eq!(send(&words(putCall::SELECTOR, &[bad, u(64), u(0)])), Err(empty_revert()));
            assert_eq!(send(&words(putCall::SELECTOR, &[u(64), u(64), bad])), Err(empty_revert()));
        }
    }

    #[test]
    fn arrays_that_share_their_words_cannot_multiply_the_work() {
        let honest = nestedCall { lists: vec![vec![u(1); 20]; 20] }.abi_encode();
        assert_eq!(send(&honest), Ok(u(400).to_be_bytes::<32>().into()));
        // 300 lists that are all the same 300 words.
        let offsets = core::iter::repeat_n(u(32 * 300), 300);
        let list = core::iter::once(u(300)).chain(core::iter::repeat_n(u(1), 300));
        let all: Vec<U256> = [u(32), u(300)].into_iter().chain(offsets).chain(list).collect();
        assert_eq!(send(&words(nestedCall::SELECTOR, &all)), Err(empty_revert()));
    }

    #[test]
    fn only_a_payable_verb_takes_value() {
        let mut chain = probed();
        let mut paid = |input: Vec<u8>| chain.send(ALICE, HERE, u(1), &input, GAS).answer;
        assert_eq!(paid(payCall {}.abi_encode()), Ok(Bytes::new()));
        let look = lookCall { who: BOB, flag: false, small: 0, tag: [0; 4].into() };
        assert_eq!(paid(look.abi_encode()), Err(empty_revert()));
        let put = putCall { data: Bytes::new(), list: Vec::new() };
        assert_eq!(paid(put.abi_encode()), Err(empty_revert()));
        assert_eq!(chain.accounts[&HERE].balance, u(1));
    }

    #[test]
    fn a_static_call_of_a_writing_verb_halts_at_the_write() {
        let mut chain = probed();
        let put = putCall { data: Bytes::new(), list: Vec::new() };
        assert_eq!(chain.ask(HERE, &put), Err(Fatal::StaticWrite.into()));
        assert_eq!(chain.ask(HERE, &nestedCall { lists: Vec::new() }), Ok(u(0)), "this one writes nothing");
    }

    #[test]
    fn what_genesis_made_is_not_initialised_again() {
        let again = Err(says("Initializable: contract is already initialized"));
        assert_eq!(send(&initializeCall::SELECTOR), again);
    }

    #[test]
    fn a_verb_pays_for_its_entry_and_each_word_in_and_out() {
        let call = lookCall { who: BOB, flag: true, small: 3, tag: [0; 4].into() };
        let spent = probed().send(ALICE, HERE, u(0), &call.abi_encode(), GAS).gas_used;
        assert_eq!(spent, gas::VERB + 4 * gas::ABI_WORD + 2 * gas::ABI_WORD);
        let unknown = probed().send(ALICE, HERE, u(0), &hex!("deadbeef"), GAS).gas_used;
        assert_eq!(unknown, 0);
    }

    #[test]
    fn a_typed_call_to_nobody_reverts_without_data() {
        let mut chain = probed();
        let nothing_back = chain.run(ALICE, |host| call(host, BOB, &payCall {}).map(drop));
        assert_eq!(nothing_back, Err(empty_revert()));
        let look = lookCall { who: BOB, flag: true, small: 3, tag: [0; 4].into() };
        let values_back = chain.run(ALICE, |host| static_call(host, BOB, &look).map(drop));
        assert_eq!(values_back, Err(empty_revert()));
    }

    #[test]
    fn a_typed_call_answers_and_passes_reverts_on() {
        let mut chain = probed();
        let look = lookCall { who: BOB, flag: true, small: 3, tag: [7; 4].into() };
        let answer = chain.run(ALICE, |host| static_call(host, HERE, &look)).unwrap();
        assert_eq!((answer._0, answer._1), (3, [7; 4].into()));
        let refused = chain.run(ALICE, |host| call(host, HERE, &initializeCall {}).map(drop));
        assert_eq!(refused, Err(says("Initializable: contract is already initialized")));
        assert!(chain.run(ALICE, |host| call(host, HERE, &payCall {})).is_ok());
    }
}
