//! `MemHost`: the chain in a map, to run the rules in microseconds and without an EVM. It answers as the host inside
//! the EVM does, at the EVM's prices before refunds. Contracts are native; bytecode is not run.
//! A failed frame is rolled back by an undo log, so nothing is copied for the frames that succeed.

use crate::{
    genesis,
    host::{BlockInfo, Error, Fatal, Host, Msg, NativeFn, Reply, Result, Status, View},
    registry::{self, MAX_NATIVE_NESTING, STUB_CODE},
};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use alloy_sol_types::SolCall;
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use types::{Params, Rules, gas};

/// The EVM's prices (Osaka) that a native contract meets.
mod price {
    pub const WARM: u64 = 100;
    pub const COLD_ACCOUNT: u64 = 2_600;
    pub const COLD_SLOT: u64 = 2_100;
    pub const SLOT_SET: u64 = 20_000;
    pub const SLOT_RESET: u64 = 2_900;
    pub const STIPEND: u64 = 2_300;
    pub const LOG: u64 = 375;
    pub const LOG_TOPIC: u64 = 375;
    pub const LOG_BYTE: u64 = 8;
    pub const COPY_WORD: u64 = 3;
    pub const VALUE: u64 = 9_000;
    pub const NEW_ACCOUNT: u64 = 25_000;
    pub const BLOCK_HASH: u64 = 20;
    pub const CREATE: u64 = 32_000;
    pub const CODE_BYTE: u64 = 200;
}

/// How far back the BLOCKHASH opcode sees.
const BLOCK_HASH_WINDOW: u64 = 256;

/// What a transaction gets where a test does not care.
const AMPLE_GAS: u64 = 1 << 30;

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Code: the stub, a registration, or none.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

impl Account {
    fn write(&mut self, slot: U256, value: U256) {
        if value.is_zero() {
            self.storage.remove(&slot);
        } else {
            self.storage.insert(slot, value);
        }
    }
}

/// One step back.
#[derive(Debug)]
enum Undo {
    Slot { account: Address, slot: U256, was: U256 },
    Transient { account: Address, slot: U256, was: U256 },
    Balance { account: Address, was: U256 },
    Code { account: Address, was: Bytes },
    Nonce { account: Address, was: u64 },
    WarmAccount(Address),
    WarmSlot(Address, U256),
}

/// How a transaction ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Return data, or why not.
    pub answer: Result<Bytes>,
    /// Gas spent, without what Ethereum charges for the transaction itself, and before refunds.
    pub gas_used: u64,
}

/// An in-memory chain.
#[derive(Debug)]
pub struct MemHost {
    /// The block that transactions run in.
    pub block: BlockInfo,
    /// What the BLOCKHASH opcode finds.
    pub block_hashes: BTreeMap<u64, B256>,
    /// All accounts.
    pub accounts: BTreeMap<Address, Account>,
    params: Params,
    extra: BTreeMap<Address, NativeFn>,
    transient: BTreeMap<(Address, U256), U256>,
    originals: BTreeMap<(Address, U256), U256>,
    warm_accounts: BTreeSet<Address>,
    warm_slots: BTreeSet<(Address, U256)>,
    undo: Vec<Undo>,
    logs: Vec<Log>,
    msg: Msg,
    gas: u64,
    nesting: usize,
    /// Whether the running frame ends because native code called too deep.
    too_deep: bool,
}

impl MemHost {
    /// A chain with the native contracts of a genesis state.
    pub fn new(setup: &genesis::Setup<'_>, block: BlockInfo) -> Self {
        let mut chain = Self {
            block,
            block_hashes: BTreeMap::new(),
            accounts: BTreeMap::new(),
            params: setup.params.clone(),
            extra: BTreeMap::new(),
            transient: BTreeMap::new(),
            originals: BTreeMap::new(),
            warm_accounts: BTreeSet::new(),
            warm_slots: BTreeSet::new(),
            undo: Vec::new(),
            logs: Vec::new(),
            msg: Msg::default(),
            gas: 0,
            nesting: 0,
            too_deep: false,
        };
        for account in genesis::accounts(setup) {
            let genesis::Account { address, nonce, code, storage } = account;
            let storage = storage.into_iter().collect();
            chain.accounts.insert(address, Account { nonce, balance: U256::ZERO, code, storage });
        }
        chain
    }

    /// Places a contract that the registry does not have, such as an odd token.
    pub fn place(&mut self, address: Address, entry: NativeFn) {
        self.extra.insert(address, entry);
        let code = Bytes::from_static(&STUB_CODE);
        self.accounts.insert(address, Account { nonce: 1, code, ..Account::default() });
    }

