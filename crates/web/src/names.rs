//! Addresses as people write them: digits, checked against slips of the pen, and the names that the command line knows too.

use crate::{format, told::Told};
use alloy_primitives::Address;
use rpc::Reads;
use serde_json::json;
use std::collections::BTreeMap;

/// The address book of whoever runs the node: addresses by name, read when a page needs it. Only pages that answer nobody
/// but callers on the node's own machine show it.
pub type Book = fn() -> BTreeMap<String, String>;

/// Names that a refusal lists.
const MOST_LISTED: usize = 8;

/// The address in a text of digits.
///
/// # Errors
/// In a sentence, why it is none.
pub(crate) fn in_hex(text: &str) -> Result<Address, String> {
    let address: Address = text.parse().map_err(|_| {
        format!("“{}” is no address: one is 0x and 40 digits of 0–9, a–f.", format::foreign(text))
    })?;
    // Capitals carry a check against slips of the pen.
    let mixed = text.contains(|it: char| it.is_ascii_lowercase() && it != 'x')
        && text.contains(|it: char| it.is_ascii_uppercase());
    if mixed && address.to_checksum(None) != text {
        let why = "The capitals do not fit the digits: one of them was mistyped. Copy the address again.";
        return Err(why.into());
    }
    if address.is_zero() {
        return Err("This is the zero address: nobody acts for it.".into());
    }
    Ok(address)
}

/// Names, and whom they mean.
pub(crate) struct Names {
    /// The address book's, then `dev0` and so on for accounts that the node signs for.
    people: BTreeMap<String, String>,
    contracts: Vec<(String, String)>,
}

impl Names {
    pub(crate) async fn read(reads: &Reads, book: Book) -> Self {
        let mut people = book();
        let accounts = reads.ask("eth_accounts", json!([])).await.unwrap_or_default();
        for (place, account) in Told::new(&accounts).items().enumerate() {
            people.entry(format!("dev{place}")).or_insert_with(|| account.text().to_owned());
        }
        let contracts = reads.get("/api/v1/addresses").await.unwrap_or_default();
        let contracts = contracts.as_object().into_iter().flatten();
        let contracts =
            contracts.map(|(name, address)| (name.clone(), address.as_str().unwrap_or_default().to_owned()));
        Self { people, contracts: contracts.collect() }
    }

    /// The names of people with their addresses.
    pub(crate) fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        self.people.iter().map(|(name, address)| (name.as_str(), address.as_str()))
    }

    /// What an address is called.
    pub(crate) fn of(&self, text: &str) -> Option<&str> {
        let address: Address = text.parse().ok()?;
        self.people().find(|(_, known)| known.parse() == Ok(address)).map(|(name, _)| name)
    }

    /// The address that a text means.
    ///
    /// # Errors
    /// In a sentence, why it means none.
    pub(crate) fn find(&self, text: &str) -> Result<Address, String> {
        if text.starts_with("0x") {
            return in_hex(text);
        }
        if let Some(known) = self.people.get(text) {
            return in_hex(known).map_err(|_| {
                let (known, name) = (format::foreign(known), format::foreign(text));
                format!("The address book has “{known}” for {name}, which is no address.")
            });
        }
        if let Some((_, address)) = self.contracts.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return in_hex(address);
        }
        let known: Vec<String> =
            self.people.keys().take(MOST_LISTED).map(|name| format::foreign(name)).collect();
        let known =
            if known.is_empty() { String::new() } else { format!(" Known are {}.", known.join(", ")) };
        let shown = format::foreign(text);
        Err(format!("Nobody is called “{shown}”: write a name or an address, 0x and 40 digits.{known}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

    fn names() -> Names {
        let people = [("alice", ALICE), ("broken", "0x12"), ("<b>", ALICE)];
        Names {
            people: people.map(|(name, it)| (name.to_owned(), it.to_owned())).into(),
            contracts: vec![("Lens".into(), ALICE.into())],
        }
    }

    #[test]
    fn names_and_digits_mean_addresses_and_all_else_is_said_not_to() {
        let names = names();
        for text in ["alice", "lens", ALICE, &ALICE.to_lowercase()] {
            assert_eq!(names.find(text), Ok(ALICE.parse().unwrap()), "{text}");
        }
        for (text, words) in [
            ("bob", "Known are <b>, alice, broken."),
            ("", "Nobody is called"),
            ("0x12", "is no address"),
            ("broken", "for broken, which is no address"),
            ("0x70997970c51812dc3A010C7d01b50e0d17dc79C8", "capitals"),
        ] {
            let told = names.find(text).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
        assert_eq!(names.of(&ALICE.to_lowercase()), Some("<b>"));
        assert_eq!(names.of("0x0000000000000000000000000000000000000001"), None);
    }
}
