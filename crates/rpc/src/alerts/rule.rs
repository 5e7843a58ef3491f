//! A rule: what is watched, narrowed to whom, and where alerts of it go. Checked once, where it comes in; what is in here
//! afterwards can be evaluated.

use crate::restake::set_in;
use alloy_primitives::Address;
use chain::index::SetId;
use serde::{Deserialize, Serialize};

/// Characters of a rule's name.
const MAX_NAME: usize = 64;
/// Characters of a webhook's URL.
const MAX_URL: usize = 2_048;
/// Characters of a secret: enough to be one, few enough to be kept.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 16..=256;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An operator was slashed.
    Slash,
    /// What a slash took waits until it is cleared, or was cleared.
    PendingSlash,
    /// An operator changed what a set may slash of it.
    Allocation,
    /// A staker has another operator, or an operator changed its delay, approver, description, promise or sets.
    Operator,
    /// A withdrawal can be completed from the next block on.
    WithdrawalReady,
    /// The slack γ of the network or of a service is under a bound.
    Gamma,
    /// One operator holds more than a share of the stake.
    Concentration,
}

impl Kind {
    /// As rules spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slash => "slash",
            Self::PendingSlash => "pending_slash",
            Self::Allocation => "allocation",
            Self::Operator => "operator",
            Self::WithdrawalReady => "withdrawal_ready",
            Self::Gamma => "gamma",
            Self::Concentration => "concentration",
        }
    }

    /// Whether a figure of the whole network is watched rather than events.
    pub(super) const fn is_measured(self) -> bool {
        matches!(self, Self::Gamma | Self::Concentration)
    }
}

/// A rule, as configuration, REST and the command line write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called: letters, digits, `-` and `_`.
    pub name: String,
    /// What is watched.
    pub kind: Kind,
    /// Only what concerns this staker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staker: Option<Address>,
    /// Only what concerns this operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Address>,
    /// Only what concerns this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avs: Option<Address>,
    /// Only what concerns this operator set: `avs:id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_set: Option<String>,
    /// Only what concerns this strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Address>,
    /// γ under this is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<f64>,
    /// A share over this is told: 0.3 is 30 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<f64>,
    /// Where alerts are posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// What they are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Why a rule is not taken, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(pub(super) String);

fn refuse<T>(why: impl Into<String>) -> Result<T, BadRule> {
    Err(BadRule(why.into()))
}

