//! The world of the executed cases: its people, tokens and strategies, and how steps run in it.

use crate::{
    codec::{Names, is_as_expected, show, text, value},
    list,
};
use alloy_dyn_abi::{DynSolType, DynSolValue, EventExt, FunctionExt, JsonAbiExt, Specifier};
use alloy_json_abi::{Event, Function, JsonAbi};
use alloy_primitives::{Address, B256, Bytes, Log, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use light::bn254;
use protocol::{
    eigen_pod_manager,
    genesis::Setup,
    host::{BlockInfo, Error, Fatal, Host, Result, revert_empty, revert_with},
    mem::{Account, MemHost},
    registry::instance_code,
    storage::Map,
    strategy_base::limits,
};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use serde_json::Value;
use std::collections::BTreeMap;
use types::{
    Params, Preset, Rules,
    abi::{
        self, IAVSRegistrar, IAllocationManager, IDelegationManager::SlashingWithdrawalQueued, IERC20,
        IStrategyFactory, ITestToken,
    },
    addresses,
    params::Roles,
};

const GAS: u64 = 1 << 30;

/// Contracts by their names in the cases: address, and the name of the ABI in `types`.
const CONTRACTS: &[(&str, Address, &str)] = &[
    ("SM", addresses::STRATEGY_MANAGER, "StrategyManager"),
    ("DM", addresses::DELEGATION_MANAGER, "DelegationManager"),
    ("AM", addresses::ALLOCATION_MANAGER, "AllocationManager"),
    ("EPM", addresses::EIGEN_POD_MANAGER, "EigenPodManager"),
    ("PC", addresses::PERMISSION_CONTROLLER, "PermissionController"),
    ("SF", addresses::STRATEGY_FACTORY, "StrategyFactory"),
    ("PR", addresses::PAUSER_REGISTRY, "PauserRegistry"),
    ("AD", addresses::AVS_DIRECTORY, "AVSDirectory"),
    ("KR", addresses::KEY_REGISTRAR, "KeyRegistrar"),
    ("RM", addresses::RELEASE_MANAGER, "ReleaseManager"),
];

/// The contract that accepts any signature, where a case saw it: its address is a key in that case.
const WALLET: Address = address!("0xc0de000000000000000000000000000000000004");

const TOKENS: [&str; 5] = ["t1", "t2", "t3", "tcap", "newToken"];

/// Whether all that a case calls exists in this build.
pub fn can_run(case: &Value) -> bool {
    let steps = list(&case["setup"]).iter().chain([&case["action"]]).filter(|step| !step.is_null());
    steps.chain(list(&case["expect"]["values"])).all(|step| {
        let inner = list(&step["sameBlock"]);
        if inner.is_empty() { is_known(step) } else { inner.iter().all(is_known) }
    })
}

fn is_known(step: &Value) -> bool {
    if step["givePod"].is_string() {
        return true;
    }
    let (Some(to), Some(call)) = (step["to"].as_str(), step["call"].as_str()) else { return false };
    let selector = Function::parse(call).expect("a signature").selector();
    abi_of(to).is_some_and(|abi| abi.functions().any(|function| function.selector() == selector))
}

fn abi_of(contract: &str) -> Option<JsonAbi> {
    let name = match contract {
        "s1" | "s2" | "s3" => "StrategyBase",
        "scap" => "StrategyBaseTVLLimits",
        token if TOKENS.contains(&token) => "TestToken",
        other => CONTRACTS.iter().find(|(name, ..)| *name == other)?.2,
    };
    abi::json(name)
}

/// A chain and what the case has saved.
pub struct World {
    chain: MemHost,
    names: BTreeMap<String, Address>,
    saved: BTreeMap<String, Vec<(B256, DynSolValue)>>,
}

impl World {
    pub fn new(world: &Value) -> Self {
        let number = |name: &str, default: u64| world[name].as_u64().unwrap_or(default);
        let owner = account("owner");
        let params = Params {
            rules: Rules::Pinned,
            withdrawal_delay_blocks: number("withdrawalDelay", 10) as u32,
            configuration_delay_blocks: number("configurationDelay", 15) as u32,
            ..Params::preset(Preset::Fast)
        };
        let roles = Roles::all_held_by(owner);
        let block = BlockInfo {
            number: number("start", 1000),
            timestamp: 1_700_000_000,
            chain_id: 31337,
            ..BlockInfo::default()
        };
        let chain = MemHost::new(&Setup { params: &params, roles: &roles, dev: false }, block);
        let mut world = Self { chain, names: BTreeMap::new(), saved: BTreeMap::new() };
        world.name_contracts();
        world.make_strategies(owner);
        world.fund_stakers();
        world.introduce_services();
        world
    }

    fn name_contracts(&mut self) {
        for (name, address, _) in CONTRACTS {
            self.names.insert((*name).into(), *address);
        }
        for (name, address) in [
            ("B", addresses::BEACON_STRATEGY),
            ("BURN", addresses::BURN),
            ("eigenStrategy", addresses::EIGEN_STRATEGY),
            ("zero", Address::ZERO),
            ("wallet", WALLET),
        ] {
            self.names.insert(name.into(), address);
        }
        let stubs: [(&str, protocol::host::NativeFn); 4] = [
            ("registrar", |_, _| Ok(word(1))),
            ("trapRegistrar", |_, input| {
                if input.starts_with(&IAVSRegistrar::deregisterOperatorCall::SELECTOR) {
                    return revert_empty();
                }
                Ok(word(1))
            }),
            ("noRegistrar", |_, _| Ok(word(0))),
            ("newToken", token),
        ];
        for (name, entry) in stubs {
            self.chain.place(account(name), entry);
        }
        self.chain.place(WALLET, |_, _| {
            Ok(hex!("1626ba7e00000000000000000000000000000000000000000000000000000000").into())
        });
    }

    /// Strategies of three tokens, named so that their addresses ascend, and one with limits.
    fn make_strategies(&mut self, owner: Address) {
        let factory = addresses::STRATEGY_FACTORY;
        let mut made: Vec<(Address, Address)> = (1..=3)
            .map(|index| {
                let place = Address::repeat_byte(0xe0 + index);
                self.chain.place(place, token);
                let call = IStrategyFactory::deployNewStrategyCall { token: place };
                (self.chain.tell(owner, factory, &call).expect("a strategy"), place)
            })
            .collect();
        made.sort();
        for (index, (strategy, token)) in (1..).zip(made) {
            self.names.insert(format!("s{index}"), strategy);
            self.names.insert(format!("t{index}"), token);
        }
        let (strategy, capped, million) = (account("scap"), account("tcap"), U256::from(1_000_000));
        self.chain.place(capped, token);
        let storage = limits::genesis(capped, million, million).into_iter().collect();
        let code = instance_code(limits::KIND);
        self.chain.accounts.insert(strategy, Account { nonce: 1, code, storage, ..Account::default() });
        let call = IStrategyFactory::whitelistStrategiesCall { strategiesToWhitelist: vec![strategy] };
        self.chain.tell(owner, factory, &call).expect("a whitelisted strategy");
    }

    fn fund_stakers(&mut self) {
        let plenty = U256::from(10).pow(U256::from(40));
        for staker in ["alice", "bob", "carol", "dave"].map(account) {
            for token in ["t1", "t2", "t3", "tcap"].map(|name| self.address(name)) {
                let mint = ITestToken::mintCall { to: staker, value: plenty };
                self.chain.tell(staker, token, &mint).expect("minted");
                let approve = IERC20::approveCall { spender: addresses::STRATEGY_MANAGER, value: U256::MAX };
                self.chain.tell(staker, token, &approve).expect("approved");
            }
        }
    }

    /// Two services that have said who they are and whom to ask.
    fn introduce_services(&mut self) {
        let (home, registrar) = (addresses::ALLOCATION_MANAGER, account("registrar"));
        for name in ["avs", "avs2"] {
            let avs = account(name);
            let uri = format!("ipfs://{name}");
            let metadata = IAllocationManager::updateAVSMetadataURICall { avs, metadataURI: uri };
            self.chain.tell(avs, home, &metadata).expect("metadata");
            let registrar = IAllocationManager::setAVSRegistrarCall { avs, registrar };
            self.chain.tell(avs, home, &registrar).expect("a registrar");
        }
    }

    /// Runs a step of the setup in the next block, or in its own.
    pub fn prepare(&mut self, step: &Value) -> core::result::Result<(), String> {
        if let Some(owner) = step["givePod"].as_str() {
            let (slot, pod) = eigen_pod_manager::pod_entry(account(owner), account(text(&step["pod"])));
            let manager = self.chain.accounts.get_mut(&addresses::EIGEN_POD_MANAGER).expect("a manager");
            manager.storage.insert(slot, pod);
            return Ok(());
        }
        self.next_block(step);
        let answers: Vec<(&Value, Result<Bytes>)> = match list(&step["sameBlock"]) {
            [] => vec![(step, self.send(step))],
            steps => steps.iter().map(|step| (step, self.send(step))).collect(),
        };
        for (step, answer) in answers {
            let must_revert = step["reverts"].as_bool().unwrap_or(false);
            if answer.is_err() != must_revert {
                return Err(format!("{} gave {answer:?}", step["call"]));
            }
        }
        Ok(())
    }

    /// Runs the action and tells all that is not as expected.
    pub fn act(&mut self, action: &Value, expect: &Value) -> Vec<String> {
        self.next_block(action);
        let steps = match list(&action["sameBlock"]) {
            [] => core::slice::from_ref(action),
            steps => steps,
        };
        let (last, before) = steps.split_last().expect("a step");
        let mut found: Vec<String> = before
            .iter()
            .filter_map(|step| self.send(step).err().map(|error| format!("{error:?}")))
            .collect();
        let answer = self.send(last);
        if expect["block"] != self.chain.block.number {
            found.push(format!("ran in block {}, expected {}", self.chain.block.number, expect["block"]));
        }
        found.extend(self.compare(last, expect, answer));
        if expect["status"] == "ok" {
            found.extend(self.compare_logs(list(&expect["logs"])));
        }
        found
    }

    /// Reads a view, in a later block if the case says so, and tells if it is not as expected.
    pub fn look(&mut self, expect: &Value) -> Option<String> {
        if let Some(at) = expect["at"].as_u64() {
            self.chain.block.number = at;
        }
        let answer = self.send(expect);
        self.compare(expect, expect, answer)
    }

    fn compare(&mut self, step: &Value, expect: &Value, answer: Result<Bytes>) -> Option<String> {
        let call = text(&step["call"]);
        let data = match (answer, &expect["error"]) {
            (Ok(data), Value::Null) => data,
            (Err(Error::Fatal(Fatal::Invalid)), error) if error["name"] == "(empty)" => return None,
            (Err(Error::Revert(data)), error) if !error.is_null() => {
                return (data != self.revert_data(error))
                    .then(|| format!("{call} reverted {data}, expected {error}"));
            }
            (answer, error) => return Some(format!("{call} gave {answer:?}, expected error {error}")),
        };
        let expected = list(&expect["returns"]);
        if expected.is_empty() {
            return None;
        }
        let selector = Function::parse(call).expect("a signature").selector();
        let abi = abi_of(text(&step["to"])).expect("a contract");
        let function = abi.functions().find(|function| function.selector() == selector).expect("a function");
        let actual = DynSolValue::Tuple(function.abi_decode_output(&data).expect("the ABI's return values"));
        let equal = is_as_expected(self, &Value::Array(expected.to_vec()), &actual);
        (!equal).then(|| format!("{call} returned {}, expected {expected:?}", show(self, &actual)))
    }

    fn revert_data(&mut self, error: &Value) -> Bytes {
        let argument = error["args"][0].as_str();
        match (text(&error["name"]), argument) {
            ("(empty)", _) => Bytes::new(),
            ("Panic", Some(code)) => {
                let code = U256::from_str_radix(code.trim_start_matches("0x"), 16).expect("a code");
                alloy_sol_types::Panic { code }.abi_encode().into()
            }
            ("Error", Some(message)) => alloy_sol_types::Revert::from(message).abi_encode().into(),
            (name, _) => self.custom_error(name, list(&error["args"])),
        }
    }

    /// The error `name` of whatever contract declares it.
    fn custom_error(&mut self, name: &str, arguments: &[Value]) -> Bytes {
        let abis = CONTRACTS.iter().map(|(.., abi)| *abi).chain(["StrategyBase", "StrategyBaseTVLLimits"]);
        let mut errors = abis.filter_map(|abi| abi::json(abi)?.error(name)?.first().cloned());
        let error = errors.next().unwrap_or_else(|| panic!("no contract has the error {name}"));
        let kinds = error.inputs.iter().map(|input| input.resolve().expect("a type"));
        let values = kinds.zip(arguments).map(|(kind, argument)| value(self, &kind, argument)).collect();
        let fields = DynSolValue::Tuple(values).abi_encode_params();
        [error.selector().as_slice(), &fields].concat().into()
    }

    fn compare_logs(&self, expected: &[Value]) -> Vec<String> {
        let actual: Vec<(String, String, Vec<DynSolValue>)> =
            self.chain.logs().iter().map(|log| self.decode_log(log)).collect();
        let shown: Vec<String> = actual
            .iter()
            .map(|(at, event, values)| {
                format!("{at}.{event}{}", show(self, &DynSolValue::Tuple(values.clone())))
            })
            .collect();
        if actual.len() != expected.len() {
            return vec![format!("{} logs, expected {}: {shown:#?}", actual.len(), expected.len())];
        }
        let equal = |(expected, (at, event, values)): &(&Value, &(String, String, Vec<DynSolValue>))| {
            (expected["at"] == "*" || expected["at"] == *at)
                && expected["event"] == *event
                && is_as_expected(self, &expected["args"], &DynSolValue::Tuple(values.clone()))
        };
        let differs = expected.iter().zip(&actual).zip(shown).filter(|(pair, _)| !equal(pair));
        differs.map(|((expected, _), shown)| format!("log {shown}, expected {expected}")).collect()
    }

    /// The emitter's name, the event's, and its arguments as declared.
    fn decode_log(&self, log: &Log) -> (String, String, Vec<DynSolValue>) {
        let at = self.name(log.address).unwrap_or_else(|| log.address.to_string());
        let topic = log.topics()[0];
        let abi = abi_of(&at).or_else(|| abi::json("StrategyBase")).expect("an ABI");
        let found = abi.events().find(|event| event.selector() == topic).cloned();
        let event: Event =
            found.unwrap_or_else(|| panic!("{at} emitted an event that its ABI does not have: {topic}"));
        let decoded = event.decode_log(&log.data).expect("the ABI's fields");
        let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
        let values =
            event.inputs.iter().map(|input| if input.indexed { indexed.next() } else { body.next() });
        (at, event.name.clone(), values.map(|value| value.expect("a field")).collect())
    }

    fn next_block(&mut self, step: &Value) {
        let next = self.chain.block.number + 1;
        self.chain.block.number = step["at"].as_u64().unwrap_or(next);
        self.chain.block.timestamp += 1;
    }

    fn send(&mut self, step: &Value) -> Result<Bytes> {
        let input = self.calldata(step);
        let from = step["from"].as_str().map_or(Address::ZERO, |name| self.address(name));
        let to = self.address(text(&step["to"]));
        let outcome = self.chain.send(from, to, U256::ZERO, &input, GAS);
        if let Some(label) = step["save"].as_str() {
            let queued = self
                .chain
                .logs()
                .iter()
                .filter(|log| log.topics()[0] == SlashingWithdrawalQueued::SIGNATURE_HASH);
            let queued = queued.map(|log| {
                let (_, _, values) = self.decode_log(log);
                (
                    values[0].as_fixed_bytes().map(|(root, _)| B256::from_slice(root)).expect("a root"),
                    values[1].clone(),
                )
            });
            let queued = queued.collect();
            self.saved.insert(label.into(), queued);
        }
        outcome.answer
    }

    fn calldata(&mut self, step: &Value) -> Vec<u8> {
        let function = Function::parse(text(&step["call"])).expect("a signature");
        let kinds: Vec<DynSolType> =
            function.inputs.iter().map(|input| input.resolve().expect("a type")).collect();
        let arguments =
            kinds.iter().zip(list(&step["args"])).map(|(kind, argument)| value(self, kind, argument));
        let arguments: Vec<DynSolValue> = arguments.collect();
        function.abi_encode_input(&arguments).expect("arguments of the right types")
    }

    fn sign_bn254(&mut self, request: &Value) -> Vec<u8> {
        let digest = self.send(&request["digest"]).expect("a digest");
        let point = bn254_secret(&request["secret"]).sign(B256::from_slice(&digest));
        words(&[point.x, point.y])
    }

    fn sign(&mut self, request: &Value) -> Vec<u8> {
        let digest = self.send(&request["digest"]).expect("a digest");
        let key = secret(text(&request["by"]));
        let message = Message::from_digest(digest[..32].try_into().expect("32 bytes"));
        let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &key).serialize_compact();
        let v = i32::from(id) as u8;
        match request["form"].as_str() {
            None => [compact.as_slice(), &[27 + v]].concat(),
            Some("v0") => [compact.as_slice(), &[v]].concat(),
            Some("high-s") => {
                let (r, s) = compact.split_at(32);
                let high = secp256k1_order() - U256::from_be_slice(s);
                [r, &high.to_be_bytes::<32>(), &[28 - v]].concat()
            }
            Some("compact") => {
                let mut short = compact;
                short[32] |= v << 7;
                short.to_vec()
            }
            Some(form) => panic!("no signature has form {form}"),
        }
    }
}

