//! What somebody means to do, as the transactions that do it: their bytes, what each would do in words, what can be lost
//! by it, how fast one can leave, and what to mind. Nothing is signed or sent here.

use super::asked;
use crate::{
    context::Context,
    error::RpcError,
    restake::{
        arguments::set_in,
        ask::{Asker, Snapshot, Token},
        operators, position,
        words::{amount, short},
    },
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::{Value, json};
use types::{
    abi::{
        IAllocationManager as A, IDelegationManager as D, IERC20, IStrategy, IStrategyManager, ITestToken,
    },
    addresses::{ALLOCATION_MANAGER, BEACON_STRATEGY, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN},
};

const WAD: u64 = 1_000_000_000_000_000_000;
/// Gas that a step is said to take at most where it cannot be run before the steps ahead of it.
const USUAL_GAS: u64 = 400_000;
/// Characters of an amount.
const MOST_DIGITS: usize = 60;

/// What is meant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    /// `deposit`, `delegate`, `undelegate`, `queue`, `complete` or `allocate`.
    verb: String,
    /// Who signs.
    from: Address,
    /// In which strategy.
    strategy: Option<Address>,
    /// How much: in tokens, or `all`; of allocations, per cent of the stake.
    amount: Option<String>,
    /// Which operator.
    operator: Option<Address>,
    /// Which operator set, as `avs:id`.
    set: Option<String>,
    /// Which withdrawal.
    root: Option<B256>,
    /// `tokens` or `shares`.
    receive: Option<String>,
}

/// A transaction to come.
struct Step {
    to: Address,
    input: Bytes,
    words: String,
}

/// What is known of an intent before its steps are run.
struct Plan {
    title: String,
    steps: Vec<Step>,
    /// What can be lost, how fast one can leave.
    lines: Vec<(&'static str, String)>,
    warnings: Vec<String>,
}

fn wrong(why: impl Into<String>) -> RpcError {
    RpcError::params(why.into())
}

/// The transactions of an intent, with what to know before they are signed.
///
/// # Errors
/// What is missing or cannot be, or the database's.
pub(crate) fn intent(cx: &Context, it: &Intent) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let mut asker = snapshot.asker();
    let plan = match it.verb.as_str() {
        "deposit" => deposit(cx, &mut asker, it)?,
        "delegate" => delegate(cx, it)?,
        "undelegate" => undelegate(cx, it)?,
        "queue" => queue(cx, &mut asker, it)?,
        "complete" => complete(&mut asker, it)?,
        "allocate" => allocate(cx, &mut asker, it)?,
        other => {
            let shown: String = other.chars().take(32).collect();
            let known = "deposit, delegate, undelegate, queue, complete or allocate";
            return Err(wrong(format!("{shown:?} is nothing that can be done here; it is {known}")));
        }
    };
    let mut steps = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        let mut told = json!({ "to": step.to, "input": step.input, "value": "0x0", "words": step.words });
        // Later steps depend on those before them, and cannot be run alone.
        if place == 0 {
            let ran = asked(
                cx,
                "restake_simulate",
                &json!([{ "from": it.from, "to": step.to, "data": step.input }]),
            )?;
            if let Some(told) = told.as_object_mut() {
                told.insert("succeeds".into(), ran["succeeds"].clone());
                told.insert("gasUsed".into(), ran["gasUsed"].clone());
                told.insert("effects".into(), ran["words"].clone());
            }
        }
        steps.push(told);
    }
    let gas = steps.iter().fold(0_u64, |sum, step| {
        sum.saturating_add(step["gasUsed"].as_u64().map_or(USUAL_GAS, |gas| gas.saturating_mul(3) / 2))
    });
    let header = snapshot.view.head_header()?;
    let price = header.base_fee_per_gas.unwrap_or_default().saturating_mul(2).saturating_add(1_000_000_000);
    let lines: Vec<Value> =
        plan.lines.iter().map(|(name, words)| json!({ "name": name, "words": words })).collect();
    snapshot.answer(json!({
        "verb": it.verb,
        "from": it.from,
        "title": plan.title,
        "steps": steps,
        "lines": lines,
        "warnings": plan.warnings,
        "feeAtMost": U256::from(gas).saturating_mul(U256::from(price)).to_string(),
        "chainId": cx.chain.chain_id(),
    }))
}

fn needed<T: Clone>(given: &Option<T>, what: &str) -> Result<T, RpcError> {
    given.clone().ok_or_else(|| wrong(format!("{what} is missing")))
}

