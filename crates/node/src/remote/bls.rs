//! BLS12-381 keys, encrypted as EIP-2335 has them, so that validators' own tools read what is written here and write what
//! is read here. Keys of accounts are Web3 v3 and in `signer`.

use crate::failure::Failure;
use aes::cipher::{KeyIvInit, StreamCipher};
use alloy_primitives::hex;
use alloy_signer::k256::elliptic_curve::rand_core::{OsRng, RngCore};
use blst::min_pk::SecretKey;
use hmac::Hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fs, path::Path};
use unicode_normalization::UnicodeNormalization;

type Aes128Ctr = ctr::Ctr128BE<aes::Aes128>;

/// The version of the form.
const VERSION: u64 = 4;
/// Cost of the key from a password, as the standard has it: n = 2^18.
const LOG_N: u8 = 18;
/// Most costly scrypt that is computed for a file of somebody else's: n = 2^20, a gigabyte.
const MOST_LOG_N: u32 = 20;
/// Most rounds of PBKDF2.
const MOST_ROUNDS: u32 = 10_000_000;

/// A file.
#[derive(Debug, Serialize, Deserialize)]
struct Keystore {
    crypto: Crypto,
    #[serde(default)]
    description: String,
    pubkey: String,
    path: String,
    uuid: String,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Crypto {
    kdf: Module,
    checksum: Module,
    cipher: Module,
}

#[derive(Debug, Serialize, Deserialize)]
struct Module {
    function: String,
    params: Value,
    message: String,
}

/// A new key.
///
/// # Errors
/// The curve's library refuses what the system drew.
pub fn generate() -> Result<SecretKey, Failure> {
    SecretKey::key_gen(&drawn::<32>(), &[])
        .map_err(|error| Failure::new(format!("no key was made: {error:?}")))
}

/// The public key, 48 bytes in hex.
pub fn public(key: &SecretKey) -> String {
    hex::encode_prefixed(key.sk_to_pk().compress())
}

/// The public key that a file says its key has; `None` if it is no file of this form.
pub fn public_in(path: &Path) -> Option<String> {
    let keystore: Keystore = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    (keystore.version == VERSION).then(|| format!("0x{}", keystore.pubkey.trim_start_matches("0x")))
}

/// The text of a file with an encrypted key.
///
/// # Errors
/// The password could not be made a key.
pub fn encrypt(key: &SecretKey, password: &str) -> Result<String, Failure> {
    let (salt, iv) = (drawn::<32>(), drawn::<16>());
    let params = json!({ "dklen": 32, "n": 1_u64 << LOG_N, "r": 8, "p": 1, "salt": hex::encode(salt) });
    let kdf = Module { function: "scrypt".into(), params, message: String::new() };
    let derived = derive(&kdf, password)?;
    let mut message = key.serialize();
    cipher(&derived, &iv)?.apply_keystream(&mut message);
    let module = |function: &str, params: Value, message: &[u8]| Module {
        function: function.into(),
        params,
        message: hex::encode(message),
    };
    let crypto = Crypto {
        kdf,
        checksum: module("sha256", json!({}), &checksum(&derived, &message)),
        cipher: module("aes-128-ctr", json!({ "iv": hex::encode(iv) }), &message),
    };
    let keystore = Keystore {
        crypto,
        description: String::new(),
        pubkey: hex::encode(key.sk_to_pk().compress()),
        path: String::new(),
        uuid: uuid(),
        version: VERSION,
    };
    serde_json::to_string(&keystore)
        .map_err(|error| Failure::new(format!("the key cannot be written: {error}")))
}

/// Decrypts the key in a file's text; `shown` is what the file is called.
///
/// # Errors
/// No file of this form, functions that the standard does not name, a wrong password, or another key than it says.
pub fn decrypt(text: &str, password: &str, shown: &str) -> Result<SecretKey, Failure> {
    let broken = |why: String| Failure::new(format!("{shown}: {why}"));
    let keystore: Keystore =
        serde_json::from_str(text).map_err(|error| broken(format!("no BLS key of EIP-2335: {error}")))?;
    let Crypto { kdf, checksum: sum, cipher: sealed } = &keystore.crypto;
    if keystore.version != VERSION || sum.function != "sha256" || sealed.function != "aes-128-ctr" {
        return Err(broken("is encrypted in a way that EIP-2335 does not know".into()));
    }
    let bytes = |text: &str| hex::decode(text).map_err(|error| broken(format!("{error}")));
    let mut message = bytes(&sealed.message)?;
    let derived = derive(kdf, password).map_err(|failure| broken(failure.message().to_owned()))?;
    if bytes(&sum.message)? != checksum(&derived, &message) {
        return Err(broken("the password is wrong".into()));
    }
    let iv = bytes(text_of(&sealed.params, "iv"))?;
    cipher(&derived, &iv)?.apply_keystream(&mut message);
    let key =
        SecretKey::deserialize(&message).map_err(|error| broken(format!("holds no BLS key: {error:?}")))?;
    match public(&key).trim_start_matches("0x") == keystore.pubkey.trim_start_matches("0x") {
        true => Ok(key),
        false => Err(broken("holds another key than it says".into())),
    }
}

/// A parameter that is text; empty if there is none.
fn text_of<'a>(params: &'a Value, name: &str) -> &'a str {
    params.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// 32 bytes from a password.
