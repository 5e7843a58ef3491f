//! Reading the index: bounded pages of lists in a stable order, and the last word on a subject. Everything is as of the
//! snapshot's block.

use super::rows::{
    Column, Described, Key, PLACE_BYTES, Place, SetId, Slash, SlashRow, WithdrawalRow, decoded,
};
use crate::query::ReadError;
use alloy_primitives::{Address, B256};
use state::{Reader, SideRow};

/// Rows read at a time by a list that skips some.
const PIECE: usize = 256;

/// Rows that one page may look at: a filter that nothing matches ends the page, and its cursor goes on from there.
const MOST_LOOKED_AT: usize = 20_000;

/// How far back the number of a slash is looked for that took nothing, and so left no log with its number.
const SLASH_ID_REACH: usize = 64;

/// The longest subject of a column.
const KEY_END: [u8; 72] = [0xff; 72];

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<Vec<u8>>,
}

impl<T> Page<T> {
    /// The same page of other items.
    ///
    /// # Errors
    /// `change`'s.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let Self { items, next } = self;
        Ok(Page { items: items.into_iter().map(change).collect::<Result<_, E>>()?, next })
    }
}

/// Which list of slashes is read; the rest of a filter is looked at row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlashSubject {
    /// All.
    #[default]
    All,
    /// A service's.
    Service(Address),
    /// An operator set's.
    Set(SetId),
    /// An operator's.
    Operator(Address),
}

/// Which slashes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlashFilter {
    /// Whose.
    pub subject: SlashSubject,
    /// Of this operator only.
    pub operator: Option<Address>,
    /// In this strategy only.
    pub strategy: Option<Address>,
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
}

impl Default for SlashFilter {
    fn default() -> Self {
        Self { subject: SlashSubject::All, operator: None, strategy: None, from: 0, to: u64::MAX }
    }
}

/// What became of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalStatus {
    /// It waits.
    Queued,
    /// It was paid out, or put back as shares.
    Completed(Place),
}

/// A withdrawal, whether it still waits or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose.
    pub staker: Address,
    /// Where it was queued.
    pub place: Place,
    /// What it withdraws.
    pub row: WithdrawalRow,
    /// What became of it.
    pub status: WithdrawalStatus,
}

/// The index of a snapshot.
#[derive(Clone, Copy)]
pub struct Index<'a> {
    reader: &'a Reader,
}

/// A subject, and its last row if it has one that counts.
type Latest = (Vec<u8>, Option<SideRow>);

/// The rest of a key after its prefix, and the value.
type KeyAndValue = (Vec<u8>, Vec<u8>);

/// The last row of each subject of a column, in the order of the subjects.
pub(super) struct Subjects<'a> {
    index: Index<'a>,
    prefix: Vec<u8>,
    /// Bytes of a subject after the prefix.
    width: usize,
    /// Rows from here on do not count.
    before: Place,
}

fn unreadable() -> ReadError {
    let what = "a row of the index cannot be read; run `bulwark doctor --reindex` on the data directory";
    ReadError::Index(what)
}

fn address_in(bytes: &[u8]) -> Result<Address, ReadError> {
    Address::try_from(bytes).map_err(|_| unreadable())
}

fn ended(prefix: &[u8]) -> Vec<u8> {
    [prefix, &KEY_END].concat()
}

fn tail<'k>(row: &'k SideRow, prefix: &[u8]) -> Result<&'k [u8], ReadError> {
    row.key.strip_prefix(prefix).ok_or_else(unreadable)
}

fn place_of(key: &[u8]) -> Result<Place, ReadError> {
    Place::at_end_of(key).ok_or_else(unreadable)
}

