//! Claims about RiskOracle: what it says was proved in the state of the block that it names, and by nobody's word.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod proofs;

use super::{publish::MAX_CERTIFICATE_BYTES, *};
use crate::{
    avs_directory::REGISTERED,
    host::{Error, Result},
    operator_set,
    scene::{AVS, Scene, operator, staker},
    testkit::{OWNER as HOLDER, PAUSER, STRANGER, assert_dispatches, reverts, says, u},
};
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolCall, SolEvent, SolInterface as _};
use light::certificate::{Certificate, Cover, Node, encode, hash};
use proofs::{attack, cheapest, proof};
use proptest::prelude::*;
use types::{
    Rules,
    abi::{
        IPausable::{CurrentlyPaused, pauseCall},
        IPermissionController::setAppointeeCall,
        IPriceBook::{clearSourceCall, setParCall},
        IRiskOracle::{
            AlreadySo, CertificateRefused, IRiskOracleCalls, InvalidPermissions, InvalidThreshold,
            MalformedCertificate, Network, NothingProved, OperatorNotRegistered, OperatorStillRegistered,
            PriceUnavailable, Published, TooLarge, UnknownService, WiderThanStored, clearPrizeCall,
            gammaCall, gammaReturn, modeGammaCall, networkCall, networkGammaCall, networkOfCall, prizeOfCall,
            publishCall, rCall, setCountedCall, setListedCall, setPrizeCall, staleCall, trackCall,
        },
    },
    addresses::{AVS_DIRECTORY, PERMISSION_CONTROLLER, PRICE_BOOK},
    units::WAD,
};

const FULL: u8 = 0;
const UNIQUE: u8 = 1;

fn key(id: u32) -> B256 {
    operator_set::key(AVS, id)
}

fn directory() -> B256 {
    let mut key = B256::repeat_byte(0xff);
    key[..20].copy_from_slice(AVS.as_slice());
    key
}

/// Two operators with 1000 and 500 of strategy 0; sets 1 and 2 have half and a quarter of each; both are listed, prices
/// are at par, set 1 says that it is worth 100 at a threshold of one half.
fn scene() -> Scene {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.serve();
    for id in [1, 2] {
        scene.create_set(id, &[0]).unwrap();
    }
    for (index, stake) in [(0, 1_000_u64), (1, 500)] {
        scene.register(operator(index));
        scene.deposit(staker(index), 0, u(stake)).unwrap();
        scene.delegate(staker(index), operator(index)).unwrap();
        scene.join(operator(index), &[1, 2]).unwrap();
        scene.allocate(operator(index), 1, 0, WAD / 2).unwrap();
        scene.allocate(operator(index), 2, 0, WAD / 4).unwrap();
    }
    let token = scene.tokens[0];
    scene.tell(HOLDER, PRICE_BOOK, &setParCall { asset: token }).unwrap();
    for id in [1, 2] {
        list(&mut scene, key(id)).unwrap();
    }
    declare(&mut scene, 1, 100).unwrap();
    scene.mine(1);
    scene
}

fn list(scene: &mut Scene, service: B256) -> Result<()> {
    scene.tell(HOLDER, HOME, &setListedCall { service, listed: true }).map(|_| ())
}

fn declare(scene: &mut Scene, id: u32, prize: u128) -> Result<()> {
    let call = setPrizeCall { service: key(id), prize, numerator: 1, denominator: 2 };
    scene.tell(AVS, HOME, &call).map(|_| ())
}

fn network(scene: &mut Scene, mode: u8) -> Network {
    scene.chain.ask(HOME, &networkCall { mode }).unwrap()
}

fn publish(scene: &mut Scene, mode: u8, certificate: &Certificate) -> Result<(i64, i64)> {
    let call = publishCall { mode, certificate: encode(certificate).into() };
    scene.tell(STRANGER, HOME, &call).map(|answer| (answer.gammaLowerE6, answer.gammaUpperE6))
}

fn certificate(network: &Network, service: Option<u32>) -> Certificate {
    let weakest = service.unwrap_or_else(|| proofs::weakest(network));
    Certificate { service, lower: Some(proof(network)), upper: Some(attack(network, weakest)) }
}

/// The same proof with a cover for each price of its leaf.
fn in_covers(certificate: &Certificate) -> Certificate {
    let mut covered = certificate.clone();
    let lower = covered.lower.as_mut().unwrap();
    let [Node::Leaf(prices)] = &lower.nodes[..] else { panic!("one leaf") };
    let covers = prices
        .iter()
        .zip(0..)
        .map(|(price, service)| Node::Cover(Cover { service, operators: Vec::new(), price: *price }));
    lower.nodes = covers.chain([Node::Leaf(vec![0; prices.len()])]).collect();
    covered
}

