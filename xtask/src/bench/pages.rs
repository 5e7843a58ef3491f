//! How soon a page is there, and how heavy it is: on the demo's chain, which holds the real graph, and on a chain with a
//! million stakers. Before each look a block is mined, so that no page is answered from what was kept of the last look.

use super::{
    index,
    report::{Section, Table, least_and_median},
};
use crate::{client::Client, process::Running};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Looks at each page.
const LOOKS: usize = 60;
/// Longest that the demo's story may take.
const STORY: Duration = Duration::from_secs(120);

/// # Errors
/// A node does not start, or a page is not there.
pub fn run(bulwark: &Path) -> Result<Section> {
    let mut table = Table::new(&["page", "ms (median)", "(p99)", "kB"]);
    demo(bulwark, &mut table)?;
    million(bulwark, &mut table)?;
    Ok(Section {
        name: "pages",
        title: "Pages",
        method: format!(
            "The whole answer to a `GET` over one keep-alive connection, {LOOKS} looks at each page, a block mined before each \
             look. *Demo*: `bulwark demo` after its story, going on with its traffic. *Million*: {} stakers of {} operators \
             in one service, {} slashes. Weight is of the page's own HTML, uncompressed. Aims: the first page within 50 ms, \
             150 kB.",
            index::STAKERS,
            index::OPERATORS,
            index::SLASHES,
        ),
        tables: vec![table],
    })
}

/// The real graph, put on a chain by the demo.
fn demo(bulwark: &Path, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let node = Running::start(bulwark, &["demo", "--json"], &log)?;
    let begun = Instant::now();
    // The summary is the one line that begins so; the story stands before it.
    while !std::fs::read_to_string(&log)?.lines().any(|line| line.starts_with('{')) {
        ensure!(begun.elapsed() < STORY, "the demo has not told its story after {STORY:?}");
        thread::sleep(Duration::from_millis(20));
    }
    let mut client = node.client()?;
    let first = |client: &mut Client, list: &str| -> Result<Value> {
        let page: Value = serde_json::from_slice(&client.get(&format!("/api/v1{list}"))?)?;
        page["items"].get(0).cloned().with_context(|| format!("{list} is empty"))
    };
    let slash = first(&mut client, "/slashes")?;
    let set = format!("{}:{}", text(&slash["operator_set"]["avs"])?, slash["operator_set"]["id"]);
    let id = &slash["slash_id"];
    let loss = first(&mut client, &format!("/slashes/{set}/{id}"))?;
    let (operator, service) =
        (text(&slash["operator"])?.to_owned(), text(&slash["operator_set"]["avs"])?.to_owned());
    let pages = [
        ("/".to_owned(), "overview"),
        (format!("/stakers/{}", text(&loss["staker"])?), "a staker"),
        ("/operators".to_owned(), "operators"),
        (format!("/operators/{operator}"), "an operator"),
        ("/services".to_owned(), "services"),
        (format!("/services/{service}"), "a service"),
        ("/market".to_owned(), "marketplace"),
        ("/risk".to_owned(), "risk"),
        ("/risk/matrix".to_owned(), "operators × services"),
        (format!("/slashes/{set}/{id}"), "a slash"),
        ("/blocks".to_owned(), "blocks"),
    ];
    pages.iter().try_for_each(|(path, name)| look(&mut client, path, &format!("demo: {name}"), table))
}

/// A million stakers.
fn million(bulwark: &Path, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = index::large(bulwark, folder.path())?;
    let mut client = node.client()?;
    let (staker, operator, service) = (index::staker(1), index::operator(1), index::SERVICE);
    let pages = [
        ("/".to_owned(), "overview"),
        (format!("/stakers/{staker}"), "a staker"),
        ("/operators".to_owned(), "operators"),
        (format!("/operators/{operator}"), "an operator"),
        (format!("/services/{service}"), "a service"),
        ("/market".to_owned(), "marketplace"),
        ("/risk".to_owned(), "risk"),
        ("/slashes".to_owned(), "slashes"),
    ];
    pages.iter().try_for_each(|(path, name)| look(&mut client, path, &format!("million: {name}"), table))
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("{value} is no text"))
}

fn look(client: &mut Client, path: &str, name: &str, table: &mut Table) -> Result<()> {
    let mut took = Vec::new();
    let mut weight = 0;
    for _ in 0..LOOKS {
        client.call("evm_mine", json!([]))?;
        let begun = Instant::now();
        let page = client.get(path).with_context(|| path.to_owned())?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        if !page.starts_with(b"<!DOCTYPE html>") {
            bail!("{path} is no page");
        }
        weight = page.len();
    }
    let mut sorted = took.clone();
    sorted.sort_by(f64::total_cmp);
    let p99 = sorted[sorted.len() * 99 / 100];
    let (_, median) = least_and_median(took);
    println!("{name}: {median:.1} ms, {:.0} kB", weight as f64 / 1e3);
    table.row(&[
        name.to_owned(),
        format!("{median:.1}"),
        format!("{p99:.1}"),
        format!("{:.0}", weight as f64 / 1e3),
    ]);
    Ok(())
}
