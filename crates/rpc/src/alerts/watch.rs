//! The thread that evaluates rules on sealed blocks. It has the stack that native views need, sleeps until it is woken,
//! and looks at the chain itself: that it was woken too seldom or too often changes nothing.

use super::{
    Alert, Alerts,
    book::Cursor,
    found,
    measure::{self, Measured},
    rule::Rule,
};
use crate::context::Context;
use alloy_primitives::B256;
use chain::{ReadError, View, executor::STACK_BYTES};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Weak, mpsc},
    time::Duration,
};
use tokio::sync::broadcast::error::RecvError;

/// Cursors are kept at least every so many blocks in which nothing was found.
const KEPT_EVERY_BLOCKS: u64 = 1_024;
/// Evaluated blocks whose hashes are remembered, to find out how far the chain went back.
const REMEMBERED: usize = 1_024;
/// Pause after a block that could not be read.
const AGAIN: Duration = Duration::from_secs(1);

/// What the thread remembers.
#[derive(Default)]
struct Watch {
    passed: VecDeque<Cursor>,
    measured: Measured,
}

/// Starts the thread and the task that wakes it with each block.
///
/// # Errors
/// The system gave no thread.
pub(super) fn start(context: &Arc<Context>, alerts: &Arc<Alerts>) -> io::Result<()> {
    let (wake, woken) = mpsc::sync_channel::<()>(1);
    let mut blocks = context.chain.subscribe();
    *alerts.wake.lock() = Some(wake);
    let waker = Arc::downgrade(alerts);
    alerts.runtime.spawn(async move {
        loop {
            let ended = matches!(blocks.recv().await, Err(RecvError::Closed));
            match waker.upgrade() {
                Some(alerts) if !ended => alerts.wake(),
                _ => return,
            }
        }
    });
    let (context, weak) = (Arc::downgrade(context), Arc::downgrade(alerts));
    std::thread::Builder::new().name("alerts".into()).stack_size(STACK_BYTES).spawn(move || {
        run(&context, &weak, &woken);
    })?;
    // What was sealed while nobody watched.
    alerts.wake();
    Ok(())
}

fn run(context: &Weak<Context>, alerts: &Weak<Alerts>, woken: &mpsc::Receiver<()>) {
    let mut watch = Watch::default();
    let mut pause: Option<Duration> = None;
    loop {
        let over = match pause {
            Some(pause) => woken.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Disconnected),
            None => woken.recv().is_err(),
        };
        let (Some(context), Some(alerts), false) = (context.upgrade(), alerts.upgrade(), over) else {
            return;
        };
        pause = match watch.look(&context, &alerts) {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "alerts could not be evaluated; they will be");
                Some(AGAIN)
            }
        };
    }
}

impl Watch {
    /// Evaluates all that is new; answers after which pause to look again even without a new block.
    fn look(&mut self, context: &Context, alerts: &Alerts) -> Result<Option<Duration>, ReadError> {
        let view = context.chain.view();
        self.go_back(&view, alerts)?;
        let rules = alerts.active();
        let first = rules.iter().map(|(_, cursor, _)| cursor.number).min();
        let first = first.map_or(u64::MAX, |number| number.saturating_add(1));
        for number in first..=view.head() {
            let due: Vec<&Rule> =
                rules.iter().filter(|(_, cursor, _)| cursor.number < number).map(|(rule, ..)| rule).collect();
            let Some(hash) = view.hash_of(number)? else { break };
            let at = Cursor { number, hash };
            let mut told = Vec::new();
            for rule in due.iter().filter(|rule| !rule.kind.is_measured()) {
                told.extend(found::alerts(context, &view, rule, number)?);
            }
            let is_kept = number.checked_rem(KEPT_EVERY_BLOCKS) == Some(0);
            let names: Vec<String> = due.iter().map(|rule| rule.name.clone()).collect();
            alerts.found(&names, at, &told.into_iter().map(Arc::new).collect::<Vec<_>>(), is_kept);
            self.remember(at);
        }
        self.figures(context, alerts, &view, &rules)
    }

    /// Measures what is watched as a figure, if the state may have changed and it is time again.
    fn figures(
        &mut self,
        context: &Context,
        alerts: &Alerts,
        view: &View,
        rules: &[(Rule, Cursor, bool)],
    ) -> Result<Option<Duration>, ReadError> {
        let watched: Vec<_> = rules.iter().filter(|(rule, ..)| rule.kind.is_measured()).collect();
        if watched.is_empty() {
            return Ok(None);
        }
        let Some(at) = self.measured.begin(view, rules)? else { return Ok(None) };
        if let Some(wait) = self.measured.wait() {
            return Ok(Some(wait));
        }
        let mut told = Vec::new();
        for (rule, _, was_beyond) in watched {
            let Some(figure) = self.measured.take(context, rule) else { continue };
            let Some(alert) = measure::alert_of(rule, &figure, *was_beyond, at) else { continue };
            alerts.crossed(&rule.name, !was_beyond);
            told.push(Arc::new(alert));
        }
        self.measured.end(at.cursor.hash, rules);
        alerts.found(&[], at.cursor, &told, false);
        Ok(None)
    }

    fn remember(&mut self, at: Cursor) {
        if self.passed.len() >= REMEMBERED {
            self.passed.pop_front();
        }
        self.passed.push_back(at);
    }

    /// A development chain may go back: what comes after the block that both chains have is evaluated again.
    fn go_back(&mut self, view: &View, alerts: &Alerts) -> Result<(), ReadError> {
        let stands = |at: &Cursor| -> Result<bool, ReadError> {
            Ok(at.number <= view.head() && view.hash_of(at.number)? == Some(at.hash))
        };
        let mut went = false;
        while let Some(last) = self.passed.back() {
            if stands(last)? {
                break;
            }
            self.passed.pop_back();
            went = true;
        }
        let mut gone = Vec::new();
        for (rule, cursor, _) in alerts.active() {
            if !stands(&cursor)? {
                gone.push((rule.name, cursor.number));
            }
        }
        if gone.is_empty() && !went {
            return Ok(());
        }
        let known = self.passed.back().copied();
        for (name, number) in gone {
            let number = known.map_or(number, |known| known.number).min(view.head());
            let hash: Option<B256> = view.hash_of(number)?;
            alerts.found(&[name], Cursor { number, hash: hash.unwrap_or_default() }, &[], true);
        }
        Ok(())
    }
}

/// The block that a figure is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) cursor: Cursor,
    pub(super) timestamp: u64,
}

/// An alert of a rule.
pub(super) fn alert(rule: &Rule, at: Moment, place: &str, words: String, data: serde_json::Value) -> Alert {
    let Moment { cursor: Cursor { number, hash }, timestamp } = at;
    let text = format!("{hash:x}");
    Alert {
        id: format!("{}-{number}-{}-{place}", rule.name, text.get(..8).unwrap_or_default()),
        rule: rule.name.clone(),
        kind: rule.kind,
        block_number: number,
        block_hash: hash,
        timestamp,
        words,
        data,
    }
}