fn gamma(scene: &mut Scene, id: u32) -> gammaReturn {
    scene.chain.ask(HOME, &gammaCall { service: key(id) }).unwrap()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &IRiskOracleCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn the_network_is_what_the_state_says() {
    let mut scene = scene();
    let built = network(&mut scene, UNIQUE);
    let expected = Network {
        mode: UNIQUE,
        otherServices: 0,
        services: vec![key(1), key(2)],
        // Set 2 has declared nothing: three per cent of its need.
        prizes: vec![100, 3],
        needs: vec![375, 125],
        thresholdNumerators: vec![1, 1],
        thresholdDenominators: vec![2, 3],
        assumed: vec![false, true],
        operators: vec![operator(0), operator(1)],
        stakes: vec![1_000, 500],
        starts: vec![0, 2, 4],
        edgeServices: vec![0, 1, 0, 1],
        edgeStakes: vec![500, 250, 250, 125],
    };
    assert_eq!(built, expected);
    let full = network(&mut scene, FULL);
    assert_eq!((full.services.len(), full.otherServices), (0, 2));
    let only = scene.chain.ask(HOME, &networkOfCall { mode: UNIQUE, services: vec![key(2)] }).unwrap();
    assert_eq!((only.services, only.needs), (vec![key(2)], vec![125]));
}

#[test]
fn a_valid_certificate_is_stored_with_its_block_and_hash() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    let certificate = certificate(&network, None);
    // Set 1: 375 against 100; its attack uses exactly the need.
    assert_eq!(publish(&mut scene, UNIQUE, &certificate), Ok((2_750_000, 2_750_000)));
    let [log] = scene.chain.logs() else { panic!("one event") };
    let event = Published::decode_log_data(&log.data).unwrap();
    assert_eq!((event.service, event.certificateHash), (B256::ZERO, hash(&certificate)));
    let of_network = scene.chain.ask(HOME, &networkGammaCall {}).unwrap();
    let of_mode = scene.chain.ask(HOME, &modeGammaCall { mode: UNIQUE }).unwrap();
    let block = scene.chain.block.number;
    assert_eq!((of_network.gammaLowerE6, of_network.blockNumber), (2_750_000, block));
    assert_eq!((of_mode.gammaUpperE6, of_mode.certificateHash), (2_750_000, hash(&certificate)));
}

#[test]
fn a_service_has_bounds_of_its_own() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    let nothing = gamma(&mut scene, 2);
    assert_eq!((nothing.gammaLowerE6, nothing.gammaUpperE6, nothing.blockNumber), (-1_000_000, i64::MAX, 0));
    let (lower, upper) = publish(&mut scene, UNIQUE, &certificate(&network, Some(1))).unwrap();
    // 125 against 3, rounded up; together with set 1 it is cheaper, which the lower bound knows.
    assert_eq!((lower, upper), (2_750_000, 40_666_667));
    assert_eq!(gamma(&mut scene, 2).gammaUpperE6, upper);
    assert_eq!(gamma(&mut scene, 1).blockNumber, 0);
}

#[test]
fn every_corruption_is_refused() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    for (what, corrupted) in proofs::corruptions(&certificate(&network, None)) {
        let refused = publish(&mut scene, UNIQUE, &corrupted);
        let is_refusal = matches!(&refused, Err(Error::Revert(data))
            if data.starts_with(&<CertificateRefused as alloy_sol_types::SolError>::SELECTOR));
        assert!(is_refusal, "{what}: {refused:?}");
    }
    let empty = publish(&mut scene, UNIQUE, &Certificate::default());
    assert_eq!(empty, Err(reverts(NothingProved {})));
    let block = scene.chain.ask(HOME, &networkGammaCall {}).unwrap().blockNumber;
    assert_eq!(block, 0);
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    let bytes = encode(&certificate(&network, None));
    let mut send = |bytes: Vec<u8>| {
        let call = publishCall { mode: UNIQUE, certificate: bytes.into() };
        scene.tell(STRANGER, HOME, &call).map(|_| ())
    };
    for cut in 0..bytes.len() {
        let refused = send(bytes[..cut].to_vec());
        assert!(matches!(refused, Err(Error::Revert(_))), "{cut}");
    }
    assert_eq!(send(Vec::new()), Err(reverts(MalformedCertificate { at: u(0) })));
    let limit = MAX_CERTIFICATE_BYTES;
    let long = vec![1; usize::try_from(limit).unwrap() + 1];
    assert_eq!(send(long), Err(reverts(TooLarge { size: u(limit + 1), limit: u(limit) })));
    let call = publishCall { mode: 2, certificate: bytes.into() };
    assert!(scene.tell(STRANGER, HOME, &call).is_err());
}

