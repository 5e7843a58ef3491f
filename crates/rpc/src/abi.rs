//! The custom errors of all native contracts by selector, for naming what a call reverted with.
//! Built once, when the first call reverts. Which ABIs there are is said in `types::abi`.

use alloy_json_abi::Error;
use std::{collections::HashMap, sync::LazyLock};

static ERRORS: LazyLock<HashMap<[u8; 4], Error>> = LazyLock::new(|| {
    let abis = types::abi::names().filter_map(types::abi::json);
    abis.flat_map(|abi| abi.errors.into_values().flatten()).map(|error| (error.selector().0, error)).collect()
});

/// The error that a native contract declares with this selector. Contracts that share a selector share the error.
pub(crate) fn error(selector: [u8; 4]) -> Option<&'static Error> {
    ERRORS.get(&selector)
}
