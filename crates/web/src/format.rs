//! Numbers and units as people read them: one function a kind, exact integers until the last digit. Rounding never
//! flatters: what is yours is rounded down, what can be lost up.

use alloy_primitives::U256;

/// Digits after the point of a position.
const POSITION_DIGITS: u8 = 4;

/// What rounding may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// What is yours.
    Down,
    /// What can be lost.
    Up,
}

/// An integer with commas: `4,089,846`.
pub(crate) fn grouped(value: impl ToString) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len().saturating_mul(2));
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn power(digits: u8) -> U256 {
    U256::from(10).checked_pow(U256::from(digits)).unwrap_or(U256::MAX)
}

/// Whole part and fraction of `shown` digits.
fn split(value: U256, decimals: u8, shown: u8, round: Round) -> (U256, U256) {
    let scale = |value: U256| match decimals.checked_sub(shown) {
        Some(cut) => {
            let (floor, rest) = value.div_rem(power(cut));
            let up = round == Round::Up && !rest.is_zero();
            floor.saturating_add(U256::from(u8::from(up)))
        }
        None => value.saturating_mul(power(shown.saturating_sub(decimals))),
    };
    scale(value).div_rem(power(shown))
}

fn joined(whole: U256, fraction: U256, shown: u8, cut_zeros: bool) -> String {
    let fraction = format!("{fraction:0>width$}", width = usize::from(shown));
    let fraction = if cut_zeros { fraction.trim_end_matches('0') } else { fraction.as_str() };
    let whole = grouped(whole);
    if fraction.is_empty() || shown == 0 { whole } else { format!("{whole}.{fraction}") }
}

/// Tokens in tables: no decimals from 10,000, two from 1, four below; dust is `< 0.0001`.
pub(crate) fn tokens(value: U256, decimals: u8) -> String {
    let whole = value.checked_div(power(decimals)).unwrap_or_default();
    let shown = match whole {
        whole if whole >= U256::from(10_000) => 0,
        whole if whole.is_zero() => 4,
        _ => 2,
    };
    let (whole, fraction) = split(value, decimals, shown, Round::Down);
    match (value.is_zero(), whole.is_zero() && fraction.is_zero()) {
        (true, _) => "0".into(),
        (false, true) => "< 0.0001".into(),
        _ => joined(whole, fraction, shown, false),
    }
}

/// A position: up to four decimals, zeros cut.
pub(crate) fn position(value: U256, decimals: u8, round: Round) -> String {
    let (whole, fraction) = split(value, decimals, POSITION_DIGITS, round);
    if !value.is_zero() && whole.is_zero() && fraction.is_zero() {
        return "< 0.0001".into();
    }
    joined(whole, fraction, POSITION_DIGITS, true)
}

/// A figure of a tile: exact below ten million, then `46.54 M`.
pub(crate) fn tile(value: U256, decimals: u8) -> String {
    tile_by(value, decimals, Round::Down)
}

/// The same of what can be lost.
pub(crate) fn tile_up(value: U256, decimals: u8) -> String {
    tile_by(value, decimals, Round::Up)
}

fn tile_by(value: U256, decimals: u8, round: Round) -> String {
    let whole = value.checked_div(power(decimals)).unwrap_or_default();
    for (bound, digits, sign) in [(10_000_000_000_u64, 9, "G"), (10_000_000, 6, "M")] {
        if whole >= U256::from(bound) {
            let (whole, fraction) = split(value, decimals.saturating_add(digits), 2, round);
            return format!("{} {sign}", joined(whole, fraction, 2, false));
        }
    }
    if whole >= U256::from(10_000) {
        grouped(split(value, decimals, 0, round).0)
    } else {
        position(value, decimals, round)
    }
}

