//! What a call without a signature asks for, and the state and block that it may pretend.

use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::collections::BTreeMap;

/// A call to simulate. What is absent is chosen so that it does not get in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallRequest {
    /// The sender; the zero address if nobody cares.
    pub from: Address,
    /// Whom to call; `None` makes a contract.
    pub to: Option<Address>,
    /// Gas limit; the block's if absent, and never more than that.
    pub gas: Option<u64>,
    /// Most wei per gas; without it gas is free and the base fee is not checked.
    pub fee_cap: Option<u128>,
    /// Most wei per gas for the tip; `None`: `fee_cap` is a legacy gas price.
    pub tip_cap: Option<u128>,
    /// Wei sent along.
    pub value: U256,
    /// Calldata, or init code.
    pub input: Bytes,
    /// Nonce; the sender's next one if absent.
    pub nonce: Option<u64>,
    /// Addresses and slots to warm (EIP-2930).
    pub access_list: AccessList,
    /// Delegations to set (EIP-7702).
    pub authorizations: Vec<SignedAuthorization>,
}

/// What a simulation pretends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Accounts.
    pub accounts: BTreeMap<Address, AccountOverride>,
    /// The block.
    pub block: BlockOverrides,
}

/// What a simulation pretends of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountOverride {
    /// Wei.
    pub balance: Option<U256>,
    /// Nonce.
    pub nonce: Option<u64>,
    /// Code; native contracts can be placed like any other.
    pub code: Option<Bytes>,
    /// Replaces the whole storage.
    pub storage: Option<Vec<(U256, U256)>>,
    /// Replaces single slots.
    pub slots: Vec<(U256, U256)>,
    /// Where the precompile that is here goes, before code is set.
    pub move_precompile_to: Option<Address>,
}

/// What a simulation pretends of the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockOverrides {
    /// Height.
    pub number: Option<u64>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
    /// Wei per gas.
    pub base_fee: Option<u64>,
    /// Gas limit.
    pub gas_limit: Option<u64>,
    /// Who gets the tips.
    pub beneficiary: Option<Address>,
    /// What PREVRANDAO answers.
    pub prev_randao: Option<B256>,
    /// What BLOCKHASH answers, by number.
    pub block_hashes: BTreeMap<u64, B256>,
    /// Hash of the block before.
    pub parent_hash: Option<B256>,
}
