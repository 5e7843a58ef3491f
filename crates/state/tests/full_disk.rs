//! A disk that takes no more: a child writes under a limit of file size until the system refuses. What it was told is
//! sealed is there afterwards, and the chain goes on when there is room again.

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

use alloy_primitives::B256;
use common::{CHAIN, block_hash};
use state::{BlockRecord, Error, Options, Writer};
use std::process::Command;

const DIR: &str = "STATE_FULL_DISK_DIR";
/// The journal is made with 64 MiB; the limit lies a little above, in units of 512 bytes.
const LIMIT: u64 = 66 * 2_048;
/// Bytes of a body: three do not fit.
const BODY: usize = 30 << 20;

fn block(number: u64) -> BlockRecord {
    // Bytes that do not compress: xorshift64.
    let mut word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word
    });
    let body = words.take(BODY / 8).flat_map(u64::to_le_bytes).collect();
    BlockRecord {
        number,
        hash: block_hash(0, number),
        header: vec![1],
        body,
        receipts: vec![],
        transactions: vec![B256::repeat_byte(number as u8)],
        log_keys: vec![],
        side: Vec::new(),
    }
}

/// The child: not a test by itself.
#[test]
#[ignore = "started by the test below"]
fn seal_until_refused() {
    let dir = std::env::var(DIR).unwrap();
    let mut writer = Writer::open(Options::durable(&dir, CHAIN)).unwrap();
    for number in 0..20 {
        match writer.commit(block(number)) {
            Ok(()) => eprintln!("sealed {number}"),
            Err(error) => {
                assert!(matches!(error, Error::Io { .. }), "{error}");
                eprintln!("refused {error}");
                let again = writer.commit(block(number)).unwrap_err();
                assert!(matches!(again, Error::Stopped { .. }), "{again}");
                assert!(matches!(writer.stage(Default::default()).unwrap_err(), Error::Stopped { .. }));
                assert!(matches!(writer.rewind(0), Err(Error::Stopped { .. })) || number == 0);
                assert_eq!(writer.reader().head().map(|head| head.number + 1).unwrap_or(0), number);
                return;
            }
        }
    }
}

#[test]
fn a_refused_write_loses_nothing_and_the_chain_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT}; exec \"$0\" \"$@\"");
    let child = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "seal_until_refused", "--ignored", "--nocapture"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr).into_owned();
    let sealed = said.lines().filter(|line| line.starts_with("sealed ")).count() as u64;
    assert!(child.status.success() && said.contains("refused ") && sealed > 0, "{said}");
    let mut writer = Writer::open(Options::durable(dir.path(), CHAIN)).unwrap();
    let reader = writer.reader();
    let head = reader.head().unwrap().number;
    // The refused block may be whole in the journal, but nothing sealed may be missing.
    assert!(head + 1 >= sealed, "{said}");
    for number in 0..sealed {
        assert_eq!(reader.body(number).unwrap().unwrap().as_ref(), block(number).body);
    }
    writer.commit(block(head + 1)).unwrap();
    assert_eq!(writer.head().unwrap().number, head + 1);
}