impl Names for World {
    fn address(&self, name: &str) -> Address {
        self.names.get(name).copied().unwrap_or_else(|| account(name))
    }

    fn name(&self, address: Address) -> Option<String> {
        self.names
            .iter()
            .find(|(_, named)| **named == address)
            .map(|(name, _)| name.clone())
            .or_else(|| (account("scap") == address).then(|| "scap".into()))
            .or_else(|| (account("tcap") == address).then(|| "tcap".into()))
    }

    fn special(&mut self, argument: &Value) -> DynSolValue {
        let saved = |world: &Self, form: &str| {
            let index = argument["index"].as_u64().unwrap_or(0) as usize;
            world.saved[text(&argument[form])][index].clone()
        };
        if argument["withdrawal"].is_string() {
            saved(self, "withdrawal").1
        } else if argument["root"].is_string() {
            DynSolValue::FixedBytes(saved(self, "root").0, 32)
        } else if argument["addressBytes"].is_string() {
            DynSolValue::Bytes(self.address(text(&argument["addressBytes"])).to_vec())
        } else if argument["bn254Key"].is_string() {
            DynSolValue::Bytes(bn254_key(&argument["bn254Key"]))
        } else if argument["bn254KeyG1"].is_string() {
            DynSolValue::Bytes(bn254_key(&argument["bn254KeyG1"])[..64].to_vec())
        } else if argument["bn254Signature"].is_object() {
            DynSolValue::Bytes(self.sign_bn254(&argument["bn254Signature"]))
        } else {
            DynSolValue::Bytes(self.sign(&argument["signature"]))
        }
    }
}

