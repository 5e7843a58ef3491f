//! The checker on networks small enough to reason about by hand; soundness against brute force is tested where the
//! solver is, in `risk`.

use super::*;
use proptest::prelude::*;

/// Two services on {0, 1} and {0, 2}, stakes 6, 4, 4, needs 5, prizes 4: operator 0 alone corrupts both, 6 for 8.
fn hub() -> Network {
    Network {
        divisible: false,
        stakes: vec![6, 4, 4],
        needs: vec![5, 5],
        prizes: vec![4, 4],
        starts: vec![0, 2, 3, 4],
        edges: vec![(0, 6), (1, 6), (0, 4), (1, 4)],
    }
}

fn certificate() -> Certificate {
    // At prices 0.6 operator 0 brings 5·0.6·2 = 6 for its stake of 6; each need is worth 3 = 0.75 · 4.
    let lower = Lower { ratio: Fraction { num: 75, den: 100 }, nodes: vec![Node::Leaf(vec![60, 60])] };
    let upper = Attack { services: vec![0, 1], operators: vec![0], parts: vec![] };
    Certificate { service: None, lower: Some(lower), upper: Some(upper) }
}

fn with_tree(nodes: Vec<Node>) -> Certificate {
    let lower = Lower { ratio: Fraction { num: 75, den: 100 }, nodes };
    Certificate { lower: Some(lower), ..Certificate::default() }
}

#[test]
fn a_proof_and_an_attack_of_the_same_ratio_are_accepted() {
    let claim = verify(&hub(), &certificate()).unwrap();
    assert_eq!(claim.lower, Some(Fraction { num: 75, den: 100 }));
    assert_eq!(claim.upper, Some(Fraction { num: 6, den: 8 }));
}

#[test]
fn a_higher_claim_or_other_prices_prove_nothing() {
    let mut higher = certificate();
    higher.lower.as_mut().unwrap().ratio.num = 76;
    assert_eq!(verify(&hub(), &higher), Err(Refusal::Unproved(0)));
    for prices in [vec![61, 60], vec![60, 59], vec![0, 0]] {
        assert_eq!(verify(&hub(), &with_tree(vec![Node::Leaf(prices)])), Err(Refusal::Unproved(0)));
    }
    assert_eq!(verify(&hub(), &with_tree(vec![Node::Leaf(vec![60])])), Err(Refusal::Index));
}

#[test]
fn a_tree_must_cover_all_cases_once() {
    let leaf = || Node::Leaf(vec![60, 60]);
    let good = vec![Node::Operator(0), leaf(), Node::Service(1), leaf(), leaf()];
    assert!(verify(&hub(), &with_tree(good.clone())).is_ok());
    let mut cut = good.clone();
    cut.pop();
    assert_eq!(verify(&hub(), &with_tree(cut)), Err(Refusal::Shape(4)));
    let mut longer = good.clone();
    longer.push(leaf());
    assert_eq!(verify(&hub(), &with_tree(longer)), Err(Refusal::Shape(5)));
    assert_eq!(verify(&hub(), &with_tree(vec![])), Err(Refusal::Shape(0)));
    let twice = vec![Node::Operator(0), Node::Operator(0), leaf(), leaf(), leaf()];
    assert_eq!(verify(&hub(), &with_tree(twice)), Err(Refusal::Decided(1)));
    assert_eq!(verify(&hub(), &with_tree(vec![Node::Service(2), leaf(), leaf()])), Err(Refusal::Index));
}

#[test]
fn a_service_is_unreachable_only_without_the_stake_that_is_left_out() {
    let leaf = || Node::Leaf(vec![60, 60]);
    // Without operator 0 the other one of each service brings 4 of 5.
    let tree = vec![Node::Operator(0), leaf(), Node::Service(1), Node::Unreachable(1), leaf()];
    assert!(verify(&hub(), &with_tree(tree.clone())).is_ok());
    let elastic = Network { divisible: true, ..hub() };
    assert!(verify(&elastic, &with_tree(tree.clone())).is_err());
    let mut not_attacked = tree.clone();
    not_attacked[3] = Node::Unreachable(0);
    assert_eq!(verify(&hub(), &with_tree(not_attacked)), Err(Refusal::Unproved(3)));
    let mut with_zero = tree;
    with_zero.swap(1, 3);
    assert!(verify(&hub(), &with_tree(with_zero)).is_err());
}

