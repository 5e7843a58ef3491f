//! Reading an answer: fields by path, with a fallback where one is missing, so that a page never fails over a field.

use alloy_primitives::U256;
use serde_json::Value;

/// A part of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a>(&'a Value);

static NOTHING: Value = Value::Null;

impl<'a> Told<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The part at a path of keys and indexes, `a.b.0`; nothing if it is not there.
    pub(crate) fn at(self, path: &str) -> Self {
        let step = |value: &'a Value, key: &str| match value {
            Value::Array(items) => key.parse().ok().and_then(|index: usize| items.get(index)),
            other => other.get(key),
        };
        Self(path.split('.').try_fold(self.0, step).unwrap_or(&NOTHING))
    }

    /// Whether there is nothing.
    pub(crate) fn is_none(self) -> bool {
        self.0.is_null()
    }

    /// A text; empty if it is none.
    pub(crate) fn text(self) -> &'a str {
        self.0.as_str().unwrap_or_default()
    }

    /// A count or height; 0 if it is none.
    pub(crate) fn number(self) -> u64 {
        self.0.as_u64().unwrap_or_default()
    }

    /// An amount in smallest units, given in decimal or hex; 0 if it is none.
    pub(crate) fn amount(self) -> U256 {
        match self.0 {
            Value::String(text) => text.parse().unwrap_or_default(),
            other => U256::from(other.as_u64().unwrap_or_default()),
        }
    }

    /// Decimals of a token.
    pub(crate) fn decimals(self) -> u8 {
        u8::try_from(self.number()).unwrap_or(18)
    }

    /// A figure with a point.
    pub(crate) fn float(self) -> Option<f64> {
        self.0.as_f64()
    }

    pub(crate) fn is_true(self) -> bool {
        self.0.as_bool().unwrap_or_default()
    }

    /// The items of a list; none if it is no list.
    pub(crate) fn items(self) -> impl ExactSizeIterator<Item = Told<'a>> + Clone {
        self.0.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(Told)
    }

    /// The answer itself.
    pub(crate) fn value(self) -> &'a Value {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_nothing_and_never_fails() {
        let value = json!({ "a": { "b": [{ "c": "12" }] }, "n": 7 });
        let told = Told::new(&value);
        assert_eq!(told.at("a.b.0.c").amount(), U256::from(12));
        assert_eq!(told.at("n").number(), 7);
        for path in ["a.b.1.c", "x", "a.b.c", "n.0", ""] {
            assert!(told.at(path).is_none(), "{path}");
            assert_eq!((told.at(path).text(), told.at(path).items().len()), ("", 0));
        }
    }
}
