//! A rule: what is watched, narrowed to whom, and where alerts of it go. Checked once, where it comes in; what is in here
//! afterwards can be evaluated.

use crate::restake::set_in;
use alloy_primitives::{Address, hex};
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
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Slash,
        Self::PendingSlash,
        Self::Allocation,
        Self::Operator,
        Self::WithdrawalReady,
        Self::Gamma,
        Self::Concentration,
    ];

    /// The fields of a rule that narrow it.
    pub const fn narrowed_by(self) -> &'static [&'static str] {
        match self {
            Self::Slash | Self::PendingSlash | Self::Allocation => {
                &["staker", "operator", "avs", "operator_set", "strategy"]
            }
            Self::Operator => &["staker", "operator", "avs", "operator_set"],
            Self::WithdrawalReady => &["staker", "operator", "strategy"],
            Self::Gamma | Self::Concentration => &["operator_set"],
        }
    }

    /// The field of a rule that bounds what is measured.
    pub const fn bounded_by(self) -> Option<&'static str> {
        match self {
            Self::Gamma => Some("under"),
            Self::Concentration => Some("over"),
            _ => None,
        }
    }

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

/// Why a rule is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadRule {
    /// The field that is wrong.
    pub field: &'static str,
    /// In one line, what is wrong with it.
    pub why: String,
}

fn refuse<T>(field: &'static str, why: impl Into<String>) -> Result<T, BadRule> {
    Err(BadRule { field, why: why.into() })
}

impl Rule {
    /// The same, with a secret of its own if it has a webhook and none to sign with.
    #[must_use]
    pub fn with_secret(mut self) -> Self {
        if self.webhook.is_some() && self.secret.is_none() {
            self.secret = Some(hex::encode(rand::random::<[u8; 32]>()));
        }
        self
    }

    /// Whether it can be evaluated and delivered.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn check(&self) -> Result<(), BadRule> {
        self.wrongs().next().map_or(Ok(()), Err)
    }

    /// All that is wrong with it.
    pub fn wrongs(&self) -> impl Iterator<Item = BadRule> {
        let all = [self.check_name(), self.check_scope(), self.check_bounds(), self.check_webhook()];
        all.into_iter().filter_map(Result::err)
    }

    fn check_name(&self) -> Result<(), BadRule> {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.chars().all(is_letter) {
            return refuse("name", format!("a rule's name is 1 to {MAX_NAME} letters, digits, - or _"));
        }
        Ok(())
    }

    /// The operator set that it is narrowed to.
    pub(super) fn set(&self) -> Option<SetId> {
        self.operator_set.as_deref().and_then(set_in)
    }

    fn check_scope(&self) -> Result<(), BadRule> {
        if self.operator_set.is_some() && self.set().is_none() {
            return refuse(
                "operator_set",
                "operator_set is avs:id, as 0x0000000000000000000000000000000000000b01:1",
            );
        }
        let given = [
            ("staker", self.staker.is_some()),
            ("operator", self.operator.is_some()),
            ("avs", self.avs.is_some()),
            ("operator_set", self.operator_set.is_some()),
            ("strategy", self.strategy.is_some()),
        ];
        let takes = self.kind.narrowed_by();
        match given.iter().find(|(name, is_given)| *is_given && !takes.contains(name)) {
            Some((name, _)) => {
                let kind = self.kind.name();
                refuse(name, format!("{kind} is not narrowed by {name}; by {}", takes.join(", ")))
            }
            None => Ok(()),
        }
    }

    fn check_bounds(&self) -> Result<(), BadRule> {
        match (self.kind, self.under, self.over) {
            (Kind::Gamma, Some(under), None) if under.is_finite() => Ok(()),
            (Kind::Gamma, _, over) => {
                let field = if over.is_some() { "over" } else { "under" };
                refuse(field, "gamma wants `under`, a number, and no `over`")
            }
            (Kind::Concentration, None, Some(over)) if (0.0..=1.0).contains(&over) => Ok(()),
            (Kind::Concentration, under, _) => {
                let field = if under.is_some() { "under" } else { "over" };
                refuse(field, "concentration wants `over`, a share from 0 to 1, and no `under`")
            }
            (_, None, None) => Ok(()),
            (kind, under, _) => {
                let field = if under.is_some() { "under" } else { "over" };
                refuse(field, format!("{} has no bounds", kind.name()))
            }
        }
    }

    fn check_webhook(&self) -> Result<(), BadRule> {
        let Some(url) = &self.webhook else {
            return match self.secret {
                Some(_) => refuse("secret", "a secret signs what is posted: it wants a webhook"),
                None => Ok(()),
            };
        };
        if url.len() > MAX_URL {
            return refuse("webhook", format!("the webhook's URL is longer than {MAX_URL} characters"));
        }
        let no_url = |error| BadRule {
            field: "webhook",
            why: format!("the webhook is no URL: {error}; write it whole, from https:// on"),
        };
        let parsed = reqwest::Url::parse(url).map_err(no_url)?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
            return refuse("webhook", "a webhook begins with https:// or http://, and a host");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return refuse(
                "webhook",
                "a webhook's URL names no user: what it is sent is signed with `secret`",
            );
        }
        match &self.secret {
            Some(secret) if SECRET_CHARS.contains(&secret.len()) => Ok(()),
            Some(_) => {
                let (least, most) = (SECRET_CHARS.start(), SECRET_CHARS.end());
                refuse("secret", format!("a secret has {least} to {most} characters"))
            }
            None => refuse("secret", "a webhook wants a `secret` to sign with"),
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
    fn a_refusal_names_the_field_that_is_wrong() {
        let secret = "0123456789abcdef";
        for (rule, field) in [
            (json!({ "name": "", "kind": "slash" }), "name"),
            (json!({ "name": "a", "kind": "slash", "operator_set": "x" }), "operator_set"),
            (json!({ "name": "a", "kind": "gamma", "under": 1, "operator": Address::ZERO }), "operator"),
            (json!({ "name": "a", "kind": "gamma" }), "under"),
            (json!({ "name": "a", "kind": "gamma", "under": 1, "over": 0.5 }), "over"),
            (json!({ "name": "a", "kind": "concentration", "over": 30 }), "over"),
            (json!({ "name": "a", "kind": "concentration", "under": 1, "over": 0.5 }), "under"),
            (json!({ "name": "a", "kind": "slash", "under": 1 }), "under"),
            (json!({ "name": "a", "kind": "slash", "webhook": "nowhere", "secret": secret }), "webhook"),
            (
                json!({ "name": "a", "kind": "slash", "webhook": "https://a.test", "secret": "short" }),
                "secret",
            ),
        ] {
            let rule: Rule = serde_json::from_value(rule).unwrap();
            assert_eq!(rule.check().unwrap_err().field, field, "{rule:?}");
        }
    }

    #[test]
    fn a_webhook_gets_a_secret_and_keeps_the_one_it_has() {
        let rule = |more: Value| {
            let mut rule = json!({ "name": "a", "kind": "slash" });
            rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Rule>(rule).unwrap().with_secret()
        };
        assert_eq!(rule(json!({})).secret, None);
        let given = rule(json!({ "webhook": "https://a.test", "secret": "0123456789abcdef" }));
        assert_eq!(given.secret.as_deref(), Some("0123456789abcdef"));
        let (one, other) =
            (rule(json!({ "webhook": "https://a.test" })), rule(json!({ "webhook": "https://a.test" })));
        assert!(one.check().is_ok() && one.secret != other.secret);
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
