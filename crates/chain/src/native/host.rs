//! The `Host` of a native frame inside the EVM: revm's journal at the opcodes' prices, on the gas of the frame.
//! Reads and writes are here; calls to other contracts are in `calls`, to native ones in `scope`, creation in `create`.

use super::{drive::Drive, scope::Shown};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use protocol::{
    host::{BlockInfo, Error, Fatal, Host, Msg, Reply, Result, View},
    registry,
};
use revm::{
    context_interface::{Cfg, Host as EvmHost, JournalTr, cfg::GasParams, host::LoadError},
    interpreter::{CallInputs, Gas, InstructionResult, SharedMemory},
    state::AccountInfo,
};
use types::Params;

/// Price of the LOG opcodes before topics and data.
const LOG_GAS: u64 = 375;

/// Price of the BLOCKHASH opcode.
const BLOCK_HASH_GAS: u64 = 20;

/// How far back the BLOCKHASH opcode sees.
const BLOCK_HASH_WINDOW: u64 = 256;

/// The `Host` of a native frame inside the EVM.
pub struct JournalHost<'d, D: Drive> {
    pub(super) driver: &'d mut D,
    pub(super) msg: Msg,
    pub(super) gas: Gas,
    pub(super) memory: SharedMemory,
    pub(super) depth: usize,
    /// How the frame ends if the rule passes up [`Fatal::OutOfGas`]: that, or a failure for which there is no word.
    pub(super) halt: InstructionResult,
    /// Calls to native contracts that are open, if somebody watches.
    pub(super) shown: Vec<Shown>,
    /// An account that is loaded in the journal; the last one whose storage was asked for.
    loaded: Address,
}

impl<'d, D: Drive> JournalHost<'d, D> {
    pub(super) fn new(driver: &'d mut D, inputs: &CallInputs, depth: usize, memory: SharedMemory) -> Self {
        let msg = Msg {
            sender: inputs.caller,
            this: inputs.target_address,
            value: inputs.value.get(),
            selector: [0; 4],
            is_static: inputs.is_static,
        };
        Self {
            driver,
            msg,
            gas: Gas::new_with_regular_gas_and_reservoir(inputs.gas_limit, inputs.reservoir),
            memory,
            depth,
            halt: InstructionResult::OutOfGas,
            shown: Vec::new(),
            loaded: inputs.target_address,
        }
    }

    pub(super) fn set_selector(&mut self, input: &[u8]) {
        self.msg.selector = input.first_chunk().copied().unwrap_or_default();
    }

    pub(super) fn prices(&self) -> &GasParams {
        self.driver.context().cfg.gas_params()
    }

    pub(super) fn forbid_static(&self) -> Result<(), Fatal> {
        if self.msg.is_static { Err(Fatal::StaticWrite) } else { Ok(()) }
    }

    /// Charges for what EIP-8037 calls state gas: the reservoir first, then regular gas.
    pub(super) fn charge_state_gas(&mut self, amount: u64) -> Result<(), Fatal> {
        paid(self.gas.record_state_cost(amount))
    }

    /// Loads an account at the price of the BALANCE and EXTCODESIZE opcodes.
    fn load<T>(
        &mut self,
        of: Address,
        with_code: bool,
        read: impl FnOnce(&AccountInfo) -> T,
    ) -> Result<T, Fatal> {
        let warm = self.prices().warm_storage_read_cost();
        let cold_extra = self.prices().cold_account_additional_cost();
        self.charge_gas(warm)?;
        let skip_cold = self.gas.remaining() < cold_extra;
        let context = self.driver.context_mut();
        let account = context.load_account_info_skip_cold_load(of, with_code, skip_cold).map_err(fatal)?;
        let (is_cold, value) = (account.is_cold, read(&account.account));
        if is_cold {
            self.charge_gas(cold_extra)?;
        }
        Ok(value)
    }

    /// Makes sure that the journal holds an account whose storage is about to be used. No price: the frame's own
    /// account was paid for by its caller, another native one by the call that entered it, or by its slots' prices.
    pub(super) fn ensure_loaded(&mut self, account: Address) -> Result<(), Fatal> {
        if account == self.loaded {
            return Ok(());
        }
        self.driver.context_mut().load_account_info_skip_cold_load(account, false, false).map_err(fatal)?;
        self.loaded = account;
        Ok(())
    }
}

pub(super) fn paid(is_enough: bool) -> Result<(), Fatal> {
    if is_enough { Ok(()) } else { Err(Fatal::OutOfGas) }
}

/// A failed load as native code sees it. A skipped one means that its gas would not do.
pub(super) fn fatal(error: LoadError) -> Fatal {
    match error {
        LoadError::ColdLoadSkipped => Fatal::OutOfGas,
        LoadError::DBError => Fatal::Node,
    }
}

fn low_word(value: U256) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

