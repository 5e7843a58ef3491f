//! The same story told to the native contracts and to the originals: every answer must be equal, byte for byte: success,
//! return data, revert data, logs. A fixed story that covers each verb of the first slice; not a search for differences.

use super::{
    source,
    world::{OWNER, Outcome, World},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use types::{
    abi::{
        IDelegationManager as Delegation, IStrategy as Strategy, IStrategyManager as Deposits,
        ITestToken as Token,
    },
    addresses::{
        ALLOCATION_MANAGER, BEACON_STRATEGY, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN,
        TEST_TOKEN_STRATEGY,
    },
};

/// An account of the story, by a letter.
const fn account(letter: u8) -> Address {
    Address::with_last_byte(letter)
}

const ALICE: Address = account(b'A');
const BOB: Address = account(b'B');
const CAROL: Address = account(b'C');
const OPERATOR: Address = account(b'O');
const PICKY: Address = account(b'P');
const NOBODY: Address = account(b'N');

/// Both worlds, told the same.
struct Pair {
    native: World,
    original: World,
    told: usize,
    reverted: usize,
    logs: usize,
    differences: Vec<String>,
}

/// Tells the story.
///
/// # Errors
/// The originals cannot be set up, or an answer differs: all differences are listed.
pub fn run() -> Result<()> {
    let original = World::original(&source::load()?)?;
    let mut pair =
        Pair { native: World::native(), original, told: 0, reverted: 0, logs: 0, differences: Vec::new() };
    views(&mut pair)?;
    deposits(&mut pair)?;
    operators(&mut pair)?;
    withdrawals(&mut pair)?;
    changes_of_mind(&mut pair)?;
    pauses(&mut pair)?;
    if !pair.differences.is_empty() {
        let list = pair.differences.join("\n");
        bail!("{} of {} answers differ from the originals:\n{list}", pair.differences.len(), pair.told);
    }
    let Pair { told, reverted, logs, .. } = pair;
    println!("originals: {told} calls ({reverted} reverted), {logs} logs: every answer and log equal");
    Ok(())
}

impl Pair {
    /// Makes the call on both sides, notes a difference, and returns what the native side answered.
    fn tell<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> Result<Outcome> {
        let data = Bytes::from(call.abi_encode());
        let native = self.native.send(from, to, data.clone())?;
        let original = self.original.send(from, to, data)?;
        self.told += 1;
        self.reverted += usize::from(!native.success);
        self.logs += native.logs.len();
        if native != original {
            let mut text = format!("{}. {} from {from}", self.told, C::SIGNATURE);
            describe(&mut text, "native", &native)?;
            describe(&mut text, "original", &original)?;
            self.differences.push(text);
        }
        Ok(native)
    }

    /// [`Pair::tell`] to the DelegationManager.
    fn delegation<C: SolCall>(&mut self, from: Address, call: C) -> Result<Outcome> {
        self.tell(from, DELEGATION_MANAGER, call)
    }

    fn mine(&mut self, blocks: u64) {
        self.native.mine(blocks);
        self.original.mine(blocks);
    }

    /// What everybody holds, through every view of the slice.
    fn look(&mut self) -> Result<()> {
        let strategies = || vec![TEST_TOKEN_STRATEGY, BEACON_STRATEGY];
        for staker in [ALICE, BOB, CAROL, OPERATOR, PICKY, NOBODY] {
            self.tell(staker, STRATEGY_MANAGER, Deposits::getDepositsCall { staker })?;
            self.tell(staker, STRATEGY_MANAGER, Deposits::getStakerStrategyListCall { staker })?;
            self.delegation(staker, Delegation::delegatedToCall { staker })?;
            self.delegation(staker, Delegation::isDelegatedCall { staker })?;
            self.delegation(staker, Delegation::isOperatorCall { operator: staker })?;
            self.delegation(staker, Delegation::getDepositedSharesCall { staker })?;
            let withdrawable = Delegation::getWithdrawableSharesCall { staker, strategies: strategies() };
            self.delegation(staker, withdrawable)?;
            let scaling = Delegation::depositScalingFactorCall { staker, strategy: TEST_TOKEN_STRATEGY };
            self.delegation(staker, scaling)?;
            self.delegation(staker, Delegation::getQueuedWithdrawalsCall { staker })?;
            self.delegation(staker, Delegation::getQueuedWithdrawalRootsCall { staker })?;
            self.delegation(staker, Delegation::cumulativeWithdrawalsQueuedCall { staker })?;
            self.tell(staker, TEST_TOKEN, Token::balanceOfCall { account: staker })?;
        }
        for operator in [OPERATOR, PICKY, NOBODY] {
            let shares = Delegation::getOperatorSharesCall { operator, strategies: strategies() };
            self.delegation(operator, shares)?;
            self.delegation(operator, Delegation::delegationApproverCall { operator })?;
            let strategy = TEST_TOKEN_STRATEGY;
            self.delegation(operator, Delegation::getSlashableSharesInQueueCall { operator, strategy })?;
        }
        self.tell(NOBODY, TEST_TOKEN_STRATEGY, Strategy::totalSharesCall {})?;
        Ok(())
    }

    /// The withdrawals of `staker` that wait, as the native side tells.
    fn queued(&mut self, staker: Address) -> Result<Vec<Delegation::Withdrawal>> {
        let answer = self.delegation(staker, Delegation::getQueuedWithdrawalsCall { staker })?;
        Ok(Delegation::getQueuedWithdrawalsCall::abi_decode_returns(&answer.output)?.withdrawals)
    }

    fn first_queued(&mut self, staker: Address) -> Result<Delegation::Withdrawal> {
        self.queued(staker)?.into_iter().next().context("nothing is queued")
    }
}

fn describe(text: &mut String, side: &str, outcome: &Outcome) -> Result<()> {
    let verdict = if outcome.success { "ok" } else { "reverted" };
    write!(text, "\n     {side}: {verdict} {}", hex::encode_prefixed(&outcome.output))?;
    for log in &outcome.logs {
        write!(text, "\n       log {} {:?} {}", log.address, log.topics(), log.data.data)?;
    }
    Ok(())
}

fn tokens(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

fn deposit(amount: U256) -> Deposits::depositIntoStrategyCall {
    Deposits::depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount }
}

fn unsigned() -> Delegation::SignatureWithExpiry {
    Delegation::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO }
}

