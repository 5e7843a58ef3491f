//! Best choices: a staker's or liquid token's split over operators under a limit of loss, an operator's services, a
//! service's cheapest purchase of security, and how far prizes may grow. Each answer says how far it can be from the best.

pub mod portfolio;
pub mod services;
pub mod topup;

pub use portfolio::{Goal, Plan, plan};
pub use services::{Choice, choose};
pub use topup::{TopUp, top_up};
