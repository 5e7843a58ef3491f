//! `restake_subscribe`: what happens in restaking, as it is sealed, without polling and without decoding logs.

use super::arguments::{SetArgument, set_json};
use crate::{
    context::Context,
    error::RpcError,
    filters::FilterId,
    json::json as reply,
    method::{Begun, Method},
    params::Params,
    socket::Socket,
    subscriptions::{Feed, Follower, Task, close},
};
use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::SolEvent;
use chain::{
    SealedBlock,
    index::{Place, SetId, SlashRow, slashes_in},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use types::{
    abi::{IAllocationManager, IDelegationManager, IRiskOracle, IStrategyManager as Sm},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, RISK_ORACLE, STRATEGY_MANAGER},
};

pub(crate) const METHODS: &[Method] =
    &[Method::socket("restake_subscribe", subscribe), Method::socket("restake_unsubscribe", unsubscribe)];

/// The name under which notifications come.
const NOTIFICATION: &str = "restake_subscription";

/// What is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Slash,
    /// What slashes took and nobody has cleared yet: it waits for its resolution block.
    PendingSlash,
    Allocation,
    Delegation,
    Withdrawal,
    /// Roots by which something can be claimed: those of withdrawals.
    Root,
    /// Bounds of γ that RiskOracle has checked.
    Gamma,
}

/// Which events are wanted: every field narrows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Filter {
    staker: Option<Address>,
    operator: Option<Address>,
    avs: Option<Address>,
    operator_set: Option<SetArgument>,
    strategy: Option<Address>,
    /// Bounds of γ of which the lower is below this.
    gamma_below: Option<f64>,
}

/// What an event is about.
#[derive(Default)]
struct About {
    staker: Option<Address>,
    operator: Option<Address>,
    set: Option<SetId>,
    strategies: Vec<Address>,
    /// A certified lower bound of γ.
    gamma: Option<f64>,
}

impl Filter {
    fn takes(&self, about: &About) -> bool {
        let same = |wanted: Option<Address>, is: Option<Address>| wanted.is_none() || wanted == is;
        same(self.staker, about.staker)
            && same(self.operator, about.operator)
            && same(self.avs, about.set.map(|set| set.avs))
            && self.operator_set.is_none_or(|wanted| about.set == Some(wanted.0))
            && self.strategy.is_none_or(|wanted| about.strategies.contains(&wanted))
            && self.gamma_below.is_none_or(|level| about.gamma.is_some_and(|gamma| gamma < level))
    }
}

fn subscribe(cx: &Arc<Context>, params: Params<'_>, socket: &Arc<Socket>) -> Begun {
    let args = params.args()?;
    let kind: String = args.required(0, "kind")?;
    let kind = match kind.as_str() {
        "slash" => Kind::Slash,
        "pendingSlash" => Kind::PendingSlash,
        "allocation" => Kind::Allocation,
        "delegation" => Kind::Delegation,
        "withdrawal" => Kind::Withdrawal,
        "root" => Kind::Root,
        "gamma" => Kind::Gamma,
        "rewardsRoot" => {
            let why = "this build has no rewards, and no roots of them; root tells those of withdrawals";
            return Err(RpcError::params(format!("{why}; there are {KINDS}")));
        }
        other => {
            let shown: String = other.chars().take(64).collect();
            return Err(RpcError::params(format!(
                "no {shown:?} subscription in restake namespace; there are {KINDS}"
            )));
        }
    };
    let filter: Filter = args.optional(1, "filter")?.unwrap_or_default();
    let blocks = cx.chain.subscribe();
    let id = socket.open_subscription(&cx.feeds)?;
    let feed = Feed::new(id, socket, cx, NOTIFICATION);
    let run = Box::pin(async move {
        let mut follower = Follower::new(feed.chain(), blocks);
        while let Some(block) = follower.next(feed.chain()).await {
            for event in events(&block, kind, &filter) {
                if !feed.deliver(&event) {
                    return;
                }
            }
        }
    });
    Ok((reply(&FilterId(id))?, Some(Task { id, run })))
}

/// The kinds that this build has events of.
const KINDS: &str = "slash, pendingSlash, allocation, delegation, withdrawal, root, gamma";

fn unsubscribe(_: &Arc<Context>, params: Params<'_>, socket: &Arc<Socket>) -> Begun {
    close(params, socket)
}

