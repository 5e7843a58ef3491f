//! `docs/extensions.md` and `docs/restake-rpc.md`: their terminal sessions are told to a node, and what the documents show
//! is compared with what the node answers. `UPDATE_EXTENSIONS=1 cargo test -p tests --test extensions` writes the answers
//! anew. The commands are those of Foundry's cast, of curl and of jq; they are read here, so that no tool is needed, and
//! answers of contracts are shown by their ABI.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_dyn_abi::{DynSolType, DynSolValue, EventExt, FunctionExt, JsonAbiExt, Specifier};
use alloy_json_abi::{Function, Param};
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Bulwark, Rpc, bulwark, process::end, rpc::quantity};

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
/// Where the documents say that the node listens.
const LISTENER: &str = "http://127.0.0.1:8545";
/// Contracts whose events are shown.
const EXTENSIONS: [&str; 6] = ["Covenants", "LossNotices", "SafeExit", "Lens", "PriceBook", "RiskOracle"];
/// Fields that hold the clock's time, which is another one in each run.
const TIMES: [&str; 2] = ["updatedAt", "setAt"];
const WIDTH: usize = 110;

/// A shell that knows three commands of cast, bulwark, how to fetch and filter JSON, and variables.
struct Shell<'a> {
    node: &'a Bulwark,
    rpc: Rpc,
    variables: BTreeMap<String, String>,
}