#[test]
fn a_certificate_of_another_state_is_refused() {
    let mut scene = scene();
    let before = network(&mut scene, UNIQUE);
    let old = certificate(&before, None);
    publish(&mut scene, UNIQUE, &old).unwrap();
    scene.mine(1);
    scene.slash_set(operator(0), 1, &[(0, WAD)]).unwrap();
    let refused = publish(&mut scene, UNIQUE, &old);
    assert!(matches!(refused, Err(Error::Revert(_))), "{refused:?}");
    // The old bounds stay, with their block; the new ones contradict them and so may replace them at once.
    let block = scene.chain.block.number;
    assert!(!scene.chain.ask(HOME, &staleCall { maxAgeBlocks: 1 }).unwrap());
    assert!(scene.chain.ask(HOME, &staleCall { maxAgeBlocks: 0 }).unwrap());
    let after = network(&mut scene, UNIQUE);
    assert_eq!(after.edgeStakes, vec![250, 250, 125]);
    let (lower, _) = publish(&mut scene, UNIQUE, &certificate(&after, None)).unwrap();
    assert_eq!(lower, 250_000);
    assert_eq!(scene.chain.ask(HOME, &networkGammaCall {}).unwrap().blockNumber, block);
}

#[test]
fn fresh_bounds_are_not_blurred() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    let tight = certificate(&network, None);
    let wide = Certificate { upper: None, ..tight.clone() };
    publish(&mut scene, UNIQUE, &wide).unwrap();
    publish(&mut scene, UNIQUE, &tight).unwrap();
    let block = scene.chain.block.number;
    scene.mine(99);
    let refused = WiderThanStored { gammaLowerE6: 2_750_000, gammaUpperE6: 2_750_000, blockNumber: block };
    assert_eq!(publish(&mut scene, UNIQUE, &wide), Err(reverts(refused)));
    publish(&mut scene, UNIQUE, &tight).unwrap();
    scene.mine(100);
    assert_eq!(publish(&mut scene, UNIQUE, &wide), Ok((2_750_000, i64::MAX)));
}

#[test]
fn registrations_of_avs_directory_share_the_whole_stake() {
    let mut scene = scene();
    scene.create_set(3, &[0]).unwrap();
    scene.join(operator(0), &[3]).unwrap();
    let strategy = scene.strategies[0];
    scene.tell(HOLDER, HOME, &setCountedCall { strategy, counted: true }).unwrap();
    for service in [directory(), key(3)] {
        list(&mut scene, service).unwrap();
    }
    let track = |operator, tracked| trackCall { service: directory(), operator, tracked };
    let unknown = scene.tell(STRANGER, HOME, &track(operator(0), true)).err();
    assert_eq!(unknown, Some(reverts(OperatorNotRegistered {})));
    let register = |scene: &mut Scene, index, is| {
        scene.chain.run(AVS_DIRECTORY, |host| Ok(REGISTERED.set(host, (AVS, operator(index)), is)?)).unwrap();
    };
    for index in [0, 1] {
        register(&mut scene, index, true);
        scene.tell(STRANGER, HOME, &track(operator(index), true)).unwrap();
    }
    let still = scene.tell(STRANGER, HOME, &track(operator(0), false)).err();
    assert_eq!(still, Some(reverts(OperatorStillRegistered {})));
    let full = network(&mut scene, FULL);
    assert_eq!(full.services, [directory(), key(3)]);
    assert_eq!((full.stakes.clone(), full.otherServices), (vec![1_000, 500], 2));
    assert_eq!((full.needs.clone(), full.edgeStakes.clone()), (vec![500, 334], vec![1_000, 1_000, 500]));
    let of_full = certificate(&full, None);
    let bounds = publish(&mut scene, FULL, &of_full).unwrap();
    // Covers beside nobody say what the prices of the leaf said; only where stake is whole.
    assert_eq!(publish(&mut scene, FULL, &in_covers(&of_full)), Ok(bounds));
    // Mode unique has services and is not proved yet.
    let unproved = scene.chain.ask(HOME, &networkGammaCall {}).unwrap();
    assert_eq!((unproved.gammaLowerE6, unproved.blockNumber), (-1_000_000, 0));
    let unique = network(&mut scene, UNIQUE);
    assert!(publish(&mut scene, UNIQUE, &in_covers(&certificate(&unique, None))).is_err());
    publish(&mut scene, UNIQUE, &certificate(&unique, None)).unwrap();
    let both = scene.chain.ask(HOME, &networkGammaCall {}).unwrap();
    assert_eq!((both.gammaLowerE6, both.blockNumber), (2_750_000, scene.chain.block.number));
    // One leaves, without a word to the oracle.
    register(&mut scene, 1, false);
    assert_eq!(network(&mut scene, FULL).needs, [334, 334]);
    scene.tell(STRANGER, HOME, &track(operator(1), false)).unwrap();
}

