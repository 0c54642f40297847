use super::*;

const BERLIN: &str = "Europe/Berlin";

fn at(rfc3339: &str) -> Timestamp {
    let at: Instant = rfc3339.parse().unwrap();
    Timestamp::new(u64::try_from(at.as_millisecond()).unwrap())
}

fn clock(text: &str) -> u16 {
    let (hours, minutes) = text.split_once(':').unwrap();
    hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()
}

/// The same hours on every day.
fn daily(from: &str, to: &str) -> Vec<WeekSpan> {
    let (from, to) = (clock(from), clock(to));
    let span = |day| WeekSpan { day, from, to };
    (0..7).map(span).collect()
}

fn hours(zone: &str, weekly: &[WeekSpan]) -> OfficeHours {
    OfficeHours {
        zone: ZoneName::new(zone).unwrap(),
        weekly: weekly.to_vec(),
        days: Vec::new(),
    }
}

/// The openings between two instants, as text.
fn resolved(zone: &str, spans: &[WeekSpan], from: &str, until: &str) -> Vec<(String, String)> {
    texts(&hours(zone, spans), from, until)
}

fn texts(hours: &OfficeHours, from: &str, until: &str) -> Vec<(String, String)> {
    let text = |at: Timestamp| {
        let at = Instant::from_millisecond(i64::try_from(at.get()).unwrap()).unwrap();
        at.to_string()
    };
    openings(hours, at(from), at(until))
        .unwrap()
        .into_iter()
        .map(|(opens, closes)| (text(opens), text(closes)))
        .collect()
}

fn lengths(openings: &[Opening]) -> Vec<u64> {
    openings
        .iter()
        .map(|(opens, closes)| (closes.get() - opens.get()) / 3_600_000)
        .collect()
}

#[test]
fn offset_follows_the_season() {
    let spans = daily("09:00", "17:00");
    for (day, opens, closes) in [
        ("2026-01-15", "2026-01-15T08:00:00Z", "2026-01-15T16:00:00Z"),
        ("2026-07-15", "2026-07-15T07:00:00Z", "2026-07-15T15:00:00Z"),
    ] {
        let (from, until) = (format!("{day}T00:00:00Z"), format!("{day}T22:00:00Z"));
        let expected = [(opens.to_owned(), closes.to_owned())];
        assert_eq!(resolved(BERLIN, &spans, &from, &until), expected);
    }
}

#[test]
fn days_of_changed_clocks_have_23_and_25_hours() {
    // One day each: local midnight to local midnight.
    let whole = [WeekSpan {
        day: 6,
        from: 0,
        to: DAY_MINUTES,
    }];
    for (zone, from, until, expected) in [
        (BERLIN, "2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z", 23),
        (BERLIN, "2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z", 25),
        (BERLIN, "2026-06-19T12:00:00Z", "2026-06-23T12:00:00Z", 24),
        (
            "America/New_York",
            "2026-03-06T12:00:00Z",
            "2026-03-10T12:00:00Z",
            23,
        ),
        (
            "America/New_York",
            "2026-10-30T12:00:00Z",
            "2026-11-03T12:00:00Z",
            25,
        ),
    ] {
        let found = openings(&hours(zone, &whole), at(from), at(until)).unwrap();
        assert_eq!(lengths(&found), [expected], "{zone} {from}");
    }
}

#[test]
fn skipped_time_is_the_moment_of_the_change() {
    // In Berlin, 02:00 is followed by 03:00 at 01:00 UTC.
    let night = |from, until| {
        resolved(
            BERLIN,
            &daily(from, until),
            "2026-03-29T00:00:00Z",
            "2026-03-29T12:00:00Z",
        )
    };
    let change = "2026-03-29T01:00:00Z".to_owned();
    let ten = "2026-03-29T08:00:00Z".to_owned();
    assert_eq!(night("02:30", "10:00"), [(change.clone(), ten)]);
    let half_past_one = "2026-03-29T00:30:00Z".to_owned();
    assert_eq!(night("01:30", "02:30"), [(half_past_one, change)]);
    assert_eq!(night("02:10", "02:50"), [], "nothing of it exists");
}

#[test]
fn repeated_time_opens_first_and_closes_last() {
    // In Berlin, 03:00 is followed by 02:00 at 01:00 UTC.
    let night = |from, until| {
        resolved(
            BERLIN,
            &daily(from, until),
            "2026-10-25T00:00:00Z",
            "2026-10-25T12:00:00Z",
        )
    };
    let pair = |from: &str, until: &str| vec![(from.to_owned(), until.to_owned())];
    assert_eq!(
        night("02:30", "10:00"),
        pair("2026-10-25T00:30:00Z", "2026-10-25T09:00:00Z")
    );
    assert_eq!(
        night("02:15", "02:30"),
        pair("2026-10-25T00:15:00Z", "2026-10-25T01:30:00Z")
    );
    assert_eq!(
        night("00:00", "02:30"),
        pair("2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z")
    );
}

