//! A small economy for tests: stakers, operators, three tokens with their strategies, and slashes that are injected
//! as AllocationManager will send them.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod services;

pub use services::{REGISTRAR, SLASHER};

use crate::{
    allocation_manager,
    delegation_manager::{first_slash_operator_shares, slash_operator_shares},
    first_release::{IFirstRelease, is_in_force},
    genesis::Setup,
    host::{BlockInfo, Result, call_native},
    ledger::{Operator, Position},
    mem::MemHost,
    test_token,
    testkit::roles,
};
use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use alloy_sol_types::{SolCall, SolEvent};
use types::{
    Params, Preset, Rules,
    abi::{
        IDelegationManager::{
            OperatorSet, QueuedWithdrawalParams, SignatureWithExpiry, SlashingWithdrawalQueued, Withdrawal,
            completeQueuedWithdrawalCall, delegateToCall, getWithdrawableSharesCall, queueWithdrawalsCall,
            registerAsOperatorCall, slashOperatorSharesCall, undelegateCall,
        },
        IERC20::{approveCall, balanceOfCall},
        IStrategyFactory::deployNewStrategyCall,
        IStrategyManager::depositIntoStrategyCall,
        ITestToken::mintCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_FACTORY, STRATEGY_MANAGER},
};

/// The service whose set slashes.
pub const AVS: Address = Address::repeat_byte(0xa5);
/// The withdrawal delay of all scenes, in blocks.
pub const DELAY: u64 = 10;

pub fn staker(index: u8) -> Address {
    Address::with_last_byte(0x10 + index)
}

pub fn operator(index: u8) -> Address {
    Address::with_last_byte(0x80 + index)
}

/// What every staker has of every token.
pub fn plenty() -> U256 {
    U256::from(10).pow(U256::from(40))
}

pub const STAKERS: u8 = 4;
pub const OPERATORS: u8 = 2;
pub const STRATEGIES: usize = 3;

pub struct Scene {
    pub chain: MemHost,
    pub strategies: [Address; STRATEGIES],
    pub tokens: [Address; STRATEGIES],
    slashes: u64,
}

impl Scene {
    /// A scene under rules `pinned`, at block 1000.
    pub fn new() -> Self {
        Self::with_rules(Rules::Pinned)
    }

    pub fn with_rules(rules: Rules) -> Self {
        Self::with_params(&Params { rules, ..Params::preset(Preset::Fast) })
    }

    pub fn with_params(params: &Params) -> Self {
        let block =
            BlockInfo { number: 1000, timestamp: 1_700_000_000, chain_id: 31337, ..BlockInfo::default() };
        let mut chain = MemHost::new(&Setup { params, roles: &roles(), dev: false }, block);
        let tokens = [0xc0, 0xc1, 0xc2].map(Address::with_last_byte);
        let strategies = tokens.map(|token| {
            chain.place(token, test_token::main);
            chain.tell(AVS, STRATEGY_FACTORY, &deployNewStrategyCall { token }).expect("a strategy")
        });
        let mut scene = Self { chain, strategies, tokens, slashes: 0 };
        let people: Vec<Address> = (0..STAKERS).map(staker).chain((0..OPERATORS).map(operator)).collect();
        for who in people {
            scene.fund(who);
        }
        scene
    }

    /// Gives `who` plenty of all tokens, approved for deposits.
    pub fn fund(&mut self, who: Address) {
        for token in self.tokens {
            self.tell(who, token, &mintCall { to: who, value: plenty() }).expect("minted");
            let approve = approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
            self.tell(who, token, &approve).expect("approved");
        }
    }

    pub fn tell<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<C::Return> {
        self.chain.tell(from, to, call)
    }

    pub fn mine(&mut self, blocks: u64) {
        self.chain.block.number += blocks;
    }

    pub fn deposit(&mut self, who: Address, strategy: usize, amount: U256) -> Result<U256> {
        let (strategy, token) = (self.strategies[strategy], self.tokens[strategy]);
        self.tell(who, STRATEGY_MANAGER, &depositIntoStrategyCall { strategy, token, amount })
    }

    pub fn register(&mut self, operator: Address) {
        let call = registerAsOperatorCall {
            initDelegationApprover: Address::ZERO,
            allocationDelay: 0,
            metadataURI: "ipfs://operator".into(),
        };
        self.tell(operator, DELEGATION_MANAGER, &call).expect("registered");
    }

    pub fn delegate(&mut self, staker: Address, operator: Address) -> Result<()> {
        let call =
            delegateToCall { operator, approverSignatureAndExpiry: no_approval(), approverSalt: B256::ZERO };
        self.tell(staker, DELEGATION_MANAGER, &call).map(|_| ())
    }

    /// Queues one withdrawal.
    pub fn queue(&mut self, staker: Address, items: &[(usize, U256)]) -> Result<Withdrawal> {
        let params = QueuedWithdrawalParams {
            strategies: items.iter().map(|(strategy, _)| self.strategies[*strategy]).collect(),
            depositShares: items.iter().map(|(_, shares)| *shares).collect(),
            __deprecated_withdrawer: AVS,
        };
        self.tell(staker, DELEGATION_MANAGER, &queueWithdrawalsCall { params: vec![params] })?;
        Ok(self.queued().pop().expect("a withdrawal"))
    }

