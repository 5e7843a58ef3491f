//! The chapter in which operators join services, all 1,558 registrations of the graph by signed transactions, and which
//! then reads the chain as anybody could, by EigenLayer's events and views alone: how secure is it, what is weakest, which
//! attack is cheapest, what does a shock of a tenth do.

use super::{
    cast::{self, Player},
    chapters::{Record, Stage},
    client::Order,
    script::call,
    story::Story,
    table::Graph as Table,
};
use crate::{
    failure::Failure,
    risk::{print, reading},
    text,
};
use ::risk::{Graph, Level, Limits, Mode, input::Choices, solve::DEFAULT_GAP};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use types::{
    abi::IAVSDirectory::{
        SignatureWithSaltAndExpiry, calculateOperatorAVSRegistrationDigestHashCall, registerOperatorToAVSCall,
    },
    addresses::AVS_DIRECTORY,
};

/// Ether of each service: the largest sends 206 transactions, whose gas must be at hand when they are pooled.
const SERVICE_ETHER: u64 = 20;
/// Gas of a transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Longest search for the exact slack.
const PATIENCE: Duration = Duration::from_secs(5);
/// The shock that the chapter asks about.
const SHOCK: f64 = 0.1;

/// Plays the chapter.
///
/// # Errors
/// A transaction that fails, or a network that is not the input's.
pub async fn play(stage: &Stage<'_>, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
    let services = cast::players(stage.seed, "service", stage.graph.services.len())?;
    let nonce = stage.next_nonce(&stage.payer).await?;
    stage.quietly(record, &funding(&stage.payer, nonce, &services)).await?;
    let pairs = pairs(stage.graph);
    let at = stage.client.head().await?;
    let asked: Vec<_> =
        pairs.iter().filter_map(|pair| Some(digest_of(stage, services.get(pair.service)?, pair))).collect();
    let digests = stage.client.view(AVS_DIRECTORY, &asked, at).await?;
    let signatures = signatures(stage, &pairs, &digests)?;
    let orders: Vec<Order<'_>> = pairs
        .iter()
        .zip(signatures)
        .filter_map(|(pair, signature)| {
            Some(registration(stage, services.get(pair.service)?, pair, signature))
        })
        .collect();
    let scene = stage.scene(story, record, &orders).await?;
    story.say(&format!(
        "{} demo accounts play the services; each registers its operators in AVSDirectory, with the operator's \
         signature.",
        services.len()
    ));
    if let Some(signed) = scene.signed.first() {
        story.transaction("joins", signed.hash);
        record.key_transactions.push(("first_service_joined", signed.hash));
    }
    let url = stage.client.url().to_owned();
    let found = tokio::task::spawn_blocking(move || Found::read(&url));
    let found = found.await.map_err(|error| Failure::new(format!("the search ended: {error}")))??;
    found.check(stage.graph)?;
    let names = Names { table: stage.graph, services: &services };
    found.tell(story, &names);
    record.security = found.json(&names);
    Ok(())
}

/// An operator and a service, by index.
struct Pair {
    operator: usize,
    service: usize,
    /// The service's transaction.
    nonce: u64,
}

/// All registrations, each service's in one go.
fn pairs(table: &Table) -> Vec<Pair> {
    let of_service = |service: usize| {
        let registered = table.operators.iter().enumerate();
        let registered = registered.filter(move |(_, operator)| operator.services.contains(&service));
        (0..).zip(registered).map(move |(nonce, (operator, _))| Pair { operator, service, nonce })
    };
    (0..table.services.len()).flat_map(of_service).collect()
}

fn funding<'a>(payer: &'a Player, nonce: u64, services: &[Player]) -> Vec<Order<'a>> {
    let value = text::ETHER.saturating_mul(U256::from(SERVICE_ETHER));
    let pay = |(nonce, service): (u64, &Player)| {
        let to = TxKind::Call(service.address);
        Order { from: payer, nonce, to, value, gas: TRANSFER_GAS, input: Bytes::new() }
    };
    (nonce..).zip(services).map(pay).collect()
}

