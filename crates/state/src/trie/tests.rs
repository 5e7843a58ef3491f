//! Claims about the trie, each against `alloy-trie` over all leaves of a plain map.

use super::*;
use crate::node::bounds;
use alloy_primitives::U256;
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Map = BTreeMap<B256, U256>;

impl LeafSource<U256> for Map {
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, U256)>> {
        let (from, to) = bounds(prefix, nibbles);
        Ok(self.range(from..=to).map(|(key, value)| (*key, *value)).collect())
    }

    fn contradiction(&self) -> Error {
        Error::Misuse { what: "the map is not what the cut stands for".into() }
    }
}

fn full_root(map: &Map) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in map {
        builder.add_leaf(Nibbles::unpack(key), &alloy_rlp::encode(value));
    }
    builder.root()
}

/// The proof by `alloy-trie`, less the nodes that it repeats although they are embedded in their parents: Ethereum's
/// clients list only what is referred to by hash.
fn full_proof(map: &Map, key: &B256) -> Vec<Bytes> {
    let retainer = ProofRetainer::new(vec![Nibbles::unpack(key)]);
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (key, value) in map {
        builder.add_leaf(Nibbles::unpack(key), &alloy_rlp::encode(value));
    }
    let _ = builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    let kept = nodes.into_iter().enumerate().filter(|(at, (_, node))| *at == 0 || node.len() >= 32);
    kept.map(|(_, (_, node))| node).collect()
}

/// Keys that share long prefixes, so extensions, collapses and embedded nodes all happen.
fn crowded_key() -> impl Strategy<Value = B256> {
    let spot = (
        prop::sample::select(vec![0usize, 1, 15, 30, 31, 31]),
        prop::sample::select(vec![0xffu8, 0x0f, 0xf0]),
        any::<u8>(),
    );
    (prop::sample::select(vec![0x00u8, 0x11, 0xf0]), prop::collection::vec(spot, 0..3)).prop_map(
        |(fill, spots)| {
            let mut key = B256::repeat_byte(fill);
            for (at, mask, byte) in spots {
                key.0[at] = byte & mask;
            }
            key
        },
    )
}

fn spread_key() -> impl Strategy<Value = B256> {
    (0u64..400).prop_map(|n| keccak256(n.to_be_bytes()))
}

fn value() -> impl Strategy<Value = U256> {
    prop_oneof![
        (1u64..200).prop_map(U256::from),
        any::<[u8; 32]>().prop_map(|raw| U256::from_be_bytes(raw) | U256::ONE)
    ]
}

/// A batch: about a third deletes; some keys are known from other batches because the key space is small.
fn batch(key: impl Strategy<Value = B256>) -> impl Strategy<Value = BTreeMap<B256, Option<U256>>> {
    prop::collection::btree_map(key, prop::option::weighted(0.65, value()), 1..40)
}

fn batches() -> impl Strategy<Value = Vec<BTreeMap<B256, Option<U256>>>> {
    let crowded = prop::collection::vec(batch(crowded_key()), 1..20);
    let spread = prop::collection::vec(batch(spread_key()), 1..20);
    let mixed = prop::collection::vec(batch(prop_oneof![crowded_key(), spread_key()].boxed()), 1..20);
    prop_oneof![crowded, spread, mixed]
}

fn ops(batch: &BTreeMap<B256, Option<U256>>) -> Vec<Op<U256>> {
    batch.iter().map(|(key, after)| Op::new(*key, *after)).collect()
}

