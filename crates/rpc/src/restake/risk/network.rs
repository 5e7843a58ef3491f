//! The network that a question is about: RiskOracle's view of the state, as a graph of the engine. Services are those
//! that the contract lists, those that the caller names, or, while none is listed, all that the index knows. Stake is
//! either shared by all services or promised to each alone, and a γ is of one of the two (`decisions.md` 72): without a
//! word on which, both networks are built, and the answer is of the one with the lower γ.

use super::{
    super::{
        arguments::set_in,
        ask::{Asker, Snapshot, VIEW_GAS, changed},
    },
    choices::MOST_PATHS,
    code, failed, finite,
    registrations::{self, Registered},
};
use crate::error::RpcError;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chain::CallRequest;
use protocol::risk_oracle;
use risk::{Graph, Level, Limits, Mode, Operator, Ratio, Service, Slack, solve::DEFAULT_GAP};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use types::{
    abi::IRiskOracle::{Network, networkCall, networkOfCall, servicesCall},
    addresses::RISK_ORACLE,
};

/// Services of one question: what the contract counts.
const MOST_SERVICES: usize = 64;
/// The longest search of each of two networks for the one with the lower γ.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// A service: its key of 32 bytes, `avs:id` for an operator set, or an address for an AVS of AVSDirectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServiceKey(pub(super) B256);

impl<'de> Deserialize<'de> for ServiceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let of = |avs: Address, id: [u8; 12]| {
            let mut key = [0; 32];
            key.iter_mut().zip(avs.iter().chain(&id)).for_each(|(to, from)| *to = *from);
            Self(key.into())
        };
        if let Ok(avs) = text.parse::<Address>() {
            return Ok(of(avs, [0xff; 12]));
        }
        if let Ok(key) = text.parse::<B256>() {
            return Ok(Self(key));
        }
        let set = set_in(&text);
        let set = set.ok_or_else(|| {
            de::Error::custom("expected a service: \"avs:id\", an address, or 32 bytes of avs and id")
        })?;
        let [a, b, c, d] = set.id.to_be_bytes();
        Ok(of(set.avs, [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]))
    }
}

/// What is asked, of what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Question {
    mode: Option<String>,
    services: Option<Vec<ServiceKey>>,
    pub(super) service: Option<ServiceKey>,
    level: Option<String>,
    seconds: Option<f64>,
    pub(super) psi: Option<f64>,
    pub(super) shock: Option<Vec<Address>>,
    pub(super) each: Option<bool>,
    // Of losses by chance.
    pub(super) paths: Option<u64>,
    pub(super) seed: Option<u64>,
    pub(super) honest: Option<bool>,
    pub(super) model: Option<Value>,
    pub(super) portfolio: Option<Value>,
    // Of prices and choices.
    pub(super) k: Option<f64>,
    pub(super) loading: Option<f64>,
    pub(super) opportunity: Option<f64>,
    pub(super) target_gamma: Option<f64>,
    pub(super) goal: Option<String>,
    pub(super) limit_loss: Option<f64>,
    pub(super) reward: Option<f64>,
    pub(super) cap: Option<f64>,
}

impl Question {
    /// Refuses what can be refused before any work.
    ///
    /// # Errors
    /// A name or number that is none.
    pub(super) fn check(&self) -> Result<(), RpcError> {
        self.mode()?;
        self.level()?;
        let range = |name: &str, value: Option<f64>, most: f64| match value {
            Some(value) if !(0.0..=most).contains(&value) => {
                Err(RpcError::coded(code::OUT_OF_RANGE, format!("{name} {value} is outside [0, {most}]")))
            }
            _ => Ok(()),
        };
        range("seconds", self.seconds, super::MOST_TIME.as_secs_f64())?;
        range("psi", self.psi, 1.0)?;
        range("k", self.k, 10.0)?;
        range("loading", self.loading, 10.0)?;
        range("opportunity", self.opportunity, 10.0)?;
        range("limitLoss", self.limit_loss, 1.0)?;
        range("cap", self.cap, 1.0)?;
        if self.paths.is_some_and(|paths| paths == 0 || paths > MOST_PATHS) {
            let why = format!("paths is outside [1, {MOST_PATHS}]");
            return Err(RpcError::coded(code::OUT_OF_RANGE, why));
        }
        let services = self.services.as_ref().map_or(0, Vec::len);
        if services > MOST_SERVICES {
            let why = format!("{services} services, at most {MOST_SERVICES}");
            return Err(RpcError::coded(code::TOO_LARGE, why));
        }
        Ok(())
    }

