//! Dates as people write them.

use cairn_proto::ids::Timestamp;
use cairn_proto::model::search::Period;
use jiff::civil::{Date, Weekday, date};
use jiff::{ToSpan, Zoned};

const WEEKDAYS: [(Weekday, [&str; 2], char); 7] = [
    (Weekday::Monday, ["monday", "mon"], '一'),
    (Weekday::Tuesday, ["tuesday", "tue"], '二'),
    (Weekday::Wednesday, ["wednesday", "wed"], '三'),
    (Weekday::Thursday, ["thursday", "thu"], '四'),
    (Weekday::Friday, ["friday", "fri"], '五'),
    (Weekday::Saturday, ["saturday", "sat"], '六'),
    (Weekday::Sunday, ["sunday", "sun"], '日'),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The letters of a month's name that are enough.
const MONTH_LETTERS_MIN: usize = 3;

/// Days, from the first to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days {
    from: Date,
    until: Date,
}

impl Days {
    fn one(day: Date) -> Option<Self> {
        Self::lasting(day, 1.day())
    }

    fn lasting(from: Date, span: jiff::Span) -> Option<Self> {
        let until = from.checked_add(span).ok()?;
        Some(Self { from, until })
    }

    fn month(day: Date) -> Option<Self> {
        Self::lasting(day.first_of_month(), 1.month())
    }

    fn year(day: Date) -> Option<Self> {
        Self::lasting(day.first_of_year(), 1.year())
    }

    /// The week of a day, from Monday on.
    fn week(day: Date) -> Option<Self> {
        let since = day.weekday().since(Weekday::Monday);
        Self::lasting(day.checked_sub(i64::from(since).days()).ok()?, 1.week())
    }
}

/// Returns the period that a date names, in the time zone of `now`.
pub(super) fn period(written: &str, now: &Zoned) -> Option<Period> {
    let today = now.date();
    let words = written.to_lowercase();
    let words: Vec<&str> = words
        .split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .collect();
    let days = numbers(written)
        .or_else(|| one_word(&words, today))
        .or_else(|| two_words(&words, today))
        .or_else(|| ago(&words, today))?;
    let start = |day: Date| {
        let start = day.to_zoned(now.time_zone().clone()).ok()?;
        // Times before 1970 are those of no message.
        u64::try_from(start.timestamp().as_millisecond().max(0)).ok()
    };
    Some(Period {
        from: Timestamp::new(start(days.from)?),
        until: Timestamp::new(start(days.until)?),
    })
}

/// `2026`, `2026-11`, `2026-11-28`, also with `/`, `.` or `年月日`.
fn numbers(written: &str) -> Option<Days> {
    let is_separator = |c: char| matches!(c, '-' | '/' | '.' | '年' | '月' | '日' | '号');
    let written = written
        .strip_suffix(['年', '月', '日', '号'])
        .unwrap_or(written);
    let parts: Vec<&str> = written.split(is_separator).collect();
    let part = |at: usize| number(parts.get(at).copied().unwrap_or("1"));
    let is_year = parts.first().is_some_and(|year| year.len() == 4);
    if !is_year || parts.len() > 3 {
        return None;
    }
    let month = i8::try_from(part(1)?).ok()?;
    let day = i8::try_from(part(2)?).ok()?;
    let first = Date::new(i16::try_from(part(0)?).ok()?, month, day).ok()?;
    match parts.len() {
        1 => Days::year(first),
        2 => Days::month(first),
        _ => Days::one(first),
    }
}

