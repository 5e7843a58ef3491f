//! `bulwark permission`: who may act for an account: admins, and appointees for single functions.

use super::chain_call;
use crate::{
    failure::Failure,
    remote::{
        args::{ReadArgs, SendArgs},
        send::Step,
        session::Session,
        show,
    },
};
use alloy_primitives::{Address, FixedBytes};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use types::{abi::IPermissionController, addresses::PERMISSION_CONTROLLER};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum PermissionCommand {
    /// Propose, accept or remove admins of an account
    Admin(AdminArgs),
    /// Let another make one call for an account
    Appoint(AppointArgs),
    /// Who may act for an account
    List {
        /// The account
        account: String,
        /// What this appointee may do
        #[arg(long, value_name = "WHO")]
        appointee: Option<String>,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
}

/// What to do about an admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AdminVerb {
    /// Propose one, who must accept
    Add,
    /// Accept, as the proposed admin
    Accept,
    /// Remove one, or a proposal
    Remove,
}

/// `bulwark permission admin`.
#[derive(Args, Debug)]
pub struct AdminArgs {
    /// What to do
    #[arg(value_enum)]
    pub verb: AdminVerb,
    /// The account; to accept, that which proposed
    pub account: String,
    /// The admin [default: the sender]
    pub admin: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark permission appoint`.
#[derive(Args, Debug)]
pub struct AppointArgs {
    /// Who may
    pub appointee: String,
    /// Of which contract
    pub contract: String,
    /// Which function: its name or signature
    pub function: String,
    /// No longer
    #[arg(long)]
    pub remove: bool,
    /// For whom [default: the sender]
    #[arg(long, value_name = "WHO")]
    pub account: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &PermissionCommand) -> Result<(), Failure> {
    match command {
        PermissionCommand::Admin(args) => change_admin(args),
        PermissionCommand::Appoint(args) => appoint(args),
        PermissionCommand::List { account, appointee, read } => list(account, appointee.as_deref(), read),
    }
}

fn change_admin(args: &AdminArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let account = session.address(&args.account)?;
    let admin = args.admin.as_deref().map_or(Ok(from.address), |name| session.address(name))?;
    let (of, whom) = (session.name(account), session.name(admin));
    let at = PERMISSION_CONTROLLER;
    let step = match args.verb {
        AdminVerb::Add => {
            let call = IPermissionController::addPendingAdminCall { account, admin };
            Step::call(format!("propose {whom} as admin of {of}"), at, &call).warned([format!(
                "an admin may do all that {of} may in restaking, and name or remove other admins"
            )])
        }
        AdminVerb::Accept => Step::call(
            format!("become admin of {of}"),
            at,
            &IPermissionController::acceptAdminCall { account },
        ),
        AdminVerb::Remove => {
            let asked = IPermissionController::isPendingAdminCall { account, pendingAdmin: admin };
            if session.client.view(at, &asked)? {
                let call = IPermissionController::removePendingAdminCall { account, admin };
                Step::call(format!("take the proposal of {whom} back"), at, &call)
            } else {
                let call = IPermissionController::removeAdminCall { account, admin };
                Step::call(format!("{whom} is no longer admin of {of}"), at, &call)
            }
        }
    };
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn appoint(args: &AppointArgs) -> Result<(), Failure> {
    let (session, from, account) = Session::acting(&args.send, args.account.as_deref())?;
    let (appointee, target) = (session.address(&args.appointee)?, session.address(&args.contract)?);
    let function = chain_call::function(&session, &args.contract, &args.function)?;
    let selector = function.selector();
    let (who, what) = (session.name(appointee), format!("{} of {}", function.name, session.name(target)));
    let step = if args.remove {
        let call = IPermissionController::removeAppointeeCall { account, appointee, target, selector };
        Step::call(format!("{who} may no longer call {what}"), PERMISSION_CONTROLLER, &call)
    } else {
        let call = IPermissionController::setAppointeeCall { account, appointee, target, selector };
        Step::call(format!("let {who} call {what}"), PERMISSION_CONTROLLER, &call)
    };
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn list(account: &str, appointee: Option<&str>, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let account = session.address(account)?;
    let at = PERMISSION_CONTROLLER;
    let admins = session.client.view(at, &IPermissionController::getAdminsCall { account })?;
    let pending = session.client.view(at, &IPermissionController::getPendingAdminsCall { account })?;
    let mut may: Vec<(Address, FixedBytes<4>)> = Vec::new();
    if let Some(name) = appointee {
        let call =
            IPermissionController::getAppointeePermissionsCall { account, appointee: session.address(name)? };
        let calls = session.client.view(at, &call)?;
        may.extend(calls._0.into_iter().zip(calls._1));
    }
    let items: Vec<_> =
        may.iter().map(|(target, selector)| json!({ "target": target, "selector": selector })).collect();
    let answer =
        json!({ "account": account, "admins": admins, "pendingAdmins": pending, "permissions": items });
    session.answer(answer, |_| {
        let names = |all: &[Address]| match all {
            [] => "nobody".to_owned(),
            all => all.iter().map(|it| it.to_checksum(None)).collect::<Vec<_>>().join(", "),
        };
        let mut rows = vec![("admins", names(&admins)), ("proposed", names(&pending))];
        rows.extend(
            may.iter()
                .map(|(target, selector)| ("may call", chain_call::name_of(&session, *target, *selector))),
        );
        Ok(show::fields(&rows))
    })
}
