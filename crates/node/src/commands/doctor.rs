//! `bulwark doctor`: looks at all of a data directory. Ends with 0 if all is well, with 2 if something was found, with 1
//! if the directory cannot be opened at all.

use crate::{cli::DoctorArgs, commands, failure::Failure, text};
use chain::doctor::{MOST_FINDINGS, Progress, Reindexed, Report, examine, reindex};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// Findings shown to people; `--json` has all.
const SHOWN: usize = 20;

/// Examines and reports.
///
/// # Errors
/// Something was found, or the directory cannot be opened.
pub fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let shown = args.data_dir.display();
    if !args.data_dir.is_dir() {
        return Err(Failure::usage(format!("{shown} is no directory"))
            .help("name the directory that the node was given with --data-dir"));
    }
    if args.reindex {
        return run_reindex(args);
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40.blue} {pos} of {len} {msg}") {
        bar.set_style(style.progress_chars("■■·"));
    }
    let examined = examine(&args.data_dir, |Progress { what, done, total }| {
        bar.set_length(total);
        bar.set_message(what);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = examined.map_err(Failure::new)?;
    let text = if args.json { format!("{:#}\n", json(&report)) } else { told(&report) };
    commands::print(&text)?;
    let faults = match report.findings.len() {
        0 => return Ok(()),
        1 => "a fault".into(),
        MOST_FINDINGS => format!("{MOST_FINDINGS} faults or more"),
        count => format!("{count} faults"),
    };
    Err(Failure::negative(format!("{shown} has {faults}"))
        .help("keep a copy; restore the last good one, or start anew in another directory"))
}

/// Builds the index anew, and says whether it had been right.
fn run_reindex(args: &DoctorArgs) -> Result<(), Failure> {
    let Reindexed { head, before, after } = reindex(&args.data_dir, None).map_err(Failure::new)?;
    let (rows, equal) = (text::grouped(after.rows), before == after);
    let told = if args.json {
        let report =
            json!({ "head": head, "index_rows": after.rows, "rows_before": before.rows, "equal": equal });
        format!("{report:#}\n")
    } else if equal {
        format!(
            "index       {rows} rows of blocks 0 to {}: built anew, and equal to what was there\n",
            text::grouped(head)
        )
    } else {
        let was = text::grouped(before.rows);
        format!(
            "index       {rows} rows of blocks 0 to {}: built anew; what was there ({was} rows) differed\n",
            text::grouped(head)
        )
    };
    commands::print(&told)
}

fn json(report: &Report) -> Value {
    json!({
        "chain_id": report.chain_id,
        "genesis": report.genesis,
        "oldest": report.oldest,
        "head": report.head,
        "state_root": report.state_root,
        "accounts": report.accounts,
        "slots": report.slots,
        "transactions": report.transactions,
        "logs": report.logs,
        "index_rows": report.index_rows,
        "findings": report.findings,
    })
}

/// The report for people.
fn told(report: &Report) -> String {
    let of = |count: u64, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", text::grouped(count)),
    };
    let mut lines = vec![
        format!("chain       {}, genesis {}", report.chain_id, report.genesis),
        format!(
            "blocks      0 to {}, with {} and {}",
            text::grouped(report.head),
            of(report.transactions, "transaction", "transactions"),
            of(report.logs, "log", "logs")
        ),
        format!(
            "state       {} and {}, root {}",
            of(report.accounts, "account", "accounts"),
            of(report.slots, "slot", "slots"),
            report.state_root
        ),
    ];
    lines.push(format!("index       {}", of(report.index_rows, "row", "rows")));
    if report.oldest > 0 {
        let oldest = text::grouped(report.oldest);
        lines.push(format!("pruned      before block {oldest}: only who acted since is audited"));
    }
    lines.push(String::new());
    if report.findings.is_empty() {
        lines.push(
            "All agrees: state root, block hashes, roots, blooms, index, and the invariants of restaking."
                .into(),
        );
    }
    let (care, off) = (text::CARE.render(), text::CARE.render_reset());
    lines.extend(report.findings.iter().take(SHOWN).map(|finding| format!("{care}✗{off} {finding}")));
    if let Some(more) = report.findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("… and {more} more; --json shows them"));
    }
    lines.push(String::new());
    lines.join("\n")
}