/// What a block tells a subscriber, in the order of its logs.
pub(crate) fn events(block: &SealedBlock, kind: Kind, filter: &Filter) -> Vec<Value> {
    let mut told = Vec::new();
    let mut position = 0u32;
    let receipts = (0u32..).zip(&block.receipts);
    let logs = receipts.clone().flat_map(|(at, receipt)| receipt.logs().iter().map(move |log| (at, log)));
    let slashes = match kind {
        Kind::Slash | Kind::PendingSlash => slashes_in(block.header.number, logs.clone()),
        _ => Vec::new(),
    };
    let mut resolution = Resolution::default();
    for (at, log) in logs {
        let told_of = match kind {
            Kind::PendingSlash => resolution.event(log, block.header.number, &slashes),
            _ => {
                let slash = slashes.iter().find(|(place, _)| place.log == position).map(|(_, row)| row);
                event(kind, log, slash)
            }
        };
        if let Some((about, mut event)) = told_of
            && filter.takes(&about)
        {
            let hash = usize::try_from(at).ok().and_then(|at| block.transactions.get(at)).map(|it| it.hash);
            super::slashes::merge(
                &mut event,
                json!({
                    "blockNumber": block.header.number,
                    "blockHash": block.hash,
                    "timestamp": block.header.timestamp,
                    "transactionHash": hash,
                    "logIndex": position,
                }),
            );
            told.push(event);
        }
        position = position.saturating_add(1);
    }
    told
}

fn event(kind: Kind, log: &Log, slash: Option<&SlashRow>) -> Option<(About, Value)> {
    match (kind, log.address) {
        (Kind::Slash, ALLOCATION_MANAGER) => {
            let row = slash?;
            let strategies = row.cuts.iter().map(|cut| cut.strategy).collect();
            let about =
                About { operator: Some(row.operator), set: Some(row.set()), strategies, ..About::default() };
            let magnitudes: Vec<_> = row.cuts.iter().map(|_| None).collect();
            let mut told = super::slashes::row_json(row, &magnitudes);
            super::slashes::merge(&mut told, json!({ "kind": "slash" }));
            Some((about, told))
        }
        (Kind::Allocation, ALLOCATION_MANAGER) => {
            let it = IAllocationManager::AllocationUpdated::decode_log_data(&log.data).ok()?;
            let set = SetId { avs: it.operatorSet.avs, id: it.operatorSet.id };
            let told = json!({
                "kind": "allocation",
                "operator": it.operator,
                "operatorSet": set_json(set),
                "strategy": it.strategy,
                "magnitude": it.magnitude.to_string(),
                "effectBlock": it.effectBlock,
            });
            let strategies = vec![it.strategy];
            let about = About { operator: Some(it.operator), set: Some(set), strategies, ..About::default() };
            Some((about, told))
        }
        (Kind::Delegation, DELEGATION_MANAGER) => delegation(log),
        (Kind::Withdrawal, DELEGATION_MANAGER) => withdrawal(log),
        (Kind::Root, DELEGATION_MANAGER) => root(log),
        (Kind::Gamma, RISK_ORACLE) => gamma(log),
        _ => None,
    }
}

/// When what a slash takes can be cleared: the StrategyManager tells it before it tells what was taken.
#[derive(Default)]
struct Resolution {
    of: Option<(SetId, U256)>,
    block: u32,
}

