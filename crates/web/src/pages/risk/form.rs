//! The forms of the pages of risk: what was sent stays in its field, and what is wrong with it stands below.

use crate::{
    format,
    frame::{self, Page},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{
    body::Body,
    extract::{Query, rejection::QueryRejection},
    http::{Response, StatusCode},
};
use maud::{Markup, html};
use rpc::{Reads, Refused};
use std::collections::BTreeMap;

/// Characters of a value that are shown again.
const MOST_CHARACTERS: usize = 40;

/// The query as it was sent.
pub(super) type Sent = Result<Query<BTreeMap<String, String>>, QueryRejection>;

/// A field: its name in the query, its label, a hint, and what stands in it if nothing was sent.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) usual: &'static str,
}

/// A form that asks a page of risk.
pub(super) struct Form {
    pub(super) path: &'static str,
    /// What the page is about, until there is something found to say.
    pub(super) title: &'static str,
    /// What is said where there is nothing to measure.
    pub(super) nothing: &'static str,
    pub(super) button: &'static str,
    pub(super) fields: &'static [Field],
}

impl Form {
    /// Nothing where nothing is asked; else drawn with what was sent, and with what is wrong at the field that it names, else at the last.
    pub(super) fn draw(&self, sent: &Sent, wrong: Option<&str>) -> Markup {
        let of = |field: &Field| {
            let value = sent.as_ref().ok().and_then(|fields| fields.get(field.name));
            let shown: String =
                value.map_or(field.usual, String::as_str).chars().take(MOST_CHARACTERS).collect();
            shown
        };
        let named = wrong.map(|wrong| {
            let found = self.fields.iter().position(|field| wrong.contains(field.name));
            found.unwrap_or(self.fields.len().saturating_sub(1))
        });
        html! {
            @if !self.fields.is_empty() { form class="filters asks" method="get" action=(self.path) {
                @for (place, field) in self.fields.iter().enumerate() {
                    @let is_wrong = named == Some(place);
                    @let hint = format!("{}-hint", field.name);
                    div class="field" {
                        label for=(field.name) { (field.label) }
                        input id=(field.name) name=(field.name) value=(of(field)) inputmode="decimal" required size="10"
                            aria-describedby=(hint) aria-invalid=[is_wrong.then_some("true")];
                        p class=(if is_wrong { "wrong" } else { "small muted" }) id=(hint) role=[is_wrong.then_some("alert")] {
                            @if is_wrong { (format::foreign(wrong.unwrap_or_default())) } @else { (field.hint) }
                        }
                    }
                }
                p { button class="btn go" { (self.button) } }
            } }
        }
    }

    /// Asks the twin and draws what it found; nonsense is refused in the form, and where there is nothing to measure the
    /// page says so.
    pub(super) async fn page(
        &self,
        reads: &Reads,
        viewer: &Viewer,
        sent: &Sent,
        found: impl FnOnce(Told<'_>, &Sent) -> Markup,
    ) -> Response<Body> {
        if let Some(refused) = super::super::past(viewer) {
            return frame::refused(reads, viewer, &refused);
        }
        let (status, body) = match reads.get(&format!("/api/v1{}", viewer.here)).await {
            Ok(answer) => (StatusCode::OK, found(Told::new(&answer), sent)),
            Err(refused) => match refused.status {
                StatusCode::BAD_REQUEST => (StatusCode::BAD_REQUEST, self.refused(&refused, sent)),
                // A network without stake is no missing page.
                StatusCode::NOT_FOUND => (StatusCode::OK, self.refused(&refused, sent)),
                _ => return frame::refused(reads, viewer, &refused),
            },
        };
        frame::with_status(status, reads, viewer, &Page { title: self.title, section: "/risk", body })
    }

    fn refused(&self, refused: &Refused, sent: &Sent) -> Markup {
        let is_wrong = refused.status == StatusCode::BAD_REQUEST;
        html! {
            div class="head" { div { h1 { (self.title) } } }
            (super::tabs(self.path))
            (self.draw(sent, is_wrong.then_some(&refused.why)))
            @if !is_wrong {
                section class="card" {
                    (parts::empty(self.nothing, &html! { (format::foreign(&refused.why)) }))
                }
            }
        }
    }
}