    fn mode(&self) -> Result<Option<Mode>, RpcError> {
        match self.mode.as_deref() {
            None => Ok(None),
            Some("full") => Ok(Some(Mode::Full)),
            Some("unique") => Ok(Some(Mode::Unique)),
            Some(other) => {
                let shown: String = other.chars().take(32).collect();
                Err(RpcError::coded(code::ALLOCATION, format!("mode {shown:?} is not full or unique")))
            }
        }
    }

    pub(super) fn level(&self) -> Result<Level, RpcError> {
        let Some(name) = &self.level else { return Ok(Level::C4) };
        let wrong = || RpcError::coded(code::OUT_OF_RANGE, "level is not one of c0, c1, c2, c3, c4");
        Level::of(name).ok_or_else(wrong)
    }

    pub(super) fn time(&self) -> Duration {
        let asked = self.seconds.map(Duration::try_from_secs_f64);
        asked.and_then(Result::ok).unwrap_or(super::MOST_TIME)
    }
}

/// A network of one mode.
pub(super) struct Found {
    pub(super) graph: Graph,
    /// Its slack, as far as the choice between two networks went.
    pub(super) slack: Option<Slack>,
    keys: Vec<B256>,
    operators: Vec<Address>,
    assumed: usize,
}

/// The networks that a question may be about: one, or one of each mode.
pub(super) struct Networks {
    /// The one that is answered about, and then the other if there is one.
    found: Vec<Arc<Found>>,
    counts: Counts,
    scope: &'static str,
    /// Whether the index knows more services than a network has.
    more: bool,
}

/// Services by mode.
#[derive(Clone, Copy, Default)]
struct Counts {
    full: usize,
    unique: usize,
}

/// The network of an answer, and what is said of the others.
pub(super) struct Chosen {
    networks: Arc<Networks>,
    found: Arc<Found>,
}

impl std::ops::Deref for Chosen {
    type Target = Found;

    fn deref(&self) -> &Found {
        &self.found
    }
}

/// Which services are looked at.
struct Wanted {
    scope: &'static str,
    /// All but AVSDirectory's; `None`: what the contract lists.
    keys: Option<Vec<B256>>,
    registered: Vec<Registered>,
    more: bool,
}

/// The network that a question is about, built once a block.
///
/// # Errors
/// There is none, a price fails, it is too large, or the state cannot be read.
pub(super) fn find(snapshot: &Snapshot<'_>, question: &Question) -> Result<Chosen, RpcError> {
    let head = snapshot.hash()?;
    let key = format!("{:?} {:?}", question.mode, question.services);
    let networks = match snapshot.cx.risk.networks(head, &key) {
        Some(known) => known,
        None => {
            let built = Arc::new(build(snapshot, question)?);
            snapshot.cx.risk.keep_networks(head, key, &built);
            built
        }
    };
    let has = |found: &&Arc<Found>| question.service.is_some_and(|service| found.keys.contains(&service.0));
    let found = networks.found.iter().find(has).or(networks.found.first()).map(Arc::clone);
    Ok(Chosen { found: found.ok_or_else(nobody)?, networks })
}