fn delegate(operator: Address) -> Delegation::delegateToCall {
    Delegation::delegateToCall { operator, approverSignatureAndExpiry: unsigned(), approverSalt: B256::ZERO }
}

fn queue(shares: &[U256]) -> Delegation::queueWithdrawalsCall {
    let param = Delegation::QueuedWithdrawalParams {
        strategies: shares.iter().map(|_| TEST_TOKEN_STRATEGY).collect(),
        depositShares: shares.to_vec(),
        __deprecated_withdrawer: Address::ZERO,
    };
    Delegation::queueWithdrawalsCall { params: vec![param] }
}

fn complete(withdrawal: Delegation::Withdrawal, as_tokens: bool) -> Delegation::completeQueuedWithdrawalCall {
    let tokens = withdrawal.strategies.iter().map(|_| TEST_TOKEN).collect();
    Delegation::completeQueuedWithdrawalCall { withdrawal, tokens, receiveAsTokens: as_tokens }
}

fn views(pair: &mut Pair) -> Result<()> {
    pair.delegation(NOBODY, Delegation::versionCall {})?;
    pair.delegation(NOBODY, Delegation::domainSeparatorCall {})?;
    pair.delegation(NOBODY, Delegation::DELEGATION_APPROVAL_TYPEHASHCall {})?;
    pair.delegation(NOBODY, Delegation::minWithdrawalDelayBlocksCall {})?;
    pair.delegation(NOBODY, Delegation::beaconChainETHStrategyCall {})?;
    pair.delegation(NOBODY, Delegation::strategyManagerCall {})?;
    pair.delegation(NOBODY, Delegation::allocationManagerCall {})?;
    pair.delegation(NOBODY, Delegation::permissionControllerCall {})?;
    pair.delegation(NOBODY, Delegation::eigenPodManagerCall {})?;
    pair.delegation(NOBODY, Delegation::pauserRegistryCall {})?;
    pair.tell(NOBODY, STRATEGY_MANAGER, Deposits::domainSeparatorCall {})?;
    pair.tell(NOBODY, STRATEGY_MANAGER, Deposits::DEPOSIT_TYPEHASHCall {})?;
    pair.tell(NOBODY, STRATEGY_MANAGER, Deposits::delegationCall {})?;
    let strategy = TEST_TOKEN_STRATEGY;
    pair.tell(NOBODY, STRATEGY_MANAGER, Deposits::strategyIsWhitelistedForDepositCall { strategy })?;
    pair.look()
}

