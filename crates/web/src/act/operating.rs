//! What an operator does besides allocating: becoming one, choosing how long its allocations wait, what stakers read of it
//! and who lets them in, joining and leaving operator sets. As in `plan`: the calls, what they mean, and what to be careful of.

use super::{
    asked::{Asked, Trouble},
    facts::{self, view},
    plan::{Plan, all_of, name, operator_of, step, wrong},
};
use crate::{
    format::{self, Round},
    told::Told,
    warnings,
};
use alloy_primitives::{Address, U256};
use rpc::{Reads, Refused};
use serde_json::json;
use types::{
    abi::{
        IAllocationManager, IDelegationManager,
        ILens::{self, Book},
        ISafeExit,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, LENS, SAFE_EXIT},
};

/// Who acts, and what the chain says of the operator that it acts for.
struct Acting {
    from: Address,
    operator: Address,
    book: Book,
}

impl Acting {
    /// # Errors
    /// The fields name no operator, or the node's refusal.
    async fn read(reads: &Reads, from: Address, asked: &Asked) -> Result<Self, Trouble> {
        let named = asked.optional_address("operator")?;
        let operator = if named.is_zero() { from } else { named };
        let book = facts::book(reads, operator, &[]).await?;
        if !book.isOperator {
            let field = if named.is_zero() { "from" } else { "operator" };
            let help = "It can become one, under “Act”.";
            return wrong(field, format!("{} is no operator. {help}", name(operator)));
        }
        Ok(Self { from, operator, book })
    }

    fn is_in(&self, avs: Address, id: u32) -> bool {
        self.book.registeredSets.iter().any(|it| it.avs == avs && it.id == id)
    }

    /// What of the operator's stake is allocated to a set, by strategy, in words: `40 % of the TEST stake`.
    async fn allocated(&self, reads: &Reads, avs: Address, id: u32) -> Result<Vec<String>, Refused> {
        let mut said = Vec::new();
        for exposure in &self.book.exposures {
            let of_set = |it: &&ILens::SetAllocation| it.operatorSet.avs == avs && it.operatorSet.id == id;
            let Some(found) = exposure.allocations.iter().find(of_set) else { continue };
            if found.currentMagnitude == 0 {
                continue;
            }
            let symbol = facts::strategy_at(reads, exposure.strategy).await?.map(|it| it.symbol);
            let part = format::wad(U256::from(found.currentMagnitude), Round::Up);
            said.push(format!("{part} of the {} stake", symbol.unwrap_or_else(|| name(exposure.strategy))));
        }
        Ok(said)
    }
}

async fn effects(reads: &Reads, operator: Address) -> Result<ILens::EffectBlocks, Refused> {
    view(reads, LENS, &ILens::effectBlocksCall { operator }).await
}

/// Becoming an operator.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn register(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    if let Some(now) = operator_of(reads, from).await? {
        let words = match now == from {
            true => format!("{} is an operator already.", name(from)),
            false => {
                format!("{} delegates to {}; leave it first, under “Act”.", name(from), name(now))
            }
        };
        return wrong("from", words);
    }
    let delay = asked.blocks("delay")?;
    let approver = asked.optional_address("approver")?;
    let metadata = asked.text("metadata");
    let leaving = facts::leaving(reads).await?;
    let held = facts::holdings(reads, from).await?;
    let call = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: approver,
        allocationDelay: delay,
        metadataURI: metadata.to_owned(),
    };
    let get = match held.is_empty() {
        true => {
            "stake of whoever delegates to you; services can take none of it until you allocate".to_owned()
        }
        false => {
            let own = all_of(reads, &held).await?;
            format!("{own}, your own stake, with yourself; services can take none of it until you allocate")
        }
    };
    let mut said =
        vec!["this cannot be undone: who is an operator stays one, and keeps its own stake".to_owned()];
    said.extend(warnings::of_own_delay(delay, leaving));
    said.push(of_approver(approver));
    said.extend(of_description(metadata));
    let counts = match delay {
        0 => "at once".to_owned(),
        blocks => format!("after {}", format::count(u64::from(blocks), "block")),
    };
    Ok(Plan {
        from,
        steps: vec![step(
            format!("become an operator whose allocations count {counts}"),
            DELEGATION_MANAGER,
            &call,
        )],
        get,
        earliest: format!("your own stake out again: {}", facts::out_at(reads, leaving)),
        warnings: said,
    })
}