fn apply(map: &mut Map, batch: &BTreeMap<B256, Option<U256>>) {
    for (key, value) in batch {
        match value {
            Some(value) => map.insert(*key, *value),
            None => map.remove(key),
        };
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    prop::sample::select(vec![Shape::Single, Shape::Sharded])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn roots_equal_alloy_trie_and_replaced_values_are_told(shape in shape(), batches in batches()) {
        let (mut map, mut trie) = (Map::new(), Trie::new(shape, Kernel::detect()));
        for batch in batches {
            let mut ops = ops(&batch);
            let before: Vec<_> = ops.iter().map(|op| map.get(&op.key).copied()).collect();
            apply(&mut map, &batch);
            prop_assert_eq!(trie.update(&mut ops, 0, &NoCuts).unwrap(), full_root(&map));
            prop_assert_eq!(ops.iter().map(|op| op.before).collect::<Vec<_>>(), before);
            prop_assert_eq!(trie.len(), map.len());
            prop_assert!(batch.keys().all(|key| trie.get(key) == Some(map.get(key).copied())));
        }
    }

    #[test]
    fn cuts_and_shapes_do_not_change_roots(shape in shape(), batches in batches(), limit in 1u32..20) {
        let (mut map, mut trie) = (Map::new(), Trie::new(shape, Kernel::detect()));
        for (round, batch) in (1u32..).zip(batches) {
            let before = map.clone();
            apply(&mut map, &batch);
            let mut ops = ops(&batch);
            let root = trie.update(&mut ops, round, &before).unwrap();
            prop_assert_eq!(root, full_root(&map));
            prop_assert!(ops.iter().all(|op| op.before == before.get(&op.key).copied()));
            match round % 4 {
                0 => trie.thin(limit, round.saturating_sub(1)),
                1 => trie = Trie::from_cuts(trie.shape(), Kernel::detect(), &trie.cuts(limit)),
                2 => trie = trie.reshaped(if round % 8 == 2 { Shape::Single } else { Shape::Sharded }),
                _ => {}
            }
            prop_assert_eq!(trie.root(), root, "after round {}", round);
            prop_assert_eq!(trie.len(), map.len());
        }
    }

    #[test]
    fn stale_cuts_and_the_keys_changed_since_give_the_present_root(shape in shape(), batches in batches(), limit in 1u32..20) {
        let (mut map, mut trie) = (Map::new(), Trie::new(shape, Kernel::detect()));
        let half = batches.len() / 2;
        for batch in &batches[..half] {
            apply(&mut map, batch);
            trie.update(&mut ops(batch), 0, &NoCuts).unwrap();
        }
        let mut old = Trie::from_cuts(shape, Kernel::detect(), &trie.cuts(limit));
        let mut changed = BTreeMap::new();
        for batch in &batches[half..] {
            apply(&mut map, batch);
            changed.extend(batch.clone());
        }
        changed.iter_mut().for_each(|(key, value)| *value = map.get(key).copied());
        prop_assert_eq!(old.resync(&mut ops(&changed), &map).unwrap(), full_root(&map));
    }

    #[test]
    fn proofs_equal_alloy_trie_with_and_without_cuts(
        shape in shape(),
        keys in prop::collection::btree_set(prop_oneof![crowded_key(), spread_key()], 0..150),
        absent in prop::collection::vec(prop_oneof![crowded_key(), spread_key()], 1..10),
        limit in 1u32..20,
    ) {
        let map: Map = keys.iter().zip(1u64..).map(|(key, n)| (*key, U256::from(n))).collect();
        let leaves: Vec<_> = map.clone().into_iter().collect();
        let whole = Trie::from_leaves(shape, Kernel::detect(), &leaves);
        let cut = Trie::from_cuts(shape, Kernel::detect(), &whole.cuts(limit));
        for key in map.keys().step_by(7).chain(&absent) {
            let (value, nodes) = whole.prove(key, &map).unwrap();
            prop_assert_eq!(value, map.get(key).copied());
            if !map.is_empty() {
                prop_assert_eq!(&nodes, &full_proof(&map, key));
            }
            prop_assert_eq!(cut.prove(key, &map).unwrap(), (value, nodes));
        }
    }

    #[test]
    fn every_deletion_order_ends_in_the_empty_root(
        shape in shape(),
        keys in prop::collection::btree_set(crowded_key(), 1..30),
        order in any::<prop::sample::Index>(),
    ) {
        let mut map: Map = keys.iter().map(|key| (*key, U256::from(7))).collect();
        let leaves: Vec<_> = map.clone().into_iter().collect();
        let mut trie = Trie::from_leaves(shape, Kernel::Scalar, &leaves);
        while !map.is_empty() {
            let victim = *map.keys().nth(order.index(map.len())).unwrap();
            map.remove(&victim);
            prop_assert_eq!(trie.update(&mut [Op::new(victim, None)], 0, &NoCuts).unwrap(), full_root(&map));
        }
        prop_assert_eq!(trie.root(), EMPTY_ROOT);
        prop_assert!(trie.is_empty());
    }
}

fn many(count: u64) -> Vec<(B256, U256)> {
    let mut leaves: Vec<_> = (0..count).map(|n| (keccak256(n.to_be_bytes()), U256::from(n + 1))).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.0);
    leaves
}