fn derive(kdf: &Module, password: &str) -> Result<[u8; 32], Failure> {
    let bad =
        || Failure::new("the key is derived in a way that EIP-2335 does not know, or that costs too much");
    let password: String = password.nfkd().filter(|letter| !letter.is_control()).collect();
    let salt = hex::decode(text_of(&kdf.params, "salt")).map_err(|_| bad())?;
    let number = |name: &str| {
        kdf.params
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(bad)
    };
    let mut derived = [0; 32];
    if number("dklen")? != 32 {
        return Err(bad());
    }
    match kdf.function.as_str() {
        "scrypt" => {
            let n = number("n")?;
            let log_n =
                n.checked_ilog2().filter(|log| *log <= MOST_LOG_N && n.is_power_of_two()).ok_or_else(bad)?;
            let (r, p) = (number("r")?, number("p")?);
            if r > 8 || p > 4 {
                return Err(bad());
            }
            let params =
                scrypt::Params::new(u8::try_from(log_n).map_err(|_| bad())?, r, p).map_err(|_| bad())?;
            scrypt::scrypt(password.as_bytes(), &salt, &params, &mut derived).map_err(|_| bad())?;
        }
        "pbkdf2" if text_of(&kdf.params, "prf") == "hmac-sha256" && number("c")? <= MOST_ROUNDS => {
            pbkdf2::pbkdf2::<Hmac<Sha256>>(password.as_bytes(), &salt, number("c")?, &mut derived);
        }
        _ => return Err(bad()),
    }
    Ok(derived)
}

fn checksum(derived: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let (_, second) = derived.split_at(16);
    Sha256::new().chain_update(second).chain_update(message).finalize().to_vec()
}

fn cipher(derived: &[u8; 32], iv: &[u8]) -> Result<Aes128Ctr, Failure> {
    let (first, _) = derived.split_at(16);
    Aes128Ctr::new_from_slices(first, iv).map_err(|_| Failure::new("the cipher's first block has 16 bytes"))
}

fn drawn<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// A random name of version 4 (RFC 9562).
fn uuid() -> String {
    let bits = u128::from_be_bytes(drawn::<16>());
    // The version's four bits, and the variant's two.
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{bits:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
    const SECRET: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
    const SALT: &str = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";

    /// The two examples of EIP-2335.
    fn example(kdf: Value, checksum: &str, message: &str) -> String {
        json!({
            "crypto": {
                "kdf": kdf,
                "checksum": { "function": "sha256", "params": {}, "message": checksum },
                "cipher": {
                    "function": "aes-128-ctr",
                    "params": { "iv": "264daa3f303d7259501c93d997d84fe6" },
                    "message": message,
                },
            },
            "pubkey": "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
            "path": "m/12381/60/3141592653/589793238",
            "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
            "version": 4,
        })
        .to_string()
    }

    fn scrypt_example() -> String {
        example(
            json!({
                "function": "scrypt", "message": "",
                "params": { "dklen": 32, "n": 262_144, "p": 1, "r": 8, "salt": SALT },
            }),
            "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484",
            "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f",
        )
    }

    #[test]
    fn the_standards_examples_are_decrypted() {
        let pbkdf2 = example(
            json!({
                "function": "pbkdf2", "message": "",
                "params": { "dklen": 32, "c": 262_144, "prf": "hmac-sha256", "salt": SALT },
            }),
            "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1",
            "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad",
        );
        for text in [scrypt_example(), pbkdf2] {
            assert_eq!(hex::encode(decrypt(&text, PASSWORD, "it").unwrap().serialize()), SECRET);
        }
    }

    #[test]
    fn what_is_encrypted_comes_back_with_the_password_and_not_without() {
        let key = generate().unwrap();
        let text = encrypt(&key, "open sesame").unwrap();
        assert_eq!(decrypt(&text, "open sesame", "it").unwrap().serialize(), key.serialize());
        assert!(decrypt(&text, "open sesam", "it").unwrap_err().message().contains("the password is wrong"));
        let uuid = serde_json::from_str::<Keystore>(&text).unwrap().uuid;
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
    }

    #[test]
    fn a_file_that_would_cost_too_much_or_lies_is_refused() {
        for (from, to) in
            [("262144", "2147483648"), ("\"scrypt\"", "\"argon\""), ("\"r\":8", "\"r\":1000000")]
        {
            let text = scrypt_example().replace(from, to);
            let told = decrypt(&text, PASSWORD, "it").unwrap_err();
            assert!(told.message().contains("does not know"), "{to}: {}", told.message());
        }
        let other = scrypt_example().replace("9612d7", "9612d8");
        assert!(decrypt(&other, PASSWORD, "it").unwrap_err().message().contains("another key"));
    }
}