/// What letting stakers in by an approver means, or by none.
fn of_approver(approver: Address) -> String {
    match approver.is_zero() {
        true => "anyone may delegate to you, and you cannot refuse their stake".to_owned(),
        false => format!("only stakers for whom {} signs can delegate to you", name(approver)),
    }
}

/// What an address that leads stakers nowhere means.
fn of_description(metadata: &str) -> Option<String> {
    let leads = ["https://", "http://", "ipfs://"].iter().any(|scheme| metadata.starts_with(scheme));
    (!leads).then(|| "without a description at https:// or ipfs:// stakers see an address only".to_owned())
}

/// Another description.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn describe(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let acting = Acting::read(reads, from, asked).await?;
    let (operator, metadata) = (acting.operator, asked.text("metadata"));
    let told = reads.get(&format!("/api/v1/operators/{operator}")).await?;
    let now = Told::new(&told).at("metadata_uri").text();
    if now == metadata {
        let words = match metadata.is_empty() {
            true => format!("{} has no description already.", name(operator)),
            false => format!("The description of {} lies there already.", name(operator)),
        };
        return wrong("metadata", words);
    }
    let call =
        IDelegationManager::updateOperatorMetadataURICall { operator, metadataURI: metadata.to_owned() };
    let says = match metadata.is_empty() {
        true => format!("take the description of {} away", name(operator)),
        false => {
            format!("say that the description of {} lies at {}", name(operator), format::foreign(metadata))
        }
    };
    let before = match now.is_empty() {
        true => String::new(),
        false => format!(" instead of {}", format::foreign(now)),
    };
    Ok(Plan {
        from: acting.from,
        steps: vec![step(says, DELEGATION_MANAGER, &call)],
        get: format!("stakers read it{before}; nobody’s stake changes"),
        earliest: "the next block".into(),
        warnings: of_description(metadata).into_iter().collect(),
    })
}

/// Another approver of stakers, or none.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn approver(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let acting = Acting::read(reads, from, asked).await?;
    let (operator, approver) = (acting.operator, asked.optional_address("approver")?);
    let now = acting.book.delegationApprover;
    if now == approver {
        let words = match approver.is_zero() {
            true => format!("Anyone may delegate to {} already.", name(operator)),
            false => format!("{} approves stakers of {} already.", name(approver), name(operator)),
        };
        return wrong("approver", words);
    }
    let call = IDelegationManager::modifyOperatorDetailsCall { operator, newDelegationApprover: approver };
    let says = match approver.is_zero() {
        true => format!("let anyone delegate to {}", name(operator)),
        false => format!("let only stakers that {} approves delegate to {}", name(approver), name(operator)),
    };
    let mut said = vec![of_approver(approver)];
    if !now.is_zero() && !approver.is_zero() {
        said.push(format!("what {} has signed and nobody has used counts no longer", name(now)));
    }
    Ok(Plan {
        from: acting.from,
        steps: vec![step(says, DELEGATION_MANAGER, &call)],
        get: match approver.is_zero() {
            true => "who delegates to you already stays; who comes from now on need not ask".into(),
            false => "who delegates to you already stays; only who comes from now on must ask".into(),
        },
        earliest: "the next block".into(),
        warnings: said,
    })
}

