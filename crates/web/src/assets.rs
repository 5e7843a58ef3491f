//! The files that pages refer to, all inside the program: the style sheet, htmx (vendored, 0BSD), our script, the mark.
//! Their addresses carry a hash of what is in them, so that a browser keeps them as long as they stay the same.

use alloy_primitives::{hex, keccak256};
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use std::sync::LazyLock;

/// A file.
pub(crate) struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

pub(crate) static STYLE: Asset =
    Asset { name: "bulwark.css", kind: "text/css; charset=utf-8", text: include_str!("assets/bulwark.css") };
pub(crate) static HTMX: Asset = Asset {
    name: "htmx.js",
    kind: "text/javascript; charset=utf-8",
    text: include_str!("assets/htmx.min.js"),
};
pub(crate) static LIVE: Asset =
    Asset { name: "live.js", kind: "text/javascript; charset=utf-8", text: include_str!("assets/live.js") };
pub(crate) static MARK: Asset =
    Asset { name: "mark.svg", kind: "image/svg+xml", text: include_str!("assets/mark.svg") };

pub(crate) static ACT: Asset =
    Asset { name: "act.js", kind: "text/javascript; charset=utf-8", text: include_str!("assets/act.js") };

static ALL: [&Asset; 5] = [&ACT, &STYLE, &HTMX, &LIVE, &MARK];

/// Addresses, in the order of [`ALL`].
static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let address = |asset: &&Asset| {
        let hash = keccak256(asset.text.as_bytes());
        format!("/assets/{}/{}", hex::encode(hash.get(..6).unwrap_or_default()), asset.name)
    };
    ALL.iter().map(address).collect()
});

impl Asset {
    /// Where a page finds it.
    pub(crate) fn address(&self) -> &'static str {
        let named = ALL.iter().zip(ADDRESSES.iter()).find(|(asset, _)| asset.name == self.name);
        named.map_or("", |(_, address)| address.as_str())
    }
}

/// Serves a file. Another hash than today's gets today's file, but is not kept.
pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>) -> Response<Body> {
    let Some(asset) = ALL.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let current = asset.address() == format!("/assets/{hash}/{name}");
    let keep = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::new(Body::from(asset.text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_asks_for_another_machine_or_runs_text() {
        for asset in ALL {
            assert!(asset.address().starts_with("/assets/"), "{}", asset.name);
            assert!(!asset.text.contains("@import"), "{}", asset.name);
        }
        for own in [LIVE.text, ACT.text] {
            for word in ["eval(", "innerHTML", "Function(", "http://", "https://"] {
                assert!(!own.contains(word), "{word}");
            }
        }
    }
}
