//! The Keccak-f[1600] permutation over 8 (AVX-512) or 4 (AVX2) interleaved states. Only permutations live here; the
//! sponge around them is safe code in the parent.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "lane numbers are constants below 25; bounds checks vanish, and the loops are the hottest of the node"
)]

use std::arch::x86_64::*;

/// FIPS 202: the constants of iota.
const ROUNDS: [u64; 24] = [
    0x0000000000000001,
    0x0000000000008082,
    0x800000000000808a,
    0x8000000080008000,
    0x000000000000808b,
    0x0000000080000001,
    0x8000000080008081,
    0x8000000000008009,
    0x000000000000008a,
    0x0000000000000088,
    0x0000000080008009,
    0x000000008000000a,
    0x000000008000808b,
    0x800000000000008b,
    0x8000000000008089,
    0x8000000000008003,
    0x8000000000008002,
    0x8000000000000080,
    0x000000000000800a,
    0x800000008000000a,
    0x8000000080008081,
    0x8000000000008080,
    0x0000000080000001,
    0x8000000080008008,
];
/// FIPS 202: where rho-pi moves the lane it holds, and by how many bits it turns it.
const PI: [usize; 24] =
    [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
const RHO: [u32; 24] =
    [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

/// The four operations that Keccak needs of a vector of 64-bit lanes.
trait Lanes: Copy {
    unsafe fn splat(x: u64) -> Self;
    unsafe fn xor3(a: Self, b: Self, c: Self) -> Self;
    /// a ^ (!b & c)
    unsafe fn chi(a: Self, b: Self, c: Self) -> Self;
    unsafe fn rol(self, n: u32) -> Self;
}

impl Lanes for __m512i {
    #[inline(always)]
    unsafe fn splat(x: u64) -> Self {
        unsafe { _mm512_set1_epi64(x as i64) }
    }
    #[inline(always)]
    unsafe fn xor3(a: Self, b: Self, c: Self) -> Self {
        unsafe { _mm512_ternarylogic_epi64::<0x96>(a, b, c) }
    }
    #[inline(always)]
    unsafe fn chi(a: Self, b: Self, c: Self) -> Self {
        unsafe { _mm512_ternarylogic_epi64::<0xd2>(a, b, c) }
    }
    #[inline(always)]
    unsafe fn rol(self, n: u32) -> Self {
        unsafe { _mm512_rolv_epi64(self, _mm512_set1_epi64(i64::from(n))) }
    }
}

impl Lanes for __m256i {
    #[inline(always)]
    unsafe fn splat(x: u64) -> Self {
        unsafe { _mm256_set1_epi64x(x as i64) }
    }
    #[inline(always)]
    unsafe fn xor3(a: Self, b: Self, c: Self) -> Self {
        unsafe { _mm256_xor_si256(_mm256_xor_si256(a, b), c) }
    }
    #[inline(always)]
    unsafe fn chi(a: Self, b: Self, c: Self) -> Self {
        unsafe { _mm256_xor_si256(a, _mm256_andnot_si256(b, c)) }
    }
    #[inline(always)]
    unsafe fn rol(self, n: u32) -> Self {
        let (left, right) = (i64::from(n), i64::from(64 - n));
        unsafe {
            _mm256_or_si256(
                _mm256_sllv_epi64(self, _mm256_set1_epi64x(left)),
                _mm256_srlv_epi64(self, _mm256_set1_epi64x(right)),
            )
        }
    }
}

#[inline(always)]
unsafe fn permute<L: Lanes>(a: &mut [L; 25]) {
    for constant in ROUNDS {
        unsafe { round(a, constant) };
    }
}

#[inline(always)]
unsafe fn round<L: Lanes>(a: &mut [L; 25], constant: u64) {
    unsafe {
        let zero = L::splat(0);
        let mut c = [zero; 5];
        for x in 0..5 {
            c[x] = L::xor3(L::xor3(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
        }
        for x in 0..5 {
            let turned = c[(x + 1) % 5].rol(1);
            for y in 0..5 {
                a[x + 5 * y] = L::xor3(a[x + 5 * y], c[(x + 4) % 5], turned);
            }
        }
        let mut held = a[1];
        for i in 0..24 {
            let next = a[PI[i]];
            a[PI[i]] = held.rol(RHO[i]);
            held = next;
        }
        for y in 0..5 {
            let row = [a[5 * y], a[5 * y + 1], a[5 * y + 2], a[5 * y + 3], a[5 * y + 4]];
            for x in 0..5 {
                a[5 * y + x] = L::chi(row[x], row[(x + 1) % 5], row[(x + 2) % 5]);
            }
        }
        a[0] = L::xor3(a[0], L::splat(constant), zero);
    }
}

#[target_feature(enable = "avx512f")]
pub(super) unsafe fn permute_avx512(states: &mut [[u64; 8]; 25]) {
    let mut a = [_mm512_setzero_si512(); 25];
    for (lane, words) in a.iter_mut().zip(states.iter()) {
        *lane = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
    }
    unsafe { permute(&mut a) };
    for (lane, words) in a.iter().zip(states.iter_mut()) {
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), *lane) };
    }
}

#[target_feature(enable = "avx2")]
pub(super) unsafe fn permute_avx2(states: &mut [[u64; 4]; 25]) {
    let mut a = [_mm256_setzero_si256(); 25];
    for (lane, words) in a.iter_mut().zip(states.iter()) {
        *lane = unsafe { _mm256_loadu_si256(words.as_ptr().cast()) };
    }
    unsafe { permute(&mut a) };
    for (lane, words) in a.iter().zip(states.iter_mut()) {
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), *lane) };
    }
}