/// Another allocation delay.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn delay(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let acting = Acting::read(reads, from, asked).await?;
    let blocks = asked.blocks("delay")?;
    let now = &acting.book.allocationDelay;
    let is_next = if now.effectBlock > 0 { now.pendingDelayBlocks } else { now.delayBlocks };
    if is_next == blocks && (now.isSet || now.effectBlock > 0) {
        let known = format::count(u64::from(blocks), "block");
        return wrong("delay", format!("The delay of {} is {known} already.", name(acting.operator)));
    }
    let mut said: Vec<String> =
        warnings::of_own_delay(blocks, facts::leaving(reads).await?).into_iter().collect();
    if now.effectBlock > 0 {
        let (waits, at) =
            (format::count(u64::from(now.pendingDelayBlocks), "block"), u64::from(now.effectBlock));
        said.push(format!(
            "this replaces the delay of {waits} that was to come: {}",
            facts::countdown(reads, at)
        ));
    }
    let waits = match blocks {
        0 => "no block".to_owned(),
        blocks => format::count(u64::from(blocks), "block"),
    };
    let call = IAllocationManager::setAllocationDelayCall { operator: acting.operator, delay: blocks };
    let before =
        if now.isSet { format!(", {} until then", format::grouped(now.delayBlocks)) } else { String::new() };
    let at = effects(reads, acting.operator).await?.allocationDelay;
    Ok(Plan {
        from: acting.from,
        steps: vec![step(
            format!("let allocations of {} wait {waits} before they count", name(acting.operator)),
            ALLOCATION_MANAGER,
            &call,
        )],
        get: format!("allocations wait {waits}{before}; what is allocated already stays as it is"),
        earliest: facts::countdown(reads, u64::from(at)),
        warnings: said,
    })
}

/// A set that a service has, by its number.
///
/// # Errors
/// There is none, or the node's refusal.
async fn require_set(reads: &Reads, avs: Address, id: u32) -> Result<(), Trouble> {
    let set = IAllocationManager::OperatorSet { avs, id };
    match view(reads, ALLOCATION_MANAGER, &IAllocationManager::isOperatorSetCall { operatorSet: set }).await?
    {
        true => Ok(()),
        false => wrong("set", format!("There is no operator set {id} of {}.", name(avs))),
    }
}

/// Joining operator sets of a service.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn join(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let acting = Acting::read(reads, from, asked).await?;
    let operator = acting.operator;
    let (avs, ids) = asked.sets("set")?;
    let data = asked.bytes("data")?;
    let (mut said, mut at_risk) = (Vec::new(), Vec::new());
    for id in ids.iter().copied() {
        require_set(reads, avs, id).await?;
        let this = format!("{}:{id}", name(avs));
        if acting.is_in(avs, id) {
            return wrong("set", format!("{} is in {this} already.", name(operator)));
        }
        let set = IAllocationManager::OperatorSet { avs, id };
        let call = IAllocationManager::isOperatorSlashableCall { operator, operatorSet: set };
        if view(reads, ALLOCATION_MANAGER, &call).await? {
            let why = "has left it and can still be slashed by it: it can join again once that is over";
            return wrong("set", format!("{} {why}.", name(operator)));
        }
        let allocated = acting.allocated(reads, avs, id).await?;
        at_risk.extend(allocated.into_iter().map(|part| format!("{part} by {this}")));
        said.extend(facts::of_set(reads, ILens::OperatorSet { avs, id }).await?);
    }
    let registrar = require_registrar(reads, avs).await?;
    said.push(of_leaving(reads).await?);
    said.push(of_registrar(reads, registrar).await?);
    let call = IAllocationManager::registerForOperatorSetsCall {
        operator,
        params: IAllocationManager::RegisterParams { avs, operatorSetIds: ids.clone(), data },
    };
    let get = match at_risk.is_empty() {
        true => "nothing can be taken yet: only what you allocate to it, and only from then on".to_owned(),
        false => format!("from then on can be taken: {}", at_risk.join(", ")),
    };
    Ok(Plan {
        from: acting.from,
        steps: vec![step(
            format!("let {} join {}", name(operator), named(avs, &ids)),
            ALLOCATION_MANAGER,
            &call,
        )],
        get,
        earliest: "the next block".into(),
        warnings: said,
    })
}

