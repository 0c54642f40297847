//! The course of a run: warm up, count, stop.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::gauge::{Gauge, Tally};
use super::timeline::{Rates, Timeline};
use super::venue::{Cpu, Venue};
use super::workings::Workings;
use crate::error::BenchError;
use crate::limits;
use crate::watcher::Watcher;

/// How long a run counts, behind the warm-up.
#[derive(Clone, Copy, Debug, Args, Serialize)]
pub(super) struct Extent {
    /// Count this many messages
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    pub messages: Option<u64>,

    /// Count for this long [default: 5]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: Option<u32>,
}

impl Extent {
    fn time(self) -> Option<Duration> {
        let seconds = self
            .seconds
            .or_else(|| self.messages.is_none().then_some(limits::SECONDS_DEFAULT));
        seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// What is known of a run beside what its clients counted.
#[derive(Clone, Debug)]
pub struct Course {
    /// How long was counted, in seconds.
    pub seconds: f64,
    /// The processor time meanwhile.
    pub cpu: Cpu,
    /// What was counted over the time.
    pub timeline: Vec<Rates>,
    /// How the server worked meanwhile.
    pub workings: Workings,
    /// Somebody ended the run early.
    pub interrupted: bool,
}

/// Lets `load` warm up, counts, and tells it to stop. A part of the load that ends before is an error.
pub(super) async fn measure<T: 'static>(
    gauge: &Gauge,
    extent: Extent,
    venue: &Venue,
    load: &mut JoinSet<Result<T, BenchError>>,
    watcher: &mut Watcher,
    text: impl Fn(&Tally) -> String,
) -> Result<Course, BenchError> {
    let course = count(gauge, extent, venue, load, watcher, text).await;
    gauge.end();
    course
}

/// As [`measure`], and the load goes on. A count that has begun needs no warm-up.
pub(super) async fn count<T: 'static>(
    gauge: &Gauge,
    extent: Extent,
    venue: &Venue,
    load: &mut JoinSet<Result<T, BenchError>>,
    watcher: &mut Watcher,
    text: impl Fn(&Tally) -> String,
) -> Result<Course, BenchError> {
    let time = extent.time();
    let warm = Instant::now() + limits::WARM_UP;
    let mut began = if gauge.read(Tally::is_counting) {
        Some((venue.reading().await, venue.cpu()))
    } else {
        None
    };
    let (mut stop, mut timeline) = (watcher.stop(), Timeline::new());
    while !gauge.read(|tally| tally.is_done(time)) && !stop.is_asked() {
        tokio::select! {
            biased;
            () = stop.asked() => {}
            () = gauge.reached.notified() => {}
            Some(ended) = load.join_next() => {
                ended.map_err(|_| BenchError::Panicked)??;
                return Err(BenchError::EndedEarly);
            }
            () = sleep(gauge.read(|tally| tally.left(time)).min(limits::TICK)) => {}
        }
        if began.is_none() && Instant::now() >= warm {
            began = Some((venue.reading().await, venue.cpu()));
            gauge.begin();
        }
        gauge.read(|tally| timeline.note(tally.into()));
        watcher.tell(&|| match began {
            None => "warming up".to_owned(),
            Some(_) => gauge.read(&text),
        });
    }
    gauge.rest();
    let (reading, cpu) = began.ok_or(BenchError::Interrupted)?;
    let cpu = venue.cpu().since(cpu);
    let workings = Workings::between(reading.as_ref(), venue.reading().await.as_ref());
    let (seconds, timeline) =
        gauge.read(|tally| (tally.elapsed().as_secs_f64(), timeline.finish(tally.into())));
    Ok(Course {
        seconds,
        cpu,
        timeline,
        workings,
        interrupted: stop.is_asked(),
    })
}
