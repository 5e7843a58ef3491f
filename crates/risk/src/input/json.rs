//! The JSON form: `{"schema": "bulwark-risk-graph/1", "unit": "gwei", "mode": …, "operators": […], "services": […],
//! "edges": [[operator, service, allocation?], …]}`. Amounts are integers or decimal strings; unknown fields are errors.

use super::{Draft, carries_allocation};
use crate::{
    Edge, Error, Graph, Mode, Operator, Ratio, Service,
    model::{GWEI, MAX_TOTAL_WEI},
};
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;

const SCHEMA: &str = "bulwark-risk-graph/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    unit: String,
    block: Option<u64>,
    mode: Option<String>,
    #[serde(rename = "chain")]
    _chain: Option<String>,
    #[serde(rename = "as_of")]
    _as_of: Option<String>,
    operators: Vec<FileOperator>,
    services: Vec<FileService>,
    edges: Vec<FileEdge>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOperator {
    id: String,
    stake_gwei: Amount,
    #[serde(default)]
    group: BTreeMap<String, String>,
    #[serde(default)]
    p_fault: f64,
    // What a published table says beside; not used.
    #[serde(rename = "stake_eth")]
    _stake_eth: Option<f64>,
    #[serde(rename = "anchor")]
    _anchor: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileService {
    id: String,
    name: Option<String>,
    prize_gwei: Option<Amount>,
    theta: Option<(u32, u32)>,
    #[serde(default)]
    p_bug: f64,
    #[serde(default)]
    redistribute: f64,
    // What a published table says beside; not used.
    #[serde(rename = "operators")]
    _operators: Option<u64>,
    #[serde(rename = "reported_native_eth")]
    _native: Option<f64>,
    #[serde(rename = "reported_lst_eth")]
    _lst: Option<f64>,
    #[serde(rename = "reported_total_eth")]
    _total: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "an edge is [operator, service] or [operator, service, allocation in gwei]")]
enum FileEdge {
    Plain((u32, u32)),
    Allocated((u32, u32, Amount)),
}

/// An amount in wei, read from gwei.
struct Amount(u128);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Amount;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number of gwei, as an integer or a decimal string")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Amount, E> {
                Ok(Amount(u128::from(value) * GWEI))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Amount, E> {
                Err(E::custom(format!("{value} is negative")))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Amount, E> {
                gwei(value).map(Amount).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Wei of a decimal number of gwei.
pub(super) fn gwei(text: &str) -> Result<u128, String> {
    let digits = text.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let negative =
            digits.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let what = if negative { "is negative" } else { "is not a whole number of gwei" };
        return Err(format!("{text:?} {what}"));
    }
    let amount = digits.parse::<u128>().ok().and_then(|amount| amount.checked_mul(GWEI));
    let amount = amount.filter(|amount| *amount <= MAX_TOTAL_WEI);
    amount.ok_or_else(|| format!("{digits} gwei exceed 2^96 wei"))
}

/// Reads the JSON form.
pub(super) fn read(text: &str) -> Result<Draft, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let file: File = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| Error::Form(format!("{}: {}", error.path(), error.inner())))?;
    deserializer.end().map_err(|error| Error::Form(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(Error::Form(format!("schema is {:?}, this build reads {SCHEMA:?}", file.schema)));
    }
    if file.unit != "gwei" {
        return Err(Error::Form(format!("unit is {:?}, amounts must be in gwei", file.unit)));
    }
    let mode = file.mode.unwrap_or_else(|| "full".to_owned());
    let mode = Mode::of(&mode)
        .ok_or_else(|| Error::Form(format!("mode is {mode:?}, expected full, unique, elastic or base")))?;
    let operator = |it: FileOperator| Operator {
        id: it.id,
        stake: it.stake_gwei.0,
        groups: it.group,
        fault: it.p_fault,
    };
    let service = |it: FileService| {
        let mut service = Service::new(it.id, 0, Ratio::THIRD);
        service.name = it.name.unwrap_or(service.name);
        service.bug = it.p_bug;
        service.redistribute = it.redistribute;
        (service, it.prize_gwei.map(|prize| prize.0), it.theta.map(|(num, den)| Ratio { num, den }))
    };
    let edge = |it: FileEdge| match it {
        FileEdge::Plain((operator, service)) => (operator, service, None),
        FileEdge::Allocated((operator, service, stake)) => (operator, service, Some(stake.0)),
    };
    Ok(Draft {
        mode,
        block: file.block,
        operators: file.operators.into_iter().map(operator).collect(),
        services: file.services.into_iter().map(service).collect(),
        edges: file.edges.into_iter().map(edge).collect(),
    })
}

/// Writes the JSON form.
pub(super) fn write(graph: &Graph, block: Option<u64>) -> String {
    let amount = |wei: u128| (wei / GWEI).to_string();
    let operator = |it: &Operator| serde_json::json!({ "id": it.id, "stake_gwei": amount(it.stake), "group": it.groups, "p_fault": it.fault });
    let service = |it: &Service| {
        serde_json::json!({
            "id": it.id, "name": it.name, "prize_gwei": amount(it.prize), "theta": [it.theta.num, it.theta.den],
            "p_bug": it.bug, "redistribute": it.redistribute,
        })
    };
    let edge = |it: &Edge| match carries_allocation(graph.mode(), it) {
        Some(stake) => serde_json::json!([it.operator, it.service, amount(stake)]),
        None => serde_json::json!([it.operator, it.service]),
    };
    let operators: Vec<_> = graph.operators().iter().map(operator).collect();
    let services: Vec<_> = graph.services().iter().map(service).collect();
    let edges: Vec<_> = graph.edges().iter().map(edge).collect();
    let file = serde_json::json!({
        "schema": SCHEMA, "unit": "gwei", "block": block, "mode": graph.mode().name(),
        "operators": operators, "services": services, "edges": edges,
    });
    file.to_string()
}
