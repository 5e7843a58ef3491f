//! `bulwark risk publish`: proves how secure the listed services are and has RiskOracle check and store it, once or every
//! so many blocks. What is published is slightly below what was proved, so that small changes of the state on the way to a
//! block do not break it (`decisions.md` 50).

use crate::{
    commands,
    failure::Failure,
    remote::{
        args::SendArgs,
        client::refused,
        send::{Sender, Step},
        session::Session,
    },
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use clap::Args;
use risk::{
    Graph, Level, Limits, Mode,
    certificate::{self, Certificate},
    solve::DEFAULT_GAP,
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};
use types::{
    abi::IRiskOracle::{Network, networkCall, publishCall},
    addresses::RISK_ORACLE,
};

/// Pause between two looks at the chain's height.
const GLANCE: Duration = Duration::from_millis(500);

/// `bulwark risk publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Only services of this mode: unique or full [default: both]
    #[arg(long, value_name = "MODE", value_parser = super::source::mode)]
    pub mode: Option<Mode>,
    /// Bounds of this service (its key, avs:id, or its address) instead of all
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Publish again whenever so many blocks have passed, until interrupted
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// How much below the proved bound to publish, as a fraction of it
    #[arg(long, default_value = "1e-6", value_name = "FRACTION", value_parser = margin)]
    pub margin: f64,
    /// Seconds to search
    #[arg(long, default_value = "5", value_parser = crate::cli::block_time, value_name = "SECONDS")]
    pub time: Duration,
    /// Who sends, and how.
    #[command(flatten)]
    pub send: SendArgs,
}

fn margin(text: &str) -> Result<f64, String> {
    let expected = "expected a fraction from 0 to 0.5, such as 1e-4";
    let margin: f64 = text.parse().map_err(|_| expected.to_owned())?;
    if (0.0..=0.5).contains(&margin) { Ok(margin) } else { Err(expected.to_owned()) }
}

/// Publishes.
///
/// # Errors
/// Nothing is listed; the contract refuses; nobody signs. With `--every` only the first round's.
pub fn run(args: &PublishArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let sender = session.sender(&args.send)?;
    let mut last = round(args, &session, &sender)?;
    let Some(every) = args.every else { return Ok(()) };
    loop {
        thread::sleep(GLANCE);
        // A node that restarts is waited for.
        let Ok(head) = session.client.head() else { continue };
        if head < last.saturating_add(every) {
            continue;
        }
        last = match round(args, &session, &sender) {
            Ok(head) => head,
            Err(failure) => {
                failure.report();
                head
            }
        };
    }
}

/// One publication for each mode; the height at which it began.
fn round(args: &PublishArgs, session: &Session, sender: &Sender) -> Result<u64, Failure> {
    let head = session.client.head()?;
    let mut found = false;
    for mode in [Mode::Unique, Mode::Full] {
        if args.mode.is_some_and(|asked| asked != mode) {
            continue;
        }
        let number = u8::from(mode == Mode::Unique);
        let network = session.client.view(RISK_ORACLE, &networkCall { mode: number })?;
        if network.operators.is_empty() {
            continue;
        }
        let service = match &args.service {
            None => None,
            Some(name) => match index_of(&network, name) {
                Some(index) => Some(index),
                None => continue,
            },
        };
        found = true;
        publish(args, session, sender, &network, service)?;
    }
    if found {
        return Ok(head);
    }
    Err(match &args.service {
        Some(name) => Failure::new(format!("RiskOracle lists no service {name} that stake stands behind")),
        None => Failure::new("RiskOracle lists no service that stake stands behind"),
    }
    .help("the chain's owner lists services: setListed(bytes32 service, bool listed)"))
}

/// The place of a service that is named by key, `avs:id` or address.
fn index_of(network: &Network, name: &str) -> Option<usize> {
    let is = |key: &B256| {
        let (avs, id) = key.split_at(20);
        let avs = Address::from_slice(avs);
        let set = id.get(8..).and_then(|id| Some(u32::from_be_bytes(id.try_into().ok()?)));
        let is_set = id.iter().take(8).all(|byte| *byte == 0);
        key.to_string().eq_ignore_ascii_case(name)
            || (!is_set && avs.to_string().eq_ignore_ascii_case(name))
            || (is_set && set.is_some_and(|set| format!("{avs}:{set}").eq_ignore_ascii_case(name)))
    };
    network.services.iter().position(is)
}

