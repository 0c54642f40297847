//! `fill`: many messages in a row, with checkpoints, and the engine's performance with all of them
//! stored.

mod disk_budget;
mod progress;
mod reads;
mod results;

use std::path::Path;
use std::time::Instant;

use bytesize::ByteSize;
use cairn_store::engine::Engine;
use cairn_store::limits::BATCH_BYTES_TARGET;
use clap::Args;
use serde::Serialize;

use super::driver::Driver;
use super::messages::LoadSettings;
use crate::args::whole;
use crate::error::Result;
use crate::results::{Report, Unit, grouped, list};
use crate::system;
use crate::watcher::Watcher;

use progress::Progress;
use reads::Target;
use results::Reopened;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages to store
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = whole::<u64>(1..))]
    messages: u64,

    /// Messages per durable commit, at most
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = whole::<u64>(1..=100_000))]
    batch: u64,

    /// Keep the data directory, and print its path
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    #[serde(flatten)]
    load: LoadSettings,
}

/// Fills a data directory and reads from it. An interrupted run reports what it measured.
pub fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let scratch = settings.load.scratch.open()?;
    let folder = scratch.path();
    let messages = disk_budget::limit(folder, settings.messages, settings.load.body)?;
    let mut driver = Driver::create(folder, settings.load.conversations, 0)?;
    let heads_before = heads(&mut driver)?;
    let progress = fill(&mut driver, messages, &settings, folder, watcher)?;
    let stored = progress.last().messages;
    let disk_full = stored < settings.messages && !watcher.is_asked();
    let mut results = results::speed(&progress, disk_full);
    watcher.tell(|| "closing the data directory".to_owned());
    let (sender, groups) = (driver.sender, driver.groups.clone());
    let began = Instant::now();
    driver.close()?;
    let close_s = began.elapsed().as_secs_f64();
    let message_bytes = stored * settings.load.body as u64;
    results::at_rest(&mut results, folder, message_bytes, close_s);
    let mut reopened = Reopened::default();
    if !watcher.is_asked() {
        watcher.tell(|| "opening the data directory again".to_owned());
        let began = Instant::now();
        let mut driver = Driver::resume(Engine::open(folder)?, sender, groups);
        reopened.open_s = Some(began.elapsed().as_secs_f64());
        let found = heads(&mut driver)? - heads_before;
        reopened.missing = Some(stored.saturating_sub(found));
        let mut read = |target| reads::measure(&mut driver, target, &settings, stored, watcher);
        reopened.last_50 = read(Target::Newest)?;
        reopened.old_50 = read(Target::Old)?;
        driver.close()?;
    }
    results::reopened(&mut results, &reopened);
    let kept_in = settings.keep.then(|| scratch.keep().display().to_string());
    results::on_the_way(&mut results, &progress.samples, settings.load.body as f64);
    list! { results;
        "kept_in": kept_in, Unit::COUNT, "kept in" => "the data directory";
    }
    let subject = settings.load.scratch.subject();
    Ok(subject.report("fill", &settings, watcher.is_asked(), results))
}

fn heads(driver: &mut Driver) -> Result<u64> {
    let groups = 0..driver.groups.len();
    let head = |group| Ok(driver.timeline(group)?.head().get());
    groups.map(head).sum()
}

/// Stores the messages until the disk is full or the run is ended.
fn fill(
    driver: &mut Driver,
    messages: u64,
    settings: &Settings,
    folder: &Path,
    watcher: &Watcher,
) -> Result<Progress> {
    let mut load = settings.load.load();
    let mut batch = Vec::new();
    let mut progress = Progress::begin(messages);
    let mut stored = 0;
    while stored < messages && !watcher.is_asked() {
        let began = Instant::now();
        for _ in 0..settings.batch.min(messages - stored) {
            batch.push(load.message()?);
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
            if !disk_budget::is_left(folder) {
                break;
            }
        }
        watcher.tell(|| {
            let rate = stored as f64 / progress.began.elapsed().as_secs_f64();
            let left_s = (messages - stored) as f64 / rate;
            let [count, of, rate] = [stored as f64, messages as f64, rate].map(grouped);
            let disk = ByteSize(system::bytes_below(folder));
            format!("{count} of {of} messages, {rate} /s, {disk} on disk, {left_s:.0} s left")
        });
    }
    progress.sample(stored, folder);
    Ok(progress)
}

#[cfg(test)]
mod tests;
