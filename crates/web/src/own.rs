//! Whether a form was sent by a page of this node: what a form changes, no page of another origin may. The node's REST
//! asks for JSON, which no page sends elsewhere without leave; a form needs no leave, so here the browser's own word counts.

use axum::http::{HeaderMap, header};

/// Whether the browser says that the page which sent this came from the same origin. A program that says nothing is
/// refused too: it has REST.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site.as_bytes() == b"same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn own(given: &[(&'static str, &str)]) -> bool {
        let headers =
            given.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        is_own(&headers.collect())
    }

    #[test]
    fn only_a_page_of_the_same_origin_is_ours() {
        let host = ("host", "localhost:8545");
        assert!(own(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(own(&[host, ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8545")]));
        assert!(own(&[host, ("origin", "http://LOCALHOST:8545")]));
        for site in ["cross-site", "same-site", "none", "", "same-origin, cross-site"] {
            assert!(!own(&[host, ("sec-fetch-site", site), ("origin", "http://localhost:8545")]), "{site}");
        }
        for origin in
            ["null", "", "http://localhost", "http://localhost:3000", "https://evil.test", "localhost:8545"]
        {
            assert!(!own(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!own(&[host]) && !own(&[("origin", "http://localhost:8545")]) && !own(&[]));
    }
}