impl Resolution {
    fn event(&mut self, log: &Log, now: u64, slashes: &[(Place, SlashRow)]) -> Option<(About, Value)> {
        if log.address != STRATEGY_MANAGER {
            return None;
        }
        if let Ok(it) = Sm::SlashResolutionBlockSet::decode_log_data(&log.data) {
            let set = SetId { avs: it.operatorSet.avs, id: it.operatorSet.id };
            (self.of, self.block) = (Some((set, it.slashId)), it.resolutionBlock);
            return None;
        }
        if let Ok(it) = Sm::BurnOrRedistributableSharesIncreased::decode_log_data(&log.data) {
            let set = SetId { avs: it.operatorSet.avs, id: it.operatorSet.id };
            let waits = self.of == Some((set, it.slashId));
            // Rules without a resolution delay let it be cleared in the very block.
            let clearable = if waits { u64::from(self.block).saturating_add(1) } else { now };
            let is_it = |row: &&SlashRow| row.set() == set && U256::from(row.slash_id) == it.slashId;
            let row = slashes.iter().map(|(_, row)| row).find(is_it);
            let told = json!({
                "kind": "pendingSlash",
                "status": "pending",
                "operatorSet": set_json(set),
                "slashId": it.slashId.saturating_to::<u64>(),
                "operator": row.map(|row| row.operator),
                "strategy": it.strategy,
                "shares": it.shares.to_string(),
                "clearableBlock": clearable,
            });
            let (operator, strategies) = (row.map(|row| row.operator), vec![it.strategy]);
            return Some((About { operator, set: Some(set), strategies, ..About::default() }, told));
        }
        // A clearing's log does not tell whose slash it was: no filter by operator takes it.
        let it = Sm::BurnOrRedistributableSharesDecreased::decode_log_data(&log.data).ok()?;
        let set = SetId { avs: it.operatorSet.avs, id: it.operatorSet.id };
        let told = json!({
            "kind": "pendingSlash",
            "status": "cleared",
            "operatorSet": set_json(set),
            "slashId": it.slashId.saturating_to::<u64>(),
            "strategy": it.strategy,
            "shares": it.shares.to_string(),
        });
        Some((About { set: Some(set), strategies: vec![it.strategy], ..About::default() }, told))
    }
}

/// Roots by which something can be claimed. Those of rewards come with rewards.
fn root(log: &Log) -> Option<(About, Value)> {
    let (about, event) = withdrawal(log)?;
    let (status, root) = (event.get("status")?, event.get("root")?);
    let told = json!({
        "kind": "root",
        "of": "withdrawal",
        "root": root,
        "status": status,
        "staker": about.staker,
        "operator": about.operator,
    });
    Some((about, told))
}

fn delegation(log: &Log) -> Option<(About, Value)> {
    use IDelegationManager::{StakerDelegated, StakerUndelegated};
    let (staker, operator, delegated) = match StakerDelegated::decode_log_data(&log.data) {
        Ok(StakerDelegated { staker, operator }) => (staker, operator, true),
        Err(_) => {
            let StakerUndelegated { staker, operator } =
                StakerUndelegated::decode_log_data(&log.data).ok()?;
            (staker, operator, false)
        }
    };
    let told =
        json!({ "kind": "delegation", "staker": staker, "operator": operator, "isDelegated": delegated });
    Some((About { staker: Some(staker), operator: Some(operator), ..About::default() }, told))
}

/// Bounds that RiskOracle has checked; the zero key is the whole network.
fn gamma(log: &Log) -> Option<(About, Value)> {
    let it = IRiskOracle::Published::decode_log_data(&log.data).ok()?;
    let told = |millionths: i64| (millionths != i64::MAX).then(|| super::risk::of_millionths(millionths));
    let (lower, upper) = (told(it.gammaLowerE6), told(it.gammaUpperE6));
    let set = super::risk::set_of(it.service);
    let event = json!({
        "kind": "gamma",
        "service": it.service,
        "operatorSet": set.map(set_json),
        "mode": if it.mode == 1 { "unique" } else { "full" },
        "gammaLower": lower,
        "gammaUpper": upper,
        "certHash": it.certificateHash,
    });
    Some((About { set, gamma: lower, ..About::default() }, event))
}

fn withdrawal(log: &Log) -> Option<(About, Value)> {
    use IDelegationManager::{SlashingWithdrawalCompleted, SlashingWithdrawalQueued};
    if let Ok(queued) = SlashingWithdrawalQueued::decode_log_data(&log.data) {
        let it = queued.withdrawal;
        let texts = |amounts: &[U256]| amounts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told = json!({
            "kind": "withdrawal",
            "status": "queued",
            "root": queued.withdrawalRoot,
            "staker": it.staker,
            "operator": it.delegatedTo,
            "startBlock": it.startBlock,
            "strategies": it.strategies,
            "scaledShares": texts(&it.scaledShares),
            "queuedShares": texts(&queued.sharesToWithdraw),
        });
        let (staker, operator) = (Some(it.staker), Some(it.delegatedTo));
        return Some((About { staker, operator, strategies: it.strategies, ..About::default() }, told));
    }
    // A completion's log tells its root only: no filter but the empty one takes it.
    let it = SlashingWithdrawalCompleted::decode_log_data(&log.data).ok()?;
    let told = json!({ "kind": "withdrawal", "status": "completed", "root": it.withdrawalRoot });
    Some((About::default(), told))
}
