//! Which network a verb speaks of: a file of JSON, tables, or the published registration graph that this build carries;
//! and what was assumed to complete it.

use super::print;
use crate::failure::Failure;
use clap::Args;
use risk::{
    Graph, PrizeRule, Ratio,
    input::{self, Choices, Draft, Finished, MAX_BYTES},
};
use std::{fs, path::Path};

/// The name that stands for the published graph.
const PUBLISHED: &str = "published";

const OPERATORS: &str = include_str!("../../data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../data/registration-graph/services.csv");

/// Said wherever an operator of the published graph is named.
const RECONSTRUCTED: &str = "operator stakes are reconstructed from published totals, not measured";

/// Flags that name a network.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// File of the network (JSON or CSV), or "published": EigenLayer's registrations of 2 December 2024
    #[arg(value_name = "GRAPH")]
    pub graph: String,
    /// Table of services (CSV), where the graph is a table of operators
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub services: Option<String>,
    /// Table of prizes (CSV): service, prize_gwei
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub prizes: Option<String>,
    /// What corrupting a service is worth: a=FRACTION of the stake at the threshold, b=FRACTION of all its stake,
    /// flat=ETHER, sqrt=FACTOR [default: what the file says, else a=0.03]
    #[arg(long, value_name = "RULE", value_parser = PrizeRule::parse, help_heading = "Network")]
    pub prize_rule: Option<PrizeRule>,
    /// Fraction of a service's stake that corrupts it [default: what the file says, else 1/3]
    #[arg(long, value_name = "N/D", value_parser = Ratio::parse, help_heading = "Network")]
    pub theta: Option<Ratio>,
}

/// A network and how it came about.
#[derive(Debug)]
pub struct Source {
    /// The network.
    pub graph: Graph,
    /// What people call it.
    pub name: String,
    /// The rule that set prizes, where the input has none.
    pub rule: Option<PrizeRule>,
    /// The block that it shows, if known.
    pub block: Option<u64>,
    /// What to say beside every name of an operator.
    pub caveat: Option<&'static str>,
}

impl GraphArgs {
    /// Reads the network.
    ///
    /// # Errors
    /// A file that cannot be read, with its name; a bad row, with its number.
    pub fn read(&self) -> Result<Source, Failure> {
        let published = self.graph == PUBLISHED;
        let mut draft = if published { read_published()? } else { self.read_files()? };
        if let Some(path) = &self.prizes {
            input::read_prizes(&mut draft, &text_of(path)?).map_err(|error| named(path, &error))?;
        }
        let choices = Choices { rule: self.prize_rule, theta: self.theta };
        let Finished { graph, rule, block } =
            draft.finish(choices).map_err(|error| named(&self.graph, &error))?;
        let name = if published { "EigenLayer, 2 December 2024".into() } else { self.graph.clone() };
        Ok(Source { graph, name, rule, block, caveat: published.then_some(RECONSTRUCTED) })
    }

    fn read_files(&self) -> Result<Draft, Failure> {
        let text = text_of(&self.graph)?;
        let draft = match &self.services {
            Some(services) => input::read_tables(&text, &text_of(services)?),
            None => input::read(&text),
        };
        draft.map_err(|error| named(&self.graph, &error))
    }
}

impl Source {
    /// The first line for people: what is looked at, and under which assumptions.
    pub fn heading(&self) -> String {
        let rule = match &self.rule {
            Some(rule) => format!("prizes assumed ({rule}: {})", print::rule_in_words(rule)),
            None => "prizes as given".to_owned(),
        };
        let thetas: Vec<Ratio> = self.graph.services().iter().map(|service| service.theta).collect();
        let theta = match thetas.first() {
            Some(first) if thetas.iter().all(|theta| theta == first) => {
                format!("{}/{}", first.num, first.den)
            }
            _ => "as given".to_owned(),
        };
        format!("{}: mode {}, {rule}, threshold {theta}", self.name, self.graph.mode().name())
    }

    /// Index of the service that `name` means: its name, id, or index.
    ///
    /// # Errors
    /// No such service, or several.
    pub fn service(&self, name: &str) -> Result<usize, Failure> {
        let services = self.graph.services();
        let exact = services.iter().position(|it| it.id.eq_ignore_ascii_case(name) || it.name == name);
        let index = exact.or_else(|| name.parse().ok().filter(|index| *index < services.len()));
        if let Some(index) = index {
            return Ok(index);
        }
        let lower = name.to_lowercase();
        let like = |(_, it): &(usize, &risk::Service)| it.name.to_lowercase().contains(&lower);
        let found: Vec<_> = services.iter().enumerate().filter(like).collect();
        match found.as_slice() {
            [(index, _)] => Ok(*index),
            [] => Err(Failure::usage(format!("{} has no service {name:?}", self.name))),
            several => {
                let names: Vec<_> = several.iter().map(|(_, it)| it.name.as_str()).collect();
                Err(Failure::usage(format!("{name:?} may mean: {}", names.join(", "))))
            }
        }
    }
}

fn read_published() -> Result<Draft, Failure> {
    input::read_tables(OPERATORS, SERVICES).map_err(Failure::new)
}

fn named(path: &str, error: &risk::Error) -> Failure {
    Failure::new(format!("{path}: {error}"))
}

/// The text of a file of bounded size.
pub fn text_of(path: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{path}: {error}"));
    let size = fs::metadata(Path::new(path)).map_err(failed)?.len();
    if size > MAX_BYTES {
        let limit = MAX_BYTES >> 20;
        return Err(Failure::new(format!("{path}: {} MB, at most {limit} MB are read", size >> 20)));
    }
    fs::read_to_string(path).map_err(failed)
}
