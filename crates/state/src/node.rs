//! The wire form of trie nodes: nibbles, hex-prefix paths, RLP of leaves, extensions and branches, node references.
//! Pure functions of bytes (Yellow Paper, appendices C and D); knows nothing of arenas.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot and proven: depths are below 64 and embedded nodes below 32 bytes"
)]

use alloy_primitives::{B256, U256, b256, keccak256};
use alloy_rlp::Encodable;

/// Nibbles in a hashed key.
pub(crate) const NIBBLES: u8 = 64;
/// Root of a trie without leaves: Keccak-256 of the RLP of the empty string.
pub const EMPTY_ROOT: B256 = b256!("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// What a parent writes of its child: a hash, or the child itself when its RLP is shorter than 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ref {
    len: u8,
    bytes: [u8; 32],
}

impl Ref {
    pub(crate) const NONE: Self = Self { len: 0, bytes: [0; 32] };
    /// Bytes of [`Ref::to_bytes`].
    pub(crate) const BYTES: usize = 33;

    pub(crate) const fn hash(hash: [u8; 32]) -> Self {
        Self { len: 32, bytes: hash }
    }

    /// The node itself, if it is short enough to be embedded.
    pub(crate) fn embedded(rlp: &[u8]) -> Option<Self> {
        (rlp.len() < 32).then(|| {
            let mut bytes = [0; 32];
            bytes[..rlp.len()].copy_from_slice(rlp);
            Self { len: rlp.len() as u8, bytes }
        })
    }

    /// Of a node's RLP, whatever its length.
    pub(crate) fn of(rlp: &[u8]) -> Self {
        Self::embedded(rlp).unwrap_or_else(|| Self::hash(keccak256(rlp).0))
    }

    /// The root of a trie is a hash even where the root node is short.
    pub(crate) fn root(&self) -> B256 {
        match self.len {
            0 => EMPTY_ROOT,
            32 => B256::from(self.bytes),
            len => keccak256(&self.bytes[..len as usize]),
        }
    }

    /// Length byte and 32 bytes, for the checkpoint of cuts.
    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut out = [self.len; Self::BYTES];
        out[1..].copy_from_slice(&self.bytes);
        out
    }

    /// The inverse; `None`: a length that no reference has.
    pub(crate) fn from_bytes(raw: &[u8; Self::BYTES]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&raw[1..]);
        (raw[0] <= 32).then_some(Self { len: raw[0], bytes })
    }
}

/// A value that a leaf holds.
pub trait LeafValue: Copy + Send + Sync + PartialEq + std::fmt::Debug {
    /// Appends the RLP that the trie commits to.
    fn encode_leaf(&self, out: &mut Vec<u8>);
}

/// A storage slot's value; zero is never stored.
impl LeafValue for U256 {
    fn encode_leaf(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

/// An account as the flat state and the trie hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountRow {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    pub(crate) storage_root: B256,
    /// Under which its slots lie; new each time its storage starts empty; 0: it never had a slot. Not in the trie.
    pub(crate) storage_id: u64,
}

impl AccountRow {
    /// Without storage.
    pub const fn bare(nonce: u64, balance: U256, code_hash: B256) -> Self {
        Self { nonce, balance, code_hash, storage_root: EMPTY_ROOT, storage_id: 0 }
    }

