//! The network that a question is about: RiskOracle's view of the state, as a graph of the engine. Services are those
//! that the contract lists, those that the caller names, or, while none is listed, all that the index knows.

use super::{
    super::{
        arguments::set_in,
        ask::{Asker, Snapshot, VIEW_GAS, changed},
    },
    choices::MOST_PATHS,
    code, failed,
};
use crate::error::RpcError;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chain::CallRequest;
use risk::{Graph, Level, Mode, Operator, Ratio, Service};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::time::Duration;
use types::{
    abi::IRiskOracle::{Network, networkCall, networkOfCall, servicesCall},
    addresses::RISK_ORACLE,
};

/// Services of one question: what the contract counts.
const MOST_SERVICES: usize = 64;

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
    keys: Vec<B256>,
    operators: Vec<Address>,
    assumed: usize,
    other_services: u32,
    scope: &'static str,
}

/// Reads the network that a question is about.
///
/// # Errors
/// There is none, a price fails, it is too large, or the state cannot be read.
pub(super) fn find(snapshot: &Snapshot<'_>, question: &Question) -> Result<Found, RpcError> {
    let mut asker = snapshot.asker();
    let (scope, named) = match &question.services {
        Some(named) => ("named", Some(named.iter().map(|key| key.0).collect())),
        None if asker.ask(RISK_ORACLE, &servicesCall {})?.is_empty() => ("all", Some(known(snapshot)?)),
        None => ("listed", None),
    };
    let mut of = |mode: Mode| {
        let number = u8::from(mode == Mode::Unique);
        match &named {
            Some(services) => view(&mut asker, &networkOfCall { mode: number, services: services.clone() }),
            None => view(&mut asker, &networkCall { mode: number }),
        }
    };
    let network = match question.mode()? {
        Some(mode) => of(mode)?,
        // Sets with allocations are how stake is pledged now; the rest is spoken of where there are none.
        None => {
            let unique = of(Mode::Unique)?;
            if unique.services.is_empty() { of(Mode::Full)? } else { unique }
        }
    };
    Found::new(network, scope)
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

/// The first operator sets that the index knows.
fn known(snapshot: &Snapshot<'_>) -> Result<Vec<B256>, RpcError> {
    let index = snapshot.index();
    let mut keys = Vec::new();
    for avs in index.services(None, MOST_SERVICES)?.items {
        let left = MOST_SERVICES.saturating_sub(keys.len());
        for set in index.sets(avs, None, left)?.items {
            let mut key = [0; 32];
            let id = set.id.to_be_bytes();
            let bytes = set.avs.iter().chain(&[0; 8]).chain(&id);
            key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            keys.push(key.into());
        }
    }
    Ok(keys)
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

impl Found {
    fn new(network: Network, scope: &'static str) -> Result<Self, RpcError> {
        let graph = graph_of(&network).map_err(|error| failed(&error))?;
        // The engine counts as the contract does, or its certificates would be of another network.
        if graph.network().needs != network.needs {
            return Err(RpcError::internal("the engine and RiskOracle disagree on what services need"));
        }
        Ok(Self {
            graph,
            assumed: network.assumed.iter().filter(|assumed| **assumed).count(),
            keys: network.services,
            operators: network.operators,
            other_services: network.otherServices,
            scope,
        })
    }

    /// What every answer says of the network.
    pub(super) fn described(&self) -> Value {
        json!({
            "mode": self.graph.mode().name(),
            "scope": self.scope,
            "operators": self.operators.len(),
            "services": self.keys.len(),
            "other_services": self.other_services,
            "assumed_prizes": self.assumed,
            "prize_rule": "a=0.03",
        })
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