/// An amount that chance may take, given with a point: no decimals from 10,000, two from 1, four below; rounded up.
pub(crate) fn loss(value: f64) -> String {
    let digits = match value {
        value if value >= 10_000.0 => 0_usize,
        value if value >= 1.0 => 2,
        _ => 4,
    };
    let scale = [1.0, 10.0, 100.0, 1_000.0, 10_000.0].get(digits).copied().unwrap_or(1.0);
    // What floats add below the last digit is no loss.
    let up = (value.max(0.0) * scale - 1e-6).ceil().max(0.0) / scale;
    let said = format!("{up:.digits$}");
    let (whole, fraction) = said.split_once('.').unwrap_or((&said, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = grouped(whole);
    if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
}

/// A figure of an axis: `250 k`, `1.5 M`.
pub(crate) fn short(value: f64) -> String {
    let (value, sign) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, " G"),
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let said = format!("{value:.4}");
    let said = said.trim_end_matches('0').trim_end_matches('.');
    format!("{said}{sign}")
}

/// A figure of a headline: `4.09 million`.
pub(crate) fn headline(value: U256, decimals: u8) -> String {
    let whole = value.checked_div(power(decimals)).unwrap_or_default();
    for (bound, digits, word) in [(1_000_000_000_u64, 9, "billion"), (1_000_000, 6, "million")] {
        if whole >= U256::from(bound) {
            let (whole, fraction) = split(value, decimals.saturating_add(digits), 2, Round::Down);
            return format!("{} {word}", joined(whole, fraction, 2, true));
        }
    }
    tile(value, decimals)
}

/// A part of 10^18 as per cent, up to four decimals: `50 %`.
pub(crate) fn wad(value: U256, round: Round) -> String {
    let (whole, fraction) = split(value, 16, POSITION_DIGITS, round);
    if !value.is_zero() && whole.is_zero() && fraction.is_zero() {
        return "< 0.0001 %".into();
    }
    format!("{} %", joined(whole, fraction, POSITION_DIGITS, true))
}

/// A share with one decimal: `5.1 %`; what is there but smaller is said to be.
pub(crate) fn share(part: U256, whole: U256) -> String {
    let tenths = part.saturating_mul(U256::from(1_000)).checked_div(whole).unwrap_or_default();
    let (percent, tenth) = tenths.div_rem(U256::from(10));
    match (part.is_zero(), tenths.is_zero()) {
        (true, _) => "0 %".into(),
        (false, true) => "< 0.1 %".into(),
        _ if part == whole => "100 %".into(),
        _ => format!("{percent}.{tenth} %"),
    }
}

/// A certified bound of a verdict: four decimals, rounded down.
pub(crate) fn bound(value: f64) -> String {
    let cut = format!("{value:.6}");
    let shown = cut.get(..cut.len().saturating_sub(2)).unwrap_or(&cut);
    match value {
        value if value.is_infinite() => "∞".into(),
        // Cutting digits rounds towards zero, which would flatter what is below it.
        value if value < 0.0 => format!("−{:.4}", value.abs() + 0.000_05),
        _ => shown.to_owned(),
    }
}

/// A duration in its two largest units: `4 d 20 h`.
pub(crate) fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut said = Vec::new();
    for (size, name) in units {
        let count = left.checked_div(size).unwrap_or_default();
        if count > 0 {
            said.push(format!("{count} {name}"));
            left = left.saturating_sub(count.saturating_mul(size));
        } else if !said.is_empty() {
            break;
        }
        if said.len() == 2 {
            break;
        }
    }
    if said.is_empty() { "0 s".into() } else { said.join(" ") }
}

/// How far off a block is: `block 249,901: 34,994 blocks · about 4 d 20 h`; on chains without a clock only blocks.
pub(crate) fn countdown(now: u64, at: u64, seconds_per_block: Option<u64>) -> String {
    let left = at.saturating_sub(now);
    if left == 0 {
        return format!("since block {}", grouped(at));
    }
    let blocks = if left == 1 { "1 block".into() } else { format!("{} blocks", grouped(left)) };
    let about = seconds_per_block.map(|seconds| duration(left.saturating_mul(seconds)));
    let about = about.map(|about| format!(" · about {about}")).unwrap_or_default();
    format!("block {}: {blocks}{about}", grouped(at))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month from 1, day from 1 of days since 1970 (Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let div = |a: u64, b: u64| a.checked_div(b).unwrap_or_default();
    let shifted = days.saturating_add(719_468);
    let era = div(shifted, 146_097);
    let day = shifted.saturating_sub(era.saturating_mul(146_097));
    let leap = div(day, 1_460).saturating_sub(div(day, 36_524)).saturating_add(div(day, 146_096));
    let year = div(day.saturating_sub(leap), 365);
    let before = year.saturating_mul(365).saturating_add(div(year, 4)).saturating_sub(div(year, 100));
    let of_year = day.saturating_sub(before);
    let shifted_month = div(of_year.saturating_mul(5).saturating_add(2), 153);
    let first = div(shifted_month.saturating_mul(153).saturating_add(2), 5);
    let month =
        if shifted_month < 10 { shifted_month.saturating_add(3) } else { shifted_month.saturating_sub(9) };
    let year = year.saturating_add(era.saturating_mul(400)).saturating_add(u64::from(month <= 2));
    (year, month, of_year.saturating_sub(first).saturating_add(1))
}

fn month(number: u64) -> &'static str {
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    MONTHS.get(index).copied().unwrap_or_default()
}

/// Hours, minutes and seconds of a day.
fn time_of(timestamp: u64) -> (u64, u64, u64) {
    let of_day = timestamp.checked_rem(86_400).unwrap_or_default();
    let div = |a: u64, b: u64| a.checked_div(b).unwrap_or_default();
    let rem = |a: u64, b: u64| a.checked_rem(b).unwrap_or_default();
    (div(of_day, 3_600), rem(div(of_day, 60), 60), rem(of_day, 60))
}

