//! The gas schedule of native contracts (`decisions.md` 36). Storage, logs, calls, hashing and memory cost what
//! the EVM charges for them; each verb adds its computation here. A change of a number is a fork.

/// Entering any verb: selector match, guards, frame bookkeeping.
pub const VERB: u64 = 200;
/// One word of calldata decoded or of return data encoded.
pub const ABI_WORD: u64 = 3;
/// The KECCAK256 opcode.
pub const KECCAK: u64 = 30;
/// One word hashed by the KECCAK256 opcode.
pub const KECCAK_WORD: u64 = 6;
/// Finding the slot of a mapping entry: what Solidity pays for one mapping level.
pub const SLOT_HASH: u64 = KECCAK + 2 * KECCAK_WORD;
/// A call from one native contract to another: what a warm call costs.
pub const NATIVE_CALL: u64 = 100;
/// Recovering a signer, as the ecrecover precompile.
pub const ECRECOVER: u64 = 3_000;

/// Adding two points of BN254, as the precompile (EIP-1108).
pub const BN254_ADD: u64 = 150;
/// Multiplying a point of BN254 by a number, as the precompile (EIP-1108).
pub const BN254_MULTIPLY: u64 = 6_000;
/// A product of pairings, as the precompile (EIP-1108), besides its pairs.
pub const BN254_PAIRING: u64 = 45_000;
/// Each pair of a product of pairings.
pub const BN254_PAIRING_OF_TWO_POINTS: u64 = 34_000;
/// A square root modulo BN254's prime: the modular exponentiation precompile (EIP-7883), 16 a bit after the first of
/// an exponent of 252 bits.
pub const BN254_ROOT: u64 = 16 * 251;

/// A step of the checker of certificates: an edge, an operator or a service read for one node of a proof, two checked
/// products of 128 bits.
pub const CERTIFICATE_STEP: u64 = 1;

/// The price of hashing `bytes` bytes.
pub const fn keccak(bytes: usize) -> u64 {
    KECCAK.saturating_add(KECCAK_WORD.saturating_mul(words(bytes)))
}

/// The price of decoding or encoding `bytes` bytes of ABI data.
pub const fn abi(bytes: usize) -> u64 {
    ABI_WORD.saturating_mul(words(bytes))
}

const fn words(bytes: usize) -> u64 {
    bytes.div_ceil(32) as u64
}
