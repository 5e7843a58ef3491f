//! Prices and choices: golden premium and prize cap, parts that add up, purchases that really buy the slack, splits that
//! are near the best and keep their promises.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;

use common::{full, published, wei};
use risk::{
    Graph, LossModel, Mode, Operator, Ratio, Service,
    allocate::{Goal, choose, plan, services::Limit, top_up, topup::with_additions},
    price::{Terms, of_summary, prices, prize_cap},
    shocked::Network,
    simulate::{Options, simulate},
    statistics::{Fault, exact},
};

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance, "{left} is not {right} to {tolerance}");
}

#[test]
fn the_premium_of_the_golden_distribution_is_the_golden_one() {
    let losses = [30, 20, 15, 10, 8, 6, 5, 3, 2, 1];
    let chances = [0.01, 0.01, 0.02, 0.02, 0.03, 0.03, 0.05, 0.05, 0.1, 0.1];
    let faults = losses.into_iter().zip(chances);
    let faults: Vec<Fault> = faults.map(|(loss, probability)| Fault { loss, probability }).collect();
    close(of_summary(&exact(&faults).unwrap(), &Terms::default()), 3.912088, 5e-7);
}

#[test]
fn prizes_may_grow_until_the_slack_is_the_target() {
    close(prize_cap(1.906524, 0.5).unwrap(), 1.937683, 5e-7);
    assert!(prize_cap(0.1, 0.5).unwrap() < 1.0);
    for target in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(prize_cap(1.0, target).unwrap_err().to_string().starts_with("target"));
    }
}

#[test]
fn premiums_of_operators_and_services_add_up_to_the_networks() {
    let graph = published("a=0.03");
    let options = Options { paths: 40_000, seed: 5, threads: 2, slack: 0.4, follow: false };
    let report = simulate(&graph, &LossModel::uniform(&graph, 0.01), &[], &options, &|_| ()).unwrap().report;
    let terms = Terms { opportunity: 0.02, ..Terms::default() };
    let prices = prices(&graph, &report, &terms).unwrap();
    let operators: f64 = prices.operators.iter().map(|it| it.premium).sum();
    close(operators / prices.network.premium, 1.0, 1e-3);
    let services: f64 = prices.services.iter().map(|it| it.premium).sum();
    // Operators without a registration are paid for by nobody.
    assert!(services <= operators * (1.0 + 1e-9) && services > 0.99 * operators);
    assert!(prices.services.iter().all(|it| it.rate > 0.0 && it.opportunity > 0.0));
}

#[test]
fn bad_terms_are_refused_by_name() {
    let graph = full(&[1.0], &[&[0]], &[1.0], &[(1, 2)]);
    let options = Options { paths: 10, seed: 5, threads: 1, slack: 0.0, follow: false };
    let report = simulate(&graph, &LossModel::uniform(&graph, 0.01), &[], &options, &|_| ()).unwrap().report;
    for (capital_cost, start) in
        [(-0.1, "k: -0.1 is negative"), (f64::NAN, "k: "), (11.0, "k: 11 is outside")]
    {
        let terms = Terms { capital_cost, ..Terms::default() };
        assert!(prices(&graph, &report, &terms).unwrap_err().to_string().starts_with(start));
    }
}

#[test]
fn a_purchase_of_pooled_stake_buys_the_slack_at_nearly_the_least_price() {
    for (rule, target) in [("a=0.03", 0.8), ("flat=10000", 0.5), ("flat=20000", 0.1)] {
        let graph = published(rule);
        let purchase = top_up(&graph, target).unwrap();
        assert!(purchase.total > 0 && purchase.at_least <= purchase.total);
        let richer = with_additions(&graph, &purchase.additions).unwrap();
        // The load condition: slack of at least the target.
        assert!(1.0 / Network::new(&richer).largest_load() - 1.0 >= target - 1e-6, "{rule}");
        let gap = purchase.total as f64 / purchase.at_least.max(1) as f64;
        assert!(gap < 1.05, "{rule}: {gap} times the lower bound");
    }
    let graph = published("a=0.03");
    assert_eq!(top_up(&graph, 0.3).unwrap().total, 0);
}

