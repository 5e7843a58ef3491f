//! One EVM of ours with either the native contracts or the originals at the same addresses. Everything around them is the
//! same in both: tokens, strategies, pausers, block numbers. In memory; transactions cost no ether.

use super::{
    Originals,
    pinned::{self, Strategy},
    source::Creations,
};
use alloy_primitives::{Address, Bytes, Log, TxKind, U256, address, hex};
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result, ensure};
use chain::native::{Contracts, NativeEvm, Natives};
use protocol::genesis::{Account, Setup, accounts};
use revm::{
    Context as EvmContext, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext,
    bytecode::Bytecode,
    context::{
        BlockEnv, TxEnv,
        result::{ExecutionResult, Output, ResultAndState},
    },
    database::InMemoryDB,
    primitives::hardfork::SpecId,
    state::{AccountInfo, EvmState},
};
use std::sync::Arc;
use types::{
    Params, Preset, Rules,
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, DEPOSIT_CONTRACT, EIGEN_POD_BEACON,
        EIGEN_POD_MANAGER, PAUSER_REGISTRY, PERMISSION_CONTROLLER, STRATEGY_MANAGER, TEST_TOKEN_STRATEGY,
    },
    params::Roles,
};

/// Who owns and may pause everything.
pub const OWNER: Address = address!("0x00000000000000000000000000000000000000a0");
/// Chain id of both worlds: it enters signatures.
pub const CHAIN_ID: u64 = 31_337;
/// Gas of every transaction: below EIP-7825's cap.
const GAS: u64 = 16_000_000;
/// First block: past every delay, because the originals cannot look back beyond block 0.
const FIRST_BLOCK: u64 = 1_000;
/// First timestamp, in seconds since 1970.
const FIRST_TIMESTAMP: u64 = 1_750_000_000;
/// The originals' version; its first two characters enter the EIP-712 domain.
const VERSION: &str = "v1.3.0";

sol! {
    /// Contracts with an owner.
    interface IOwned {
        function initialize(address owner, uint256 paused);
    }
    /// The StrategyManager of that release.
    interface IWhitelisted {
        function initialize(address owner, address whitelister, uint256 paused);
        function addStrategiesToDepositWhitelist(address[] strategies);
    }
}

/// A frame that is not the transaction's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// STATICCALL.
    Static,
    /// CALL with a wei.
    Paying,
}

impl Frame {
    /// A contract that calls `calldata[..32]` with the rest. It answers with a word for success, a word for whether the
    /// callee left next to no gas, as one that halts does, and what the callee said.
    const fn code(self) -> &'static [u8] {
        match self {
            Self::Static => {
                &hex!("602036038060205f37 5f5f825f 5f355afa 5f52 62061a805a10602052 3d805f60403e604001 5ff3")
            }
            Self::Paying => &hex!(
                "602036038060205f37 5f5f825f 6001 5f355af1 5f52 62061a805a10602052 3d805f60403e604001 5ff3"
            ),
        }
    }
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it did what was asked.
    pub success: bool,
    /// Return or revert data.
    pub output: Bytes,
    /// Its logs.
    pub logs: Vec<Log>,
}

impl Outcome {
    fn of(result: ExecutionResult) -> Self {
        match result {
            ExecutionResult::Success { output, logs, .. } => {
                Self { success: true, output: output.into_data(), logs }
            }
            ExecutionResult::Revert { output, .. } => Self { success: false, output, logs: Vec::new() },
            ExecutionResult::Halt { reason, .. } => {
                Self { success: false, output: format!("{reason:?}").into_bytes().into(), logs: Vec::new() }
            }
        }
    }
}

/// What both worlds have besides the contracts that are compared.
#[derive(Clone, Debug)]
pub struct Furniture {
    /// Numbers and rules of the native contracts; the originals take their delays.
    pub params: Params,
    /// More native accounts: tokens, strategies, actors with code.
    pub accounts: Vec<Account>,
    /// The table of native contracts.
    pub contracts: Contracts,
}

impl Default for Furniture {
    fn default() -> Self {
        Self { params: World::params(), accounts: Vec::new(), contracts: Contracts::PROTOCOL }
    }
}

