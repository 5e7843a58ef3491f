//! An operator's choice of services: the registrations that pay most within a limit of expected loss and a limit of load.
//! Load is what the operator adds to the reason to attack: prize over need, which bounds slack (C1 ≥ 1/load − 1). A
//! search over all sets, so exact unless it says otherwise.

use crate::{Error, Graph, LossModel, Mode};
use serde::Serialize;

/// Sets looked at, at most.
const MOST_SETS: u64 = 2_000_000;

/// Within what to choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Expected share of the stake that services' bugs may take a year.
    pub loss: f64,
    /// Slack that the operator's own load must leave possible: load ≤ 1/(1 + slack).
    pub slack: f64,
}

/// The services to register with.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Choice {
    /// By index, rising.
    pub services: Vec<usize>,
    /// What they pay a year, as a share of the stake.
    pub reward: f64,
    /// No set within the limits pays more than this.
    pub at_most: f64,
    /// Expected share of the stake lost a year to their bugs.
    pub loss: f64,
    /// The operator's load with them.
    pub load: f64,
}

/// A service as a thing to take.
#[derive(Clone, Copy)]
struct Offer {
    service: usize,
    reward: f64,
    /// −ln(1 − expected share lost): adds up over independent bugs.
    loss: f64,
    load: f64,
}

/// The best set for `operator`; `rewards` are shares of the stake a year, one a service.
///
/// # Errors
/// An unknown operator or one without stake; rewards that are not one a service, or not finite; limits out of range; a
/// model of another graph; a mode other than `full`.
pub fn choose(
    graph: &Graph,
    operator: usize,
    rewards: &[f64],
    model: &LossModel,
    limit: Limit,
) -> Result<Choice, Error> {
    check(graph, operator, rewards, model, limit)?;
    let stake = graph.operators()[operator].stake;
    let registered =
        |service: usize| graph.of_operator(operator).iter().any(|edge| edge.service as usize == service);
    let mut offers: Vec<Offer> = (0..graph.services().len())
        .filter(|service| rewards[*service] > 0.0)
        .map(|service| {
            let data = &graph.services()[service];
            let joined = if registered(service) { 0 } else { stake };
            // The need once the operator serves it too.
            let need = data.theta.ceil_of(graph.slashable(service) + joined);
            let bug = model.services[service];
            Offer {
                service,
                reward: rewards[service],
                loss: -(-bug.probability * bug.loss).ln_1p(),
                load: data.prize as f64 / need.max(stake) as f64,
            }
        })
        .collect();
    let room = (-(-limit.loss).ln_1p(), 1.0 / (1.0 + limit.slack));
    // Dearest first: by reward for the larger part of a limit that is used.
    let part = |it: &Offer| (it.loss / room.0).max(it.load / room.1).max(1e-12);
    offers.sort_by(|one, other| {
        (other.reward / part(other))
            .total_cmp(&(one.reward / part(one)))
            .then(one.service.cmp(&other.service))
    });
    let mut search = Search::new(&offers, room);
    search.descend(0, (0.0, 0.0, 0.0));
    let mut services: Vec<usize> = search.best.iter().map(|it| offers[*it].service).collect();
    services.sort_unstable();
    let sum = |of: &dyn Fn(&Offer) -> f64| search.best.iter().map(|it| of(&offers[*it])).sum::<f64>();
    let reward = sum(&|it| it.reward);
    let at_most =
        if search.sets <= MOST_SETS { reward } else { search.bound(0, (0.0, 0.0, 0.0)).max(reward) };
    Ok(Choice { services, reward, at_most, loss: -(-sum(&|it| it.loss)).exp_m1(), load: sum(&|it| it.load) })
}

fn check(
    graph: &Graph,
    operator: usize,
    rewards: &[f64],
    model: &LossModel,
    limit: Limit,
) -> Result<(), Error> {
    if graph.mode() != Mode::Full {
        let mode = graph.mode().name();
        return Err(Error::Unsupported(format!("services are chosen in mode full, the graph is {mode}")));
    }
    let Some(data) = graph.operators().get(operator) else {
        let id = operator.to_string();
        return Err(Error::UnknownId { place: "request".into(), kind: "operator", id });
    };
    if data.stake == 0 {
        return Err(Error::Unsupported(format!("operator {} has no stake to register", data.id)));
    }
    if rewards.len() != graph.services().len() || model.services.len() != graph.services().len() {
        return Err(Error::Form("rewards and model must have one row a service".into()));
    }
    if let Some((row, reward)) = rewards.iter().enumerate().find(|(_, reward)| !reward.is_finite()) {
        let place = format!("rewards[{row}]");
        return Err(Error::NotANumber { place, text: reward.to_string(), wanted: "a number" });
    }
    let outside = |place: &str, value: f64, range: &str| {
        Err(Error::OutOfRange { place: place.into(), text: value.to_string(), range: range.into() })
    };
    if !(0.0..=1.0).contains(&limit.loss) {
        return outside("loss", limit.loss, "[0, 1]");
    }
    if !limit.slack.is_finite() || limit.slack <= -1.0 {
        return outside("slack", limit.slack, "above -1");
    }
    Ok(())
}

struct Search<'a> {
    offers: &'a [Offer],
    room: (f64, f64),
    /// For each of the two limits the offers by reward per unit of it, best first.
    orders: [Vec<usize>; 2],
    taken: Vec<usize>,
    best: Vec<usize>,
    most: f64,
    sets: u64,
}

impl<'a> Search<'a> {
    fn new(offers: &'a [Offer], room: (f64, f64)) -> Self {
        let order = |of: &dyn Fn(&Offer) -> f64| {
            let mut order: Vec<usize> = (0..offers.len()).collect();
            let worth = |it: usize| offers[it].reward / of(&offers[it]).max(1e-300);
            order.sort_by(|one, other| worth(*other).total_cmp(&worth(*one)).then(one.cmp(other)));
            order
        };
        let orders = [order(&|it| it.loss), order(&|it| it.load)];
        Self { offers, room, orders, taken: Vec::new(), best: Vec::new(), most: 0.0, sets: 0 }
    }

    /// Tries offers from `from` on, with and without each; `used` is loss, load and reward so far.
    fn descend(&mut self, from: usize, used: (f64, f64, f64)) {
        self.sets += 1;
        if used.2 > self.most {
            (self.most, self.best) = (used.2, self.taken.clone());
        }
        if from == self.offers.len() || self.sets > MOST_SETS || self.bound(from, used) <= self.most {
            return;
        }
        let offer = self.offers[from];
        let next = (used.0 + offer.loss, used.1 + offer.load, used.2 + offer.reward);
        // Rounding must not refuse what fits exactly.
        if next.0 <= self.room.0 + 1e-12 && next.1 <= self.room.1 + 1e-12 {
            self.taken.push(from);
            self.descend(from + 1, next);
            self.taken.pop();
        }
        self.descend(from + 1, used);
    }

    /// The lesser of two fractional knapsacks, one for each limit.
    fn bound(&self, from: usize, used: (f64, f64, f64)) -> f64 {
        let rooms = [self.room.0 - used.0, self.room.1 - used.1];
        let fill = |limit: usize| {
            let (mut room, mut reward) = (rooms[limit].max(0.0) + 1e-12, used.2);
            for index in self.orders[limit].iter().filter(|index| **index >= from) {
                let offer = &self.offers[*index];
                let size = if limit == 0 { offer.loss } else { offer.load };
                if size > room {
                    return reward + offer.reward * room / size;
                }
                room -= size;
                reward += offer.reward;
            }
            reward
        };
        fill(0).min(fill(1))
    }
}
