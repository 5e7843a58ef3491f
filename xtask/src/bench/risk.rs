//! The risk engine against HiGHS in one run: exact slack and its relaxation on the published graph, by the example of
//! the `risk` crate (which measures inside the process) and by scripts over the solver's wheel, robustness of an elastic
//! network and the smallest shock beside them. What HiGHS is not asked for (certificates, slack of each service, synthetic
//! networks) stands with its aim alone. Where HiGHS ends, its answer must be ours.

use super::{
    python,
    report::{Section, Table},
};
use crate::shell::{capture, cargo, root};
use anyhow::{Context, Result, ensure};
use std::{collections::BTreeMap, process::Command};

/// The versions that figures are compared with.
const WHEELS: [&str; 2] = ["highspy==1.15.*", "numpy==2.4.*"];

/// Scripts that ask HiGHS, each printing `key|milliseconds|figure` lines, `limit` for a figure where time was up.
const SCRIPTS: [&str; 2] = ["slack.py", "attacks.py"];
/// Part of a figure (of one, where it is smaller) by which the two answers may differ.
const TOLERANCE: f64 = 1e-5;

/// What HiGHS took, in milliseconds, and what it answered if it ended.
struct Baseline {
    milliseconds: f64,
    figure: Option<f64>,
}

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
        let [key, task, taken, note, aim, figure] = cells[..] else { continue };
        let milliseconds: f64 = taken.parse().with_context(|| format!("no time in {line:?}"))?;
        let (mut baseline, mut ratio) = (String::new(), String::new());
        if let Some(found) = theirs.get(key) {
            let least = if found.figure.is_none() { "≥ " } else { "" };
            baseline = format!("{least}{:.0}", found.milliseconds);
            ratio = format!("{least}{:.0}", found.milliseconds / milliseconds);
            agree(task, figure.parse().with_context(|| format!("no figure in {line:?}"))?, found)?;
        }
        table.row(&[task.into(), taken.into(), baseline, ratio, aim.into(), note.into()]);
    }
    Ok(Section {
        name: "risk",
        title: "Slack of restaking networks",
        method: format!(
            "The published graph (349 operators, 25 services, 1,558 registrations) under four prize rules, θ = 1/3: γ with \
             both ends proved to 1e-6, and the relaxation C2, certificate included; medians of five runs, one core. {said}, \
             medians of three; robustness (minima by binary variables and large constants) and the smallest shock once, for at \
             most 20 s (≥: not ended). Where HiGHS ends, the answers agree. Synthetic networks once, for at most 5 s a search; the width that is left is stated. Times \
             include whatever else the machine did."
        ),
        tables: vec![table],
    })
}

/// HiGHS's times and answers by key.
fn baseline() -> Result<BTreeMap<String, Baseline>> {
    let data = root().join("crates/node/data/registration-graph");
    let python = python::with(&WHEELS)?;
    let mut found = BTreeMap::new();
    for script in SCRIPTS {
        let mut highs = Command::new(&python);
        highs.arg(root().join("tools/highs").join(script));
        highs.arg(data.join("operators.csv")).arg(data.join("services.csv"));
        let output = capture(&mut highs).with_context(|| format!("{script} failed"))?;
        for line in output.lines() {
            let cells: Vec<&str> = line.split('|').collect();
            let [key, taken, figure] = cells[..] else { anyhow::bail!("no time in {line:?}") };
            let figure = if figure == "limit" { None } else { Some(figure.parse()?) };
            found.insert(key.to_owned(), Baseline { milliseconds: taken.parse()?, figure });
        }
    }
    Ok(found)
}

/// Two solvers, one answer.
fn agree(task: &str, ours: f64, theirs: &Baseline) -> Result<()> {
    let Some(figure) = theirs.figure else { return Ok(()) };
    let apart = (ours - figure).abs();
    ensure!(apart <= TOLERANCE * figure.abs().max(1.0), "{task}: {ours} by us, {figure} by HiGHS");
    Ok(())
}