#[test]
fn a_cover_prices_what_is_left_of_a_need_beside_its_operators() {
    // One service on stakes 6 and 4, need 7, prize 8: both must attack, 10 for 8. Without a cover operator 0 counts 6 of 7.
    let network = Network {
        divisible: false,
        stakes: vec![6, 4],
        needs: vec![7],
        prizes: vec![8],
        starts: vec![0, 1, 2],
        edges: vec![(0, 6), (0, 4)],
    };
    let cover =
        |operators: &[u32], price| Node::Cover(Cover { service: 0, operators: operators.into(), price });
    let proof = |ratio, nodes: &[Node]| {
        let lower = Lower { ratio: Fraction { num: ratio, den: 100 }, nodes: nodes.to_vec() };
        verify(&network, &Certificate { lower: Some(lower), ..Certificate::default() })
            .map(|claim| claim.lower)
    };
    let leaf = Node::Leaf(vec![0]);
    assert_eq!(proof(88, &[Node::Leaf(vec![100])]), Err(Refusal::Unproved(0)));
    // Beside 0 one unit is left, for which 1 pays 4; beside 1 three are, for which 0 pays 6.
    let both = [cover(&[0], 400), cover(&[1], 200), leaf.clone()];
    assert_eq!(proof(125, &both), Ok(Some(Fraction { num: 125, den: 100 })));
    assert_eq!(proof(126, &both), Err(Refusal::Unproved(2)));
    assert_eq!(proof(125, &both[1..]), Err(Refusal::Unproved(1)));
    // It counts in the next leaf alone, and leads to one.
    let tree = [Node::Operator(0), both[0].clone(), both[1].clone(), leaf.clone(), leaf.clone()];
    assert_eq!(proof(125, &tree), Err(Refusal::Unproved(4)));
    let attacked = [both[0].clone(), Node::Unreachable(0)];
    assert_eq!(proof(125, &attacked), Err(Refusal::Shape(1)));
    assert_eq!(proof(125, &both[..2]), Err(Refusal::Shape(2)));
    // Operators that meet the need leave nothing to price; lists rise and name members.
    assert_eq!(proof(1, &[cover(&[0, 1], 1), leaf.clone()]), Err(Refusal::Unproved(0)));
    for operators in [&[1, 0][..], &[0, 0], &[2]] {
        assert_eq!(proof(1, &[cover(operators, 1), leaf.clone()]), Err(Refusal::Index), "{operators:?}");
    }
    assert_eq!(proof(1, &[cover(&[0], u128::MAX), leaf.clone()]), Err(Refusal::Overflow));
    let divisible = Network { divisible: true, ..network.clone() };
    let lower = Lower { ratio: Fraction { num: 1, den: 100 }, nodes: both.to_vec() };
    let certificate = Certificate { lower: Some(lower), ..Certificate::default() };
    assert_eq!(verify(&divisible, &certificate), Err(Refusal::Unproved(0)));
}

#[test]
fn an_attack_must_reach_every_need() {
    let attack = |services: &[u32], operators: &[u32]| {
        let upper = Attack { services: services.into(), operators: operators.into(), parts: vec![] };
        Certificate { upper: Some(upper), ..Certificate::default() }
    };
    assert_eq!(verify(&hub(), &attack(&[0, 1], &[1])), Err(Refusal::Need(0)));
    assert_eq!(verify(&hub(), &attack(&[1, 0], &[0])), Err(Refusal::Index));
    assert_eq!(verify(&hub(), &attack(&[0], &[0, 0])), Err(Refusal::Index));
    assert_eq!(verify(&hub(), &attack(&[0], &[7])), Err(Refusal::Index));
    assert_eq!(verify(&hub(), &attack(&[], &[0])), Err(Refusal::Zero));
    let other = Certificate { service: Some(1), ..attack(&[0], &[0]) };
    assert_eq!(verify(&hub(), &other), Err(Refusal::Other(1)));
}

#[test]
fn parts_are_for_divisible_stake_and_within_the_allocation() {
    let part = |stake| Part { operator: 0, service: 0, stake };
    let attack = |stake| Certificate {
        upper: Some(Attack { services: vec![0], operators: vec![], parts: vec![part(stake)] }),
        ..Certificate::default()
    };
    assert_eq!(verify(&hub(), &attack(5)), Err(Refusal::Part));
    let elastic = Network { divisible: true, ..hub() };
    assert_eq!(verify(&elastic, &attack(5)).unwrap().upper, Some(Fraction { num: 5, den: 4 }));
    assert_eq!(verify(&elastic, &attack(4)), Err(Refusal::Need(0)));
    assert_eq!(verify(&elastic, &attack(7)), Err(Refusal::Part));
}

#[test]
fn sums_beyond_127_bits_and_lists_that_do_not_fit_are_refused() {
    let mut huge = hub();
    huge.stakes[0] = u128::MAX;
    assert_eq!(verify(&huge, &certificate()), Err(Refusal::Overflow));
    let mut short = hub();
    short.starts.pop();
    assert_eq!(verify(&short, &certificate()), Err(Refusal::Network));
    let mut zero = certificate();
    zero.lower.as_mut().unwrap().ratio.den = 0;
    assert_eq!(verify(&hub(), &zero), Err(Refusal::Zero));
}

#[test]
fn bytes_read_back_and_no_cut_is_a_certificate() {
    let mut certificate = certificate();
    certificate.service = Some(1);
    let nodes = vec![
        Node::Service(0),
        Node::Leaf(vec![u128::MAX, 0]),
        Node::Operator(7),
        Node::Leaf(vec![]),
        Node::Unreachable(9),
        Node::Cover(Cover { service: 3, operators: vec![1, 400], price: 1 << 100 }),
    ];
    certificate.lower.as_mut().unwrap().nodes = nodes;
    certificate.upper.as_mut().unwrap().parts = vec![Part { operator: 1, service: 300, stake: 1 << 90 }];
    let bytes = encode(&certificate);
    assert_eq!(decode(&bytes), Ok(certificate));
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn whatever_bytes_decode_encode_to_the_same(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = [vec![1], bytes].concat();
        if let Ok(certificate) = decode(&bytes) {
            prop_assert_eq!(encode(&certificate), bytes);
        }
    }
}
