//! `bulwark key`: the signing keys of operators in operator sets: kept encrypted as accounts are, shown, and registered
//! with the proof that the contract asks for.

use super::account::{self, AccountCommand};
use crate::{
    commands,
    failure::Failure,
    remote::{
        args::{KeyArgs, SendArgs},
        bls,
        names::Set,
        preferences::Preferences,
        send::Step,
        session::Session,
        show, signer,
    },
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use clap::{Args, Subcommand};
use light::bn254::SecretKey;
use serde_json::{Value, json};
use std::path::PathBuf;
use types::{
    abi::{IKeyRegistrar, ISafeExit},
    addresses::{KEY_REGISTRAR, SAFE_EXIT},
};

/// The order of BN254's groups: secrets are below it.
const BN254_ORDER: U256 = U256::from_limbs([
    0x43e1_f593_f000_0001,
    0x2833_e848_79b9_7091,
    0xb850_45b6_8181_585d,
    0x3064_4e72_e131_a029,
]);

/// The verbs: the two curves.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// A key whose signatures can be added up: made if there is none of that name
    Bn254(OperatorKeyArgs),
    /// A key of Ethereum's own kind: made if there is none of that name
    Ecdsa(OperatorKeyArgs),
    /// A validator's key (BLS12-381), encrypted as EIP-2335 has it: made if there is none of that name
    Bls(BlsArgs),
    /// What is done with the encrypted keys of accounts, which lie beside these.
    #[command(flatten)]
    Kept(AccountCommand),
    /// Free a registered key of an operator set that was left, for the same operator
    Release(ReleaseArgs),
}

