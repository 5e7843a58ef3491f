//! What a form says: its fields as text, read into addresses, amounts and parts. Whatever cannot be read is refused at its
//! field, in a word that helps.

use crate::{format, names};
use alloy_primitives::{Address, Bytes, U256};
use rpc::Refused;
use std::collections::BTreeMap;

/// Decimals of a percentage as a fraction of 18 decimals.
const PERCENT_DECIMALS: u8 = 16;

/// Operator sets that one transaction joins or leaves.
const MOST_SETS: usize = 16;

/// One, as a fraction of 18 decimals.
pub(super) const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Why there is nothing to sign.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A field, and what is wrong with it.
    Field(&'static str, String),
    /// The node's own refusal.
    Node(Refused),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Node(refused)
    }
}

/// The fields of a form, as they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(pub(super) BTreeMap<String, String>);

impl Asked {
    /// A field's text; empty if it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(|text| text.trim()).unwrap_or_default()
    }

    /// Whether it was sent at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The address in a field.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn address(&self, name: &'static str) -> Result<Address, Trouble> {
        let text = self.text(name);
        let wrong = |why: String| Trouble::Field(name, why);
        if text.is_empty() {
            return Err(wrong("An address is missing: 0x and 40 digits.".into()));
        }
        names::in_hex(text).map_err(wrong)
    }

    /// The address in a field that may be left empty; the zero address if it is.
    ///
    /// # Errors
    /// What is there is none.
    pub(super) fn optional_address(&self, name: &'static str) -> Result<Address, Trouble> {
        if self.text(name).is_empty() { Ok(Address::ZERO) } else { self.address(name) }
    }

    /// A number of blocks.
    ///
    /// # Errors
    /// It is none that the chain can count.
    pub(super) fn blocks(&self, name: &'static str) -> Result<u32, Trouble> {
        let text = self.text(name).replace(',', "");
        let why = "Write a number of blocks without a fraction, up to 4,294,967,295: 0, 126000.";
        let plain = text.bytes().all(|it| it.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or_else(|| Trouble::Field(name, why.into()))
    }

    /// Bytes in hex; none if the field is empty.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn bytes(&self, name: &'static str) -> Result<Bytes, Trouble> {
        let text = self.text(name);
        let why = "Write bytes in hex: 0x and an even number of digits, or nothing.";
        if text.is_empty() {
            return Ok(Bytes::new());
        }
        text.parse().map_err(|_| Trouble::Field(name, why.into()))
    }

    /// Operator sets of one service in a field, `avs:id` or `avs:id,id`.
    ///
    /// # Errors
    /// There is none, one is named twice, or there are too many.
    pub(super) fn sets(&self, name: &'static str) -> Result<(Address, Vec<u32>), Trouble> {
        let text = self.text(name);
        let parsed = text.split_once(':').and_then(|(avs, ids)| {
            let ids = ids.split(',').map(|id| id.trim().parse::<u32>().ok()).collect::<Option<Vec<u32>>>();
            Some((avs.trim().parse::<Address>().ok()?, ids?))
        });
        let wrong = |why: String| Err(Trouble::Field(name, why));
        let Some((avs, ids)) = parsed else {
            return wrong(
                "Write the service's address, a colon and its sets' numbers: 0x…:0 or 0x…:0,1.".into(),
            );
        };
        if ids.len() > MOST_SETS {
            return wrong(format!("These are {} sets; one transaction takes {MOST_SETS} here.", ids.len()));
        }
        let twice = |(place, id): (usize, &u32)| ids.iter().take(place).any(|other| other == id);
        if ids.iter().enumerate().any(twice) {
            return wrong("One of these sets is named twice.".into());
        }
        Ok((avs, ids))
    }

    /// The operator set in a field, `avs:id`.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn set(&self, name: &'static str) -> Result<(Address, u32), Trouble> {
        let text = self.text(name);
        let parsed = text.split_once(':').and_then(|(avs, id)| {
            Some((avs.trim().parse::<Address>().ok()?, id.trim().parse::<u32>().ok()?))
        });
        parsed.ok_or_else(|| {
            Trouble::Field(
                name,
                "An operator set is the service's address, a colon and the set's number: 0x…:0.".into(),
            )
        })
    }

    /// The amount in a field, of a token with this symbol and these decimals; `whole` is what `all` and `25%` are of.
    ///
    /// # Errors
    /// There is none, or it is nothing.
    pub(super) fn amount(
        &self,
        name: &'static str,
        (symbol, decimals): (&str, u8),
        whole: U256,
    ) -> Result<U256, Trouble> {
        let text = self.text(name);
        let wrong = |why: String| Trouble::Field(name, why);
        let amount = match text {
            _ if text.eq_ignore_ascii_case("all") => whole,
            _ if text.ends_with('%') => {
                let part =
                    scaled(text.trim_end_matches('%').trim(), PERCENT_DECIMALS).filter(|it| *it <= WAD);
                let part = part.ok_or_else(|| wrong("A part is between 0 % and 100 %.".into()))?;
                whole.saturating_mul(part).checked_div(WAD).unwrap_or_default()
            }
            _ => {
                let end = text
                    .find(|it: char| !it.is_ascii_digit() && it != '.' && it != ',')
                    .unwrap_or(text.len());
                let (digits, unit) = text.split_at_checked(end).unwrap_or((text, ""));
                let unit = unit.trim();
                if !unit.is_empty() && !unit.eq_ignore_ascii_case(symbol) {
                    return Err(wrong(format!(
                        "“{}” cannot be read as an amount of {symbol}: write 1.5, 25% or all.",
                        format::foreign(text)
                    )));
                }
                scaled(&digits.replace(',', ""), decimals).ok_or_else(|| {
                    wrong(format!(
                        "Write an amount of {symbol} with at most {decimals} decimals: 1.5, 25% or all."
                    ))
                })?
            }
        };
        if amount.is_zero() {
            return Err(wrong(format!("This is nothing: there are 0 {symbol} in it.")));
        }
        Ok(amount)
    }

    /// A part between nothing and all, `25%` or `25`, as a fraction of 18 decimals.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn part(&self, name: &'static str) -> Result<U256, Trouble> {
        let text = self.text(name).trim_end_matches('%').trim();
        scaled(text, PERCENT_DECIMALS)
            .filter(|part| *part <= WAD)
            .ok_or_else(|| Trouble::Field(name, "A part is between 0 % and 100 %: 25%.".into()))
    }
}

