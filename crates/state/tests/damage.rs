//! One damaged file at a time: every file of a small database gets flipped bits, is cut short, emptied, or removed. Opening
//! and reading then give right answers or an error of one line, never a wrong answer and never a panic.
//! `STATE_DAMAGE_TRIES` sets how many spots of each file are tried.

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

use common::{Draft, Model, options};
use state::{Error, History, Writer};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Flip(u64, u8),
    Cut(u64),
    Remove,
}

fn draft(n: u64) -> Draft {
    let byte = |k: u64| (n.wrapping_mul(2_654_435_761).wrapping_add(k * 40_503) >> 7) as u8;
    let change = |k: u64| {
        let slots = (0..5).map(|s| (byte(k + s) % 24, byte(k * 3 + s) % 4)).collect();
        (
            byte(k) % 20,
            (!byte(k).is_multiple_of(9)).then_some((n + k, k.is_multiple_of(2))),
            slots,
            byte(k).is_multiple_of(16),
        )
    };
    Draft {
        changes: (0..6).map(change).collect(),
        logs: vec![(byte(1) % 4, byte(2) % 6), (byte(3) % 4, byte(4) % 6)],
        transactions: byte(5) % 4,
    }
}

/// A database with folded and pending blocks, ranges, a rewind and a checkpoint.
fn build(dir: &Path) -> Model {
    let mut model = Model::default();
    let mut writer = Writer::open(options(Some(dir.into()), History::All)).unwrap();
    for n in 0..40 {
        model.seal(&mut writer, &draft(n));
        match n {
            12 => model.seal_empty(&mut writer, &[7, 3]),
            20 => model.rewind(&mut writer, 3, 0),
            _ => {}
        }
    }
    writer.close().unwrap();
    let mut writer = Writer::open(options(Some(dir.into()), History::All)).unwrap();
    for n in 40..44 {
        model.seal(&mut writer, &draft(n));
    }
    model.seal_empty(&mut writer, &[4]);
    writer.close().unwrap();
    model
}

/// A file of the whole database: its content up to the long zero tail that journals have, and its length.
struct Whole {
    name: PathBuf,
    used: Vec<u8>,
    len: u64,
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push(path) }
    }
    out.sort();
    out
}

fn read_all(dir: &Path) -> Vec<Whole> {
    let read = |file: PathBuf| {
        let mut used = std::fs::read(&file).unwrap();
        let len = used.len() as u64;
        used.truncate(used.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        Whole { name: file.strip_prefix(dir).unwrap().into(), used, len }
    };
    files(dir).into_iter().map(read).collect()
}

/// Writes all files; zero tails become holes again.
fn write_all(files: &[Whole], dir: &Path) {
    for file in files {
        let target = dir.join(&file.name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(&target, &file.used).unwrap();
        std::fs::File::options().write(true).open(&target).unwrap().set_len(file.len).unwrap();
    }
}

fn harms(file: &Whole, tries: u64) -> Vec<Harm> {
    let used = file.used.len() as u64;
    let mut out = vec![Harm::Remove];
    if used > 0 {
        let mut spots: Vec<u64> =
            (0..tries).map(|n| (n * 2_654_435_761 + 17) % used).chain([used / 2]).collect();
        spots.sort_unstable();
        spots.dedup();
        out.extend(spots.iter().map(|spot| Harm::Flip(*spot, (spot % 8) as u8)));
        out.extend([used / 3, used - 1].map(Harm::Cut));
    }
    out
}

fn harm(file: &Whole, dir: &Path, harm: Harm) {
    let path = dir.join(&file.name);
    let open = || std::fs::File::options().write(true).open(&path).unwrap();
    match harm {
        Harm::Remove => std::fs::remove_file(&path).unwrap(),
        Harm::Cut(len) => open().set_len(len).unwrap(),
        Harm::Flip(at, bit) => open().write_all_at(&[file.used[at as usize] ^ (1 << bit)], at).unwrap(),
    }
}

fn is_one_line(error: &Error) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() > 20, "{text}");
}

/// Opens, reads everything, seals another block and reads again.
fn survive(dir: &Path, model: &Model) -> Vec<Error> {
    let mut writer = match Writer::open(options(Some(dir.into()), History::All)) {
        Ok(writer) => writer,
        Err(error) => return vec![error],
    };
    let mut errors = model.compare(&writer.reader(), 0);
    let mut model = model.clone();
    let (changes, record) = model.push(&draft(99));
    let sealed = writer.stage(changes).and_then(|root| {
        assert_eq!(root, model.root(model.head().unwrap()));
        writer.commit(record)
    });
    match sealed {
        Ok(()) => errors.extend(model.compare(&writer.reader(), 0)),
        Err(error) => errors.push(error),
    }
    errors
}

#[test]
fn a_damaged_file_gives_right_answers_or_an_error_of_one_line() {
    let tries = std::env::var("STATE_DAMAGE_TRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let whole = tempfile::tempdir().unwrap();
    let mut model = build(whole.path());
    model.stride = 9;
    let whole = read_all(whole.path());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        hook(info);
    }));
    let (mut harmless, mut noticed) = (0, 0);
    for file in &whole {
        for what in harms(file, tries) {
            let dir = tempfile::tempdir().unwrap();
            write_all(&whole, dir.path());
            harm(file, dir.path(), what);
            let before = PANICS.load(Ordering::Relaxed);
            let errors = survive(dir.path(), &model);
            errors.iter().for_each(is_one_line);
            let panics = PANICS.load(Ordering::Relaxed) - before;
            assert_eq!(panics, 0, "{what:?} of {} panicked", file.name.display());
            if errors.is_empty() { harmless += 1 } else { noticed += 1 }
        }
    }
    println!("{noticed} damages noticed, {harmless} harmless");
    assert!(noticed > harmless / 8 && noticed > 20);
}
