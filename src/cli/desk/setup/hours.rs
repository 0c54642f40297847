//! Office hours on the command line: `mon-fri 09:00-18:00`, `sat,sun 10-14`, `daily 8-20`, and
//! single days: `2026-12-25 closed`, `2026-12-24 9-12`.

use std::fmt;
use std::str::FromStr;

use cairn_proto::model::desk::{DaySpan, OfficeHours, WeekSpan};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// Why a string is no office hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HoursError {
    #[error("hours are days and times: 'mon-fri 09:00-18:00', 'sat,sun 10-14', 'daily 8-20'")]
    Form,
    #[error("days are mon, tue, wed, thu, fri, sat and sun, or daily")]
    Day,
    #[error("times are from 0:00 to 24:00, the second one after the first; split at midnight")]
    Time,
    #[error("a day is a date and times, or closed: '2026-12-24 9-12', '2026-12-25 closed'")]
    Date,
}

/// The hours of some days of each week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weekly(pub(crate) Vec<WeekSpan>);

impl FromStr for Weekly {
    type Err = HoursError;

    fn from_str(raw: &str) -> Result<Self, HoursError> {
        let raw = raw.trim().to_ascii_lowercase();
        let (days, times) = raw
            .split_once(char::is_whitespace)
            .ok_or(HoursError::Form)?;
        let (from, to) = parse_times(times)?;
        let mut spans = Vec::new();
        for part in days.split(',') {
            let (first, last) = match part.split_once('-') {
                _ if part == "daily" => (0, 6),
                Some((first, last)) => (parse_day(first)?, parse_day(last)?),
                None => (parse_day(part)?, parse_day(part)?),
            };
            // Over the end of the week: sat-mon.
            let count = (last + 7 - first) % 7 + 1;
            let days = (0..count).map(|at| (first + at) % 7);
            spans.extend(days.map(|day| WeekSpan { day, from, to }));
        }
        Ok(Self(spans))
    }
}

/// The hours of one date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated(pub(crate) DaySpan);

impl FromStr for Dated {
    type Err = HoursError;

    fn from_str(raw: &str) -> Result<Self, HoursError> {
        let raw = raw.trim().to_ascii_lowercase();
        let (date, times) = raw
            .split_once(char::is_whitespace)
            .ok_or(HoursError::Date)?;
        let date: jiff::civil::Date = date.parse().map_err(|_| HoursError::Date)?;
        let (from, to) = match times.trim() {
            "closed" => (0, 0),
            times => parse_times(times)?,
        };
        let part = |part: i8| u8::try_from(part).map_err(|_| HoursError::Date);
        Ok(Self(DaySpan {
            year: u16::try_from(date.year()).map_err(|_| HoursError::Date)?,
            month: part(date.month())?,
            day: part(date.day())?,
            from,
            to,
        }))
    }
}

fn parse_day(raw: &str) -> Result<u8, HoursError> {
    // Longer names begin with the short ones.
    let is_it = |day: &&str| raw.len() >= 2 && (day.starts_with(raw) || raw.starts_with(*day));
    let found = (0..).zip(DAYS).find(|(_, day)| is_it(day));
    found.map(|(at, _)| at).ok_or(HoursError::Day)
}

fn parse_times(raw: &str) -> Result<(u16, u16), HoursError> {
    let (from, to) = raw.trim().split_once(['-', '–']).ok_or(HoursError::Form)?;
    let (from, to) = (parse_time(from)?, parse_time(to)?);
    match from < to {
        true => Ok((from, to)),
        false => Err(HoursError::Time),
    }
}

fn parse_time(raw: &str) -> Result<u16, HoursError> {
    let raw = raw.trim();
    let (hours, minutes) = raw.split_once(':').unwrap_or((raw, "0"));
    let is_number = |raw: &str| raw.bytes().all(|byte| byte.is_ascii_digit());
    let number = |raw: &str| match raw.len() {
        1..=2 if is_number(raw) => raw.parse::<u16>().map_err(|_| HoursError::Time),
        _ => Err(HoursError::Time),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let time = hours * 60 + minutes;
    match minutes < 60 && time <= DAY_MINUTES {
        true => Ok(time),
        false => Err(HoursError::Time),
    }
}

/// Displays office hours as they are typed.
pub(crate) struct Shown<'a>(pub(crate) &'a OfficeHours);

impl Shown<'_> {
    /// Each span, as it is typed.
    pub(crate) fn spans(&self) -> Vec<String> {
        let OfficeHours { weekly, days, .. } = self.0;
        let weekly = weekly.iter().map(|span| {
            let day = DAYS.get(usize::from(span.day)).copied().unwrap_or("?");
            format!("{day} {}-{}", Time(span.from), Time(span.to))
        });
        let days = days.iter().map(|span| {
            let date = format!("{:04}-{:02}-{:02}", span.year, span.month, span.day);
            match span.from == span.to {
                true => format!("{date} closed"),
                false => format!("{date} {}-{}", Time(span.from), Time(span.to)),
            }
        });
        weekly.chain(days).collect()
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.spans().join(", "), self.0.zone)
    }
}

struct Time(u16);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::text::ZoneName;

    fn days(raw: &str) -> Vec<u8> {
        let Weekly(spans) = raw.parse().unwrap();
        spans.iter().map(|span| span.day).collect()
    }

    #[test]
    fn weekly_hours_are_days_and_times() {
        assert_eq!(days("mon-fri 09:00-18:00"), [0, 1, 2, 3, 4]);
        assert_eq!(days("Sat,Sun 10-14"), [5, 6]);
        assert_eq!(days("sat-mon 10-14"), [5, 6, 0]);
        assert_eq!(days("Monday 8-20"), [0]);
        assert_eq!(days("daily 0-24").len(), 7);
        let Weekly(spans) = "tu 9:30-24:00".parse().unwrap();
        let expected = WeekSpan {
            day: 1,
            from: 570,
            to: 1440,
        };
        assert_eq!(spans, [expected]);
        for (raw, why) in [
            ("mon", HoursError::Form),
            ("mon 9", HoursError::Form),
            ("9-18", HoursError::Form),
            ("m 9-18", HoursError::Day),
            ("xyz 9-18", HoursError::Day),
            ("mon 18-9", HoursError::Time),
            ("mon 9-9", HoursError::Time),
            ("mon 9:60-10", HoursError::Time),
            ("mon 9-24:01", HoursError::Time),
            ("mon +9-10", HoursError::Time),
        ] {
            assert_eq!(raw.parse::<Weekly>(), Err(why), "{raw}");
        }
    }

    #[test]
    fn single_days_are_dates() {
        let Dated(span) = "2026-12-25 closed".parse().unwrap();
        assert_eq!((span.year, span.month, span.day), (2026, 12, 25));
        assert_eq!((span.from, span.to), (0, 0));
        assert_eq!("25.12.2026 closed".parse::<Dated>(), Err(HoursError::Date));
        assert_eq!("2026-02-30 9-12".parse::<Dated>(), Err(HoursError::Date));
    }

    #[test]
    fn hours_are_shown_as_they_are_typed() {
        let Weekly(weekly) = "mon 9:05-18".parse().unwrap();
        let Dated(day) = "2026-12-24 9-12".parse().unwrap();
        let hours = OfficeHours {
            zone: ZoneName::new("Asia/Shanghai").unwrap(),
            weekly,
            days: vec![day],
        };
        let shown = Shown(&hours).to_string();
        assert_eq!(
            shown,
            "mon 09:05-18:00, 2026-12-24 09:00-12:00 (Asia/Shanghai)"
        );
    }
}