#[test]
fn change_at_midnight_moves_the_start_of_the_day() {
    // In Beirut, midnight is followed by 01:00 on the last Sunday of March.
    let found = resolved(
        "Asia/Beirut",
        &daily("00:00", "08:00"),
        "2026-03-28T12:00:00Z",
        "2026-03-29T12:00:00Z",
    );
    let expected = ("2026-03-28T22:00:00Z".into(), "2026-03-29T05:00:00Z".into());
    assert_eq!(found, [expected]);
}

#[test]
fn hours_continue_over_midnight_and_the_end_of_a_year() {
    // Thursday evening to Friday morning.
    let spans = [
        WeekSpan {
            day: 3,
            from: clock("22:00"),
            to: DAY_MINUTES,
        },
        WeekSpan {
            day: 4,
            from: 0,
            to: clock("02:00"),
        },
    ];
    let found = resolved(
        "Asia/Shanghai",
        &spans,
        "2026-12-31T00:00:00Z",
        "2027-01-02T00:00:00Z",
    );
    let expected = ("2026-12-31T14:00:00Z".into(), "2026-12-31T18:00:00Z".into());
    assert_eq!(found, [expected]);
}

#[test]
fn leap_day_is_a_day_of_its_week() {
    // A Tuesday.
    let spans = [WeekSpan {
        day: 1,
        from: clock("09:00"),
        to: clock("10:00"),
    }];
    let found = resolved(
        "UTC",
        &spans,
        "2028-02-28T00:00:00Z",
        "2028-03-02T00:00:00Z",
    );
    let expected = ("2028-02-29T09:00:00Z".into(), "2028-02-29T10:00:00Z".into());
    assert_eq!(found, [expected]);
}

#[test]
fn openings_are_clipped_merged_and_in_order() {
    let overlapping = [("13:00", "15:00"), ("09:00", "12:00"), ("11:00", "13:00")];
    let spans: Vec<WeekSpan> = overlapping
        .iter()
        .flat_map(|&(from, until)| daily(from, until))
        .collect();
    let found = resolved(
        "UTC",
        &spans,
        "2026-05-04T10:00:00Z",
        "2026-05-05T09:30:00Z",
    );
    let expected = [
        ("2026-05-04T10:00:00Z", "2026-05-04T15:00:00Z"),
        ("2026-05-05T09:00:00Z", "2026-05-05T09:30:00Z"),
    ];
    assert_eq!(
        found,
        expected.map(|(from, until)| (from.into(), until.into()))
    );
}

/// Minute by minute, a queue is open when the local clock shows a time within its hours, but for
/// the hours that the clocks repeat.
#[test]
fn openings_agree_with_the_local_clock() {
    let (spans, minute) = (daily("08:20", "23:40"), 60_000);
    for zone in [
        BERLIN,
        "America/New_York",
        "Asia/Shanghai",
        "Asia/Kathmandu",
    ] {
        let tz = TimeZone::get(zone).unwrap();
        for (from, until) in [
            ("2026-03-07T00:00:00Z", "2026-03-09T00:00:00Z"),
            ("2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z"),
            ("2026-12-31T00:00:00Z", "2027-01-02T00:00:00Z"),
        ] {
            let (from, until) = (at(from), at(until));
            let found = openings(&hours(zone, &spans), from, until).unwrap();
            for now in (from.get()..until.get()).step_by(minute) {
                let local =
                    tz.to_datetime(Instant::from_millisecond(i64::try_from(now).unwrap()).unwrap());
                let shows = (local.hour(), local.minute());
                let is_open = found
                    .iter()
                    .any(|(opens, closes)| (opens.get()..closes.get()).contains(&now));
                assert_eq!(
                    is_open,
                    ((8, 20)..(23, 40)).contains(&shows),
                    "{zone} {local}"
                );
            }
        }
    }
}

#[test]
fn named_days_replace_the_week() {
    let day = |month, day, from, to| DaySpan {
        year: 2026,
        month,
        day,
        from: clock(from),
        to: clock(to),
    };
    let hours = OfficeHours {
        days: vec![
            day(12, 25, "00:00", "00:00"),
            day(12, 24, "09:00", "10:00"),
            day(12, 24, "11:00", "12:00"),
        ],
        ..hours("UTC", &daily("09:00", "17:00"))
    };
    let found = texts(&hours, "2026-12-23T12:00:00Z", "2026-12-27T00:00:00Z");
    let expected = [
        ("2026-12-23T12:00:00Z", "2026-12-23T17:00:00Z"),
        ("2026-12-24T09:00:00Z", "2026-12-24T10:00:00Z"),
        ("2026-12-24T11:00:00Z", "2026-12-24T12:00:00Z"),
        ("2026-12-26T09:00:00Z", "2026-12-26T17:00:00Z"),
    ];
    assert_eq!(
        found,
        expected.map(|(from, until)| (from.into(), until.into()))
    );
}

#[test]
fn unknown_zones_are_refused() {
    let nowhere = hours("Mars/Olympus", &[]);
    let openings = openings(&nowhere, Timestamp::new(0), Timestamp::new(1));
    assert_eq!(openings, Err(HoursError::NoSuchZone));
    let knows = |zone| knows_zone(&ZoneName::new(zone).unwrap());
    assert!(knows("Asia/Shanghai") && knows("UTC") && !knows("//etc/passwd"));
}