impl Shell<'_> {
    /// Runs a line and returns what is shown below it.
    async fn run(&mut self, line: &str) -> Vec<String> {
        let words = words(line);
        if let [word] = &words[..]
            && let Some((name, value)) = word.split_once('=')
        {
            self.variables.insert(name.into(), value.into());
            return Vec::new();
        }
        let words: Vec<String> = words.iter().map(|word| self.expand(word)).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["cast", "rpc", method, ref arguments @ .., "|", "jq", "-S", filter] => {
                let arguments: Vec<Value> = arguments.iter().map(|word| argument(word)).collect();
                match self.rpc.try_call(method, json!(arguments)).await {
                    Ok(answer) => shown(&answer, filter),
                    Err(refused) => vec![format!("{}: {}", refused.code, refused.message)],
                }
            }
            ["curl", "-s", url, "|", "jq", "-S", filter] => {
                let path = url.strip_prefix(LISTENER).expect("the documents' own node");
                shown(&self.rpc.get(path).await.unwrap().json().await.unwrap(), filter)
            }
            ["cast", "rpc", method, ref arguments @ ..] => {
                let arguments: Vec<Value> = arguments.iter().map(|word| argument(word)).collect();
                self.rpc.call(method, json!(arguments)).await;
                Vec::new()
            }
            ["cast", "call", to, signature, ref arguments @ ..] => {
                let (function, data) = call(to, signature, arguments);
                match self.rpc.try_call("eth_call", json!([{ "to": to, "data": data }, "latest"])).await {
                    Ok(answer) => self.returned(&function, &answer),
                    Err(refused) => vec![refused.message],
                }
            }
            ["cast", "send", to, signature, ref arguments @ .., "--from", from] => {
                let (_, data) = call(to, signature, arguments);
                self.send(json!({ "from": from, "to": to, "data": data })).await
            }
            ["bulwark", ref arguments @ ..] => {
                let mut command = bulwark(arguments);
                command.env("BULWARK_RPC", self.node.url()).env("HOME", "/nonexistent");
                let ended = end(command);
                assert_eq!(ended.code(), 0, "{line}: {ended:?}");
                self.newest().await
            }
            _ => panic!("no command: {line}"),
        }
    }

    fn expand(&self, word: &str) -> String {
        let mut expanded = word.to_string();
        // Longer names first: one may begin with another.
        let mut names: Vec<&String> = self.variables.keys().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            expanded = expanded.replace(&format!("${name}"), &self.variables[name]);
        }
        assert!(!expanded.contains('$'), "a variable of {word} is not set");
        expanded
    }

    /// Names in place of addresses that have one.
    fn named(&self, address: Address) -> String {
        let text = address.to_string();
        let name = self.variables.iter().find(|(_, value)| value.eq_ignore_ascii_case(&text));
        name.map_or(text, |(name, _)| format!("${name}"))
    }

    /// The newest block with its one transaction.
    async fn newest(&self) -> Vec<String> {
        let block = self.rpc.call("eth_getBlockByNumber", json!(["latest", false])).await;
        self.receipt(&block["transactions"][0]).await
    }

    async fn send(&self, transaction: Value) -> Vec<String> {
        let hash = match self.rpc.try_call("eth_sendTransaction", json!([transaction])).await {
            Ok(hash) => hash,
            Err(refused) => return vec![refused.message],
        };
        self.receipt(&hash).await
    }

    async fn receipt(&self, hash: &Value) -> Vec<String> {
        let receipt = self.rpc.call("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        let mut lines = vec![format!("block {}", quantity(&receipt["blockNumber"]))];
        for log in receipt["logs"].as_array().unwrap() {
            lines.extend(self.event(log));
        }
        lines
    }

    /// An event of an extension in a line or more.
    fn event(&self, log: &Value) -> Vec<String> {
        let at: Address = serde_json::from_value(log["address"].clone()).unwrap();
        let Some(contract) = contract_at(at).filter(|name| EXTENSIONS.contains(name)) else {
            return Vec::new();
        };
        let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).unwrap();
        let data: Bytes = serde_json::from_value(log["data"].clone()).unwrap();
        let abi = types::abi::json(contract).unwrap();
        let event =
            abi.events().find(|event| event.selector() == topics[0]).expect("a declared event").clone();
        let decoded = event.decode_log_parts(topics, &data).unwrap();
        let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
        let fields = event.inputs.iter().map(|input| {
            let value = if input.indexed { indexed.next() } else { body.next() }.unwrap();
            format!("{}: {}", input.name, self.value(&input.components, value))
        });
        let fields: Vec<String> = fields.collect();
        wrapped(&format!("{}({})", event.name, fields.join(", ")))
    }

    fn returned(&self, function: &Function, answer: &Value) -> Vec<String> {
        let data: Bytes = serde_json::from_value(answer.clone()).unwrap();
        let values = function.abi_decode_output(&data).unwrap();
        let lines = function.outputs.iter().zip(&values).flat_map(|(output, value)| {
            let shown = timeless(&output.name, self.value(&output.components, value));
            wrapped(&if output.name.is_empty() { shown } else { format!("{}: {shown}", output.name) })
        });
        lines.collect()
    }

    /// A value with the names of its fields.
    fn value(&self, components: &[Param], value: &DynSolValue) -> String {
        match value {
            DynSolValue::Address(address) => self.named(*address),
            DynSolValue::Tuple(fields) => {
                let field = |(param, value): (&Param, &DynSolValue)| {
                    let shown = timeless(&param.name, self.value(&param.components, value));
                    format!("{}: {shown}", param.name)
                };
                let fields: Vec<String> = components.iter().zip(fields).map(field).collect();
                format!("{{{}}}", fields.join(", "))
            }
            DynSolValue::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(components, item)).collect();
                format!("[{}]", items.join(", "))
            }
            DynSolValue::Uint(number, _) => number.to_string(),
            DynSolValue::Int(number, _) => number.to_string(),
            DynSolValue::Bool(flag) => flag.to_string(),
            DynSolValue::Bytes(bytes) => Bytes::copy_from_slice(bytes).to_string(),
            DynSolValue::FixedBytes(word, size) => Bytes::copy_from_slice(&word[..*size]).to_string(),
            other => format!("{other:?}"),
        }
    }
}

/// A field as it is shown.
fn timeless(name: &str, shown: String) -> String {
    if TIMES.contains(&name) && shown != "0" { "…".into() } else { shown }
}

/// The name of the contract at a fixed address.
fn contract_at(address: Address) -> Option<&'static str> {
    let named = types::addresses::NAMED.iter().chain(types::addresses::NAMED_IN_DEV);
    named.clone().find(|(_, at)| *at == address).map(|(name, _)| *name)
}