fn deposits(pair: &mut Pair) -> Result<()> {
    for staker in [ALICE, BOB, CAROL, OPERATOR, PICKY] {
        pair.tell(staker, TEST_TOKEN, Token::mintCall { to: staker, value: tokens(1_000) })?;
    }
    pair.tell(ALICE, STRATEGY_MANAGER, deposit(tokens(1)))?;
    for staker in [ALICE, BOB, CAROL, OPERATOR, PICKY] {
        let approve = Token::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
        pair.tell(staker, TEST_TOKEN, approve)?;
    }
    pair.tell(ALICE, STRATEGY_MANAGER, deposit(U256::ZERO))?;
    pair.tell(ALICE, STRATEGY_MANAGER, deposit(tokens(5_000)))?;
    for amount in [U256::ONE, U256::from(999), tokens(10)] {
        pair.tell(ALICE, STRATEGY_MANAGER, deposit(amount))?;
    }
    pair.tell(BOB, STRATEGY_MANAGER, deposit(tokens(20)))?;
    let unknown =
        Deposits::depositIntoStrategyCall { strategy: NOBODY, token: TEST_TOKEN, amount: tokens(1) };
    pair.tell(BOB, STRATEGY_MANAGER, unknown)?;
    // A donation moves the exchange rate, so that shares and tokens differ from here on.
    pair.tell(CAROL, TEST_TOKEN, Token::transferCall { to: TEST_TOKEN_STRATEGY, value: tokens(7) })?;
    pair.tell(CAROL, STRATEGY_MANAGER, deposit(tokens(3)))?;
    for caller in [ALICE, DELEGATION_MANAGER] {
        let strategy = TEST_TOKEN_STRATEGY;
        let shares = U256::from(5);
        let add = Deposits::addSharesCall { staker: ALICE, strategy, shares };
        pair.tell(caller, STRATEGY_MANAGER, add)?;
        let remove =
            Deposits::removeDepositSharesCall { staker: ALICE, strategy, depositSharesToRemove: shares };
        pair.tell(caller, STRATEGY_MANAGER, remove)?;
    }
    pair.look()
}

