//! Reading graphs: the published registration graph, the JSON form there and back, and every way in which a file can
//! be wrong, each with one line that names the row.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

use risk::{
    Error, Graph, Level, Limits, Mode, Operator, Ratio, Service,
    input::{self, Choices},
    model::{ETHER, GWEI, MAX_TOTAL_WEI},
    slack,
    solve::min_subsidy,
};

const OPERATORS: &str = include_str!("../../node/data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../node/data/registration-graph/services.csv");
const OPEN: Choices = Choices { rule: None, theta: None };

fn published() -> Graph {
    input::read_tables(OPERATORS, SERVICES).unwrap().finish(OPEN).unwrap().graph
}

#[test]
fn the_published_graph_has_its_known_totals() {
    let graph = published();
    assert_eq!((graph.operators().len(), graph.services().len(), graph.edges().len()), (349, 25, 1558));
    assert_eq!((graph.total_stake() + ETHER / 200_000) / (ETHER / 100_000), 408_984_600_129);
    let all: u128 = (0..25).map(|service| graph.slashable(service)).sum();
    assert_eq!((all + ETHER / 2_000) / (ETHER / 1_000), 46_540_804_262);
    assert_eq!(graph.of_operator(94).len(), 23);
    assert_eq!(graph.need(0), graph.slashable(0).div_ceil(3));
}

#[test]
fn a_written_graph_reads_back_the_same() {
    let graph = published();
    let prizes: Vec<u128> = graph.services().iter().map(|it| it.prize / GWEI * GWEI).collect();
    let graph = graph.with_prizes(&prizes).unwrap();
    let again = input::read(&input::write(&graph, None)).unwrap().finish(OPEN).unwrap();
    assert_eq!(again.graph, graph);
    assert_eq!(again.rule, None);
}

fn json(operators: &str, services: &str, edges: &str) -> String {
    format!(
        r#"{{"schema":"bulwark-risk-graph/1","unit":"gwei","operators":[{operators}],"services":[{services}],"edges":[{edges}]}}"#
    )
}

