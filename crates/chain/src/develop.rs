//! What development tools change without a transaction: accounts of the head's state, and what the next blocks are like.
//! Edits become one amendment of the last block (`state::Writer::amend`); nothing here decides when.

use crate::{executor::StateSource, genesis::GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use state::{Account, AccountChange, Changes};
use std::collections::{BTreeMap, BTreeSet};

/// Most accounts that are impersonated by name; who needs more impersonates all.
pub const MAX_IMPERSONATED: usize = 65_536;

/// What the next blocks are like, and who may send without a key, where development tools have said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dials {
    /// Who gets the tips.
    pub coinbase: Option<Address>,
    /// Gas limit of blocks.
    pub gas_limit: Option<u64>,
    /// Wei per gas that the next block burns.
    pub next_base_fee: Option<u64>,
    /// What PREVRANDAO answers in the next block.
    pub next_prev_randao: Option<B256>,
    /// Who may send without a signature.
    pub impersonated: BTreeSet<Address>,
    /// Whether everybody may.
    pub impersonate_all: bool,
    /// Whether a program that prints blocks is to keep silent.
    pub silent: bool,
}

impl Dials {
    /// Whether transactions of `address` need no signature.
    pub fn impersonates(&self, address: Address) -> bool {
        self.impersonate_all || self.impersonated.contains(&address)
    }

    /// What held for one block only is used up.
    pub fn used(&mut self) {
        (self.next_base_fee, self.next_prev_randao) = (None, None);
    }
}

/// A change of [`Dials`].
pub type Turn = Box<dyn FnOnce(&mut Dials) + Send>;

/// A change of the state without a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Wei of an account.
    Balance(Address, U256),
    /// Wei on top of what an account has; at most 2^256 - 1 in all.
    AddBalance(Address, U256),
    /// Nonce of an account.
    Nonce(Address, u64),
    /// Code of an account.
    Code(Address, Bytes),
    /// A slot, and its value.
    Slot(Address, U256, U256),
    /// A whole account; slots that are not named keep their values.
    Account(Address, GenesisAccount),
}

impl Edit {
    const fn address(&self) -> Address {
        match self {
            Self::Balance(address, _)
            | Self::AddBalance(address, _)
            | Self::Nonce(address, _)
            | Self::Code(address, _)
            | Self::Slot(address, ..)
            | Self::Account(address, _) => *address,
        }
    }
}

/// Rows as they were before edits, so that going back to a snapshot of the same block can restore them.
#[derive(Clone, Debug, Default)]
pub struct Undo {
    accounts: BTreeMap<Address, Option<Account>>,
    slots: BTreeMap<(Address, U256), U256>,
}

impl Undo {
    /// Adds what later edits replaced; of a row named twice the first value counts.
    pub fn extend(&mut self, later: &Self) {
        for (address, account) in &later.accounts {
            self.accounts.entry(*address).or_insert(*account);
        }
        for (place, value) in &later.slots {
            self.slots.entry(*place).or_insert(*value);
        }
    }

    /// Whose rows it has.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.accounts.keys().copied()
    }

    /// Whether nothing was edited.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The changes that restore all rows.
    pub fn changes(&self) -> Changes {
        let accounts = self.accounts.iter().map(|(address, account)| {
            let own = (*address, U256::ZERO)..=(*address, U256::MAX);
            let slots = self.slots.range(own).map(|((_, slot), value)| (*slot, *value));
            let slots = if account.is_some() { slots.collect() } else { Vec::new() };
            AccountChange { address: *address, account: *account, wiped: account.is_none(), slots }
        });
        Changes { accounts: accounts.collect(), code: Vec::new() }
    }
}