    pub fn undelegate(&mut self, staker: Address) -> Result<Vec<Withdrawal>> {
        self.tell(staker, DELEGATION_MANAGER, &undelegateCall { staker })?;
        Ok(self.queued())
    }

    /// The withdrawals that the last transaction queued.
    pub fn queued(&self) -> Vec<Withdrawal> {
        let logs = self.chain.logs().iter();
        let events = logs.filter_map(|log| SlashingWithdrawalQueued::decode_log_data(&log.data).ok());
        events.map(|event| event.withdrawal).collect()
    }

    pub fn complete(&mut self, withdrawal: &Withdrawal, as_tokens: bool) -> Result<()> {
        let tokens = withdrawal.strategies.iter().map(|strategy| self.token_of(*strategy)).collect();
        let call = completeQueuedWithdrawalCall {
            withdrawal: withdrawal.clone(),
            tokens,
            receiveAsTokens: as_tokens,
        };
        self.tell(withdrawal.withdrawer, DELEGATION_MANAGER, &call).map(|_| ())
    }

    fn token_of(&self, strategy: Address) -> Address {
        let index = self.strategies.iter().position(|other| *other == strategy);
        index.map_or(Address::ZERO, |index| self.tokens[index])
    }

    /// Lowers an operator's max magnitude and returns what that slash took.
    #[expect(
        clippy::redundant_closure,
        reason = "the closure shortens a lifetime, the function itself cannot"
    )]
    pub fn slash(&mut self, operator: Address, strategy: usize, magnitude: u64) -> Result<U256> {
        self.slashes += 1;
        let (slash_id, strategy) = (U256::from(self.slashes), self.strategies[strategy]);
        self.chain.run(ALLOCATION_MANAGER, |host| {
            let before = Operator::load(host, operator, strategy)?.max_magnitude();
            allocation_manager::lower_max_magnitude(host, operator, strategy, magnitude)?;
            if is_in_force(host) {
                let call = IFirstRelease::slashOperatorSharesCall {
                    operator,
                    strategy,
                    prevMaxMagnitude: before,
                    newMaxMagnitude: magnitude,
                };
                call_native(host, DELEGATION_MANAGER, call, |host, call| {
                    first_slash_operator_shares(host, call)
                })?;
                return Ok(U256::ZERO);
            }
            let call = slashOperatorSharesCall {
                operator,
                operatorSet: OperatorSet { avs: AVS, id: 1 },
                slashId: slash_id,
                strategy,
                prevMaxMagnitude: before,
                newMaxMagnitude: magnitude,
            };
            call_native(host, DELEGATION_MANAGER, call, |host, call| slash_operator_shares(host, call))
        })
    }

    /// The id of the last slash of set (AVS, 1).
    pub fn last_slash(&self) -> U256 {
        U256::from(self.slashes)
    }

    pub fn operator_row(&mut self, operator: Address, strategy: usize) -> Operator {
        let strategy = self.strategies[strategy];
        self.chain.run(AVS, |host| Ok(Operator::load(host, operator, strategy)?)).expect("a row")
    }

    pub fn operator_shares(&mut self, operator: Address, strategy: usize) -> U256 {
        self.operator_row(operator, strategy).shares.0
    }

    pub fn position(&mut self, staker: Address, strategy: usize) -> Position {
        let strategy = self.strategies[strategy];
        self.chain.run(AVS, |host| Ok(Position::load(host, staker, strategy)?)).expect("a row")
    }

    pub fn scaling_factor(&mut self, staker: Address, strategy: usize) -> U256 {
        self.position(staker, strategy).scaling.value()
    }

    pub fn withdrawable(&mut self, staker: Address, strategy: usize) -> U256 {
        let strategies = vec![self.strategies[strategy]];
        let call = getWithdrawableSharesCall { staker, strategies };
        self.chain.ask(DELEGATION_MANAGER, &call).expect("shares").withdrawableShares[0]
    }

    pub fn tokens_of(&mut self, who: Address, strategy: usize) -> U256 {
        let token = self.tokens[strategy];
        self.chain.ask(token, &balanceOfCall { account: who }).expect("a balance")
    }

    /// Claims that the last transaction emitted exactly these events, in order.
    pub fn assert_events(&self, expected: &[(Address, LogData)]) {
        let actual: Vec<(Address, LogData)> =
            self.chain.logs().iter().map(|log| (log.address, log.data.clone())).collect();
        assert_eq!(actual, expected);
    }

    /// The emitters and topics of the last transaction's logs.
    pub fn emitted(&self, event: B256) -> usize {
        self.chain.logs().iter().filter(|log| log.topics().first() == Some(&event)).count()
    }
}

pub fn no_approval() -> SignatureWithExpiry {
    SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO }
}

/// An event of the managers as a log.
pub fn event(at: Address, event: impl SolEvent) -> (Address, LogData) {
    (at, event.encode_log_data())
}