#[test]
fn bad_files_are_refused_in_one_line_that_names_the_row() {
    let good = r#"{"id":"o","stake_gwei":"10"}"#;
    let service = r#"{"id":"s","prize_gwei":1}"#;
    let cases = [
        (json("", service, "[0,0]"), "no operators"),
        (json(good, "", "[0,0]"), "no services"),
        (json(good, service, ""), "no registrations"),
        (json(r#"{"id":"o","stake_gwei":NaN}"#, service, "[0,0]"), "operators[0].stake_gwei"),
        (json(r#"{"id":"o","stake_gwei":1.5}"#, service, "[0,0]"), "operators[0].stake_gwei"),
        (json(r#"{"id":"o","stake_gwei":-1}"#, service, "[0,0]"), "-1 is negative"),
        (json(r#"{"id":"o","stake_gwei":"-7"}"#, service, "[0,0]"), "\"-7\" is negative"),
        (json(r#"{"id":"o","stake_gwei":""}"#, service, "[0,0]"), "operators[0].stake_gwei"),
        (json(r#"{"id":"o","stake_gwei":"99999999999999999999999"}"#, service, "[0,0]"), "2^96"),
        (json(r#"{"id":"o","stake_gwei":1,"stak":2}"#, service, "[0,0]"), "unknown field"),
        (json(r#"{"id":"o","stake_gwei":1,"p_fault":1.5}"#, service, "[0,0]"), "operators[0].p_fault: 1.5"),
        (json(&format!("{good},{good}"), service, "[0,0]"), "operators[1]: operator o stands there twice"),
        (json(good, service, "[0,0],[0,0]"), "edges[1]: edge [0, 0] stands there twice"),
        (json(good, service, "[0,0],[1,0]"), "edges[1]: no operator 1"),
        (json(good, service, "[0,9]"), "edges[0]: no service 9"),
        (json(good, service, "[0,0,5]"), "edges[0]: an allocation is given"),
        (json(good, r#"{"id":"s","theta":[4,3]}"#, "[0,0]"), "services[0].theta: 4/3"),
        (json(good, r#"{"id":"s","theta":[0,3]}"#, "[0,0]"), "services[0].theta: 0/3"),
        ("{".into(), "line 1"),
        (String::new(), "no rows"),
        ("operator,stake_gwei,services\na,x,0".into(), "operators line 2"),
        ("operator,stake_gwei,services\na,NaN,0".into(), "operators line 2"),
        ("operator,stake_gwei\na".into(), "operators line 2: 1 fields, expected 2"),
        ("operator,stakes\na,1".into(), "unknown column \"stakes\""),
        ("# mode: unique\noperator,stake_gwei,services\na,5,x:3 y:3".into(), "operator a: allocations of 6"),
        ("# mode: elastic\noperator,stake_gwei,services\na,5,x".into(), "the allocation is missing"),
    ];
    for (text, wanted) in cases {
        let error = input::read(&text).and_then(|draft| draft.finish(OPEN)).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}\n  gave {error:?}\n  wanted {wanted:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let unknown = input::read_tables("operator,stake_gwei,services\na,1,25", SERVICES).unwrap_err();
    assert!(unknown.to_string().contains("operators line 2: no service 25"), "{unknown}");
}

#[test]
fn graphs_built_in_memory_keep_the_same_rules() {
    let operators = |stakes: &[u128]| -> Vec<Operator> {
        stakes.iter().enumerate().map(|(it, stake)| Operator::new(it.to_string(), *stake)).collect()
    };
    let service = |prize: u128| vec![Service::new("s", prize, Ratio::THIRD)];
    let build = |stakes: &[u128], prize: u128, edges: Vec<(u32, u32, Option<u128>)>| {
        Graph::new(Mode::Full, operators(stakes), service(prize), edges)
    };
    let refused = |result: Result<Graph, Error>| result.unwrap_err().to_string();
    assert_eq!(refused(build(&[1], 1, vec![])), "the graph has no registrations");
    assert_eq!(refused(build(&[], 1, vec![(0, 0, None)])), "the graph has no operators");
    // At the limit it holds, a wei above it does not; no sum overflows on the way.
    let half = MAX_TOTAL_WEI / 2;
    assert!(build(&[half, half], MAX_TOTAL_WEI, vec![(0, 0, None)]).is_ok());
    assert_eq!(
        refused(build(&[half, half + 1], 1, vec![(0, 0, None)])),
        "all stakes together exceed 2^96 wei"
    );
    assert_eq!(
        refused(build(&[u128::MAX, u128::MAX], 1, vec![(0, 0, None)])),
        "all stakes together exceed 2^96 wei"
    );
    assert_eq!(
        refused(build(&[1], MAX_TOTAL_WEI + 1, vec![(0, 0, None)])),
        "all prizes together exceed 2^96 wei"
    );
    let graph = build(&[half, half], 5, vec![(0, 0, None)]).unwrap();
    assert!(graph.with_prizes(&[]).is_err() && graph.with_prizes(&[u128::MAX]).is_err());
    for fault in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        let owner = Operator { fault, ..Operator::new("o", 1) };
        let error =
            Graph::new(Mode::Full, vec![owner], service(1), vec![(0, 0, None)]).unwrap_err().to_string();
        assert!(error.starts_with("operators[0].p_fault"), "{error}");
    }
}

#[test]
fn amounts_at_the_limit_are_solved_and_proved() {
    let largest = MAX_TOTAL_WEI / 3;
    let operators = (0..3).map(|it| Operator::new(it.to_string(), largest)).collect();
    let services =
        ["x", "y"].map(|id| Service::new(id, MAX_TOTAL_WEI / 2, Ratio { num: 1, den: 2 })).to_vec();
    let edges = (0..3).flat_map(|operator| [(operator, 0, None), (operator, 1, None)]).collect();
    let graph = Graph::new(Mode::Full, operators, services, edges).unwrap();
    // Two of three operators take both services: two thirds for the whole.
    let limits = &mut Limits { gap: 1e-9, cases: 1_000, stop: &mut |_| false };
    let found = slack(&graph, Level::C4, limits).unwrap();
    assert!((found.upper + 1.0 / 3.0).abs() < 1e-9 && found.upper - found.lower < 1e-6, "{found:?}");
    let subsidy = min_subsidy(&graph, limits).unwrap().unwrap();
    assert_eq!(subsidy.upper, 2 * largest as i128 - 2 * (MAX_TOTAL_WEI / 2) as i128);
}
