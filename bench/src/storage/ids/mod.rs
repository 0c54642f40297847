//! `ids`: the cost of schemes for message ids, and their behaviour when the clock steps back or the
//! process crashes.

use clap::Args;
use serde::Serialize;

use super::messages::LoadSettings;
use crate::args::whole;
use crate::error::Result;
use crate::results::Report;
use crate::storage::limits::IDS_TRIAL_MESSAGES;
use crate::watcher::Watcher;

mod measure;
mod results;
mod scheme;
mod trial;

use results::SchemeResults;
use scheme::Scheme;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Ids to generate per scheme, without storing anything
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = whole::<u64>(1..))]
    ids: u64,

    /// Messages to store per scheme
    #[arg(long, value_name = "N", default_value_t = 200_000,
        value_parser = whole::<u64>(1..=10_000_000))]
    messages: u64,

    /// Messages per durable commit
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = whole::<usize>(1..=4_096))]
    batch: usize,

    #[command(flatten)]
    #[serde(flatten)]
    load: LoadSettings,
}

/// Tests and measures each scheme. An interrupted run reports what it measured.
pub fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let folder = settings.load.scratch.open()?;
    let mut schemes = Scheme::ALL.map(SchemeResults::new);
    for of in &mut schemes {
        if watcher.is_asked() {
            break;
        }
        watcher.tell(|| format!("trying what {} does", of.scheme));
        let seed = settings.load.scratch.seed;
        of.trials = Some(trial::trials(of.scheme, IDS_TRIAL_MESSAGES, seed));
    }
    measure::make_ids(&mut schemes, &settings, folder.path(), watcher)?;
    measure::store_and_read(&mut schemes, &settings, folder.path(), watcher)?;
    let results = results::results(&schemes);
    let subject = settings.load.scratch.subject();
    Ok(subject.report("ids", &settings, watcher.is_asked(), results))
}

#[cfg(test)]
mod tests;