/// Two operators, two services, unique stake.
fn two(prizes: [f64; 2]) -> Graph {
    let operators = vec![Operator::new("a", wei(10.0)), Operator::new("b", wei(4.0))];
    let theta = Ratio { num: 1, den: 2 };
    let services = vec![Service::new("s", wei(prizes[0]), theta), Service::new("t", wei(prizes[1]), theta)];
    let edges = vec![(0, 0, Some(wei(1.0))), (0, 1, Some(wei(1.0))), (1, 1, Some(wei(1.0)))];
    Graph::new(Mode::Unique, operators, services, edges).unwrap()
}

#[test]
fn unique_stake_is_allocated_to_every_need_or_the_shortage_is_named() {
    let enough = top_up(&two([3.0, 3.0]), 0.0).unwrap();
    assert_eq!((enough.total, enough.short.len()), (0, 0));
    let held = |service: usize| -> u128 {
        let rows = enough.allocations.iter().filter(|row| row.1 == service);
        rows.map(|row| row.2.parse::<u128>().unwrap()).sum()
    };
    assert!(held(0) >= wei(6.0) && held(1) >= wei(6.0));
    // Both need 10: only 14 are there, all of it theirs to allocate.
    let short = top_up(&two([5.0, 5.0]), 0.0).unwrap();
    assert_eq!((short.total, short.short), (wei(6.0), vec![0, 1]));
    // Service s needs 12 of an operator with 10; service t has enough without it.
    let short = top_up(&two([6.0, 1.0]), 0.0).unwrap();
    assert_eq!((short.total, short.short), (wei(2.0), vec![0]));
}

#[test]
fn of_equal_operators_the_safest_split_is_even() {
    let graph = full(&[10.0; 8], &[&[0, 1, 2, 3, 4, 5, 6, 7]], &[0.0], &[(1, 3)]);
    let model = LossModel::uniform(&graph, 0.03);
    let plan = plan(&graph, &model, &[0.03; 8], 1.0, Goal::Reward(0.0), 1).unwrap();
    assert!(plan.tail_mean <= plan.by_stake.1.max(plan.by_stake.2) * 1.02);
    assert!(plan.tail_mean - plan.at_least <= 0.05 * plan.tail_mean, "{} {}", plan.tail_mean, plan.at_least);
    close(plan.shares.iter().map(|it| it.2).sum(), 1.0, 1e-6);
}

#[test]
fn a_risky_operator_is_left_out_unless_its_reward_is_wanted() {
    let graph = full(&[10.0; 5], &[&[0, 1, 2, 3, 4]], &[0.0], &[(1, 3)]);
    let mut model = LossModel::uniform(&graph, 0.01);
    model.operators[4].probability = 0.2;
    let rewards = [0.03, 0.03, 0.03, 0.03, 0.08];
    let share = |goal: Goal| {
        let plan = plan(&graph, &model, &rewards, 1.0, goal, 1).unwrap();
        let part = plan.shares.iter().find(|it| it.0 == 4).map_or(0.0, |it| it.2);
        (part, plan)
    };
    let (safe, _) = share(Goal::Reward(0.0));
    let (greedy, paid) = share(Goal::Reward(0.06));
    assert!(safe < 0.1 && greedy > 0.55, "{safe} {greedy}");
    assert!(paid.reward >= 0.06 - 1e-9);
    let (_, limited) = share(Goal::LossLimit(0.5));
    assert!(limited.tail_mean <= 0.5 && limited.reward > 0.03);
    assert!(limited.reward <= paid.reward || paid.tail_mean <= 0.5 + 1e-9);
}

