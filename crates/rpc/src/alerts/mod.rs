//! Alerts: rules evaluated on each sealed block, told to webhooks, server-sent events, the log and Prometheus.
//!
//! A rule has a cursor: the last block that was evaluated for it. Cursor and undelivered alerts are kept in one durable
//! step ([`book`]), and the chain keeps the blocks; so whatever ends the process, an alert of an event is made and posted
//! until it is acknowledged. Who is posted to may be told twice, never not at all. A rule whose webhook does not answer is
//! not evaluated further while much of it waits: the chain is its queue.

mod book;
mod found;
mod measure;
mod rule;
mod watch;
mod webhook;
mod words;

pub use rule::{BadRule, Kind, Rule};

#[cfg(test)]
pub(crate) use webhook::sign;

use crate::{config::AlertConfig, context::Context};
use alloy_primitives::{B256, hex};
use book::{Book, Cursor, Kept};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};
use tokio::{
    sync::{Notify, broadcast},
    task::AbortHandle,
};

/// Rules that there may be.
pub(crate) const MAX_RULES: usize = 64;
/// Alerts of one rule that wait for its webhook before the rule itself waits; those of one block come together.
const MAX_WAITING: usize = 256;
/// Alerts that are remembered for who looks later.
const MAX_RECENT: usize = 100;
/// Alerts that a stream may be behind.
const MAX_BEHIND: usize = 1_024;

/// What happened, as it is posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alert {
    /// The same whenever and however often it is told.
    pub(crate) id: String,
    /// Which rule it is of.
    pub(crate) rule: String,
    /// What is watched.
    pub(crate) kind: Kind,
    /// The block that it is of.
    pub(crate) block_number: u64,
    /// Its hash.
    pub(crate) block_hash: B256,
    /// Its time, in seconds since 1970.
    pub(crate) timestamp: u64,
    /// In a sentence.
    pub(crate) words: String,
    /// The event, or the figure.
    pub(crate) data: Value,
}

/// All rules, and everything that they set in motion.
pub(crate) struct Alerts {
    book: Mutex<Book>,
    recent: Mutex<VecDeque<Arc<Alert>>>,
    told: broadcast::Sender<Arc<Alert>>,
    deliveries: Mutex<HashMap<String, AbortHandle>>,
    /// Made for the first webhook: reading the system's certificates is no part of a start.
    client: OnceLock<reqwest::Client>,
    first_pause: Duration,
    wake: Mutex<Option<mpsc::SyncSender<()>>>,
    runtime: tokio::runtime::Handle,
}

/// What a delivery does next.
struct Next {
    waiting: Option<Arc<Alert>>,
    target: Option<webhook::Target>,
    changed: Arc<Notify>,
}

/// Why a rule is not added or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Bad(#[from] BadRule),
    #[error("there is a rule {0} already; remove it first")]
    Taken(String),
    #[error("no rule is called {0:?}")]
    Unknown(String),
    #[error("{0} is set in the configuration; change it there")]
    Configured(String),
    #[error("there are {MAX_RULES} rules, as many as there may be; remove one first")]
    TooMany,
    #[error("the newest block cannot be read: {0}")]
    Chain(String),
}

impl Alerts {
    /// Reads what is kept, takes over the configured rules, and begins to watch and to deliver. Must be called within a
    /// runtime.
    ///
    /// # Errors
    /// In one line, what is wrong with a rule or with the file.
    pub(crate) fn start(context: &Arc<Context>, config: &AlertConfig) -> Result<Arc<Self>, String> {
        let mut book = Book::open(config.directory.as_deref())?;
        let head = head(context)?;
        book.rules
            .retain(|_, kept| !kept.is_configured || config.rules.iter().any(|it| it.name == kept.rule.name));
        for rule in &config.rules {
            rule.check().map_err(|why| format!("alert rule {:?}: {why}", rule.name))?;
            let kept =
                book.rules.entry(rule.name.clone()).or_insert_with(|| Kept::new(rule.clone(), true, head));
            (kept.rule, kept.is_configured) = (rule.clone(), true);
        }
        if book.rules.len() > MAX_RULES {
            return Err(format!("{} alert rules, at most {MAX_RULES}", book.rules.len()));
        }
        book.save();
        let alerts = Arc::new(Self {
            book: Mutex::new(book),
            recent: Mutex::default(),
            told: broadcast::channel(MAX_BEHIND).0,
            deliveries: Mutex::default(),
            client: OnceLock::new(),
            first_pause: config.first_pause,
            wake: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
        });
        let names: Vec<String> = alerts.book.lock().rules.keys().cloned().collect();
        for name in names {
            alerts.begin_delivery(&name);
        }
        watch::start(context, &alerts).map_err(|error| format!("no thread for alerts: {error}"))?;
        alerts.measure();
        Ok(alerts)
    }