/// A number of at most four ASCII digits.
fn number(digits: &str) -> Option<u16> {
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn one_word(words: &[&str], today: Date) -> Option<Days> {
    let [word] = words else {
        return None;
    };
    let before = |days: i64| Days::one(today.checked_sub(days.days()).ok()?);
    match *word {
        "today" | "今天" | "今日" => before(0),
        "yesterday" | "昨天" | "昨日" => before(1),
        "前天" => before(2),
        "本周" | "这周" | "本星期" | "这星期" => two_words(&["this", "week"], today),
        "上周" | "上星期" => two_words(&["last", "week"], today),
        "本月" | "这个月" => two_words(&["this", "month"], today),
        "上月" | "上个月" => two_words(&["last", "month"], today),
        "今年" => two_words(&["this", "year"], today),
        "去年" => two_words(&["last", "year"], today),
        word => match weekday(word) {
            Some(weekday) => latest(weekday, today),
            None => {
                let month = month(word)?;
                let this = date(today.year(), month, 1);
                let year = match this > today {
                    true => today.year().checked_sub(1)?,
                    false => today.year(),
                };
                Days::month(Date::new(year, month, 1).ok()?)
            }
        },
    }
}

fn two_words(words: &[&str], today: Date) -> Option<Days> {
    let [first, second] = words else {
        return None;
    };
    let ago = |span: jiff::Span| today.checked_sub(span).ok();
    match (*first, *second) {
        ("this", "week") => Days::week(today),
        ("this", "month") => Days::month(today),
        ("this", "year") => Days::year(today),
        ("last", "week") => Days::week(ago(1.week())?),
        ("last", "month") => Days::month(ago(1.month())?),
        ("last", "year") => Days::year(ago(1.year())?),
        ("last", day) => latest(weekday(day)?, ago(1.day())?),
        (name, year) => {
            let year = (year.len() == 4).then(|| number(year)).flatten()?;
            let year = i16::try_from(year).ok()?;
            Days::month(Date::new(year, month(name)?, 1).ok()?)
        }
    }
}

/// `3 days ago`
fn ago(words: &[&str], today: Date) -> Option<Days> {
    let [count, unit, "ago"] = words else {
        return None;
    };
    let count = i64::from(number(count)?);
    let span = match *unit {
        "day" | "days" => count.days(),
        "week" | "weeks" => count.weeks(),
        "month" | "months" => count.months(),
        "year" | "years" => count.years(),
        _ => return None,
    };
    Days::one(today.checked_sub(span).ok()?)
}

/// The latest such day up to another one.
fn latest(weekday: Weekday, until: Date) -> Option<Days> {
    let since = until.weekday().since(weekday);
    Days::one(until.checked_sub(i64::from(since).days()).ok()?)
}

fn weekday(word: &str) -> Option<Weekday> {
    let chinese = ["星期", "礼拜", "周"];
    let chinese = chinese.iter().find_map(|prefix| word.strip_prefix(prefix));
    let chinese = match chinese {
        Some("天") => Some("日"),
        other => other,
    };
    let mut all = WEEKDAYS.iter();
    let found = all.find(|(_, names, sign)| {
        names.contains(&word) || chinese.is_some_and(|day| day.chars().eq([*sign]))
    });
    found.map(|(weekday, ..)| *weekday)
}

fn month(word: &str) -> Option<i8> {
    let is_meant = |name: &str| word.len() >= MONTH_LETTERS_MIN && name.starts_with(word);
    let at = MONTHS.iter().position(|name| is_meant(name))?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    /// A Saturday.
    const NOW: &str = "2026-11-28T12:00:00[UTC]";

    fn days(written: &str, now: &str) -> Option<(String, String)> {
        let now: Zoned = now.parse().unwrap();
        let period = period(written, &now)?;
        let day = |at: Timestamp| {
            let at = i64::try_from(at.get()).unwrap();
            let at = jiff::Timestamp::from_millisecond(at).unwrap();
            let zoned = at.to_zoned(TimeZone::UTC);
            assert_eq!(zoned, zoned.start_of_day().unwrap(), "{written}");
            zoned.date().to_string()
        };
        Some((day(period.from), day(period.until)))
    }

    #[test]
    fn dates_are_understood() {
        for (written, from, until) in [
            ("2026-11-28", "2026-11-28", "2026-11-29"),
            ("2026/1/5", "2026-01-05", "2026-01-06"),
            ("2024.02.29", "2024-02-29", "2024-03-01"),
            ("2026年11月28日", "2026-11-28", "2026-11-29"),
            ("2026-11", "2026-11-01", "2026-12-01"),
            ("2026年2月", "2026-02-01", "2026-03-01"),
            ("2025", "2025-01-01", "2026-01-01"),
            ("Today", "2026-11-28", "2026-11-29"),
            ("yesterday", "2026-11-27", "2026-11-28"),
            ("前天", "2026-11-26", "2026-11-27"),
            ("saturday", "2026-11-28", "2026-11-29"),
            ("last saturday", "2026-11-21", "2026-11-22"),
            ("Sun", "2026-11-22", "2026-11-23"),
            ("星期一", "2026-11-23", "2026-11-24"),
            ("周日", "2026-11-22", "2026-11-23"),
            ("last week", "2026-11-16", "2026-11-23"),
            ("this_week", "2026-11-23", "2026-11-30"),
            ("last-month", "2026-10-01", "2026-11-01"),
            ("上个月", "2026-10-01", "2026-11-01"),
            ("this month", "2026-11-01", "2026-12-01"),
            ("last year", "2025-01-01", "2026-01-01"),
            ("this year", "2026-01-01", "2027-01-01"),
            ("november", "2026-11-01", "2026-12-01"),
            ("dec", "2025-12-01", "2026-01-01"),
            ("May 2024", "2024-05-01", "2024-06-01"),
            ("3 days ago", "2026-11-25", "2026-11-26"),
            ("2-weeks-ago", "2026-11-14", "2026-11-15"),
            ("1 month ago", "2026-10-28", "2026-10-29"),
            ("1960", "1970-01-01", "1970-01-01"),
        ] {
            let expected = (from.to_owned(), until.to_owned());
            assert_eq!(days(written, NOW), Some(expected), "{written}");
        }
    }

    #[test]
    fn other_words_are_no_dates() {
        for written in [
            "",
            "-",
            "2026-13",
            "2026-02-30",
            "28.11.2026",
            "26-11-28",
            "2026-11-28-1",
            "2026--28",
            "２０２６",
            "last",
            "this monday week",
            "last day",
            "next week",
            "ma",
            "september 26",
            "99999 days ago",
            "9999-12-31",
            "3 days",
            "周八",
            "周",
        ] {
            assert_eq!(days(written, NOW), None, "{written:?}");
        }
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone() {
        let hours = |written: &str, zone: &str, now: &str| {
            let zone = TimeZone::posix(zone).unwrap();
            let now: jiff::Timestamp = now.parse().unwrap();
            let period = period(written, &now.to_zoned(zone)).unwrap();
            (period.until.get() - period.from.get()) / 3_600_000
        };
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(hours("2026-03-29", berlin, "2026-11-28T12:00:00Z"), 23);
        assert_eq!(hours("2026-10-25", berlin, "2026-11-28T12:00:00Z"), 25);
        assert_eq!(hours("yesterday", berlin, "2026-03-30T12:00:00Z"), 23);
        assert_eq!(
            hours("last week", berlin, "2026-10-28T12:00:00Z"),
            7 * 24 + 1
        );
        // Here the clock goes from 23:59 to 01:00: the day begins an hour late.
        let santiago = "<-04>4<-03>,M9.1.6/24,M4.1.6/24";
        assert_eq!(hours("2026-09-06", santiago, "2026-11-28T12:00:00Z"), 23);
        // In the east it is tomorrow.
        let now: jiff::Timestamp = "2026-11-28T20:00:00Z".parse().unwrap();
        let shanghai = TimeZone::posix("CST-8").unwrap();
        let today = period("today", &now.to_zoned(shanghai)).unwrap();
        let start: jiff::Timestamp = "2026-11-28T16:00:00Z".parse().unwrap();
        assert_eq!(
            today.from.get(),
            u64::try_from(start.as_millisecond()).unwrap()
        );
    }
}
