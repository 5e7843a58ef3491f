//! Evenly spread chance (quasi-Monte-Carlo): Sobol points in up to 256 dimensions, scrambled after Owen by the seed. The
//! first 2^k points fall once into each of 2^k equal parts of every axis, so means of what few things decide converge
//! faster than by lot. Tails gain little: plain sampling stays the default.

use super::chance::mixed;

/// Most dimensions; what needs more takes ordinary chance beyond.
pub const MAX_DIMENSIONS: usize = 256;
/// Bits of a coordinate, and of the number of points.
const BITS: usize = 32;
/// Seed of the free initial direction numbers: any odd ones make a Sobol sequence.
const INITIAL: u64 = 0x0050_b01e;

/// A scrambled Sobol sequence.
pub struct Even {
    directions: Vec<[u32; BITS]>,
    scrambles: Vec<u32>,
}

impl Even {
    /// A sequence of some dimensions, at most [`MAX_DIMENSIONS`].
    pub fn new(dimensions: usize, seed: u64) -> Self {
        let dimensions = dimensions.min(MAX_DIMENSIONS);
        let mut directions = Vec::with_capacity(dimensions);
        // The first axis counts in binary, mirrored.
        directions.push(std::array::from_fn(|bit| 1 << (BITS - 1 - bit)));
        let mut degree = 1;
        while directions.len() < dimensions {
            for polynomial in primitive(degree) {
                directions.push(direction(polynomial, degree, directions.len() as u64));
            }
            degree += 1;
        }
        directions.truncate(dimensions);
        let scrambles = (0..dimensions as u64).map(|axis| (mixed(seed, axis) >> 32) as u32).collect();
        Self { directions, scrambles }
    }

    /// Dimensions.
    pub fn dimensions(&self) -> usize {
        self.directions.len()
    }

    /// Coordinate of a point on an axis, in [0, 1). Points repeat after 2^32.
    pub fn unit(&self, point: u64, axis: usize) -> f64 {
        let mut rest = point as u32;
        let mut mirrored = 0u32;
        while rest != 0 {
            mirrored ^= self.directions[axis][rest.trailing_zeros() as usize];
            rest &= rest - 1;
        }
        f64::from(scrambled(mirrored, self.scrambles[axis])) / 4_294_967_296.0
    }
}

/// Owen's scrambling by a hash whose every bit depends on higher ones alone (Laine and Karras).
fn scrambled(coordinate: u32, seed: u32) -> u32 {
    let mut x = coordinate.reverse_bits().wrapping_add(seed);
    x ^= x.wrapping_mul(0x6c50_b47c);
    x ^= x.wrapping_mul(0xb82f_1e52);
    x ^= x.wrapping_mul(0xc7af_e638);
    x ^= x.wrapping_mul(0x8d22_f6e6);
    x.reverse_bits()
}

/// Primitive polynomials over two elements of a degree, as bits: those whose shift register visits every state.
fn primitive(degree: u32) -> Vec<u32> {
    let states = (1u32 << degree) - 1;
    let period = |polynomial: u32| {
        let mut state = 1u32;
        for step in 1..=states {
            state <<= 1;
            if state >> degree & 1 == 1 {
                state ^= polynomial;
            }
            if state == 1 {
                return step;
            }
        }
        0
    };
    let odd = (1u32 << degree | 1..1 << (degree + 1)).step_by(2);
    odd.filter(|polynomial| period(*polynomial) == states).collect()
}

/// Direction numbers of a polynomial.
fn direction(polynomial: u32, degree: u32, axis: u64) -> [u32; BITS] {
    let degree = degree as usize;
    let mut numbers = [0u32; BITS];
    for bit in 0..BITS {
        let number = if bit < degree {
            // Odd, below 2^(bit + 1).
            let drawn = mixed(mixed(INITIAL, axis), bit as u64) as u32;
            (drawn % (1 << (bit + 1))) | 1
        } else {
            let terms = (1..degree).filter(|term| polynomial >> (degree - term) & 1 == 1);
            let first = numbers[bit - degree] ^ (numbers[bit - degree] << degree);
            terms.fold(first, |sum, term| sum ^ (numbers[bit - term] << term))
        };
        numbers[bit] = number;
    }
    std::array::from_fn(|bit| numbers[bit] << (BITS - 1 - bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_primitive_polynomials_as_number_theory_says() {
        let counts: Vec<usize> = (1..=11).map(|degree| primitive(degree).len()).collect();
        assert_eq!(counts, [1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176]);
    }

    #[test]
    fn every_axis_spreads_its_first_points_evenly_and_no_two_axes_agree() {
        let even = Even::new(MAX_DIMENSIONS, 5);
        assert_eq!(even.dimensions(), MAX_DIMENSIONS);
        let mut rows = Vec::new();
        for axis in 0..MAX_DIMENSIONS {
            for size in [2usize, 16, 1_024] {
                let mut parts = vec![0; size];
                (0..size as u64).for_each(|at| parts[(even.unit(at, axis) * size as f64) as usize] += 1);
                assert!(parts.iter().all(|count| *count == 1), "axis {axis}, {size} points");
            }
            rows.push((0..64).map(|at| (even.unit(at, axis) * 64.0) as u8).collect::<Vec<_>>());
        }
        rows.sort();
        rows.dedup();
        assert_eq!(rows.len(), MAX_DIMENSIONS);
    }
}
