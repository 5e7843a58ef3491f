//! Who looks: the theme, the clock and the unit of ether that cookies remember, and the page's own address, to come back to.

use crate::format::Ether;
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderValue, Response, StatusCode, header, request::Parts},
};
use serde::Deserialize;
use std::convert::Infallible;

/// Themes by name; the first follows the system.
pub(crate) const THEMES: [&str; 3] = ["system", "light", "dark"];

/// Clocks by name; the first is the chain's.
pub(crate) const CLOCKS: [&str; 2] = ["UTC", "local"];

/// Units of ether by name; the first is the usual one.
pub(crate) const UNITS: [&str; 3] = ["ETH", "gwei", "wei"];

/// A year.
const KEEP_SECONDS: u32 = 31_536_000;

/// One viewer's request.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// `light` or `dark` where the viewer chose.
    pub(crate) theme: Option<&'static str>,
    /// `local` where the viewer wants times of their own clock.
    pub(crate) clock: Option<&'static str>,
    /// In what amounts of ether are shown.
    pub(crate) ether: Ether,
    /// Path and query.
    pub(crate) here: String,
    /// Path alone.
    pub(crate) path: String,
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs: Vec<(&str, &str)> =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).collect();
        let kept = |wanted: &str, all: &[&'static str]| {
            pairs.iter().filter(|(name, _)| *name == wanted).find_map(|(_, value)| chosen(value, all))
        };
        let (theme, clock, unit) = (kept("theme", &THEMES), kept("clock", &CLOCKS), kept("unit", &UNITS));
        let ether = unit.map_or(Ether::Eth, Ether::named);
        let here = parts.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
        Ok(Self { theme, clock, ether, here, path: parts.uri.path().to_owned() })
    }
}

/// A choice besides the usual one.
fn chosen(name: &str, all: &[&'static str]) -> Option<&'static str> {
    all.iter().skip(1).copied().find(|known| *known == name)
}

/// What the form of preferences sends.
#[derive(Deserialize)]
pub(crate) struct Preferences {
    theme: Option<String>,
    clock: Option<String>,
    unit: Option<String>,
    back: Option<String>,
}

/// Remembers the choice and goes back.
pub(crate) fn remember(preferences: &Preferences) -> Response<Body> {
    let back = preferences.back.as_deref().filter(|back| is_own(back)).unwrap_or("/");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let told = [
        ("theme", &preferences.theme, &THEMES[..]),
        ("clock", &preferences.clock, &CLOCKS[..]),
        ("unit", &preferences.unit, &UNITS[..]),
    ];
    for (name, wanted, all) in told {
        let Some(wanted) = wanted else { continue };
        let kept = chosen(wanted, all).or(all.first().copied()).unwrap_or_default();
        let cookie = format!("{name}={kept}; Path=/; Max-Age={KEEP_SECONDS}; SameSite=Lax; HttpOnly");
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    if let Ok(value) = HeaderValue::from_str(back) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// A path of this server, and not another machine written as one.
fn is_own(back: &str) -> bool {
    back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(back: &str) -> String {
        let preferences =
            Preferences { theme: Some("dark".into()), clock: None, unit: None, back: Some(back.into()) };
        remember(&preferences).headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_choice_leads_back_to_this_server_only() {
        assert_eq!(location("/risk?rule=a"), "/risk?rule=a");
        for other in ["//evil.test", "https://evil.test", "/\\evil.test", "", "/a\r\nset-cookie: x"] {
            assert_eq!(location(other), "/", "{other}");
        }
    }
}
