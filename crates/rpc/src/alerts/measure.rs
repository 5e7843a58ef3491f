//! Figures of the network that rules watch: the slack γ and the largest operator's share, as `restake_risk…` answers
//! them. A search takes a while, so it runs on the newest block only, when that may have changed something, and leaves
//! the processor to others for four times as long as it took.

use super::{
    Alert,
    book::Cursor,
    rule::{Kind, Rule},
    watch::{Moment, alert},
    words,
};
use crate::{
    context::Context,
    method::Run,
    params::Params,
    restake::{ask::snake_case, risk},
};
use alloy_primitives::B256;
use chain::{ReadError, View};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Rest after a measurement, as a multiple of what it took.
const REST: u32 = 4;

/// What was measured last, and when.
#[derive(Default)]
pub(super) struct Measured {
    /// The newest block that was looked at, and the rules for which it was.
    of: Option<(B256, Vec<String>)>,
    next: Option<Instant>,
    begun: Option<Instant>,
}

/// A figure.
pub(super) struct Figure {
    value: f64,
    data: Value,
}

impl Measured {
    /// The block to measure; `None`: it was measured for these rules.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn begin(
        &self,
        view: &View,
        rules: &[(Rule, Cursor, bool)],
    ) -> Result<Option<Moment>, ReadError> {
        let header = view.head_header()?;
        let hash = view.hash_of(view.head())?.unwrap_or_default();
        if self.of.as_ref().is_some_and(|(known, names)| *known == hash && *names == names_of(rules)) {
            return Ok(None);
        }
        let cursor = Cursor { number: header.number, hash };
        Ok(Some(Moment { cursor, timestamp: header.timestamp }))
    }

    /// How long to rest before the next measurement; `None`: it is time.
    pub(super) fn wait(&mut self) -> Option<Duration> {
        let now = Instant::now();
        match self.next {
            Some(next) if next > now => Some(next.saturating_duration_since(now)),
            _ => {
                self.begun = Some(now);
                None
            }
        }
    }

    /// Measures what a rule watches; `None`: there is nothing to measure, as in a network without services.
    pub(super) fn take(&self, context: &Context, rule: &Rule) -> Option<Figure> {
        let (method, pointer) = match rule.kind {
            Kind::Gamma => ("restake_riskSlack", "/gamma_lower"),
            _ => ("restake_riskConcentration", "/largest/0/share"),
        };
        let question =
            rule.operator_set.as_ref().map_or_else(|| json!([{}]), |set| json!([{ "service": set }]));
        let data = match ask(context, method, &question) {
            Ok(data) => snake_case(data),
            Err(why) => {
                tracing::debug!(rule = rule.name, "nothing to measure: {why}");
                return None;
            }
        };
        // `null` is a slack without bound: nothing is to be gained.
        let value = data.pointer(pointer)?.as_f64().unwrap_or(f64::INFINITY);
        let told = &data;
        let kept = match rule.kind {
            Kind::Gamma => json!({
                "gamma_lower": told["gamma_lower"], "gamma_upper": told["gamma_upper"], "level": told["level"],
                "mode": told["mode"], "cert_hash": told["cert_hash"],
            }),
            _ => json!({ "share": value, "operator": data.pointer("/largest/0/name"), "hhi": told["hhi"] }),
        };
        Some(Figure { value, data: kept })
    }

    /// A block has been measured.
    pub(super) fn end(&mut self, hash: B256, rules: &[(Rule, Cursor, bool)]) {
        let took = self.begun.take().map(|begun| begun.elapsed()).unwrap_or_default();
        self.next = Instant::now().checked_add(took.saturating_mul(REST));
        self.of = Some((hash, names_of(rules)));
    }
}

fn names_of(rules: &[(Rule, Cursor, bool)]) -> Vec<String> {
    rules.iter().map(|(rule, ..)| rule.name.clone()).collect()
}

/// What a method of `restake_risk…` answers.
fn ask(context: &Context, method: &str, arguments: &Value) -> Result<Value, String> {
    let found = risk::METHODS.iter().find(|it| it.name == method).map(|it| it.run);
    let Some(Run::Heavy(look)) = found else { return Err(format!("there is no {method}")) };
    let text = arguments.to_string();
    let reply = look(context, Params::new(Some(&text))).map_err(|error| error.message().to_owned())?;
    serde_json::from_slice(reply.bytes()).map_err(|error| error.to_string())
}

/// The alert of a figure that went beyond its bound, or came back.
pub(super) fn alert_of(rule: &Rule, figure: &Figure, was_beyond: bool, at: Moment) -> Option<Alert> {
    let is_beyond = match (rule.under, rule.over) {
        (Some(under), _) => figure.value < under,
        (None, Some(over)) => figure.value > over,
        (None, None) => false,
    };
    if is_beyond == was_beyond {
        return None;
    }
    let mut data = figure.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("is_beyond".into(), json!(is_beyond));
        fields.insert("bound".into(), json!(rule.under.or(rule.over)));
        fields.insert("operator_set".into(), json!(rule.operator_set));
    }
    let place = if is_beyond { "beyond" } else { "back" };
    Some(alert(rule, at, place, words::of(rule.kind, &data), data))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: &str, bound: &str, value: f64) -> Rule {
        serde_json::from_value(json!({ "name": "r", "kind": kind, bound: value })).unwrap()
    }

    #[test]
    fn a_figure_is_told_when_it_crosses_its_bound_and_not_while_it_stays() {
        let at = Moment { cursor: Cursor { number: 7, hash: B256::repeat_byte(0xab) }, timestamp: 1 };
        let gamma = rule("gamma", "under", 0.05);
        let told = |rule: &Rule, value: f64, was: bool| {
            alert_of(rule, &Figure { value, data: json!({ "gamma_lower": value, "share": value }) }, was, at)
        };
        assert_eq!(told(&gamma, 0.06, false), None);
        assert_eq!(told(&gamma, 0.04, true), None);
        let under = told(&gamma, 0.04, false).unwrap();
        assert_eq!((under.id.as_str(), &under.data["is_beyond"]), ("r-7-abababab-beyond", &json!(true)));
        assert_eq!(told(&gamma, f64::INFINITY, true).unwrap().data["is_beyond"], json!(false));
        let share = rule("concentration", "over", 0.3);
        assert_eq!(told(&share, 0.3, false), None);
        assert!(told(&share, 0.31, false).is_some());
    }
}
