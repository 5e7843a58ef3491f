//! `restake_risk…`: how secure the services of this chain are, from its own state at its newest block. The network is
//! what RiskOracle's view tells of that state, so a certificate made here is one that the contract accepts as long as the
//! state stays. Answers are kept for a block; one search runs at a time, for at most [`MOST_TIME`].

mod cache;
mod choices;
mod network;
mod registrations;
mod spread;

pub(crate) use cache::Cache;
pub use network::graph_of;

use super::ask::{Snapshot, reply};
use crate::{context::Context, error::RpcError, json::Reply, method::Method, params::Params};
use alloy_primitives::{Address, B256, Bytes, hex};
use chain::index::SetId;
use network::{Found, Question};
use risk::{
    Level, Limits, Ratio, Slack,
    certificate::{self, Certificate, gamma},
    concentration::{self, GroupBy},
    solve::{DEFAULT_GAP, Priced},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("restake_riskSlack", |cx, params| cached(cx, params, "slack", slack)),
    Method::heavy("restake_riskAttack", |cx, params| cached(cx, params, "attack", attack)),
    Method::heavy("restake_riskCascade", |cx, params| cached(cx, params, "cascade", spread::cascade)),
    Method::heavy("restake_riskStress", |cx, params| cached(cx, params, "stress", spread::stress)),
    Method::heavy("restake_riskConcentration", |cx, params| cached(cx, params, "concentration", held)),
    Method::heavy("restake_riskVerify", verify),
    Method::heavy("restake_riskCertificate", certificate_of),
    Method::heavy("restake_riskPool", pool),
    Method::heavy("restake_riskSimulate", |cx, params| cached(cx, params, "simulate", choices::simulation)),
    Method::heavy("restake_riskPrice", |cx, params| cached(cx, params, "price", choices::price)),
    Method::heavy("restake_riskAllocate", |cx, params| cached(cx, params, "allocate", choices::allocation)),
    Method::heavy("restake_riskLeverage", choices::leverage),
];

/// The longest search.
const MOST_TIME: Duration = Duration::from_secs(5);
/// Hex digits and JSON of a certificate: what the contract takes, and what its JSON needs.
const MOST_CERTIFICATE: usize = 1 << 20;

/// The engine's errors by their codes.
mod code {
    pub(super) const EMPTY: i32 = -32_040;
    pub(super) const NOT_A_NUMBER: i32 = -32_041;
    pub(super) const OUT_OF_RANGE: i32 = -32_042;
    pub(super) const UNKNOWN: i32 = -32_043;
    pub(super) const ALLOCATION: i32 = -32_044;
    pub(super) const OVERFLOW: i32 = -32_045;
    pub(super) const TOO_LARGE: i32 = -32_046;
    pub(super) const REFUSED: i32 = -32_047;
    pub(super) const STALE: i32 = -32_048;
    pub(super) const UNSUPPORTED: i32 = -32_049;
}

fn failed(error: &risk::Error) -> RpcError {
    use risk::Error as E;
    let code = match error {
        E::Empty(_) => code::EMPTY,
        E::NotANumber { .. } | E::Negative { .. } | E::Form(_) => code::NOT_A_NUMBER,
        E::OutOfRange { .. } => code::OUT_OF_RANGE,
        E::UnknownId { .. } | E::Duplicate { .. } => code::UNKNOWN,
        E::OverAllocated { .. } | E::ModeMismatch { .. } => code::ALLOCATION,
        E::Overflow(_) => code::OVERFLOW,
        E::TooLarge { .. } => code::TOO_LARGE,
        E::CheckFailed(_) => code::REFUSED,
        E::Unsupported(_) => code::UNSUPPORTED,
    };
    RpcError::coded(code, error.to_string())
}

/// Answers a question on the newest block from the cache, or works it out while no other search runs.
fn cached(
    cx: &Context,
    params: Params<'_>,
    what: &str,
    answer: fn(&Context, &Found, &Question) -> Result<Value, RpcError>,
) -> Reply {
    let question: Question = params.args()?.optional(0, "question")?.unwrap_or_default();
    question.check()?;
    let snapshot = Snapshot::take(cx)?;
    let head = snapshot.hash()?;
    let key = format!("{what} {question:?}");
    if let Some(known) = cx.risk.answer(head, &key) {
        return reply(Ok(known));
    }
    let _turn = cx.risk.turn(MOST_TIME)?;
    // Another caller may have asked the same in the meantime.
    if let Some(known) = cx.risk.answer(head, &key) {
        return reply(Ok(known));
    }
    let found = network::find(&snapshot, &question)?;
    let mut body = answer(cx, &found, &question)?;
    if let (Value::Object(body), Value::Object(about)) = (&mut body, found.described()) {
        body.extend(about);
    }
    let whole = snapshot.answer(camel_case(body))?;
    cx.risk.keep(head, key, whole.clone());
    reply(Ok(whole))
}