/// `bulwark key bls`.
#[derive(Args, Debug)]
pub struct BlsArgs {
    /// What the key is called, or the file of another tool
    pub name: String,
    /// File with the key's password [default: as for accounts]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `bulwark key release`.
#[derive(Args, Debug)]
pub struct ReleaseArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// The operator, where an appointee acts for it [default: the sender]
    #[arg(long, value_name = "WHO", help_heading = "Sending")]
    pub operator: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark key bn254`, `bulwark key ecdsa`.
#[derive(Args, Debug)]
pub struct OperatorKeyArgs {
    /// What the key is called, beside the names of accounts
    pub name: String,
    /// Register it in this operator set: SERVICE:NUMBER [default: only show it]
    #[arg(long, value_name = "SET")]
    pub register: Option<String>,
    /// The operator, where an appointee acts for it [default: the sender]
    #[arg(long, value_name = "WHO")]
    pub operator: Option<String>,
    /// File with the key's password [default: as for accounts]
    #[arg(long, value_name = "FILE")]
    pub key_password_file: Option<PathBuf>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &KeyCommand) -> Result<(), Failure> {
    let (args, is_bn254) = match command {
        KeyCommand::Bn254(args) => (args, true),
        KeyCommand::Ecdsa(args) => (args, false),
        KeyCommand::Bls(args) => return show_bls(args),
        KeyCommand::Kept(command) => return account::run(command),
        KeyCommand::Release(args) => return release(args),
    };
    let key = read_or_make(args, is_bn254)?;
    match &args.register {
        Some(set) => register(args, set, &key, is_bn254),
        None => show_key(args, &key, is_bn254),
    }
}

fn show_bls(args: &BlsArgs) -> Result<(), Failure> {
    let keys = KeyArgs { password_file: args.password_file.clone(), ..KeyArgs::default() };
    let path = signer::keystore_path(&Preferences::load()?, &args.name)?;
    let key = if path.is_file() {
        signer::decrypt_bls(&path, &keys)?
    } else {
        let key = bls::generate()?;
        account::keep_text(&args.name, &keys, |password| bls::encrypt(&key, password))?;
        key
    };
    let public = bls::public(&key);
    match args.json {
        true => {
            let answer = json!({ "name": args.name, "curve": "bls12-381", "pubkey": public });
            commands::print(&format!("{answer:#}\n"))
        }
        false => {
            let rows = [("key", args.name.clone()), ("public", public)];
            commands::print(&format!("{}\n", show::fields(&rows)))
        }
    }
}

fn release(args: &ReleaseArgs) -> Result<(), Failure> {
    let (session, from, operator) = Session::acting(&args.send, args.operator.as_deref())?;
    let set = session.set(&args.set)?;
    let operator_set = ISafeExit::OperatorSet { avs: set.avs, id: set.id };
    let call = ISafeExit::releaseKeyCall { operator, operatorSet: operator_set };
    let title = format!("free the key in {}:{}", session.name(set.avs), set.id);
    session.perform(&args.send, &from, &[Step::call(title, SAFE_EXIT, &call)]).map(|_| ())
}

fn read_or_make(args: &OperatorKeyArgs, is_bn254: bool) -> Result<PrivateKeySigner, Failure> {
    let preferences = Preferences::load()?;
    let file = args.key_password_file.clone().or_else(|| args.send.keys.password_file.clone());
    let keys = KeyArgs { password_file: file, ..KeyArgs::default() };
    let path = signer::keystore_path(&preferences, &args.name)?;
    if path.is_file() {
        return signer::decrypt(&path, &keys);
    }
    let mut key = PrivateKeySigner::random();
    // A secret of either curve; one that is too large for BN254 is drawn anew, so that none is likelier than another.
    while is_bn254 && secret(&key) >= BN254_ORDER {
        key = PrivateKeySigner::random();
    }
    account::encrypt(&args.name, &keys, &key)?;
    Ok(key)
}

fn secret(key: &PrivateKeySigner) -> U256 {
    U256::from_be_bytes(key.to_bytes().0)
}

fn show_key(args: &OperatorKeyArgs, key: &PrivateKeySigner, is_bn254: bool) -> Result<(), Failure> {
    let answer = &if is_bn254 {
        let secret = SecretKey::new(secret(key));
        let (g1, g2) = (secret.key_g1(), secret.key_g2());
        let pair = |words: [U256; 2]| words.map(|word| word.to_string());
        json!({
            "name": args.name, "curve": "bn254",
            "g1": { "x": g1.x.to_string(), "y": g1.y.to_string() }, "g2": { "x": pair(g2.x), "y": pair(g2.y) },
        })
    } else {
        json!({ "name": args.name, "curve": "ecdsa", "address": key.address().to_checksum(None) })
    };
    if args.send.read.json {
        return commands::print(&format!("{answer:#}\n"));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let coordinate = |path: &str| answer.pointer(path).map(text).unwrap_or_default();
    let rows = match is_bn254 {
        true => {
            vec![("key", args.name.clone()), ("G1 x", coordinate("/g1/x")), ("G1 y", coordinate("/g1/y"))]
        }
        false => vec![("key", args.name.clone()), ("address", text(&answer["address"]))],
    };
    commands::print(&format!("{}\n", show::fields(&rows)))
}

fn register(
    args: &OperatorKeyArgs,
    set: &str,
    key: &PrivateKeySigner,
    is_bn254: bool,
) -> Result<(), Failure> {
    let (session, from, operator) = Session::acting(&args.send, args.operator.as_deref())?;
    let set = session.set(set)?;
    let (data, signature) = match is_bn254 {
        true => prove_bn254(&session, operator, set, key)?,
        false => prove_ecdsa(&session, operator, set, key)?,
    };
    let operator_set = IKeyRegistrar::OperatorSet { avs: set.avs, id: set.id };
    let call =
        IKeyRegistrar::registerKeyCall { operator, operatorSet: operator_set, keyData: data, signature };
    let title = format!("register key {} in {}:{}", args.name, session.name(set.avs), set.id);
    session.perform(&args.send, &from, &[Step::call(title, KEY_REGISTRAR, &call)]).map(|_| ())
}

/// A key's data and the key's own signature over its registration.
fn prove_bn254(
    session: &Session,
    operator: Address,
    set: Set,
    key: &PrivateKeySigner,
) -> Result<(Bytes, Bytes), Failure> {
    let key = SecretKey::new(secret(key));
    let (g1, g2) = (key.key_g1(), key.key_g2());
    let call = IKeyRegistrar::encodeBN254KeyDataCall {
        g1Point: IKeyRegistrar::G1Point { X: g1.x, Y: g1.y },
        g2Point: IKeyRegistrar::G2Point { X: g2.x, Y: g2.y },
    };
    let data = session.client.view(KEY_REGISTRAR, &call)?;
    let call = IKeyRegistrar::getBN254KeyRegistrationMessageHashCall {
        operator,
        operatorSet: IKeyRegistrar::OperatorSet { avs: set.avs, id: set.id },
        keyData: data.clone(),
    };
    let point = key.sign(session.client.view(KEY_REGISTRAR, &call)?);
    let signature = [point.x.to_be_bytes::<32>(), point.y.to_be_bytes::<32>()].concat();
    Ok((data, signature.into()))
}

fn prove_ecdsa(
    session: &Session,
    operator: Address,
    set: Set,
    key: &PrivateKeySigner,
) -> Result<(Bytes, Bytes), Failure> {
    let call = IKeyRegistrar::getECDSAKeyRegistrationMessageHashCall {
        operator,
        operatorSet: IKeyRegistrar::OperatorSet { avs: set.avs, id: set.id },
        keyAddress: key.address(),
    };
    let digest = session.client.view(KEY_REGISTRAR, &call)?;
    let signature =
        key.sign_hash_sync(&digest).map_err(|error| Failure::new(format!("cannot sign: {error}")))?;
    Ok((Bytes::copy_from_slice(key.address().as_slice()), signature.as_bytes().to_vec().into()))
}
