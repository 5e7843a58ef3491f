//! Every bound on what callers can make the server do: one table of names, so that each can be set by name, is listed in
//! `docs/limits.md`, and is named by the refusal of whoever meets it.

use crate::config::Limits;
use std::time::Duration;

/// A bound's place in [`Limits`], by kind.
enum Place<'a> {
    Count(&'a mut usize),
    Number(&'a mut u64),
    Seconds(&'a mut Duration),
    Switch(&'a mut bool),
}

/// What tells the caller of a refusal how to change the bound.
pub(crate) fn raise(name: &str) -> String {
    format!("the node's operator changes it with --limit {name}=VALUE")
}

/// What tells the caller of a refusal of a bound that nobody changes.
pub(crate) fn fixed(most: impl std::fmt::Display, of: &str) -> String {
    format!("and {of} may have {most}; split it into several")
}

impl Limits {
    /// The names of all bounds, in the order of the documentation.
    pub const NAMES: [&'static str; 25] = [
        "requests_per_second",
        "count_loopback",
        "max_body_bytes",
        "max_response_bytes",
        "max_batch",
        "max_connections",
        "max_connections_per_client",
        "max_in_flight",
        "max_subscriptions",
        "max_subscriptions_total",
        "max_waiting_bytes",
        "max_filters",
        "filter_lifetime_secs",
        "max_logs",
        "max_log_blocks",
        "max_trace_bytes",
        "max_trace_blocks",
        "max_fee_history",
        "max_call_gas",
        "max_running_calls",
        "call_timeout_secs",
        "queue_timeout_secs",
        "receipt_timeout_secs",
        "io_timeout_secs",
        "idle_timeout_secs",
    ];

    fn place(&mut self, name: &str) -> Option<Place<'_>> {
        Some(match name {
            "requests_per_second" => Place::Number(&mut self.requests_per_second),
            "count_loopback" => Place::Switch(&mut self.count_loopback),
            "max_body_bytes" => Place::Count(&mut self.max_body_bytes),
            "max_response_bytes" => Place::Count(&mut self.max_response_bytes),
            "max_batch" => Place::Count(&mut self.max_batch),
            "max_connections" => Place::Count(&mut self.max_connections),
            "max_connections_per_client" => Place::Count(&mut self.max_connections_per_client),
            "max_in_flight" => Place::Count(&mut self.max_in_flight),
            "max_subscriptions" => Place::Count(&mut self.max_subscriptions),
            "max_subscriptions_total" => Place::Count(&mut self.max_subscriptions_total),
            "max_waiting_bytes" => Place::Count(&mut self.max_waiting_bytes),
            "max_filters" => Place::Count(&mut self.max_filters),
            "filter_lifetime_secs" => Place::Seconds(&mut self.filter_lifetime),
            "max_logs" => Place::Count(&mut self.max_logs),
            "max_log_blocks" => Place::Number(&mut self.max_log_blocks),
            "max_trace_bytes" => Place::Count(&mut self.max_trace_bytes),
            "max_trace_blocks" => Place::Number(&mut self.max_trace_blocks),
            "max_fee_history" => Place::Number(&mut self.max_fee_history),
            "max_call_gas" => Place::Number(&mut self.max_call_gas),
            "max_running_calls" => Place::Count(&mut self.max_running_calls),
            "call_timeout_secs" => Place::Seconds(&mut self.call_timeout),
            "queue_timeout_secs" => Place::Seconds(&mut self.queue_timeout),
            "receipt_timeout_secs" => Place::Seconds(&mut self.receipt_timeout),
            "io_timeout_secs" => Place::Seconds(&mut self.io_timeout),
            "idle_timeout_secs" => Place::Seconds(&mut self.idle_timeout),
            _ => return None,
        })
    }

    /// Sets one bound, given as `name=value`: whole numbers, whole seconds, `true` or `false`.
    ///
    /// # Errors
    /// In one line: what is wrong with the name or the value. Only `requests_per_second` may be 0.
    pub fn set(&mut self, setting: &str) -> Result<(), String> {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(format!("limit {setting:?} is not of the form name=value"));
        };
        let (name, value) = (name.trim(), value.trim());
        let Some(place) = self.place(name) else {
            return Err(format!("no limit is named {name:?}; there are {}", Self::NAMES.join(", ")));
        };
        if let Place::Switch(switch) = place {
            *switch = value.parse().map_err(|_| format!("limit {name} is true or false, not {value:?}"))?;
            return Ok(());
        }
        let least = u64::from(name != "requests_per_second");
        let number: u64 =
            value.parse().ok().filter(|number| (least..=u64::from(u32::MAX)).contains(number)).ok_or_else(
                || format!("limit {name} is a whole number from {least} to {}, not {value:?}", u32::MAX),
            )?;
        match place {
            Place::Count(count) => *count = usize::try_from(number).unwrap_or(usize::MAX),
            Place::Number(place) => *place = number,
            Place::Seconds(time) => *time = Duration::from_secs(number),
            Place::Switch(_) => {}
        }
        Ok(())
    }

    /// A bound's value, as [`Limits::set`] takes it.
    pub fn get(&self, name: &str) -> Option<String> {
        // The table is of places, so that no second one can differ from it.
        Some(match self.clone().place(name)? {
            Place::Count(count) => count.to_string(),
            Place::Number(number) => number.to_string(),
            Place::Seconds(time) => time.as_secs().to_string(),
            Place::Switch(switch) => switch.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_can_be_set_and_reads_back() {
        for name in Limits::NAMES {
            let mut limits = Limits::default();
            let value = if name == "count_loopback" { "true" } else { "7" };
            limits.set(&format!(" {name} = {value} ")).unwrap();
            assert_eq!(limits.get(name).as_deref(), Some(value), "{name}");
            assert_ne!(limits, Limits::default(), "{name}");
        }
    }

    #[test]
    fn wrong_names_and_values_are_told_in_one_line() {
        for (setting, part) in [
            ("max_batch", "name=value"),
            ("max_bach=5", "no limit is named \"max_bach\""),
            ("max_batch=0", "from 1 to"),
            ("max_batch=-1", "whole number"),
            ("max_batch=many", "whole number"),
            ("max_batch=99999999999", "to 4294967295"),
            ("count_loopback=1", "true or false"),
        ] {
            let told = Limits::default().set(setting).unwrap_err();
            assert!(told.contains(part) && !told.contains('\n'), "{setting}: {told}");
        }
        let mut limits = Limits::default();
        limits.set("requests_per_second=0").unwrap();
        assert_eq!(limits.requests_per_second, 0);
    }

    #[test]
    fn every_limit_is_documented_with_its_default() {
        let page = include_str!("../../../docs/limits.md");
        for name in Limits::NAMES {
            let default = match name {
                // As many as the machine has.
                "max_running_calls" => "cores".to_owned(),
                name => Limits::default().get(name).unwrap(),
            };
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("docs/limits.md has no row for {name}"));
            assert!(row.contains(&format!("| {default} |")), "{name} is {default} by default: {row}");
        }
    }
}
