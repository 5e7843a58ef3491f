//! Random signed transactions of every type that the chain takes, valid at the time they are made. What they run is in
//! `bytecode`; who may send how often is here, so that no transaction waits for another one.

use super::{bytecode, chance::Chance};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use anyhow::Result;

/// Anvil's and our accounts come from this phrase.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";
/// Keys that only authorise (EIP-7702) and never send, so that their nonces move on their own.
const AUTHORITIES: u64 = 4;
/// Most transactions of one sender in one block.
const MAX_PER_SENDER: u64 = 3;
/// One gwei.
const GWEI: u128 = 1_000_000_000;

/// The first `count` accounts of the development mnemonic.
///
/// # Errors
/// Never for this phrase.
pub fn accounts(count: u32) -> Result<Vec<PrivateKeySigner>> {
    let account = |index| MnemonicBuilder::<English>::default().phrase(MNEMONIC).index(index)?.build();
    (0..count).map(|index| Ok(account(index)?)).collect()
}

/// What the node says of an account before a block.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Next nonce.
    pub nonce: u64,
    /// Whether it can pay for a block's worth of transactions.
    pub solvent: bool,
}

/// A transaction ready to be sent.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Index of its sender.
    pub sender: usize,
    /// Its nonce.
    pub nonce: u64,
    /// As the network carries it.
    pub raw: Bytes,
}

/// A source of random transactions.
#[derive(Debug)]
pub struct Generator {
    chance: Chance,
    chain_id: u64,
    /// Those who send.
    pub senders: Vec<PrivateKeySigner>,
    /// Those who only authorise.
    pub authorities: Vec<PrivateKeySigner>,
    /// Who may be called: senders, authorities and every contract that was created.
    pub known: Vec<Address>,
}

impl Generator {
    /// The stream of `seed`.
    ///
    /// # Errors
    /// Never for the built-in mnemonic.
    pub fn new(seed: u64, chain_id: u64, senders: u32) -> Result<Self> {
        let senders = accounts(senders)?;
        let key = |index: u64| PrivateKeySigner::from_bytes(&keccak256(index.to_be_bytes()));
        let authorities: Vec<_> = (0..AUTHORITIES).map(key).collect::<Result<_, _>>()?;
        let known = senders.iter().chain(&authorities).map(PrivateKeySigner::address).collect();
        Ok(Self { chance: Chance::new(seed), chain_id, senders, authorities, known })
    }

    /// Transactions of one block, in an order in which each can be sent. `standings` are of the senders, then of the
    /// authorities; `base_fee` is that of the parent, in wei.
    ///
    /// # Errors
    /// Signing fails.
    pub fn block(&mut self, standings: &[Standing], base_fee: u64) -> Result<Vec<Signed>> {
        let mut signed = Vec::new();
        for index in 0..self.senders.len() {
            let standing = standings[index];
            if !standing.solvent || self.chance.one_in(3) {
                continue;
            }
            let count = 1 + self.chance.below(MAX_PER_SENDER);
            for sent in 0..count {
                let nonce = standing.nonce + sent;
                // An authorisation of one's own moves the nonce again, so it must come last.
                let last = sent + 1 == count;
                let authorities = &standings[self.senders.len()..];
                let raw = self.transaction(index, nonce, last, authorities, base_fee)?;
                signed.push(Signed { sender: index, nonce, raw });
            }
        }
        Ok(signed)
    }

