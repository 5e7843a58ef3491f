//! The funded accounts of a development chain, derived from one mnemonic as every Ethereum tool derives them
//! (BIP-39, BIP-32, path `m/44'/60'/0'/0/i`). The slow part, stretching the phrase, is done once.

use crate::failure::Failure;
use alloy_signer_local::{
    MnemonicBuilder, PrivateKeySigner,
    coins_bip39::{English, Wordlist},
};
use rayon::prelude::*;

/// The mnemonic of anvil and hardhat. Everybody knows it: it must never hold anything of worth.
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// How many words a phrase may have (BIP-39).
const WORD_COUNTS: [usize; 5] = [12, 15, 18, 21, 24];

/// The first `count` accounts of a mnemonic.
///
/// # Errors
/// A phrase that is no mnemonic.
pub fn derive(phrase: &str, count: u32) -> Result<Vec<PrivateKeySigner>, Failure> {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    if !WORD_COUNTS.contains(&words.len()) {
        let plural = if words.len() == 1 { "" } else { "s" };
        return Err(refused(format!("it has {} word{plural}", words.len())));
    }
    if let Some(word) = words.iter().find(|word| English::get_index(word).is_err()) {
        return Err(refused(format!("{word:?} is not in the English word list")));
    }
    let parent = MnemonicBuilder::from_phrase(words.join(" "))
        .build_parent_key()
        .map_err(|_| refused("its last word does not fit the others"))?;
    let child = |index| {
        let key = parent.child(index).map_err(|error| Failure::new(format!("account {index}: {error}")))?;
        Ok(key.signer())
    };
    (0..count).into_par_iter().map(child).collect()
}

/// Says what is wrong with a phrase without repeating it: it may be a real one.
fn refused(what: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("--mnemonic is no BIP-39 phrase: {what}"))
        .help("12, 15, 18, 21 or 24 English words in quotes; without the flag anvil's test phrase is used")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    #[test]
    fn the_default_accounts_are_those_of_anvil() {
        let accounts = derive(TEST_MNEMONIC, 10).unwrap();
        assert_eq!(accounts[0].address(), address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert_eq!(accounts[9].address(), address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"));
        let key = b256!("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        assert_eq!(accounts[0].to_bytes(), key);
    }

    #[test]
    fn a_phrase_that_is_none_is_refused_with_the_reason() {
        let cases = [
            ("test test", "it has 2 words"),
            (
                "test test test test test test test test test test test bulwerk",
                "\"bulwerk\" is not in the English",
            ),
            ("test test test test test test test test test test test test", "its last word does not fit"),
        ];
        for (phrase, expected) in cases {
            let failure = derive(phrase, 1).unwrap_err();
            assert!(failure.message().contains(expected), "{}", failure.message());
        }
    }
}
