//! The verbs of `bulwark risk` that simulate, stress and price: verdicts in the first line, JSON that holds the golden
//! figures, charts that are SVG, and bad input refused in one line.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

use serde_json::Value;
use std::process::{Command, Output};

fn risk(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulwark"));
    command.arg("risk").args(words).output().unwrap()
}

fn told(words: &[&str]) -> String {
    let output = risk(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(words: &[&str]) -> Value {
    serde_json::from_str(&told(&[words, &["--json"]].concat())).unwrap()
}

fn close(value: &Value, expected: f64, tolerance: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected} to {tolerance}");
}

#[test]
fn verdicts_stand_in_the_first_line_and_fit_a_terminal() {
    let cases: [(&[&str], &str); 7] = [
        (&["pool"], "333.33 M"),
        (&["concentration", "published"], "5 of 349 operators hold a third"),
        (&["cascade", "published", "--psi", "0.05"], "A shock of 5.00 %"),
        (&["stress", "published"], "114,496 ETH"),
        (&["leverage"], "The token falls to"),
        (&["leverage", "--loop", "5"], "is sold when"),
        (&["simulate", "published", "--paths", "20000"], "in an expected year"),
    ];
    for (words, part) in cases {
        let text = told(words);
        assert!(text.lines().next().unwrap().contains(part), "{words:?}: {text}");
    }
}

#[test]
fn json_holds_the_golden_figures() {
    let stress = json(&["stress", "published"]);
    close(&stress["found"]["psi"], 0.0279953, 1e-6);
    let concentration = json(&["concentration", "published"]);
    close(&concentration["concentration"]["hhi"], 0.042674, 5e-7);
    let pool = json(&["pool"]);
    assert_eq!(
        (pool["isolated"].as_str(), pool["pooled"].as_str()),
        (Some("333333333"), Some("33333333333"))
    );
    let fall = json(&["stress", "published", "--by", "price"]);
    close(&fall["at_least"], 1.906524 / 2.906524, 1e-5);
    let price = json(&["price", "published", "--paths", "20000", "--target-gamma", "0.5"]);
    close(&price["prize_cap"]["times"], 1.937683, 1e-5);
}

#[test]
fn the_same_seed_gives_the_same_answer_on_any_number_of_threads() {
    let with =
        |threads: &str| told(&["simulate", "published", "--paths", "2e4", "--json", "--threads", threads]);
    assert_eq!(with("1"), with("3"));
}

#[test]
fn evenly_spread_years_find_the_mean_and_weighted_years_the_far_tail() {
    let words = ["simulate", "published", "--honest", "--paths", "8192"];
    // Without a model each operator fails with 1 % and loses all: the expected loss is known.
    let even = json(&[&words[..], &["--sobol"]].concat());
    let expected = even["report"]["stake"].as_f64().unwrap() / 100.0;
    let error = |answer: &Value| (answer["report"]["network"]["mean"].as_f64().unwrap() - expected).abs();
    let plain = json(&[&words[..], &["--rare", "0.9999"]].concat());
    assert_eq!((even["sampling"].as_str(), plain["sampling"].as_str()), (Some("even"), Some("plain")));
    assert!(
        error(&even) < expected / 200.0 && error(&even) < error(&plain),
        "{} {}",
        error(&even),
        error(&plain)
    );
    assert!(even["rare"].is_null());
    let far = plain["rare"]["value_at_risk"].as_f64().unwrap();
    let tails = plain["report"]["network"]["tails"].as_array().unwrap();
    assert!(tails.iter().all(|tail| tail["value_at_risk"].as_f64().unwrap() < far), "{tails:?} {far}");
    assert!(plain["rare"]["tail_mean"].as_f64().unwrap() >= far);
    let text = told(&[&words[..], &["--sobol", "--rare", "0.9999"]].concat());
    assert!(text.contains("1 year in 10,000") && text.contains("evenly spread"), "{text}");
}

/// Two operators of 30 ETH; both serve one (prize 10 ETH), the second also two (prize 4 ETH).
fn small_graph(file: &str) -> String {
    let path = format!("{}/{file}.json", env!("CARGO_TARGET_TMPDIR"));
    let text = r#"{"schema":"bulwark-risk-graph/1","unit":"gwei",
        "operators":[{"id":"a","stake_gwei":30000000000},{"id":"b","stake_gwei":30000000000}],
        "services":[{"id":"one","prize_gwei":10000000000,"theta":[1,3]},{"id":"two","prize_gwei":4000000000,"theta":[1,3]}],
        "edges":[[0,0],[1,0],[1,1]]}"#;
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn an_operator_takes_the_services_whose_load_it_has_room_for() {
    let graph = small_graph("services");
    let words = ["allocate", &graph, "--goal", "services", "--operator", "a"];
    let both = json(&words);
    assert_eq!(both["names"], serde_json::json!(["one", "two"]));
    close(&both["choice"]["reward"], 0.06, 1e-12);
    close(&both["choice"]["load"], 10.0 / 30.0 + 4.0 / 30.0, 1e-12);
    let light = json(&[&words[..], &["--target-gamma", "4"]].concat());
    assert_eq!(
        (&light["names"], &light["leave"]),
        (&serde_json::json!(["two"]), &serde_json::json!(["one"]))
    );
    let rewards = format!("{}/services.csv", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&rewards, "service,reward\ntwo,-0.01\n").unwrap();
    let text = told(&[&words[..], &["--rewards", &rewards]].concat());
    assert!(text.starts_with("a does best with 1 of 2 services: 3.00 % a year"), "{text}");
    let refused = risk(&words[..4]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--operator"), "{refused:?}");
}

#[test]
fn the_minimum_subsidy_is_what_the_dearest_prizes_leave_to_pay() {
    let graph = small_graph("subsidy");
    // The second operator alone corrupts both: 30 ETH lost, 14 won.
    let answer = json(&["attack", &graph, "--subsidy", "--gap", "0"]);
    let wei = |name: &str| answer["subsidy"][name].as_str().unwrap().parse::<i128>().unwrap();
    let (lower, upper) = (wei("lower_wei"), wei("upper_wei"));
    assert_eq!(upper, 16_000_000_000_000_000_000);
    assert!((0..=1).contains(&(upper - lower)), "{lower} {upper}");
    let text = told(&["attack", &graph, "--subsidy"]);
    assert!(text.contains("with 16.00 ETH one does"), "{text}");
    assert!(json(&["attack", &graph])["subsidy"].is_null());
}

#[test]
fn charts_are_drawings_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [&[&str]; 6] = [
        &["pool"],
        &["concentration", "published"],
        &["stress", "published"],
        &["leverage", "--scenario", "queue-run"],
        &["simulate", "published", "--paths", "20000"],
        &["cascade", "published"],
    ];
    for words in cases {
        let path = folder.path().join(format!("{}.svg", words[0]));
        told(&[words, &["--chart", path.to_str().unwrap()]].concat());
        let svg = std::fs::read_to_string(&path).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("<desc") && !svg.contains("NaN"), "{words:?}");
    }
}

#[test]
fn bad_requests_are_refused_in_one_line_with_what_helps() {
    let cases: [(&[&str], &str); 10] = [
        (&["cascade", "published", "--psi", "2"], "--psi 2 is outside"),
        (&["cascade", "published", "--shock", "nobody"], "no operator nobody"),
        (&["cascade", "published", "--shock", "cloud=x"], "tagged cloud=x"),
        (&["stress", "published", "--break", "heaven"], "cannot break"),
        (&["stress", "published", "--by", "cloud"], "no operator of the graph has a tag"),
        (&["stress", "published", "--break", "loss:0.1"], "needs --portfolio"),
        (&["leverage", "--scenario", "nothing"], "no scenario"),
        (&["leverage", "--oracle", "guess"], "no oracle"),
        (&["simulate", "published", "--paths", "0"], "paths: 0 is outside"),
        (&["simulate", "published", "--paths", "100", "--rare", "1"], "level: 1 is outside"),
    ];
    for (words, part) in cases {
        let output = risk(words);
        let said = String::from_utf8(output.stderr).unwrap();
        let first = said.lines().next().unwrap_or_default();
        assert!(!output.status.success() && first.contains(part), "{words:?}: {said}");
        assert!(said.lines().count() <= 2, "{said}");
    }
}
