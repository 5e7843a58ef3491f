//! Posting an alert: signed with HMAC-SHA256, with time limits, without redirects, and again with growing pauses until
//! the other side says that it has it.

use super::{Alert, Alerts};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Longest time that one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Doublings of the pause after which it is the longest whatever it began with.
const MOST_DOUBLINGS: u32 = 16;

/// Where and how to post.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) secret: String,
}

/// The client of all webhooks.
///
/// # Errors
/// The system's random numbers or certificates are out of reach.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("bulwark/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// One attempt.
///
/// # Errors
/// Why the other side does not have it, in one line.
pub(super) async fn post(
    client: &OnceLock<reqwest::Client>,
    target: &Target,
    alert: &Alert,
) -> Result<u16, String> {
    let client = match client.get() {
        Some(client) => client,
        None => {
            let made = self::client().map_err(|error| format!("has no client: {error}"))?;
            client.get_or_init(|| made)
        }
    };
    let body = serde_json::to_string(alert).map_err(|error| error.to_string())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let signature = sign(&target.secret, now, &body);
    let sent = client
        .post(&target.url)
        .header("content-type", "application/json")
        .header("bulwark-alert-id", &alert.id)
        .header("bulwark-timestamp", now.to_string())
        .header("bulwark-signature", signature)
        .body(body)
        .send()
        .await;
    match sent {
        Ok(response) if response.status().is_success() => Ok(response.status().as_u16()),
        Ok(response) => Err(format!("answered {}", response.status())),
        // The URL may hold what is nobody else's; it is in the rule.
        Err(error) => Err(format!("could not be reached: {}", cause(&error.without_url()))),
    }
}

/// The innermost reason: the outer ones say only that something went wrong.
fn cause(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}

/// `v1=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hex.
pub(crate) fn sign(secret: &str, timestamp: u64, body: &str) -> String {
    // Any length of key is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("v1={}", alloy_primitives::hex::encode(mac.finalize().into_bytes()))
}

/// How long to wait after so many failures in a row.
fn pause(first: Duration, failures: u32) -> Duration {
    let times = 1_u32.checked_shl(failures.saturating_sub(1).min(MOST_DOUBLINGS)).unwrap_or(u32::MAX);
    first.saturating_mul(times).min(LONGEST_PAUSE)
}

/// Posts a rule's alerts one after another, oldest first, until the rule is gone.
pub(super) async fn deliver(alerts: Arc<Alerts>, name: String) {
    let mut failures = 0_u32;
    while let Some(next) = alerts.next_of(&name) {
        let super::Next { waiting, target, changed } = next;
        let (Some(alert), Some(target)) = (waiting, target) else {
            changed.notified().await;
            continue;
        };
        match post(&alerts.client, &target, &alert).await {
            Ok(_) => {
                failures = 0;
                alerts.delivered(&name, alert.id.clone()).await;
                metrics::counter!("bulwark_alert_deliveries_total", "outcome" => "delivered").increment(1);
            }
            Err(why) => {
                failures = failures.saturating_add(1);
                metrics::counter!("bulwark_alert_deliveries_total", "outcome" => "failed").increment(1);
                let wait = pause(alerts.first_pause, failures);
                tracing::warn!(rule = name, failures, again_in_secs = wait.as_secs(), "the webhook {why}");
                alerts.failed(&name, failures, why);
                tokio::time::sleep(wait).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_other_tools_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let expected = "v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23";
        assert_eq!(sign("0123456789abcdef", 1_700_000_000, "{\"a\":1}"), expected);
        assert_ne!(sign("0123456789abcdee", 1_700_000_000, "{\"a\":1}"), expected);
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let first = Duration::from_secs(1);
        let secs: Vec<u64> =
            [1, 2, 3, 9, 10, 1_000].map(|failures| pause(first, failures).as_secs()).to_vec();
        assert_eq!(secs, [1, 2, 4, 256, 300, 300]);
    }
}