/// An account's key is the hash of its name.
fn secret(name: &str) -> SecretKey {
    SecretKey::from_byte_array(keccak256(name).0).expect("a key")
}

fn bn254_secret(number: &Value) -> bn254::SecretKey {
    bn254::SecretKey::new(text(number).parse().expect("a number"))
}

fn bn254_key(number: &Value) -> Vec<u8> {
    let secret = bn254_secret(number);
    let (g1, g2) = (secret.key_g1(), secret.key_g2());
    words(&[g1.x, g1.y, g2.x[0], g2.x[1], g2.y[0], g2.y[1]])
}

fn words(numbers: &[U256]) -> Vec<u8> {
    numbers.iter().flat_map(U256::to_be_bytes::<32>).collect()
}

fn account(name: &str) -> Address {
    let key = PublicKey::from_secret_key(SECP256K1, &secret(name)).serialize_uncompressed();
    Address::from_raw_public_key(&key[1..])
}

fn secp256k1_order() -> U256 {
    U256::from_be_bytes(secp256k1::constants::CURVE_ORDER)
}

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes::<32>().into()
}

/// The token of the scenes: anyone may mint, 18 decimals, errors `balance` and `allowance`.
fn token(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    use protocol::dispatch::{Calldata, view, write};
    const BALANCES: Map<Address, U256> = Map::at(0);
    const ALLOWANCES: Map<(Address, Address), U256> = Map::at(1);

    fn moved(host: &mut dyn Host, from: Address, to: Address, value: U256) -> Result<bool> {
        let Some(left) = BALANCES.get(host, from)?.checked_sub(value) else { return revert_with("balance") };
        BALANCES.set(host, from, left)?;
        let sum = BALANCES.get(host, to)?.wrapping_add(value);
        BALANCES.set(host, to, sum)?;
        protocol::host::emit(host, &IERC20::Transfer { from, to, value })?;
        Ok(true)
    }

    let calldata = Calldata::split(input)?;
    match calldata.selector {
        [0x31, 0x3c, 0xe5, 0x67] => view(host, calldata, |_, _: IERC20::decimalsCall| Ok(18_u8)),
        [0x70, 0xa0, 0x82, 0x31] => {
            view(host, calldata, |view, call: IERC20::balanceOfCall| Ok(BALANCES.get(view, call.account)?))
        }
        [0x40, 0xc1, 0x0f, 0x19] => write(host, calldata, |host, call: ITestToken::mintCall| {
            let sum = BALANCES.get(host, call.to)?.wrapping_add(call.value);
            Ok(BALANCES.set(host, call.to, sum)?)
        }),
        [0x09, 0x5e, 0xa7, 0xb3] => write(host, calldata, |host, call: IERC20::approveCall| {
            let owner = host.msg().sender;
            ALLOWANCES.set(host, (owner, call.spender), call.value)?;
            Ok(true)
        }),
        [0xa9, 0x05, 0x9c, 0xbb] => write(host, calldata, |host, call: IERC20::transferCall| {
            let from = host.msg().sender;
            moved(host, from, call.to, call.value)
        }),
        [0x23, 0xb8, 0x72, 0xdd] => write(host, calldata, |host, call: IERC20::transferFromCall| {
            let spender = host.msg().sender;
            let allowed = ALLOWANCES.get(host, (call.from, spender))?;
            let Some(left) = allowed.checked_sub(call.value) else { return revert_with("allowance") };
            if allowed != U256::MAX {
                ALLOWANCES.set(host, (call.from, spender), left)?;
            }
            moved(host, call.from, call.to, call.value)
        }),
        _ => revert_empty(),
    }
}
