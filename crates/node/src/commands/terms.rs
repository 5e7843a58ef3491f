//! The terms of a covenant, which an operator promises, and of a policy, which a staker demands: flags of both.

use crate::{
    failure::Failure,
    remote::{amount::Amount, session::Session},
};
use clap::Args;
use types::abi::ICovenants::Terms;

/// Terms; without any flag all is allowed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Terms")]
pub struct TermArgs {
    /// Most services that may be served
    #[arg(long, value_name = "NUMBER")]
    pub max_services: Option<u16>,
    /// Most of the stake of a strategy that may be slashable, by all services together
    #[arg(long, value_name = "PERCENT")]
    pub max_slashable: Option<Amount>,
    /// Least blocks between an allocation and its effect
    #[arg(long, default_value_t = 0, value_name = "BLOCKS")]
    pub min_delay: u32,
    /// Allow sets that pay slashed stake out instead of burning it
    #[arg(long)]
    pub allow_redistribution: bool,
    /// Only these services, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "SERVICES")]
    pub only: Vec<String>,
}

impl TermArgs {
    /// As the contract takes them.
    ///
    /// # Errors
    /// A fraction above all, or a service that nobody knows.
    pub fn resolve(&self, session: &Session) -> Result<Terms, Failure> {
        let slashable =
            self.max_slashable.as_ref().map_or(Ok(crate::remote::amount::WAD), Amount::fraction)?;
        let mut services =
            self.only.iter().map(|name| session.address(name)).collect::<Result<Vec<_>, _>>()?;
        services.sort_unstable();
        services.dedup();
        Ok(Terms {
            maxServices: self.max_services.unwrap_or(u16::MAX),
            maxSlashableWad: slashable.saturating_to(),
            minAllocationDelayBlocks: self.min_delay,
            allowRedistribution: self.allow_redistribution,
            services,
        })
    }

    /// For people.
    pub fn in_words(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.max_services.map(|most| format!("at most {most} services")));
        if let Some(most) = self.max_slashable.as_ref().and_then(|most| most.fraction().ok()) {
            parts.push(format!(
                "at most {} slashable",
                crate::text::percent(most, crate::remote::amount::WAD)
            ));
        }
        if self.min_delay > 0 {
            parts.push(format!("{} blocks before an allocation counts", self.min_delay));
        }
        parts.push(
            if self.allow_redistribution { "redistribution allowed" } else { "no redistribution" }.to_owned(),
        );
        if !self.only.is_empty() {
            parts.push(format!("only {}", self.only.join(", ")));
        }
        parts.join(", ")
    }
}
