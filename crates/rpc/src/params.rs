//! Positional arguments of a request. Errors name the argument by position, as geth does, and by name.
//! What an argument means is the method's matter; here it is found, read and named when it is wrong.

use crate::error::RpcError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The `params` of a request, still as text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params<'a>(Option<&'a str>);

/// The arguments, split but not yet read.
pub(crate) struct Args<'a>(Vec<&'a RawValue>);

impl<'a> Params<'a> {
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self(text)
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        self.0
    }

    /// Splits the list of arguments. An absent list, `null` and `{}` count as empty.
    ///
    /// # Errors
    /// Named arguments, or no list.
    pub(crate) fn args(self) -> Result<Args<'a>, RpcError> {
        match self.0.map(str::trim) {
            None | Some("null" | "{}" | "[]") => Ok(Args(Vec::new())),
            Some(text) if text.starts_with('[') => serde_json::from_str(text)
                .map(Args)
                .map_err(|error| RpcError::params(format!("invalid params: {}", reason(&error)))),
            Some(_) => Err(RpcError::params("non-array args: params must be a list of positional arguments")),
        }
    }

    /// The only argument.
    ///
    /// # Errors
    /// As [`Args::required`].
    pub(crate) fn one<T: Deserialize<'a>>(self, name: &str) -> Result<T, RpcError> {
        self.args()?.required(0, name)
    }
}

impl<'a> Args<'a> {
    /// The argument at `index`, which must be there.
    ///
    /// # Errors
    /// It is missing, or is not what its type asks for.
    pub(crate) fn required<T: Deserialize<'a>>(&self, index: usize, name: &str) -> Result<T, RpcError> {
        match self.0.get(index) {
            Some(raw) => read(raw, index, name),
            None => Err(RpcError::params(format!("missing value for required argument {index} ({name})"))),
        }
    }

    /// The argument at `index`; `None` if it is missing or `null`.
    ///
    /// # Errors
    /// It is not what its type asks for.
    pub(crate) fn optional<T: Deserialize<'a>>(
        &self,
        index: usize,
        name: &str,
    ) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => read(raw, index, name).map(Some),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, index: usize, name: &str) -> Result<T, RpcError> {
    serde_json::from_str(raw.get())
        .map_err(|error| RpcError::params(format!("invalid argument {index} ({name}): {}", reason(&error))))
}

/// What serde says, without the position in a text that the caller did not write, and not endlessly.
fn reason(error: &serde_json::Error) -> String {
    const MAX_CHARS: usize = 200;
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    text.chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;

    #[test]
    fn an_absent_null_or_empty_list_has_no_arguments() {
        for text in [None, Some("null"), Some("[]"), Some("{}"), Some(" [ ] ")] {
            let args = Params::new(text).args().unwrap();
            assert_eq!(args.optional::<u64>(0, "number").unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_argument() {
        let error = |text, index| {
            let args = Params::new(Some(text)).args().unwrap();
            args.required::<Address>(index, "address").unwrap_err().message().to_owned()
        };
        assert_eq!(error("[]", 0), "missing value for required argument 0 (address)");
        assert!(error(r#"["0x12"]"#, 0).starts_with("invalid argument 0 (address): invalid"));
        assert!(error(r#"[1, {}]"#, 1).starts_with("invalid argument 1 (address): invalid type: map"));
    }

    #[test]
    fn named_arguments_are_refused() {
        let error = Params::new(Some(r#"{"a":1}"#)).args().err().unwrap();
        assert!(error.message().starts_with("non-array args"));
    }
}
