//! Who looks: the theme that a cookie remembers, and the page's own address, to come back to.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderValue, Response, StatusCode, header, request::Parts},
};
use serde::Deserialize;
use std::convert::Infallible;

/// Themes by name; the first follows the system.
pub(crate) const THEMES: [&str; 3] = ["system", "light", "dark"];

/// A year.
const KEEP_SECONDS: u32 = 31_536_000;

/// One viewer's request.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// `light` or `dark` where the viewer chose.
    pub(crate) theme: Option<&'static str>,
    /// Path and query.
    pub(crate) here: String,
    /// Path alone.
    pub(crate) path: String,
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let theme = cookies.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == "theme").then(|| chosen(value)).flatten()
        });
        let here = parts.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
        Ok(Self { theme, here, path: parts.uri.path().to_owned() })
    }
}

fn chosen(name: &str) -> Option<&'static str> {
    THEMES.iter().skip(1).copied().find(|theme| *theme == name)
}

/// What the form of preferences sends.
#[derive(Deserialize)]
pub(crate) struct Preferences {
    theme: String,
    back: Option<String>,
}

/// Remembers the choice and goes back.
pub(crate) fn remember(preferences: &Preferences) -> Response<Body> {
    let theme = chosen(&preferences.theme).unwrap_or("system");
    let cookie = format!("theme={theme}; Path=/; Max-Age={KEEP_SECONDS}; SameSite=Lax; HttpOnly");
    let back = preferences.back.as_deref().filter(|back| is_own(back)).unwrap_or("/");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    for (name, value) in [(header::SET_COOKIE, cookie.as_str()), (header::LOCATION, back)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
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
        let preferences = Preferences { theme: "dark".into(), back: Some(back.into()) };
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
