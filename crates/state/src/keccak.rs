//! Keccak-256 of many short messages at once: 8 a permutation with AVX-512, 4 with AVX2, else one by one.
//! A trie level is a set of independent messages, so the batch is where hashing gets cheap; a single message
//! goes through `alloy_primitives::keccak256`. Not a general sponge: messages are shorter than `MAX_BLOCKS` blocks.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot and proven: offsets come from lengths that this file wrote itself"
)]

#[cfg(target_arch = "x86_64")]
mod simd;

use alloy_primitives::{B256, keccak256};

/// Sponge rate of Keccak-256 in bytes.
const RATE: usize = 136;
/// A full branch node is 532 bytes: four blocks. Nothing in a trie of 32-byte keys is longer.
pub(crate) const MAX_BLOCKS: usize = 4;
/// Bytes that wait before a batch should be hashed, some 500 leaves or 120 full branches: the nearest cache holds them.
const FULL: usize = 64 << 10;
/// Lanes of the widest kernel.
const WIDEST: usize = 8;

/// Which kernel hashes a batch. All give the same hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Eight messages at once.
    Avx512,
    /// Four messages at once.
    Avx2,
    /// One by one.
    Scalar,
}

impl Kernel {
    /// The widest kernel that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Scalar
    }

    const fn lanes(self) -> usize {
        match self {
            Self::Avx512 => 8,
            Self::Avx2 => 4,
            Self::Scalar => 1,
        }
    }
}

/// Where a padded message lies in the buffer, and whose it is.
#[derive(Clone, Copy)]
struct Message {
    tag: u32,
    offset: u32,
    len: u32,
}

/// Messages waiting to be hashed, grouped by their number of blocks. Reuse it: the buffers keep their capacity.
pub(crate) struct Batch {
    kernel: Kernel,
    buffer: Vec<u8>,
    groups: [Vec<Message>; MAX_BLOCKS],
}

impl Batch {
    pub(crate) fn new(kernel: Kernel) -> Self {
        Self { kernel, buffer: Vec::new(), groups: Default::default() }
    }

    /// Queues `message` (shorter than `MAX_BLOCKS` × 136 bytes); its hash comes back with `tag`.
    pub(crate) fn push(&mut self, tag: u32, message: &[u8]) {
        let blocks = message.len() / RATE + 1;
        debug_assert!(blocks <= MAX_BLOCKS);
        let offset = self.buffer.len();
        self.buffer.extend_from_slice(message);
        self.buffer.resize(offset + blocks * RATE, 0);
        self.buffer[offset + message.len()] = 0x01;
        self.buffer[offset + blocks * RATE - 1] |= 0x80;
        let entry = Message { tag, offset: offset as u32, len: message.len() as u32 };
        self.groups[blocks - 1].push(entry);
    }

    /// Whether enough messages wait to fill vectors; more would only push the buffer out of the nearest cache.
    pub(crate) const fn is_full(&self) -> bool {
        self.buffer.len() >= FULL
    }

    /// Hashes all queued messages, hands each hash to `sink` with its tag, and empties the batch.
    pub(crate) fn finish(&mut self, mut sink: impl FnMut(u32, [u8; 32])) {
        let lanes = self.kernel.lanes();
        for (index, group) in self.groups.iter_mut().enumerate() {
            for chunk in group.chunks(lanes) {
                // A nearly empty vector costs as much as a full one: up to a quarter go one by one.
                if chunk.len() * 4 <= lanes || lanes == 1 {
                    for m in chunk {
                        let at = m.offset as usize;
                        sink(m.tag, keccak256(&self.buffer[at..at + m.len as usize]).0);
                    }
                    continue;
                }
                let mut out = [[0u8; 32]; WIDEST];
                hash_chunk(self.kernel, &self.buffer, chunk, index + 1, &mut out);
                for (m, hash) in chunk.iter().zip(out) {
                    sink(m.tag, hash);
                }
            }
            group.clear();
        }
        self.buffer.clear();
    }
}

fn hash_chunk(kernel: Kernel, buffer: &[u8], chunk: &[Message], blocks: usize, out: &mut [[u8; 32]; WIDEST]) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => sponge::<8>(buffer, chunk, blocks, out, |s| {
            // SAFETY: this kernel is chosen only after the processor reported AVX-512F.
            unsafe { simd::permute_avx512(s) }
        }),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => sponge::<4>(buffer, chunk, blocks, out, |s| {
            // SAFETY: this kernel is chosen only after the processor reported AVX2.
            unsafe { simd::permute_avx2(s) }
        }),
        _ => {
            for (m, slot) in chunk.iter().zip(out) {
                let at = m.offset as usize;
                *slot = keccak256(&buffer[at..at + m.len as usize]).0;
            }
        }
    }
}

/// `N` interleaved Keccak states: lane `i` of message `j` is `state[i][j]`.
#[repr(align(64))]
struct States<const N: usize>([[u64; N]; 25]);

fn sponge<const N: usize>(
    buffer: &[u8],
    chunk: &[Message],
    blocks: usize,
    out: &mut [[u8; 32]; WIDEST],
    permute: impl Fn(&mut [[u64; N]; 25]),
) {
    let mut states = States([[0u64; N]; 25]);
    for block in 0..blocks {
        for (j, m) in chunk.iter().enumerate() {
            let at = m.offset as usize + block * RATE;
            for (i, word) in buffer[at..at + RATE].chunks_exact(8).enumerate() {
                let mut bytes = [0u8; 8];
                bytes.copy_from_slice(word);
                states.0[i][j] ^= u64::from_le_bytes(bytes);
            }
        }
        permute(&mut states.0);
    }
    for (j, hash) in out.iter_mut().enumerate().take(chunk.len()) {
        for i in 0..4 {
            hash[i * 8..i * 8 + 8].copy_from_slice(&states.0[i][j].to_le_bytes());
        }
    }
}

/// Hashes of independent messages (each shorter than `MAX_BLOCKS` × 136 bytes), in their order.
pub(crate) fn hash_all<'a>(kernel: Kernel, messages: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<B256> {
    let mut out = vec![B256::ZERO; messages.len()];
    let mut batch = Batch::new(kernel);
    for (tag, message) in messages.enumerate() {
        batch.push(tag as u32, message);
        if batch.is_full() {
            batch.finish(|tag, hash| out[tag as usize] = B256::from(hash));
        }
    }
    batch.finish(|tag, hash| out[tag as usize] = B256::from(hash));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_agrees_with_the_library_at_every_length() {
        let messages: Vec<Vec<u8>> =
            (0..MAX_BLOCKS * RATE).map(|n| (0..n).map(|i| (i * 7 + n) as u8).collect()).collect();
        let expected: Vec<B256> = messages.iter().map(keccak256).collect();
        for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512] {
            if kernel.lanes() <= Kernel::detect().lanes() {
                assert_eq!(hash_all(kernel, messages.iter().map(Vec::as_slice)), expected, "{kernel:?}");
            }
        }
    }

    #[test]
    fn vectors_filled_in_part_give_the_same_hashes() {
        for count in 0..20usize {
            let messages: Vec<Vec<u8>> = (0..count).map(|n| vec![n as u8; 100]).collect();
            let expected: Vec<B256> = messages.iter().map(keccak256).collect();
            assert_eq!(hash_all(Kernel::detect(), messages.iter().map(Vec::as_slice)), expected, "{count}");
        }
    }
}
