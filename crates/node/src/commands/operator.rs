//! `bulwark operator`: becoming one, joining and leaving services, allocating stake to them, and its book.

use super::terms::TermArgs;
use crate::{
    failure::Failure,
    remote::{
        amount::Amount,
        approval::{Approval, Approver},
        args::{ReadArgs, SendArgs},
        client,
        names::Set,
        send::{Sender, Step},
        session::Session,
        show,
    },
    text,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use types::{
    abi::{IAllocationManager, ICovenants, IDelegationManager, ISafeExit},
    addresses::{ALLOCATION_MANAGER, COVENANTS, DELEGATION_MANAGER, SAFE_EXIT},
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Become an operator
    Register(RegisterArgs),
    /// Change the description or who approves stakers
    Update(UpdateArgs),
    /// Give an operator set a part of one's stake, or take it back
    Allocate(AllocateArgs),
    /// Join operator sets of a service
    Join(JoinArgs),
    /// Leave operator sets of a service
    Leave(LeaveArgs),
    /// Sign a delegation as the operator's approver
    Approve(ApproveArgs),
    /// Set how many blocks one's allocations wait before they count
    Delay(DelayArgs),
    /// Promise limits that the chain keeps
    Covenant(CovenantArgs),
    /// An operator's book: stake, allocations, delegators, slashes
    Show {
        /// The operator
        operator: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// All operators, or those of an operator set
    List {
        /// Only members of this operator set: SERVICE:NUMBER
        #[arg(long, value_name = "SET")]
        set: Option<String>,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
}

/// For whom an appointee acts.
#[derive(Args, Debug)]
pub struct ActArgs {
    /// The operator, where an appointee acts for it [default: the sender]
    #[arg(long, value_name = "WHO", help_heading = "Sending")]
    pub operator: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

impl ActArgs {
    fn open(&self) -> Result<(Session, Sender, Address), Failure> {
        Session::acting(&self.send, self.operator.as_deref())
    }
}

/// `bulwark operator register`.
#[derive(Args, Debug)]
pub struct RegisterArgs {
    /// Where the operator's description lies
    #[arg(long, default_value = "", value_name = "URI")]
    pub metadata: String,
    /// Blocks that allocations wait before they count: so long stakers can leave
    #[arg(long, default_value_t = 0, value_name = "BLOCKS")]
    pub delay: u32,
    /// Who must approve stakers [default: anyone may delegate]
    #[arg(long, value_name = "WHO")]
    pub approver: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark operator update`.
#[derive(Args, Debug)]
pub struct UpdateArgs {
    /// Where the description lies
    #[arg(long, value_name = "URI", required_unless_present = "approver")]
    pub metadata: Option<String>,
    /// Who must approve stakers; 0x0000000000000000000000000000000000000000 for nobody
    #[arg(long, value_name = "WHO")]
    pub approver: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// `bulwark operator allocate`.
#[derive(Args, Debug)]
pub struct AllocateArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// The strategy
    pub strategy: String,
    /// How much of one's whole magnitude: 40%, or a number of 10^-18
    pub part: Amount,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// `bulwark operator join`.
#[derive(Args, Debug)]
pub struct JoinArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// What the service's registrar asks for, in hex
    #[arg(long, default_value = "0x", value_name = "HEX")]
    pub data: Bytes,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// `bulwark operator leave`.
#[derive(Args, Debug)]
pub struct LeaveArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// Request an exit that the registrar cannot bar
    #[arg(long)]
    pub safe: bool,
    /// Force a requested exit whose grace is over
    #[arg(long, conflicts_with = "safe")]
    pub force: bool,
    /// Take the request of an exit back
    #[arg(long, conflicts_with_all = ["safe", "force"])]
    pub cancel: bool,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// `bulwark operator approve`.
#[derive(Args, Debug)]
pub struct ApproveArgs {
    /// The operator
    pub operator: String,
    /// The staker who may delegate to it
    pub staker: String,
    /// The approver's key, encrypted: a file or a name
    #[arg(long, value_name = "FILE|NAME")]
    pub approver_key: String,
    /// File with its password [default: as for accounts]
    #[arg(long, value_name = "FILE")]
    pub approver_password_file: Option<PathBuf>,
    /// Until when it holds, in seconds since 1970 [default: an hour from now]
    #[arg(long, value_name = "SECONDS")]
    pub expiry: Option<u64>,
    /// The salt (32 bytes) [default: drawn]
    #[arg(long, value_name = "HEX")]
    pub salt: Option<B256>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `bulwark operator delay`.
#[derive(Args, Debug)]
pub struct DelayArgs {
    /// How many blocks
    pub blocks: u32,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// `bulwark operator covenant`.
#[derive(Args, Debug)]
pub struct CovenantArgs {
    /// The terms.
    #[command(flatten)]
    pub terms: TermArgs,
    /// Who acts.
    #[command(flatten)]
    pub act: ActArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Register(args) => register(args),
        OperatorCommand::Update(args) => update(args),
        OperatorCommand::Allocate(args) => allocate(args),
        OperatorCommand::Join(args) => join(args),
        OperatorCommand::Leave(args) => leave(args),
        OperatorCommand::Approve(args) => approve(args),
        OperatorCommand::Delay(args) => delay(args),
        OperatorCommand::Covenant(args) => covenant(args),
        OperatorCommand::Show { operator, read } => book(operator, read),
        OperatorCommand::List { set, read } => list(set.as_deref(), read),
    }
}

fn core_set(set: Set) -> IAllocationManager::OperatorSet {
    IAllocationManager::OperatorSet { avs: set.avs, id: set.id }
}

fn register(args: &RegisterArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let approver = args.approver.as_deref().map_or(Ok(Address::ZERO), |name| session.address(name))?;
    let call = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: approver,
        allocationDelay: args.delay,
        metadataURI: args.metadata.clone(),
    };
    let title = match args.delay {
        0 => "become an operator whose allocations count at once: stakers cannot leave before".to_owned(),
        blocks => format!("become an operator whose allocations wait {} blocks", text::grouped(blocks)),
    };
    session.perform(&args.send, &from, &[Step::call(title, DELEGATION_MANAGER, &call)]).map(|_| ())
}

fn update(args: &UpdateArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let mut steps = Vec::new();
    if let Some(uri) = &args.metadata {
        let call = IDelegationManager::updateOperatorMetadataURICall { operator, metadataURI: uri.clone() };
        steps.push(Step::call(format!("describe the operator at {uri}"), DELEGATION_MANAGER, &call));
    }
    if let Some(name) = &args.approver {
        let approver = session.address(name)?;
        let call =
            IDelegationManager::modifyOperatorDetailsCall { operator, newDelegationApprover: approver };
        let title = match approver.is_zero() {
            true => "let anyone delegate".to_owned(),
            false => format!("have {} approve stakers", session.name(approver)),
        };
        steps.push(Step::call(title, DELEGATION_MANAGER, &call));
    }
    session.perform(&args.act.send, &from, &steps).map(|_| ())
}

fn allocate(args: &AllocateArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let set = session.set(&args.set)?;
    let strategy = session.strategy(&args.strategy)?;
    let part = args.part.fraction()?;
    let params = IAllocationManager::AllocateParams {
        operatorSet: core_set(set),
        strategies: vec![strategy.address],
        newMagnitudes: vec![part.saturating_to()],
    };
    let call = IAllocationManager::modifyAllocationsCall { operator, params: vec![params] };
    let title = format!(
        "allocate {} of the {} stake to {}:{}",
        text::percent(part, crate::remote::amount::WAD),
        strategy.unit.symbol,
        session.name(set.avs),
        set.id
    );
    let step = Step::call(title, ALLOCATION_MANAGER, &call).warned(session.warn_of_set(set)?);
    session.perform(&args.act.send, &from, &[step]).map(|_| ())
}

fn join(args: &JoinArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let set = session.set(&args.set)?;
    require_registrar(&session, set)?;
    let params = IAllocationManager::RegisterParams {
        avs: set.avs,
        operatorSetIds: vec![set.id],
        data: args.data.clone(),
    };
    let call = IAllocationManager::registerForOperatorSetsCall { operator, params };
    let title = format!("join {}:{}", session.name(set.avs), set.id);
    let step = Step::call(title, ALLOCATION_MANAGER, &call).warned(session.warn_of_set(set)?);
    session.perform(&args.act.send, &from, &[step]).map(|_| ())
}

/// A service whose registrar is a plain account can be joined by nobody; the chain refuses that without a reason.
fn require_registrar(session: &Session, set: Set) -> Result<(), Failure> {
    let call = IAllocationManager::getAVSRegistrarCall { avs: set.avs };
    let registrar = session.client.view(ALLOCATION_MANAGER, &call)?;
    if session.client.ask("eth_getCode", json!([registrar, "latest"]))? != json!("0x") {
        return Ok(());
    }
    let (service, registrar) = (session.name(set.avs), session.name(registrar));
    Err(Failure::new(format!("nobody can join {service}: its registrar {registrar} is no contract"))
        .help("the service names a contract with `bulwark service registrar`"))
}

fn leave(args: &LeaveArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let set = session.set(&args.set)?;
    let name = format!("{}:{}", session.name(set.avs), set.id);
    let exit = ISafeExit::OperatorSet { avs: set.avs, id: set.id };
    let step = if args.safe {
        let call = ISafeExit::requestExitCall { operator, operatorSet: exit };
        Step::call(format!("request an exit from {name} that its registrar cannot bar"), SAFE_EXIT, &call)
    } else if args.force {
        let call = ISafeExit::forceExitCall { operator, operatorSet: exit };
        Step::call(format!("force the exit from {name}"), SAFE_EXIT, &call)
    } else if args.cancel {
        let call = ISafeExit::cancelExitCall { operator, operatorSet: exit };
        Step::call(format!("stay in {name} after all"), SAFE_EXIT, &call)
    } else {
        let params =
            IAllocationManager::DeregisterParams { operator, avs: set.avs, operatorSetIds: vec![set.id] };
        let call = IAllocationManager::deregisterFromOperatorSetsCall { params };
        Step::call(format!("leave {name}"), ALLOCATION_MANAGER, &call)
    };
    session.perform(&args.act.send, &from, &[step]).map(|_| ())
}

fn approve(args: &ApproveArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let (operator, staker) = (session.address(&args.operator)?, session.address(&args.staker)?);
    let call = IDelegationManager::delegationApproverCall { operator };
    let approver = session.client.view(DELEGATION_MANAGER, &call)?;
    if approver.is_zero() {
        return Err(Failure::new(format!("{} has no approver: anyone may delegate", session.name(operator))));
    }
    let by = Approver {
        key: &args.approver_key,
        password_file: args.approver_password_file.clone(),
        expiry: args.expiry,
        salt: args.salt,
    };
    let Approval { signature, salt } = session.approve(&by, staker, operator, approver)?;
    let answer = json!({
        "staker": staker, "operator": operator, "approver": approver, "signature": signature.signature,
        "salt": salt, "expiry": signature.expiry.to_string(),
    });
    session.answer(answer, |_| {
        Ok(format!(
            "--approval-signature {} --approval-salt {salt} --approval-expiry {}",
            signature.signature, signature.expiry
        ))
    })
}

fn delay(args: &DelayArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let call = IAllocationManager::setAllocationDelayCall { operator, delay: args.blocks };
    let title = format!("let allocations wait {} blocks", text::grouped(args.blocks));
    session.perform(&args.act.send, &from, &[Step::call(title, ALLOCATION_MANAGER, &call)]).map(|_| ())
}

fn covenant(args: &CovenantArgs) -> Result<(), Failure> {
    let (session, from, operator) = args.act.open()?;
    let call = ICovenants::setCovenantCall { operator, terms: args.terms.resolve(&session)? };
    let title = format!("promise: {}", args.terms.in_words());
    session.perform(&args.act.send, &from, &[Step::call(title, COVENANTS, &call)]).map(|_| ())
}

fn list(set: Option<&str>, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let mut filter = Map::new();
    if let Some(name) = set {
        filter.insert("operatorSet".into(), session.set(name)?.json());
    }
    let rows = session.client.list("restake_operators", &[], filter)?;
    session.answer(json!({ "items": rows, "next": null }), |_| {
        let row = |it: &Value| {
            let address = client::address(&it["operator"]).map(|it| it.to_checksum(None)).unwrap_or_default();
            let stake: Vec<String> =
                client::items(&it["strategies"]).iter().filter_map(|it| stake(&session, it)).collect();
            vec![address, stake.join(", ")]
        };
        let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
        Ok(show::table_or(&["operator", "delegated"], &rows, "no operators"))
    })
}

/// What is delegated in one strategy; nothing if that is zero.
fn stake(session: &Session, row: &Value) -> Option<String> {
    let shares = client::amount(&row["operatorShares"]).ok().filter(|shares| !shares.is_zero())?;
    Some(session.worth(client::address(&row["strategy"]).ok()?, shares))
}

fn book(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let operator = session.address(name)?;
    let book = &session.client.ask("restake_operator", json!([operator]))?;
    let allocations = session.client.list("restake_allocations", &[json!(operator)], Map::new())?;
    session.answer(json!({ "operator": book, "allocations": allocations }), |_| {
        if book["isOperator"] == json!(false) {
            return Ok(format!("{operator} is no operator"));
        }
        let stake: Vec<String> =
            client::items(&book["strategies"]).iter().filter_map(|it| stake(&session, it)).collect();
        let nothing = "nothing".to_owned();
        let mut rows = vec![
            ("operator", operator.to_checksum(None)),
            ("delegated", if stake.is_empty() { nothing } else { stake.join(", ") }),
            ("delegators", counted(&book["delegators"])),
            ("slashes", counted(&book["slashes"])),
        ];
        rows.extend(covenant_in(&book["covenant"]).map(|covenant| ("covenant", covenant)));
        let row = |it: &Value| {
            let magnitude = client::amount(&it["currentMagnitude"]).unwrap_or_default();
            let part = text::percent(magnitude, crate::remote::amount::WAD);
            vec![
                session.set_in(&it["operatorSet"]),
                session.strategy_in(&it["strategy"]),
                part,
                pending(it),
                show::yes(&it["isSlashable"]),
            ]
        };
        let cells: Vec<Vec<String>> = allocations.iter().map(row).collect();
        let header = ["operator set", "strategy", "allocated", "pending", "slashable"];
        Ok(format!("{}\n\n{}", show::fields(&rows), show::table_or(&header, &cells, "nothing is allocated")))
    })
}

/// How many items the first page of a list has, and whether there are more.
fn counted(page: &Value) -> String {
    let count = client::items(&page["items"]).len();
    if page["more"] == json!(true) { format!("{count} and more") } else { count.to_string() }
}

/// A change of an allocation that waits.
fn pending(row: &Value) -> String {
    let text = row["pendingDiff"].as_str().unwrap_or("0");
    let (sign, digits) = text.strip_prefix('-').map_or(("+", text), |digits| ("-", digits));
    match digits.parse::<U256>() {
        Ok(change) if !change.is_zero() => {
            let part = text::percent(change, crate::remote::amount::WAD);
            format!("{sign}{part} at block {}", text::grouped(&row["effectBlock"]))
        }
        _ => String::new(),
    }
}

fn covenant_in(covenant: &Value) -> Option<String> {
    if covenant["exists"] != json!(true) {
        return None;
    }
    let terms = &covenant["inForce"];
    let most = client::amount(&terms["maxSlashableWad"]).ok()?;
    let redistribution = if terms["allowRedistribution"] == json!(true) {
        "redistribution allowed"
    } else {
        "no redistribution"
    };
    Some(format!(
        "at most {} services, {} slashable, {} blocks of notice, {redistribution}",
        terms["maxServices"],
        text::percent(most, crate::remote::amount::WAD),
        terms["minAllocationDelayBlocks"]
    ))
}