impl<D: Drive> View for JournalHost<'_, D> {
    fn msg(&self) -> Msg {
        self.msg
    }

    fn block(&self) -> BlockInfo {
        let context = self.driver.context();
        let block = &context.block;
        BlockInfo {
            number: low_word(block.number),
            timestamp: low_word(block.timestamp),
            chain_id: context.cfg.chain_id,
            coinbase: block.beneficiary,
            prevrandao: block.prevrandao.unwrap_or_default(),
            gas_limit: block.gas_limit,
            base_fee: block.basefee,
        }
    }

    fn params(&self) -> &Params {
        &self.driver.natives().params
    }

    fn charge_gas(&mut self, amount: u64) -> Result<(), Fatal> {
        paid(self.gas.record_regular_cost(amount))
    }

    fn sload(&mut self, account: Address, slot: U256) -> Result<U256, Fatal> {
        let warm = self.prices().warm_storage_read_cost();
        let cold_extra = self.prices().cold_storage_additional_cost();
        self.charge_gas(warm)?;
        self.ensure_loaded(account)?;
        let skip_cold = self.gas.remaining() < cold_extra;
        let loaded =
            self.driver.context_mut().sload_skip_cold_load(account, slot, skip_cold).map_err(fatal)?;
        if loaded.is_cold {
            self.charge_gas(cold_extra)?;
        }
        Ok(loaded.data)
    }

    fn tload(&mut self, slot: U256) -> Result<U256, Fatal> {
        let price = self.prices().warm_storage_read_cost();
        self.charge_gas(price)?;
        let this = self.msg.this;
        Ok(self.driver.context_mut().tload(this, slot))
    }

    fn balance(&mut self, of: Address) -> Result<U256, Fatal> {
        self.load(of, false, |info| info.balance)
    }

    fn code_size(&mut self, of: Address) -> Result<usize, Fatal> {
        self.load(of, true, |info| info.code.as_ref().map_or(0, |code| code.len()))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Fatal> {
        self.charge_gas(BLOCK_HASH_GAS)?;
        let context = self.driver.context_mut();
        let age = low_word(context.block.number).saturating_sub(number);
        if !(1..=BLOCK_HASH_WINDOW).contains(&age) {
            return Ok(B256::ZERO);
        }
        EvmHost::block_hash(context, number).ok_or(Fatal::Node)
    }

    fn instance_kind(&mut self, of: Address) -> Result<Option<u16>, Fatal> {
        self.load(of, true, |info| {
            info.code.as_ref().and_then(|code| registry::kind_of(code.original_byte_slice()))
        })
    }

    fn static_call(&mut self, to: Address, input: Bytes) -> Result<Reply, Fatal> {
        self.invoke_static(to, input, 0..=u64::MAX)
    }

    fn static_call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal> {
        self.invoke_static(to, input, gas..=gas)
    }

    fn enter(&mut self, callee: Address, selector: [u8; 4], input: Option<Bytes>) -> Result<Msg, Fatal> {
        self.open_scope(callee, selector, input)
    }

    fn leave(&mut self, caller: Msg, outcome: Result<Option<Bytes>, &Error>) {
        self.close_scope(caller, outcome);
    }

    fn is_traced(&self) -> bool {
        D::WATCHED
    }
}

impl<D: Drive> Host for JournalHost<'_, D> {
    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Result<(), Fatal> {
        self.forbid_static()?;
        // EIP-2200: never write on a stipend's worth of gas.
        if self.gas.remaining() <= self.prices().call_stipend() {
            return Err(Fatal::OutOfGas);
        }
        let fixed = self.prices().sstore_static_gas();
        self.charge_gas(fixed)?;
        self.ensure_loaded(account)?;
        let skip_cold = self.gas.remaining() < self.prices().cold_storage_cost();
        let context = self.driver.context_mut();
        let stored = context.sstore_skip_cold_load(account, slot, value, skip_cold).map_err(fatal)?;

        let has_state_gas = context.is_amsterdam_eip8037_enabled();
        let prices = self.prices();
        let price = prices.sstore_dynamic_gas(true, &stored.data, stored.is_cold);
        let refund = prices.sstore_refund(true, &stored.data);
        if has_state_gas {
            let state_gas = prices.sstore_state_gas(&stored.data);
            let refill = prices.sstore_state_gas_refill(&stored.data);
            self.charge_gas(price)?;
            self.charge_state_gas(state_gas)?;
            self.gas.refill_reservoir(refill);
        } else {
            self.charge_gas(price)?;
        }
        self.gas.record_refund(refund);
        Ok(())
    }

    fn tstore(&mut self, slot: U256, value: U256) -> Result<(), Fatal> {
        self.forbid_static()?;
        let price = self.prices().warm_storage_read_cost();
        self.charge_gas(price)?;
        let this = self.msg.this;
        self.driver.context_mut().tstore(this, slot, value);
        Ok(())
    }

    fn emit_log(&mut self, log: LogData) -> Result<(), Fatal> {
        self.forbid_static()?;
        let topics = u8::try_from(log.topics().len()).unwrap_or(u8::MAX);
        let bytes = u64::try_from(log.data.len()).unwrap_or(u64::MAX);
        let price = self.prices().log_cost(topics, bytes);
        self.charge_gas(LOG_GAS.saturating_add(price))?;
        let journal = &mut self.driver.context_mut().journaled_state;
        let first_log = journal.logs().len();
        journal.log(Log { address: self.msg.this, data: log });
        self.driver.show_logs(first_log);
        Ok(())
    }

    fn call(&mut self, to: Address, value: U256, input: Bytes) -> Result<Reply, Fatal> {
        self.invoke(to, value, input, 0..=u64::MAX)
    }

    fn call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal> {
        self.invoke(to, U256::ZERO, input, gas..=gas)
    }

    fn transfer(&mut self, to: Address, value: U256) -> Result<Reply, Fatal> {
        self.invoke(to, value, Bytes::new(), 0..=0)
    }

    fn create_instance(&mut self, kind: u16) -> Result<Address, Fatal> {
        self.create(kind)
    }
}
