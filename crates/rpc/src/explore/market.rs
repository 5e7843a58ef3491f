//! Operator sets as offers: what stands behind each, what it may take and by whom, how concentrated it is. Sorted and
//! filtered here, so that a page, a program and a link say the same. Pay is not told: there are no rewards yet.

use super::{amounts, amounts::Unit, asked, names, once_a_block, registered::Directory};
use crate::{
    context::Context,
    error::RpcError,
    restake::{ask::Snapshot, services},
};
use alloy_primitives::{Address, U256};
use chain::index::{Described, SetId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Operator sets that are looked at.
const MOST_SETS: usize = 256;
/// Seconds that the search for the slack of each service of a stake mode may take.
const SEARCH_SECONDS: f64 = 0.3;

/// What of the market is wanted, and in which order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `stake`, `operators`, `largest`, `slashes`, `risk` or `service`; the largest first, the least slack first, services
    /// by name.
    sort: Option<String>,
    /// `yes` or `no`.
    redistributes: Option<String>,
    /// `yes` or `no`.
    slashed: Option<String>,
    /// `yes`: no attack on it pays, proved; `no`: one may.
    secure: Option<String>,
}

impl Wanted {
    /// Refuses words that mean nothing; an empty one, as forms send it, is none.
    fn check(&self) -> Result<(), RpcError> {
        let one_of = |name: &str, given: &Option<String>, known: &[&str]| match given.as_deref() {
            None | Some("") => Ok(()),
            Some(word) if known.contains(&word) => Ok(()),
            Some(word) => {
                let shown: String = word.chars().take(32).collect();
                Err(RpcError::params(format!("{name} {shown:?} is not one of {}", known.join(", "))))
            }
        };
        one_of("sort", &self.sort, &["stake", "operators", "largest", "slashes", "risk", "service"])?;
        one_of("redistributes", &self.redistributes, &["yes", "no"])?;
        one_of("slashed", &self.slashed, &["yes", "no"])?;
        one_of("secure", &self.secure, &["yes", "no"])
    }

    fn keeps(&self, row: &Value) -> bool {
        let fits = |given: &Option<String>, is: bool| match given.as_deref() {
            Some("yes") => is,
            Some("no") => !is,
            _ => true,
        };
        fits(&self.redistributes, row["redistributes"].as_bool().unwrap_or_default())
            && fits(&self.slashed, row["slashCount"].as_u64().unwrap_or_default() > 0)
            && fits(&self.secure, row["secure"].as_bool().unwrap_or_default())
    }
}

/// The market.
///
/// # Errors
/// Words that mean nothing, or the database's.
pub(crate) fn market(cx: &Context, wanted: &Wanted) -> Result<Value, RpcError> {
    wanted.check()?;
    let mut whole = once_a_block(cx, "market", || all(cx))?;
    let mut rows: Vec<Value> = whole["items"].as_array().cloned().unwrap_or_default();
    rows.retain(|row| wanted.keeps(row));
    let mut registered: Vec<Value> = whole["registered"].as_array().cloned().unwrap_or_default();
    for rows in [&mut rows, &mut registered] {
        order(rows, wanted.sort.as_deref().unwrap_or("stake"));
    }
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("items".into(), rows.into());
        fields.insert("registered".into(), registered.into());
    }
    Ok(whole)
}

/// Orders operator sets, or services of AVSDirectory, which have a stake of another name and no slashes.
fn order(rows: &mut [Value], by: &str) {
    let big = |row: &Value, key: &str| -> Option<U256> { row[key].as_str().and_then(|it| it.parse().ok()) };
    let count = |row: &Value, key: &str| row[key].as_u64().unwrap_or_default();
    match by {
        "operators" => rows.sort_by_key(|row| std::cmp::Reverse(count(row, "memberCount"))),
        "slashes" => rows.sort_by_key(|row| std::cmp::Reverse(count(row, "slashCount"))),
        "risk" => rows.sort_by(|one, other| {
            // Of what nothing is known is last.
            let slack = |row: &Value| row["gammaLower"].as_f64().unwrap_or(f64::INFINITY);
            slack(one).total_cmp(&slack(other))
        }),
        "largest" => rows.sort_by_key(|row| std::cmp::Reverse(big(row, "largestWad"))),
        "service" => {}
        _ => rows
            .sort_by_key(|row| std::cmp::Reverse(big(row, "slashableStake").or_else(|| big(row, "stake")))),
    }
}