    /// Switches the rules, as a fork would.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.params.rules = rules;
    }

    /// Gives an account wei out of nothing.
    pub fn fund(&mut self, account: Address, wei: U256) {
        self.accounts.entry(account).or_default().balance = wei;
    }

    /// Runs a transaction. A failure leaves no trace but [`MemHost::logs`] being empty.
    pub fn send(&mut self, from: Address, to: Address, value: U256, input: &[u8], gas: u64) -> Outcome {
        let msg = Msg { sender: from, this: to, value, selector: selector(input), is_static: false };
        self.transact(msg, input, gas)
    }

    /// Runs a transaction that sends a typed call, with ample gas.
    ///
    /// # Errors
    /// The verb's. `Fatal::Broken` if the answer does not decode.
    pub fn tell<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<C::Return> {
        let outcome = self.send(from, to, U256::ZERO, &call.abi_encode(), AMPLE_GAS);
        typed::<C>(outcome)
    }

    /// Asks a view by a static call from the zero address, with ample gas.
    ///
    /// # Errors
    /// The verb's. `Fatal::Broken` if the answer does not decode.
    pub fn ask<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return> {
        self.ask_as(Address::ZERO, to, call)
    }

    /// Asks by a static call from `sender`, with ample gas.
    ///
    /// # Errors
    /// The verb's. `Fatal::Broken` if the answer does not decode.
    pub fn ask_as<C: SolCall>(&mut self, sender: Address, to: Address, call: &C) -> Result<C::Return> {
        let msg = Msg { sender, this: to, value: U256::ZERO, selector: C::SELECTOR, is_static: true };
        let outcome = self.transact(msg, &call.abi_encode(), AMPLE_GAS);
        typed::<C>(outcome)
    }

    /// The logs of the last transaction.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// A slot, without any price.
    pub fn slot(&self, account: Address, slot: U256) -> U256 {
        self.accounts
            .get(&account)
            .and_then(|account| account.storage.get(&slot))
            .copied()
            .unwrap_or_default()
    }

    /// How many slots of `account` the last transaction touched, and how many of them it changed.
    pub fn slots_of(&self, account: Address) -> (usize, usize) {
        let touched = self.warm_slots.iter().filter(|(of, _)| *of == account);
        let written = self.originals.iter().filter(|((of, _), _)| *of == account);
        let changed = written.filter(|((of, slot), was)| self.slot(*of, *slot) != **was);
        (touched.count(), changed.count())
    }

    /// Runs rules directly, as contract `this` in a transaction of its own, with ample gas: for tests of what
    /// contracts are made of.
    ///
    /// # Errors
    /// Those of `rules`, which then leave no trace.
    pub fn run<R>(&mut self, this: Address, rules: impl FnOnce(&mut dyn Host) -> Result<R>) -> Result<R> {
        let msg = Msg { this, ..Msg::default() };
        self.begin(msg);
        (self.msg, self.gas) = (msg, AMPLE_GAS);
        let answer = rules(self);
        (self.msg, self.gas) = (Msg::default(), 0);
        if answer.is_err() {
            self.roll_back(0);
            self.logs.clear();
        }
        answer
    }

    fn transact(&mut self, msg: Msg, input: &[u8], gas: u64) -> Outcome {
        self.begin(msg);
        let (answer, left) = self.frame(msg, input, gas);
        Outcome { answer, gas_used: gas.saturating_sub(left) }
    }

    fn begin(&mut self, msg: Msg) {
        self.too_deep = false;
        self.transient.clear();
        self.originals.clear();
        self.warm_slots.clear();
        self.warm_accounts = [msg.sender, msg.this, self.block.coinbase].into();
        self.undo.clear();
        self.logs.clear();
    }

    /// Runs one frame: value first, all undone on failure. Answers with the gas left too.
    fn frame(&mut self, msg: Msg, input: &[u8], gas: u64) -> (Result<Bytes>, u64) {
        let native = self.native_at(msg.this);
        if native.is_some() && self.nesting >= MAX_NATIVE_NESTING {
            return (Err(Error::Revert(Bytes::new())), gas);
        }
        let (undo, logs) = (self.undo.len(), self.logs.len());
        let outer = (core::mem::replace(&mut self.msg, msg), core::mem::replace(&mut self.gas, gas));
        let nesting = self.nesting;
        let answer = match native {
            Some(entry) => {
                self.nesting = nesting.saturating_add(1);
                self.move_value(msg).and_then(|()| entry(self, input))
            }
            None => self.move_value(msg).map(|()| Bytes::new()),
        };
        self.nesting = nesting;
        let (answer, left) = match answer {
            // As the EVM's own limit of depth: the call fails and its gas comes back.
            Err(Error::Fatal(Fatal::OutOfGas)) if core::mem::take(&mut self.too_deep) => {
                (Err(Error::Revert(Bytes::new())), self.gas)
            }
            Err(Error::Fatal(fatal)) => (Err(fatal.into()), 0),
            answer => (answer, self.gas),
        };
        (self.msg, self.gas) = outer;
        if answer.is_err() {
            self.roll_back(undo);
            self.logs.truncate(logs);
        }
        (answer, left)
    }

    fn native_at(&self, address: Address) -> Option<NativeFn> {
        let placed = self.extra.get(&address).copied();
        placed.or_else(|| registry::native_at(address, &self.accounts.get(&address)?.code))
    }

    fn move_value(&mut self, msg: Msg) -> Result<()> {
        if msg.value.is_zero() {
            return Ok(());
        }
        let refused = || Error::Revert(Bytes::new());
        let left = self.balance_of(msg.sender).checked_sub(msg.value).ok_or_else(refused)?;
        self.set_balance(msg.sender, left);
        let sum = self.balance_of(msg.this).checked_add(msg.value).ok_or_else(refused)?;
        self.set_balance(msg.this, sum);
        Ok(())
    }

    fn balance_of(&self, account: Address) -> U256 {
        self.accounts.get(&account).map(|account| account.balance).unwrap_or_default()
    }

    fn set_balance(&mut self, account: Address, wei: U256) {
        let balance = &mut self.accounts.entry(account).or_default().balance;
        let was = core::mem::replace(balance, wei);
        self.undo.push(Undo::Balance { account, was });
    }

    fn roll_back(&mut self, to: usize) {
        while self.undo.len() > to {
            let Some(step) = self.undo.pop() else { return };
            match step {
                Undo::Slot { account, slot, was } => {
                    self.restore(account, |account| account.write(slot, was))
                }
                Undo::Balance { account, was } => self.restore(account, |account| account.balance = was),
                Undo::Code { account, was } => self.restore(account, |account| account.code = was),
                Undo::Nonce { account, was } => self.restore(account, |account| account.nonce = was),
                Undo::Transient { account, slot, was } => {
                    self.transient.insert((account, slot), was);
                }
                Undo::WarmAccount(account) => {
                    self.warm_accounts.remove(&account);
                }
                Undo::WarmSlot(account, slot) => {
                    self.warm_slots.remove(&(account, slot));
                }
            }
        }
    }

    /// Puts something back; an account that is empty then is gone, as before it was made.
    fn restore(&mut self, address: Address, put_back: impl FnOnce(&mut Account)) {
        if let Entry::Occupied(mut entry) = self.accounts.entry(address) {
            put_back(entry.get_mut());
            if *entry.get() == Account::default() {
                entry.remove();
            }
        }
    }

    /// Makes a call from the running frame, at the price of the CALL opcode.
    fn invoke(&mut self, msg: Msg, input: &Bytes, gas: RangeInclusive<u64>) -> Result<Reply, Fatal> {
        let has_value = !msg.value.is_zero();
        if has_value && self.msg.is_static {
            return Err(Fatal::StaticWrite);
        }
        let words = u64::try_from(input.len().div_ceil(32)).unwrap_or(u64::MAX);
        self.charge_gas(words.saturating_mul(price::COPY_WORD))?;
        self.touch_account(msg.this)?;
        if has_value {
            self.charge_gas(price::VALUE)?;
            let is_new = self.accounts.get(&msg.this).is_none_or(|account| *account == Account::default());
            self.charge_gas(if is_new { price::NEW_ACCOUNT } else { 0 })?;
        }
        let forwarded = all_but_one_64th(self.gas).min(*gas.end());
        if forwarded < *gas.start() {
            return Err(Fatal::OutOfGas);
        }
        self.charge_gas(forwarded)?;
        let stipend = if has_value { price::STIPEND } else { 0 };
        let (answer, left) = self.frame(msg, input, forwarded.saturating_add(stipend));
        self.gas = self.gas.saturating_add(left);
        let (status, data) = match answer {
            Ok(data) => (Status::Success, data),
            Err(Error::Revert(data)) => (Status::Revert, data),
            Err(Error::Fatal(Fatal::OutOfGas)) => (Status::OutOfGas, Bytes::new()),
            Err(Error::Fatal(Fatal::StaticWrite | Fatal::Invalid)) => (Status::Halt, Bytes::new()),
            Err(Error::Fatal(fatal @ (Fatal::Node | Fatal::Broken(_)))) => return Err(fatal),
        };
        Ok(Reply { status, data })
    }

    fn outgoing(&self, to: Address, value: U256, input: &[u8]) -> Msg {
        let Msg { this: sender, is_static, .. } = self.msg;
        Msg { sender, this: to, value, selector: selector(input), is_static }
    }

    fn forbid_static(&self) -> Result<(), Fatal> {
        if self.msg.is_static { Err(Fatal::StaticWrite) } else { Ok(()) }
    }

    fn touch_account(&mut self, account: Address) -> Result<(), Fatal> {
        if !self.warm_accounts.insert(account) {
            return self.charge_gas(price::WARM);
        }
        self.undo.push(Undo::WarmAccount(account));
        self.charge_gas(price::COLD_ACCOUNT)
    }

    /// An account is warm once its storage is used or its code is entered, as it is inside the EVM.
    fn warm(&mut self, account: Address) {
        if self.warm_accounts.insert(account) {
            self.undo.push(Undo::WarmAccount(account));
        }
    }

    /// Whether this is the first touch of the slot in the transaction.
    fn touch_slot(&mut self, account: Address, slot: U256) -> bool {
        self.warm(account);
        let is_cold = self.warm_slots.insert((account, slot));
        if is_cold {
            self.undo.push(Undo::WarmSlot(account, slot));
        }
        is_cold
    }
}