fn build(snapshot: &Snapshot<'_>, question: &Question) -> Result<Networks, RpcError> {
    let mut asker = snapshot.asker();
    let Wanted { scope, keys, registered, more } = wanted(snapshot, &mut asker, question)?;
    registrations::tell(&mut asker, &registered)?;
    let mut of = |mode: Mode| {
        let number = u8::from(mode == Mode::Unique);
        let Some(keys) = &keys else { return view(&mut asker, &networkCall { mode: number }) };
        let mut services = keys.clone();
        if mode == Mode::Full {
            services.extend(registered.iter().map(Registered::key));
        }
        view(&mut asker, &networkOfCall { mode: number, services })
    };
    let mut counts = Counts::default();
    let mut found = Vec::new();
    let asked = question.mode()?;
    for mode in asked.map_or_else(|| vec![Mode::Unique, Mode::Full], |mode| vec![mode]) {
        let network = of(mode)?;
        let (own, other) = (network.services.len(), network.otherServices as usize);
        counts = match mode {
            Mode::Unique => Counts { unique: own, full: other.saturating_add(registered.len()) },
            _ => Counts { full: own, unique: other },
        };
        found.extend(Found::new(network)?);
    }
    if found.is_empty() {
        return Err(nobody());
    }
    if asked.is_none() {
        for network in &mut found {
            network.slack = Some(first_look(&network.graph)?);
        }
        let lower = |found: &Found| found.slack.as_ref().map_or(f64::INFINITY, |slack| slack.lower);
        found.sort_by(|one, other| lower(one).total_cmp(&lower(other)));
    }
    Ok(Networks { found: found.into_iter().map(Arc::new).collect(), counts, scope, more })
}

/// There is nothing to attack.
fn nobody() -> RpcError {
    failed(&risk::Error::Empty("services that anybody stands behind"))
}

/// The slack by which networks are compared: exact where that is soon known.
fn first_look(graph: &Graph) -> Result<Slack, RpcError> {
    let started = Instant::now();
    let mut stop = |_| started.elapsed() >= FIRST_LOOK;
    let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
    risk::slack(graph, Level::C4, &mut limits).map_err(|error| failed(&error))
}

/// The services of a question: those that it names, those that the contract lists, or the first that the index knows.
fn wanted(snapshot: &Snapshot<'_>, asker: &mut Asker<'_>, question: &Question) -> Result<Wanted, RpcError> {
    let index = snapshot.index();
    let (scope, named, more) = match &question.services {
        Some(named) => ("named", named.iter().map(|key| key.0).collect(), false),
        None if asker.ask(RISK_ORACLE, &servicesCall {})?.is_empty() => {
            let (known, more) = registrations::known(index, MOST_SERVICES)?;
            ("all", known, more)
        }
        None => return Ok(Wanted { scope: "listed", keys: None, registered: Vec::new(), more: false }),
    };
    let (mut keys, mut registered) = (Vec::new(), Vec::new());
    for key in named {
        match risk_oracle::directory_avs(key) {
            Some(avs) => registered.push(Registered::read(index, avs)?),
            None => keys.push(key),
        }
    }
    Ok(Wanted { scope, keys: Some(keys), registered, more })
}

/// A view of RiskOracle; its own error in words.
fn view<C: SolCall>(asker: &mut Asker<'_>, call: &C) -> Result<C::Return, RpcError> {
    let request = CallRequest {
        to: Some(RISK_ORACLE),
        gas: Some(VIEW_GAS),
        input: call.abi_encode().into(),
        ..CallRequest::default()
    };
    let outcome = asker.run(&request)?;
    let output = outcome.output();
    if !outcome.is_success() {
        let why = crate::revert::reverted(output);
        return Err(RpcError::coded(
            code::UNSUPPORTED,
            format!("the network is not to be had: {}", why.message()),
        ));
    }
    C::abi_decode_returns(&output).map_err(|_| changed(RISK_ORACLE, C::SIGNATURE))
}

/// RiskOracle's view of the state as a graph of the engine, with the same indexes.
///
/// # Errors
/// Nobody stands behind a service, or the engine's limits.
pub fn graph_of(network: &Network) -> Result<Graph, risk::Error> {
    let unique = network.mode == 1;
    let operators = network.operators.iter().zip(&network.stakes);
    let operators = operators.map(|(at, stake)| Operator::new(at.to_string(), *stake));
    let thresholds = network.thresholdNumerators.iter().zip(&network.thresholdDenominators);
    let services =
        network.services.iter().zip(&network.prizes).zip(thresholds).map(|((key, prize), (num, den))| {
            Service::new(key.to_string(), *prize, Ratio { num: *num, den: *den })
        });
    let mut edges = Vec::new();
    for (operator, bounds) in (0_u32..).zip(network.starts.windows(2)) {
        let &[begin, end] = bounds else { continue };
        for edge in begin as usize..end as usize {
            let ends = network.edgeServices.get(edge).zip(network.edgeStakes.get(edge));
            edges.extend(ends.map(|(service, stake)| (operator, *service, unique.then_some(*stake))));
        }
    }
    let mode = if unique { Mode::Unique } else { Mode::Full };
    Graph::new(mode, operators.collect(), services.collect(), edges)
}