/// A moment in UTC as machines read it.
pub(crate) fn iso(timestamp: u64) -> String {
    let (year, month, day) = civil(timestamp.checked_div(86_400).unwrap_or_default());
    let (hours, minutes, seconds) = time_of(timestamp);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

/// A moment in UTC as people read it: `21 Oct 2026, 09:14`.
pub(crate) fn clock(timestamp: u64) -> String {
    let (year, number, day) = civil(timestamp.checked_div(86_400).unwrap_or_default());
    let (hours, minutes, _) = time_of(timestamp);
    format!("{day} {} {year}, {hours:02}:{minutes:02}", month(number))
}

/// A fee in ether, up to nine decimals.
pub(crate) fn fee(wei: U256) -> String {
    let (whole, fraction) = split(wei, 18, 9, Round::Up);
    joined(whole, fraction, 9, true)
}

/// In what amounts of ether are shown: what is not ETH is exact, to the wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ether {
    #[default]
    Eth,
    Gwei,
    Wei,
}

impl Ether {
    /// As preferences name it; ETH if they do not.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "gwei" => Self::Gwei,
            "wei" => Self::Wei,
            _ => Self::Eth,
        }
    }

    /// How it is written after a figure.
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Eth => "ETH",
            Self::Gwei => "gwei",
            Self::Wei => "wei",
        }
    }

    /// How a tile with so many digits looks.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Eth => "",
            Self::Gwei | Self::Wei => "exact",
        }
    }

    /// What somebody has.
    pub(crate) fn held(self, wei: U256) -> String {
        self.exact(wei).unwrap_or_else(|| position(wei, 18, Round::Down))
    }

    /// The same in a table.
    pub(crate) fn in_table(self, wei: U256) -> String {
        self.exact(wei).unwrap_or_else(|| tokens(wei, 18))
    }

    /// What something costs.
    pub(crate) fn fee(self, wei: U256) -> String {
        self.exact(wei).unwrap_or_else(|| fee(wei))
    }

    fn exact(self, wei: U256) -> Option<String> {
        match self {
            Self::Eth => None,
            Self::Gwei => {
                let (whole, fraction) = split(wei, 9, 9, Round::Down);
                Some(joined(whole, fraction, 9, true))
            }
            Self::Wei => Some(grouped(wei)),
        }
    }
}

/// A word in one or many: `1 block`, `3 blocks`.
pub(crate) fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{} {word}s", grouped(number)) }
}

