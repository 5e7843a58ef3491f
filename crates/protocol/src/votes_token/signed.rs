//! What holders may sign instead of sending: permits (ERC-2612) and delegations of votes (ERC-5805).

use super::{Token, allow, checkpoints};
use crate::{
    eip712,
    host::{Host, Result, View, revert_with},
    math,
    signature::{self, NotRecovered},
    storage::Map,
};
use alloy_primitives::{Address, B256, U256, b256};
use types::abi::IVotesToken::{
    delegateBySigCall, eip712DomainCall, eip712DomainReturn, noncesCall, permitCall,
};

/// keccak-256 of `Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)`.
pub(super) const PERMIT_TYPEHASH: B256 =
    b256!("0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");
/// keccak-256 of `Delegation(address delegatee,uint256 nonce,uint256 expiry)`.
pub(super) const DELEGATION_TYPEHASH: B256 =
    b256!("0xe48329057bfd03d55e49b547132e39cffd9c1820ad7b9d4c5307691425d15adf");
/// Which fields of a domain are in use: name, version, chain, contract.
const DOMAIN_FIELDS: u8 = 0x0f;
const DOMAIN_VERSION: &str = "1";

const NONCES: Map<Address, U256> = Map::at(12);

/// An ECDSA signature in three words, as these verbs take it.
#[derive(Clone, Copy, Debug)]
struct Parts {
    v: u8,
    r: B256,
    s: B256,
}

pub(super) fn permit(host: &mut dyn Host, token: &Token, call: permitCall) -> Result<()> {
    let permitCall { owner, spender, value, deadline, v, r, s } = call;
    if U256::from(host.block().timestamp) > deadline {
        return revert_with("ERC20Permit: expired deadline");
    }
    let nonce = use_nonce(host, owner)?;
    let words = [value.into(), nonce.into(), deadline.into()];
    let [value_word, nonce, deadline] = words;
    let fields = [PERMIT_TYPEHASH, eip712::word(owner), eip712::word(spender), value_word, nonce, deadline];
    if recovered(host, token, &fields, Parts { v, r, s })? != owner {
        return revert_with("ERC20Permit: invalid signature");
    }
    allow(host, owner, spender, value)
}

pub(super) fn delegate_by_sig(host: &mut dyn Host, token: &Token, call: delegateBySigCall) -> Result<()> {
    let delegateBySigCall { delegatee, nonce, expiry, v, r, s } = call;
    if U256::from(host.block().timestamp) > expiry {
        return revert_with("ERC20Votes: signature expired");
    }
    let fields = [DELEGATION_TYPEHASH, eip712::word(delegatee), nonce.into(), expiry.into()];
    let signer = recovered(host, token, &fields, Parts { v, r, s })?;
    if use_nonce(host, signer)? != nonce {
        return revert_with("ERC20Votes: invalid nonce");
    }
    checkpoints::delegate(host, signer, delegatee)
}

/// Who signed; OpenZeppelin's strings where nobody did.
fn recovered<const WORDS: usize>(
    host: &mut dyn Host,
    token: &Token,
    fields: &[B256; WORDS],
    parts: Parts,
) -> Result<Address> {
    let separator = domain_separator(host, token)?;
    let digest = eip712::digest_in(host, separator, fields)?;
    let Parts { v, r, s } = parts;
    match signature::recover_parts(host, digest, v, r, s)? {
        Ok(signer) => Ok(signer),
        Err(NotRecovered::HighS) => revert_with("ECDSA: invalid signature 's' value"),
        Err(NotRecovered::NoSigner) => revert_with("ECDSA: invalid signature"),
    }
}

fn use_nonce(host: &mut dyn Host, owner: Address) -> Result<U256> {
    let nonce = NONCES.get(host, owner)?;
    NONCES.set(host, owner, math::add(nonce, U256::ONE)?)?;
    Ok(nonce)
}

pub(super) fn nonce(view: &mut dyn View, call: noncesCall) -> Result<U256> {
    Ok(NONCES.get(view, call.owner)?)
}

pub(super) fn domain_separator<V: View + ?Sized>(view: &mut V, token: &Token) -> Result<B256> {
    Ok(eip712::separator_of(view, token.symbol, DOMAIN_VERSION)?)
}

pub(super) fn domain(view: &mut dyn View, token: &Token, _: eip712DomainCall) -> Result<eip712DomainReturn> {
    Ok(eip712DomainReturn {
        fields: [DOMAIN_FIELDS].into(),
        name: token.symbol.into(),
        version: DOMAIN_VERSION.into(),
        chainId: U256::from(view.block().chain_id),
        verifyingContract: view.msg().this,
        salt: B256::ZERO,
        extensions: Vec::new(),
    })
}