#[test]
fn any_number_of_threads_and_any_kernel_give_the_same_root() {
    let leaves = many(5_000);
    let mut map: Map = leaves.iter().copied().collect();
    let batch: BTreeMap<B256, Option<U256>> = leaves
        .iter()
        .step_by(3)
        .map(|(key, value)| (*key, (value.bit(0)).then(|| *value + *value)))
        .collect();
    let built = full_root(&map);
    apply(&mut map, &batch);
    for threads in [1, 2, 3, 16] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for kernel in [Kernel::Scalar, Kernel::detect()] {
            let mut trie = pool.install(|| Trie::from_leaves(Shape::Sharded, kernel, &leaves));
            assert_eq!(trie.root(), built);
            let root = pool.install(|| trie.update(&mut ops(&batch), 1, &NoCuts)).unwrap();
            assert_eq!(root, full_root(&map), "{threads} threads");
        }
    }
}

#[test]
fn building_in_parts_is_building_at_once() {
    for count in [0, 1, 2, 40, 3_000] {
        let leaves = many(count);
        let whole = Trie::from_leaves(Shape::Sharded, Kernel::detect(), &leaves);
        for limit in [None, Some(64)] {
            let parts = Trie::from_parts(Kernel::detect(), limit, |part| {
                Ok(leaves.iter().filter(|(key, _)| nibble(key, 0) == part).copied().collect())
            });
            let parts = parts.unwrap();
            assert_eq!(parts.root(), whole.root(), "{count} leaves");
            assert_eq!(parts.len(), whole.len());
        }
    }
}

#[test]
fn a_flat_state_that_contradicts_a_cut_is_found_whatever_is_wrong() {
    let leaves = many(2_000);
    let whole: Map = leaves.iter().copied().collect();
    let trie = Trie::from_leaves(Shape::Single, Kernel::detect(), &leaves);
    let (first, value) = leaves[0];
    let cases = [
        Map::from_iter(leaves[1..].iter().copied()),
        whole.iter().map(|(key, old)| (*key, if *key == first { value + U256::ONE } else { *old })).collect(),
        whole
            .iter()
            .map(|(key, value)| {
                (
                    if *key == first {
                        {
                            let mut k = *key;
                            k.0[31] ^= 1;
                            k
                        }
                    } else {
                        *key
                    },
                    *value,
                )
            })
            .collect(),
    ];
    let touched = leaves[1].0;
    for map in cases {
        let mut cut = Trie::from_cuts(Shape::Single, Kernel::detect(), &trie.cuts(64));
        assert!(cut.prove(&first, &map).is_err());
        assert!(cut.update(&mut [Op::new(touched, None)], 1, &map).is_err());
    }
    let mut cut = Trie::from_cuts(Shape::Single, Kernel::detect(), &trie.cuts(64));
    assert!(cut.update(&mut [Op::new(touched, None)], 1, &whole).is_ok());
}

#[test]
fn thinning_frees_most_of_the_memory_and_keeps_what_is_warm() {
    let leaves = many(20_000);
    let map: Map = leaves.iter().copied().collect();
    let mut trie = Trie::from_leaves(Shape::Sharded, Kernel::detect(), &leaves);
    let (root, before) = (trie.root(), trie.bytes());
    trie.update(&mut [Op::new(leaves[7].0, Some(U256::from(5)))], 9, &NoCuts).unwrap();
    trie.update(&mut [Op::new(leaves[7].0, Some(leaves[7].1))], 9, &NoCuts).unwrap();
    trie.thin(64, 9);
    assert_eq!(trie.root(), root);
    assert!(trie.bytes() * 10 < before, "{} of {before}", trie.bytes());
    assert_eq!(trie.get(&leaves[7].0), Some(Some(leaves[7].1)));
    assert_eq!(trie.get(&leaves[9_999].0), None);
    assert_eq!(trie.prove(&leaves[9_999].0, &map).unwrap().0, Some(leaves[9_999].1));
}