/// Salts differ by pair: an operator signs for several services.
fn salt(pair: &Pair) -> B256 {
    keccak256(format!("bulwark demo: operator {} joins service {}", pair.operator, pair.service))
}

fn player(stage: &Stage<'_>, index: usize) -> Address {
    stage.cast.operators.get(index).map_or(Address::ZERO, |player| player.address)
}

fn digest_of(
    stage: &Stage<'_>,
    service: &Player,
    pair: &Pair,
) -> calculateOperatorAVSRegistrationDigestHashCall {
    calculateOperatorAVSRegistrationDigestHashCall {
        operator: player(stage, pair.operator),
        avs: service.address,
        salt: salt(pair),
        expiry: U256::MAX,
    }
}

fn signatures(stage: &Stage<'_>, pairs: &[Pair], digests: &[B256]) -> Result<Vec<Bytes>, Failure> {
    let sign = |(pair, digest): (&Pair, &B256)| {
        let operator = stage.cast.operators.get(pair.operator);
        let operator = operator.ok_or_else(|| Failure::new("a registration without operator"))?;
        let signature = operator.signer.sign_hash_sync(digest);
        let signature = signature.map_err(|error| Failure::new(format!("{}: {error}", operator.address)))?;
        Ok(signature.as_bytes().to_vec().into())
    };
    pairs.par_iter().zip(digests).map(sign).collect()
}

fn registration<'a>(stage: &Stage<'_>, service: &'a Player, pair: &Pair, signature: Bytes) -> Order<'a> {
    let input = registerOperatorToAVSCall {
        operator: player(stage, pair.operator),
        operatorSignature: SignatureWithSaltAndExpiry { signature, salt: salt(pair), expiry: U256::MAX },
    };
    call(service, pair.nonce, AVS_DIRECTORY, input)
}

/// What services are called.
struct Names<'a> {
    table: &'a Table,
    services: &'a [Player],
}

impl Names<'_> {
    fn of(&self, id: &str) -> &str {
        // A key begins with the service's address.
        let is = |service: &Player| {
            id.get(..42).is_some_and(|at| at.eq_ignore_ascii_case(&service.address.to_string()))
        };
        let index = self.services.iter().position(is);
        index.and_then(|index| self.table.services.get(index)).map_or("a service", |service| service.name)
    }
}

/// The network as read back, and what the engine says of it.
struct Found {
    graph: Graph,
    slack: ::risk::Slack,
    weakest: Option<::risk::stress::Shock>,
    shocked: ::risk::cascade::Cascade,
    took: Duration,
}

impl Found {
    /// Reads the chain and searches.
    fn read(url: &str) -> Result<Self, Failure> {
        let node = reading::NodeArgs { rpc: Some(url.to_owned()), ..reading::NodeArgs::default() };
        let snapshot = reading::read(&node, &[], None)?;
        let Some(stake) = &snapshot.stake else { return Err(Failure::new("the chain was read in part")) };
        let prices = reading::prices(&snapshot.contracts.strategies, &[]);
        let draft = reading::Backing::new(&snapshot, stake, &prices).draft(Mode::Full);
        let graph = draft.finish(Choices { rule: None, theta: None }).map_err(Failure::new)?.graph;
        let began = Instant::now();
        let mut stop = |_| began.elapsed() >= PATIENCE;
        let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
        let slack = ::risk::slack(&graph, Level::C4, &mut limits).map_err(Failure::new)?;
        let took = began.elapsed();
        let weakest = ::risk::stress::smallest_shock(&graph, None, slack.lower).map_err(Failure::new)?.found;
        let shocked = ::risk::cascade::worst(&graph, SHOCK, slack.lower).map_err(Failure::new)?;
        Ok(Self { graph, slack, weakest, shocked, took })
    }