impl Chosen {
    /// The network of the other mode, if the question was of both.
    pub(super) fn other(&self) -> Option<Self> {
        let found = self.networks.found.iter().find(|found| !Arc::ptr_eq(found, &self.found))?;
        Some(Self { networks: Arc::clone(&self.networks), found: Arc::clone(found) })
    }

    /// What every answer says of the network.
    pub(super) fn described(&self) -> Value {
        let Networks { found, counts, scope, more } = &*self.networks;
        let other = match self.graph.mode() {
            Mode::Unique => counts.full,
            _ => counts.unique,
        };
        let modes: Vec<Value> = found.iter().filter_map(|found| found.summary()).collect();
        json!({
            "mode": self.graph.mode().name(),
            "scope": scope,
            "operators": self.operators.len(),
            "services": self.keys.len(),
            "other_services": other,
            "services_full": counts.full,
            "services_unique": counts.unique,
            "more_services": more,
            "modes": modes,
            "assumed_prizes": self.assumed,
            "prize_rule": "a=0.03",
        })
    }
}

impl Found {
    /// The network as a graph; `None` where nobody stands behind any of its services.
    fn new(network: Network) -> Result<Option<Self>, RpcError> {
        let graph = match graph_of(&network) {
            Err(risk::Error::Empty(_)) => return Ok(None),
            graph => graph.map_err(|error| failed(&error))?,
        };
        // The engine counts as the contract does, or its certificates would be of another network.
        if graph.network().needs != network.needs {
            return Err(RpcError::internal("the engine and RiskOracle disagree on what services need"));
        }
        Ok(Some(Self {
            graph,
            slack: None,
            assumed: network.assumed.iter().filter(|assumed| **assumed).count(),
            keys: network.services,
            operators: network.operators,
        }))
    }

    /// One of the figures that the network's is the lower of.
    fn summary(&self) -> Option<Value> {
        let slack = self.slack.as_ref()?;
        Some(json!({
            "mode": self.graph.mode().name(),
            "operators": self.operators.len(),
            "services": self.keys.len(),
            "assumed_prizes": self.assumed,
            "gamma_lower": finite(slack.lower),
            "gamma_upper": finite(slack.upper),
        }))
    }

    /// Index of a service.
    ///
    /// # Errors
    /// It is not of this network.
    pub(super) fn service(&self, key: B256) -> Result<usize, RpcError> {
        let found = self.keys.iter().position(|known| *known == key);
        let why = || format!("service {key} is not among those of mode {}", self.graph.mode().name());
        found.ok_or_else(|| RpcError::coded(code::UNKNOWN, why()))
    }

    /// Index of an operator.
    ///
    /// # Errors
    /// It is not of this network.
    pub(super) fn index_of(&self, operator: Address) -> Result<usize, RpcError> {
        let found = self.operators.iter().position(|known| *known == operator);
        let why = || format!("operator {operator} stands behind no service of this network");
        found.ok_or_else(|| RpcError::coded(code::UNKNOWN, why()))
    }

    /// The key of a service.
    pub(super) fn key(&self, index: usize) -> B256 {
        self.keys.get(index).copied().unwrap_or_default()
    }

    /// The addresses of operators.
    pub(super) fn operators(&self, indexes: &[usize]) -> Vec<Address> {
        indexes.iter().map(|index| self.operator(*index)).collect()
    }

    /// The address of an operator.
    pub(super) fn operator(&self, index: usize) -> Address {
        self.operators.get(index).copied().unwrap_or_default()
    }
}
