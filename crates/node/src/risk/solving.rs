//! Slack within a time: the engine has no clock, so the clock is here, with a bar on standard error.

use super::source::Source;
use crate::failure::Failure;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use risk::{
    Level, Limits, Slack, slack, slack_of_service,
    solve::{Subsidy, min_subsidy},
};
use std::time::{Duration, Instant};

/// Between looks at the clock's bar.
const REDRAW: Duration = Duration::from_millis(100);

/// Flags on how far to compute.
#[derive(Debug, Args)]
pub struct EffortArgs {
    /// How sharp: c0, c1 (loads), c2 (relaxation), c3 (tightened), c4 (exact)
    #[arg(long, default_value = "c4", value_parser = level, help_heading = "Effort")]
    pub level: Level,
    /// Seconds after which the interval reached is the answer
    #[arg(long, default_value = "10", value_parser = crate::cli::block_time, value_name = "SECONDS", help_heading = "Effort")]
    pub time: Duration,
    /// Width of the interval of γ at which to stop
    #[arg(long, default_value = "4e-7", value_name = "WIDTH", value_parser = width, help_heading = "Effort")]
    pub gap: f64,
}

fn level(text: &str) -> Result<Level, String> {
    Level::of(text).ok_or_else(|| "expected c0, c1, c2, c3 or c4".to_owned())
}

fn width(text: &str) -> Result<f64, String> {
    let expected = "expected a width from 0 to 1, such as 1e-6";
    let width: f64 = text.parse().map_err(|_| expected.to_owned())?;
    if (0.0..=1.0).contains(&width) { Ok(width) } else { Err(expected.to_owned()) }
}

impl EffortArgs {
    /// Computes the slack of the network, or of one service.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn solve(&self, source: &Source, service: Option<usize>) -> Result<Slack, Failure> {
        let started = Instant::now();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        let mut drawn = started;
        let mut stop = |progress: risk::solve::Progress| {
            let now = Instant::now();
            if now.duration_since(drawn) >= REDRAW {
                drawn = now;
                bar.tick();
                bar.set_message(format!(
                    "γ from {:+.7} to {:+.7}, {} cases",
                    progress.lower, progress.upper, progress.cases
                ));
            }
            now.duration_since(started) >= self.time
        };
        let limits = &mut Limits { gap: self.gap, cases: u64::MAX, stop: &mut stop };
        let solved = match service {
            Some(service) => slack_of_service(&source.graph, service, self.level, limits),
            None => slack(&source.graph, self.level, limits),
        };
        bar.finish_and_clear();
        solved.map_err(Failure::new)
    }

    /// Computes the minimum subsidy b*, as long again; none if no attack brings anything.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn subsidy(&self, source: &Source) -> Result<Option<Subsidy>, Failure> {
        let started = Instant::now();
        let mut stop = |_| started.elapsed() >= self.time;
        let limits = &mut Limits { gap: self.gap, cases: u64::MAX, stop: &mut stop };
        min_subsidy(&source.graph, limits).map_err(Failure::new)
    }
}