/// Digits with a point, in smallest units; `None` if they are none, or have more decimals than there are.
fn scaled(digits: &str, decimals: u8) -> Option<U256> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let width = usize::from(decimals);
    if fraction.len() > width || whole.len() > 78 {
        return None;
    }
    format!("{whole}{fraction:0<width$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        Asked(BTreeMap::from([("it".to_owned(), text.to_owned())]))
    }

    fn words<T: std::fmt::Debug>(refused: Result<T, Trouble>) -> String {
        match refused.unwrap_err() {
            Trouble::Field("it", words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        let ether = |tenths: u64| U256::from(tenths) * U256::from(10).pow(U256::from(17));
        let whole = ether(400);
        for (text, amount) in [
            ("1.5", ether(15)),
            (" 1.5 TEST ", ether(15)),
            ("1.5test", ether(15)),
            (".5", ether(5)),
            ("1,000", ether(10_000)),
            ("25%", ether(100)),
            ("100 %", whole),
            ("all", whole),
            ("ALL", whole),
            ("2.50000000000000000000000", ether(25)),
        ] {
            assert_eq!(asked(text).amount("it", ("TEST", 18), whole).unwrap(), amount, "{text}");
        }
        for text in
            ["", "-1", "x", "1.5eth", "1.2.3", "1e18", "101%", "0", "0.0000000000000000001", "<b>", "%", "٣"]
        {
            assert!(!words(asked(text).amount("it", ("TEST", 18), whole)).is_empty(), "{text}");
        }
        let huge = "9".repeat(200);
        assert!(!words(asked(&huge).amount("it", ("TEST", 18), whole)).is_empty());
        assert!(words(asked("all").amount("it", ("TEST", 18), U256::ZERO)).contains("nothing"));
    }

    #[test]
    fn addresses_are_checked_against_slips() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert!(asked(good).address("it").is_ok());
        assert!(asked(&good.to_lowercase()).address("it").is_ok());
        assert!(words(asked(&good.replace("5aA", "5Aa")).address("it")).contains("capitals"));
        assert!(words(asked("").address("it")).contains("missing"));
        assert!(words(asked("0x0000000000000000000000000000000000000000").address("it")).contains("zero"));
        for text in ["0x12", "vitalik.eth", "<script>"] {
            assert!(words(asked(text).address("it")).contains("no address"), "{text}");
        }
    }

    #[test]
    fn parts_and_sets_have_bounds() {
        assert_eq!(asked("25%").part("it").unwrap(), WAD / U256::from(4));
        assert_eq!(asked("0").part("it").unwrap(), U256::ZERO);
        for text in ["", "101", "-1", "x"] {
            assert!(asked(text).part("it").is_err(), "{text}");
        }
        let avs = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(asked(&format!("{avs}:7")).set("it").unwrap().1, 7);
        for text in [avs.to_owned(), format!("{avs}:-1"), format!("{avs}:4294967296"), ":".into()] {
            assert!(asked(&text).set("it").is_err(), "{text}");
        }
        assert_eq!(asked(&format!("{avs}:7, 0")).sets("it").unwrap().1, [7, 0]);
        for text in
            [avs.to_owned(), format!("{avs}:"), format!("{avs}:1,,2"), format!("{avs}:1;2"), "0x:1".into()]
        {
            assert!(words(asked(&text).sets("it")).contains("0x…:0,1"), "{text}");
        }
        assert!(words(asked(&format!("{avs}:1,2,1")).sets("it")).contains("twice"));
        let many = (0..17).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        assert!(words(asked(&format!("{avs}:{many}")).sets("it")).contains("17 sets"));
    }

    #[test]
    fn blocks_and_bytes_are_what_the_chain_can_take() {
        for (text, blocks) in [("0", 0), (" 126,000 ", 126_000), ("4294967295", u32::MAX)] {
            assert_eq!(asked(text).blocks("it").unwrap(), blocks, "{text}");
        }
        for text in ["", "-1", "+1", "1.5", "4294967296", "1e3", "0x10", "soon", "<b>"] {
            assert!(words(asked(text).blocks("it")).contains("number of blocks"), "{text}");
        }
        assert_eq!(asked("").bytes("it").unwrap().len(), 0);
        assert_eq!(asked("0xc0ffee").bytes("it").unwrap().len(), 3);
        for text in ["0xc0f", "coffee!", "<b>"] {
            assert!(words(asked(text).bytes("it")).contains("in hex"), "{text}");
        }
        assert!(asked("").optional_address("it").unwrap().is_zero());
        assert!(asked("0x12").optional_address("it").is_err());
    }
}