/// `12.5` in the token's smallest units.
fn parse(text: &str, decimals: u8) -> Result<U256, RpcError> {
    let shown: String = text.chars().take(MOST_DIGITS).collect();
    let bad = || wrong(format!("{shown:?} is no amount: digits with at most {decimals} after the point"));
    let clean: String = text.trim().chars().filter(|it| *it != ',').collect();
    let (whole, fraction) = clean.split_once('.').unwrap_or((&clean, ""));
    let digits = whole.chars().chain(fraction.chars()).all(|it| it.is_ascii_digit());
    let wide = usize::from(decimals);
    if clean.len() > MOST_DIGITS || !digits || whole.is_empty() || fraction.len() > wide {
        return Err(bad());
    }
    let value: U256 = format!("{whole}{fraction:0<wide$}").parse().map_err(|_| bad())?;
    if value.is_zero() { Err(wrong("the amount is zero")) } else { Ok(value) }
}

/// How long leaving takes.
fn leaving(cx: &Context) -> (&'static str, String) {
    let delay = cx.chain.params().withdrawal_delay_blocks;
    (
        "You can leave",
        format!("any time; it takes {delay} blocks, and the stake can be slashed while it waits"),
    )
}

fn deposit(cx: &Context, asker: &mut Asker<'_>, it: &Intent) -> Result<Plan, RpcError> {
    let strategy = needed(&it.strategy, "the strategy")?;
    if strategy == BEACON_STRATEGY {
        return Err(wrong("beacon ether is not deposited here: it comes from validators"));
    }
    let about = asker.token(strategy)?;
    let token = about.address.ok_or_else(|| wrong(format!("{strategy} is no strategy with a token")))?;
    let tokens = parse(&needed(&it.amount, "the amount")?, about.decimals)?;
    let held = asker.try_ask(token, &IERC20::balanceOfCall { account: it.from })?.unwrap_or_default();
    let said = amount(tokens, &about);
    let mut steps = Vec::new();
    if held < tokens {
        if token != TEST_TOKEN {
            return Err(wrong(format!("{} has {}, less than {said}", short(it.from), amount(held, &about))));
        }
        let value = tokens.saturating_sub(held);
        let input = ITestToken::mintCall { to: it.from, value }.abi_encode().into();
        steps.push(Step {
            to: token,
            input,
            words: format!("mint {} for yourself: it is a test token", amount(value, &about)),
        });
    }
    let allowance = IERC20::allowanceCall { owner: it.from, spender: STRATEGY_MANAGER };
    if asker.try_ask(token, &allowance)?.unwrap_or_default() < tokens {
        let input = IERC20::approveCall { spender: STRATEGY_MANAGER, value: tokens }.abi_encode().into();
        steps.push(Step { to: token, input, words: format!("let StrategyManager take {said}, and no more") });
    }
    let call = IStrategyManager::depositIntoStrategyCall { strategy, token, amount: tokens };
    steps.push(Step {
        to: STRATEGY_MANAGER,
        input: call.abi_encode().into(),
        words: format!("deposit {said}"),
    });
    let mine = position::position(cx, it.from)?;
    let operator: Address = serde_json::from_value(mine["operator"].clone()).unwrap_or_default();
    let (loss, warnings) = if operator.is_zero() {
        ("nothing now: you have delegated to nobody, so no service can take it".to_owned(), Vec::new())
    } else {
        exposure(cx, operator, Some(strategy))?
    };
    Ok(Plan {
        title: format!("Deposit {said}"),
        steps,
        lines: vec![
            ("You get", format!("shares of {}, worth {said} now", short(strategy))),
            ("You can lose", loss),
            leaving(cx),
        ],
        warnings,
    })
}

/// What can be lost with an operator, and what to mind about it.
fn exposure(
    cx: &Context,
    operator: Address,
    only: Option<Address>,
) -> Result<(String, Vec<String>), RpcError> {
    let book = operators::operator(cx, operator)?;
    let exposures = book["exposures"].as_array().cloned().unwrap_or_default();
    let mine = || {
        exposures.iter().filter(|it| {
            only.is_none_or(|only| it["strategy"].as_str().and_then(|text| text.parse().ok()) == Some(only))
        })
    };
    let wad = |it: &Value, key: &str| -> U256 {
        let value = &it[key];
        value
            .as_str()
            .and_then(|text| text.parse().ok())
            .or_else(|| value.as_u64().map(U256::from))
            .unwrap_or_default()
    };
    let worst = mine().map(|it| wad(it, "slashableWad")).max().unwrap_or_default();
    let committed = mine().map(|it| wad(it, "committedWad")).max().unwrap_or_default();
    let percent = |wad: U256| {
        let hundredths = wad.saturating_mul(U256::from(10_000)).div_ceil(U256::from(WAD));
        let (whole, rest) = hundredths.div_rem(U256::from(100));
        if rest.is_zero() { format!("{whole} %") } else { format!("{whole}.{rest:0>2} %") }
    };
    let sets = || mine().flat_map(|it| it["allocations"].as_array().into_iter().flatten());
    let mut warnings = Vec::new();
    if book["allocationDelay"]["isSet"] == json!(true) && book["allocationDelay"]["delayBlocks"] == json!(0) {
        warnings.push(
            "New promises of this operator count at once: you would have no block in which to leave first."
                .into(),
        );
    }
    if sets().any(|it| it["redistributes"] == json!(true)) {
        warnings.push("Some sets pay out what they slash: somebody gains by your loss.".into());
    }
    if committed >= U256::from(WAD) {
        warnings.push("All of its stake is promised: nothing is left that no service could take.".into());
    }
    if sets().next().is_some() {
        let delay = cx.chain.params().configuration_delay_blocks;
        warnings.push(format!("Services can change who may slash, with {delay} blocks of notice."));
    }
    let loss = if worst.is_zero() && committed.is_zero() {
        "nothing now: this operator has promised no stake; it may do so later".to_owned()
    } else {
        format!(
            "up to {} now, and {} with what is under way, if services slash all they may",
            percent(worst),
            percent(committed.max(worst))
        )
    };
    Ok((loss, warnings))
}

