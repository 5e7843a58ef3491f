//! `bulwark account`: encrypted keys in the user's directory (Web3 secret storage, version 3; those of validators EIP-2335),
//! and what an account has.

use crate::{
    commands,
    failure::Failure,
    remote::{
        amount::Unit,
        args::{KeyArgs, ReadArgs},
        bls, client,
        preferences::Preferences,
        session::Session,
        show, signer,
    },
    text,
};
use alloy_primitives::{Address, hex};
use alloy_signer::k256::elliptic_curve::rand_core::OsRng;
use alloy_signer_local::PrivateKeySigner;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use types::abi::IERC20;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make a new key and keep it encrypted
    New(NameArgs),
    /// Encrypt a key that exists: from a private key or a phrase, in a file or the environment
    Import(NameArgs),
    /// The encrypted keys
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What an account has
    Show {
        /// Its name or address
        account: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Print the private key of an encrypted key
    Export(ExportArgs),
}

/// `bulwark account new`, `bulwark account import`.
#[derive(Args, Debug)]
pub struct NameArgs {
    /// What to call it
    pub name: String,
    /// Keys and passwords.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `bulwark account export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The name or file
    pub name: String,
    /// Yes: print it where others may see it
    #[arg(long, short)]
    pub yes: bool,
    /// Passwords.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::New(args) => keep(args, &PrivateKeySigner::random()),
        AccountCommand::Import(args) => import(args),
        AccountCommand::List { json } => list(*json),
        AccountCommand::Show { account, read } => account_of(account, read),
        AccountCommand::Export(args) => export(args),
    }
}

fn import(args: &NameArgs) -> Result<(), Failure> {
    let key = signer::key(&args.keys, &Preferences::load()?)?.ok_or_else(|| {
        Failure::usage("no key is named to import").help(
            "name one with --private-key-file, --mnemonic-file or --keystore, or set BULWARK_PRIVATE_KEY",
        )
    })?;
    keep(args, &key)
}

fn keep(args: &NameArgs, key: &PrivateKeySigner) -> Result<(), Failure> {
    let path = encrypt(&args.name, &args.keys, key)?;
    let answer = json!({ "name": args.name, "address": key.address().to_checksum(None), "file": path });
    match args.json {
        true => commands::print(&format!("{answer:#}\n")),
        false => commands::print(&format!("{} is {}\n{}\n", args.name, key.address(), path.display())),
    }
}

/// Encrypts a key and keeps it under a name; answers with its file.
///
/// # Errors
/// A bad name or one that is taken, no password, or a file that cannot be written.
pub fn encrypt(name: &str, keys: &KeyArgs, key: &PrivateKeySigner) -> Result<PathBuf, Failure> {
    let path = free_path(name)?;
    let (directory, file) = (path.parent().unwrap_or(&path), format!("{name}.json"));
    let password = signer::password(keys, true)?;
    let failed = |error: &dyn std::fmt::Display| cannot_write(&path, error);
    private_directory(directory).map_err(|error| failed(&error))?;
    PrivateKeySigner::encrypt_keystore(directory, &mut OsRng, key.to_bytes(), password, Some(&file))
        .map_err(|error| failed(&error))?;
    add_address(&path, key.address()).map_err(|error| failed(&error))?;
    Ok(path)
}

/// Keeps what `encrypted` makes of the password under a name.
///
/// # Errors
/// As [`encrypt`], or `encrypted`'s.
pub fn keep_text(
    name: &str,
    keys: &KeyArgs,
    encrypted: impl FnOnce(&str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let path = free_path(name)?;
    let text = encrypted(&signer::password(keys, true)?)?;
    let failed = |error: io::Error| cannot_write(&path, &error);
    private_directory(path.parent().unwrap_or(&path)).map_err(failed)?;
    fs::write(&path, "").and_then(|()| private(&path, 0o600)).map_err(failed)?;
    fs::write(&path, format!("{text}\n")).map_err(failed)
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}

/// Where a new key of a name will lie.
fn free_path(name: &str) -> Result<PathBuf, Failure> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    {
        return Err(Failure::usage(format!("{name:?} is no name for a key"))
            .help("letters, digits, - and _ make a name"));
    }
    let path = Preferences::load()?.keystore_dir()?.join(format!("{name}.json"));
    if path.exists() {
        return Err(Failure::usage(format!("there is a key {name} already: {}", path.display()))
            .help("choose another name"));
    }
    Ok(path)
}