#[test]
fn splits_that_cannot_be_are_refused_by_name() {
    let graph = full(&[10.0; 4], &[&[0, 1, 2, 3]], &[0.0], &[(1, 3)]);
    let model = LossModel::uniform(&graph, 0.5);
    let refused = |rewards: &[f64], cap: f64, goal: Goal, start: &str| {
        let message = plan(&graph, &model, rewards, cap, goal, 1).unwrap_err().to_string();
        assert!(message.starts_with(start) && !message.contains('\n'), "{message}");
    };
    refused(&[0.1; 3], 1.0, Goal::Reward(0.0), "3 rewards for 4");
    refused(&[0.1, 0.1, f64::NAN, 0.1], 1.0, Goal::Reward(0.0), "rewards[2]");
    refused(&[0.1; 4], 0.2, Goal::Reward(0.0), "cap: 0.2");
    refused(&[0.1; 4], 1.0, Goal::Reward(0.2), "reward: 0.2");
    refused(&[0.1; 4], 1.0, Goal::LossLimit(0.1), "limit of loss: 0.1");
    refused(&[0.1; 4], 1.0, Goal::LossLimit(-0.1), "limit of loss: -0.1");
}

#[test]
fn an_operators_services_are_the_best_set_within_its_limits() {
    let mut state = 7u64;
    let mut draw = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    for _ in 0..200 {
        let services = 1 + draw(9) as usize;
        let members: Vec<Vec<u32>> = (0..services).map(|_| vec![1, draw(2) as u32]).collect();
        let members: Vec<Vec<u32>> = members
            .into_iter()
            .map(|mut row| {
                row.dedup();
                row
            })
            .collect();
        let members: Vec<&[u32]> = members.iter().map(Vec::as_slice).collect();
        let prizes: Vec<f64> = (0..services).map(|_| draw(30) as f64).collect();
        let graph = full(&[10.0, 90.0], &members, &prizes, &vec![(1, 2); services]);
        let mut model = LossModel::uniform(&graph, 0.01);
        for chance in &mut model.services {
            (chance.probability, chance.loss) = (draw(10) as f64 / 100.0, draw(5) as f64 / 4.0);
        }
        let rewards: Vec<f64> = (0..services).map(|_| draw(20) as f64 / 1_000.0).collect();
        let limit = Limit { loss: draw(20) as f64 / 100.0, slack: draw(4) as f64 / 4.0 };
        let found = choose(&graph, 0, &rewards, &model, limit).unwrap();
        let load = |service: usize| {
            let joined = graph.slashable(service)
                + if members[service].contains(&0) { 0 } else { graph.operators()[0].stake };
            prizes[service] / (joined as f64 / 2e18).max(10.0)
        };
        let mut most = 0.0f64;
        for set in 0u32..1 << services {
            let inside = (0..services).filter(|it| set >> it & 1 == 1);
            let kept: f64 = inside
                .clone()
                .map(|it| 1.0 - model.services[it].probability * model.services[it].loss)
                .product();
            let fits = 1.0 - kept <= limit.loss + 1e-9
                && inside.clone().map(load).sum::<f64>() <= 1.0 / (1.0 + limit.slack) + 1e-9;
            if fits {
                most = most.max(inside.map(|it| rewards[it]).sum());
            }
        }
        close(found.reward, most, 1e-12);
        close(found.at_most, most, 1e-12);
        assert!(found.loss <= limit.loss + 1e-9 && found.load <= 1.0 / (1.0 + limit.slack) + 1e-9);
    }
}

#[test]
fn a_choice_of_services_refuses_what_makes_no_sense() {
    let graph = full(&[10.0, 0.0], &[&[0]], &[1.0], &[(1, 2)]);
    let model = LossModel::uniform(&graph, 0.01);
    let good = Limit { loss: 0.1, slack: 0.0 };
    let refused = |operator, rewards: &[f64], limit| {
        choose(&graph, operator, rewards, &model, limit).unwrap_err().to_string()
    };
    assert_eq!(refused(7, &[0.1], good), "request: no operator 7");
    assert_eq!(refused(1, &[0.1], good), "operator o1 has no stake to register");
    assert_eq!(refused(0, &[], good), "rewards and model must have one row a service");
    assert_eq!(refused(0, &[f64::NAN], good), "rewards[0]: \"NaN\" is not a number");
    assert!(refused(0, &[0.1], Limit { loss: f64::NAN, slack: 0.0 }).starts_with("loss: NaN"));
    assert!(refused(0, &[0.1], Limit { loss: 0.1, slack: -1.0 }).starts_with("slack: -1"));
}