fn delegate(cx: &Context, it: &Intent) -> Result<Plan, RpcError> {
    let operator = needed(&it.operator, "the operator")?;
    let book = operators::operator(cx, operator)?;
    if book["isOperator"] != json!(true) {
        return Err(wrong(format!("{operator} is no operator")));
    }
    let approver: Address = serde_json::from_value(book["delegationApprover"].clone()).unwrap_or_default();
    if !approver.is_zero() {
        return Err(wrong(format!(
            "{} takes only those whom {} has signed for; use `bulwark staker delegate`",
            short(operator),
            short(approver)
        )));
    }
    let call = D::delegateToCall {
        operator,
        approverSignatureAndExpiry: D::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    };
    let (loss, mut warnings) = exposure(cx, operator, None)?;
    if book["covenant"]["exists"] != json!(true) {
        warnings.push("It promises no limit to what services may take (no covenant).".into());
    }
    Ok(Plan {
        title: format!("Delegate to {}", short(operator)),
        steps: vec![Step {
            to: DELEGATION_MANAGER,
            input: call.abi_encode().into(),
            words: format!("delegate all your stake to {}", short(operator)),
        }],
        lines: vec![
            ("You get", "a part in what services pay it; that is not recorded yet".into()),
            ("You can lose", loss),
            leaving(cx),
        ],
        warnings,
    })
}

fn undelegate(cx: &Context, it: &Intent) -> Result<Plan, RpcError> {
    let call = D::undelegateCall { staker: it.from };
    let delay = cx.chain.params().withdrawal_delay_blocks;
    Ok(Plan {
        title: "End the delegation".into(),
        steps: vec![Step {
            to: DELEGATION_MANAGER,
            input: call.abi_encode().into(),
            words: "leave the operator and queue everything".into(),
        }],
        lines: vec![
            ("You get", format!("everything in the queue, free after {delay} blocks")),
            ("You can lose", "what services may take within that window: leaving does not shorten it".into()),
        ],
        warnings: Vec::new(),
    })
}

fn queue(cx: &Context, asker: &mut Asker<'_>, it: &Intent) -> Result<Plan, RpcError> {
    let strategy = needed(&it.strategy, "the strategy")?;
    let about = asker.token(strategy)?;
    let call = D::getWithdrawableSharesCall { staker: it.from, strategies: vec![strategy] };
    let held = asker.ask(DELEGATION_MANAGER, &call)?;
    let first = |all: &[U256]| all.first().copied().unwrap_or_default();
    let (withdrawable, deposited) = (first(&held.withdrawableShares), first(&held.depositShares));
    let asked = needed(&it.amount, "the amount")?;
    let shares = if asked.trim() == "all" {
        deposited
    } else {
        let tokens = parse(&asked, about.decimals)?;
        let call = IStrategy::underlyingToSharesViewCall { amountUnderlying: tokens };
        let wanted = match strategy {
            BEACON_STRATEGY => tokens,
            _ => asker.try_ask(strategy, &call)?.unwrap_or(tokens),
        };
        if wanted > withdrawable {
            let has = asker.underlying(strategy, withdrawable)?;
            return Err(wrong(format!(
                "{} can withdraw {}, less than {}",
                short(it.from),
                amount(has, &about),
                amount(tokens, &about)
            )));
        }
        let call = D::convertToDepositSharesCall {
            staker: it.from,
            strategies: vec![strategy],
            withdrawableShares: vec![wanted],
        };
        first(&asker.ask(DELEGATION_MANAGER, &call)?)
    };
    if shares.is_zero() {
        return Err(wrong(format!("{} has nothing in {}", short(it.from), short(strategy))));
    }
    let params = vec![D::QueuedWithdrawalParams {
        strategies: vec![strategy],
        depositShares: vec![shares],
        __deprecated_withdrawer: it.from,
    }];
    let said = if asked.trim() == "all" {
        format!("all {}", about.symbol)
    } else {
        format!("{} {}", asked.trim(), about.symbol)
    };
    let delay = cx.chain.params().withdrawal_delay_blocks;
    Ok(Plan {
        title: format!("Queue {said} for withdrawal"),
        steps: vec![Step {
            to: DELEGATION_MANAGER,
            input: D::queueWithdrawalsCall { params }.abi_encode().into(),
            words: format!("queue {said}"),
        }],
        lines: vec![
            ("You get", format!("{said}, less what is slashed until then, after {delay} blocks")),
            ("You can lose", "what services may take within that window; no more than now".into()),
        ],
        warnings: Vec::new(),
    })
}