/// Leaving operator sets of a service.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn leave(reads: &Reads, from: Address, asked: &Asked) -> Result<Plan, Trouble> {
    let acting = Acting::read(reads, from, asked).await?;
    let operator = acting.operator;
    let (avs, ids) = asked.sets("set")?;
    let mut stays = Vec::new();
    for id in ids.iter().copied() {
        require_set(reads, avs, id).await?;
        let this = format!("{}:{id}", name(avs));
        if !acting.is_in(avs, id) {
            return wrong("set", format!("{} is not in {this}.", name(operator)));
        }
        let allocated = acting.allocated(reads, avs, id).await?;
        stays.extend(allocated.into_iter().map(|part| format!("{part} to {this}")));
    }
    let effects = effects(reads, operator).await?;
    let free = facts::countdown(reads, u64::from(effects.deallocation));
    let still = match stays.is_empty() {
        true => "nothing is allocated there".to_owned(),
        false => format!("still allocated, until you allocate 0 %: {}", stays.join(", ")),
    };
    let to = named(avs, &ids);
    let exit = |id: &u32| ISafeExit::OperatorSet { avs, id: *id };
    let way = asked.text("way");
    let (steps, get, earliest, said) = match way {
        "" | "ask" => {
            let params = IAllocationManager::DeregisterParams { operator, avs, operatorSetIds: ids.clone() };
            let call = IAllocationManager::deregisterFromOperatorSetsCall { params };
            let steps = vec![step(format!("take {} out of {to}", name(operator)), ALLOCATION_MANAGER, &call)];
            let said =
                vec![of_leaving(reads).await?, of_registrar(reads, registrar(reads, avs).await?).await?];
            (steps, still, format!("out of its reach: {free}"), said)
        }
        "request" => {
            let request = |id| ISafeExit::requestExitCall { operator, operatorSet: exit(id) };
            let says =
                |id: &u32| format!("request an exit from {}:{id} that its registrar cannot bar", name(avs));
            let steps = ids.iter().map(|id| step(says(id), SAFE_EXIT, &request(id))).collect();
            let at = facts::countdown(reads, u64::from(effects.forcedExit));
            let get = "a member until the exit is forced, and slashable as before".to_owned();
            (steps, get, format!("the exit can be forced: {at}"), Vec::new())
        }
        "force" => {
            let force = |id| ISafeExit::forceExitCall { operator, operatorSet: exit(id) };
            let says = |id: &u32| format!("force the exit from {}:{id}", name(avs));
            let steps = ids.iter().map(|id| step(says(id), SAFE_EXIT, &force(id))).collect();
            let said = vec![of_leaving(reads).await?];
            (steps, still, format!("out of its reach: {free}"), said)
        }
        _ => return wrong("way", "Choose one of the ways."),
    };
    Ok(Plan { from: acting.from, steps, get, earliest, warnings: said })
}

/// How long a set can slash whoever has left it.
async fn of_leaving(reads: &Reads) -> Result<String, Refused> {
    let blocks = view(reads, ALLOCATION_MANAGER, &IAllocationManager::DEALLOCATION_DELAYCall {}).await?;
    Ok(warnings::of_leaving_a_set(blocks))
}

/// What a registrar can do to whoever wants to leave.
async fn of_registrar(reads: &Reads, registrar: Address) -> Result<String, Refused> {
    let grace = view(reads, SAFE_EXIT, &ISafeExit::GRACE_BLOCKSCall {}).await?;
    Ok(warnings::of_registrar(&name(registrar), grace))
}

fn named(avs: Address, ids: &[u32]) -> String {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    format!("{}:{}", name(avs), ids.join(","))
}

async fn registrar(reads: &Reads, avs: Address) -> Result<Address, Refused> {
    view(reads, ALLOCATION_MANAGER, &IAllocationManager::getAVSRegistrarCall { avs }).await
}

/// The registrar of a service; one that is no contract lets nobody in, and the chain would say so without a reason.
///
/// # Errors
/// It is no contract, or the node's refusal.
async fn require_registrar(reads: &Reads, avs: Address) -> Result<Address, Trouble> {
    let registrar = registrar(reads, avs).await?;
    if reads.ask("eth_getCode", json!([registrar, "latest"])).await?.as_str() != Some("0x") {
        return Ok(registrar);
    }
    let why = format!("Nobody can join {}: its registrar {} is no contract.", name(avs), name(registrar));
    Err(Trouble::Field("set", why))
}