/// A chain of one EVM.
pub struct World {
    evm: NativeEvm<InMemoryDB>,
    natives: Natives,
}

impl World {
    /// The parameters of both worlds: short delays, the rules of the originals' release.
    pub fn params() -> Params {
        Self::params_under(Rules::Slashing2025)
    }

    /// The same numbers under other rules.
    pub fn params_under(rules: Rules) -> Params {
        Params { rules, ..Params::preset(Preset::Fast) }
    }

    /// Native contracts.
    pub fn native() -> Self {
        Self::native_among(&Furniture::default())
    }

    /// Native contracts among other furniture.
    pub fn native_among(furniture: &Furniture) -> Self {
        Self::of(&genesis(&furniture.params), furniture)
    }

    /// The originals, and native contracts for what they do not include.
    ///
    /// # Errors
    /// A constructor or initializer reverts.
    pub fn original(creations: &Creations) -> Result<Self> {
        Self::original_among(creations, &Furniture::default())
    }

    /// The originals among other furniture.
    ///
    /// # Errors
    /// As [`World::original`].
    pub fn original_among(creations: &Creations, furniture: &Furniture) -> Result<Self> {
        let params = &furniture.params;
        let replaced = [
            ALLOCATION_MANAGER,
            AVS_DIRECTORY,
            DELEGATION_MANAGER,
            EIGEN_POD_MANAGER,
            PERMISSION_CONTROLLER,
            STRATEGY_MANAGER,
        ];
        let native = genesis(params).into_iter();
        let around: Vec<_> = native.filter(|it| !replaced.contains(&it.address)).collect();
        let mut world = Self::of(&around, furniture);
        for (at, creation) in with_arguments(creations, params) {
            world.deploy(at, creation).with_context(|| format!("the original for {at}"))?;
        }
        let owned = IOwned::initializeCall { owner: OWNER, paused: U256::ZERO }.abi_encode();
        for contract in [ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, EIGEN_POD_MANAGER] {
            world.must(contract, owned.clone())?;
        }
        let whitelister =
            IWhitelisted::initializeCall { owner: OWNER, whitelister: OWNER, paused: U256::ZERO };
        world.must(STRATEGY_MANAGER, whitelister.abi_encode())?;
        let strategies = vec![TEST_TOKEN_STRATEGY];
        let listed = IWhitelisted::addStrategiesToDepositWhitelistCall { strategies };
        world.must(STRATEGY_MANAGER, listed.abi_encode())?;
        Ok(world)
    }

    /// The originals of either release among other furniture; `strategies` are placed as the pinned release has them,
    /// and are ours beside the other.
    ///
    /// # Errors
    /// As [`World::original`].
    pub fn originals_among(
        originals: &Originals,
        furniture: &Furniture,
        strategies: &[Strategy],
    ) -> Result<Self> {
        let pinned = match originals {
            Originals::Slashing(creations) => return Self::original_among(creations, furniture),
            Originals::Pinned(pinned) => pinned,
        };
        let is_replaced = |it: &Account| {
            pinned::REPLACED.contains(&it.address)
                || strategies.iter().any(|strategy| strategy.at == it.address)
        };
        let around: Vec<_> = genesis(&furniture.params).into_iter().filter(|it| !is_replaced(it)).collect();
        let mut furniture = furniture.clone();
        furniture.accounts.retain(|it| !is_replaced(it));
        let mut world = Self::of(&around, &furniture);
        pinned.place(&mut world, &furniture.params, strategies)?;
        Ok(world)
    }

    fn of(accounts: &[Account], furniture: &Furniture) -> Self {
        let mut database = InMemoryDB::default();
        for account in accounts.iter().chain(&furniture.accounts) {
            insert(&mut database, account.address, account.nonce, account.code.clone());
            for (slot, value) in &account.storage {
                let Ok(()) = database.insert_account_storage(account.address, *slot, *value);
            }
        }
        let natives = Natives { params: Arc::new(furniture.params.clone()), contracts: furniture.contracts };
        let block = BlockEnv {
            number: U256::from(FIRST_BLOCK),
            timestamp: U256::from(FIRST_TIMESTAMP),
            basefee: 0,
            ..BlockEnv::default()
        };
        Self::on(database, block, natives)
    }

