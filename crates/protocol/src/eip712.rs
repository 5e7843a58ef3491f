//! EIP-712 digests as EigenLayer's contracts make them: domain `EigenLayer`, version by rules, computed on each call
//! from the live chain id and the contract's own address (restaking-core §2.0.4).

use crate::host::{Fatal, View};
use alloy_primitives::{Address, B256, U256, b256};
use types::Rules;

/// keccak-256 of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
const DOMAIN_TYPEHASH: B256 = b256!("0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// keccak-256 of `EigenLayer`.
const NAME_HASH: B256 = b256!("0x71b625cfad44bac63b13dba07f2e1d6084ee04b6f8752101ece6126d584ee6ea");
/// keccak-256 of `1`.
const VERSION_1_HASH: B256 = b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");
/// keccak-256 of `v1`.
const VERSION_V1_HASH: B256 = b256!("0x0984d5efd47d99151ae1be065a709e56c602102f24c1abc4008eb3f815a8d217");

/// The running contract's domain separator.
///
/// # Errors
/// Out of gas.
pub fn domain_separator<V: View + ?Sized>(view: &mut V) -> Result<B256, Fatal> {
    let version = version_hash(view.params().rules);
    let chain_id = U256::from(view.block().chain_id).into();
    let this = word(view.msg().this);
    hash(view, &[DOMAIN_TYPEHASH, NAME_HASH, version, chain_id, this])
}

/// The running contract's separator in a domain of another name and version.
///
/// # Errors
/// Out of gas.
pub fn separator_of<V: View + ?Sized>(view: &mut V, name: &str, version: &str) -> Result<B256, Fatal> {
    let (name, version) = (view.keccak256(name.as_bytes())?, view.keccak256(version.as_bytes())?);
    let chain_id = U256::from(view.block().chain_id).into();
    let this = word(view.msg().this);
    hash(view, &[DOMAIN_TYPEHASH, name, version, chain_id, this])
}

const fn version_hash(rules: Rules) -> B256 {
    match rules {
        Rules::Mainnet | Rules::Pinned => VERSION_1_HASH,
        Rules::Slashing2025 => VERSION_V1_HASH,
    }
}

/// What a signer signs: the digest of a struct given as its type hash and its fields, one word each.
///
/// # Errors
/// Out of gas.
pub fn digest<V: View + ?Sized, const WORDS: usize>(
    view: &mut V,
    fields: &[B256; WORDS],
) -> Result<B256, Fatal> {
    let separator = domain_separator(view)?;
    digest_in(view, separator, fields)
}

/// [`digest`] in the domain of a separator.
///
/// # Errors
/// Out of gas.
pub fn digest_in<V: View + ?Sized, const WORDS: usize>(
    view: &mut V,
    separator: B256,
    fields: &[B256; WORDS],
) -> Result<B256, Fatal> {
    let message = hash(view, fields)?;
    let packed = [&[0x19, 0x01], separator.as_slice(), message.as_slice()].concat();
    view.keccak256(&packed)
}

/// An address as a field.
pub fn word(address: Address) -> B256 {
    address.into_word()
}

fn hash<V: View + ?Sized>(view: &mut V, words: &[B256]) -> Result<B256, Fatal> {
    let bytes: Vec<u8> = words.iter().flatten().copied().collect();
    view.keccak256(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn the_constants_are_the_hashes_that_their_names_say() {
        let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
        assert_eq!(DOMAIN_TYPEHASH, keccak256(domain));
        assert_eq!(NAME_HASH, keccak256("EigenLayer"));
    }

    #[test]
    fn the_version_is_one_character_and_two_in_the_slashing_release() {
        for (rules, version) in [(Rules::Mainnet, "1"), (Rules::Pinned, "1"), (Rules::Slashing2025, "v1")] {
            assert_eq!(rules.domain_version(), version, "R36");
            assert_eq!(version_hash(rules), keccak256(version), "R36");
        }
    }
}