impl Subjects<'_> {
    /// The last row of a subject, if it has one before the place.
    fn latest(&self, subject: &[u8]) -> Result<Option<SideRow>, ReadError> {
        let Some(last) = self.before.before() else { return Ok(None) };
        let from = [&self.prefix, subject].concat();
        let to = [from.as_slice(), &last.bytes()].concat();
        Ok(self.index.reader.side(&from, &to, true, 1)?.pop())
    }

    /// Subjects after one, with their last rows; empty: there are no more.
    fn after(&self, after: Option<&[u8]>) -> Result<Vec<Latest>, ReadError> {
        let from = match after {
            Some(subject) => [self.prefix.as_slice(), subject, &[0xff; PLACE_BYTES + 1]].concat(),
            None => self.prefix.clone(),
        };
        let rows = self.index.reader.side(&from, &ended(&self.prefix), false, PIECE)?;
        let whole = rows.len() < PIECE;
        let mut found: Vec<Latest> = Vec::new();
        for row in rows {
            let subject = tail(&row, &self.prefix)?.get(..self.width).ok_or_else(unreadable)?.to_vec();
            let counts = place_of(&row.key)? < self.before;
            match found.last_mut() {
                Some((last, latest)) if *last == subject => {
                    if counts {
                        *latest = Some(row);
                    }
                }
                _ => found.push((subject, counts.then_some(row))),
            }
        }
        // The piece may have ended between two rows of its last subject.
        if !whole && let Some((subject, latest)) = found.last_mut() {
            *latest = self.latest(subject)?;
        }
        Ok(found)
    }

    /// A page of what `keep` makes of subjects and their last rows.
    pub(super) fn page<T>(
        &self,
        after: Option<&[u8]>,
        limit: usize,
        mut keep: impl FnMut(&[u8], Option<&SideRow>) -> Result<Option<T>, ReadError>,
    ) -> Result<Page<T>, ReadError> {
        let mut page = Page { items: Vec::new(), next: after.map(<[u8]>::to_vec) };
        let mut looked = 0usize;
        loop {
            let subjects = self.after(page.next.as_deref())?;
            if subjects.is_empty() {
                page.next = None;
                return Ok(page);
            }
            for (subject, latest) in subjects {
                if page.items.len() >= limit || looked >= MOST_LOOKED_AT {
                    return Ok(page);
                }
                page.items.extend(keep(&subject, latest.as_ref())?);
                page.next = Some(subject);
                looked = looked.saturating_add(1);
            }
        }
    }
}

/// Whether a row says that its subject came, and not that it left.
fn is_in(row: Option<&SideRow>) -> bool {
    row.is_some_and(|row| row.value.last() == Some(&1))
}

impl<'a> Index<'a> {
    /// The index under a snapshot.
    pub const fn new(reader: &'a Reader) -> Self {
        Self { reader }
    }

