//! The native contracts' accounts in the genesis state.

use crate::{
    allocation_manager, avs_directory, backing_eigen, delegation_manager, eigen, eigen_pod_manager,
    eigen_strategy, pauser_registry, prices, protocol_registry,
    registry::{STUB_CODE, instance_code},
    risk_oracle, strategy_base, strategy_factory, strategy_manager,
};
use alloy_primitives::{Address, Bytes, U256};
use types::{
    Params,
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, BACKING_EIGEN, COVENANTS, DELEGATION_MANAGER, EIGEN,
        EIGEN_POD_MANAGER, EIGEN_STRATEGY, KEY_REGISTRAR, LENS, LOSS_NOTICES, MULTICALL3, PAUSER_REGISTRY,
        PERMISSION_CONTROLLER, PRICE_BOOK, PROTOCOL_REGISTRY, RELEASE_MANAGER, RISK_ORACLE, SAFE_EXIT,
        STRATEGY_FACTORY, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH,
    },
    params::Roles,
};

/// What a genesis state is made from.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The chain's numbers and rules.
    pub params: &'a Params,
    /// Who holds which power.
    pub roles: &'a Roles,
    /// Whether TestToken and its strategy exist (`decisions.md` 42).
    pub dev: bool,
}

/// A native account at genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Where.
    pub address: Address,
    /// Nonce: 1, or more for a contract that has made instances.
    pub nonce: u64,
    /// The stub, or an instance's registration.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: Vec<(U256, U256)>,
}

/// All native accounts of a new chain, by address.
pub fn accounts(setup: &Setup<'_>) -> Vec<Account> {
    // As if the factory had made them already: the token, its strategy.
    let made: &[(Address, Address)] = if setup.dev { &[(TEST_TOKEN, TEST_TOKEN_STRATEGY)] } else { &[] };
    let made_strategies = made.iter().map(|(_, strategy)| *strategy);
    let whitelisted: Vec<Address> = made_strategies.chain([EIGEN_STRATEGY]).collect();

    let mut accounts = vec![
        singleton(STRATEGY_MANAGER, strategy_manager::genesis(setup.roles, &whitelisted)),
        singleton(DELEGATION_MANAGER, delegation_manager::genesis(setup.params, setup.roles)),
        singleton(ALLOCATION_MANAGER, allocation_manager::genesis(setup.params, setup.roles)),
        singleton(EIGEN_POD_MANAGER, eigen_pod_manager::genesis(setup.roles)),
        singleton(PERMISSION_CONTROLLER, Vec::new()),
        singleton(STRATEGY_FACTORY, strategy_factory::genesis(setup.roles.owner, made)),
        singleton(PAUSER_REGISTRY, pauser_registry::genesis(setup.roles)),
        singleton(AVS_DIRECTORY, avs_directory::genesis(setup.roles)),
        singleton(KEY_REGISTRAR, Vec::new()),
        singleton(RELEASE_MANAGER, Vec::new()),
        singleton(PROTOCOL_REGISTRY, protocol_registry::genesis(setup.params.rules, setup.roles)),
        singleton(EIGEN_STRATEGY, eigen_strategy::genesis()),
        singleton(EIGEN, eigen::genesis(setup.roles, backing_eigen::INITIAL_SUPPLY)),
        singleton(BACKING_EIGEN, backing_eigen::genesis(setup.roles)),
        singleton(COVENANTS, Vec::new()),
        singleton(LOSS_NOTICES, Vec::new()),
        singleton(SAFE_EXIT, Vec::new()),
        singleton(LENS, Vec::new()),
        singleton(PRICE_BOOK, prices::genesis(setup.roles.owner, setup.dev)),
        singleton(RISK_ORACLE, risk_oracle::genesis(setup.roles.owner, setup.dev)),
        singleton(WETH, Vec::new()),
        singleton(MULTICALL3, Vec::new()),
    ];
    if setup.dev {
        accounts.push(singleton(TEST_TOKEN, Vec::new()));
    }
    for (token, strategy) in made {
        accounts.push(Account {
            address: *strategy,
            nonce: 1,
            code: instance_code(strategy_base::KIND),
            storage: strategy_base::genesis(*token),
        });
    }
    let factory = accounts.iter_mut().find(|account| account.address == STRATEGY_FACTORY);
    if let Some(factory) = factory {
        factory.nonce = made.iter().fold(factory.nonce, |nonce, _| nonce.saturating_add(1));
    }
    accounts.sort_by_key(|account| account.address);
    accounts
}

fn singleton(address: Address, storage: Vec<(U256, U256)>) -> Account {
    Account { address, nonce: 1, code: Bytes::from_static(&STUB_CODE), storage }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{STRANGER, chain, chain_with, roles};
    use types::{Preset, abi::IStrategyFactory::deployNewStrategyCall};

    #[test]
    fn dev_is_as_if_the_factory_had_made_the_strategy_of_the_test_token() {
        let mut expected = chain();
        let mut made = chain_with(false);
        made.place(TEST_TOKEN, crate::test_token::main);
        let strategy = made.tell(STRANGER, STRATEGY_FACTORY, &deployNewStrategyCall { token: TEST_TOKEN });
        assert_eq!(strategy, Ok(TEST_TOKEN_STRATEGY));
        // What the token is worth is said in `dev` alone.
        for chain in [&mut made, &mut expected] {
            chain.accounts.retain(|address, _| ![PRICE_BOOK, RISK_ORACLE].contains(address));
        }
        assert_eq!(made.accounts, expected.accounts);
    }

    #[test]
    fn accounts_are_sorted_unique_and_without_zero_slots() {
        let (params, roles) = (Params::preset(Preset::Fast), roles());
        for dev in [false, true] {
            let accounts = accounts(&Setup { params: &params, roles: &roles, dev });
            assert!(accounts.windows(2).all(|pair| pair[0].address < pair[1].address));
            for account in &accounts {
                let mut slots: Vec<U256> = account.storage.iter().map(|(slot, _)| *slot).collect();
                slots.sort_unstable();
                slots.dedup();
                assert_eq!(slots.len(), account.storage.len(), "{}", account.address);
                assert!(account.storage.iter().all(|(_, value)| !value.is_zero()), "{}", account.address);
            }
        }
    }

    #[test]
    fn every_native_account_runs_a_native_contract() {
        for (address, account) in chain().accounts {
            assert!(crate::registry::native_at(address, &account.code).is_some(), "{address}");
        }
    }
}
