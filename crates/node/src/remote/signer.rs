//! What signs: an encrypted key, a key or phrase from a file or the environment, or the node itself. Keys are read
//! when they are needed, and printed never but by `account export`.

use super::{args::KeyArgs, bls, preferences::Preferences, session::Session};
use crate::failure::Failure;
use alloy_primitives::Address;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use serde_json::Value;
use std::{
    env, fs,
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// Who sends, and what signs for it.
#[derive(Debug)]
pub enum Signer {
    /// A key that we hold.
    Local(Box<PrivateKeySigner>),
    /// An account for which the node signs.
    Unlocked(Address),
}

impl Signer {
    /// Whose signature it is.
    pub fn address(&self) -> Address {
        match self {
            Self::Local(key) => key.address(),
            Self::Unlocked(address) => *address,
        }
    }
}

/// The key that the flags or the environment name; `None` if they name none.
///
/// # Errors
/// A file that cannot be read, a wrong password, a broken key.
pub fn key(args: &KeyArgs, preferences: &Preferences) -> Result<Option<PrivateKeySigner>, Failure> {
    if let Some(keystore) = &args.keystore {
        let path = keystore_path(preferences, keystore)?;
        return decrypt(&path, args).map(Some);
    }
    if let Some(path) = &args.private_key_file {
        return private_key(&read(path)?, &path.display().to_string()).map(Some);
    }
    if let Some(path) = &args.mnemonic_file {
        return from_phrase(&read(path)?, args.mnemonic_index, &path.display().to_string()).map(Some);
    }
    if let Ok(key) = env::var("BULWARK_PRIVATE_KEY") {
        return private_key(&key, "BULWARK_PRIVATE_KEY").map(Some);
    }
    if let Ok(phrase) = env::var("BULWARK_MNEMONIC") {
        return from_phrase(&phrase, args.mnemonic_index, "BULWARK_MNEMONIC").map(Some);
    }
    Ok(None)
}

impl Session {
    /// What signs for `from`.
    ///
    /// # Errors
    /// No key is named and the node signs for nobody of that address; or the key is another account's.
    pub fn signer(&self, from: Address, name: &str, args: &KeyArgs) -> Result<Signer, Failure> {
        if let Some(key) = key(args, &self.preferences)? {
            return match key.address() == from {
                true => Ok(Signer::Local(Box::new(key))),
                false => Err(Failure::usage(format!("the key is of {}, not of {from}", key.address()))
                    .help("leave --from away to send as the key's account")),
            };
        }
        if self.unlocked()?.contains(&from) {
            return Ok(Signer::Unlocked(from));
        }
        let path = keystore_path(&self.preferences, name).ok().filter(|path| path.is_file());
        match path {
            Some(path) => decrypt(&path, args).map(|key| Signer::Local(Box::new(key))),
            None => Err(Failure::usage(format!("nothing here signs for {from}")).help(
                "name its key with --keystore, --private-key-file or --mnemonic-file, or set BULWARK_PRIVATE_KEY; --calldata prints what a multisig would send",
            )),
        }
    }
}

/// Where an encrypted key lies: the file of that name, or the key of that name in the user's directory.
///
/// # Errors
/// Nothing says where keys lie.
pub fn keystore_path(preferences: &Preferences, name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(name);
    if path.is_file() || name.contains(std::path::MAIN_SEPARATOR) {
        return Ok(path);
    }
    Ok(preferences.keystore_dir()?.join(format!("{name}.json")))
}

/// The address that an encrypted key in the user's directory is said to be of.
pub fn address_of_key(preferences: &Preferences, name: &str) -> Option<Address> {
    let path = keystore_path(preferences, name).ok()?;
    address_in(&path)
}

/// The address that a file says its encrypted key is of.
pub fn address_in(path: &Path) -> Option<Address> {
    let value: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    let text = value.get("address")?.as_str()?;
    text.trim_start_matches("0x").parse().ok()
}

/// Decrypts a key.
///
/// # Errors
/// No such file, or a wrong password.
pub fn decrypt(path: &Path, args: &KeyArgs) -> Result<PrivateKeySigner, Failure> {
    if !path.is_file() {
        return Err(Failure::usage(format!("there is no encrypted key {}", path.display()))
            .help("`bulwark account list` lists them; `bulwark account new NAME` makes one"));
    }
    let password = password(args, false)?;
    PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| {
        let text = error.to_string();
        match text.contains("Mac Mismatch") {
            true => Failure::new(format!("{}: the password is wrong", path.display())),
            false => Failure::new(format!("{}: {text}", path.display())),
        }
    })
}

/// Decrypts a BLS key.
///
/// # Errors
/// A file that cannot be read or holds no such key, or a wrong password.
pub fn decrypt_bls(path: &Path, args: &KeyArgs) -> Result<blst::min_pk::SecretKey, Failure> {
    let text = read(path)?;
    let password = password(args, false)?;
    bls::decrypt(&text, &password, &path.display().to_string())
}

/// The password: from a file, the environment, or the terminal, where a new one is asked for twice.
///
/// # Errors
/// Nothing to ask, or the two differ.
pub fn password(args: &KeyArgs, is_new: bool) -> Result<String, Failure> {
    if let Some(path) = &args.password_file {
        return read(path);
    }
    if let Ok(password) = env::var("BULWARK_PASSWORD") {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("the key is encrypted, and there is nobody to ask for its password")
            .help("name a file with --password-file, or set BULWARK_PASSWORD"));
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| Failure::new(format!("no password was read: {error}")))
    };
    let password = ask("Password: ")?;
    if is_new && ask("Once more: ")? != password {
        return Err(Failure::usage("the two passwords differ"));
    }
    Ok(password)
}

fn private_key(text: &str, origin: &str) -> Result<PrivateKeySigner, Failure> {
    // The key itself is not repeated in the refusal.
    text.trim()
        .parse()
        .map_err(|_| Failure::usage(format!("{origin} holds no private key: 64 hex digits are expected")))
}

fn from_phrase(phrase: &str, index: u32, origin: &str) -> Result<PrivateKeySigner, Failure> {
    MnemonicBuilder::try_from_phrase_nth(phrase.trim(), index)
        .map_err(|error| Failure::usage(format!("{origin} holds no BIP-39 phrase: {error}")))
}

/// A file's text without the newline at its end.
fn read(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