fn complete(asker: &mut Asker<'_>, it: &Intent) -> Result<Plan, RpcError> {
    let root = needed(&it.root, "the root of the withdrawal")?;
    let pending = asker.ask(DELEGATION_MANAGER, &D::pendingWithdrawalsCall { withdrawalRoot: root })?;
    if !pending {
        return Err(wrong(format!("no withdrawal {root} waits: it is unknown, or completed already")));
    }
    let found = asker.ask(DELEGATION_MANAGER, &D::getQueuedWithdrawalCall { withdrawalRoot: root })?;
    let as_tokens = it.receive.as_deref() != Some("shares");
    let mut tokens = Vec::new();
    let mut parts = Vec::new();
    for (strategy, shares) in found.withdrawal.strategies.iter().zip(&found.shares) {
        let about: Token = asker.token(*strategy)?;
        tokens.push(about.address.unwrap_or_default());
        parts.push(amount(asker.underlying(*strategy, *shares)?, &about));
    }
    let said = crate::restake::words::list(&parts);
    let call =
        D::completeQueuedWithdrawalCall { withdrawal: found.withdrawal, tokens, receiveAsTokens: as_tokens };
    let kind = if as_tokens { "tokens" } else { "shares, staked again" };
    Ok(Plan {
        title: format!("Complete a withdrawal of {said}"),
        steps: vec![Step {
            to: DELEGATION_MANAGER,
            input: call.abi_encode().into(),
            words: format!("take {said} as {kind}"),
        }],
        lines: vec![
            ("You get", format!("{said} as {kind}")),
            (
                "You can lose",
                if as_tokens {
                    "nothing more: tokens of yours are out of reach of services".into()
                } else {
                    "what your operator has promised to services".into()
                },
            ),
        ],
        warnings: Vec::new(),
    })
}

fn allocate(cx: &Context, asker: &mut Asker<'_>, it: &Intent) -> Result<Plan, RpcError> {
    let named = needed(&it.set, "the operator set")?;
    let set = set_in(named.trim()).ok_or_else(|| wrong("an operator set is avs:id"))?;
    let strategy = needed(&it.strategy, "the strategy")?;
    let text = needed(&it.amount, "the share")?;
    let share = if text.trim().trim_end_matches('%').trim() == "0" {
        U256::ZERO
    } else {
        parse(text.trim().trim_end_matches('%'), 16)?
    };
    if share > U256::from(WAD) {
        return Err(wrong("a share of the stake is at most 100 %"));
    }
    let most = asker.ask(
        ALLOCATION_MANAGER,
        &A::getMaxMagnitudes_0Call { operator: it.from, strategies: vec![strategy] },
    )?;
    let most = most.first().copied().unwrap_or_default();
    let magnitude = U256::from(most).saturating_mul(share).checked_div(U256::from(WAD)).unwrap_or_default();
    let params = vec![A::AllocateParams {
        operatorSet: A::OperatorSet { avs: set.avs, id: set.id },
        strategies: vec![strategy],
        newMagnitudes: vec![u64::try_from(magnitude).unwrap_or(u64::MAX)],
    }];
    let call = A::modifyAllocationsCall { operator: it.from, params };
    let said = format!(
        "{} % of the stake in {}",
        text.trim().trim_end_matches('%').trim(),
        asker.token(strategy)?.symbol
    );
    let delay = cx.chain.params().withdrawal_delay_blocks;
    Ok(Plan {
        title: format!("Allocate {said} to set {} of {}", set.id, short(set.avs)),
        steps: vec![Step {
            to: ALLOCATION_MANAGER,
            input: call.abi_encode().into(),
            words: format!("promise {said} in all to the set"),
        }],
        lines: vec![
            ("You get", "what the service pays its operators; that is not recorded yet".into()),
            ("You can lose", format!("up to {said}, of yours and of all who delegate to you")),
            ("You can leave", format!("a reduction waits {delay} blocks, and stays slashable until then")),
        ],
        warnings: Vec::new(),
    })
}