    /// As the executor sees it.
    pub(crate) const fn account(&self) -> crate::Account {
        crate::Account { nonce: self.nonce, balance: self.balance, code_hash: self.code_hash }
    }
}

impl LeafValue for AccountRow {
    fn encode_leaf(&self, out: &mut Vec<u8>) {
        let payload_length = self.nonce.length() + self.balance.length() + 66;
        alloy_rlp::Header { list: true, payload_length }.encode(out);
        self.nonce.encode(out);
        self.balance.encode(out);
        self.storage_root.encode(out);
        self.code_hash.encode(out);
    }
}

/// The nibble of `key` at `depth` < 64.
#[inline]
pub(crate) fn nibble(key: &B256, depth: u8) -> usize {
    let byte = key.0[depth as usize / 2];
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// Nibbles that two keys share from the start; 64 if they are equal.
#[inline]
pub(crate) fn common(a: &B256, b: &B256) -> u8 {
    for i in 0..32 {
        let differing = a.0[i] ^ b.0[i];
        if differing != 0 {
            return i as u8 * 2 + u8::from(differing < 16);
        }
    }
    NIBBLES
}

/// The lowest and the highest key that begin with the first `nibbles` nibbles of `key`.
pub(crate) fn bounds(key: &B256, nibbles: u8) -> (B256, B256) {
    let (mut low, mut high) = (*key, *key);
    let whole = usize::from(nibbles) / 2;
    let rest = usize::from(nibbles).div_ceil(2);
    low.0[rest..].fill(0x00);
    high.0[rest..].fill(0xff);
    if nibbles % 2 == 1 {
        low.0[whole] = key.0[whole] & 0xf0;
        high.0[whole] = key.0[whole] | 0x0f;
    }
    (low, high)
}

/// Appends the hex-prefix form of nibbles `from..to` of `key`, as an RLP string.
fn push_path(key: &B256, from: u8, to: u8, leaf: bool, out: &mut Vec<u8>) {
    let odd = (to - from) % 2 == 1;
    let len = (to - from) as usize / 2 + 1;
    let flag = if leaf { 0x20 } else { 0x00 };
    let first = if odd { flag | 0x10 | nibble(key, from) as u8 } else { flag };
    if len > 1 {
        out.push(0x80 + len as u8);
    }
    out.push(first);
    let mut at = from + u8::from(odd);
    while at < to {
        out.push((nibble(key, at) << 4 | nibble(key, at + 1)) as u8);
        at += 2;
    }
}

/// Writes `payload` as an RLP list into `out`, after clearing it.
fn wrap_list(payload: &[u8], out: &mut Vec<u8>) {
    out.clear();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
    out.extend_from_slice(payload);
}

/// Buffers for encoding, reused over nodes.
#[derive(Default)]
pub(crate) struct Scratch {
    payload: Vec<u8>,
    value: Vec<u8>,
    /// The node encoded last.
    pub(crate) node: Vec<u8>,
}

impl Scratch {
    /// Encodes a leaf whose path starts at nibble `start` into `self.node`.
    pub(crate) fn leaf<V: LeafValue>(&mut self, key: &B256, start: u8, value: &V) {
        self.payload.clear();
        push_path(key, start, NIBBLES, true, &mut self.payload);
        self.value.clear();
        value.encode_leaf(&mut self.value);
        self.value.as_slice().encode(&mut self.payload);
        wrap_list(&self.payload, &mut self.node);
    }

    /// Encodes an extension over nibbles `start..end` into `self.node`.
    pub(crate) fn extension(&mut self, key: &B256, start: u8, end: u8, child: &Ref) {
        self.payload.clear();
        push_path(key, start, end, false, &mut self.payload);
        push_ref(child, &mut self.payload);
        wrap_list(&self.payload, &mut self.node);
    }

    /// Encodes a branch into `self.node`.
    pub(crate) fn branch<'a>(&mut self, children: impl Iterator<Item = &'a Ref>) {
        self.payload.clear();
        for child in children {
            push_ref(child, &mut self.payload);
        }
        self.payload.push(0x80);
        wrap_list(&self.payload, &mut self.node);
    }
}

#[inline]
fn push_ref(child: &Ref, out: &mut Vec<u8>) {
    match child.len {
        0 => out.push(0x80),
        32 => {
            out.push(0xa0);
            out.extend_from_slice(&child.bytes);
        }
        len => out.extend_from_slice(&child.bytes[..len as usize]),
    }
}
