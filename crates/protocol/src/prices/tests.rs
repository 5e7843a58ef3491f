//! Claims about PriceBook: a price is what its source says, or it is not `ok`, whatever the source does.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    dispatch::Calldata,
    host::{Error, Fatal, revert_empty},
    mem::MemHost,
    test_token,
    testkit::{
        ALICE, OWNER as HOLDER, PAUSER, STRANGER, assert_dispatches, chain, chain_with, reverts, says, u,
    },
};
use alloy_primitives::{Bytes, FixedBytes, I256, address};
use alloy_sol_types::{SolCall, SolInterface as _, SolValue};
use types::{
    abi::{
        IPausable::{CurrentlyPaused, pauseCall},
        IPriceBook::{IPriceBookCalls, fixedPricesAllowedCall, sourceOfCall},
        IPriceFeed::latestRoundDataCall,
        IStrategyFactory::deployNewStrategyCall,
        ITestToken::mintCall,
    },
    addresses::{STRATEGY_FACTORY, TEST_TOKEN_STRATEGY},
    units::WAD,
};

const TOKEN: Address = address!("0x0000000000000000000000000000000000000c01");
const FEED: Address = address!("0x0000000000000000000000000000000000000c02");
const HOUR: u32 = 3_600;
const NOW: u64 = 1_700_000_000;

fn wad(parts: u64) -> U256 {
    U256::from(parts) * U256::from(WAD / 1_000)
}

/// A chain for use, with a token of 18 decimals that has no price.
fn world() -> MemHost {
    let mut chain = chain_with(false);
    chain.place(TOKEN, test_token::main);
    chain
}

fn price(chain: &mut MemHost, asset: Address) -> (U256, u64, bool) {
    let answer = chain.ask(HOME, &priceOfCall { asset }).unwrap();
    (answer.wad, answer.updatedAt, answer.ok)
}

fn tell<C: SolCall>(chain: &mut MemHost, call: &C) -> Result<()> {
    chain.tell(HOLDER, HOME, call).map(|_| ())
}

/// Decimals, answer and time of the feed lie in its slots.
fn feed(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let slot = |host: &mut dyn Host, slot: u64| host.sload(FEED, u(slot));
    match Calldata::split(input)?.selector {
        decimalsCall::SELECTOR => Ok(slot(host, 0)?.to_be_bytes::<32>().into()),
        latestRoundDataCall::SELECTOR => {
            let (answer, at) = (slot(host, 1)?, slot(host, 2)?);
            Ok((u(1), answer, at, at, u(1)).abi_encode_params().into())
        }
        _ => revert_empty(),
    }
}