fn operators(pair: &mut Pair) -> Result<()> {
    let approver = PrivateKeySigner::from_bytes(&keccak256("approver"))?;
    let register = |approver: Address| Delegation::registerAsOperatorCall {
        initDelegationApprover: approver,
        allocationDelay: 3,
        metadataURI: "https://example.org/operator.json".into(),
    };
    pair.delegation(ALICE, delegate(OPERATOR))?;
    pair.delegation(OPERATOR, register(Address::ZERO))?;
    pair.delegation(OPERATOR, register(Address::ZERO))?;
    pair.tell(OPERATOR, STRATEGY_MANAGER, deposit(tokens(2)))?;
    pair.delegation(PICKY, register(approver.address()))?;
    let details =
        |operator| Delegation::modifyOperatorDetailsCall { operator, newDelegationApprover: NOBODY };
    pair.delegation(OPERATOR, details(OPERATOR))?;
    pair.delegation(ALICE, details(OPERATOR))?;
    let back =
        Delegation::modifyOperatorDetailsCall { operator: OPERATOR, newDelegationApprover: Address::ZERO };
    pair.delegation(OPERATOR, back)?;
    let metadata = |operator: Address| Delegation::updateOperatorMetadataURICall {
        operator,
        metadataURI: "ipfs://x".into(),
    };
    pair.delegation(OPERATOR, metadata(OPERATOR))?;
    pair.delegation(NOBODY, metadata(NOBODY))?;

    pair.delegation(ALICE, delegate(OPERATOR))?;
    pair.delegation(ALICE, delegate(OPERATOR))?;
    pair.delegation(BOB, delegate(NOBODY))?;
    pair.delegation(BOB, delegate(PICKY))?;
    for (salt, expiry) in [(1u64, U256::ONE), (2, U256::MAX), (2, U256::MAX)] {
        approved(pair, &approver, B256::from(U256::from(salt)), expiry)?;
    }
    pair.tell(BOB, STRATEGY_MANAGER, deposit(tokens(4)))?;
    pair.tell(ALICE, STRATEGY_MANAGER, deposit(tokens(4)))?;
    pair.look()
}

/// Bob delegates to the operator who approves each delegation.
fn approved(pair: &mut Pair, approver: &PrivateKeySigner, salt: B256, expiry: U256) -> Result<()> {
    let digest = Delegation::calculateDelegationApprovalDigestHashCall {
        staker: BOB,
        operator: PICKY,
        approver: approver.address(),
        approverSalt: salt,
        expiry,
    };
    let answer = pair.delegation(BOB, digest)?;
    let signature = approver.sign_hash_sync(&B256::try_from(answer.output.as_ref())?)?;
    let call = Delegation::delegateToCall {
        operator: PICKY,
        approverSignatureAndExpiry: Delegation::SignatureWithExpiry {
            signature: signature.as_bytes().to_vec().into(),
            expiry,
        },
        approverSalt: salt,
    };
    pair.delegation(BOB, call)?;
    let spent =
        Delegation::delegationApproverSaltIsSpentCall { delegationApprover: approver.address(), salt };
    pair.delegation(BOB, spent).map(drop)
}

fn withdrawals(pair: &mut Pair) -> Result<()> {
    pair.delegation(ALICE, queue(&[]))?;
    pair.delegation(ALICE, queue(&[U256::ZERO]))?;
    pair.delegation(ALICE, queue(&[tokens(5_000)]))?;
    for shares in [vec![tokens(1)], vec![tokens(2), tokens(1)], vec![U256::ONE]] {
        pair.delegation(ALICE, queue(&shares))?;
    }
    pair.delegation(CAROL, queue(&[tokens(1)]))?;
    let mut mismatch = queue(&[tokens(1)]);
    mismatch.params[0].depositShares.push(U256::ONE);
    pair.delegation(ALICE, mismatch)?;
    pair.look()?;

    let early = pair.first_queued(ALICE)?;
    pair.delegation(ALICE, complete(early.clone(), true))?;
    let delay = u64::from(World::params().withdrawal_delay_blocks);
    pair.mine(delay);
    pair.delegation(ALICE, complete(early.clone(), true))?;
    pair.mine(1);
    pair.delegation(BOB, complete(early.clone(), true))?;
    let root = Delegation::calculateWithdrawalRootCall { withdrawal: early.clone() };
    pair.delegation(NOBODY, root)?;
    let mut short = complete(early.clone(), true);
    short.tokens.clear();
    pair.delegation(ALICE, short)?;
    pair.delegation(ALICE, complete(early.clone(), true))?;
    pair.delegation(ALICE, complete(early, true))?;
    let twice = pair.first_queued(ALICE)?;
    pair.delegation(ALICE, complete(twice, false))?;
    let mut unknown = pair.first_queued(ALICE)?;
    unknown.nonce += U256::from(100);
    pair.delegation(ALICE, complete(unknown, false))?;
    let last = pair.queued(ALICE)?;
    let many = Delegation::completeQueuedWithdrawalsCall {
        tokens: last.iter().map(|it| vec![TEST_TOKEN; it.strategies.len()]).collect(),
        receiveAsTokens: vec![true; last.len()],
        withdrawals: last,
    };
    pair.delegation(ALICE, many)?;
    let undelegated = pair.first_queued(CAROL)?;
    pair.delegation(CAROL, complete(undelegated, true))?;
    pair.look()
}

