//! `cargo xtask differential`: random sequences of all state-changing verbs, told to the native contracts and to the
//! original bytecode in the same EVM. After each call success, data and logs are compared, after each step all views, and
//! all invariants of the core are audited.
//! A sequence that differs is shrunk and printed. The release compared with is v1.3.0 (restaking-core §10).

#![allow(non_snake_case, reason = "locals are named as the ABI's arguments that they become")]

mod doors;
pub mod props;
mod run;
mod scene;
mod shrink;
mod verbs;
mod views;
mod watch;

use crate::{
    originals::{self, Originals, world::World},
    shell,
};
use anyhow::{Result, bail, ensure};
use run::{Tally, tell};
use scene::Stage;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};
use types::Params;

/// What the release of the originals does not have, so that it cannot be compared here, and where it is tested instead.
const LACKING: &str = "\
not in the release compared with (v1.3.0), tested by the executed cases and tables of the pinned release instead:
  AllocationManager: createOperatorSets with slashers, createRedistributingOperatorSets, updateSlasher, migrateSlashers,
    their views, slash ids; StrategyManager: clearBurnOrRedistributableShares…, slash resolution delay;
  pods (here contracts that only tell balances);
  KeyRegistrar, ReleaseManager, ProtocolRegistry, duration vaults, share hooks; rules `pinned` and `mainnet`.
not in the crate that carries the release, the same native code on both sides: StrategyBase (with limits), PauserRegistry,
  tokens; StrategyFactory reaches our StrategyManager as a Rust function and is tested by its own tables.";

/// What to run.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Seeds
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// Steps of each
    #[arg(long, default_value_t = 200)]
    steps: u32,
    /// First seed
    #[arg(long, default_value_t = 1)]
    from_seed: u64,
    /// Threads; one a core if not given
    #[arg(long)]
    jobs: Option<usize>,
    /// Only these steps of each seed, as a report names them
    #[arg(long, value_delimiter = ',', value_name = "STEP")]
    only: Vec<u32>,
    /// Go on after a difference, to see how many there are
    #[arg(long)]
    keep_going: bool,
    /// Every verb with its refusals
    #[arg(long)]
    coverage: bool,
    /// In the build that runs now, instead of a release build
    #[arg(long)]
    here: bool,
    /// Try each call in a static frame and with value too, before it is made in earnest
    #[arg(long)]
    frames: bool,
    /// Compare with the pinned release, whose creation codes are in this folder, `CONTRACT.hex` each
    #[arg(long, value_name = "FOLDER")]
    pinned: Option<PathBuf>,
}

impl Options {
    /// A short run.
    pub fn short(seeds: u64) -> Self {
        Self {
            seeds,
            steps: 200,
            from_seed: 1,
            jobs: None,
            only: Vec::new(),
            keep_going: false,
            coverage: false,
            here: true,
            frames: false,
            pinned: None,
        }
    }
}

/// Compares, in a build that is fast enough for it.
///
/// # Errors
/// The originals cannot be set up, or a sequence differs.
pub fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) && !options.here {
        let mut again = shell::cargo();
        again
            .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
            .args(std::env::args_os().skip(1));
        return shell::run(&mut again);
    }
    compare(options)
}

/// Compares in this very process.
///
/// # Errors
/// As [`run()`].
pub fn compare(options: &Options) -> Result<()> {
    let originals = match &options.pinned {
        Some(folder) => Originals::Pinned(originals::pinned::load(folder)?),
        None => Originals::Slashing(originals::load()?),
    };
    notices_a_difference(&originals)?;
    let stage = Stage::set(&originals, World::params_under(originals.rules()))?;
    println!("{} doors agree", doors::agree(&stage, &originals.contracts())?);
    let started = Instant::now();
    let steps: Vec<u32> =
        if options.only.is_empty() { (0..options.steps).collect() } else { options.only.clone() };
    let work = Work {
        originals: &originals,
        options,
        steps: &steps,
        next: AtomicU64::new(options.from_seed),
        stop: AtomicBool::new(false),
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(cores).clamp(1, usize::try_from(options.seeds)?.max(1));
    let results = thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(|| work.seeds())).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut tally = Tally::default();
    let mut reports = Vec::new();
    for result in results {
        let Ok(result) = result else { bail!("a thread panicked") };
        let (part, found) = result?;
        tally.add(part);
        reports.extend(found);
    }
    summary(options, &tally, started.elapsed().as_secs_f64());
    ensure!(reports.is_empty(), "{} seeds differ:\n{}", reports.len(), reports.join("\n\n"));
    Ok(())
}

