//! What people call accounts, contracts, strategies and operator sets, and which addresses they mean. A name that
//! nobody knows is refused with the nearest one; an address with a wrong checksum is refused, for a digit is wrong.

use super::{
    amount::Amount,
    client,
    session::{Session, Strategy},
    signer,
};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

/// An operator set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// The service.
    pub avs: Address,
    /// Which of its sets.
    pub id: u32,
}

impl Set {
    /// As JSON-RPC takes it.
    pub fn json(self) -> Value {
        json!({ "avs": self.avs, "id": self.id })
    }
}

/// An address in hex, if that is what the text is.
fn in_hex(text: &str) -> Option<Result<Address, Failure>> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Some(Err(Failure::usage(format!("{text} is no address: 0x and 40 hex digits are expected"))));
    }
    let address: Address = text.parse().ok()?;
    let mixed =
        digits.bytes().any(|it| it.is_ascii_lowercase()) && digits.bytes().any(|it| it.is_ascii_uppercase());
    if mixed && address.to_checksum(None) != text {
        return Some(Err(Failure::usage(format!("{text} has a wrong checksum: a digit is wrong"))
            .help(format!("if you are sure, write it in lower case: {}", text.to_lowercase()))));
    }
    Some(Ok(address))
}

impl Session {
    /// The address that a text means: hex, a name of the address book, a contract's name, `dev0` and so on for the
    /// node's unlocked accounts, or the name of an encrypted key.
    ///
    /// # Errors
    /// A name that nobody knows, or a broken address.
    pub fn address(&self, text: &str) -> Result<Address, Failure> {
        if let Some(address) = in_hex(text) {
            return address;
        }
        if let Some(address) = self.preferences.names.get(text) {
            return in_hex(address).unwrap_or_else(|| {
                Err(Failure::usage(format!("the address book has {address} for {text}, which is no address")))
            });
        }
        if let Some(index) = text.strip_prefix("dev").and_then(|index| index.parse::<usize>().ok()) {
            let unlocked = self.unlocked()?;
            return unlocked.get(index).copied().ok_or_else(|| {
                Failure::usage(format!("{text}: the node has {} unlocked accounts", unlocked.len()))
                    .help("`bulwark dev` has them, as dev0 to dev9; `bulwark node` has none")
            });
        }
        if let Some(address) = signer::address_of_key(&self.preferences, text) {
            return Ok(address);
        }
        let contracts = self.contracts()?;
        if let Some((_, address)) = contracts.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(*address);
        }
        let known: Vec<&str> =
            contracts.keys().chain(self.preferences.names.keys()).map(String::as_str).collect();
        Err(unknown("address", text, &known))
    }

    /// The strategy that a text means: its token's symbol, or an address.
    ///
    /// # Errors
    /// None or several that are called so.
    pub fn strategy(&self, text: &str) -> Result<Strategy, Failure> {
        let all = self.strategies()?;
        let named: Vec<&Strategy> =
            all.iter().filter(|it| it.unit.symbol.eq_ignore_ascii_case(text)).collect();
        match named[..] {
            [one] => return Ok(one.clone()),
            [_, _, ..] => {
                return Err(Failure::usage(format!("{} strategies hold a token {text}", named.len()))
                    .help("name it by its address; `bulwark strategy list` lists them"));
            }
            [] => {}
        }
        let symbols: Vec<&str> = all.iter().map(|it| it.unit.symbol.as_str()).collect();
        if !text.starts_with("0x") && self.address(text).is_err() {
            return Err(unknown("strategy", text, &symbols));
        }
        let address = self.address(text)?;
        let found = all.iter().find(|it| it.address == address || it.token == address);
        found.cloned().ok_or_else(|| {
            Failure::usage(format!("{address} is no strategy that is open or has been"))
                .help("`bulwark strategy list` lists them; `bulwark strategy create TOKEN` makes one")
        })
    }

    /// The strategy that is named, or the one whose token the amount is of.
    ///
    /// # Errors
    /// As [`Self::strategy`], or neither says it.
    pub fn strategy_for(&self, named: Option<&str>, amount: &Amount) -> Result<Strategy, Failure> {
        match (named, amount) {
            (Some(name), _) => self.strategy(name),
            (None, Amount::Of(_, symbol)) => self.strategy(symbol),
            (None, _) => Err(Failure::usage("which token is meant?")
                .help("write the amount with its symbol, such as 100TEST, or name the strategy after it")),
        }
    }

    /// The operator set that a text means: `SERVICE:ID`, or 32 bytes.
    ///
    /// # Errors
    /// Anything else.
    pub fn set(&self, text: &str) -> Result<Set, Failure> {
        if let Some((avs, id)) = text.rsplit_once(':') {
            let id = id.parse().map_err(|_| {
                Failure::usage(format!("{text}: {id} is no number of an operator set"))
                    .help("write SERVICE:NUMBER, such as dev0:1")
            })?;
            return Ok(Set { avs: self.address(avs)?, id });
        }
        let key: Option<B256> = text.parse().ok();
        let split = key.and_then(|key| {
            let (avs, id) = key.split_at_checked(20)?;
            let id = id.strip_prefix(&[0; 8])?.try_into().map(u32::from_be_bytes).ok()?;
            Some(Set { avs: Address::try_from(avs).ok()?, id })
        });
        split.ok_or_else(|| {
            Failure::usage(format!("{text} is no operator set"))
                .help("write SERVICE:NUMBER, such as dev0:1; `bulwark service show SERVICE` lists its sets")
        })
    }

    /// What to call an address: a name where one is known, else shortened.
    pub fn name(&self, address: Address) -> String {
        let booked = self.preferences.names.iter().find(|(_, text)| text.parse() == Ok(address));
        if let Some((name, _)) = booked {
            return name.clone();
        }
        let contract = self.contracts().ok().and_then(|all| all.iter().find(|(_, at)| **at == address));
        contract.map_or_else(|| text::short(address), |(name, _)| name.clone())
    }

    /// The same for an address in an answer.
    pub fn name_in(&self, value: &Value) -> String {
        client::address(value).map_or_else(|_| "-".to_owned(), |address| self.name(address))
    }

    /// An operator set in an answer: `0xf39F…2266:1`.
    pub fn set_in(&self, value: &Value) -> String {
        format!("{}:{}", self.name_in(&value["avs"]), value["id"])
    }

    /// A strategy in an answer, by its token's symbol.
    pub fn strategy_in(&self, value: &Value) -> String {
        let address = client::address(value).unwrap_or_default();
        let known = self.strategies().ok().and_then(|all| all.iter().find(|it| it.address == address));
        known.map_or_else(|| text::short(address), |it| it.unit.symbol.clone())
    }
}

/// The refusal of a name.
fn unknown(what: &str, text: &str, known: &[&str]) -> Failure {
    let failure = Failure::usage(format!("no {what} is called {text:?}"));
    match text::nearest(text, known.iter().copied()) {
        Some(near) => failure.help(format!("did you mean {near}?")),
        None => failure.help(format!("known are {}; or write an address in hex", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_wrong_digit_is_refused() {
        let right = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        assert!(in_hex(right).unwrap().is_ok());
        assert!(in_hex(&right.to_lowercase()).unwrap().is_ok());
        let wrong = in_hex(&right.replace("dc79C8", "dc79c8")).unwrap();
        assert!(wrong.unwrap_err().message().contains("checksum"));
        assert!(in_hex("0x12").unwrap().is_err());
        assert!(in_hex("alice").is_none());
    }
}