    /// Ends watching and delivering. What is on its way may be delivered once more after the next start.
    pub(crate) fn stop(&self) {
        drop(self.wake.lock().take());
        self.deliveries.lock().drain().for_each(|(_, delivery)| delivery.abort());
        self.book.lock().save();
    }

    /// Alerts from here on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Alert>> {
        self.told.subscribe()
    }

    /// All rules and how each stands, without secrets; and the newest alerts.
    pub(crate) fn list(&self) -> Value {
        let items: Vec<Value> = self.book.lock().rules.values().map(shown).collect();
        let recent: Vec<Arc<Alert>> = self.recent.lock().iter().rev().cloned().collect();
        json!({ "items": items, "next": null, "recent": recent })
    }

    /// Adds a rule that watches from the next block on. A webhook without a secret is given one. Answers with the rule,
    /// its secret in it this once.
    ///
    /// # Errors
    /// The rule is wrong, its name taken, or there are too many.
    pub(crate) fn add(self: &Arc<Self>, context: &Context, rule: Rule) -> Result<Value, Refused> {
        let rule = rule.with_secret();
        rule.check()?;
        let head = head(context).map_err(Refused::Chain)?;
        let (name, secret) = (rule.name.clone(), rule.secret.clone());
        let mut told = {
            let mut book = self.book.lock();
            if book.rules.contains_key(&name) {
                return Err(Refused::Taken(name));
            }
            if book.rules.len() >= MAX_RULES {
                return Err(Refused::TooMany);
            }
            let kept = Kept::new(rule, false, head);
            let told = shown(&kept);
            book.rules.insert(name.clone(), kept);
            book.save();
            told
        };
        self.begin_delivery(&name);
        self.measure();
        self.wake();
        if let (Some(fields), Some(secret)) = (told.as_object_mut(), secret) {
            fields.insert("secret".into(), json!(secret));
        }
        Ok(told)
    }

    /// Removes a rule and what of it waits.
    ///
    /// # Errors
    /// There is none, or the configuration has it.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Refused> {
        {
            let mut book = self.book.lock();
            match book.rules.get(name) {
                None => return Err(Refused::Unknown(name.to_owned())),
                Some(kept) if kept.is_configured => return Err(Refused::Configured(name.to_owned())),
                Some(_) => {}
            }
            book.rules.remove(name);
            book.save();
        }
        if let Some(delivery) = self.deliveries.lock().remove(name) {
            delivery.abort();
        }
        self.measure();
        Ok(())
    }

    /// Tells an alert of nothing, once, to all that a rule tells.
    ///
    /// # Errors
    /// There is no such rule.
    pub(crate) async fn test(&self, context: &Context, name: &str) -> Result<Value, Refused> {
        let (rule, target) = {
            let book = self.book.lock();
            let kept = book.rules.get(name).ok_or_else(|| Refused::Unknown(name.to_owned()))?;
            (kept.rule.clone(), target(&kept.rule))
        };
        let at = head(context).map_err(Refused::Chain)?;
        let alert = Arc::new(Alert {
            id: format!("{name}-test-{}", hex::encode(rand::random::<[u8; 8]>())),
            rule: name.to_owned(),
            kind: rule.kind,
            block_number: at.number,
            block_hash: at.hash,
            timestamp: 0,
            words: format!("this is a test of the rule {name}: nothing happened"),
            data: json!({ "test": true }),
        });
        self.publish(&alert);
        Ok(match target {
            None => json!({ "delivered": true, "alert": alert, "status": null, "error": null }),
            Some(target) => match webhook::post(&self.client, &target, &alert).await {
                Ok(status) => json!({ "delivered": true, "alert": alert, "status": status, "error": null }),
                Err(why) => json!({ "delivered": false, "alert": alert, "status": null, "error": why }),
            },
        })
    }

    /// Rules that are evaluated now, and how far each is.
    fn active(&self) -> Vec<(Rule, Cursor, bool)> {
        let book = self.book.lock();
        let all = book.rules.values().filter(|kept| kept.waiting.len() < MAX_WAITING);
        all.map(|kept| (kept.rule.clone(), kept.cursor, kept.is_beyond)).collect()
    }

    /// Takes over what the evaluation of blocks up to one has found, and tells of it once it is kept. Without anything
    /// found only the cursors move, and they are kept when `is_due`.
    fn found(&self, names: &[String], at: Cursor, alerts: &[Arc<Alert>], is_due: bool) {
        {
            let mut book = self.book.lock();
            for name in names {
                if let Some(kept) = book.rules.get_mut(name) {
                    kept.cursor = at;
                }
            }
            for alert in alerts {
                if let Some(kept) = book.rules.get_mut(&alert.rule).filter(|kept| kept.rule.webhook.is_some())
                {
                    kept.waiting.push_back(alert.clone());
                    kept.changed.notify_one();
                }
            }
            if is_due || !alerts.is_empty() {
                book.save();
            }
        }
        alerts.iter().for_each(|alert| self.publish(alert));
        self.measure();
    }

    /// Notes that a figure went beyond its bound or came back.
    fn crossed(&self, name: &str, is_beyond: bool) {
        if let Some(kept) = self.book.lock().rules.get_mut(name) {
            kept.is_beyond = is_beyond;
        }
    }

    /// Log, figures, streams.
    fn publish(&self, alert: &Arc<Alert>) {
        let kind = alert.kind.name();
        metrics::counter!("bulwark_alerts_total", "kind" => kind).increment(1);
        tracing::warn!(rule = alert.rule, kind, block = alert.block_number, "alert: {}", alert.words);
        {
            let mut recent = self.recent.lock();
            if recent.len() >= MAX_RECENT {
                recent.pop_front();
            }
            recent.push_back(alert.clone());
        }
        // Nobody may be listening.
        let _ = self.told.send(alert.clone());
    }

    fn begin_delivery(self: &Arc<Self>, name: &str) {
        if self.book.lock().rules.get(name).is_some_and(|kept| kept.rule.webhook.is_some()) {
            let task = self.runtime.spawn(webhook::deliver(self.clone(), name.to_owned()));
            self.deliveries.lock().insert(name.to_owned(), task.abort_handle());
        }
    }

    /// What is to be posted next; `None`: the rule is gone.
    fn next_of(&self, name: &str) -> Option<Next> {
        let book = self.book.lock();
        let kept = book.rules.get(name)?;
        Some(Next {
            waiting: kept.waiting.front().cloned(),
            target: target(&kept.rule),
            changed: kept.changed.clone(),
        })
    }

    /// The other side has it.
    async fn delivered(self: &Arc<Self>, name: &str, id: String) {
        let (alerts, name) = (self.clone(), name.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let was_full = {
                let mut book = alerts.book.lock();
                let Some(kept) = book.rules.get_mut(&name) else { return };
                (kept.failures, kept.last_error) = (0, None);
                let was_full = kept.waiting.len() >= MAX_WAITING;
                if kept.waiting.front().is_some_and(|alert| alert.id == id) {
                    kept.waiting.pop_front();
                }
                book.save();
                was_full
            };
            if was_full {
                alerts.wake();
            }
            alerts.measure();
        });
        // It ends early only with the runtime.
        let _ = done.await;
    }

    fn failed(&self, name: &str, failures: u32, why: String) {
        if let Some(kept) = self.book.lock().rules.get_mut(name) {
            (kept.failures, kept.last_error) = (failures, Some(why));
        }
    }

    /// Has the watching thread look.
    fn wake(&self) {
        if let Some(wake) = &*self.wake.lock() {
            // Full: it looks anyway.
            let _ = wake.try_send(());
        }
    }

    fn measure(&self) {
        let (rules, waiting) = {
            let book = self.book.lock();
            (book.rules.len(), book.waiting())
        };
        let whole = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::gauge!("bulwark_alert_rules").set(whole(rules));
        metrics::gauge!("bulwark_alerts_waiting").set(whole(waiting));
    }
}

fn target(rule: &Rule) -> Option<webhook::Target> {
    let (url, secret) = rule.webhook.clone().zip(rule.secret.clone())?;
    Some(webhook::Target { url, secret })
}

/// The newest block.
fn head(context: &Context) -> Result<Cursor, String> {
    let view = context.chain.view();
    let hash = view.hash_of(view.head()).map_err(|error| error.to_string())?;
    Ok(Cursor { number: view.head(), hash: hash.unwrap_or_default() })
}

/// A rule and how it stands, without its secret.
fn shown(kept: &Kept) -> Value {
    let mut told = serde_json::to_value(&kept.rule).unwrap_or_default();
    if let Some(fields) = told.as_object_mut() {
        fields.remove("secret");
        let more = [
            ("is_configured", json!(kept.is_configured)),
            ("evaluated_block", json!(kept.cursor.number)),
            ("is_beyond", json!(kept.is_beyond)),
            ("waiting", json!(kept.waiting.len())),
            ("failures", json!(kept.failures)),
            ("last_error", json!(kept.last_error)),
        ];
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    told
}
