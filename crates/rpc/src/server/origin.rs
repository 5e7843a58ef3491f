//! Who is calling (`decisions.md` 65). The `Host` header must name this machine, so that a page cannot reach the node
//! by pointing its own name here. A page of a foreign origin may read and send what is already signed; keys, time and
//! state are for local programs, local pages, and origins that the user has named.

use axum::http::{HeaderMap, HeaderValue, header};
use std::net::IpAddr;

/// What a caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// All that the mode offers.
    Full,
    /// Reading and signed transactions, for the page of this origin.
    Foreign(String),
}

/// A caller that passed.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) trust: Trust,
    /// The origin to name in CORS headers.
    pub(crate) origin: Option<HeaderValue>,
}

/// Why a caller was turned away, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request has no readable Host header")]
    NoHost,
    #[error("host {0:?} is not this node's; start it with --allow-host {0} if it should be")]
    Host(String),
    #[error("origin {0:?} is not allowed; start the node with --allow-origin {0} if it should be")]
    Origin(String),
}

/// The rules in force.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    hosts: Vec<String>,
    /// Bound to more than loopback: any literal address reaches it, and only names can be pointed here by others.
    any_address: bool,
    named: Vec<String>,
    /// Whether origins that nobody named may read.
    foreign_reads: bool,
    cors: bool,
}

impl Policy {
    pub(crate) fn new(hosts: &[String], origins: &[String], cors: bool, bound_to: IpAddr) -> Self {
        let clean = |text: &String| text.trim().trim_end_matches('/').to_ascii_lowercase();
        let named: Vec<String> = origins.iter().map(clean).filter(|origin| origin != "*").collect();
        let wildcard = named.len() < origins.len();
        Self {
            hosts: hosts.iter().map(clean).collect(),
            any_address: !bound_to.is_loopback(),
            foreign_reads: cors && (wildcard || named.is_empty()),
            named,
            cors,
        }
    }

    /// Judges a request by its headers.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).ok_or(Refusal::NoHost)?;
        if !self.is_host(host) {
            return Err(Refusal::Host(host_name(host).to_owned()));
        }
        let Some(value) = headers.get(header::ORIGIN) else {
            return Ok(Caller { trust: Trust::Full, origin: None });
        };
        let origin = value.to_str().unwrap_or("(unreadable)").to_ascii_lowercase();
        let trust = if self.is_trusted(&origin, host) {
            Trust::Full
        } else if self.foreign_reads {
            Trust::Foreign(origin)
        } else {
            return Err(Refusal::Origin(origin));
        };
        Ok(Caller { trust, origin: self.cors.then(|| value.clone()) })
    }

    fn is_host(&self, host: &str) -> bool {
        let name = host_name(host);
        is_loopback(name)
            || (self.any_address && address(name).is_some())
            || self
                .hosts
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(name) || allowed.eq_ignore_ascii_case(host))
    }

    fn is_trusted(&self, origin: &str, host: &str) -> bool {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        let local = authority.is_some_and(|authority| {
            authority.eq_ignore_ascii_case(host) || is_loopback(host_name(authority))
        });
        local || self.named.iter().any(|named| named == origin)
    }
}

/// A `Host` header or an authority without its port.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(host, |(address, _)| address);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn address(name: &str) -> Option<IpAddr> {
    name.parse().ok()
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || address(name).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1";

    fn judge(policy: &Policy, host: Option<&str>, origin: Option<&str>) -> Result<Trust, Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        policy.judge(&headers).map(|caller| caller.trust)
    }

    fn policy(hosts: &[&str], origins: &[&str], cors: bool, bound_to: &str) -> Policy {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Policy::new(&owned(hosts), &owned(origins), cors, bound_to.parse().unwrap())
    }

    #[test]
    fn a_host_that_is_not_loopback_or_configured_is_refused() {
        let local = policy(&["node.test"], &[], true, LOOPBACK);
        for host in
            ["localhost:8545", "127.0.0.1", "127.9.9.9:1", "[::1]:8545", "LOCALHOST", "node.test:8545"]
        {
            assert_eq!(judge(&local, Some(host), None), Ok(Trust::Full), "{host}");
        }
        for host in
            ["evil.test", "evil.test:8545", "10.0.0.1:8545", "localhost.evil.test", "127.0.0.1.evil.test"]
        {
            assert!(matches!(judge(&local, Some(host), None), Err(Refusal::Host(_))), "{host}");
        }
        assert_eq!(judge(&local, None, None), Err(Refusal::NoHost));
        let open = policy(&[], &[], true, "0.0.0.0");
        assert_eq!(judge(&open, Some("10.0.0.1:8545"), None), Ok(Trust::Full));
        assert!(matches!(judge(&open, Some("evil.test"), None), Err(Refusal::Host(_))));
    }

    #[test]
    fn own_loopback_and_named_origins_have_full_trust_and_others_only_read() {
        let policy = policy(&["node.test"], &["https://app.test/", "*"], true, LOOPBACK);
        let trust = |origin| judge(&policy, Some("node.test:8545"), Some(origin)).unwrap();
        for origin in ["http://localhost:3000", "http://[::1]:1", "https://APP.test", "http://node.test:8545"]
        {
            assert_eq!(trust(origin), Trust::Full, "{origin}");
        }
        for origin in [
            "https://evil.test",
            "null",
            "http://node.test:1",
            "https://app.test:444",
            "http://localhost.evil.test",
        ] {
            assert_eq!(trust(origin), Trust::Foreign(origin.to_owned()), "{origin}");
        }
    }

    #[test]
    fn naming_origins_or_turning_cors_off_shuts_the_others_out() {
        let named = policy(&[], &["https://app.test"], true, LOOPBACK);
        assert_eq!(judge(&named, Some("localhost"), Some("https://app.test")), Ok(Trust::Full));
        assert!(matches!(
            judge(&named, Some("localhost"), Some("https://evil.test")),
            Err(Refusal::Origin(_))
        ));
        let off = policy(&[], &[], false, LOOPBACK);
        assert!(matches!(judge(&off, Some("localhost"), Some("https://evil.test")), Err(Refusal::Origin(_))));
    }
}