/// All operator sets, by service.
fn all(cx: &Context) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let index = snapshot.index();
    let mut asker = snapshot.asker();
    let worths = amounts::all(&snapshot, &mut asker)?;
    let mut sets: Vec<SetId> = Vec::new();
    let page = index.services(None, MOST_SETS)?;
    for avs in &page.items {
        let left = MOST_SETS.saturating_sub(sets.len());
        sets.extend(index.sets(*avs, None, left)?.items);
    }
    let mut told = Vec::new();
    let mut totals = vec![U256::ZERO; worths.len()];
    for set in &sets {
        let it = services::operator_set(cx, *set, None)?;
        let members = it["members"].as_array().map_or(0, Vec::len);
        let mut by_member = vec![vec![U256::ZERO; worths.len()]; members];
        let strategies: Vec<Address> = serde_json::from_value(it["strategies"].clone()).unwrap_or_default();
        for (row, shares) in by_member.iter_mut().zip(it["slashableStake"].as_array().into_iter().flatten()) {
            for (strategy, shares) in strategies.iter().zip(shares.as_array().into_iter().flatten()) {
                let place = worths.iter().position(|worth| worth.strategy == *strategy);
                let shares: U256 = shares.as_str().and_then(|it| it.parse().ok()).unwrap_or_default();
                if let Some((to, all)) = place.and_then(|at| row.get_mut(at).zip(totals.get_mut(at))) {
                    *to = shares;
                    *all = all.saturating_add(shares);
                }
            }
        }
        told.push((*set, it, by_member, strategies));
    }
    let directory = Directory::read(&snapshot, &mut asker, &page.items, &worths)?;
    directory.add_to(&mut totals);
    let unit = Unit::of(&worths, &totals);
    let mut items = Vec::new();
    for (set, it, by_member, strategies) in told {
        let stakes: Vec<U256> = by_member.iter().map(|shares| unit.sum(&worths, shares)).collect();
        let sum = stakes.iter().fold(U256::ZERO, |sum, it| sum.saturating_add(*it));
        let largest = stakes.iter().max().copied().unwrap_or_default();
        let wad = U256::from(1_000_000_000_000_000_000_u64);
        let symbols: Vec<&str> = strategies
            .iter()
            .filter_map(|strategy| worths.iter().find(|worth| worth.strategy == *strategy))
            .map(|worth| worth.token.symbol.as_str())
            .collect();
        items.push(json!({
            "operatorSet": { "avs": set.avs, "id": set.id },
            "contract": names::contract(set.avs),
            "metadataUri": index.metadata(Described::Service, set.avs)?,
            "memberCount": stakes.len(),
            "symbols": symbols,
            "slashableStake": sum.to_string(),
            "largestWad": largest.saturating_mul(wad).checked_div(sum).unwrap_or_default().to_string(),
            "redistributes": it["redistributes"],
            "slasher": it["slasher"],
            "pendingSlasher": it["pendingSlasher"],
            "slasherEffectBlock": it["slasherEffectBlock"],
            "slashCount": it["slashCount"],
            "paid": null,
        }));
    }
    let mut registered = directory.told(&snapshot, &unit, &worths)?;
    let slacks = Slacks::read(cx);
    for row in &mut items {
        slacks.tell(row, |avs, id| format!("{avs}{id:024x}"));
    }
    for row in &mut registered {
        slacks.tell(row, |avs, _| format!("{avs}ffffffffffffffffffffffff"));
    }
    let slack = asked(cx, "restake_riskSlack", &json!([{ "seconds": 1.0 }])).ok();
    let of_slack = |key: &str| slack.as_ref().and_then(|slack| slack.get(key).cloned());
    let body = json!({
        "unit": unit.json(),
        "items": items,
        "registered": registered,
        "more": page.next.is_some() || items.len() >= MOST_SETS || directory.more,
        "gammaLower": of_slack("gammaLower"),
        "gammaMode": of_slack("mode"),
        "gammaModes": of_slack("modes"),
        "changeDelayBlocks": cx.chain.params().configuration_delay_blocks,
    });
    snapshot.answer(body)
}

/// The slack of each service, by its key of 32 bytes.
struct Slacks(BTreeMap<String, Value>);

impl Slacks {
    /// Of both stake modes; where nothing can be measured, of none.
    fn read(cx: &Context) -> Self {
        let of = |mode: &str| {
            let question = json!([{ "mode": mode, "each": true, "level": "c2", "seconds": SEARCH_SECONDS }]);
            let told = asked(cx, "restake_riskSlack", &question).unwrap_or_default();
            told["byService"].as_array().cloned().unwrap_or_default()
        };
        let rows = ["unique", "full"].into_iter().flat_map(of);
        Self(rows.filter_map(|row| Some((row["service"].as_str()?.to_owned(), row))).collect())
    }

    /// Adds to a row what is known of its service.
    fn tell(&self, row: &mut Value, key: impl Fn(&str, u64) -> String) {
        let set = &row["operatorSet"];
        let avs = set["avs"].as_str().or_else(|| row["avs"].as_str()).unwrap_or_default();
        let known = self.0.get(&key(&avs.to_lowercase(), set["id"].as_u64().unwrap_or_default()));
        let of = |name: &str| known.and_then(|known| known.get(name).cloned());
        let (lower, secure) = (of("gammaLower"), of("secure"));
        if let Some(fields) = row.as_object_mut() {
            fields.insert("gammaLower".into(), json!(lower));
            fields.insert("secure".into(), json!(secure));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_services_of_the_directory_are_ordered_alike() {
        let service = |name: &str, stake: &str, members: u64, largest: &str| json!({ "avs": name, "stake": stake, "memberCount": members, "largestWad": largest });
        let all = [service("a", "9", 1, "30"), service("b", "10", 3, "200"), service("c", "2", 2, "4")];
        for (by, names) in [
            ("stake", ["b", "a", "c"]),
            ("operators", ["b", "c", "a"]),
            ("largest", ["b", "a", "c"]),
            ("slashes", ["a", "b", "c"]),
            ("service", ["a", "b", "c"]),
        ] {
            let mut rows = all.to_vec();
            order(&mut rows, by);
            let found: Vec<&str> = rows.iter().filter_map(|row| row["avs"].as_str()).collect();
            assert_eq!(found, names, "{by}");
        }
        let mut rows = [json!({}), json!({ "gammaLower": 2.5 }), json!({ "gammaLower": -0.1 })];
        order(&mut rows, "risk");
        assert_eq!(rows[0]["gammaLower"], -0.1);
        assert_eq!(rows[2], json!({}));
        let mut sets = [json!({ "slashableStake": "9" }), json!({ "slashableStake": "10" })];
        order(&mut sets, "stake");
        assert_eq!(sets[0]["slashableStake"], "10");
    }
}