/// The sharpest certificate that the contract takes: exact where that is small enough, else of the relaxation.
fn publish(
    args: &PublishArgs,
    session: &Session,
    sender: &Sender,
    network: &Network,
    service: Option<usize>,
) -> Result<(), Failure> {
    let graph = rpc::graph_of(network).map_err(Failure::new)?;
    let mut refusal = None;
    for level in [Level::C4, Level::C2, Level::C1] {
        let (certificate, told) = proved(args, &graph, level, service)?;
        let call = publishCall { mode: network.mode, certificate: certificate::encode(&certificate).into() };
        match accepted(session, sender, &call)? {
            None => {
                let title = format!(
                    "publish γ of {} of mode {}: {told}",
                    service.map_or("the network", |_| "the service"),
                    graph.mode().name()
                );
                session.perform(&args.send, sender, &[Step::call(title, RISK_ORACLE, &call)])?;
                return Ok(());
            }
            Some(why) if why.starts_with("WiderThanStored") => {
                let told = format!("mode {}: what is stored is fresh and as narrow\n", graph.mode().name());
                return if args.send.read.json { Ok(()) } else { commands::print(&told) };
            }
            // Too large a tree of cases: a smaller proof may do.
            Some(why) if why.starts_with("TooLarge") => refusal = Some(why),
            Some(why) => return Err(refused(&why)),
        }
    }
    Err(refused(&refusal.unwrap_or_default()))
}

/// A certificate with its lower bound moved down by the margin, and its bounds in words.
fn proved(
    args: &PublishArgs,
    graph: &Graph,
    level: Level,
    service: Option<usize>,
) -> Result<(Certificate, String), Failure> {
    let began = Instant::now();
    let mut stop = |_| began.elapsed() >= args.time;
    let limits = &mut Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
    let slack = match service {
        Some(service) => risk::slack_of_service(graph, service, level, limits),
        None => risk::slack(graph, level, limits),
    };
    let slack = slack.map_err(Failure::new)?;
    let told = super::print::interval(&slack);
    let mut certificate = slack.certificate;
    if let Some(lower) = &mut certificate.lower {
        let less = (lower.ratio.num as f64 * args.margin).ceil() as u128;
        lower.ratio.num = lower.ratio.num.saturating_sub(less);
    }
    Ok((certificate, told))
}

/// What the contract says against a publication now; nothing if it takes it.
fn accepted(session: &Session, sender: &Sender, call: &publishCall) -> Result<Option<String>, Failure> {
    let data = alloy_primitives::Bytes::from(call.abi_encode());
    let request = json!([{ "from": sender.address, "to": RISK_ORACLE, "data": data }]);
    let told = session.client.ask("restake_simulate", request)?;
    if told.get("succeeds") == Some(&json!(true)) {
        return Ok(None);
    }
    let why = told.get("error").and_then(Value::as_str).unwrap_or("the contract refuses");
    Ok(Some(why.trim_start_matches("execution reverted: ").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    #[test]
    fn services_are_named_by_key_set_or_address() {
        let set = b256!("0x90F79bf6EB2c4f870365E785982E1f101E93b906000000000000000000000007");
        let avs = b256!("0x90F79bf6EB2c4f870365E785982E1f101E93b906ffffffffffffffffffffffff");
        let network = Network { services: vec![set, avs], ..Network::default() };
        let address = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";
        assert_eq!(index_of(&network, &set.to_string()), Some(0));
        assert_eq!(index_of(&network, &format!("{address}:7")), Some(0));
        assert_eq!(index_of(&network, address), Some(1));
        assert_eq!(index_of(&network, &format!("{address}:8")), None);
    }

    #[test]
    fn margins_are_fractions() {
        assert_eq!(margin("1e-4"), Ok(1e-4));
        for text in ["-1", "0.6", "NaN", "much"] {
            assert!(margin(text).is_err(), "{text}");
        }
    }
}