/// Writes down whose key it is, as geth does, so that it can be listed without its password; and closes the file to
/// others.
fn add_address(path: &Path, address: Address) -> io::Result<()> {
    let mut value: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    client::put(&mut value, "address", json!(hex::encode(address)));
    fs::write(path, format!("{value}\n"))?;
    private(path, 0o600)
}

fn private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    private(path, 0o700)
}

fn private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Whose an encrypted key is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Account(Address),
    /// By its public key.
    Validator(String),
}

impl Owner {
    fn shown(&self) -> String {
        match self {
            Self::Account(address) => address.to_checksum(None),
            Self::Validator(public) => format!("{} (BLS)", text::shortened(public)),
        }
    }
}

fn list(as_json: bool) -> Result<(), Failure> {
    let directory = Preferences::load()?.keystore_dir()?;
    let entries = fs::read_dir(&directory).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let mut keys: Vec<(String, Owner)> = Vec::new();
    for path in entries.into_iter().flatten().map(|entry| entry.path()) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        let owner = signer::address_in(&path).map(Owner::Account);
        keys.extend(name.zip(owner.or_else(|| bls::public_in(&path).map(Owner::Validator))));
    }
    keys.sort();
    if as_json {
        let items: Vec<Value> = keys
            .iter()
            .map(|(name, owner)| match owner {
                Owner::Account(address) => json!({ "name": name, "address": address.to_checksum(None) }),
                Owner::Validator(public) => json!({ "name": name, "pubkey": public }),
            })
            .collect();
        return commands::print(&format!("{:#}\n", json!({ "items": items, "next": null })));
    }
    let rows: Vec<Vec<String>> = keys.into_iter().map(|(name, owner)| vec![name, owner.shown()]).collect();
    let nothing = format!("no keys in {}; `bulwark account new NAME` makes one", directory.display());
    commands::print(&format!("{}\n", show::table_or(&["name", "address"], &rows, &nothing)))
}

fn account_of(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let address = session.address(name)?;
    let balance = session.client.balance(address)?;
    let nonce = client::number(&session.client.ask("eth_getTransactionCount", json!([address, "latest"]))?)?;
    let code = session.client.ask("eth_getCode", json!([address, "latest"]))?;
    let kind = if code == json!("0x") { "account" } else { "contract" };
    let mut tokens = Vec::new();
    for strategy in session.strategies()? {
        let held = session.client.view(strategy.token, &IERC20::balanceOfCall { account: address });
        tokens.extend(held.ok().filter(|held| !held.is_zero()).map(|held| (strategy, held)));
    }
    let listed: Vec<Value> = tokens
        .iter()
        .map(|(it, held)| json!({ "token": it.token, "symbol": it.unit.symbol, "balance": held.to_string() }))
        .collect();
    let answer = json!({
        "address": address.to_checksum(None), "kind": kind, "balance": balance.to_string(), "nonce": nonce, "tokens": listed,
    });
    session.answer(answer, |_| {
        let mut rows = vec![
            ("address", address.to_checksum(None)),
            ("kind", kind.to_owned()),
            ("ether", Unit::ether().show(balance)),
            ("nonce", nonce.to_string()),
        ];
        rows.extend(tokens.iter().map(|(it, held)| ("token", it.unit.show(*held))));
        Ok(show::fields(&rows))
    })
}

fn export(args: &ExportArgs) -> Result<(), Failure> {
    if !args.yes {
        return Err(Failure::usage("the private key would be printed for all to see who see this terminal")
            .help("--yes says that this is meant"));
    }
    let path = signer::keystore_path(&Preferences::load()?, &args.name)?;
    let (owner, secret) = match bls::public_in(&path) {
        Some(public) => {
            let key = signer::decrypt_bls(&path, &args.keys)?;
            (("pubkey", public), hex::encode_prefixed(key.serialize()))
        }
        None => {
            let key = signer::decrypt(&path, &args.keys)?;
            (("address", key.address().to_checksum(None)), hex::encode_prefixed(key.to_bytes()))
        }
    };
    match args.json {
        true => {
            let answer = json!({ owner.0: owner.1, "private_key": secret });
            commands::print(&format!("{answer:#}\n"))
        }
        false => commands::print(&format!("{secret}\n")),
    }
}