    fn subjects(self, prefix: Key, width: usize) -> Subjects<'a> {
        Subjects { index: self, prefix: prefix.raw(), width, before: Place::LAST }
    }

    /// All who ever delegated to an operator before a place, with whether they still did.
    pub(super) fn ever_delegated(self, operator: Address, before: Place) -> Subjects<'a> {
        let prefix = Key::new(Column::Delegation).address(operator);
        Subjects { before, ..self.subjects(prefix, 20) }
    }

    /// Whether the last word on a delegation is that the staker came.
    pub(super) fn is_delegated(row: Option<&SideRow>) -> bool {
        is_in(row)
    }

    fn addresses(
        self,
        prefix: Key,
        after: Option<&[u8]>,
        limit: usize,
        keep: impl Fn(Option<&SideRow>) -> bool,
    ) -> Result<Page<Address>, ReadError> {
        let subjects = self.subjects(prefix, 20);
        subjects.page(after, limit, |subject, row| keep(row).then(|| address_in(subject)).transpose())
    }

    /// Who delegates to an operator, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn delegators(
        self,
        operator: Address,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::Delegation).address(operator), after, limit, is_in)
    }

    /// All services that ever showed themselves, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn services(self, after: Option<&[u8]>, limit: usize) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::Service), after, limit, |_| true)
    }

    /// Strategies that were ever open for deposits by a log, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn strategies(self, after: Option<&[u8]>, limit: usize) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::Strategy), after, limit, |_| true)
    }

    /// Members of an operator set, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn members(self, set: SetId, after: Option<&[u8]>, limit: usize) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::Member).set(set), after, limit, is_in)
    }

    /// Operators registered with a service in AVSDirectory, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn registered(
        self,
        avs: Address,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::Registration).address(avs), after, limit, is_in)
    }

    /// Services with which an operator is registered in AVSDirectory, by address.
    ///
    /// # Errors
    /// The database's.
    pub fn registered_with(
        self,
        operator: Address,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Address>, ReadError> {
        self.addresses(Key::new(Column::RegistrationOfOperator).address(operator), after, limit, is_in)
    }

    /// Operators, by address, with the place of registration.
    ///
    /// # Errors
    /// The database's.
    pub fn operators(self, after: Option<&[u8]>, limit: usize) -> Result<Page<(Address, Place)>, ReadError> {
        let page = self.plain(Key::new(Column::Operator).raw(), after, limit)?;
        page.try_map(|(subject, value)| Ok((address_in(&subject)?, place_of(&value)?)))
    }

    /// Sets of a service, by id.
    ///
    /// # Errors
    /// The database's.
    pub fn sets(self, avs: Address, after: Option<&[u8]>, limit: usize) -> Result<Page<SetId>, ReadError> {
        let page = self.plain(Key::new(Column::Set).address(avs).raw(), after, limit)?;
        page.try_map(|(subject, _)| {
            let id = subject.try_into().map_err(|_| unreadable())?;
            Ok(SetId { avs, id: u32::from_be_bytes(id) })
        })
    }

    /// A page of rows that come once a subject: the rest of the key, and the value.
    fn plain(
        self,
        prefix: Vec<u8>,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<KeyAndValue>, ReadError> {
        let from = match after {
            Some(subject) => [prefix.as_slice(), subject, &[0]].concat(),
            None => prefix.clone(),
        };
        let mut rows = self.reader.side(&from, &ended(&prefix), false, limit.saturating_add(1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let split = |row: &SideRow| Ok((tail(row, &prefix)?.to_vec(), row.value.to_vec()));
        let items: Vec<_> = rows.iter().map(split).collect::<Result<_, ReadError>>()?;
        let next = items.last().filter(|_| more).map(|(subject, _)| subject.clone());
        Ok(Page { items, next })
    }

    /// A page of rows by place, the newest first, between two blocks.
    fn newest<T>(
        self,
        prefix: &[u8],
        (from, to): (u64, u64),
        (after, limit): (Option<&[u8]>, usize),
        mut keep: impl FnMut(Place, SideRow) -> Result<Option<T>, ReadError>,
    ) -> Result<Page<T>, ReadError> {
        let first = [prefix, &Place { block: from, log: 0 }.bytes()].concat();
        let mut last = Some(Place { block: to, log: u32::MAX });
        if let Some(after) = after {
            last = last.min(place_of(after)?.before());
        }
        let mut page = Page { items: Vec::new(), next: None };
        let mut looked = 0usize;
        while let Some(place) = last {
            let rows = self.reader.side(&first, &[prefix, &place.bytes()].concat(), true, PIECE)?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if page.items.len() >= limit || looked >= MOST_LOOKED_AT {
                    return Ok(page);
                }
                let place = place_of(&row.key)?;
                page.items.extend(keep(place, row)?);
                page.next = Some(place.bytes().to_vec());
                last = place.before();
                looked = looked.saturating_add(1);
            }
        }
        page.next = None;
        Ok(page)
    }

    fn one(self, key: Vec<u8>) -> Result<Option<SideRow>, ReadError> {
        Ok(self.reader.side(&key, &key, false, 1)?.pop())
    }

    /// The last row of a list by place, before a place.
    fn last_before(self, prefix: &[u8], before: Place) -> Result<Option<SideRow>, ReadError> {
        let Some(last) = before.before() else { return Ok(None) };
        Ok(self.reader.side(prefix, &[prefix, &last.bytes()].concat(), true, 1)?.pop())
    }

    /// An operator's max magnitude just before a place: 10^18 before the first slash.
    ///
    /// # Errors
    /// The database's.
    pub fn magnitude_before(
        self,
        operator: Address,
        strategy: Address,
        place: Place,
    ) -> Result<u64, ReadError> {
        let prefix = Key::new(Column::Magnitude).address(operator).address(strategy).raw();
        let Some(row) = self.last_before(&prefix, place)? else { return Ok(types::units::WAD) };
        row.value.as_ref().try_into().map(u64::from_be_bytes).map_err(|_| unreadable())
    }

    /// What an operator or a service last said of itself.
    ///
    /// # Errors
    /// The database's.
    pub fn metadata(self, of: Described, subject: Address) -> Result<Option<String>, ReadError> {
        let prefix = Key::new(Column::Metadata).with(&[of as u8]).address(subject).raw();
        let row = self.last_before(&prefix, Place::LAST)?;
        Ok(row.map(|row| String::from_utf8_lossy(&row.value).into_owned()))
    }

    /// Where an operator registered; `None`: it is none.
    ///
    /// # Errors
    /// The database's.
    pub fn registration(self, operator: Address) -> Result<Option<Place>, ReadError> {
        let row = self.one(Key::new(Column::Operator).address(operator).raw())?;
        row.map(|row| place_of(&row.value)).transpose()
    }

    /// Whether a service ever showed itself.
    ///
    /// # Errors
    /// The database's.
    pub fn is_service(self, avs: Address) -> Result<bool, ReadError> {
        Ok(self.last_before(&Key::new(Column::Service).address(avs).raw(), Place::LAST)?.is_some())
    }

    /// Whether there is an operator set.
    ///
    /// # Errors
    /// The database's.
    pub fn is_set(self, set: SetId) -> Result<bool, ReadError> {
        Ok(self.one(Key::new(Column::Set).set(set).raw())?.is_some())
    }

    fn slash_at(self, place: Place) -> Result<Slash, ReadError> {
        let row = self.one(Key::new(Column::Slash).place(place).raw())?.ok_or_else(unreadable)?;
        self.slash(place, &row)
    }

    fn slash(self, place: Place, row: &SideRow) -> Result<Slash, ReadError> {
        let mut slash = Slash { place, row: decoded::<SlashRow>(&row.value).ok_or_else(unreadable)? };
        if slash.row.slash_id == 0 {
            slash.row.slash_id = self.slash_id(slash.row.set(), place)?;
        }
        Ok(slash)
    }

    /// The number of a slash that no log numbers: one more than the set's slash before it.
    fn slash_id(self, set: SetId, place: Place) -> Result<u64, ReadError> {
        let prefix = Key::new(Column::SlashOfSet).set(set).raw();
        let (mut last, mut more) = (place.before(), 1u64);
        for _ in 0..SLASH_ID_REACH {
            let Some(before) = last else { return Ok(more) };
            let rows = self.reader.side(&prefix, &[prefix.as_slice(), &before.bytes()].concat(), true, 1)?;
            let Some(row) = rows.first() else { return Ok(more) };
            let at = place_of(&row.key)?;
            let raw = self.one(Key::new(Column::Slash).place(at).raw())?.ok_or_else(unreadable)?;
            let known = decoded::<SlashRow>(&raw.value).ok_or_else(unreadable)?.slash_id;
            if known != 0 {
                return Ok(known.saturating_add(more));
            }
            more = more.saturating_add(1);
            last = at.before();
        }
        Ok(0)
    }

    /// Slashes, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub fn slashes(
        self,
        filter: &SlashFilter,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Slash>, ReadError> {
        let prefix = match filter.subject {
            SlashSubject::All => Key::new(Column::Slash),
            SlashSubject::Service(avs) => Key::new(Column::SlashOfService).address(avs),
            SlashSubject::Set(set) => Key::new(Column::SlashOfSet).set(set),
            SlashSubject::Operator(operator) => Key::new(Column::SlashOfOperator).address(operator),
        };
        self.newest(&prefix.raw(), (filter.from, filter.to), (after, limit), |place, row| {
            let slash = match filter.subject {
                SlashSubject::All => self.slash(place, &row)?,
                _ => self.slash_at(place)?,
            };
            let operator = filter.operator.is_none_or(|operator| slash.row.operator == operator);
            let strategy = filter
                .strategy
                .is_none_or(|strategy| slash.row.cuts.iter().any(|cut| cut.strategy == strategy));
            Ok((operator && strategy).then_some(slash))
        })
    }

    /// The slash of a set with a number; `None`: there is none, or it took nothing.
    ///
    /// # Errors
    /// The database's.
    pub fn slash_of(self, set: SetId, slash_id: u64) -> Result<Option<Slash>, ReadError> {
        let key = Key::new(Column::SlashId).set(set).with(&slash_id.to_be_bytes()).raw();
        let Some(row) = self.one(key)? else { return Ok(None) };
        self.slash_at(place_of(&row.value)?).map(Some)
    }

    /// A staker's withdrawals, the newest first, queued between two blocks.
    ///
    /// # Errors
    /// The database's.
    pub fn withdrawals(
        self,
        staker: Address,
        blocks: (u64, u64),
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Withdrawal>, ReadError> {
        let prefix = Key::new(Column::Withdrawal).address(staker).raw();
        self.newest(&prefix, blocks, (after, limit), |place, row| {
            self.withdrawal_in(staker, place, &row).map(Some)
        })
    }

    /// Withdrawals queued under an operator, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub fn withdrawals_of_operator(
        self,
        operator: Address,
        blocks: (u64, u64),
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Withdrawal>, ReadError> {
        let prefix = Key::new(Column::WithdrawalOfOperator).address(operator).raw();
        self.newest(&prefix, blocks, (after, limit), |place, row| {
            self.withdrawal_at(address_in(&row.value)?, place).map(Some)
        })
    }

    /// The withdrawal with a root; `None`: nobody queued it.
    ///
    /// # Errors
    /// The database's.
    pub fn withdrawal(self, root: B256) -> Result<Option<Withdrawal>, ReadError> {
        let Some(row) = self.one(Key::new(Column::Queued).with(root.as_slice()).raw())? else {
            return Ok(None);
        };
        let staker = address_in(row.value.get(..20).unwrap_or_default())?;
        self.withdrawal_at(staker, place_of(&row.value)?).map(Some)
    }

    fn withdrawal_at(self, staker: Address, place: Place) -> Result<Withdrawal, ReadError> {
        let key = Key::new(Column::Withdrawal).address(staker).place(place).raw();
        let row = self.one(key)?.ok_or_else(unreadable)?;
        self.withdrawal_in(staker, place, &row)
    }

    fn withdrawal_in(self, staker: Address, place: Place, row: &SideRow) -> Result<Withdrawal, ReadError> {
        let row = decoded::<WithdrawalRow>(&row.value).ok_or_else(unreadable)?;
        let status = match self.one(Key::new(Column::Completed).with(row.root.as_slice()).raw())? {
            Some(completed) => WithdrawalStatus::Completed(place_of(&completed.value)?),
            None => WithdrawalStatus::Queued,
        };
        Ok(Withdrawal { staker, place, row, status })
    }
}