/// Text of strangers: cut, and without marks that turn or hide what follows.
pub(crate) fn foreign(text: &str) -> String {
    const MOST: usize = 120;
    let turns = |it: char| matches!(it, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let plain = |it: char| if it.is_control() { ' ' } else { it };
    let clean: String = text.chars().filter(|it| !turns(*it)).map(plain).collect();
    match clean.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test code: a panic is how a test fails")]

    use super::*;

    #[test]
    fn what_chance_may_take_is_rounded_up_and_axes_are_short() {
        for (value, said) in [
            (0.0, "0"),
            (0.000_01, "0.0001"),
            (6.0, "6"),
            (6.001, "6.01"),
            (9_999.5, "9,999.5"),
            (123_456.2, "123,457"),
        ] {
            assert_eq!(loss(value), said);
        }
        for (value, said) in
            [(0.0, "0"), (2.5, "2.5"), (250_000.0, "250 k"), (1_500_000.0, "1.5 M"), (4_000.0, "4000")]
        {
            assert_eq!(short(value), said);
        }
        let wei = U256::from(10).pow(U256::from(18)) * U256::from(12_345) + U256::from(1);
        assert_eq!((tile(wei, 18), tile_up(wei, 18)), ("12,345".into(), "12,346".into()));
    }

    #[test]
    fn bounds_of_a_verdict_are_never_rounded_up() {
        for (value, said) in
            [(1.906_59, "1.9065"), (32.333_333_333, "32.3333"), (0.0, "0.0000"), (-0.010_41, "−0.0105")]
        {
            assert_eq!(bound(value), said);
        }
    }

    /// 10^18 times a figure of four decimals.
    fn ether(ten_thousandths: u128) -> U256 {
        U256::from(ten_thousandths) * U256::from(10).pow(U256::from(14))
    }

    #[test]
    fn tokens_have_fewer_decimals_the_more_there_are() {
        for (value, said) in [
            (40_898_460_013, "4,089,846"),
            (432_000, "43.20"),
            (1_840, "0.1840"),
            (100_000_000, "10,000"),
            (99_999_999, "9,999.99"),
            (10_000, "1.00"),
            (0, "0"),
        ] {
            assert_eq!(tokens(ether(value), 18), said);
        }
        assert_eq!(tokens(U256::from(1), 18), "< 0.0001");
        assert_eq!(tokens(U256::from(12_345_678), 6), "12.34");
        assert_eq!(tokens(U256::from(7), 0), "7.00");
    }

    #[test]
    fn positions_are_rounded_down_if_yours_and_up_if_they_can_be_lost() {
        let value = ether(108_000) + U256::from(1);
        assert_eq!(
            (position(value, 18, Round::Down), position(value, 18, Round::Up)),
            ("10.8".into(), "10.8001".into())
        );
        assert_eq!(position(U256::from(1), 18, Round::Down), "< 0.0001");
        assert_eq!(position(U256::from(1), 18, Round::Up), "0.0001");
        assert_eq!(position(U256::ZERO, 18, Round::Up), "0");
        assert_eq!(position(ether(90_000), 18, Round::Down), "9");
    }

    #[test]
    fn tiles_and_headlines_shorten_large_figures() {
        assert_eq!(tile(ether(465_412_345_678), 18), "46.54 M");
        assert_eq!(tile(ether(40_898_460_013), 18), "4,089,846");
        assert_eq!(tile(ether(432_000), 18), "43.2");
        assert_eq!(headline(ether(40_898_460_013), 18), "4.08 million");
        assert_eq!(headline(ether(10_000_000_000), 18), "1 million");
        assert_eq!(headline(ether(9_000_000), 18), "900");
    }

    #[test]
    fn parts_are_per_cent() {
        let wads = |percent: u64| U256::from(percent) * U256::from(10).pow(U256::from(16));
        assert_eq!((wad(wads(50), Round::Down), wad(U256::ZERO, Round::Up)), ("50 %".into(), "0 %".into()));
        assert_eq!(wad(U256::from(1), Round::Down), "< 0.0001 %");
        for (part, whole, said) in
            [(51, 1_000, "5.1 %"), (1, 10_000, "< 0.1 %"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 0, "< 0.1 %")]
        {
            assert_eq!(share(U256::from(part), U256::from(whole)), said);
        }
    }

    #[test]
    fn countdowns_name_the_block_then_the_blocks_then_the_time() {
        assert_eq!(countdown(214_907, 249_901, Some(12)), "block 249,901: 34,994 blocks · about 4 d 20 h");
        assert_eq!(countdown(5, 6, None), "block 6: 1 block");
        assert_eq!(countdown(7, 6, Some(12)), "since block 6");
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_660, "1 h 1 min"),
            (86_400, "1 d"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }

    #[test]
    fn moments_are_in_the_calendar() {
        for (timestamp, machine, people) in [
            (0, "1970-01-01T00:00:00Z", "1 Jan 1970, 00:00"),
            (951_782_400, "2000-02-29T00:00:00Z", "29 Feb 2000, 00:00"),
            (1_733_097_599, "2024-12-01T23:59:59Z", "1 Dec 2024, 23:59"),
            (1_795_288_678, "2026-11-21T19:17:58Z", "21 Nov 2026, 19:17"),
        ] {
            assert_eq!((iso(timestamp).as_str(), clock(timestamp).as_str()), (machine, people));
        }
        let _ = iso(u64::MAX);
    }

    #[test]
    fn fees_have_nine_decimals_and_are_rounded_up() {
        assert_eq!(fee(U256::from(235_694_000_000_001_u64)), "0.000235695");
        assert_eq!(fee(U256::from(10).pow(U256::from(18))), "1");
    }

    #[test]
    fn ether_in_gwei_and_wei_is_exact() {
        let wei = ether(15_000) + U256::from(1);
        for (name, held, fee) in [
            ("ETH", "1.5", "1.500000001"),
            ("gwei", "1,500,000,000.000000001", "1,500,000,000.000000001"),
            ("wei", "1,500,000,000,000,000,001", "1,500,000,000,000,000,001"),
        ] {
            let unit = Ether::named(name);
            assert_eq!((unit.symbol(), unit.held(wei).as_str(), unit.fee(wei).as_str()), (name, held, fee));
            assert_eq!(unit.held(U256::ZERO), "0");
        }
        assert_eq!(Ether::named("finney"), Ether::Eth);
    }

    #[test]
    fn text_of_strangers_is_cut_and_cannot_turn() {
        assert_eq!(foreign("a\u{202e}b\nc"), "ab c");
        assert_eq!(foreign(&"x".repeat(500)).chars().count(), 121);
    }

    #[test]
    fn integers_have_commas() {
        for (value, said) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(value), said);
        }
        assert_eq!(grouped(U256::MAX).matches(',').count(), 25);
    }
}
