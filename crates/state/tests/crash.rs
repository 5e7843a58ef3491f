//! Kill -9 at random instants. A child seals blocks, ranges and rewinds as fast as it can, and says what it begins and what
//! is sealed; the parent kills it, opens the database and checks that all it was told is there, that the root recomputes,
//! and that past states and indexes read as plain maps say. `STATE_CRASH_KILLS` sets the number of kills.
//! Says nothing about power loss: for that, see how the journal is synced.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod common;

use common::{Draft, Model, block_hash, block_of, options, range_of, record};
use state::{History, Writer};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DIR: &str = "STATE_CRASH_DIR";
const RUN: &str = "STATE_CRASH_RUN";
/// Branches of different runs must not meet.
const BRANCHES_A_RUN: u64 = 1_000_000;
/// Blocks after which the parent begins anew: the model keeps every state.
const MOST_BLOCKS: u64 = 600;

/// splitmix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// What block `number` of a branch does: a function of these alone, so that both sides know it.
fn draft_of(branch: u64, number: u64) -> Draft {
    let mut rng = Rng(branch << 32 | number);
    let mut changes = Vec::new();
    for _ in 0..rng.below(8) {
        let account = (rng.below(8) != 0).then(|| (rng.below(1_000), rng.below(2) == 0));
        let slots = (0..rng.below(6)).map(|_| (rng.below(24) as u8, rng.below(4) as u8)).collect();
        changes.push((rng.below(20) as u8, account, slots, rng.below(10) == 0));
    }
    let logs = (0..rng.below(4)).map(|_| (rng.below(4) as u8, rng.below(6) as u8)).collect();
    Draft { changes, logs, transactions: rng.below(4) as u8 }
}

/// One write of the child.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Block { branch: u64 },
    Empty { branch: u64, length: u8 },
    Rewind { to: u64, branch: u64 },
}

impl Act {
    fn line(self) -> String {
        match self {
            Self::Block { branch } => format!("block {branch} 0"),
            Self::Empty { branch, length } => format!("empty {branch} {length}"),
            Self::Rewind { to, branch } => format!("rewind {branch} {to}"),
        }
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (kind, branch, n) =
            (words.next()?, words.next()?.parse().ok()?, words.next()?.parse::<u64>().ok()?);
        match kind {
            "block" => Some(Self::Block { branch }),
            "empty" => Some(Self::Empty { branch, length: n as u8 }),
            "rewind" => Some(Self::Rewind { to: n, branch }),
            _ => None,
        }
    }

    fn apply(self, model: &mut Model) {
        match self {
            Self::Block { branch } => {
                model.branch = branch;
                model.push(&draft_of(branch, model.blocks.len() as u64));
            }
            Self::Empty { branch, length } => {
                model.branch = branch;
                model.push_empty(&[length]);
            }
            Self::Rewind { to, .. } => model.cut(to),
        }
    }
}

/// The child: runs until it is killed. Not a test by itself.
#[test]
#[ignore = "started by the test below"]
fn seal_until_killed() {
    let (dir, run) = (std::env::var(DIR).unwrap(), std::env::var(RUN).unwrap().parse::<u64>().unwrap());
    let mut writer = Writer::open(options(Some(dir.into()), History::All)).unwrap();
    let mut rng = Rng(run);
    let mut branch = run * BRANCHES_A_RUN;
    let mut out = std::io::stderr();
    let mut say = move |line: &str| writeln!(out, "{line}").unwrap();
    say("open");
    loop {
        let head = writer.head().map(|head| head.number);
        let next = head.map_or(0, |head| head + 1);
        let act = match (rng.below(24), head) {
            (0, Some(_)) => Act::Empty { branch, length: 1 + rng.below(9) as u8 },
            (1, Some(head)) => Act::Rewind { to: head.saturating_sub(rng.below(14)), branch },
            _ => Act::Block { branch },
        };
        say(&act.line());
        match act {
            Act::Block { branch } => {
                let draft = draft_of(branch, next);
                writer.stage(draft.changes()).unwrap();
                writer.commit(record(next, &block_of(branch, next, 0, &draft))).unwrap();
            }
            Act::Empty { branch, length } => writer.commit_empty([range_of(branch, next, length)]).unwrap(),
            Act::Rewind { to, .. } => {
                writer.rewind(to).unwrap();
                branch += 1;
            }
        }
        say("done");
    }
}

/// Runs the child and kills it some time after its start or after it has opened. Returns what it sealed, and what it had
/// begun when it died.
fn run_and_kill(dir: &Path, run: u64, rng: &mut Rng) -> (Vec<Act>, Option<Act>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "seal_until_killed", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(RUN, run.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let from_start = rng.below(4) == 0;
    let mut heard: Vec<String> = Vec::new();
    if !from_start {
        heard.extend(lines.next().and_then(Result::ok));
        assert_eq!(heard, ["open"], "the child of run {run} could not open: {:?}", lines.next());
    }
    let end = Instant::now() + Duration::from_micros(rng.below(250_000));
    let (send, receive) = std::sync::mpsc::channel();
    let reading =
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));
    while let Ok(line) = receive.recv_timeout(end.saturating_duration_since(Instant::now())) {
        heard.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    heard.extend(receive.iter());
    reading.join().unwrap().unwrap();
    let mut sealed = Vec::new();
    let mut begun = None;
    for line in heard.iter().filter(|line| *line != "open") {
        match (line.as_str(), begun) {
            ("done", Some(act)) => {
                sealed.push(act);
                begun = None;
            }
            (line, _) => begun = Some(Act::read(line).unwrap_or_else(|| panic!("the child said: {line}"))),
        }
    }
    (sealed, begun)
}

#[test]
fn no_kill_loses_what_was_sealed() {
    let kills: u64 = std::env::var("STATE_CRASH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    let mut rng = Rng(kills ^ u64::from(std::process::id()));
    let (mut model, mut dir) = (Model::default(), tempfile::tempdir().unwrap());
    let (mut acknowledged, mut further) = (0, 0);
    for run in 1..=kills {
        let (sealed, begun) = run_and_kill(dir.path(), run, &mut rng);
        sealed.iter().for_each(|act| act.apply(&mut model));
        acknowledged += sealed.len();
        let writer = Writer::open(options(Some(dir.path().into()), History::All)).unwrap();
        let reader = writer.reader();
        // What it had begun is whole or not there at all.
        if let Some(act) = begun {
            let mut with = model.clone();
            act.apply(&mut with);
            if reader.head().map(|head| (head.number, head.hash)) == head_of(&with) {
                model = with;
                further += 1;
            }
        }
        assert_eq!(
            reader.head().map(|head| (head.number, head.hash)),
            head_of(&model),
            "run {run}, begun: {begun:?}"
        );
        model.check(&reader, 0);
        if let Some(head) = model.head() {
            common::compare_writer(&writer, model.world(head));
        }
        drop((reader, writer));
        if model.head().is_some_and(|head| head > MOST_BLOCKS) {
            (model, dir) = (Model::default(), tempfile::tempdir().unwrap());
        }
    }
    println!(
        "{kills} kills, {acknowledged} acknowledged writes, none lost; {further} times one more was there"
    );
    assert!(acknowledged > 0);
}

/// Number and hash of the model's last block.
fn head_of(model: &Model) -> Option<(u64, alloy_primitives::B256)> {
    let head = model.head()?;
    Some((head, model.blocks.last()?.hash))
}

#[test]
fn hashes_of_branches_differ() {
    assert_ne!(block_hash(1, 5), block_hash(2, 5));
}