/// What the threads share.
struct Work<'a> {
    originals: &'a Originals,
    options: &'a Options,
    steps: &'a [u32],
    next: AtomicU64,
    stop: AtomicBool,
}

impl Work<'_> {
    /// Runs seeds until there are none; returns what was covered and the reports of what differed.
    fn seeds(&self) -> Result<(Tally, Vec<String>)> {
        let mut stage = Stage::set(self.originals, World::params_under(self.originals.rules()))?;
        stage.tries_frames = self.options.frames;
        stage.agrees()?;
        let mut tally = Tally::default();
        let mut reports = Vec::new();
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            let end = self.options.from_seed.saturating_add(self.options.seeds);
            if seed >= end || self.stop.load(Ordering::Relaxed) {
                return Ok((tally, reports));
            }
            let story = tell(&stage, seed, self.steps, false)?;
            if let Some((step, difference)) = &story.difference {
                let upto: Vec<u32> = self.steps.iter().copied().take_while(|it| it <= step).collect();
                let fewest = shrink::shrink(&stage, seed, upto, difference.kind())?;
                let story = tell(&stage, seed, &fewest, true)?;
                reports.push(shrink::describe(&stage.scene, seed, &story)?);
                self.stop.store(!self.options.keep_going, Ordering::Relaxed);
            }
            tally.add(story.tally);
        }
    }
}

/// The comparison itself is tested: a native delay that is one block longer must show.
fn notices_a_difference(originals: &Originals) -> Result<()> {
    let right = World::params_under(originals.rules());
    let longer = Params { withdrawal_delay_blocks: right.withdrawal_delay_blocks + 1, ..right };
    let stage = Stage::set(originals, longer)?;
    let steps: Vec<u32> = (0..200).collect();
    for seed in 1..=10 {
        // Not by the view that tells the delay: by what it changes.
        if tell(&stage, seed, &steps, false)?.difference.is_some() {
            return Ok(());
        }
    }
    bail!("a withdrawal delay of one block more goes unnoticed")
}

fn summary(options: &Options, tally: &Tally, secs: f64) {
    let told: u64 = tally.verbs.values().map(|count| count.told).sum();
    let succeeded: u64 = tally.verbs.values().map(|count| count.succeeded).sum();
    println!(
        "differential: {} seeds of {} steps in {secs:.0} s: {told} calls ({succeeded} succeeded), {} logs, {} answers of \
         views, {} audits, {} blocks passed, {} calls tried in static and paying frames; {} calls with spoiled calldata were \
         refused earlier than by the originals",
        options.seeds,
        options.steps,
        tally.logs,
        tally.views,
        tally.audits,
        tally.blocks,
        tally.framed,
        tally.stricter
    );
    println!("{} verbs, {} ways to be refused", tally.verbs.len(), tally.refusals.len());
    if options.coverage {
        for (verb, count) in &tally.verbs {
            println!("{:>7} of {:>7} succeeded: {verb}", count.succeeded, count.told);
            for ((of, selector), times) in &tally.refusals {
                if of == verb {
                    let name = selector.as_slice().try_into().ok().and_then(shrink::error_name);
                    println!("        {times:>7} {}", name.unwrap_or_else(|| format!("{selector:02x?}")));
                }
            }
        }
    }
    if options.pinned.is_none() {
        println!("{LACKING}");
    }
}
