//! From the fields of a form to what is signed: the calls with their data, what they do in words, what they may cost, and
//! what to be careful of. Everything is worked out on the server, so that the wallet's script needs to know no contract.

use super::{
    Verb, approval,
    asked::{Asked, Trouble, WAD},
    facts::{self, Strategy, view},
    operating,
};
use crate::{
    format::{self, Round},
    parts,
    told::Told,
    warnings,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use rpc::{Reads, Refused};
use serde_json::json;
use types::{
    abi::{IAllocationManager, IDelegationManager, IERC20, ILens, IStrategy, IStrategyManager, ITestToken},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, LENS, STRATEGY_MANAGER, TEST_TOKEN},
};

/// Withdrawals that are completed by one transaction.
const MOST_AT_ONCE: usize = 20;

/// One call to sign.
pub(super) struct Step {
    /// The doing, as a verb.
    pub(super) says: String,
    pub(super) to: Address,
    pub(super) data: Vec<u8>,
}

/// What is signed, and what it means.
pub(super) struct Plan {
    pub(super) from: Address,
    pub(super) steps: Vec<Step>,
    pub(super) get: String,
    pub(super) earliest: String,
    pub(super) warnings: Vec<String>,
}

pub(super) fn step(says: impl Into<String>, to: Address, call: &impl SolCall) -> Step {
    Step { says: says.into(), to, data: call.abi_encode() }
}

pub(super) fn name(account: Address) -> String {
    parts::short(&account.to_string())
}

pub(super) fn wrong<T>(field: &'static str, why: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Field(field, why.into()))
}

/// Works out what a verb with these fields means.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn make(reads: &Reads, verb: Verb, asked: &Asked) -> Result<Plan, Trouble> {
    let from = asked.address("from")?;
    match verb {
        Verb::Mint => mint(reads, from, asked).await,
        Verb::Deposit => deposit(reads, from, asked).await,
        Verb::Delegate => delegate(reads, from, asked).await,
        Verb::Undelegate => undelegate(reads, from).await,
        Verb::Withdraw => withdraw(reads, from, asked).await,
        Verb::Complete => complete(reads, from, asked).await,
        Verb::Allocate => allocate(reads, from, asked).await,
        Verb::Register => operating::register(reads, from, asked).await,
        Verb::Delay => operating::delay(reads, from, asked).await,
        Verb::Describe => operating::describe(reads, from, asked).await,
        Verb::Approver => operating::approver(reads, from, asked).await,
        Verb::Join => operating::join(reads, from, asked).await,
        Verb::Leave => operating::leave(reads, from, asked).await,
        Verb::Approve => wrong("from", "An approval is signed and not sent."),
    }
}

async fn mint(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    if !reads.is_dev() {
        return wrong("amount", "Only chains for development have test tokens.");
    }
    let amount = asked.amount("amount", ("TEST", 18), U256::ZERO)?;
    let shown = format!("{} TEST", format::position(amount, 18, Round::Down));
    let call = ITestToken::mintCall { to: from, value: amount };
    Ok(Plan {
        from,
        steps: vec![step(format!("make {shown}"), TEST_TOKEN, &call)],
        get: format!("{shown}, worth nothing outside this chain"),
        earliest: "the next block".into(),
        warnings: Vec::new(),
    })
}

pub(super) async fn operator_of(reads: &Reads, staker: Address) -> Result<Option<Address>, Refused> {
    let operator = view(reads, DELEGATION_MANAGER, &IDelegationManager::delegatedToCall { staker }).await?;
    Ok((!operator.is_zero()).then_some(operator))
}

