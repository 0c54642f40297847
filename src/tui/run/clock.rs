//! The time, the time zone, and the stop signal of the terminal.

use std::io;

use cairn_proto::ids::Timestamp;
use cairn_session::Zone;
use jiff::tz::TimeZone;

/// The time of the wall clock.
pub(super) fn now() -> Timestamp {
    crate::ui::time::timestamp()
}

/// The offsets of the local time zone over the years that messages are from.
pub(super) fn zone(zone: &TimeZone) -> Zone {
    const FIRST_YEAR: i16 = 1990;
    const LAST_YEAR: i16 = 2060;
    let start = |year: i16| {
        let date = jiff::civil::date(year, 1, 1).to_zoned(TimeZone::UTC).ok()?;
        Some(date.timestamp())
    };
    let (Some(first), Some(last)) = (start(FIRST_YEAR), start(LAST_YEAR)) else {
        return Zone::utc();
    };
    let mut offsets = vec![(Timestamp::new(0), zone.to_offset(first).seconds())];
    for transition in zone.following(first) {
        let at = transition.timestamp();
        if at > last {
            break;
        }
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        offsets.push((Timestamp::new(millis), transition.offset().seconds()));
    }
    Zone::new(offsets)
}

/// Waits for requests of others to stop the process, such as `kill -TSTP`. Ctrl+Z is a key.
#[derive(Debug)]
pub(super) struct Suspended {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Suspended {
    #[cfg(unix)]
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let number = rustix::process::Signal::TSTP.as_raw();
        Ok(Self {
            signal: signal(SignalKind::from_raw(number))?,
        })
    }

    #[cfg(unix)]
    pub(super) async fn requested(&mut self) {
        if self.signal.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "the other systems can fail")]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(super) async fn requested(&mut self) {
        std::future::pending().await
    }
}

/// Stops this process until the shell continues it.
pub(super) fn stop() {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        // A failure leaves the process running, which loses nothing.
        let _ = kill_process(getpid(), Signal::STOP);
    }
}