#[test]
fn gamma_falls_as_prizes_rise_and_scales_out() {
    let mut last = i64::MAX;
    for prize in [1, 2, 50, 100, 374, 375, 376, 1_000, 1_000_000] {
        let mut scene = scene();
        declare(&mut scene, 1, prize).unwrap();
        let network = network(&mut scene, UNIQUE);
        let (lower, upper) = publish(&mut scene, UNIQUE, &certificate(&network, None)).unwrap();
        assert!(lower <= upper && upper - lower <= 1, "{lower} {upper}");
        assert!(lower <= last, "{prize}");
        last = lower;
        assert_eq!(lower >= 0, prize <= 375, "{prize}");
    }
}

#[test]
fn the_bound_on_cascades_follows_from_gamma() {
    let mut scene = scene();
    let ask = |scene: &mut Scene, psi| scene.chain.ask(HOME, &rCall { psiE6: psi }).unwrap();
    assert_eq!((ask(&mut scene, 0), ask(&mut scene, 1)), (0, 1_000_000));
    let network = network(&mut scene, UNIQUE);
    publish(&mut scene, UNIQUE, &certificate(&network, None)).unwrap();
    // (1 + 1/2.75) of one per cent, rounded up.
    assert_eq!(ask(&mut scene, 10_000), 13_637);
    assert_eq!(ask(&mut scene, u32::MAX), 1_000_000);
    assert!((0..1_000_000).step_by(997).all(|psi| ask(&mut scene, psi) >= psi));
}

#[test]
fn services_and_those_they_appoint_declare_and_nobody_else() {
    let mut scene = scene();
    let call = setPrizeCall { service: key(1), prize: 7, numerator: 2, denominator: 3 };
    assert_eq!(scene.tell(STRANGER, HOME, &call).err(), Some(reverts(InvalidPermissions {})));
    let appoint = setAppointeeCall {
        account: AVS,
        appointee: STRANGER,
        target: HOME,
        selector: setPrizeCall::SELECTOR.into(),
    };
    scene.tell(AVS, PERMISSION_CONTROLLER, &appoint).unwrap();
    scene.tell(STRANGER, HOME, &call).unwrap();
    let said = scene.chain.ask(HOME, &prizeOfCall { service: key(1) }).unwrap();
    assert_eq!((said.prize, said.numerator, said.denominator, said.declared), (7, 2, 3, true));
    assert_eq!(network(&mut scene, UNIQUE).needs[0], 500);
    let clear = clearPrizeCall { service: key(1) };
    assert_eq!(scene.tell(STRANGER, HOME, &clear).err(), Some(reverts(InvalidPermissions {})));
    scene.tell(AVS, HOME, &clear).unwrap();
    assert_eq!(network(&mut scene, UNIQUE).prizes[0], 7);
    assert!(network(&mut scene, UNIQUE).assumed[0]);
}

#[test]
fn declarations_that_make_no_sense_are_refused() {
    let mut scene = scene();
    for (numerator, denominator) in [(0, 1), (0, 0), (1, 0), (4, 3)] {
        let call = setPrizeCall { service: key(1), prize: 1, numerator, denominator };
        assert_eq!(scene.tell(AVS, HOME, &call).err(), Some(reverts(InvalidThreshold {})));
    }
    let large = setPrizeCall { service: key(1), prize: 1 << 96, numerator: 1, denominator: 1 };
    let refused = reverts(TooLarge { size: u(97), limit: u(96) });
    assert_eq!(scene.tell(AVS, HOME, &large).err(), Some(refused));
    let mut odd = key(1);
    odd[20] = 1;
    for service in [key(9), odd, B256::ZERO] {
        assert_eq!(list(&mut scene, service), Err(reverts(UnknownService {})), "{service}");
    }
    assert_eq!(list(&mut scene, key(1)), Err(reverts(AlreadySo {})));
    let by_stranger = setListedCall { service: key(1), listed: false };
    let refused = says("Ownable: caller is not the owner");
    assert_eq!(scene.tell(STRANGER, HOME, &by_stranger).err(), Some(refused));
    let of_set = trackCall { service: key(1), operator: operator(0), tracked: true };
    assert_eq!(scene.tell(STRANGER, HOME, &of_set).err(), Some(reverts(UnknownService {})));
}