/// The slack of the network or of a service, with its proof kept for [`certificate_of`].
fn solve(cx: &Context, found: &Found, question: &Question) -> Result<Slack, RpcError> {
    let level = question.level()?;
    let slack = bounded(found, question, level)?;
    cx.risk.remember(&slack.certificate);
    Ok(slack)
}

fn bounded(found: &Found, question: &Question, level: Level) -> Result<Slack, RpcError> {
    let time = question.time().min(MOST_TIME);
    let known = found.slack.as_ref().filter(|_| question.service.is_none() && level == Level::C4);
    if let Some(known) = known.filter(|slack| is_closed(slack)) {
        return Ok(known.clone());
    }
    let started = Instant::now();
    let mut stop = |_| started.elapsed() >= time;
    let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
    let service = question.service.map(|key| found.service(key.0)).transpose()?;
    let slack = match service {
        Some(service) => risk::slack_of_service(&found.graph, service, level, &mut limits),
        None => risk::slack(&found.graph, level, &mut limits),
    };
    slack.map_err(|error| failed(&error))
}

/// Whether a longer search would tell no more.
#[allow(
    clippy::float_arithmetic,
    clippy::float_cmp,
    reason = "the width of an interval, which may be infinite at both ends"
)]
fn is_closed(slack: &Slack) -> bool {
    slack.lower == slack.upper || slack.upper - slack.lower <= DEFAULT_GAP
}

fn slack(cx: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let slack = solve(cx, found, question)?;
    let mut body = json!({
        "secure": slack.secure(false),
        "gamma_lower": finite(slack.lower),
        "gamma_upper": finite(slack.upper),
        "level": slack.level.name(),
        "cases": slack.cases,
        "witness": slack.witness.as_ref().map(|witness| witness_json(found, witness)),
        "cert_hash": certificate::hash(&slack.certificate),
        "warnings": found.graph.warnings(),
    });
    if question.each == Some(true) {
        spread::extend(&mut body, json!({ "by_service": slack_of_each(found, question)? }));
    }
    Ok(body)
}

/// The slack of each service, over the attacks in which it falls.
fn slack_of_each(found: &Found, question: &Question) -> Result<Value, RpcError> {
    let time = question.time().min(MOST_TIME);
    let started = Instant::now();
    let mut stop = |_| started.elapsed() >= time;
    let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
    let each = risk::slack_of_each_service(&found.graph, question.level()?, &mut limits)
        .map_err(|error| failed(&error))?;
    let row = |(service, slack): (usize, &Slack)| {
        json!({
            "service": found.key(service),
            "secure": slack.secure(false),
            "gamma_lower": finite(slack.lower),
            "gamma_upper": finite(slack.upper),
        })
    };
    Ok(each.iter().enumerate().map(row).collect())
}

fn attack(cx: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let slack = solve(cx, found, question)?;
    let witness = slack.witness.as_ref();
    Ok(json!({
        "profitable": witness.is_some_and(|witness| witness.prize > witness.cost),
        "attack": witness.map(|witness| witness_json(found, witness)),
        "gamma_lower": finite(slack.lower),
        "gamma_upper": finite(slack.upper),
        "cert_hash": certificate::hash(&slack.certificate),
    }))
}

fn held(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let by = GroupBy::Operator;
    let concentration = match question.service {
        None => concentration::network(&found.graph, &by),
        Some(key) => {
            let service = found.service(key.0)?;
            concentration::service(&found.graph, &by, service).map_err(|error| failed(&error))?
        }
    };
    let joint = concentration::joint(&found.graph, &by);
    let mut body = serde_json::to_value(concentration).unwrap_or_default();
    if let Value::Object(body) = &mut body {
        body.insert("joint".into(), serde_json::to_value(joint).unwrap_or_default());
    }
    Ok(body)
}

/// A certificate against the network as it is now.
fn verify(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let certificate = read(args.required(0, "certificate")?)?;
    let question: Question = args.optional(1, "question")?.unwrap_or_default();
    question.check()?;
    let snapshot = Snapshot::take(cx)?;
    let mut found = network::find(&snapshot, &question)?;
    let mut checked = certificate::verify(&found.graph, &certificate);
    // A certificate does not say of which mode it is.
    if checked.is_err()
        && let Some(other) = found.other()
        && let Ok(claim) = certificate::verify(&other.graph, &certificate)
    {
        (found, checked) = (other, Ok(claim));
    }
    let mut body = match checked {
        Ok(claim) => json!({
            "ok": true,
            "claim": {
                "service": claim.service.map(|service| found.key(service as usize)),
                "gamma_lower": claim.lower.map(gamma),
                "gamma_upper": claim.upper.map(gamma),
            },
        }),
        Err(error) => json!({ "ok": false, "reason": error.to_string() }),
    };
    if let (Value::Object(body), Value::Object(about)) = (&mut body, found.described()) {
        body.extend(about);
    }
    reply(snapshot.answer(camel_case(body)))
}