/// What edits, in order, change in a state, and what was there before.
///
/// # Errors
/// The state could not be read.
pub fn apply(source: &dyn StateSource, edits: Vec<Edit>) -> Result<(Changes, Undo), state::Error> {
    let mut now: BTreeMap<Address, Account> = BTreeMap::new();
    let mut slots: BTreeMap<Address, BTreeMap<U256, U256>> = BTreeMap::new();
    let (mut undo, mut code) = (Undo::default(), BTreeMap::new());
    for edit in edits {
        let address = edit.address();
        if let std::collections::btree_map::Entry::Vacant(entry) = undo.accounts.entry(address) {
            let before = *entry.insert(source.account(address)?);
            now.insert(address, before.unwrap_or(NOBODY));
        }
        let Some(account) = now.get_mut(&address) else { continue };
        let written = slots.entry(address).or_default();
        match edit {
            Edit::Balance(_, balance) => account.balance = balance,
            Edit::AddBalance(_, wei) => account.balance = account.balance.saturating_add(wei),
            Edit::Nonce(_, nonce) => account.nonce = nonce,
            Edit::Code(_, bytes) => account.code_hash = keep(&mut code, bytes),
            Edit::Slot(_, slot, value) => _ = written.insert(slot, value),
            Edit::Account(_, whole) => {
                let code_hash = keep(&mut code, whole.code);
                *account = Account { nonce: whole.nonce, balance: whole.balance, code_hash };
                written.extend(whole.storage);
            }
        }
    }
    let mut accounts = Vec::with_capacity(now.len());
    for (address, account) in now {
        let slots: Vec<(U256, U256)> = slots.remove(&address).unwrap_or_default().into_iter().collect();
        for (slot, _) in &slots {
            undo.slots.insert((address, *slot), source.storage(address, *slot)?);
        }
        let existed = undo.accounts.get(&address).is_some_and(Option::is_some);
        if existed || account != NOBODY || !slots.is_empty() {
            accounts.push(AccountChange { address, account: Some(account), wiped: false, slots });
        }
    }
    Ok((Changes { accounts, code: code.into_iter().collect() }, undo))
}

/// What makes a state exactly `wanted`: accounts that it does not name go.
pub fn replace(present: impl IntoIterator<Item = Address>, wanted: Changes) -> Changes {
    let named: BTreeSet<Address> = wanted.accounts.iter().map(|change| change.address).collect();
    let gone = present.into_iter().filter(|address| !named.contains(address)).map(|address| AccountChange {
        address,
        account: None,
        wiped: true,
        slots: Vec::new(),
    });
    let mut accounts: Vec<AccountChange> = gone.collect();
    accounts.extend(wanted.accounts.into_iter().map(|change| AccountChange { wiped: true, ..change }));
    Changes { accounts, code: wanted.code }
}

/// An account that does not exist.
const NOBODY: Account = Account { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY };

fn keep(code: &mut BTreeMap<B256, Bytes>, bytes: Bytes) -> B256 {
    let hash = keccak256(&bytes);
    if !bytes.is_empty() {
        code.insert(hash, bytes);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::MemorySource;

    fn states(edits: [Vec<Edit>; 2]) -> (MemorySource, Vec<MemorySource>, Undo) {
        let mut state = MemorySource::default();
        let (mut before, mut undo) = (Vec::new(), Undo::default());
        for edits in edits {
            before.push(state.clone());
            let (changes, replaced) = apply(&state, edits).unwrap();
            undo.extend(&replaced);
            state.apply(changes);
        }
        (state, before, undo)
    }

    #[test]
    fn edits_of_one_account_add_up_and_undo_restores_what_was_before_the_first() {
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let value = U256::from(7);
        let first = vec![Edit::Balance(one, value), Edit::AddBalance(one, U256::MAX), Edit::Nonce(one, 3)];
        let second = vec![
            Edit::Slot(one, value, value),
            Edit::Code(two, Bytes::from_static(&[1, 2])),
            Edit::Slot(two, U256::ZERO, value),
        ];
        let (mut state, before, undo) = states([first, second]);
        assert_eq!(state.account(one).unwrap().unwrap().balance, U256::MAX);
        assert_eq!(state.account(one).unwrap().unwrap().nonce, 3);
        assert_eq!(state.storage(one, value).unwrap(), value);
        let code = state.account(two).unwrap().unwrap().code_hash;
        assert_eq!(state.code(code).unwrap().unwrap(), Bytes::from_static(&[1, 2]));
        state.apply(undo.changes());
        assert_eq!((state.accounts, state.slots), (before[0].accounts.clone(), before[0].slots.clone()));
    }

    #[test]
    fn an_edit_that_leaves_nobody_where_nobody_was_changes_nothing() {
        let (changes, _) =
            apply(&MemorySource::default(), vec![Edit::Balance(Address::ZERO, U256::ZERO)]).unwrap();
        assert_eq!(changes, Changes::default());
    }

    #[test]
    fn replacing_names_who_goes() {
        let (stays, goes) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let account = Some(Account { balance: U256::ONE, ..NOBODY });
        let wanted = AccountChange { address: stays, account, wiped: false, slots: Vec::new() };
        let changes = replace([stays, goes], Changes { accounts: vec![wanted], code: Vec::new() });
        let told: Vec<_> = changes.accounts.iter().map(|it| (it.address, it.account, it.wiped)).collect();
        assert_eq!(told, [(goes, None, true), (stays, account, true)]);
    }
}
