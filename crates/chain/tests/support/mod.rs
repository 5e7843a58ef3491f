//! A development chain in memory and a sender that signs for it.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_network::TxSignerSync;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use alloy_sol_types::SolCall;
use chain::{
    Chain, Config, History, Mining, PoolLimits,
    genesis::{DevOptions, Genesis},
};
use types::{Preset, Rules, abi::ITestToken, addresses};

const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The key of dev account `index`.
pub fn dev_key(index: u32) -> PrivateKeySigner {
    MnemonicBuilder::<English>::default().phrase(MNEMONIC).index(index).unwrap().build().unwrap()
}

/// A development chain's configuration, all in memory.
pub fn dev_config() -> Config {
    let balance = U256::from(10).pow(U256::from(22));
    let genesis = Genesis::dev(&DevOptions {
        chain_id: 31_337,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts: (0..4).map(|index| (dev_key(index).address(), balance)).collect(),
        gas_limit: None,
        timestamp: 1_700_000_000,
        base_fee: None,
    });
    Config {
        genesis,
        data_dir: None,
        history: History::All,
        mining: Mining::Instant,
        pool: PoolLimits::default(),
        audit: true,
    }
}

/// A development chain in memory.
pub fn dev_chain() -> Chain {
    Chain::open(dev_config()).unwrap()
}

/// Somebody who signs, with nonces counted here.
pub struct Sender {
    key: PrivateKeySigner,
    /// The next nonce.
    pub nonce: u64,
}

impl Sender {
    /// Dev account `index`, from its first nonce.
    pub fn dev(index: u32) -> Self {
        Self { key: dev_key(index), nonce: if index == 0 { 20 } else { 0 } }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// A signed call.
    pub fn call(&mut self, to: Address, value: U256, input: Bytes) -> Bytes {
        let mut tx = TxEip1559 {
            chain_id: 31_337,
            nonce: self.nonce,
            gas_limit: 1_000_000,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(to),
            value,
            input,
            ..TxEip1559::default()
        };
        self.nonce += 1;
        let signature = self.key.sign_transaction_sync(&mut tx).unwrap();
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    }

    /// A signed transfer of wei.
    pub fn transfer(&mut self, to: Address, wei: u64) -> Bytes {
        self.call(to, U256::from(wei), Bytes::new())
    }

    /// A signed mint of test tokens.
    pub fn mint_test_token(&mut self, to: Address, amount: u64) -> Bytes {
        let call = ITestToken::mintCall { to, value: U256::from(amount) };
        self.call(addresses::TEST_TOKEN, U256::ZERO, call.abi_encode().into())
    }
}
