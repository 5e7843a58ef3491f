//! Bodies as `POST /` takes them, answered by the server's own methods on a small chain. Promises: no panic, no hang; an
//! answer is JSON-RPC 2.0 as its specification has it (a list for a list, an id that was sent, a result or an error, a
//! message of one line, a code in its ranges), and never an internal error.

mod story;

use crate::{Target, mutate::mutate, random::Random, runner::hash};
use chain::{
    Chain, Config, History, Mining, PoolLimits,
    genesis::{DevOptions, Genesis},
};
use rpc::{Limits, Mode, Offline};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::OnceLock, time::Duration};
use tokio::runtime::Runtime;
use types::{Preset, Rules};

/// Codes that methods of the specifications define outside of JSON-RPC's own range.
const OTHER_CODES: [i64; 4] = [3, 4, 5, 6];

/// A contract's own refusal, with its reason as it is.
const REVERTED: i64 = 3;

/// The code for a name that no method has.
const METHOD_NOT_FOUND: i64 = -32_601;

/// The codes of eth_simulateV1.
const SIMULATE_CODES: std::ops::RangeInclusive<i64> = -38_026..=-38_010;

/// The target.
pub const TARGET: Target = Target { name: "rpc", generate, mutate: change, run };

/// The server, one for all inputs: what an input leaves behind (filters, transactions, time) the next ones meet.
struct World {
    runtime: Runtime,
    server: Offline,
    /// The names of all methods, and what the chain holds that requests may name.
    methods: HashSet<&'static str>,
    known: Vec<String>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let genesis = Genesis::dev(&DevOptions {
            chain_id: 31_337,
            preset: Preset::Fast,
            rules: Rules::Mainnet,
            accounts: Vec::new(),
            gas_limit: None,
            timestamp: 1_700_000_000,
            base_fee: None,
        });
        let config = Config {
            genesis,
            data_dir: None,
            history: History::Last(10_000),
            mining: Mining::Instant,
            pool: PoolLimits::default(),
            audit: false,
        };
        let chain = Chain::open(config).expect("a chain in memory opens");
        let limits = Limits {
            // Inputs are to be many: none may work long.
            max_call_gas: 2_000_000,
            max_log_blocks: 10_000,
            max_response_bytes: 1 << 20,
            call_timeout: Duration::from_secs(2),
            receipt_timeout: Duration::from_millis(1),
            ..Limits::default()
        };
        let server = Offline::new(chain, Mode::Dev { signers: Vec::new() }, limits);
        let server = server.expect("the system gives threads");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let known = runtime.block_on(story::tell(&server));
        World { runtime, server, methods: Offline::methods().into_iter().collect(), known }
    })
}

fn run(input: &[u8]) -> Vec<u64> {
    // The world itself may be asked to do long work by name; that is no broken promise.
    let World { runtime, server, .. } = world();
    let answer = runtime.block_on(server.answer(input));
    if answer.is_empty() {
        return vec![0];
    }
    let sent = serde_json::from_slice::<Value>(input).ok();
    let answer: Value = match serde_json::from_slice(&answer) {
        Ok(answer) => answer,
        // An id is repeated as it was sent, also a number that no double holds; then neither text reads as a value.
        Err(error) if sent.is_none() && error.to_string().starts_with("number out of range") => {
            return vec![hash(b"an id out of range")];
        }
        Err(error) => panic!("an answer is JSON: {error}"),
    };
    match answer.as_array() {
        Some(answers) => {
            assert!(!answers.is_empty(), "an empty list is no answer");
            let asked = sent.as_ref().and_then(Value::as_array).map_or(usize::MAX, Vec::len);
            assert!(answers.len() <= asked, "more answers than requests");
            answers.iter().map(|answer| check(answer, None)).collect()
        }
        None => vec![check(&answer, sent.as_ref())],
    }
}

/// Checks one answer, and marks what it shows.
fn check(answer: &Value, sent: Option<&Value>) -> u64 {
    assert_eq!(answer["jsonrpc"], "2.0");
    let id = answer.get("id").expect("an answer has an id");
    assert!(id.is_null() || id.is_number() || id.is_string(), "no such id was sent: {id}");
    // Names that no method has are one behaviour, however many there are.
    let method = sent.and_then(|sent| sent["method"].as_str()).unwrap_or_default();
    let method = world().methods.get(method).copied().unwrap_or_default();
    match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => hash(format!("{method} {}", shape(result)).as_bytes()),
        (None, Some(error)) => {
            let code = error["code"].as_i64().expect("a code is a number");
            let message = error["message"].as_str().expect("a message is text");
            let one_line = code == REVERTED || !message.contains('\n');
            assert!(!message.is_empty() && one_line, "not one line: {message:?}");
            assert_ne!(code, -32603, "an internal error: {message}");
            let standard = (-32_768..=-32_000).contains(&code);
            assert!(
                standard || OTHER_CODES.contains(&code) || SIMULATE_CODES.contains(&code),
                "no such code: {code} {message}"
            );
            if code == METHOD_NOT_FOUND {
                // Any name may be unknown; that one more is shows nothing new.
                return hash(b"no such method");
            }
            let words = message.split(' ').filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
            // Words, without the values that the input brought.
            let words: String = words.take(12).collect();
            hash(format!("{method} {code} {words}").as_bytes())
        }
        _ => panic!("neither result nor error, or both: {answer}"),
    }
}

const fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// A request with arguments of the right kinds, or a batch of some.
fn generate(random: &mut Random) -> Vec<u8> {
    if random.once_in(10) {
        let batch: Vec<Value> = (0..random.below(6)).map(|_| request(random)).collect();
        return json!(batch).to_string().into_bytes();
    }
    request(random).to_string().into_bytes()
}

fn request(random: &mut Random) -> Value {
    let methods: Vec<&str> = Offline::methods().into_iter().filter(|name| !takes_long(name)).collect();
    let method = random.pick(&methods);
    let params: Vec<Value> = (0..random.below(5)).map(|_| argument(random, 0)).collect();
    let mut request =
        json!({ "jsonrpc": "2.0", "id": random.below(100), "method": method, "params": params });
    if random.once_in(30)
        && let Some(object) = request.as_object_mut()
    {
        object.remove(random.pick(&["jsonrpc", "id", "method", "params"]));
    }
    request
}

/// What mines or travels as far as it is told to is bounded by its own tests; here it would take all the time.
fn takes_long(method: &str) -> bool {
    ["mine", "Mine", "Mining", "dump", "load", "Time"].iter().any(|part| method.contains(part))
}

/// An argument of any kind that some method takes.
fn argument(random: &mut Random, depth: usize) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    match random.below(15) {
        0 => json!(format!("{:#x}", random.number() >> random.below(64))),
        1 => json!(random.pick(&["latest", "earliest", "pending", "safe", "finalized", "0x0", "0x1"])),
        2 => json!(hex(&random.word()[..20])),
        3 => json!(known(random)),
        4 => json!(hex(&random.word())),
        5 => json!(random.once_in(2)),
        6 => json!(random.number() >> random.below(64)),
        7 => {
            let length = random.below(80);
            json!(hex(&random.bytes(length)))
        }
        8 => Value::Null,
        9 => json!(random.pick(&[
            "newHeads",
            "DelegationManager",
            "callTracer",
            "prestateTracer",
            "",
            "two\nlines"
        ])),
        10 if depth < 3 => (0..random.below(4)).map(|_| argument(random, depth + 1)).collect(),
        11 | 12 => json!(known(random)),
        _ if depth < 3 => object(random, depth),
        _ => json!({}),
    }
}

/// An address, a hash, a topic or calldata of the chain.
fn known(random: &mut Random) -> &'static str {
    let known = &world().known;
    &known[random.below(known.len())]
}

/// Keys that the methods' objects have.
const KEYS: [&str; 44] = [
    "from",
    "to",
    "gas",
    "gasPrice",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "value",
    "data",
    "input",
    "nonce",
    "accessList",
    "authorizationList",
    "type",
    "chainId",
    "fromBlock",
    "toBlock",
    "blockHash",
    "address",
    "topics",
    "blockNumber",
    "requireCanonical",
    "balance",
    "code",
    "state",
    "stateDiff",
    "movePrecompileToAddress",
    "number",
    "time",
    "gasLimit",
    "feeRecipient",
    "prevRandao",
    "baseFeePerGas",
    "blockStateCalls",
    "calls",
    "blockOverrides",
    "stateOverrides",
    "validation",
    "traceTransfers",
    "tracer",
    "tracerConfig",
    "transactions",
    "blockOverride",
    "transactionIndex",
    "fromAddress",
];

fn object(random: &mut Random, depth: usize) -> Value {
    let mut object = serde_json::Map::new();
    for _ in 0..random.below(5) {
        object.insert(random.pick(&KEYS).to_owned(), argument(random, depth + 1));
    }
    Value::Object(object)
}

/// Changes the value at some place of a body that is JSON; or bytes, as for any other target.
fn change(random: &mut Random, input: &mut Vec<u8>, other: &[u8]) {
    if random.once_in(3) {
        return mutate(random, input, other);
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(input) else { return mutate(random, input, other) };
    let places = count(&body);
    let mut place = random.below(places);
    replace(random, &mut body, &mut place);
    *input = body.to_string().into_bytes();
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(count).sum::<usize>(),
        Value::Object(all) => 1 + all.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Puts another argument at the place that is `place` values away.
fn replace(random: &mut Random, value: &mut Value, place: &mut usize) {
    if *place == 0 {
        *value = argument(random, 1);
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(all) => all.iter_mut().collect(),
        Value::Object(all) => all.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in inner {
        if *place == usize::MAX {
            return;
        }
        replace(random, value, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner;

    #[test]
    fn a_short_run_meets_many_methods_and_errors() {
        let summary = runner::run(TARGET, 1, Duration::from_secs(5)).unwrap();
        assert!(summary.behaviours > 50, "{summary:?}");
    }
}
