//! Random chains against plain maps, in memory and durable: every block, every past state, every index, before and after
//! folds, prunes, rewinds and restarts.

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

use common::{Model, Step, compare_state, compare_writer, options, steps};
use proptest::prelude::*;
use state::{Error, History, Writer};
use std::path::PathBuf;

/// The oldest readable block: as promised, or older, where a rewind came before its state was removed.
fn oldest(writer: &Writer, model: &Model, history: History) -> u64 {
    let oldest = writer.reader().oldest();
    let head = model.head().unwrap_or_default();
    match history {
        History::All => assert_eq!(oldest, 0),
        History::Last(blocks) => assert!(oldest >= head.saturating_sub(blocks) && oldest <= head),
    }
    oldest
}

/// Runs the steps and compares after each restart, where asked, and at the end.
fn run(steps: &[Step], data_dir: Option<PathBuf>, history: History) {
    let mut model = Model::default();
    let mut writer = Writer::open(options(data_dir.clone(), history)).unwrap();
    for step in steps {
        match step {
            Step::Block(draft) => model.seal(&mut writer, draft),
            Step::Empty(lengths) => model.seal_empty(&mut writer, lengths),
            Step::Amend(draft) => model.amend(&mut writer, draft),
            Step::Try(draft) => model.try_out(&mut writer, draft),
            Step::Rewind(back) => {
                let oldest = oldest(&writer, &model, history);
                model.rewind(&mut writer, u64::from(*back), oldest);
            }
            Step::Restart if data_dir.is_some() => {
                writer.close().unwrap();
                writer = Writer::open(options(data_dir.clone(), history)).unwrap();
                model.check(&writer.reader(), oldest(&writer, &model, history));
            }
            Step::Restart | Step::Check => model.check(&writer.reader(), oldest(&writer, &model, history)),
        }
    }
    model.check(&writer.reader(), oldest(&writer, &model, history));
    if let Some(head) = model.head() {
        compare_writer(&writer, model.world(head));
    }
    check_bounds(&writer, &model);
}

fn check_bounds(writer: &Writer, model: &Model) {
    let reader = writer.reader();
    let Some(head) = model.head() else {
        assert_eq!(reader.account(common::address(1), 0), Err(Error::NoBlocks));
        return;
    };
    let beyond = reader.account(common::address(1), head + 1);
    assert_eq!(beyond, Err(Error::UnknownBlock { asked: head + 1, head }));
    let oldest = reader.oldest();
    if let Some(asked) = oldest.checked_sub(1) {
        let refused = reader.account(common::address(1), asked);
        assert_eq!(refused, Err(Error::StatePruned { asked, oldest }));
        let refused = reader.blocks_with_logs(&[], asked..=head).err();
        assert_eq!(refused, Some(Error::LogsPruned { asked, oldest }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_chain_in_memory_is_what_plain_maps_say(steps in steps(60)) {
        run(&steps, None, History::All);
    }

    #[test]
    fn a_chain_in_memory_forgets_exactly_what_it_may(steps in steps(60), last in 0u64..12) {
        run(&steps, None, History::Last(last));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn a_durable_chain_is_what_plain_maps_say(steps in steps(70)) {
        let dir = tempfile::tempdir().unwrap();
        run(&steps, Some(dir.path().into()), History::All);
    }

    #[test]
    fn a_durable_chain_forgets_exactly_what_it_may(steps in steps(70), last in 0u64..12) {
        let dir = tempfile::tempdir().unwrap();
        run(&steps, Some(dir.path().into()), History::Last(last));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_reader_keeps_its_block_whatever_comes_after(before in steps(30), after in steps(30), durable: bool) {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = durable.then(|| dir.path().into());
        let mut model = Model::default();
        let mut writer = Writer::open(options(data_dir, History::All)).unwrap();
        play(&before, &mut model, &mut writer);
        let (then, reader) = (model.clone(), writer.reader());
        play(&after, &mut model, &mut writer);
        then.check(&reader, 0);
        if let Some(head) = then.head() {
            compare_state(&reader, head, then.world(head)).unwrap();
        }
        model.check(&writer.reader(), 0);
    }
}

fn play(steps: &[Step], model: &mut Model, writer: &mut Writer) {
    for step in steps {
        match step {
            Step::Block(draft) => model.seal(writer, draft),
            Step::Empty(lengths) => model.seal_empty(writer, lengths),
            Step::Amend(draft) => model.amend(writer, draft),
            Step::Try(draft) => model.try_out(writer, draft),
            Step::Rewind(back) => model.rewind(writer, u64::from(*back), 0),
            Step::Restart | Step::Check => {}
        }
    }
}
