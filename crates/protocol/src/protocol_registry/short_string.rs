//! Strings of up to 31 bytes in one word, as OpenZeppelin's ShortStrings (4.9): bytes in front, length in the last.

use crate::host::{Result, revert};
use alloy_primitives::B256;
use types::abi::IProtocolRegistry::StringTooLong;

/// Bytes beside the length.
const MAX_BYTES: usize = 31;

/// The word of a string.
///
/// # Errors
/// `StringTooLong`.
pub(super) fn of(string: &str) -> Result<B256> {
    if string.len() > MAX_BYTES {
        revert(StringTooLong { str: string.into() })
    } else {
        Ok(of_constant(string))
    }
}

/// The word of a string that is known to fit.
pub(super) fn of_constant(string: &str) -> B256 {
    let mut word = B256::right_padding_from(string.as_bytes());
    let [.., last] = &mut word.0;
    *last = string.len() as u8;
    word
}

/// The string of a word that [`of`] made.
pub(super) fn to_string(word: B256) -> String {
    let [bytes @ .., length] = word.0;
    let bytes = bytes.get(..usize::from(length)).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
