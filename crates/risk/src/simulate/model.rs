//! What can go wrong honestly, and for whom it is counted: faults of operators, bugs of services, outages of what
//! operators share (client, cloud, entity), and the portfolios of stakers or liquid tokens. With their file forms.

use crate::{Error, Graph, model::GWEI};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Chance of an operator's fault when neither graph nor model says one.
pub const DEFAULT_FAULT: f64 = 0.01;
/// Most portfolios of a simulation.
pub const MAX_PORTFOLIOS: usize = 256;
/// Most group factors of a model.
pub const MAX_FACTORS: usize = 10_000;

/// A chance a year, and the share lost when it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Probability, 0 to 1.
    pub probability: f64,
    /// Share of the slashable stake that is lost, 0 to 1.
    pub loss: f64,
}

/// Something that operators share, and that fails for all of them at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Kind of the tag: `client`, `cloud`, `entity`.
    pub kind: String,
    /// The tag.
    pub name: String,
    /// Its chance; the loss is each hit member's.
    pub chance: Chance,
    /// Chance that a member is hit when the factor fails, 0 to 1.
    pub reach: f64,
    /// Members, by index.
    pub members: Vec<u32>,
}

/// All that can go wrong in a year.
#[derive(Clone, Debug, PartialEq)]
pub struct LossModel {
    /// One an operator.
    pub operators: Vec<Chance>,
    /// One a service: a wrong slashing of everybody who serves it.
    pub services: Vec<Chance>,
    /// What is shared.
    pub factors: Vec<Factor>,
}

/// A staker's or liquid token's stake by operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Its name.
    pub name: String,
    /// Operator index and stake in wei.
    pub stakes: Vec<(u32, u128)>,
}

impl Portfolio {
    /// All its stake, in wei.
    pub fn total(&self) -> u128 {
        self.stakes.iter().map(|(_, stake)| stake).sum()
    }
}

impl LossModel {
    /// Every operator fails with `probability` and loses everything; nothing else happens.
    pub fn uniform(graph: &Graph, probability: f64) -> Self {
        let none = Chance { probability: 0.0, loss: 1.0 };
        Self {
            operators: vec![Chance { probability, loss: 1.0 }; graph.operators().len()],
            services: vec![none; graph.services().len()],
            factors: Vec::new(),
        }
    }

    /// The chances that the graph's file states; [`DEFAULT_FAULT`] for every operator if it states none.
    pub fn of_graph(graph: &Graph) -> Self {
        let mut model = Self::uniform(graph, DEFAULT_FAULT);
        if graph.operators().iter().any(|operator| operator.fault > 0.0) {
            for (chance, operator) in model.operators.iter_mut().zip(graph.operators()) {
                chance.probability = operator.fault;
            }
        }
        for (chance, service) in model.services.iter_mut().zip(graph.services()) {
            chance.probability = service.bug;
        }
        model
    }

    /// Reads a model file: see `docs/risk.md`. What it leaves out is as in the graph.
    ///
    /// # Errors
    /// Not of the documented form; an unknown name; a chance outside 0 to 1. The message names the place.
    pub fn parse(graph: &Graph, text: &str) -> Result<Self, Error> {
        let file: File = read(text)?;
        let mut model = Self::of_graph(graph);
        file.defaults(&mut model)?;
        let operators = index(graph.operators().iter().map(|it| it.id.as_str()));
        let services = index(graph.services().iter().map(|it| it.id.as_str()));
        for (id, chance) in &file.operators {
            let place = format!("operators.{id}");
            model.operators[find(&operators, id, "operator", &place)?] = chance.checked(&place)?;
        }
        for (id, chance) in &file.services {
            let place = format!("services.{id}");
            model.services[find(&services, id, "service", &place)?] = chance.checked(&place)?;
        }
        if file.groups.len() > MAX_FACTORS {
            let (what, count) = ("groups in the model", file.groups.len());
            return Err(Error::TooLarge { what, count, limit: MAX_FACTORS });
        }
        for (row, group) in file.groups.iter().enumerate() {
            model.factors.push(group.factor(graph, &format!("groups[{row}]"))?);
        }
        Ok(model)
    }
}

/// The operators of `graph` tagged `kind` = `name`, by index.
pub fn members(graph: &Graph, kind: &str, name: &str) -> Vec<u32> {
    let tagged = graph.operators().iter().enumerate();
    let tagged = tagged.filter(|(_, it)| it.groups.get(kind).is_some_and(|tag| tag == name));
    tagged.map(|(index, _)| index as u32).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    operator_fault: Option<f64>,
    operator_loss: Option<f64>,
    service_bug: Option<f64>,
    service_loss: Option<f64>,
    #[serde(default)]
    operators: BTreeMap<String, ChanceFile>,
    #[serde(default)]
    services: BTreeMap<String, ChanceFile>,
    #[serde(default)]
    groups: Vec<GroupFile>,
}

