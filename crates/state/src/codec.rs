//! Bytes of rows: numbers of variable length, trimmed words, checksums. Decoding checks everything and says only that a row
//! is malformed; the caller knows which row it was.

use alloy_primitives::{Address, B256, U256};
use xxhash_rust::xxh3::Xxh3;

/// Bytes of a row's checksum.
const CHECKSUM: usize = 8;

/// Appends `number`, seven bits a byte, lowest first.
pub(crate) fn put_number(out: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push((rest as u8) | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a count.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    put_number(out, u64::try_from(count).unwrap_or(u64::MAX));
}

/// Appends a word without its leading zeros, after its length.
pub(crate) fn put_word(out: &mut Vec<u8>, word: U256) {
    let bytes = word.to_be_bytes_trimmed_vec();
    out.push(u8::try_from(bytes.len()).unwrap_or(32));
    out.extend_from_slice(&bytes);
}

/// Appends bytes after their count.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Reads a row from its beginning. Every method answers `None` when the row is malformed there.
pub(crate) struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) const fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Eight bytes, big-endian.
    pub(crate) fn fixed(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut out = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits.checked_shl(shift)? >> shift != bits {
                return None;
            }
            out |= bits.checked_shl(shift)?;
            if byte < 0x80 {
                return Some(out);
            }
        }
        None
    }

    /// A count of items that take at least one byte each: so a malformed count cannot ask for much memory.
    pub(crate) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    pub(crate) fn hash(&mut self) -> Option<B256> {
        self.array().map(B256::new)
    }

    pub(crate) fn address(&mut self) -> Option<Address> {
        self.array().map(Address::new)
    }

    pub(crate) fn word(&mut self) -> Option<U256> {
        let len = usize::from(self.byte()?);
        U256::try_from_be_slice(self.take(len)?).filter(|_| len <= 32)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.count()?;
        self.take(len)
    }

    /// All that is left.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Covers table and key too, so that a row in the wrong place does not pass.
fn checksum(table: &str, key: &[u8], payload: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = Xxh3::new();
    hasher.update(table.as_bytes());
    hasher.update(key);
    hasher.update(payload);
    hasher.digest().to_be_bytes()
}

/// Appends the checksum of a row.
pub(crate) fn seal(table: &str, key: &[u8], mut payload: Vec<u8>) -> Vec<u8> {
    let sum = checksum(table, key, &payload);
    payload.extend_from_slice(&sum);
    payload
}

/// The payload of a sealed row; `None`: the checksum does not fit.
pub(crate) fn unseal<'a>(table: &str, key: &[u8], raw: &'a [u8]) -> Option<&'a [u8]> {
    let (payload, sum) = raw.split_at_checked(raw.len().checked_sub(CHECKSUM)?)?;
    (checksum(table, key, payload) == sum).then_some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_is_read_back(number: u64, word: [u8; 32], zeros in 0usize..33, bytes: Vec<u8>) {
            let mut word = word;
            word[..zeros].fill(0);
            let word = U256::from_be_bytes(word);
            let mut raw = Vec::new();
            put_number(&mut raw, number);
            put_word(&mut raw, word);
            put_bytes(&mut raw, &bytes);
            let mut decoder = Decoder::new(&raw);
            prop_assert_eq!(decoder.number(), Some(number));
            prop_assert_eq!(decoder.word(), Some(word));
            prop_assert_eq!(decoder.bytes(), Some(bytes.as_slice()));
            prop_assert_eq!(decoder.end(), Some(()));
        }

        #[test]
        fn a_sealed_row_with_any_flipped_bit_is_refused(payload: Vec<u8>, bit: prop::sample::Index) {
            let sealed = seal("table", b"key", payload.clone());
            prop_assert_eq!(unseal("table", b"key", &sealed), Some(payload.as_slice()));
            prop_assert_eq!(unseal("other", b"key", &sealed), None);
            prop_assert_eq!(unseal("table", b"yek", &sealed), None);
            let mut broken = sealed;
            let bit = bit.index(broken.len().saturating_mul(8));
            broken[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(unseal("table", b"key", &broken), None);
        }

        #[test]
        fn malformed_rows_are_refused_not_panicked_at(raw: Vec<u8>) {
            let mut decoder = Decoder::new(&raw);
            while decoder.number().is_some() && decoder.word().is_some() && decoder.bytes().is_some() {}
        }
    }
}