fn with_feed(decimals: u64, answer: U256, at: u64) -> MemHost {
    let mut chain = world();
    chain.place(FEED, feed);
    let slots = [(u(0), u(decimals)), (u(1), answer), (u(2), u(at))];
    chain.accounts.get_mut(&FEED).unwrap().storage = slots.into();
    tell(&mut chain, &setFeedCall { asset: TOKEN, feed: FEED, maxAgeSeconds: HOUR }).unwrap();
    chain
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &IPriceBookCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn ether_is_at_par_from_the_start_and_nothing_else_has_a_price() {
    let mut chain = world();
    for asset in [BEACON_STRATEGY, WETH] {
        assert_eq!(price(&mut chain, asset), (wad(1_000), NOW, true));
    }
    for asset in [TOKEN, TEST_TOKEN, ALICE, Address::ZERO, HOME] {
        assert_eq!(price(&mut chain, asset), (U256::ZERO, 0, false), "{asset}");
    }
}

#[test]
fn a_feed_is_read_in_its_own_decimals() {
    for (decimals, answer) in [(18, wad(1_050)), (8, u(105_000_000)), (36, wad(1_050) * u(10).pow(u(18)))] {
        let mut chain = with_feed(decimals, answer, NOW - 60);
        assert_eq!(price(&mut chain, TOKEN), (wad(1_050), NOW - 60, true), "{decimals}");
    }
}

#[test]
fn a_feed_that_is_old_early_unfinished_or_out_of_bounds_is_not_ok() {
    let minus_one = I256::MINUS_ONE.into_raw();
    let hour = u64::from(HOUR);
    for (answer, at, ok) in [
        (wad(1), NOW, true),
        (wad(1), NOW - hour, true),
        (wad(1), NOW - hour - 1, false),
        (wad(1), NOW + 1, false),
        (wad(1), 0, false),
        (wad(1), u64::MAX, false),
        (U256::ZERO, NOW, false),
        (minus_one, NOW, false),
        (U256::MAX >> 1, NOW, false),
        (U256::ONE << 128, NOW, false),
        ((U256::ONE << 128) - u(1), NOW, true),
    ] {
        let mut chain = with_feed(18, answer, at);
        let (wad, _, is_ok) = price(&mut chain, TOKEN);
        assert_eq!((wad.is_zero(), is_ok), (!ok, ok), "{answer} at {at}");
    }
}

/// How a source can misbehave once it is trusted.
type Manner = fn(&mut dyn Host, &[u8]) -> Result<Bytes>;

const MANNERS: [(&str, Manner); 8] = [
    ("reverts", |_, _| revert_empty()),
    ("says nothing", |_, _| Ok(Bytes::new())),
    ("says a byte", |_, _| Ok(Bytes::from_static(&[1]))),
    ("says a word less a byte", |_, _| Ok(Bytes::from_static(&[0xff; 31]))),
    ("says garbage", |_, _| Ok(Bytes::from_static(&[0xff; 160]))),
    ("halts", |_, _| Err(Fatal::Invalid.into())),
    ("writes", |host, _| Ok(host.sstore(FEED, U256::ZERO, U256::ONE).map(|()| Bytes::new())?)),
    ("burns its gas", |host, _| {
        loop {
            host.charge_gas(1_000)?;
        }
    }),
];

#[test]
fn a_source_that_misbehaves_makes_a_price_that_is_not_ok_for_a_bounded_price() {
    for (what, manner) in MANNERS {
        let mut chain = with_feed(8, u(105_000_000), NOW);
        tell(&mut chain, &par(WETH)).unwrap();
        chain.place(FEED, manner);
        let outcome =
            chain.send(ALICE, HOME, U256::ZERO, &priceOfCall { asset: TOKEN }.abi_encode(), 1_000_000);
        let answer = priceOfCall::abi_decode_returns(&outcome.answer.unwrap()).unwrap();
        assert_eq!((answer.wad, answer.ok), (U256::ZERO, false), "{what}");
        assert!(outcome.gas_used < SOURCE_GAS + 20_000, "{what}: {}", outcome.gas_used);
    }
}

fn par(asset: Address) -> setParCall {
    setParCall { asset }
}

#[test]
fn nobody_can_make_a_good_source_fail_by_giving_too_little_gas() {
    let input = priceOfCall { asset: TOKEN }.abi_encode();
    for gas in (0..260_000).step_by(4_001) {
        let mut chain = with_feed(8, u(105_000_000), NOW);
        match chain.send(ALICE, HOME, U256::ZERO, &input, gas).answer {
            Ok(answer) => assert!(priceOfCall::abi_decode_returns(&answer).unwrap().ok, "{gas}"),
            Err(error) => assert_eq!(error, Error::Fatal(Fatal::OutOfGas), "{gas}"),
        }
    }
}

#[test]
fn a_rate_function_is_asked_with_one_and_must_answer_when_it_is_set() {
    let mut chain = world();
    let selector = FixedBytes([1, 2, 3, 4]);
    let set = setRateFnCall { asset: TOKEN, target: FEED, selector };
    assert_eq!(tell(&mut chain, &set), Err(reverts(NoAnswer { target: FEED })));
    // What 10^18 shares are worth, if it is asked so; others ignore the argument.
    chain.place(FEED, |_, input| {
        let shares = U256::from_be_slice(&input[4..]);
        Ok((shares * u(12) / u(10)).to_be_bytes::<32>().into())
    });
    tell(&mut chain, &set).unwrap();
    assert_eq!(price(&mut chain, TOKEN), (wad(1_200), NOW, true));
    let of_itself = setRateFnCall { asset: TOKEN, target: HOME, selector };
    assert_eq!(tell(&mut chain, &of_itself), Err(reverts(InvalidSource {})));
}

#[test]
fn a_token_of_few_decimals_is_worth_more_by_unit() {
    let mut chain = chain();
    chain.place(TOKEN, |_, _| Ok(u(6).to_be_bytes::<32>().into()));
    tell(&mut chain, &setFixedCall { asset: TOKEN, wad: wad(2) }).unwrap();
    let (by_unit, ..) = price(&mut chain, TOKEN);
    assert_eq!(by_unit, wad(2) * u(10).pow(u(12)));
}

#[test]
fn a_strategy_takes_the_price_of_its_token_times_its_rate() {
    let mut chain = world();
    let strategy = chain.tell(STRANGER, STRATEGY_FACTORY, &deployNewStrategyCall { token: TOKEN }).unwrap();
    assert!(!price(&mut chain, strategy).2);
    tell(&mut chain, &par(TOKEN)).unwrap();
    assert_eq!(price(&mut chain, strategy), (wad(1_000), NOW, true));
    // A gift to a strategy without shares: its thousand virtual shares own it.
    chain.tell(STRANGER, TOKEN, &mintCall { to: strategy, value: u(1_000) }).unwrap();
    assert_eq!(price(&mut chain, strategy), (wad(2_000), NOW, true));
    let own = setParCall { asset: strategy };
    tell(&mut chain, &own).unwrap();
    assert_eq!(price(&mut chain, strategy).0, wad(1_000));
}

#[test]
fn fixed_prices_are_for_development_only() {
    let call = setFixedCall { asset: TOKEN, wad: wad(1_500) };
    let mut real = world();
    assert_eq!(tell(&mut real, &call), Err(reverts(FixedPricesForbidden {})));
    assert!(!real.ask(HOME, &fixedPricesAllowedCall {}).unwrap());
    let mut dev = chain();
    assert_eq!(price(&mut dev, TEST_TOKEN_STRATEGY), (wad(1_000), NOW, true));
    tell(&mut dev, &setFixedCall { asset: TEST_TOKEN, wad: wad(1_500) }).unwrap();
    assert_eq!(price(&mut dev, TEST_TOKEN_STRATEGY), (wad(1_500), NOW, true));
    for wad in [U256::ZERO, U256::ONE << 128] {
        assert_eq!(tell(&mut dev, &setFixedCall { asset: TEST_TOKEN, wad }), Err(reverts(InvalidSource {})));
    }
}

#[test]
fn only_the_owner_says_where_prices_come_from_and_sources_are_told() {
    let mut chain = with_feed(8, u(105_000_000), NOW);
    let refused = Err(says("Ownable: caller is not the owner"));
    assert_eq!(chain.tell(STRANGER, HOME, &setParCall { asset: TOKEN }).map(|_| ()), refused);
    assert_eq!(chain.tell(STRANGER, HOME, &clearSourceCall { asset: TOKEN }).map(|_| ()), refused);
    let source = chain.ask(HOME, &sourceOfCall { asset: TOKEN }).unwrap();
    let expected = Source {
        kind: 3,
        target: FEED,
        maxAgeSeconds: HOUR,
        feedDecimals: 8,
        assetDecimals: 18,
        setAt: NOW,
        ..Source::default()
    };
    assert_eq!(source, expected);
    tell(&mut chain, &clearSourceCall { asset: TOKEN }).unwrap();
    let [log] = chain.logs() else { panic!("one event") };
    assert_eq!(log.topics()[1], TOKEN.into_word());
    assert_eq!(chain.ask(HOME, &sourceOfCall { asset: TOKEN }).unwrap(), Source::default());
    let no_age = setFeedCall { asset: TOKEN, feed: FEED, maxAgeSeconds: 0 };
    assert_eq!(tell(&mut chain, &no_age), Err(reverts(InvalidSource {})));
    let no_feed = setFeedCall { asset: TOKEN, feed: ALICE, maxAgeSeconds: HOUR };
    assert_eq!(tell(&mut chain, &no_feed), Err(reverts(NoAnswer { target: ALICE })));
    assert_eq!(tell(&mut chain, &par(Address::ZERO)), Err(reverts(InvalidSource {})));
}

#[test]
fn a_pause_stops_new_sources_or_all_prices() {
    let mut chain = world();
    chain.tell(PAUSER, HOME, &pauseCall { newPausedStatus: u(1) }).unwrap();
    assert_eq!(tell(&mut chain, &par(TOKEN)), Err(reverts(CurrentlyPaused {})));
    assert!(price(&mut chain, WETH).2);
    chain.tell(PAUSER, HOME, &pauseCall { newPausedStatus: u(3) }).unwrap();
    assert_eq!(price(&mut chain, WETH), (U256::ZERO, 0, false));
}

#[test]
fn the_feed_shape_is_that_of_chainlink() {
    assert_eq!(latestRoundDataCall::SIGNATURE, "latestRoundData()");
    assert_eq!(priceOfCall::SIGNATURE, "priceOf(address)");
    assert_eq!(latestRoundDataCall::SELECTOR, [0xfe, 0xaf, 0x96, 0x8c]);
}
