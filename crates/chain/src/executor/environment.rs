//! What execution needs to know of the chain and of the block, and the EVM made from it (Osaka rules).

use super::codes::CodeCache;
use crate::native::{Context, Contracts, NativeEvm, Natives};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, MainBuilder,
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::{eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE, hardfork::SpecId},
};
use std::sync::Arc;
use types::Params;

/// The rules that blocks follow (`decisions.md` 17).
pub const SPEC: SpecId = SpecId::OSAKA;

/// What execution needs to know of the chain. Cheap to clone; one a chain, so that analysed code is shared.
#[derive(Clone, Debug)]
pub struct Environment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    natives: Natives,
    codes: Arc<CodeCache>,
}

/// What execution needs to know of a block before it runs: the header's fields that do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// Height.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Wei per gas that is burnt.
    pub base_fee: u64,
    /// Most gas of all transactions.
    pub gas_limit: u64,
    /// Who gets the tips.
    pub beneficiary: Address,
    /// What the PREVRANDAO opcode answers.
    pub prev_randao: B256,
}

/// Which of a transaction's conditions are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// All: it is to be sealed.
    All {
        /// Whether nobody signed it: then a sender with code is no objection.
        impersonated: bool,
    },
    /// Those that a call makes sense with: no nonce, no block gas limit, no gas cap, no ban on senders with code, and
    /// the base fee only if a price is given.
    Relaxed {
        /// Whether the base fee must be met.
        base_fee: bool,
    },
}

impl BlockContext {
    /// The context of a block that has run.
    pub fn of(header: &Header) -> Self {
        Self {
            number: header.number,
            timestamp: header.timestamp,
            parent_hash: header.parent_hash,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            gas_limit: header.gas_limit,
            beneficiary: header.beneficiary,
            prev_randao: header.mix_hash,
        }
    }

    /// The block as revm takes it.
    pub fn block_env(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.number),
            beneficiary: self.beneficiary,
            timestamp: U256::from(self.timestamp),
            gas_limit: self.gas_limit,
            basefee: self.base_fee,
            difficulty: U256::ZERO,
            prevrandao: Some(self.prev_randao),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(
                0,
                BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
            )),
            slot_num: 0,
        }
    }
}

impl Environment {
    /// The environment of a chain with the protocol's native contracts.
    pub fn new(chain_id: u64, params: Params) -> Self {
        Self::with_contracts(chain_id, params, Contracts::PROTOCOL)
    }

    /// The environment of a chain with other native contracts.
    pub fn with_contracts(chain_id: u64, params: Params, contracts: Contracts) -> Self {
        let natives = Natives { params: Arc::new(params), contracts };
        Self { chain_id, natives, codes: Arc::default() }
    }

    /// The chain's numbers and rules.
    pub fn params(&self) -> &Params {
        &self.natives.params
    }

    /// Analysed code, shared by all executions.
    pub fn codes(&self) -> &CodeCache {
        &self.codes
    }

    /// An EVM for transactions of one block.
    pub fn evm<DB: Database, INSP>(
        &self,
        database: DB,
        block: &BlockContext,
        checks: Checks,
        inspector: INSP,
    ) -> NativeEvm<DB, INSP> {
        let context: Context<DB> =
            Context::new(database, SPEC).with_cfg(self.config(checks)).with_block(block.block_env());
        NativeEvm::new(context.build_mainnet_with_inspector(inspector), self.natives.clone())
    }

    fn config(&self, checks: Checks) -> CfgEnv {
        let mut config = CfgEnv::new_with_spec(SPEC).with_chain_id(self.chain_id);
        // revm takes an absent cap for the fork's own.
        config.tx_gas_limit_cap = Some(self.params().transaction_gas_cap.unwrap_or(u64::MAX));
        match checks {
            Checks::All { impersonated } => config.disable_eip3607 = impersonated,
            Checks::Relaxed { base_fee } => {
                config.tx_gas_limit_cap = Some(u64::MAX);
                config.disable_nonce_check = true;
                config.disable_block_gas_limit = true;
                config.disable_eip3607 = true;
                config.disable_base_fee = !base_fee;
            }
        }
        config
    }
}
