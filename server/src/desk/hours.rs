//! Office hours: a week of local times in a zone, resolved to the instants at which a queue opens
//! and closes.
//!
//! A local time that a change of clocks repeats opens at its first occurrence and closes at its
//! last. One that is skipped stands for the moment of the change. So hours of a day are never
//! split, and a day has 23 or 25 of them where its clocks say so.

use cairn_proto::ids::Timestamp;
use cairn_proto::model::desk::{DaySpan, OfficeHours, WeekSpan};
use cairn_proto::text::ZoneName;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp as Instant, ToSpan as _};

/// A time for which a queue is open.
pub(crate) type Opening = (Timestamp, Timestamp);

/// Minutes of a day by its clocks, whatever their changes.
const DAY_MINUTES: u16 = 24 * 60;

/// Why hours cannot be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HoursError {
    #[error("this machine does not know that time zone")]
    NoSuchZone,
    #[error("the time is outside the calendar")]
    OutOfRange,
}

/// Returns when a queue is open between two instants, in order and disjoint.
///
/// # Errors
///
/// If the zone is unknown, or the instants are outside the calendar.
pub(crate) fn openings(
    hours: &OfficeHours,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Opening>, HoursError> {
    let zone = TimeZone::get(hours.zone.as_str()).map_err(|_| HoursError::NoSuchZone)?;
    // The day before may reach into the first one, where its last hour is repeated.
    let first = date_of(&zone, from)?.saturating_sub(1.day());
    let last = date_of(&zone, until)?.saturating_add(1.day());
    let mut found = Vec::new();
    for date in first.series(1.day()).take_while(|&date| date <= last) {
        let spans = spans_on(hours, date).into_iter();
        for (opens, closes) in spans.filter(|(opens, closes)| opens < closes) {
            let opens = instant(&zone, date, opens, Edge::Opens)?.max(from);
            let closes = instant(&zone, date, closes, Edge::Closes)?.min(until);
            if opens < closes {
                found.push((opens, closes));
            }
        }
    }
    found.sort_unstable();
    found.dedup_by(|(opens, closes), (_, known)| {
        let continues = *opens <= *known;
        if continues {
            *known = (*known).max(*closes);
        }
        continues
    });
    Ok(found)
}

/// Returns the spans of a date, in minutes: its own, if it has any.
fn spans_on(hours: &OfficeHours, date: Date) -> Vec<(u16, u16)> {
    let is_on = |span: &&DaySpan| {
        let named = (
            i32::from(span.year),
            i32::from(span.month),
            i32::from(span.day),
        );
        named == (date.year().into(), date.month().into(), date.day().into())
    };
    let own: Vec<_> = hours.days.iter().filter(is_on).collect();
    if !own.is_empty() {
        return own.into_iter().map(|span| (span.from, span.to)).collect();
    }
    let weekday = date.weekday().to_monday_zero_offset();
    let is_of_weekday = |span: &&WeekSpan| i8::try_from(span.day) == Ok(weekday);
    let weekly = hours.weekly.iter().filter(is_of_weekday);
    weekly.map(|span| (span.from, span.to)).collect()
}

/// Returns whether this machine knows the zone.
#[must_use]
pub(crate) fn knows_zone(zone: &ZoneName) -> bool {
    TimeZone::get(zone.as_str()).is_ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Opens,
    Closes,
}

fn instant(zone: &TimeZone, date: Date, minutes: u16, edge: Edge) -> Result<Timestamp, HoursError> {
    let (date, minutes) = match minutes {
        DAY_MINUTES.. => (date.tomorrow().map_err(|_| HoursError::OutOfRange)?, 0),
        minutes => (date, minutes),
    };
    let part = |number: u16| i8::try_from(number).unwrap_or_default();
    let time = Time::new(part(minutes / 60), part(minutes % 60), 0, 0)
        .map_err(|_| HoursError::OutOfRange)?;
    let local = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let instant = match (local.offset(), edge) {
        (AmbiguousOffset::Gap { .. }, _) => {
            let before = local.earlier().map_err(|_| HoursError::OutOfRange)?;
            let mut changes = zone.following(before);
            changes.next().map_or(before, |change| change.timestamp())
        }
        (_, Edge::Opens) => local.earlier().map_err(|_| HoursError::OutOfRange)?,
        (_, Edge::Closes) => local.later().map_err(|_| HoursError::OutOfRange)?,
    };
    let millis = u64::try_from(instant.as_millisecond()).map_err(|_| HoursError::OutOfRange)?;
    Ok(Timestamp::new(millis))
}

fn date_of(zone: &TimeZone, at: Timestamp) -> Result<Date, HoursError> {
    let millis = i64::try_from(at.get()).map_err(|_| HoursError::OutOfRange)?;
    let at = Instant::from_millisecond(millis).map_err(|_| HoursError::OutOfRange)?;
    Ok(zone.to_datetime(at).date())
}

#[cfg(test)]
mod tests;
