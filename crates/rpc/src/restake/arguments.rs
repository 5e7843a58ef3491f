//! What callers of `restake_` may say: operator sets in three forms, pages, and cursors that belong to one list.

use crate::error::RpcError;
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use chain::index::{Page, SetId};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::fmt;

/// Items of a page, unless a caller says otherwise (`decisions.md` 8).
const USUAL_LIMIT: usize = 100;

/// Most items of a page.
const MOST_ITEMS: usize = 1_000;

/// Bytes by which a cursor tells its list.
const TAG_BYTES: usize = 4;

/// An operator set: `{"avs": …, "id": …}`, `"avs:id"`, or a service's key of 32 bytes (`decisions.md` 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetArgument(pub(super) SetId);

struct AnySet;

impl<'de> de::Visitor<'de> for AnySet {
    type Value = SetArgument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an operator set: {\"avs\": address, \"id\": number}, \"avs:id\", or 32 bytes of avs and id",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SetArgument, E> {
        set_in(text).map(SetArgument).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, fields: A) -> Result<SetArgument, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            avs: Address,
            id: u32,
        }
        let Named { avs, id } = Named::deserialize(de::value::MapAccessDeserializer::new(fields))?;
        Ok(SetArgument(SetId { avs, id }))
    }
}

impl<'de> Deserialize<'de> for SetArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnySet)
    }
}

/// A set in text.
pub(crate) fn set_in(text: &str) -> Option<SetId> {
    if let Some((avs, id)) = text.split_once(':') {
        return Some(SetId { avs: avs.parse().ok()?, id: id.parse().ok()? });
    }
    let key: B256 = text.parse().ok()?;
    let (avs, id) = key.split_at_checked(20)?;
    Some(SetId { avs: Address::try_from(avs).ok()?, id: U256::try_from_be_slice(id)?.try_into().ok()? })
}

/// A decimal or hex amount of any size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(super) U256);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(Self(U256::from(number))),
            Form::Text(text) => text.parse().map(Self).map_err(|_| {
                de::Error::custom("expected an amount, as a decimal string, 0x-prefixed hex or a JSON number")
            }),
        }
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    pub(crate) limit: Option<u64>,
    pub(crate) cursor: Option<String>,
}

/// A page that was asked for, of one list.
pub(super) struct Wanted {
    tag: [u8; TAG_BYTES],
    /// Where it begins.
    pub(super) after: Option<Vec<u8>>,
    pub(super) limit: usize,
}

impl Paging {
    /// The page of the list that `list` names in full, filter and all; its cursors have `width` bytes.
    ///
    /// # Errors
    /// A limit out of bounds, or another list's cursor.
    pub(super) fn of(&self, list: &str, width: usize) -> Result<Wanted, RpcError> {
        let limit = match self.limit {
            None => USUAL_LIMIT,
            Some(limit) => {
                usize::try_from(limit).ok().filter(|limit| (1..=MOST_ITEMS).contains(limit)).ok_or_else(
                    || RpcError::params(format!("limit is {limit}; a page has 1 to {MOST_ITEMS} items")),
                )?
            }
        };
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(keccak256(list)).for_each(|(to, from)| *to = from);
        let read = |cursor: &String| {
            let raw = hex::decode(cursor).ok()?;
            let (of, after) = raw.split_at_checked(TAG_BYTES)?;
            (of == tag && after.len() == width).then(|| after.to_vec())
        };
        let after = match &self.cursor {
            None => None,
            Some(cursor) => Some(read(cursor).ok_or_else(|| {
                RpcError::params(
                    "the cursor is not of this list: pass \"next\" of the page before, with the same filter",
                )
            })?),
        };
        Ok(Wanted { tag, after, limit })
    }
}

impl Wanted {
    pub(super) fn after(&self) -> Option<&[u8]> {
        self.after.as_deref()
    }

    /// A page as JSON.
    ///
    /// # Errors
    /// `tell`'s.
    pub(super) fn page<T>(
        &self,
        page: Page<T>,
        tell: impl FnMut(T) -> Result<Value, RpcError>,
    ) -> Result<Value, RpcError> {
        let Page { items, next } = page.try_map(tell)?;
        let cursor = |after: Vec<u8>| hex::encode_prefixed([self.tag.as_slice(), &after].concat());
        Ok(json!({ "items": items, "next": next.map(cursor) }))
    }
}

/// A set as JSON.
pub(super) fn set_json(set: SetId) -> Value {
    json!({ "avs": set.avs, "id": set.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVS: &str = "0x1111111111111111111111111111111111111111";

    #[test]
    fn a_set_reads_in_three_forms() {
        let key = format!("{AVS}{:024x}", 7);
        for text in [json!({ "avs": AVS, "id": 7 }), json!(format!("{AVS}:7")), json!(key)] {
            let SetArgument(set) = serde_json::from_value(text.clone()).unwrap();
            assert_eq!(set, SetId { avs: AVS.parse().unwrap(), id: 7 }, "{text}");
        }
        let too_large = format!("{AVS}{:024x}", 1u64 << 32);
        for text in
            [json!("x"), json!(format!("{AVS}:-1")), json!(too_large), json!(7), json!({ "avs": AVS })]
        {
            assert!(serde_json::from_value::<SetArgument>(text.clone()).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        let of = |paging: Value, list| serde_json::from_value::<Paging>(paging).unwrap().of(list, 2);
        assert_eq!(of(json!({}), "a").unwrap().limit, USUAL_LIMIT);
        for limit in [0, 1_001, u64::MAX] {
            assert!(of(json!({ "limit": limit }), "a").is_err(), "{limit}");
        }
        let wanted = of(json!({ "limit": 1 }), "a").unwrap();
        let page = wanted.page(Page { items: vec![1], next: Some(vec![4, 5]) }, |it| Ok(json!(it))).unwrap();
        let next = page["next"].as_str().unwrap();
        assert_eq!(of(json!({ "cursor": next }), "a").unwrap().after(), Some([4, 5].as_slice()));
        for (cursor, list) in [(next, "b"), ("0x", "a"), ("zz", "a"), (&next[..8], "a")] {
            assert!(of(json!({ "cursor": cursor }), list).is_err(), "{cursor} {list}");
        }
    }
}
