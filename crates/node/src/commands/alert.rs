//! `bulwark alert`: what a node watches and whom it tells. The rules live in the node; here they are asked for, added,
//! removed and tried out over its REST interface.

use crate::{
    failure::Failure,
    remote::{args::ReadArgs, client, session::Session, show},
    text,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum AlertCommand {
    /// The rules and how they stand
    List {
        /// Also the newest alerts
        #[arg(long)]
        recent: bool,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Watch something from the next block on
    Add(Box<AddArgs>),
    /// Watch it no longer; what of it waits is dropped
    Remove {
        /// The rule
        name: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Send a test alert, once
    Test {
        /// The rule
        name: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
}

/// What can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// An operator is slashed
    Slash,
    /// What a slash took waits to be cleared, or was cleared
    PendingSlash,
    /// An operator changes what a set may slash of it
    Allocation,
    /// A staker has another operator, or an operator changes its delay, approver, description, promise or sets
    Operator,
    /// A withdrawal can be completed
    WithdrawalReady,
    /// The slack γ falls under a bound
    Gamma,
    /// One operator holds more than a share of the stake
    Concentration,
}

/// `bulwark alert add`.
#[derive(Args, Debug)]
pub struct AddArgs {
    /// What to call the rule
    pub name: String,
    /// What is watched
    #[arg(value_enum)]
    pub kind: Kind,
    /// Only what concerns this staker
    #[arg(long, value_name = "WHO")]
    pub staker: Option<String>,
    /// Only what concerns this operator
    #[arg(long, value_name = "WHO")]
    pub operator: Option<String>,
    /// Only what concerns this service
    #[arg(long, value_name = "WHO")]
    pub service: Option<String>,
    /// Only what concerns this operator set: SERVICE:NUMBER
    #[arg(long, value_name = "SET")]
    pub set: Option<String>,
    /// Only what concerns this strategy
    #[arg(long, value_name = "STRATEGY")]
    pub strategy: Option<String>,
    /// γ under this is told
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub under: Option<f64>,
    /// A share over this is told: 0.3 is 30 %
    #[arg(long, value_name = "NUMBER")]
    pub over: Option<f64>,
    /// Where alerts are posted: http or https
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
    /// File with the secret that they are signed with [default: the node makes one and tells it once]
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub secret_file: Option<PathBuf>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &AlertCommand) -> Result<(), Failure> {
    match command {
        AlertCommand::List { recent, read } => list(*recent, read),
        AlertCommand::Add(args) => add(args),
        AlertCommand::Remove { name, read } => remove(name, read),
        AlertCommand::Test { name, read } => test(name, read),
    }
}

fn list(recent: bool, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let answer = session.client.rest("GET", "/alerts", None)?;
    session.answer(answer, |it| {
        let rows: Vec<Vec<String>> = client::items(&it["items"]).iter().map(row).collect();
        let header = ["rule", "watches", "narrowed to", "tells", "waiting"];
        let mut told = show::table_or(&header, &rows, "nothing is watched");
        if recent {
            let line = |alert: &Value| {
                let words = alert["words"].as_str().unwrap_or_default();
                vec![text::grouped(&alert["block_number"]), name_of(&alert["rule"]), words.to_owned()]
            };
            let rows: Vec<Vec<String>> = client::items(&it["recent"]).iter().map(line).collect();
            told.push_str("\n\n");
            told.push_str(&show::table_or(
                &["block", "rule", "alert"],
                &rows,
                "no alerts since the node's start",
            ));
        }
        Ok(told)
    })
}

fn name_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn row(rule: &Value) -> Vec<String> {
    let scope = ["staker", "operator", "avs", "operator_set", "strategy"];
    let scope = scope.iter().filter_map(|field| {
        let value = rule[*field].as_str()?;
        // The number of an operator set is at the end, and must stay.
        let (account, id) = value.split_once(':').map_or((value, None), |(account, id)| (account, Some(id)));
        let account = account.parse().map_or_else(|_| text::shortened(account), text::short);
        let number = id.map(|id| format!(":{id}")).unwrap_or_default();
        Some(format!("{} {account}{number}", field.replace('_', " ")))
    });
    let bounds = [("under", &rule["under"]), ("over", &rule["over"])];
    let bounds =
        bounds.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| format!("{name} {value}"));
    let narrowed: Vec<String> = scope.chain(bounds).collect();
    let tells = match (rule["webhook"].as_str(), rule["last_error"].as_str()) {
        (None, _) => "log and events".to_owned(),
        (Some(url), None) => url.to_owned(),
        (Some(url), Some(error)) => format!("{url} ({error})"),
    };
    vec![
        name_of(&rule["name"]),
        name_of(&rule["kind"]).replace('_', " "),
        narrowed.join(", "),
        tells,
        rule["waiting"].to_string(),
    ]
}

fn add(args: &AddArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let address = |name: &Option<String>| {
        name.as_deref().map(|name| session.address(name).map(|it| json!(it))).transpose()
    };
    let set = args.set.as_deref().map(|name| session.set(name)).transpose()?;
    let strategy = args.strategy.as_deref().map(|name| session.strategy(name)).transpose()?;
    let secret = args.secret_file.as_ref().map(|path| {
        let text = fs::read_to_string(path);
        let text =
            text.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        Ok::<_, Failure>(json!(text.trim_end_matches(['\n', '\r'])))
    });
    let kind = args.kind.to_possible_value().map(|it| it.get_name().replace('-', "_"));
    let fields = [
        ("name", Some(json!(args.name))),
        ("kind", kind.map(|kind| json!(kind))),
        ("staker", address(&args.staker)?),
        ("operator", address(&args.operator)?),
        ("avs", address(&args.service)?),
        ("operator_set", set.map(|set| json!(format!("{}:{}", set.avs, set.id)))),
        ("strategy", strategy.map(|it| json!(it.address))),
        ("under", args.under.map(|it| json!(it))),
        ("over", args.over.map(|it| json!(it))),
        ("webhook", args.webhook.as_ref().map(|it| json!(it))),
        ("secret", secret.transpose()?),
    ];
    let rule: Map<String, Value> =
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let added = session.client.rest("POST", "/alerts", Some(&Value::Object(rule)))?;
    session.answer(added, |it| {
        let mut told = format!("{} is watched from the next block on", name_of(&it["name"]));
        if let (Some(secret), None) = (it["secret"].as_str(), &args.secret_file) {
            told.push_str(&format!("\nwhat is posted is signed with this secret, told only now:\n{secret}"));
        }
        Ok(told)
    })
}

fn remove(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let answer = session.client.rest("DELETE", &path(name)?, None)?;
    session.answer(answer, |_| Ok(format!("{name} is no longer watched")))
}

fn test(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let answer = session.client.rest("POST", &format!("{}/test", path(name)?), None)?;
    let told = &answer;
    let failed = (told["delivered"] != json!(true))
        .then(|| told["error"].as_str().unwrap_or("it was not delivered").to_owned());
    session.answer(answer, |it| {
        Ok(match (it["delivered"] == json!(true), it["status"].as_u64()) {
            (true, Some(status)) => format!("delivered: the webhook answered {status}"),
            (true, None) => {
                "told to the log and to the streams of events; the rule has no webhook".to_owned()
            }
            (false, _) => "not delivered".to_owned(),
        })
    })?;
    failed.map_or(Ok(()), |why| Err(Failure::negative(format!("the webhook {why}"))))
}

/// The path of a rule; names need no escapes.
fn path(name: &str) -> Result<String, Failure> {
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || "-_".contains(it));
    match is_name {
        true => Ok(format!("/alerts/{name}")),
        false => {
            Err(Failure::usage(format!("{name:?} is no name of a rule"))
                .help("`bulwark alert list` lists them"))
        }
    }
}