fn changes_of_mind(pair: &mut Pair) -> Result<()> {
    let undelegate = |staker| Delegation::undelegateCall { staker };
    pair.delegation(NOBODY, undelegate(ALICE))?;
    pair.delegation(OPERATOR, undelegate(OPERATOR))?;
    pair.delegation(CAROL, undelegate(CAROL))?;
    // By the operator, then by the staker; then on to another operator.
    pair.delegation(OPERATOR, undelegate(ALICE))?;
    pair.delegation(BOB, undelegate(BOB))?;
    pair.look()?;
    pair.mine(u64::from(World::params().withdrawal_delay_blocks) + 1);
    let back = pair.first_queued(ALICE)?;
    pair.delegation(ALICE, delegate(OPERATOR))?;
    pair.delegation(ALICE, complete(back, false))?;
    let redelegate = |operator| Delegation::redelegateCall {
        newOperator: operator,
        newOperatorApproverSig: unsigned(),
        approverSalt: B256::ZERO,
    };
    pair.delegation(ALICE, redelegate(NOBODY))?;
    pair.delegation(BOB, redelegate(OPERATOR))?;
    pair.delegation(ALICE, redelegate(OPERATOR))?;
    pair.look()?;
    // The whole of it leaves: the strategy drops out of the list, and the scaling factor is reset.
    pair.delegation(CAROL, delegate(OPERATOR))?;
    let answer = pair.tell(CAROL, STRATEGY_MANAGER, Deposits::getDepositsCall { staker: CAROL })?;
    let held = Deposits::getDepositsCall::abi_decode_returns(&answer.output)?._1;
    pair.delegation(CAROL, queue(&held))?;
    pair.look()
}

fn pauses(pair: &mut Pair) -> Result<()> {
    let pause = |bits: u64| Delegation::pauseCall { newPausedStatus: U256::from(bits) };
    let unpause = |bits: u64| Delegation::unpauseCall { newPausedStatus: U256::from(bits) };
    for contract in [DELEGATION_MANAGER, STRATEGY_MANAGER, ALLOCATION_MANAGER] {
        pair.tell(NOBODY, contract, pause(1))?;
        pair.tell(OWNER, contract, pause(7))?;
        pair.tell(OWNER, contract, pause(3))?;
    }
    pair.tell(ALICE, STRATEGY_MANAGER, deposit(tokens(1)))?;
    pair.delegation(NOBODY, delegate(OPERATOR))?;
    pair.delegation(OPERATOR, queue(&[tokens(1)]))?;
    pair.delegation(CAROL, Delegation::undelegateCall { staker: CAROL })?;
    for contract in [DELEGATION_MANAGER, STRATEGY_MANAGER, ALLOCATION_MANAGER] {
        pair.tell(OWNER, contract, unpause(8))?;
        pair.tell(NOBODY, contract, unpause(0))?;
        pair.tell(OWNER, contract, unpause(0))?;
        pair.tell(OWNER, contract, Delegation::paused_0Call {})?;
    }
    pair.delegation(CAROL, Delegation::undelegateCall { staker: CAROL })?;
    pair.look()
}