    fn transaction(
        &mut self,
        sender: usize,
        nonce: u64,
        last: bool,
        authorities: &[Standing],
        base_fee: u64,
    ) -> Result<Bytes> {
        let chance = &mut self.chance;
        let to = match chance.below(5) {
            0 => TxKind::Create,
            1 => TxKind::Call(Address::left_padding_from(&(0xbeef_0000 + chance.below(64)).to_be_bytes())),
            _ => TxKind::Call(chance.pick(&self.known)),
        };
        let input: Bytes = if to.is_create() {
            let runtime = bytecode::runtime(chance, &self.known);
            bytecode::creation(chance, &self.known, &runtime).into()
        } else {
            let length = chance.pick(&[0, 4, 36, 200]);
            chance.bytes(length).into()
        };
        let value = U256::from(if chance.one_in(2) { chance.below(1_000_000) } else { 0 });
        let access_list = self.access_list();
        let authorizations = if last && self.chance.one_in(4) {
            self.authorizations(sender, nonce, authorities)?
        } else {
            Vec::new()
        };
        let gas_limit = self.gas_limit(&input, &access_list, authorizations.len());
        let chance = &mut self.chance;
        let fee = u128::from(base_fee) * 2 + u128::from(chance.below(3)) * GWEI;
        let tip = u128::from(chance.below(2)) * GWEI;
        let chain_id = self.chain_id;
        let signer = self.senders[sender].clone();
        if !authorizations.is_empty() {
            let to = to.to().copied().unwrap_or_else(|| chance.pick(&self.known));
            return sign(
                &signer,
                TxEip7702 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: fee + tip,
                    max_priority_fee_per_gas: tip,
                    to,
                    value,
                    access_list,
                    authorization_list: authorizations,
                    input,
                },
            );
        }
        match chance.below(3) {
            0 => {
                let chain_id = if chance.one_in(4) { None } else { Some(chain_id) };
                sign(&signer, TxLegacy { chain_id, nonce, gas_price: fee, gas_limit, to, value, input })
            }
            1 => sign(
                &signer,
                TxEip2930 { chain_id, nonce, gas_price: fee, gas_limit, to, value, access_list, input },
            ),
            _ => sign(
                &signer,
                TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: fee + tip,
                    max_priority_fee_per_gas: tip,
                    to,
                    value,
                    access_list,
                    input,
                },
            ),
        }
    }

    /// Enough for what is charged in advance, then a random allowance: at times none.
    fn gas_limit(&mut self, input: &[u8], access_list: &AccessList, authorizations: usize) -> u64 {
        let bytes = input.len() as u64;
        let items: u64 =
            access_list.0.iter().map(|item| 2_400 + 1_900 * item.storage_keys.len() as u64).sum();
        let words = bytes.div_ceil(32);
        // Creation, calldata at EIP-7623's floor price, initcode words, access list, authorisations.
        let intrinsic = 53_000 + 40 * bytes + 2 * words + items + 25_000 * authorizations as u64;
        let allowance = match self.chance.below(6) {
            0 => 0,
            1 => self.chance.below(20_000),
            _ => 100_000 + self.chance.below(900_000),
        };
        intrinsic + allowance
    }

    fn access_list(&mut self) -> AccessList {
        let chance = &mut self.chance;
        if chance.one_in(2) {
            return AccessList::default();
        }
        let items = (0..chance.below(4)).map(|_| AccessListItem {
            address: chance.pick(&self.known),
            storage_keys: (0..chance.below(4)).map(|_| B256::from(U256::from(chance.below(16)))).collect(),
        });
        AccessList(items.collect())
    }

    fn authorizations(
        &mut self,
        sender: usize,
        nonce: u64,
        authorities: &[Standing],
    ) -> Result<Vec<SignedAuthorization>> {
        let mut signed = Vec::new();
        for _ in 0..1 + self.chance.below(3) {
            let chance = &mut self.chance;
            let chain_id = match chance.below(4) {
                0 => 0,
                1 => self.chain_id + 1,
                _ => self.chain_id,
            };
            let address = if chance.one_in(6) { Address::ZERO } else { chance.pick(&self.known) };
            let own = chance.one_in(4);
            let which = chance.index(self.authorities.len());
            let wrong = u64::from(chance.one_in(6));
            let (signer, nonce) = match own {
                true => (&self.senders[sender], nonce + 1),
                false => (&self.authorities[which], authorities[which].nonce),
            };
            let authorization =
                Authorization { chain_id: U256::from(chain_id), address, nonce: nonce + wrong };
            let signature = signer.sign_hash_sync(&authorization.signature_hash())?;
            signed.push(authorization.into_signed(signature));
        }
        Ok(signed)
    }
}

/// Signs a transaction and encodes it as the network carries it.
///
/// # Errors
/// Signing fails.
pub fn sign<T>(signer: &PrivateKeySigner, transaction: T) -> Result<Bytes>
where
    T: SignableTransaction<Signature>,
    TxEnvelope: From<alloy_consensus::Signed<T>>,
{
    let signature = signer.sign_hash_sync(&transaction.signature_hash())?;
    Ok(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into())
}