fn selector(input: &[u8]) -> [u8; 4] {
    input.first_chunk().copied().unwrap_or_default()
}

fn typed<C: SolCall>(outcome: Outcome) -> Result<C::Return> {
    let data = outcome.answer?;
    C::abi_decode_returns_validate(&data)
        .map_err(|_| Fatal::Broken("an answer decodes as the ABI says").into())
}

/// EIP-150.
fn all_but_one_64th(gas: u64) -> u64 {
    gas.saturating_sub(gas >> 6)
}

impl View for MemHost {
    fn msg(&self) -> Msg {
        self.msg
    }

    fn block(&self) -> BlockInfo {
        self.block
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn charge_gas(&mut self, amount: u64) -> Result<(), Fatal> {
        self.gas = self.gas.checked_sub(amount).ok_or(Fatal::OutOfGas)?;
        Ok(())
    }

    fn sload(&mut self, account: Address, slot: U256) -> Result<U256, Fatal> {
        let is_cold = self.touch_slot(account, slot);
        self.charge_gas(if is_cold { price::COLD_SLOT } else { price::WARM })?;
        Ok(self.slot(account, slot))
    }

    fn tload(&mut self, slot: U256) -> Result<U256, Fatal> {
        self.charge_gas(price::WARM)?;
        Ok(self.transient.get(&(self.msg.this, slot)).copied().unwrap_or_default())
    }

    fn balance(&mut self, of: Address) -> Result<U256, Fatal> {
        self.touch_account(of)?;
        Ok(self.balance_of(of))
    }

    fn code_size(&mut self, of: Address) -> Result<usize, Fatal> {
        self.touch_account(of)?;
        Ok(self.accounts.get(&of).map_or(0, |account| account.code.len()))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Fatal> {
        self.charge_gas(price::BLOCK_HASH)?;
        let age = self.block.number.saturating_sub(number);
        let hash = self.block_hashes.get(&number).copied().unwrap_or_default();
        Ok(if (1..=BLOCK_HASH_WINDOW).contains(&age) { hash } else { B256::ZERO })
    }

    fn instance_kind(&mut self, of: Address) -> Result<Option<u16>, Fatal> {
        self.touch_account(of)?;
        Ok(self.accounts.get(&of).and_then(|account| registry::kind_of(&account.code)))
    }

    fn static_call(&mut self, to: Address, input: Bytes) -> Result<Reply, Fatal> {
        let msg = Msg { is_static: true, ..self.outgoing(to, U256::ZERO, &input) };
        self.invoke(msg, &input, 0..=u64::MAX)
    }

    fn static_call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal> {
        let msg = Msg { is_static: true, ..self.outgoing(to, U256::ZERO, &input) };
        self.invoke(msg, &input, gas..=gas)
    }

    fn enter(&mut self, callee: Address, selector: [u8; 4], _input: Option<Bytes>) -> Result<Msg, Fatal> {
        self.charge_gas(gas::NATIVE_CALL)?;
        if self.nesting >= MAX_NATIVE_NESTING {
            self.too_deep = true;
            return Err(Fatal::OutOfGas);
        }
        self.nesting = self.nesting.saturating_add(1);
        self.warm(callee);
        let msg = Msg { selector, ..self.outgoing(callee, U256::ZERO, &[]) };
        Ok(core::mem::replace(&mut self.msg, msg))
    }

    fn leave(&mut self, caller: Msg, _outcome: Result<Option<Bytes>, &Error>) {
        self.msg = caller;
        self.nesting = self.nesting.saturating_sub(1);
    }

    fn is_traced(&self) -> bool {
        false
    }
}

impl Host for MemHost {
    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Result<(), Fatal> {
        self.forbid_static()?;
        // EIP-2200: never write on a stipend's worth of gas.
        if self.gas <= price::STIPEND {
            return Err(Fatal::OutOfGas);
        }
        let is_cold = self.touch_slot(account, slot);
        let was = self.slot(account, slot);
        let original = *self.originals.entry((account, slot)).or_insert(was);
        let write = match (value == was, was == original, original.is_zero()) {
            (false, true, true) => price::SLOT_SET,
            (false, true, false) => price::SLOT_RESET,
            _ => price::WARM,
        };
        self.charge_gas(if is_cold { price::COLD_SLOT } else { 0 })?;
        self.charge_gas(write)?;
        self.accounts.entry(account).or_default().write(slot, value);
        self.undo.push(Undo::Slot { account, slot, was });
        Ok(())
    }

    fn tstore(&mut self, slot: U256, value: U256) -> Result<(), Fatal> {
        self.forbid_static()?;
        self.charge_gas(price::WARM)?;
        let account = self.msg.this;
        let was = self.transient.insert((account, slot), value).unwrap_or_default();
        self.undo.push(Undo::Transient { account, slot, was });
        Ok(())
    }

    fn emit_log(&mut self, log: LogData) -> Result<(), Fatal> {
        self.forbid_static()?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let topics = price::LOG_TOPIC.saturating_mul(count(log.topics().len()));
        let bytes = price::LOG_BYTE.saturating_mul(count(log.data.len()));
        self.charge_gas(price::LOG.saturating_add(topics).saturating_add(bytes))?;
        self.logs.push(Log { address: self.msg.this, data: log });
        Ok(())
    }

    fn call(&mut self, to: Address, value: U256, input: Bytes) -> Result<Reply, Fatal> {
        let msg = self.outgoing(to, value, &input);
        self.invoke(msg, &input, 0..=u64::MAX)
    }

    fn call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal> {
        let msg = self.outgoing(to, U256::ZERO, &input);
        self.invoke(msg, &input, gas..=gas)
    }

    fn transfer(&mut self, to: Address, value: U256) -> Result<Reply, Fatal> {
        let msg = self.outgoing(to, value, &[]);
        self.invoke(msg, &Bytes::new(), 0..=0)
    }

    fn create_instance(&mut self, kind: u16) -> Result<Address, Fatal> {
        self.forbid_static()?;
        let code = registry::instance_code(kind);
        let deposit = price::CODE_BYTE.saturating_mul(u64::try_from(code.len()).unwrap_or(u64::MAX));
        self.charge_gas(price::CREATE.saturating_add(deposit))?;
        let creator = self.msg.this;
        let nonce = self.accounts.get(&creator).map_or(0, |account| account.nonce);
        let address = creator.create(nonce);
        if self.accounts.get(&address).is_some_and(|account| account.nonce > 0 || !account.code.is_empty()) {
            // A collision takes all gas, as it does of a CREATE.
            return Err(Fatal::OutOfGas);
        }
        self.set_nonce(creator, nonce.saturating_add(1));
        self.warm(address);
        self.set_nonce(address, 1);
        let was = core::mem::replace(&mut self.accounts.entry(address).or_default().code, code);
        self.undo.push(Undo::Code { account: address, was });
        Ok(address)
    }
}

impl MemHost {
    fn set_nonce(&mut self, account: Address, nonce: u64) {
        let was = core::mem::replace(&mut self.accounts.entry(account).or_default().nonce, nonce);
        self.undo.push(Undo::Nonce { account, was });
    }
}

#[cfg(test)]
mod tests;
