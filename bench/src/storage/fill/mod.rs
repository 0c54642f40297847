//! `fill`: very many messages in a row, with checkpoints going on, and how the engine does with all
//! of them on the disk.

mod corpus;
mod disk_budget;
mod progress;
mod reads;
mod results;

use std::path::{Path, PathBuf};
use std::process;
use std::time::Instant;

use cairn_store::engine::Engine;
use cairn_store::limits::BATCH_BYTES_TARGET;
use clap::Args;
use serde::Serialize;

use super::driver::Driver;
use super::messages::{SKEW, body_bytes};
use super::scratch::Scratch;
use crate::args::whole;
use crate::error::BenchError;
use crate::results::{Report, grouped, sized};
use crate::system;
use crate::watcher::Watcher;
use crate::zipf::Picker;

use corpus::Corpus;
use disk_budget::DiskBudget;
use progress::Progress;
use reads::{Reader, Reads, Target};

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages to store
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = whole::<u64>(1..))]
    messages: u64,

    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000,
        value_parser = whole::<usize>(1..=100_000)
    )]
    conversations: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Messages that are made durable together, at most
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = whole::<u64>(1..=100_000))]
    batch: u64,

    /// Leave the data directory where it is, and say where
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

/// What was measured. `None` in its last part where the run was ended early.
#[derive(Debug)]
struct Fill {
    progress: Progress,
    /// Fewer messages were stored than asked for because the disk is full.
    disk_full: bool,
    close_s: f64,
    /// Of the closed data directory.
    disk_bytes: u64,
    reopened: Option<Reopened>,
    memory_mib_max: Option<f64>,
    kept_in: Option<PathBuf>,
}

#[derive(Debug)]
struct Reopened {
    open_s: f64,
    missing: u64,
    last_50: Option<Reads>,
    old_50: Option<Reads>,
}

/// Fills a data directory and reads from it. What was measured before an interruption is reported.
pub fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let folder = settings.scratch.open()?;
    let mut fill = measure(&settings, folder.path(), watcher)?;
    fill.kept_in = settings.keep.then(|| folder.keep());
    Ok(Report::new(
        "fill",
        settings.scratch.subject(),
        &settings,
        watcher.stop().is_asked(),
        results::results(&fill, &settings),
    ))
}

fn measure(settings: &Settings, folder: &Path, watcher: &mut Watcher) -> Result<Fill, BenchError> {
    let messages = DiskBudget(folder).limit(settings.messages, settings.body)?;
    let mut driver = Driver::create(folder, settings.conversations)?;
    let heads_before = heads(&mut driver)?;
    let progress = fill(&mut driver, messages, settings, folder, watcher)?;
    let stored = progress.messages();
    let disk_full = stored < settings.messages && !watcher.stop().is_asked();
    watcher.tell(&|| "closing the data directory".to_owned());
    let (sender, groups) = (driver.sender, driver.groups.clone());
    let began = Instant::now();
    driver.close()?;
    let close_s = began.elapsed().as_secs_f64();
    let disk_bytes = system::bytes_below(folder);
    let mut reopened = None;
    if !watcher.stop().is_asked() {
        watcher.tell(&|| "opening the data directory again".to_owned());
        let began = Instant::now();
        let mut driver = Driver::resume(Engine::open(folder)?, sender, groups);
        let open_s = began.elapsed().as_secs_f64();
        let found = heads(&mut driver)? - heads_before;
        let mut read = |target| Reader::new(&mut driver, target, settings).run(stored, watcher);
        reopened = Some(Reopened {
            open_s,
            missing: stored.saturating_sub(found),
            last_50: read(Target::Newest)?,
            old_50: read(Target::Old)?,
        });
        driver.close()?;
    }
    Ok(Fill {
        progress,
        disk_full,
        close_s,
        disk_bytes,
        reopened,
        memory_mib_max: system::resident_mib_max(process::id()),
        kept_in: None,
    })
}

/// The entries of all groups together.
fn heads(driver: &mut Driver) -> Result<u64, BenchError> {
    let groups = 0..driver.groups.len();
    groups
        .map(|group| Ok(driver.timeline(group)?.head().get()))
        .sum()
}

/// Stores the messages until the disk is full or the run is ended.
fn fill(
    driver: &mut Driver,
    messages: u64,
    settings: &Settings,
    folder: &Path,
    watcher: &mut Watcher,
) -> Result<Progress, BenchError> {
    let stop = watcher.stop();
    let mut corpus = Corpus::new(settings.body, settings.scratch.seed);
    let mut picker = Picker::new(settings.conversations, SKEW, settings.scratch.seed);
    let mut batch = Vec::new();
    let mut progress = Progress::begin(messages);
    let mut stored = 0;
    while stored < messages && !stop.is_asked() {
        let began = Instant::now();
        for _ in 0..settings.batch.min(messages - stored) {
            batch.push((picker.pick(), corpus.text()?));
        }
        progress.making_texts += began.elapsed();
        stored += batch.len() as u64;
        for (group, text) in batch.drain(..) {
            driver.send(group, text)?;
            if driver.engine.batch_bytes() >= BATCH_BYTES_TARGET {
                driver.commit()?;
            }
        }
        driver.commit()?;
        if progress.is_due(stored) {
            progress.sample(stored, folder);
            if !DiskBudget(folder).is_left() {
                break;
            }
        }
        watcher.tell(&|| {
            let rate = stored as f64 / progress.elapsed().as_secs_f64();
            let left_s = (messages - stored) as f64 / rate;
            let [count, of, rate] = [stored as f64, messages as f64, rate].map(grouped);
            let disk = sized(system::bytes_below(folder));
            format!("{count} of {of} messages, {rate} /s, {disk} on disk, {left_s:.0} s left")
        });
    }
    progress.sample(stored, folder);
    Ok(progress)
}

#[cfg(test)]
mod tests;