async fn deposit(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let strategy = facts::strategy(reads, asked).await?;
    if !strategy.is_open {
        return wrong("strategy", "This strategy takes no deposits now.");
    }
    let held = view(reads, strategy.token, &IERC20::balanceOfCall { account: from }).await?;
    if held.is_zero() {
        let help =
            if strategy.token == TEST_TOKEN { " Anyone may make test tokens, under “Act”." } else { "" };
        return wrong("amount", format!("{} has no {}.{help}", name(from), strategy.symbol));
    }
    let amount = asked.amount("amount", (&strategy.symbol, strategy.decimals), held)?;
    let shown = strategy.show(amount);
    if amount > held {
        return wrong("amount", format!("{shown} is more than {} has: {}.", name(from), strategy.show(held)));
    }
    let mut steps = Vec::new();
    let call = IERC20::allowanceCall { owner: from, spender: STRATEGY_MANAGER };
    if view(reads, strategy.token, &call).await? < amount {
        let call = IERC20::approveCall { spender: STRATEGY_MANAGER, value: amount };
        steps.push(step(format!("let the StrategyManager take {shown}"), strategy.token, &call));
    }
    let call = IStrategyManager::depositIntoStrategyCall {
        strategy: strategy.address,
        token: strategy.token,
        amount,
    };
    steps.push(step(format!("deposit {shown}"), STRATEGY_MANAGER, &call));
    let leaving = facts::leaving(reads).await?;
    let (get, warnings) = match operator_of(reads, from).await? {
        None => (format!("{shown} at stake; no service can take any of it until you delegate"), Vec::new()),
        Some(operator) => {
            let held = facts::holdings(reads, from).await?;
            let book = facts::book(reads, operator, &held).await?;
            let get = format!("{shown} at stake with {}, or less if it is slashed", name(operator));
            (get, facts::of_operator(reads, &book, &held).await?)
        }
    };
    Ok(Plan { from, steps, get, earliest: format!("out again: {}", facts::out_at(reads, leaving)), warnings })
}

async fn delegate(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let operator = asked.address("operator")?;
    let held = facts::holdings(reads, from).await?;
    let book = facts::book(reads, operator, &held).await?;
    if !book.isOperator {
        return wrong(
            "operator",
            format!("{} is no operator. The list of operators has those that are.", name(operator)),
        );
    }
    if let Some(now) = operator_of(reads, from).await? {
        let words = if now == from {
            format!("{} is an operator itself: it keeps its own stake.", name(from))
        } else {
            format!("{} delegates to {} already; leave it first, under “Act”.", name(from), name(now))
        };
        return wrong("from", words);
    }
    let given = approval::given(asked)?;
    if given.is_none() && !book.delegationApprover.is_zero() && book.delegationApprover != from {
        return wrong(
            "operator",
            format!(
                "{} takes only stakers that {} approves. Ask for a link: “Approve a staker”, under “Act”, makes it.",
                name(operator),
                name(book.delegationApprover)
            ),
        );
    }
    let nobody = || {
        (IDelegationManager::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO }, B256::ZERO)
    };
    let (signature, salt) = given.unwrap_or_else(nobody);
    let call = IDelegationManager::delegateToCall {
        operator,
        approverSignatureAndExpiry: signature,
        approverSalt: salt,
    };
    let get = if held.is_empty() {
        "nothing yet: what you deposit later is with this operator at once".to_owned()
    } else {
        let most = book.exposures.iter().map(|it| it.committedWad).max().unwrap_or_default();
        let part = format::wad(U256::from(most), Round::Up);
        format!(
            "your stake stays yours; at worst {part} of it can be taken as things are, and more if it promises more"
        )
    };
    Ok(Plan {
        from,
        steps: vec![step(format!("delegate all stake to {}", name(operator)), DELEGATION_MANAGER, &call)],
        get,
        earliest: format!("away again: {}", facts::out_at(reads, facts::leaving(reads).await?)),
        warnings: facts::of_operator(reads, &book, &held).await?,
    })
}

/// What holdings are worth, in words.
pub(super) async fn all_of(reads: &Reads, held: &[ILens::Holding]) -> Result<String, Refused> {
    let mut said = Vec::new();
    for holding in held {
        if let Some(strategy) = facts::strategy_at(reads, holding.strategy).await? {
            said.push(
                strategy.show(facts::worth(reads, holding.strategy, holding.withdrawableShares).await?),
            );
        }
    }
    Ok(if said.is_empty() { "nothing".into() } else { said.join(", ") })
}

async fn undelegate(reads: &Reads, from: Address) -> Result<Plan, Trouble> {
    let Some(operator) = operator_of(reads, from).await? else {
        return wrong("from", format!("{} delegates to nobody.", name(from)));
    };
    if operator == from {
        return wrong("from", format!("{} is an operator: it cannot leave itself.", name(from)));
    }
    let held = facts::holdings(reads, from).await?;
    let leaving = facts::leaving(reads).await?;
    let all = all_of(reads, &held).await?;
    let get = match held.is_empty() {
        true => "nothing waits: there is no stake to queue".to_owned(),
        false => format!("{all}, or less if {} is slashed until then", name(operator)),
    };
    let call = IDelegationManager::undelegateCall { staker: from };
    let says = format!("leave {} and queue all stake for withdrawal", name(operator));
    Ok(Plan {
        from,
        steps: vec![step(says, DELEGATION_MANAGER, &call)],
        get,
        earliest: facts::out_at(reads, leaving),
        warnings: vec![warnings::of_leaving(leaving)],
    })
}