    /// What the chain holds must be what the table says.
    fn check(&self, table: &Table) -> Result<(), Failure> {
        let stake = U256::from(self.graph.total_stake());
        let found = (self.graph.operators().len(), self.graph.services().len(), self.graph.edges().len());
        let expected = (table.operators.len(), table.services.len(), table.registrations());
        if found == expected && stake == table.stake() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the chain has {found:?} operators, services, registrations with {stake} wei, the input {expected:?} with {}",
            table.stake()
        )))
    }

    fn name_of<'a>(&self, names: &'a Names<'_>, index: usize) -> &'a str {
        self.graph.services().get(index).map_or("a service", |service| names.of(&service.id))
    }

    fn tell(&self, story: &mut Story, names: &Names<'_>) {
        story.fact(&format!(
            "{} registrations read back by events and views of EigenLayer's ABI",
            text::grouped(self.graph.edges().len())
        ));
        story.say(&format!(
            "If corrupting a service is worth 3 % of the stake that can do it, slack γ is {}, proved from both sides \
             in {}: the cheapest attack costs that much more than it brings.",
            print::interval(&self.slack),
            text::duration(self.took)
        ));
        if let Some(witness) = &self.slack.witness {
            story.say(&format!(
                "That attack takes {} services: it costs {} and brings {}.",
                witness.attack.services.len(),
                print::proved(witness.cost),
                print::proved(witness.prize)
            ));
        }
        if let Some((shock, attack)) = self.weakest.as_ref().and_then(|it| Some((it, it.attack.as_ref()?))) {
            let service = attack.services.first().map_or("a service", |index| self.name_of(names, *index));
            story.say(&format!(
                "The weakest service is {service}: a loss of {}, {} of stake, makes an attack on it pay.",
                print::proved(shock.stake),
                print::percent(shock.psi)
            ));
        }
        story.say(&format!(
            "A shock that takes {} of stake can cost {} in the worst case found, and never more than {}.",
            print::percent(SHOCK),
            print::percent(self.shocked.lower),
            print::percent(self.shocked.upper)
        ));
        story.care("Prizes are assumed and operators' stakes are reconstructed: so are these figures.");
    }

    fn json(&self, names: &Names<'_>) -> Value {
        let witness = self.slack.witness.as_ref().map(|it| {
            json!({
                "services": it.attack.services.len(),
                "operators": it.attack.operators.len(),
                "cost_wei": it.cost.to_string(),
                "prize_wei": it.prize.to_string(),
            })
        });
        let weakest = self.weakest.as_ref().map(|shock| {
            let first = shock.attack.as_ref().and_then(|attack| attack.services.first());
            json!({
                "service": first.map(|index| self.name_of(names, *index)),
                "shock_wei": shock.stake.to_string(),
                "psi": shock.psi,
            })
        });
        json!({
            "stakes": "reconstructed, not measured",
            "prizes": "assumed: 3 % of the stake at the threshold of 1/3",
            "registrations": self.graph.edges().len(),
            "secure": self.slack.secure(false),
            "gamma_lower": print::finite(self.slack.lower),
            "gamma_upper": print::finite(self.slack.upper),
            "cheapest_attack": witness,
            "weakest": weakest,
            "shock": {
                "psi": SHOCK,
                "loss_lower": self.shocked.lower,
                "loss_upper": self.shocked.upper,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registration_is_played_once_and_nonces_have_no_gap() {
        let table = Table::read().unwrap();
        let pairs = pairs(&table);
        assert_eq!(pairs.len(), 1_558);
        for (index, service) in table.services.iter().enumerate() {
            let nonces: Vec<u64> =
                pairs.iter().filter(|pair| pair.service == index).map(|pair| pair.nonce).collect();
            assert_eq!(nonces, (0..service.operators as u64).collect::<Vec<_>>());
        }
        let salts: std::collections::BTreeSet<B256> = pairs.iter().map(salt).collect();
        assert_eq!(salts.len(), pairs.len());
    }
}
