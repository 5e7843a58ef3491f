//! Alerts from outside: every kind of rule on a chain where it happens, webhooks that fail and come back, `kill -9`
//! between seal and delivery, and the dashboard's figures.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tests::{Bulwark, Desk, Hook, hook::Post};

/// Longest wait for an alert.
const PATIENCE: Duration = Duration::from_secs(60);

const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");

/// Alerts of a rule, the newest first, as soon as there are so many.
fn alerts(desk: &Desk, rule: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let list = desk.json("alert list");
        let recent = list["recent"].as_array().unwrap();
        let found: Vec<Value> = recent.iter().filter(|alert| alert["rule"] == rule).cloned().collect();
        if found.len() >= count {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{rule}: {list}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn each_kind_of_rule_tells_what_it_is_about_and_nothing_else() {
    let desk = Desk::new(&[]);
    for rule in [
        "add slashes slash --staker dev1",
        "add waits pending-slash --staker dev1",
        "add others slash --operator dev5",
        "add books allocation --set dev3:1",
        "add leader operator --operator dev2",
        "add mine operator --staker dev1",
        "add out withdrawal-ready --staker dev1",
        "add slack gamma --under 1000000",
        "add share concentration --over 0.5",
    ] {
        desk.told(&format!("alert {rule}"));
    }
    desk.restake();
    desk.mint("dev1");
    desk.told("staker deposit 100TEST --from dev1 --yes");
    desk.told("staker delegate dev2 --from dev1 --yes");
    desk.told("slash send dev3:1 dev2 25% --reason late --from dev3 --yes");
    desk.told("withdrawal queue 10TEST --from dev1 --yes");
    desk.told("chain mine 10");
    let slash = &alerts(&desk, "slashes", 1)[0];
    assert_eq!(slash["data"]["slash_id"], 1);
    assert!(slash["words"].as_str().unwrap().ends_with("slashed 0x3C44…93BC: late"), "{slash}");
    let waits = &alerts(&desk, "waits", 1)[0];
    assert_eq!((&waits["data"]["status"], &waits["data"]["slash_id"]), (&json!("pending"), &json!(1)));
    assert!(
        waits["words"].as_str().unwrap().contains("took of 0x3C44…93BC waits; it can be cleared"),
        "{waits}"
    );
    let changes = alerts(&desk, "books", 1);
    assert!(
        changes.last().unwrap()["words"].as_str().unwrap().contains("has 40.00 % slashable"),
        "{changes:?}"
    );
    let said: Vec<String> =
        alerts(&desk, "leader", 4).iter().map(|alert| alert["words"].as_str().unwrap().to_owned()).collect();
    for words in ["joined set 1", "delegated to 0x3C44…93BC", "describes itself anew"] {
        assert!(said.iter().any(|it| it.contains(words)), "{words}: {said:?}");
    }
    assert!(alerts(&desk, "mine", 1)[0]["words"].as_str().unwrap().starts_with("0x7099…79C8 delegated to"));
    let ready = &alerts(&desk, "out", 1)[0];
    let waits = &desk.json("withdrawal list dev1")["items"][0];
    assert_eq!((&ready["data"]["root"], &waits["status"]), (&waits["root"], &json!("completable")));
    assert_eq!(ready["data"]["completable_block"], waits["completable_block"]);
    let share = &alerts(&desk, "share", 1)[0];
    assert_eq!((&share["data"]["share"], &share["data"]["is_beyond"]), (&json!(1.0), &json!(true)));
    let list = desk.json("alert list");
    let of = |rule: &str| {
        let all = list["items"].as_array().unwrap();
        all.iter().find(|it| it["name"] == rule).unwrap_or_else(|| panic!("{rule}: {list}")).clone()
    };
    assert_eq!(of("share")["is_beyond"], true);
    assert!(list["recent"].as_array().unwrap().iter().all(|alert| alert["rule"] != "others"), "{list}");
    // A figure that comes back is told too: another operator of the same weight.
    desk.told("alert remove share");
    let told = desk.told("alert list --recent");
    assert!(told.contains("withdrawal ready") && !told.contains("concentration over"), "{told}");
}

#[test]
fn rules_that_cannot_be_are_refused_with_a_reason_and_tests_are_honest() {
    let desk = Desk::new(&[]);
    let hook = Hook::new(503);
    for (line, code, said) in [
        ("alert add a pending-slash --under 0.1", 1, "has no bounds"),
        ("alert add a gamma", 1, "gamma wants `under`"),
        ("alert add a slash --webhook ftp://a.test/", 1, "begins with https:// or http://"),
        ("alert add a slash --webhook http://me:pw@a.test/", 1, "names no user"),
        ("alert add a/b slash", 1, "a rule's name is"),
        ("alert remove nothing", 1, "no rule is called \"nothing\""),
        ("alert test nothing", 1, "no rule is called \"nothing\""),
        ("alert remove ../x", 64, "is no name of a rule"),
        ("alert add a slsh", 64, "invalid value"),
    ] {
        let told = desk.refused(line, code);
        assert!(told.contains(said), "{line}: {told}");
    }
    assert!(desk.told("alert list").contains("nothing is watched"));
    let added = desk.told(&format!("alert add hooked slash --webhook {}", hook.url()));
    assert!(added.contains("signed with this secret, told only now"), "{added}");
    assert!(desk.refused("alert add hooked slash", 1).contains("there is a rule hooked already"));
    let failed = desk.run("alert test hooked");
    assert_eq!(failed.code(), 2, "{failed:?}");
    assert!(failed.stderr.contains("the webhook answered 503"), "{failed:?}");
    hook.answer_with(204);
    assert!(desk.told("alert test hooked").contains("the webhook answered 204"));
    let list = desk.told("alert list");
    assert!(list.contains("hooked") && !list.contains("secret"), "{list}");
    assert!(desk.json("alert list")["items"][0]["secret"].is_null(), "a secret is told once");
}

fn ids(posts: &[Post]) -> BTreeSet<String> {
    posts.iter().map(|post| post.headers["bulwark-alert-id"].clone()).collect()
}

/// Waits until the node answers that nothing of any rule waits.
fn until_delivered(desk: &Desk) {
    let begun = Instant::now();
    loop {
        let list = desk.json("alert list");
        if list["items"].as_array().unwrap().iter().all(|rule| rule["waiting"] == 0) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{list}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn what_was_sealed_before_a_kill_is_told_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let start = || Desk::at(Bulwark::dev(&["--data-dir", data]));
    let hook = Hook::new(500);
    let mut desk = start();
    desk.told(&format!("alert add new operator --webhook {}", hook.url()));
    // Alerts that the webhook refused before the kill, and such as were sealed in its last instants.
    let mut expected = BTreeSet::new();
    for account in 0..6 {
        let sent = desk.json(&format!("operator register --from dev{account} --yes"));
        let hash = sent["transactions"][0]["hash"].as_str().unwrap().to_owned();
        expected.insert(hash);
        if account % 2 == 0 {
            hook.until(|posts| !posts.is_empty());
        }
        desk.node.kill();
        desk = start();
        assert_eq!(desk.json("alert list")["items"][0]["name"], "new", "rules outlive a kill");
    }
    hook.answer_with(200);
    let told = |posts: &[Post]| {
        let acknowledged = posts.iter().filter(|post| post.answered == 200);
        acknowledged
            .filter_map(|post| Some(post.json()["data"]["transaction_hash"].as_str()?.to_owned()))
            .collect::<BTreeSet<_>>()
    };
    let posts = hook.until(|posts| told(posts) == expected);
    assert!(posts.iter().all(|post| post.json()["id"] == post.headers["bulwark-alert-id"].as_str()));
    until_delivered(&desk);
    // The same event has the same name however often it is told, and each was told to the end.
    let acknowledged: Vec<Post> = hook.posts().into_iter().filter(|post| post.answered == 200).collect();
    assert!(ids(&hook.posts()).is_subset(&ids(&acknowledged)));
    // What is acknowledged is not told again.
    let before = ids(&hook.posts()).len();
    desk.node.kill();
    let desk = start();
    desk.told("operator register --from dev6 --yes");
    let posts = hook.until(|posts| ids(posts).len() > before);
    assert_eq!(
        posts.last().unwrap().json()["data"]["staker"],
        posts.last().unwrap().json()["data"]["operator"]
    );
}

#[test]
fn configured_rules_are_watched_from_the_start_and_not_changed_from_outside() {
    let home = tempfile::tempdir().unwrap();
    let hook = Hook::new(200);
    let path = home.path().join("alerts.toml");
    let rules = format!(
        "[[alert]]\nname = \"ops\"\nkind = \"operator\"\nwebhook = \"{}\"\nsecret = \"0123456789abcdef\"\n",
        hook.url()
    );
    std::fs::write(&path, &rules).unwrap();
    let desk = Desk::new(&["--alerts", path.to_str().unwrap()]);
    assert!(desk.refused("alert remove ops", 1).contains("is set in the configuration"));
    desk.told("operator register --from dev1 --yes");
    let posts = hook.until(|posts| !posts.is_empty());
    assert!(posts[0].headers["bulwark-signature"].starts_with("v1="));
    std::fs::write(&path, rules.replace("operator", "operators")).unwrap();
    let refused = Bulwark::try_dev(&["--alerts", path.to_str().unwrap()]).unwrap_err();
    assert!(refused.error().contains("unknown variant `operators`"), "{refused:?}");
}

/// Names of figures in an expression of the dashboard.
fn figures(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("bulwark_"))
}

#[test]
fn each_figure_of_the_dashboard_is_one_that_the_node_has() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut wanted = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            let found: Vec<&str> = figures(target["expr"].as_str().unwrap()).collect();
            assert!(!found.is_empty(), "{target}");
            wanted.extend(found);
        }
    }
    assert!(wanted.len() > 10, "{wanted:?}");
    // All that makes figures: calls, a refusal, a block, an alert, a webhook that fails and one that does not.
    let desk = Desk::new(&[]);
    let (well, ill) = (Hook::new(200), Hook::new(500));
    for (name, hook) in [("well", &well), ("ill", &ill)] {
        desk.told(&format!("alert add {name} operator --webhook {}", hook.url()));
    }
    desk.told("operator register --from dev1 --yes");
    desk.told("chain mine 2");
    desk.refused("staker delegate dev5 --from dev2 --yes", 1);
    well.until(|posts| !posts.is_empty());
    ill.until(|posts| !posts.is_empty());
    let begun = Instant::now();
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rpc = desk.node.rpc();
        let text = runtime.block_on(async { rpc.get("/metrics").await.unwrap().text().await.unwrap() });
        let has = |name: &&&str| {
            text.lines()
                .any(|line| line.strip_prefix(**name).is_some_and(|rest| rest.starts_with([' ', '{'])))
        };
        let missing: Vec<&&str> = wanted.iter().filter(|name| !has(name)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "not in /metrics: {missing:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