async fn withdraw(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let strategy = facts::strategy(reads, asked).await?;
    let call =
        IDelegationManager::getWithdrawableSharesCall { staker: from, strategies: vec![strategy.address] };
    let held = view(reads, DELEGATION_MANAGER, &call).await?;
    let first = |list: &[U256]| list.first().copied().unwrap_or_default();
    let (withdrawable, deposited) = (first(&held.withdrawableShares), first(&held.depositShares));
    let all = facts::worth(reads, strategy.address, withdrawable).await?;
    if withdrawable.is_zero() {
        return wrong("strategy", format!("{} has nothing here that can be taken out.", name(from)));
    }
    let tokens = asked.amount("amount", (&strategy.symbol, strategy.decimals), all)?;
    let shown = strategy.show(tokens);
    if tokens > all {
        return wrong(
            "amount",
            format!("{shown} is more than {} can take out: {}.", name(from), strategy.show(all)),
        );
    }
    let deposit_shares = if tokens == all {
        deposited
    } else {
        let call = IStrategy::underlyingToSharesViewCall { amountUnderlying: tokens };
        let shares = view(reads, strategy.address, &call).await?;
        let call = IDelegationManager::convertToDepositSharesCall {
            staker: from,
            strategies: vec![strategy.address],
            withdrawableShares: vec![shares],
        };
        first(&view(reads, DELEGATION_MANAGER, &call).await?)
    };
    let params = IDelegationManager::QueuedWithdrawalParams {
        strategies: vec![strategy.address],
        depositShares: vec![deposit_shares],
        __deprecated_withdrawer: Address::ZERO,
    };
    let call = IDelegationManager::queueWithdrawalsCall { params: vec![params] };
    let leaving = facts::leaving(reads).await?;
    let get = match operator_of(reads, from).await? {
        Some(operator) => format!("{shown}, or less if {} is slashed until then", name(operator)),
        None => shown.clone(),
    };
    Ok(Plan {
        from,
        steps: vec![step(
            format!("queue {shown} of {} for withdrawal", strategy.show(all)),
            DELEGATION_MANAGER,
            &call,
        )],
        get,
        earliest: facts::out_at(reads, leaving),
        warnings: vec![warnings::of_leaving(leaving)],
    })
}

async fn complete(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let as_shares = match asked.text("as") {
        "" | "tokens" => false,
        "stake" => true,
        _ => return wrong("as", "Choose tokens or stake."),
    };
    let answer = reads.ask("restake_withdrawals", json!([from])).await?;
    let all = Told::new(&answer).at("items");
    let root = asked.text("root").to_lowercase();
    let is_meant =
        |row: &Told<'_>| row.at("status").text() == "completable" && row.at("root").text().starts_with(&root);
    let ready: Vec<Told<'_>> = all.items().filter(is_meant).take(MOST_AT_ONCE).collect();
    if ready.is_empty() && !root.is_empty() {
        return wrong("root", "No withdrawal that is ready begins so.");
    }
    if ready.is_empty() {
        let waiting = all.items().filter(|row| row.at("status").text() == "queued");
        return match waiting.map(|row| row.at("completableBlock").number()).min() {
            Some(at) => {
                wrong("from", format!("Nothing is ready. The next: {}.", facts::countdown(reads, at)))
            }
            None => wrong("from", format!("{} has no withdrawal that waits.", name(from))),
        };
    }
    let mut call = IDelegationManager::completeQueuedWithdrawalsCall {
        withdrawals: Vec::new(),
        tokens: Vec::new(),
        receiveAsTokens: Vec::new(),
    };
    let mut pays = Vec::new();
    for row in ready {
        let root: B256 = row.at("root").text().parse().unwrap_or_default();
        let withdrawal = view(
            reads,
            DELEGATION_MANAGER,
            &IDelegationManager::queuedWithdrawalsCall { withdrawalRoot: root },
        )
        .await?;
        let mut tokens = Vec::new();
        for (at, address) in withdrawal.strategies.iter().enumerate() {
            let found = facts::strategy_at(reads, *address).await?;
            let shares = row.at(&format!("withdrawableShares.{at}")).amount();
            if let Some(strategy) = &found {
                pays.push(strategy.show(facts::worth(reads, *address, shares).await?));
            }
            tokens.push(found.map_or(Address::ZERO, |strategy| strategy.token));
        }
        call.tokens.push(tokens);
        call.withdrawals.push(withdrawal);
        call.receiveAsTokens.push(!as_shares);
    }
    let pays = pays.join(", ");
    let (says, get) = if as_shares {
        (format!("put {pays} back at stake"), format!("{pays} at stake again"))
    } else {
        (format!("take out {pays}"), format!("{pays}, in your account"))
    };
    Ok(Plan {
        from,
        steps: vec![step(says, DELEGATION_MANAGER, &call)],
        get,
        earliest: "the next block".into(),
        warnings: Vec::new(),
    })
}

