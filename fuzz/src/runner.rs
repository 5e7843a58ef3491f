//! Runs a target for a bounded time: makes inputs, keeps those that show something new, and stops at the first broken
//! promise with the input in a file, from which it can be run again.

use crate::{Target, mutate::MAX_INPUT, random::Random};
use clap::Parser;
use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Inputs kept as parents of others; beyond it a random one makes way.
const MAX_CORPUS: usize = 4_096;

/// Inputs made afresh before the first mutation.
const FIRST_INPUTS: usize = 256;

/// One input in so many is made afresh.
const FRESH_ONCE_IN: usize = 8;

/// Longest that one input may run. The targets take microseconds to milliseconds; even on a loaded machine an input
/// beyond this hangs or costs far more work than it pays gas for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where inputs that broke a promise are kept, from the folder of this crate.
const ARTIFACTS: &str = "artifacts";

/// Tries random inputs for a bounded time.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// How long to run
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub secs: u64,
    /// Where the stream of choices starts: the same seed repeats a run; by default taken from the clock
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Runs one input from a file instead
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
}

/// A broken promise.
#[derive(Debug)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// What happened.
    pub reason: String,
}

/// What a run without failure tried.
#[derive(Debug)]
pub struct Summary {
    /// Inputs run.
    pub inputs: u64,
    /// Different behaviours seen.
    pub behaviours: usize,
}

/// The `main` of a target's binary.
pub fn main(target: Target) -> ExitCode {
    let options = Options::parse();
    if let Some(path) = &options.replay {
        return replay(target, path);
    }
    let seed = options.seed.unwrap_or_else(clock_seed);
    let begun = Instant::now();
    match run(target, seed, Duration::from_secs(options.secs)) {
        Ok(Summary { inputs, behaviours }) => {
            let secs = begun.elapsed().as_secs();
            println!(
                "{}: {inputs} inputs in {secs} s, {behaviours} behaviours, no failure (seed {seed})",
                target.name
            );
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{}: {} (seed {seed}); {}", target.name, failure.reason, keep(target, &failure.input));
            ExitCode::FAILURE
        }
    }
}

/// Runs random inputs until the time is over.
///
/// # Errors
/// The first input that breaks a promise.
pub fn run(target: Target, seed: u64, time: Duration) -> Result<Summary, Failure> {
    let end = Instant::now() + time;
    let mut random = Random::new(seed);
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut inputs = 0;
    while Instant::now() < end {
        let input = next_input(target, &mut random, &corpus);
        let behaviours = attempt(target, &input)?;
        inputs += 1;
        let known = seen.len();
        seen.extend(behaviours);
        if seen.len() > known {
            if corpus.len() < MAX_CORPUS {
                corpus.push(input);
            } else {
                let place = random.below(MAX_CORPUS);
                corpus[place] = input;
            }
        }
    }
    Ok(Summary { inputs, behaviours: seen.len() })
}

fn next_input(target: Target, random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    if corpus.len() < FIRST_INPUTS.min(MAX_CORPUS) && random.once_in(2) || random.once_in(FRESH_ONCE_IN) {
        return (target.generate)(random);
    }
    let Some(mut input) = corpus.get(random.below(corpus.len())).cloned() else {
        return (target.generate)(random);
    };
    let other = random.below(corpus.len());
    (target.mutate)(random, &mut input, &corpus[other]);
    input.truncate(MAX_INPUT);
    input
}

fn attempt(target: Target, input: &[u8]) -> Result<Vec<u64>, Failure> {
    let begun = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let fail = |reason| Failure { input: input.to_vec(), reason };
    match (outcome, begun.elapsed()) {
        (Ok(_), took) if took > PATIENCE => {
            Err(fail(format!("an input took {took:?}, at most {PATIENCE:?} is right")))
        }
        (Ok(behaviours), _) => Ok(behaviours),
        (Err(panic), _) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text =
                text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
            Err(fail(format!("an input broke a promise: {text}")))
        }
    }
}

/// Saves an input, and says how to run it again.
fn keep(target: Target, input: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(ARTIFACTS);
    let path = folder.join(format!("{}-{:016x}", target.name, hash(input)));
    let saved = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input));
    match saved {
        Ok(()) => format!(
            "run it again with: cargo run -p fuzz --bin {} -- --replay {}, or the whole run by its seed",
            target.name,
            path.display()
        ),
        Err(error) => format!("the input could not be saved to {}: {error}", path.display()),
    }
}

fn replay(target: Target, path: &Path) -> ExitCode {
    let input = match std::fs::read(path) {
        Ok(input) => input,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    match attempt(target, &input) {
        Ok(behaviours) => {
            println!("{}: {} bytes, {} behaviours, no failure", target.name, input.len(), behaviours.len());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{}: {}", target.name, failure.reason);
            ExitCode::FAILURE
        }
    }
}

/// A mark of a behaviour, or of anything else (FNV-1a).
pub fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn clock_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutate::mutate;

    const SHORT: Duration = Duration::from_secs(2);

    fn target(run: fn(&[u8]) -> Vec<u64>) -> Target {
        Target { name: "test", generate: |_| b"harmless".to_vec(), mutate, run }
    }

    #[test]
    fn a_broken_promise_three_changes_away_is_found_and_can_be_repeated() {
        let careless = target(|input| {
            let prefix = b"\xff\xf8\xc0".iter().zip(input).take_while(|(a, b)| a == b).count();
            assert!(prefix < 3, "the third byte was too much");
            vec![prefix as u64]
        });
        let failure = run(careless, 1, Duration::from_secs(60)).unwrap_err();
        assert!(failure.reason.ends_with("the third byte was too much"), "{}", failure.reason);
        assert!(attempt(careless, &failure.input).is_err());
    }

    #[test]
    fn a_run_without_failure_says_what_it_saw() {
        let summary = run(target(|input| vec![input.len() as u64 % 4]), 1, SHORT).unwrap();
        assert!(summary.inputs > 100 && summary.behaviours == 4, "{summary:?}");
    }
}
