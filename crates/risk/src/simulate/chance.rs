//! Chance that is the same for any number of threads: a path's faults depend on seed, path and probabilities alone. The
//! same path meets the same faults in every network with the same operators, so differences between two networks are
//! paired (common random numbers).

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};

/// 2^-53: one step of a uniform number in [0, 1).
const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;

/// The generator of one path.
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of `path` under `seed`.
    pub fn of(seed: u64, path: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed(seed, path)))
    }

    /// Uniform in (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 1.0) * STEP
    }
}

/// Uniform in [0, 1) for one named thing on one path: keyed, so that taking another thing away changes nothing here.
pub fn keyed_unit(seed: u64, path: u64, key: u64) -> f64 {
    (mixed(mixed(seed, path), key) >> 11) as f64 * STEP
}

/// A key of a name (FNV-1a).
pub fn key_of(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |key, byte| (key ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Two words into one (the finaliser of SplitMix64).
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    let mut x = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x632b_e59b_d9b4_e019);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Independent faults with probabilities of a similar size: gaps between hits are drawn, not each member.
struct Bucket {
    /// 1/ln(1 − ceiling): turns a uniform number into a gap.
    gap: f64,
    /// Members, each with its probability over the ceiling.
    members: Vec<(u32, f64)>,
    /// Whether every member's probability is the ceiling.
    even: bool,
}

/// Draws which of many independent faults happen, in time proportional to their number.
pub struct Faults {
    buckets: Vec<Bucket>,
}

impl Faults {
    /// Faults `0..` with these probabilities.
    pub fn new(probabilities: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..probabilities.len() as u32).collect();
        let of = |member: u32| probabilities[member as usize];
        order.retain(|member| of(*member) > 0.0);
        order.sort_by(|a, b| of(*b).total_cmp(&of(*a)).then(a.cmp(b)));
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut ceiling = 0.0;
        for member in order {
            // A new bucket when thinning would throw away more than half.
            if buckets.is_empty() || of(member) < ceiling / 2.0 {
                ceiling = of(member);
                buckets.push(Bucket { gap: 1.0 / (-ceiling).ln_1p(), members: Vec::new(), even: true });
            }
            if let Some(bucket) = buckets.last_mut() {
                let accept = of(member) / ceiling;
                bucket.even &= accept >= 1.0;
                bucket.members.push((member, accept));
            }
        }
        Self { buckets }
    }

    /// The faults of one path, into `hits`.
    pub fn draw(&self, stream: &mut Stream, hits: &mut Vec<u32>) {
        for bucket in &self.buckets {
            // With probability 1 the gap's factor is −0 and every gap 0: all are visited.
            let mut at = (stream.unit().ln() * bucket.gap) as usize;
            while let Some((member, accept)) = bucket.members.get(at) {
                if bucket.even || stream.unit() <= *accept {
                    hits.push(*member);
                }
                at = at.saturating_add(1).saturating_add((stream.unit().ln() * bucket.gap) as usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_happens_as_often_as_its_probability_says() {
        const PATHS: u64 = 200_000;
        let probabilities = [0.5, 0.01, 0.2, 0.0, 1.0, 0.013, 0.3];
        let faults = Faults::new(&probabilities);
        let mut counts = [0u32; 7];
        let mut hits = Vec::new();
        for path in 0..PATHS {
            hits.clear();
            faults.draw(&mut Stream::of(7, path), &mut hits);
            hits.iter().for_each(|hit| counts[*hit as usize] += 1);
        }
        for (count, probability) in counts.into_iter().zip(probabilities) {
            let error = (PATHS as f64 * probability * (1.0 - probability)).sqrt();
            let off = (f64::from(count) - PATHS as f64 * probability).abs();
            assert!(off <= 4.5 * error, "{count} of {PATHS} at {probability}");
        }
    }

    #[test]
    fn keyed_numbers_are_uniform_and_depend_on_all_of_the_key() {
        let mean = (0..100_000).map(|path| keyed_unit(1, path, 9)).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005);
        assert_ne!(keyed_unit(1, 2, 3).to_bits(), keyed_unit(1, 3, 2).to_bits());
        assert_ne!(key_of("a"), key_of("b"));
    }
}