async fn allocate(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let operator = if asked.text("operator").is_empty() { from } else { asked.address("operator")? };
    let (avs, id) = asked.set("set")?;
    let strategy = facts::strategy(reads, asked).await?;
    let part = asked.part("part")?;
    let book = view(reads, LENS, &ILens::bookCall { operator, strategies: vec![strategy.address] }).await?;
    if !book.isOperator {
        let field = if operator == from { "from" } else { "operator" };
        return wrong(field, format!("{} is no operator: only operators allocate.", name(operator)));
    }
    let set = IAllocationManager::OperatorSet { avs, id };
    if !view(reads, ALLOCATION_MANAGER, &IAllocationManager::isOperatorSetCall { operatorSet: set.clone() })
        .await?
    {
        return wrong("set", format!("There is no operator set {id} of {}.", name(avs)));
    }
    let magnitude: u64 = part.saturating_to();
    let exposure = book.exposures.iter().find(|it| it.strategy == strategy.address);
    let before = exposure
        .and_then(|it| it.allocations.iter().find(|it| it.operatorSet.avs == avs && it.operatorSet.id == id))
        .map_or(0, |it| i128::from(it.currentMagnitude).saturating_add(it.pendingDiff));
    let before = u64::try_from(before).unwrap_or_default();
    let blocks = view(reads, LENS, &ILens::effectBlocksCall { operator }).await?;
    let effect = if magnitude > before { blocks.allocation } else { blocks.deallocation };
    let params = IAllocationManager::AllocateParams {
        operatorSet: set,
        strategies: vec![strategy.address],
        newMagnitudes: vec![magnitude],
    };
    let call = IAllocationManager::modifyAllocationsCall { operator, params: vec![params] };
    let mut warnings = facts::of_set(reads, ILens::OperatorSet { avs, id }).await?;
    warnings.extend(over(&strategy, exposure, magnitude, before));
    let shown = format::wad(part, Round::Up);
    Ok(Plan {
        from,
        steps: vec![step(
            format!(
                "let {}:{id} slash up to {shown} of the {} stake of {}",
                name(avs),
                strategy.symbol,
                name(operator)
            ),
            ALLOCATION_MANAGER,
            &call,
        )],
        get: format!("at worst all of these {shown} is taken, from every staker of {} alike", name(operator)),
        earliest: match effect {
            0 => "no allocation delay is set yet: set one first".into(),
            block => facts::countdown(reads, u64::from(block)),
        },
        warnings,
    })
}

/// How much of an operator's stake is promised once an allocation changes.
fn over(
    strategy: &Strategy,
    exposure: Option<&ILens::Exposure>,
    magnitude: u64,
    before: u64,
) -> Option<String> {
    let exposure = exposure?;
    let whole = U256::from(exposure.maxMagnitude);
    let promised = U256::from(
        exposure.encumberedMagnitude.saturating_sub(before.min(magnitude)).saturating_add(magnitude),
    );
    let wad = promised.saturating_mul(WAD).checked_div(whole)?;
    let committed: u64 = wad.saturating_to();
    (committed >= warnings::NEARLY_ALL_WAD).then(|| {
        format!(
            "with this, {} of the {} stake is promised: nearly all of it is committed",
            format::wad(wad, Round::Up),
            strategy.symbol
        )
    })
}
