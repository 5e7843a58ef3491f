//! The risk engine against HiGHS in one run: exact slack and its relaxation on the published graph, by the example of
//! the `risk` crate (which measures inside the process) and by a script over the solver's wheel. What HiGHS is not asked
//! for (certificates, elastic robustness, synthetic networks) stands with its aim alone.

use super::{
    python,
    report::{Section, Table},
};
use crate::shell::{capture, cargo, root};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, process::Command};

/// The versions that figures are compared with.
const WHEELS: [&str; 2] = ["highspy==1.15.*", "numpy==2.4.*"];

pub fn run() -> Result<Section> {
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--release", "--package", "risk", "--example", "slack_bench"]);
    let ours = capture(&mut bench)?;
    let (theirs, said) = match baseline() {
        Ok(found) => (
            found,
            "HiGHS 1.15 on one thread solves the same formulation to the same relative gap of 1e-6".into(),
        ),
        Err(error) => {
            println!("no baseline: {error:#}");
            (BTreeMap::new(), format!("**HiGHS was not available ({error}), so there is no baseline**"))
        }
    };
    let mut table = Table::new(&["task", "ms", "HiGHS, ms", "HiGHS / ours", "aim", "result"]);
    for line in ours.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let [key, task, taken, note, aim] = cells[..] else { continue };
        let milliseconds: f64 = taken.parse().with_context(|| format!("no time in {line:?}"))?;
        let (baseline, ratio) = theirs.get(key).map_or((String::new(), String::new()), |baseline| {
            (format!("{baseline:.0}"), format!("{:.0}", baseline / milliseconds))
        });
        table.row(&[task.into(), taken.into(), baseline, ratio, aim.into(), note.into()]);
    }
    Ok(Section {
        name: "risk",
        title: "Slack of restaking networks",
        method: format!(
            "The published graph (349 operators, 25 services, 1,558 registrations) under four prize rules, θ = 1/3: γ with \
             both ends proved to 1e-6, and the relaxation C2, certificate included; medians of five runs, one core. {said}, \
             medians of three. Synthetic networks once, for at most 5 s a search; the width that is left is stated. Times \
             include whatever else the machine did."
        ),
        tables: vec![table],
    })
}

/// Milliseconds of HiGHS by key.
fn baseline() -> Result<BTreeMap<String, f64>> {
    let data = root().join("crates/node/data/registration-graph");
    let mut highs = Command::new(python::with(&WHEELS)?);
    highs.arg(root().join("tools/highs/slack.py"));
    highs.arg(data.join("operators.csv")).arg(data.join("services.csv"));
    let output = capture(&mut highs).context("its script failed")?;
    let row = |line: &str| {
        let mut cells = line.split('|');
        let key = cells.next().unwrap_or_default().to_owned();
        let taken = cells.next().with_context(|| format!("no time in {line:?}"))?;
        Ok((key, taken.parse()?))
    };
    output.lines().map(row).collect()
}