#[test]
fn another_list_is_another_network() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    publish(&mut scene, UNIQUE, &certificate(&network, None)).unwrap();
    scene.tell(HOLDER, HOME, &setListedCall { service: key(2), listed: false }).unwrap();
    let forgotten = scene.chain.ask(HOME, &networkGammaCall {}).unwrap();
    assert_eq!((forgotten.gammaLowerE6, forgotten.gammaUpperE6), (-1_000_000, i64::MAX));
    assert_eq!((forgotten.blockNumber, forgotten.certificateHash), (0, B256::ZERO));
    assert!(scene.chain.ask(HOME, &staleCall { maxAgeBlocks: u64::MAX }).unwrap());
}

#[test]
fn a_strategy_without_a_source_counts_nothing_and_one_whose_source_fails_makes_all_wait() {
    let mut scene = scene();
    let certificate = certificate(&network(&mut scene, UNIQUE), None);
    scene.tell(PAUSER, PRICE_BOOK, &pauseCall { newPausedStatus: u(2) }).unwrap();
    let waits = reverts(PriceUnavailable { strategy: scene.strategies[0] });
    assert_eq!(publish(&mut scene, UNIQUE, &certificate), Err(waits));

    let mut scene = self::scene();
    let token = scene.tokens[0];
    scene.tell(HOLDER, PRICE_BOOK, &clearSourceCall { asset: token }).unwrap();
    let built = network(&mut scene, UNIQUE);
    assert_eq!((built.needs, built.operators.len()), (vec![0, 0], 0));
}

#[test]
fn a_pause_stops_publishing_or_declaring() {
    let mut scene = scene();
    let certificate = certificate(&network(&mut scene, UNIQUE), None);
    scene.tell(PAUSER, HOME, &pauseCall { newPausedStatus: u(1) }).unwrap();
    assert_eq!(publish(&mut scene, UNIQUE, &certificate), Err(reverts(CurrentlyPaused {})));
    declare(&mut scene, 1, 5).unwrap();
    scene.tell(PAUSER, HOME, &pauseCall { newPausedStatus: u(3) }).unwrap();
    assert_eq!(declare(&mut scene, 1, 5), Err(reverts(CurrentlyPaused {})));
}

#[test]
fn the_price_of_publishing_grows_with_edges_times_nodes_and_is_bounded() {
    let mut scene = scene();
    let network = network(&mut scene, UNIQUE);
    let certificate = certificate(&network, None);
    let gas = |scene: &mut Scene, bytes: Vec<u8>| {
        let input = publishCall { mode: UNIQUE, certificate: bytes.into() }.abi_encode();
        scene.chain.send(STRANGER, HOME, U256::ZERO, &input, 1 << 30)
    };
    let honest = gas(&mut scene, encode(&certificate));
    assert!(honest.answer.is_ok() && honest.gas_used < 300_000, "{}", honest.gas_used);
    // A tree that never ends: as many nodes as bytes allow, each read at most once for the whole network.
    let endless = proofs::endless(&certificate, 20_000);
    let refused = gas(&mut scene, encode(&endless));
    assert!(refused.answer.is_err());
    let size = 4 + 2 + 2 + 1;
    assert!(refused.gas_used < 400_000 + 20_001 * size, "{}", refused.gas_used);
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_true(at: prop::sample::Index, to: u8, service in prop::option::of(0_u32..2)) {
        let mut scene = scene();
        let network = network(&mut scene, UNIQUE);
        let mut bytes = encode(&certificate(&network, service));
        let at = at.index(bytes.len());
        bytes[at] = to;
        let call = publishCall { mode: UNIQUE, certificate: Bytes::from(bytes) };
        if let Ok(answer) = scene.tell(STRANGER, HOME, &call) {
            let [log] = scene.chain.logs() else { panic!("one event") };
            let spoken = Published::decode_log_data(&log.data).unwrap().service;
            let index = network.services.iter().position(|service| *service == spoken);
            let truth = cheapest(&network, index);
            prop_assert!(answer.gammaLowerE6 <= truth, "{}", answer.gammaLowerE6);
            prop_assert!(answer.gammaUpperE6 >= truth, "{}", answer.gammaUpperE6);
        }
    }
}