/// The declared function of a signature, and the calldata.
fn call(to: &str, signature: &str, arguments: &[&str]) -> (Function, Bytes) {
    let function = match contract_at(to.parse().unwrap()) {
        Some(contract) => {
            let abi = types::abi::json(contract).unwrap();
            let function = abi.functions().find(|function| function.signature() == signature);
            function.unwrap_or_else(|| panic!("{contract} has no {signature}")).clone()
        }
        // A contract of the story's own: its signature says what it returns.
        None => Function::parse(signature).unwrap(),
    };
    let parse = |(input, word): (&Param, &&str)| {
        let kind: DynSolType = input.resolve().unwrap();
        kind.coerce_str(word).unwrap_or_else(|error| panic!("{word}: {error}"))
    };
    let values: Vec<DynSolValue> = function.inputs.iter().zip(arguments).map(parse).collect();
    let data = function.abi_encode_input(&values).unwrap();
    (function, data.into())
}

/// What `jq -S` shows of a value at a path. Hashes follow from prices that have documents of their own.
fn shown(value: &Value, filter: &str) -> Vec<String> {
    let mut at = value;
    for name in filter.split(['.', '[', ']']).filter(|name| !name.is_empty()) {
        at = match name.parse::<usize>() {
            Ok(index) => &at[index],
            Err(_) => &at[name],
        };
    }
    assert!(!at.is_null(), "{filter} is nothing in {value}");
    let text = serde_json::to_string_pretty(&without_hashes(at)).unwrap();
    text.lines().map(Into::into).collect()
}

fn without_hashes(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() == 66 && text.starts_with("0x") => json!("0x…"),
        Value::Array(items) => items.iter().map(without_hashes).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            Value::Object(
                sorted.into_iter().map(|(name, value)| (name.clone(), without_hashes(value))).collect(),
            )
        }
        other => other.clone(),
    }
}

/// An argument of `cast rpc`: JSON as it is, a number as a quantity, all else as a string.
fn argument(word: &str) -> Value {
    if word.starts_with('{') {
        return serde_json::from_str(word).unwrap_or_else(|error| panic!("{word}: {error}"));
    }
    word.parse::<u64>().map_or_else(|_| json!(word), |number| json!(format!("{number:#x}")))
}

/// The words of a line, by spaces outside single quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A line in lines that a page can show, broken at spaces, the later ones indented.
fn wrapped(line: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.chars().count() + word.chars().count() < WIDTH => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(word.to_string()),
        }
    }
    lines
}

/// Tells a document's sessions to a node, and compares or writes what the node answers.
async fn compare(name: &str, node: &Bulwark) {
    let path = format!("{DOCUMENTS}/{name}");
    let mut shell = Shell { node, rpc: node.rpc(), variables: BTreeMap::new() };
    let document = std::fs::read_to_string(&path).unwrap();
    let (mut written, mut in_session) = (String::new(), false);
    for line in document.lines() {
        let fence = line.starts_with("```");
        let command = line.strip_prefix("$ ").filter(|_| in_session);
        if fence || !in_session || command.is_some() || line.starts_with("# ") {
            written.push_str(line);
            written.push('\n');
        }
        if fence {
            in_session = line == "```console";
        } else if let Some(command) = command {
            for answer in shell.run(command).await {
                written.push_str(&answer);
                written.push('\n');
            }
        }
    }
    if std::env::var_os("UPDATE_EXTENSIONS").is_some() {
        std::fs::write(path, &written).unwrap();
        return;
    }
    for (shown, answered) in document.lines().zip(written.lines()) {
        assert_eq!(shown, answered, "docs/{name} is not what a node answers: see the head of this file");
    }
    assert_eq!(document.len(), written.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_extensions_are_what_a_node_answers() {
    compare("extensions.md", &Bulwark::dev(&["--audit"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_restaking_over_rpc_are_what_a_node_answers() {
    compare("restake-rpc.md", &Bulwark::dev(&["--audit", "--timestamp", "1700000000"])).await;
}
