//! `bulwark service`: what a service's owner does: describe it, make operator sets, say who may slash, publish releases.

use crate::{
    failure::Failure,
    remote::{
        args::{ReadArgs, SendArgs},
        client,
        send::{Sender, Step},
        session::Session,
        show,
    },
};
use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use types::{
    abi::{IAllocationManager, IKeyRegistrar, IReleaseManager},
    addresses::{ALLOCATION_MANAGER, KEY_REGISTRAR, RELEASE_MANAGER},
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Make the sender a service, or describe it anew
    Create {
        /// Where its description lies
        #[arg(value_name = "URI")]
        metadata: String,
        /// Who acts.
        #[command(flatten)]
        act: ActArgs,
    },
    /// Make an operator set, or change its strategies or its curve
    Set(SetArgs),
    /// Name the contract that is asked when operators join and leave
    Registrar {
        /// The contract
        registrar: String,
        /// Who acts.
        #[command(flatten)]
        act: ActArgs,
    },
    /// Name who may slash for an operator set; it takes effect after a delay
    Slasher {
        /// The operator set: SERVICE:NUMBER
        set: String,
        /// The account
        slasher: String,
        /// How to send.
        #[command(flatten)]
        send: SendArgs,
    },
    /// Publish which release operators should run
    Release(ReleaseArgs),
    /// All services
    List {
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// A service: its operator sets, registrar, slashes
    Show {
        /// The service
        service: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
}

/// For whom an appointee acts.
#[derive(Args, Debug)]
pub struct ActArgs {
    /// The service, where an appointee acts for it [default: the sender]
    #[arg(long, value_name = "WHO", help_heading = "Sending")]
    pub service: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

impl ActArgs {
    fn open(&self) -> Result<(Session, Sender, Address), Failure> {
        Session::acting(&self.send, self.service.as_deref())
    }
}

/// Which curve the keys of a set are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Curve {
    /// Ethereum's own keys
    Ecdsa,
    /// Keys whose signatures can be added up
    Bn254,
}

/// `bulwark service set`.
#[derive(Args, Debug)]
pub struct SetArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// Strategies that count, separated by commas
    #[arg(value_delimiter = ',', value_name = "STRATEGIES")]
    pub strategies: Vec<String>,
    /// Who may slash [default: the service]
    #[arg(long, value_name = "WHO")]
    pub slasher: Option<String>,
    /// Pay slashed stake to this account instead of burning it
    #[arg(long, value_name = "WHO")]
    pub redistribute_to: Option<String>,
    /// The set exists: add the strategies to it
    #[arg(long, conflicts_with_all = ["slasher", "redistribute_to"])]
    pub add: bool,
    /// The set exists: take the strategies out of it
    #[arg(long, conflicts_with_all = ["slasher", "redistribute_to", "add"])]
    pub remove: bool,
    /// Choose the curve of its keys, once and for all
    #[arg(long, value_enum, value_name = "CURVE")]
    pub curve: Option<Curve>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark service release`.
#[derive(Args, Debug)]
pub struct ReleaseArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// Digest of what is released (32 bytes)
    #[arg(required_unless_present = "metadata", requires = "registry")]
    pub digest: Option<B256>,
    /// Where it lies
    pub registry: Option<String>,
    /// Until when operators must run it, in seconds since 1970 [default: at once]
    #[arg(long, value_name = "SECONDS")]
    pub upgrade_by: Option<u32>,
    /// Where the set's releases are described; wanted before the first
    #[arg(long, value_name = "URI")]
    pub metadata: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &ServiceCommand) -> Result<(), Failure> {
    match command {
        ServiceCommand::Create { metadata, act } => create(metadata, act),
        ServiceCommand::Set(args) => set(args),
        ServiceCommand::Registrar { registrar, act } => name_registrar(registrar, act),
        ServiceCommand::Slasher { set, slasher, send } => name_slasher(set, slasher, send),
        ServiceCommand::Release(args) => release(args),
        ServiceCommand::List { read } => list(read),
        ServiceCommand::Show { service, read } => one(service, read),
    }
}

fn create(metadata: &str, act: &ActArgs) -> Result<(), Failure> {
    let (session, from, avs) = act.open()?;
    let call = IAllocationManager::updateAVSMetadataURICall { avs, metadataURI: metadata.to_owned() };
    let step = Step::call(format!("describe the service at {metadata}"), ALLOCATION_MANAGER, &call);
    session.perform(&act.send, &from, &[step]).map(|_| ())
}

fn set(args: &SetArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let set = session.set(&args.set)?;
    let found = args.strategies.iter().map(|name| session.strategy(name)).collect::<Result<Vec<_>, _>>()?;
    let symbols: Vec<&str> = found.iter().map(|it| it.unit.symbol.as_str()).collect();
    let symbols = symbols.join(", ");
    let mut strategies: Vec<Address> = found.iter().map(|it| it.address).collect();
    strategies.sort_unstable();
    let mut steps = Vec::new();
    if args.add || args.remove {
        let (avs, operator_set_id) = (set.avs, set.id);
        steps.push(if args.add {
            let call = IAllocationManager::addStrategiesToOperatorSetCall {
                avs,
                operatorSetId: operator_set_id,
                strategies,
            };
            Step::call(format!("add {symbols} to set {}", set.id), ALLOCATION_MANAGER, &call)
        } else {
            let call = IAllocationManager::removeStrategiesFromOperatorSetCall {
                avs,
                operatorSetId: operator_set_id,
                strategies,
            };
            Step::call(format!("take {symbols} out of set {}", set.id), ALLOCATION_MANAGER, &call)
        });
    } else if !strategies.is_empty() || args.curve.is_none() {
        let slasher = args.slasher.as_deref().map_or(Ok(set.avs), |name| session.address(name))?;
        let params = IAllocationManager::CreateSetParamsV2 { operatorSetId: set.id, strategies, slasher };
        let title =
            format!("make operator set {} with {symbols}, slashed by {}", set.id, session.name(slasher));
        steps.push(match &args.redistribute_to {
            None => {
                let call =
                    IAllocationManager::createOperatorSets_1Call { avs: set.avs, params: vec![params] };
                Step::call(title, ALLOCATION_MANAGER, &call)
            }
            Some(name) => {
                let recipient = session.address(name)?;
                let call = IAllocationManager::createRedistributingOperatorSets_1Call {
                    avs: set.avs,
                    params: vec![params],
                    redistributionRecipients: vec![recipient],
                };
                Step::call(
                    format!("{title}; slashed stake goes to {}", session.name(recipient)),
                    ALLOCATION_MANAGER,
                    &call,
                )
            }
        });
    }
    if let Some(curve) = args.curve {
        let operator_set = IKeyRegistrar::OperatorSet { avs: set.avs, id: set.id };
        // KeyRegistrar's CurveType: 1 is ECDSA, 2 is BN254.
        let (curve_type, name) = match curve {
            Curve::Ecdsa => (1, "ecdsa"),
            Curve::Bn254 => (2, "bn254"),
        };
        let call =
            IKeyRegistrar::configureOperatorSetCall { operatorSet: operator_set, curveType: curve_type };
        steps.push(Step::call(format!("keys of set {} are {name}", set.id), KEY_REGISTRAR, &call));
    }
    session.perform(&args.send, &from, &steps).map(|_| ())
}

fn name_registrar(registrar: &str, act: &ActArgs) -> Result<(), Failure> {
    let (session, from, avs) = act.open()?;
    let registrar = session.address(registrar)?;
    let call = IAllocationManager::setAVSRegistrarCall { avs, registrar };
    let title = format!("ask {} when operators join and leave", session.name(registrar));
    session.perform(&act.send, &from, &[Step::call(title, ALLOCATION_MANAGER, &call)]).map(|_| ())
}

fn name_slasher(set: &str, slasher: &str, send: &SendArgs) -> Result<(), Failure> {
    let session = Session::open(&send.read)?;
    let from = session.sender(send)?;
    let (set, slasher) = (session.set(set)?, session.address(slasher)?);
    let operator_set = IAllocationManager::OperatorSet { avs: set.avs, id: set.id };
    let call = IAllocationManager::updateSlasherCall { operatorSet: operator_set, slasher };
    let title = format!("let {} slash for set {}, after the delay", session.name(slasher), set.id);
    session.perform(send, &from, &[Step::call(title, ALLOCATION_MANAGER, &call)]).map(|_| ())
}

fn release(args: &ReleaseArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let set = session.set(&args.set)?;
    let operator_set = IReleaseManager::OperatorSet { avs: set.avs, id: set.id };
    let mut steps = Vec::new();
    if let Some(uri) = &args.metadata {
        let call = IReleaseManager::publishMetadataURICall {
            operatorSet: operator_set.clone(),
            metadataURI: uri.clone(),
        };
        steps.push(Step::call(format!("describe the releases at {uri}"), RELEASE_MANAGER, &call));
    }
    if let (Some(digest), Some(registry)) = (args.digest, &args.registry) {
        let artifact = IReleaseManager::Artifact { digest, registry: registry.clone() };
        let by = args.upgrade_by.unwrap_or(u32::MAX);
        let release = IReleaseManager::Release { artifacts: vec![artifact], upgradeByTime: by };
        let call = IReleaseManager::publishReleaseCall { operatorSet: operator_set, release };
        steps.push(Step::call(format!("publish the release at {registry}"), RELEASE_MANAGER, &call));
    }
    session.perform(&args.send, &from, &steps).map(|_| ())
}

fn list(read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let rows = session.client.list("restake_services", &[], Map::new())?;
    session.answer(json!({ "items": rows, "next": null }), |_| {
        let row = |it: &Value| {
            let address = client::address(&it["avs"]).map(|it| it.to_checksum(None)).unwrap_or_default();
            vec![
                address,
                it["operatorSetCount"].to_string(),
                it["metadataUri"].as_str().unwrap_or_default().to_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
        Ok(show::table_or(&["service", "sets", "described at"], &rows, "no services"))
    })
}

fn one(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let avs = session.address(name)?;
    let service = session.client.ask("restake_service", json!([avs]))?;
    session.answer(service, |it| {
        let head = show::fields(&[
            ("service", avs.to_checksum(None)),
            ("described at", it["metadataUri"].as_str().unwrap_or("nowhere").to_owned()),
            ("registrar", session.name_in(&it["registrar"])),
        ]);
        let row = |set: &Value| {
            let strategies: Vec<String> =
                client::items(&set["strategies"]).iter().map(|it| session.strategy_in(it)).collect();
            let slashed = if set["redistributes"] == json!(true) { "paid out" } else { "burnt" };
            vec![
                session.set_in(&set["operatorSet"]),
                strategies.join(", "),
                set["memberCount"].to_string(),
                session.name_in(&set["slasher"]),
                slashed.to_owned(),
                set["slashCount"].to_string(),
            ]
        };
        let sets = match &it["operatorSets"] {
            Value::Array(sets) => sets.as_slice(),
            page => client::items(&page["items"]),
        };
        let rows: Vec<Vec<String>> = sets.iter().map(row).collect();
        let header = ["operator set", "strategies", "members", "slasher", "slashed stake", "slashes"];
        Ok(format!("{head}\n\n{}", show::table_or(&header, &rows, "no operator sets")))
    })
}
