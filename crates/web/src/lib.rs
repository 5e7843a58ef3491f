//! The pages for people: every path of REST without `/api/v1`, drawn on the server from the same answers. They work
//! without script; two small scripts of our own and htmx make them live. No figure is computed here: only drawn.

#![allow(clippy::float_arithmetic, reason = "places on a screen, and γ, which the engine tells as a float")]

mod act;
mod assets;
mod charts;
mod format;
mod frame;
mod names;
mod own;
mod pages;
mod parts;
mod told;
mod viewer;
pub mod warnings;

pub use names::Book;
pub use pages::routes;
