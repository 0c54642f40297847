//! `fill`: very many messages in a row, with checkpoints going on, and how the engine does with all of them on the disk.
//!
//! * `scroll`: what the messages say
//! * `room`: whether the disk can take them
//! * `course`: how fast it went, from the first to the last
//! * `reads`: how fast they are read again
//! * `findings`: what is told of all that

use std::fmt;
use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use cairn_proto::limits::TEXT_BYTES_MAX;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use super::driver::Driver;
use super::load::SKEW;
use super::place::Place;
use crate::error::BenchError;
use crate::report::{Report, counted, grouped, sized};
use crate::system;
use crate::watcher::Watcher;
use crate::zipf::Picker;
use cairn_store::limits::BATCH_BYTES_TARGET;

mod course;
mod findings;
mod reads;
mod room;
mod scroll;

use course::Course;
use findings::Findings;
use reads::Target;
use room::Room;
use scroll::Scroll;

/// What is stored, and where.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages to store
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,

    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    conversations: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = RangedU64ValueParser::<usize>::new().range(1..=TEXT_BYTES_MAX as u64))]
    body: usize,

    /// Messages that are made durable together, at most
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    batch: u64,

    /// Leave the data directory where it is, and say where
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            messages,
            conversations,
            body,
            batch,
            ..
        } = self;
        let groups = counted(*conversations, "group");
        write!(
            f,
            "{} messages to {groups}, {body}-byte bodies, batches of {batch}",
            grouped(*messages as f64)
        )
    }
}

/// Fills a data directory and reads from it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    let folder = settings.place.open()?;
    let mut found = measure(&settings, folder.path(), watcher)?;
    if settings.keep {
        found.kept_in = Some(folder.keep());
    }
    let interrupted = watcher.stop().is_asked();
    Ok(Report::new(
        "fill",
        settings.place.subject(),
        settings,
        interrupted,
        found,
    ))
}

fn measure(
    settings: &Settings,
    folder: &Path,
    watcher: &mut Watcher,
) -> Result<Findings, BenchError> {
    let room = Room::of(folder);
    let messages = room.limit(settings.messages, settings.body)?;
    let mut driver = Driver::create(folder, settings.conversations)?;
    let heads_before = heads(&mut driver)?;
    let course = fill(&mut driver, messages, settings, &room, watcher)?;
    let mut found = Findings::of_course(&course, settings);
    found.disk_full = found.messages < settings.messages && !watcher.stop().is_asked();
    watcher.tell(&|| "closing the data directory".to_owned());
    let began = Instant::now();
    let at_rest = driver.into_rest()?;
    found.close_s = Some(began.elapsed().as_secs_f64());
    found.disk(system::bytes_below(folder));
    if !watcher.stop().is_asked() {
        watcher.tell(&|| "opening the data directory again".to_owned());
        let began = Instant::now();
        let mut driver = at_rest.open(folder)?;
        found.open_s = Some(began.elapsed().as_secs_f64());
        found.found_again(heads(&mut driver)? - heads_before);
        found.last_50 = reads::read(
            &mut driver,
            Target::Newest,
            settings,
            course.messages(),
            watcher,
        )?;
        found.old_50 = reads::read(
            &mut driver,
            Target::Old,
            settings,
            course.messages(),
            watcher,
        )?;
        driver.close()?;
    }
    found.memory_mib_max = system::resident_kib_max(process::id()).map(|kib| kib as f64 / 1_024.0);
    Ok(found)
}

/// The entries of all groups together.
fn heads(driver: &mut Driver) -> Result<u64, BenchError> {
    (0..driver.groups.len())
        .map(|group| Ok(driver.timeline(group)?.head().get()))
        .sum()
}

/// Stores the messages, or as many as the disk takes, until somebody ends it.
fn fill(
    driver: &mut Driver,
    messages: u64,
    settings: &Settings,
    room: &Room,
    watcher: &mut Watcher,
) -> Result<Course, BenchError> {
    let stop = watcher.stop();
    let (mut scroll, mut picker) = (
        Scroll::new(settings.body, settings.place.seed),
        Picker::new(settings.conversations, SKEW, settings.place.seed),
    );
    let mut batch = Vec::new();
    let mut course = Course::begin(messages);
    let mut stored = 0;
    while stored < messages && !stop.is_asked() {
        let began = Instant::now();
        for _ in 0..settings.batch.min(messages - stored) {
            batch.push((picker.pick(), scroll.text()?));
        }
        course.making_texts(began.elapsed());
        stored += batch.len() as u64;
        for (group, text) in batch.drain(..) {
            driver.send(group, text)?;
            if driver.engine.batch_bytes() >= BATCH_BYTES_TARGET {
                driver.commit()?;
            }
        }
        driver.commit()?;
        if course.is_due(stored) {
            course.mark(stored, room.folder());
            if !room.is_left() {
                break;
            }
        }
        watcher.tell(&|| progress(stored, messages, course.elapsed(), room));
    }
    course.mark(stored, room.folder());
    Ok(course)
}

fn progress(stored: u64, messages: u64, elapsed: Duration, room: &Room) -> String {
    let rate = stored as f64 / elapsed.as_secs_f64();
    let (count, of) = (grouped(stored as f64), grouped(messages as f64));
    let left = (messages - stored) as f64 / rate;
    format!(
        "{count} of {of} messages, {} /s, {} on disk, {left:.0} s left",
        grouped(rate),
        sized(system::bytes_below(room.folder()))
    )
}

#[cfg(test)]
mod tests;