impl File {
    fn defaults(&self, model: &mut LossModel) -> Result<(), Error> {
        let set = |value: Option<f64>, place: &str| value.map(|it| unit(it, place)).transpose();
        let faults = (set(self.operator_fault, "operator_fault")?, set(self.operator_loss, "operator_loss")?);
        let bugs = (set(self.service_bug, "service_bug")?, set(self.service_loss, "service_loss")?);
        for (chances, (probability, loss)) in [(&mut model.operators, faults), (&mut model.services, bugs)] {
            for chance in chances {
                chance.probability = probability.unwrap_or(chance.probability);
                chance.loss = loss.unwrap_or(chance.loss);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChanceFile {
    probability: f64,
    #[serde(default = "whole")]
    loss: f64,
}

impl ChanceFile {
    fn checked(&self, place: &str) -> Result<Chance, Error> {
        Ok(Chance {
            probability: unit(self.probability, &format!("{place}.probability"))?,
            loss: unit(self.loss, &format!("{place}.loss"))?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    kind: String,
    name: String,
    probability: f64,
    #[serde(default = "whole")]
    loss: f64,
    #[serde(default = "whole")]
    reach: f64,
}

impl GroupFile {
    fn factor(&self, graph: &Graph, place: &str) -> Result<Factor, Error> {
        let members = members(graph, &self.kind, &self.name);
        if members.is_empty() {
            let id = format!("tagged {}={}", self.kind, self.name);
            return Err(Error::UnknownId { place: place.into(), kind: "operator", id });
        }
        let chance = ChanceFile { probability: self.probability, loss: self.loss }.checked(place)?;
        let reach = unit(self.reach, &format!("{place}.reach"))?;
        Ok(Factor { kind: self.kind.clone(), name: self.name.clone(), chance, reach, members })
    }
}

fn whole() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortfolioFile {
    name: String,
    stake_gwei: BTreeMap<String, serde_json::Value>,
}

/// Reads a file of portfolios: `[{"name": …, "stake_gwei": {operator: amount}}]`.
///
/// # Errors
/// Not of that form; an unknown operator; an amount that is no integer; none, or too many.
pub fn portfolios(graph: &Graph, text: &str) -> Result<Vec<Portfolio>, Error> {
    let files: Vec<PortfolioFile> = read(text)?;
    if files.is_empty() {
        return Err(Error::Empty("portfolios"));
    }
    if files.len() > MAX_PORTFOLIOS {
        return Err(Error::TooLarge { what: "portfolios", count: files.len(), limit: MAX_PORTFOLIOS });
    }
    let operators = index(graph.operators().iter().map(|it| it.id.as_str()));
    let mut portfolios = Vec::new();
    for (row, file) in files.into_iter().enumerate() {
        let mut stakes = Vec::new();
        for (id, amount) in &file.stake_gwei {
            let place = format!("[{row}].stake_gwei.{id}");
            let operator = find(&operators, id, "operator", &place)?;
            stakes.push((operator as u32, gwei(amount, &place)?));
        }
        portfolios.push(Portfolio { name: file.name, stakes });
    }
    Ok(portfolios)
}

/// An amount in gwei, as a decimal string or an integer, in wei.
fn gwei(value: &serde_json::Value, place: &str) -> Result<u128, Error> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.starts_with('-') {
        return Err(Error::Negative { place: place.into(), text });
    }
    match text.parse::<u64>() {
        Ok(amount) => Ok(u128::from(amount) * GWEI),
        Err(_) => {
            Err(Error::NotANumber { place: place.into(), text, wanted: "an integer in gwei below 2^64" })
        }
    }
}

fn index<'a>(ids: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    ids.enumerate().map(|(index, id)| (id, index)).collect()
}

fn find(known: &BTreeMap<&str, usize>, id: &str, kind: &'static str, place: &str) -> Result<usize, Error> {
    let unknown = || Error::UnknownId { place: place.into(), kind, id: id.into() };
    known.get(id).copied().ok_or_else(unknown)
}

/// A number from 0 to 1.
pub(crate) fn unit(value: f64, place: &str) -> Result<f64, Error> {
    if !value.is_finite() {
        return Err(Error::NotANumber { place: place.into(), text: value.to_string(), wanted: "a number" });
    }
    if value < 0.0 {
        return Err(Error::Negative { place: place.into(), text: value.to_string() });
    }
    if value > 1.0 {
        return Err(Error::OutOfRange {
            place: place.into(),
            text: value.to_string(),
            range: "[0, 1]".into(),
        });
    }
    Ok(value)
}

/// Reads JSON, naming the place of what is wrong.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        Error::Form(format!("{place}{}", error.inner()))
    })?;
    reader.end().map_err(|error| Error::Form(error.to_string()))?;
    Ok(value)
}
