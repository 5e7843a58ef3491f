//! Calls and logs by name: the ABIs of the chain's contracts are built in, others are told by a signature.

use crate::{
    failure::Failure,
    remote::{args::ReadArgs, session::Session},
    text,
};
use alloy_dyn_abi::{DynSolType, DynSolValue, EventExt, FunctionExt, JsonAbiExt, Specifier};
use alloy_json_abi::{Event, Function, JsonAbi, Param};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, hex};
use clap::Args;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The ABIs that are built in, by name.
static ABIS: LazyLock<Vec<(&'static str, JsonAbi)>> =
    LazyLock::new(|| types::abi::names().filter_map(|name| Some((name, types::abi::json(name)?))).collect());

/// `bulwark chain call`.
#[derive(Args, Debug)]
pub struct CallArgs {
    /// The contract
    pub contract: String,
    /// A function: its name, or a signature such as "balanceOf(address)(uint256)"
    pub function: String,
    /// Its arguments; addresses may be names
    #[arg(allow_hyphen_values = true)]
    pub arguments: Vec<String>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Asks.
///
/// # Errors
/// An unknown function, wrong arguments, or the contract's refusal.
pub fn run(args: &CallArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let to = session.address(&args.contract)?;
    let (function, data) = encode(&session, &args.contract, &args.function, &args.arguments)?;
    let answer = session.client.ask("eth_call", json!([{ "to": to, "data": data }, "latest"]))?;
    let bytes: Bytes = serde_json::from_value(answer).unwrap_or_default();
    if function.outputs.is_empty() {
        return session.answer(json!({ "data": bytes }), |_| Ok(bytes.to_string()));
    }
    let values = function.abi_decode_output(&bytes).map_err(|_| {
        Failure::new(format!("{to} answers {bytes}, which is not what {} returns", function.signature()))
    })?;
    let shown = function.outputs.iter().zip(&values).map(|(output, value)| {
        let told = value_in(&session, &output.components, value);
        if output.name.is_empty() { told } else { format!("{}: {told}", output.name) }
    });
    let lines: Vec<String> = shown.collect();
    session.answer(json!({ "values": lines, "data": bytes }), |_| Ok(lines.join("\n")))
}

/// The ABI of what is called so: the contract's own, or for a strategy or token, theirs.
fn abi_of(session: &Session, contract: &str) -> Option<&'static JsonAbi> {
    let address = session.address(contract).ok()?;
    let contracts = session.contracts().ok()?;
    let named = contracts.iter().find(|(_, at)| **at == address).map(|(name, _)| name.as_str());
    let strategy =
        || session.strategies().ok()?.iter().find(|it| it.address == address).map(|_| "StrategyBase");
    let name = named.or_else(strategy)?;
    ABIS.iter().find(|(known, _)| *known == name).map(|(_, abi)| abi)
}

/// The function of a contract that is called so.
///
/// # Errors
/// An unknown function.
pub fn function(session: &Session, contract: &str, function: &str) -> Result<Function, Failure> {
    find(session, contract, function, usize::MAX)
}

/// A contract and its function, by name where they are known.
pub fn name_of(session: &Session, target: Address, selector: FixedBytes<4>) -> String {
    let known = ABIS.iter().flat_map(|(_, abi)| abi.functions()).find(|it| it.selector() == selector);
    let function = known.map_or_else(|| selector.to_string(), |it| it.name.clone());
    format!("{function} of {}", named(session, target))
}

/// A function and its calldata.
///
/// # Errors
/// An unknown function or wrong arguments, with the value.
pub fn encode(
    session: &Session,
    contract: &str,
    function: &str,
    arguments: &[String],
) -> Result<(Function, Bytes), Failure> {
    let function = find(session, contract, function, arguments.len())?;
    if function.inputs.len() != arguments.len() {
        return Err(Failure::usage(format!(
            "{} takes {} arguments, and {} are given",
            function.signature(),
            function.inputs.len(),
            arguments.len()
        )));
    }
    let parse = |(input, text): (&Param, &String)| {
        let kind = input.resolve().map_err(|error| Failure::usage(format!("{}: {error}", input.ty)))?;
        if kind == DynSolType::Address {
            return session.address(text).map(DynSolValue::Address);
        }
        kind.coerce_str(text).map_err(|error| Failure::usage(format!("{text} is no {}: {error}", input.ty)))
    };
    let values = function.inputs.iter().zip(arguments).map(parse).collect::<Result<Vec<_>, _>>()?;
    let data = function.abi_encode_input(&values).map_err(Failure::usage)?;
    Ok((function, data.into()))
}

fn find(session: &Session, contract: &str, function: &str, count: usize) -> Result<Function, Failure> {
    if function.contains('(') {
        return Function::parse(function)
            .map_err(|error| Failure::usage(format!("{function} is no signature: {error}")));
    }
    let Some(abi) = abi_of(session, contract) else {
        return Err(Failure::usage(format!("the functions of {contract} are not known here"))
            .help(format!("write the signature, such as \"{function}(address)(uint256)\"")));
    };
    let named: Vec<&Function> = abi.functions().filter(|it| it.name.eq_ignore_ascii_case(function)).collect();
    let fitting = named.iter().find(|it| it.inputs.len() == count).or(named.first());
    fitting.map(|it| (*it).clone()).ok_or_else(|| {
        let failure = Failure::usage(format!("{contract} has no function {function}"));
        match text::nearest(function, abi.functions().map(|it| it.name.as_str())) {
            Some(near) => failure.help(format!("did you mean {near}?")),
            None => failure,
        }
    })
}

/// Calldata as a call with its arguments, where a built-in contract knows the function.
pub fn calldata(session: &Session, input: &Bytes) -> String {
    let Some((selector, rest)) = input.split_first_chunk::<4>() else { return "none".into() };
    let known = ABIS.iter().flat_map(|(_, abi)| abi.functions()).find(|it| it.selector() == *selector);
    let decoded = known.and_then(|function| Some((function, function.abi_decode_input(rest).ok()?)));
    match decoded {
        Some((function, values)) => {
            let shown = function
                .inputs
                .iter()
                .zip(&values)
                .map(|(input, value)| value_in(session, &input.components, value));
            format!("{}({})", function.name, shown.collect::<Vec<_>>().join(", "))
        }
        None => format!("{} and {} bytes", hex::encode_prefixed(selector), rest.len()),
    }
}

/// A log as an event with its fields, where a built-in contract knows it.
pub fn event(session: &Session, log: &Value) -> String {
    let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).unwrap_or_default();
    let data: Bytes = serde_json::from_value(log["data"].clone()).unwrap_or_default();
    let at = session.name_in(&log["address"]);
    let fits = |event: &&Event| topics.first() == Some(&event.selector());
    let known = ABIS.iter().flat_map(|(_, abi)| abi.events()).filter(fits);
    let mut decoded =
        known.filter_map(|event| Some((event, event.decode_log_parts(topics.clone(), &data).ok()?)));
    let Some((event, fields)) = decoded.next() else {
        return format!("{at}: {}", topics.first().map(ToString::to_string).unwrap_or_default());
    };
    let (mut indexed, mut body) = (fields.indexed.iter(), fields.body.iter());
    let field = |input: &alloy_json_abi::EventParam| {
        let value = if input.indexed { indexed.next() } else { body.next() }?;
        Some(format!("{}: {}", input.name, value_in(session, &input.components, value)))
    };
    let fields: Vec<String> = event.inputs.iter().filter_map(field).collect();
    format!("{at}: {}({})", event.name, fields.join(", "))
}

/// A value with the names of its fields, and names in place of addresses that have one.
fn value_in(session: &Session, components: &[Param], value: &DynSolValue) -> String {
    let list = |items: &[DynSolValue]| {
        items.iter().map(|item| value_in(session, components, item)).collect::<Vec<_>>().join(", ")
    };
    match value {
        DynSolValue::Address(address) => named(session, *address),
        DynSolValue::Tuple(fields) => {
            let field = |(param, value): (&Param, &DynSolValue)| {
                format!("{}: {}", param.name, value_in(session, &param.components, value))
            };
            format!("{{{}}}", components.iter().zip(fields).map(field).collect::<Vec<_>>().join(", "))
        }
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => format!("[{}]", list(items)),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::FixedBytes(word, size) => {
            hex::encode_prefixed(word.get(..*size).unwrap_or(word.as_slice()))
        }
        DynSolValue::String(text) => format!("{text:?}"),
        other => format!("{other:?}"),
    }
}

/// A contract's name, or the whole address.
fn named(session: &Session, address: Address) -> String {
    let known = session.contracts().ok().and_then(|all| all.iter().find(|(_, at)| **at == address));
    known.map_or_else(|| address.to_checksum(None), |(name, _)| name.clone())
}
