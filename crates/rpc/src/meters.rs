//! Counts and times of requests by method. Labels are the names of the table and nothing that a caller sends.
//! Where they are shown, and whether at all, is said when the server starts.

use metrics::{Counter, Histogram, counter, histogram};
use std::time::Instant;

/// The figures of one method.
pub(crate) struct Meter {
    /// Its name.
    pub(crate) method: &'static str,
    answered: Counter,
    failed: Counter,
    seconds: Histogram,
}

impl Meter {
    pub(crate) fn of(method: &'static str) -> Self {
        Self {
            method,
            answered: counter!("bulwark_rpc_requests_total", "method" => method, "outcome" => "ok"),
            failed: counter!("bulwark_rpc_requests_total", "method" => method, "outcome" => "error"),
            seconds: histogram!("bulwark_rpc_seconds", "method" => method),
        }
    }

    pub(crate) fn record(&self, begun: Instant, ok: bool) {
        if ok {
            self.answered.increment(1)
        } else {
            self.failed.increment(1)
        }
        self.seconds.record(begun.elapsed());
    }
}

/// What does not belong to a method.
pub(crate) struct Meters {
    pub(crate) unknown: Meter,
    pub(crate) malformed: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self { unknown: Meter::of("unknown"), malformed: counter!("bulwark_rpc_malformed_total") }
    }
}
