//! Replays the executed cases of the pinned release: scenes with the answer, the logs and the views that the compiled
//! originals gave. `tests/data/core_cases.json` holds all of them, one a line; those run whose verbs exist. The data's
//! form is described in `tests/data/README.md`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where its data is not as described"
)]

mod codec;
mod world;

use serde_json::Value;
use world::World;

/// Cases that this build can run. Raise it with each verb that is added; it never falls.
const REPLAYED: usize = 477;

/// R36 is about version strings and has no scene.
const ELSEWHERE: [u32; 1] = [36];

#[test]
fn the_executed_cases_of_the_pinned_release_come_out_equal() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../data/core_cases.json")).expect("a list");
    let departs = |case: &&Value| case["note"].as_str().is_some_and(|note| note.starts_with("decision D1"));
    let runnable = cases.iter().filter(|case| world::can_run(case));
    let (departing, runnable): (Vec<&Value>, Vec<&Value>) = runnable.partition(departs);
    let failures: Vec<String> = runnable.iter().flat_map(|case| failures_of(case)).collect();
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(runnable.len(), REPLAYED, "of {} cases", cases.len());
    for rule in (1..=46).filter(|rule| !ELSEWHERE.contains(rule)) {
        let name = format!("R{rule}");
        assert!(runnable.iter().chain(&departing).any(|case| case["rule"] == *name), "{name} has no case");
    }
    // In a young chain the originals cannot slash; ours can (restaking-core D1).
    assert_eq!(departing.len(), 1);
    assert!(departing.iter().all(|case| !failures_of(case).is_empty()));
}

/// All differences of one case, each with the case's name.
fn failures_of(case: &Value) -> Vec<String> {
    let mut world = World::new(&case["world"]);
    let mut found = Vec::new();
    for step in list(&case["setup"]) {
        if let Err(why) = world.prepare(step) {
            found.push(format!("setup: {why}"));
        }
    }
    if !case["action"].is_null() {
        found.extend(world.act(&case["action"], &case["expect"]));
    }
    for value in list(&case["expect"]["values"]) {
        found.extend(world.look(value));
    }
    found.into_iter().map(|why| format!("[{} {}] {why}", case["rule"], case["name"])).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
