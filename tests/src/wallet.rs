//! An account that signs: one of the funded test accounts, with the nonce it uses next.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_network::TxSignerSync;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use alloy_sol_types::SolCall;

/// The mnemonic of `dev`.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The chain id of `dev`.
pub const CHAIN_ID: u64 = 31_337;

/// Gas limit of what does not say otherwise.
pub const GAS: u64 = 500_000;

/// An account that signs.
#[derive(Clone, Debug)]
pub struct Wallet {
    pub signer: PrivateKeySigner,
    pub address: Address,
    /// The nonce of the next transaction.
    pub nonce: u64,
}

/// A signed transaction.
#[derive(Clone, Debug)]
pub struct Signed {
    pub hash: B256,
    pub raw: Bytes,
}

impl Wallet {
    /// Test account `index`; account 0 starts at nonce 20 (`decisions.md` 40).
    pub fn dev(index: u32) -> Self {
        let signer = MnemonicBuilder::try_from_phrase_nth(MNEMONIC, index).expect("the test phrase is one");
        Self { address: signer.address(), signer, nonce: if index == 0 { 20 } else { 0 } }
    }

    /// A transaction to be changed at will before [`Wallet::sign`].
    pub fn transaction(&self, to: Address, value: U256, input: impl Into<Bytes>) -> TxEip1559 {
        TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit: GAS,
            max_fee_per_gas: 1_000_000_000_000,
            max_priority_fee_per_gas: 0,
            to: TxKind::Call(to),
            value,
            input: input.into(),
            ..TxEip1559::default()
        }
    }

    /// Signs a transaction and uses up a nonce.
    pub fn sign(&mut self, mut transaction: TxEip1559) -> Signed {
        let signature = self.signer.sign_transaction_sync(&mut transaction).expect("a local key signs");
        self.nonce += 1;
        let mut raw = Vec::new();
        alloy_consensus::transaction::RlpEcdsaEncodableTx::eip2718_encode(&transaction, &signature, &mut raw);
        Signed { hash: keccak256(&raw), raw: raw.into() }
    }

    /// A transfer of ether.
    pub fn transfer(&mut self, to: Address, wei: u64) -> Signed {
        let transaction =
            TxEip1559 { gas_limit: 21_000, ..self.transaction(to, U256::from(wei), Bytes::new()) };
        self.sign(transaction)
    }

    /// A call of a contract.
    pub fn call(&mut self, to: Address, call: &impl SolCall) -> Signed {
        let transaction = self.transaction(to, U256::ZERO, call.abi_encode());
        self.sign(transaction)
    }

    /// A creation from init code.
    pub fn create(&mut self, init: impl Into<Bytes>) -> (Signed, Address) {
        let address = self.address.create(self.nonce);
        let transaction = TxEip1559 {
            to: TxKind::Create,
            gas_limit: 5_000_000,
            ..self.transaction(Address::ZERO, U256::ZERO, init)
        };
        (self.sign(transaction), address)
    }

    /// Another signed form of the same transaction: for envelopes that a test builds itself.
    pub fn envelope(&self, mut transaction: TxEip1559) -> TxEnvelope {
        let signature = self.signer.sign_transaction_sync(&mut transaction).expect("a local key signs");
        transaction.into_signed(signature).into()
    }
}