/// A certificate in the contract's bytes, or as the JSON of `bulwark risk check --cert`.
fn read(given: Value) -> Result<Certificate, RpcError> {
    let refuse = |why: String| RpcError::coded(code::REFUSED, format!("the certificate is refused: {why}"));
    match given {
        Value::String(text) => {
            let bytes = text.parse::<Bytes>().map_err(|_| refuse("it is not hex".into()))?;
            if bytes.len() > MOST_CERTIFICATE {
                return Err(RpcError::coded(
                    code::TOO_LARGE,
                    format!("a certificate of {} bytes, at most {MOST_CERTIFICATE}", bytes.len()),
                ));
            }
            certificate::decode(&bytes).map_err(|malformed| refuse(malformed.to_string()))
        }
        form => certificate::from_json(&form.to_string()).map_err(|error| failed(&error)),
    }
}

/// A certificate that an answer named, as long as it is remembered.
fn certificate_of(cx: &Context, params: Params<'_>) -> Reply {
    let hash: B256 = params.args()?.required(0, "certificate hash")?;
    let Some(certificate) = cx.risk.certificate(hash) else {
        let why = format!("no certificate {hash} is remembered: ask restake_riskSlack for one of this block");
        return Err(RpcError::coded(code::STALE, why));
    };
    let bytes = hex::encode_prefixed(certificate::encode(&certificate));
    reply(Ok(json!({ "certHash": hash, "bytes": bytes, "certificate": certificate::to_json(&certificate) })))
}

/// What sharing stake changes in the cost of an attack.
fn pool(_: &Context, params: Params<'_>) -> Reply {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ask {
        services: u64,
        stake: super::arguments::Amount,
        theta: Option<String>,
    }
    let Ask { services, stake, theta } = params.args()?.required(0, "pool")?;
    let theta = theta.map_or(Ok(Ratio::THIRD), |text| Ratio::parse(&text)).map_err(|it| failed(&it))?;
    let stake = u128::try_from(stake.0).unwrap_or(u128::MAX);
    let pool = risk::pool::pool(services, stake, theta).map_err(|error| failed(&error))?;
    let amounts = [
        ("stake", pool.stake),
        ("pooledStake", pool.pooled_stake),
        ("isolated", pool.isolated),
        ("pooled", pool.pooled),
        ("pooledEach", pool.pooled_each),
        ("unique", pool.unique),
    ];
    let mut body: serde_json::Map<String, Value> =
        amounts.into_iter().map(|(name, amount)| (name.into(), json!(amount.to_string()))).collect();
    body.insert("services".into(), json!(pool.services));
    body.insert("times".into(), json!(pool.times));
    reply(Ok(Value::Object(body)))
}

/// An attack that a shock made profitable.
fn after(found: &Found, attack: &risk::cascade::Attack) -> Value {
    json!({
        "services": attack.services.iter().map(|it| found.key(*it)).collect::<Vec<_>>(),
        "operators": found.operators(&attack.operators),
        "cost": attack.cost.to_string(),
        "prize": attack.prize.to_string(),
    })
}

fn witness_json(found: &Found, witness: &Priced) -> Value {
    let operator = |index: u32| found.operator(index as usize);
    let part = |part: &certificate::Part| {
        json!({
            "operator": operator(part.operator),
            "service": found.key(part.service as usize),
            "stake": part.stake.to_string(),
        })
    };
    let attack = &witness.attack;
    json!({
        "services": attack.services.iter().map(|it| found.key(*it as usize)).collect::<Vec<_>>(),
        "operators": attack.operators.iter().map(|it| operator(*it)).collect::<Vec<Address>>(),
        "parts": attack.parts.iter().map(part).collect::<Vec<_>>(),
        "cost": witness.cost.to_string(),
        "prize": witness.prize.to_string(),
    })
}

/// γ of the contract's millionths.
#[allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) fn of_millionths(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

/// The operator set that a key of RiskOracle names; none for the network, and for an AVS of AVSDirectory.
pub(super) fn set_of(key: B256) -> Option<SetId> {
    let (avs, id) = key.split_at_checked(20)?;
    let (zeros, id) = id.split_at_checked(8)?;
    let id = u32::from_be_bytes(id.try_into().ok()?);
    (!key.is_zero() && zeros.iter().all(|byte| *byte == 0))
        .then(|| SetId { avs: Address::from_slice(avs), id })
}

/// A number, or `null` for infinity: nothing is to be gained.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The engine's keys as JSON-RPC has them (`decisions.md` 7).
fn camel_case(it: Value) -> Value {
    match it {
        Value::Object(fields) => {
            let camel = |(key, it): (String, Value)| (camel_key(&key), camel_case(it));
            Value::Object(fields.into_iter().map(camel).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(camel_case).collect()),
        other => other,
    }
}

fn camel_key(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut raise = false;
    for letter in key.chars() {
        match letter {
            '_' => raise = true,
            _ if raise => {
                out.push(letter.to_ascii_uppercase());
                raise = false;
            }
            _ => out.push(letter),
        }
    }
    out
}
