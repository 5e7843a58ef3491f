//! Which network a verb speaks of: a file of JSON, tables, a snapshot of a chain, a node, or the published registration
//! graph that this build carries; and what was assumed to complete it.

use super::{
    print,
    reading::{self, Backing, Counts, NodeArgs, Price, Snapshot},
};
use crate::failure::Failure;
use clap::Args;
use risk::{
    Graph, Mode, PrizeRule, Ratio,
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
#[derive(Clone, Debug, Args)]
pub struct GraphArgs {
    /// File of the network (JSON, CSV or a snapshot), or "published": EigenLayer's registrations of 2 December 2024
    /// [default: the state of the node]
    #[arg(value_name = "GRAPH")]
    pub graph: Option<String>,
    /// The node.
    #[command(flatten)]
    pub node: NodeArgs,
    /// Of a node or a snapshot, the services of this mode: unique (allocated stake) or full (pooled) [default: unique,
    /// where there are any; check looks at both]
    #[arg(long, value_name = "MODE", value_parser = mode, help_heading = "Network")]
    pub mode: Option<Mode>,
    /// Of a node or a snapshot, what a whole token of a strategy is worth; repeat for several [default: ether and
    /// liquid staking tokens at par, others nothing]
    #[arg(long, value_name = "STRATEGY=ETHER", value_parser = reading::price, help_heading = "Network")]
    pub price: Vec<Price>,
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
    /// Services of each mode on the chain, if it is one.
    pub counts: Option<Counts>,
}

/// A mode that a chain's services have.
///
/// # Errors
/// Anything else.
pub fn mode(text: &str) -> Result<Mode, String> {
    match Mode::of(text) {
        Some(mode @ (Mode::Full | Mode::Unique)) => Ok(mode),
        _ => Err("a chain has services of mode full and of mode unique".to_owned()),
    }
}

impl GraphArgs {
    /// Reads the network.
    ///
    /// # Errors
    /// A file that cannot be read, with its name; a bad row, with its number; a node that does not answer.
    pub fn read(&self) -> Result<Source, Failure> {
        let mut all = self.read_each()?;
        // The first is the one of mode unique, where there is one.
        all.truncate(1);
        all.pop().ok_or_else(|| Failure::new("there is no network"))
    }

    /// Reads the networks of all modes: of a chain one or two.
    ///
    /// # Errors
    /// As [`GraphArgs::read`].
    pub fn read_each(&self) -> Result<Vec<Source>, Failure> {
        let Some(path) = &self.graph else {
            return self.of_chain(&reading::read(&self.node, &self.price, None)?);
        };
        if self.node.rpc.is_some() {
            return Err(
                Failure::usage(format!("both {path} and --rpc name a network")).help("give one of them")
            );
        }
        if path == PUBLISHED {
            let draft = read_published()?;
            let name = "EigenLayer, 2 December 2024".to_owned();
            return Ok(vec![Source { caveat: Some(RECONSTRUCTED), ..self.finish(draft, name)? }]);
        }
        let text = text_of(path)?;
        if Snapshot::is_in(&text) {
            return self.of_chain(&Snapshot::parse(path, &text)?);
        }
        if self.mode.is_some() || !self.price.is_empty() {
            let why = format!("--mode and --price are for chains, {path} says itself what it is");
            return Err(Failure::usage(why));
        }
        let draft = match &self.services {
            Some(services) => input::read_tables(&text, &text_of(services)?),
            None => input::read(&text),
        };
        let draft = draft.map_err(|error| named(path, &error))?;
        Ok(vec![self.finish(draft, path.clone())?])
    }

    /// Settles what the input leaves open.
    fn finish(&self, mut draft: Draft, name: String) -> Result<Source, Failure> {
        if let Some(path) = &self.prizes {
            input::read_prizes(&mut draft, &text_of(path)?).map_err(|error| named(path, &error))?;
        }
        let choices = Choices { rule: self.prize_rule, theta: self.theta };
        let Finished { graph, rule, block } = draft.finish(choices).map_err(|error| named(&name, &error))?;
        Ok(Source { graph, name, rule, block, caveat: None, counts: None })
    }

    /// The networks of a chain.
    fn of_chain(&self, snapshot: &Snapshot) -> Result<Vec<Source>, Failure> {
        let Some(stake) = &snapshot.stake else {
            let why = format!("the snapshot ends before block {} and has no stake", snapshot.next_block);
            return Err(Failure::new(why).help("bulwark risk snapshot --out FILE goes on where it ends"));
        };
        let prices = reading::prices(&snapshot.contracts.strategies, &self.price);
        let backing = Backing::new(snapshot, stake, &prices);
        let counts = backing.counts();
        let has = |mode: Mode| match mode {
            Mode::Unique => counts.unique > 0,
            _ => counts.full > 0,
        };
        let asked = |mode: Mode| self.mode.is_none_or(|asked| asked == mode);
        let modes = [Mode::Unique, Mode::Full].into_iter().filter(|mode| has(*mode) && asked(*mode));
        let name = format!("chain {} at block {}", snapshot.chain_id, stake.block);
        let mut all = Vec::new();
        for mode in modes {
            let draft = backing.draft(mode);
            if draft.operators.is_empty() && self.mode.is_none() {
                continue;
            }
            all.push(Source { counts: Some(counts), ..self.finish(draft, name.clone())? });
        }
        if all.is_empty() {
            let what = self.mode.map_or(String::new(), |mode| format!(" of mode {}", mode.name()));
            let unpriced = backing.unpriced();
            return Err(Failure::new(format!("{name}: no stake stands behind a service{what}")).help(
                format!("{unpriced} strategies with stake have no price; --price STRATEGY=ETHER gives one"),
            ));
        }
        Ok(all)
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
        let counts = self.counts.map_or(String::new(), |counts| {
            format!(" (services: {} unique, {} full)", counts.unique, counts.full)
        });
        format!("{}: mode {}{counts}, {rule}, threshold {theta}", self.name, self.graph.mode().name())
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
