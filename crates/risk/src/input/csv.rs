//! Tables: operators with the columns `operator`, `stake_gwei`, `services` (indices or names, separated by spaces, each
//! with `:allocation_gwei` where the mode has allocations), and services with `service`, `name`, `prize_gwei`, `theta`.
//! A first line `# mode: unique` sets the mode. Fields hold no commas and no quotes.

use super::{Draft, json::gwei};
use crate::{Error, Mode, Operator, Ratio, Service};
use std::collections::BTreeMap;

/// Columns that name a group of operators.
const GROUPS: [&str; 5] = ["entity", "cloud", "client", "country", "lrt"];

/// A table: column names, and rows with their line numbers.
struct Table<'a> {
    name: &'static str,
    columns: Vec<&'a str>,
    rows: Vec<(usize, Vec<&'a str>)>,
}

impl<'a> Table<'a> {
    fn read(name: &'static str, text: &'a str, known: &[&str]) -> Result<Self, Error> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let mut lines = lines.by_ref().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (_, header) = lines.next().ok_or(Error::Empty("rows"))?;
        let columns: Vec<&str> = header.split(',').map(str::trim).collect();
        if let Some(column) = columns.iter().find(|column| !known.contains(column)) {
            return Err(Error::Form(format!(
                "{name} line 1: unknown column {column:?}; known: {}",
                known.join(", ")
            )));
        }
        let mut rows = Vec::new();
        for (number, line) in lines {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            if fields.len() != columns.len() {
                let (found, wanted) = (fields.len(), columns.len());
                return Err(Error::Form(format!("{name} line {number}: {found} fields, expected {wanted}")));
            }
            rows.push((number, fields));
        }
        Ok(Self { name, columns, rows })
    }

    fn field(&self, row: &[&'a str], column: &str) -> Option<&'a str> {
        let index = self.columns.iter().position(|name| *name == column)?;
        row.get(index).copied().filter(|field| !field.is_empty())
    }

    fn required(&self, row: &(usize, Vec<&'a str>), column: &'static str) -> Result<&'a str, Error> {
        let place = self.place(row.0);
        self.field(&row.1, column).ok_or_else(|| Error::Form(format!("{place}: no {column}")))
    }

    fn place(&self, number: usize) -> String {
        format!("{} line {number}", self.name)
    }

    fn amount(&self, number: usize, text: &str) -> Result<u128, Error> {
        gwei(text).map_err(|error| Error::Form(format!("{}: {error}", self.place(number))))
    }

    fn chance(&self, row: &(usize, Vec<&'a str>), column: &'static str) -> Result<f64, Error> {
        let Some(text) = self.field(&row.1, column) else { return Ok(0.0) };
        let place = || format!("{}.{column}", self.place(row.0));
        text.parse().map_err(|_| Error::NotANumber { place: place(), text: text.into(), wanted: "a number" })
    }
}

/// Reads the operators' table and, where there is one, the services'.
pub(super) fn read(operators: &str, services: Option<&str>) -> Result<Draft, Error> {
    let mode = mode_of(operators)?;
    let mut known = vec!["operator", "stake_gwei", "services", "anchors", "p_fault"];
    known.extend(GROUPS);
    let table = Table::read("operators", operators, &known)?;
    let mut draft = Draft { mode, block: None, operators: vec![], services: vec![], edges: vec![] };
    let mut names = BTreeMap::new();
    let open = services.is_none();
    if let Some(text) = services {
        read_services(text, &mut draft, &mut names)?;
    }
    for row in &table.rows {
        let index = draft.operators.len() as u32;
        let id = table.required(row, "operator")?;
        let stake = table.amount(row.0, table.required(row, "stake_gwei")?)?;
        let tags = GROUPS.iter().filter_map(|kind| Some((*kind, table.field(&row.1, kind)?)));
        let groups = tags.map(|(kind, tag)| (kind.to_owned(), tag.to_owned())).collect();
        let fault = table.chance(row, "p_fault")?;
        draft.operators.push(Operator { id: id.into(), stake, groups, fault });
        for entry in table.field(&row.1, "services").unwrap_or_default().split_whitespace() {
            let (name, allocation) = match entry.split_once(':') {
                Some((name, amount)) => (name, Some(table.amount(row.0, amount)?)),
                None => (entry, None),
            };
            let service = match names.get(name) {
                Some(service) => *service,
                None if open => {
                    let service = draft.services.len() as u32;
                    names.insert(name.to_owned(), service);
                    draft.services.push((Service::new(name, 0, Ratio::THIRD), None, None));
                    service
                }
                None => {
                    let place = table.place(row.0);
                    return Err(Error::UnknownId { place, kind: "service", id: name.into() });
                }
            };
            draft.edges.push((index, service, allocation));
        }
    }
    Ok(draft)
}

fn mode_of(text: &str) -> Result<Mode, Error> {
    let first = text.lines().next().unwrap_or_default();
    let Some(name) = first.strip_prefix('#').and_then(|line| line.trim().strip_prefix("mode:")) else {
        return Ok(Mode::Full);
    };
    Mode::of(name.trim()).ok_or_else(|| {
        Error::Form(format!("line 1: mode is {:?}, expected full, unique, elastic or base", name.trim()))
    })
}

fn read_services(text: &str, draft: &mut Draft, names: &mut BTreeMap<String, u32>) -> Result<(), Error> {
    let known = ["index", "service", "name", "operators", "prize_gwei", "theta", "p_bug", "redistribute"];
    let table = Table::read("services", text, &known)?;
    for row in &table.rows {
        let index = draft.services.len() as u32;
        let id = table.required(row, "service")?;
        let mut service = Service::new(id, 0, Ratio::THIRD);
        service.name = table.field(&row.1, "name").unwrap_or(id).to_owned();
        service.bug = table.chance(row, "p_bug")?;
        service.redistribute = table.chance(row, "redistribute")?;
        let prize = table.field(&row.1, "prize_gwei").map(|text| table.amount(row.0, text)).transpose()?;
        let theta = table.field(&row.1, "theta").map(Ratio::parse).transpose();
        let theta = theta.map_err(|error| Error::Form(format!("{}: {error}", table.place(row.0))))?;
        let row_number = table.field(&row.1, "index").map_or_else(|| index.to_string(), str::to_owned);
        for key in [id.to_owned(), row_number] {
            if names.insert(key.clone(), index).is_some() {
                let place = table.place(row.0);
                return Err(Error::Duplicate { place, kind: "service", id: key });
            }
        }
        draft.services.push((service, prize, theta));
    }
    Ok(())
}

/// Reads a table of prizes into a draft.
pub(super) fn prizes(draft: &mut Draft, text: &str) -> Result<(), Error> {
    let table = Table::read("prizes", text, &["service", "prize_gwei"])?;
    for row in &table.rows {
        let id = table.required(row, "service")?;
        let prize = table.amount(row.0, table.required(row, "prize_gwei")?)?;
        let named = draft.services.iter().position(|(service, ..)| service.id == id);
        let index = named.or_else(|| id.parse().ok().filter(|index| *index < draft.services.len()));
        let unknown = || Error::UnknownId { place: table.place(row.0), kind: "service", id: id.into() };
        draft.services[index.ok_or_else(unknown)?].1 = Some(prize);
    }
    Ok(())
}