impl Rule {
    /// Whether it can be evaluated and delivered.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn check(&self) -> Result<(), BadRule> {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.chars().all(is_letter) {
            return refuse(format!("a rule's name is 1 to {MAX_NAME} letters, digits, - or _"));
        }
        self.check_scope()?;
        self.check_bounds()?;
        self.check_webhook()
    }

    /// The operator set that it is narrowed to.
    pub(super) fn set(&self) -> Option<SetId> {
        self.operator_set.as_deref().and_then(set_in)
    }

    fn check_scope(&self) -> Result<(), BadRule> {
        if self.operator_set.is_some() && self.set().is_none() {
            return refuse("operator_set is avs:id, as 0x0000000000000000000000000000000000000b01:1");
        }
        let given = [
            ("staker", self.staker.is_some()),
            ("operator", self.operator.is_some()),
            ("avs", self.avs.is_some()),
            ("operator_set", self.operator_set.is_some()),
            ("strategy", self.strategy.is_some()),
        ];
        let takes: &[&str] = match self.kind {
            Kind::Slash | Kind::PendingSlash | Kind::Allocation => {
                &["staker", "operator", "avs", "operator_set", "strategy"]
            }
            Kind::Operator => &["staker", "operator", "avs", "operator_set"],
            Kind::WithdrawalReady => &["staker", "operator", "strategy"],
            Kind::Gamma | Kind::Concentration => &["operator_set"],
        };
        match given.iter().find(|(name, is_given)| *is_given && !takes.contains(name)) {
            Some((name, _)) => {
                refuse(format!("{} is not narrowed by {name}; by {}", self.kind.name(), takes.join(", ")))
            }
            None => Ok(()),
        }
    }

    fn check_bounds(&self) -> Result<(), BadRule> {
        match (self.kind, self.under, self.over) {
            (Kind::Gamma, Some(under), None) if under.is_finite() => Ok(()),
            (Kind::Gamma, ..) => refuse("gamma wants `under`, a number, and no `over`"),
            (Kind::Concentration, None, Some(over)) if (0.0..=1.0).contains(&over) => Ok(()),
            (Kind::Concentration, ..) => {
                refuse("concentration wants `over`, a share from 0 to 1, and no `under`")
            }
            (_, None, None) => Ok(()),
            (kind, ..) => refuse(format!("{} has no bounds", kind.name())),
        }
    }

    fn check_webhook(&self) -> Result<(), BadRule> {
        let Some(url) = &self.webhook else {
            return match self.secret {
                Some(_) => refuse("a secret signs what is posted: it wants a webhook"),
                None => Ok(()),
            };
        };
        if url.len() > MAX_URL {
            return refuse(format!("the webhook's URL is longer than {MAX_URL} characters"));
        }
        let parsed =
            reqwest::Url::parse(url).map_err(|error| BadRule(format!("the webhook is no URL: {error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
            return refuse("a webhook begins with https:// or http://, and a host");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return refuse("a webhook's URL names no user: what it is sent is signed with `secret`");
        }
        match &self.secret {
            Some(secret) if SECRET_CHARS.contains(&secret.len()) => Ok(()),
            Some(_) => {
                refuse(format!("a secret has {} to {} characters", SECRET_CHARS.start(), SECRET_CHARS.end()))
            }
            None => refuse("a webhook wants a `secret` to sign with"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn judged(rule: Value) -> Result<(), String> {
        let rule: Rule = serde_json::from_value(rule).map_err(|error| error.to_string())?;
        rule.check().map_err(|error| error.to_string())
    }

    #[test]
    fn rules_that_can_be_evaluated_are_taken() {
        let secret = "0123456789abcdef";
        for rule in [
            json!({ "name": "a", "kind": "slash" }),
            json!({ "name": "a-b_1", "kind": "allocation", "operator_set": format!("{}:1", Address::ZERO) }),
            json!({ "name": "a", "kind": "pending_slash", "operator": Address::ZERO }),
            json!({ "name": "a", "kind": "gamma", "under": 0.05 }),
            json!({ "name": "a", "kind": "concentration", "over": 0.33 }),
            json!({ "name": "a", "kind": "withdrawal_ready", "staker": Address::ZERO }),
            json!({ "name": "a", "kind": "slash", "webhook": "https://hooks.test/x", "secret": secret }),
        ] {
            assert_eq!(judged(rule.clone()), Ok(()), "{rule}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        let secret = "0123456789abcdef";
        for (rule, why) in [
            (json!({ "name": "", "kind": "slash" }), "a rule's name is"),
            (json!({ "name": "a b", "kind": "slash" }), "a rule's name is"),
            (json!({ "name": "a", "kind": "slashes" }), "unknown variant"),
            (json!({ "name": "a", "kind": "slash", "oprator": Address::ZERO }), "unknown field"),
            (json!({ "name": "a", "kind": "pending_slash", "under": 0.1 }), "has no bounds"),
            (json!({ "name": "a", "kind": "gamma" }), "wants `under`"),
            (
                json!({ "name": "a", "kind": "gamma", "under": 1, "operator": Address::ZERO }),
                "not narrowed by operator",
            ),
            (json!({ "name": "a", "kind": "concentration", "over": 30 }), "from 0 to 1"),
            (json!({ "name": "a", "kind": "slash", "over": 0.1 }), "has no bounds"),
            (json!({ "name": "a", "kind": "slash", "operator_set": "x" }), "operator_set is"),
            (json!({ "name": "a", "kind": "slash", "secret": secret }), "wants a webhook"),
            (json!({ "name": "a", "kind": "slash", "webhook": "https://a.test" }), "wants a `secret`"),
            (
                json!({ "name": "a", "kind": "slash", "webhook": "https://a.test", "secret": "short" }),
                "characters",
            ),
            (
                json!({ "name": "a", "kind": "slash", "webhook": "file:///etc/passwd", "secret": secret }),
                "begins with",
            ),
            (
                json!({ "name": "a", "kind": "slash", "webhook": "https://u:p@a.test", "secret": secret }),
                "names no user",
            ),
            (json!({ "name": "a", "kind": "slash", "webhook": "nowhere", "secret": secret }), "no URL"),
        ] {
            let told = judged(rule.clone()).unwrap_err();
            assert!(told.contains(why), "{rule}: {told}");
        }
    }
}