    fn on(database: InMemoryDB, block: BlockEnv, natives: Natives) -> Self {
        let context = EvmContext::mainnet()
            .with_db(database)
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
                cfg.chain_id = CHAIN_ID;
                cfg.disable_nonce_check = true;
                // The story also acts as the contracts themselves.
                cfg.disable_eip3607 = true;
                // An audit of many stakers is one call.
                cfg.tx_gas_limit_cap = Some(u64::MAX);
            })
            .with_block(block);
        Self { evm: NativeEvm::new(context.build_mainnet(), natives.clone()), natives }
    }

    /// A world of its own that begins where this one is.
    pub fn fork(&self) -> Self {
        let context = &self.evm.inner.ctx;
        Self::on(context.journaled_state.database.clone(), context.block.clone(), self.natives.clone())
    }

    /// Runs creation code elsewhere and places the code that it returns: the mark of its disabled initializers stays
    /// behind, so that they work here.
    pub(super) fn deploy(&mut self, at: Address, creation: Bytes) -> Result<()> {
        let tx = transaction(OWNER, TxKind::Create, creation)?;
        let result = self.evm.transact(tx)?.result;
        let ExecutionResult::Success { output: Output::Create(code, _), .. } = result else {
            anyhow::bail!("{result:?}");
        };
        insert(&mut self.evm.inner.ctx.journaled_state.database, at, 1, code);
        Ok(())
    }

    pub(super) fn must(&mut self, to: Address, data: Vec<u8>) -> Result<()> {
        let outcome = self.send(OWNER, to, data)?;
        ensure!(outcome.success, "{to} refused its set-up: {}", outcome.output);
        Ok(())
    }

    /// Sends a transaction and keeps what it did.
    ///
    /// # Errors
    /// It is not valid at all.
    pub fn send(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Result<Outcome> {
        let (outcome, state) = self.run(from, to, data)?;
        self.keep(state);
        Ok(outcome)
    }

    /// Runs a call without keeping what it did: how it ended, the accounts and slots that it touched.
    ///
    /// # Errors
    /// It is not valid at all.
    pub fn run(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Result<(Outcome, EvmState)> {
        let done = self.evm.transact(transaction(from, TxKind::Call(to), data.into())?)?;
        Ok((Outcome::of(done.result), done.state))
    }

    /// What a call would come to that `from` makes in another frame: it has code for the while, and nothing is kept.
    ///
    /// # Errors
    /// It is not valid at all.
    pub fn inside(&mut self, frame: Frame, from: Address, to: Address, data: &[u8]) -> Result<Outcome> {
        let database = &mut self.evm.inner.ctx.journaled_state.database;
        let before = database.cache.accounts.get(&from).map(|it| it.info.clone()).unwrap_or_default();
        let code = Bytecode::new_raw(Bytes::from_static(frame.code()));
        let (balance, code_hash) = (U256::ONE, code.hash_slow());
        let acting = AccountInfo { balance, code_hash, code: Some(code), ..before.clone() };
        database.insert_account_info(from, acting);
        let outcome = self.run(OWNER, from, [to.into_word().as_slice(), data].concat());
        self.evm.inner.ctx.journaled_state.database.insert_account_info(from, before);
        Ok(outcome?.0)
    }

    /// Runs a call that pays, without keeping what it did.
    ///
    /// # Errors
    /// It is not valid at all.
    pub fn pay(
        &mut self,
        from: Address,
        to: Address,
        data: impl Into<Bytes>,
        value: U256,
    ) -> Result<Outcome> {
        let payer = AccountInfo { balance: value, ..Default::default() };
        self.evm.inner.ctx.journaled_state.database.insert_account_info(from, payer);
        let tx = TxEnv { value, ..transaction(from, TxKind::Call(to), data.into())? };
        Ok(Outcome::of(self.evm.transact(tx)?.result))
    }

    /// The code of an account.
    pub fn code(&self, at: Address) -> Bytes {
        let account = self.evm.inner.ctx.journaled_state.database.cache.accounts.get(&at);
        let code = account.and_then(|it| it.info.code.as_ref());
        code.map_or_else(Bytes::new, Bytecode::original_bytes)
    }

    /// Keeps what [`World::run`] did; nothing may have run in between.
    pub fn keep(&mut self, state: EvmState) {
        self.evm.commit(state);
    }

    /// Writes a slot, from outside.
    pub fn store(&mut self, at: Address, slot: U256, value: U256) {
        let Ok(()) = self.evm.inner.ctx.journaled_state.database.insert_account_storage(at, slot, value);
    }

    /// The height of the block that runs.
    pub fn block(&self) -> u64 {
        self.evm.inner.ctx.block.number.saturating_to()
    }

    /// The timestamp of the block that runs, in seconds since 1970.
    pub fn timestamp(&self) -> u64 {
        self.evm.inner.ctx.block.timestamp.saturating_to()
    }

    /// Runs a transaction and forgets what it did, so that it can be run again.
    ///
    /// # Errors
    /// It is not valid at all.
    pub fn try_out(&mut self, tx: &TxEnv) -> Result<ResultAndState> {
        Ok(self.evm.transact(tx.clone())?)
    }

    /// Moves on by so many blocks of a second.
    pub fn mine(&mut self, blocks: u64) {
        let block = &mut self.evm.inner.ctx.block;
        block.number += U256::from(blocks);
        block.timestamp += U256::from(blocks);
    }
}

/// A transaction that costs no ether.
///
/// # Errors
/// Never for these fields.
pub fn transaction(from: Address, kind: TxKind, data: Bytes) -> Result<TxEnv> {
    let builder = TxEnv::builder().caller(from).kind(kind).data(data).gas_limit(GAS).chain_id(Some(CHAIN_ID));
    builder.build().map_err(|error| anyhow::anyhow!("{error:?}"))
}

fn insert(database: &mut InMemoryDB, at: Address, nonce: u64, code: Bytes) {
    let code = Bytecode::new_raw(code);
    let info = AccountInfo { nonce, code_hash: code.hash_slow(), code: Some(code), ..Default::default() };
    database.insert_account_info(at, info);
}

fn genesis(params: &Params) -> Vec<Account> {
    let roles = Roles::all_held_by(OWNER);
    accounts(&Setup { params, roles: &roles, dev: true })
}

/// Creation codes with constructor arguments, by the addresses that the arguments name each other by.
fn with_arguments(creations: &Creations, params: &Params) -> Vec<(Address, Bytes)> {
    let version = VERSION.to_owned();
    let join = |creation: &Bytes, arguments: Vec<u8>| Bytes::from([creation, arguments.as_slice()].concat());
    let allocation = (
        DELEGATION_MANAGER,
        PAUSER_REGISTRY,
        PERMISSION_CONTROLLER,
        params.withdrawal_delay_blocks,
        params.configuration_delay_blocks,
        version.clone(),
    );
    let delegation = (
        STRATEGY_MANAGER,
        EIGEN_POD_MANAGER,
        ALLOCATION_MANAGER,
        PAUSER_REGISTRY,
        PERMISSION_CONTROLLER,
        params.withdrawal_delay_blocks,
        version.clone(),
    );
    let strategy = (DELEGATION_MANAGER, PAUSER_REGISTRY, version.clone());
    let pods = (DEPOSIT_CONTRACT, EIGEN_POD_BEACON, DELEGATION_MANAGER, PAUSER_REGISTRY, version.clone());
    vec![
        (ALLOCATION_MANAGER, join(&creations.allocation_manager, allocation.abi_encode_params())),
        (DELEGATION_MANAGER, join(&creations.delegation_manager, delegation.abi_encode_params())),
        (STRATEGY_MANAGER, join(&creations.strategy_manager, strategy.abi_encode_params())),
        (AVS_DIRECTORY, join(&creations.avs_directory, strategy.abi_encode_params())),
        (PERMISSION_CONTROLLER, join(&creations.permission_controller, (version,).abi_encode_params())),
        (EIGEN_POD_MANAGER, join(&creations.eigen_pod_manager, pods.abi_encode_params())),
    ]
}
