//! `session`: what an interactive client costs: its start from the cache, scrolling, memory, and
//! messages that arrive.

mod draw;
mod fill;
mod measure;
mod results;

use std::io::Write;
use std::path::PathBuf;

use cairn_session::store::StoreError;
use clap::Args;
use serde::{Deserialize, Serialize};

pub use self::draw::{Draw, Draws};

use crate::args::whole;
use crate::child::Child;
use crate::error::{BenchError, Result};
use crate::results::Report;
use crate::scratch::Scratch;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages of the conversation that is opened
    #[arg(long, value_name = "N", default_value_t = 100_000,
        value_parser = whole::<u64>(1_000..=1_000_000))]
    messages: u64,

    /// Conversations in the list
    #[arg(long, value_name = "N", default_value_t = 5_000,
        value_parser = whole::<u32>(1..=100_000))]
    conversations: u32,

    /// Messages that arrive per second
    #[arg(long, value_name = "N", default_value_t = 500,
        value_parser = whole::<u32>(60..=100_000))]
    rate: u32,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

/// One process with one cache.
#[derive(Debug, Args)]
pub struct ReaderArgs {
    /// The folder of the profile
    dir: PathBuf,
    /// The number of messages that arrive per second
    #[arg(long)]
    rate: u32,
}

/// What one process measured. Times are processor time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// From the start of the process to the list, with what was stored.
    list_ms: f64,
    /// From there to the rows of the conversation.
    window_ms: f64,
    /// One page of scrolling back: its entries from the disk, and its rows.
    page_us: Spread,
    /// One message: applied, counted and written.
    message_us: f64,
    /// The list, the totals and the window, after the messages of one frame arrived.
    views_us: Spread,
    /// A query of the quick switcher.
    switcher_us: Spread,
    /// A frame after messages arrived, and a key with its frame; zero without a client that draws.
    frame_us: Spread,
    key_us: Spread,
    /// Of the process, before the messages arrived.
    resident_mib: Option<f64>,
}

/// Processor time of one step, over many.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spread {
    median: f64,
    max: f64,
}

/// Fills one cache with a long conversation and one with many, and measures each in a process of
/// its own.
pub fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let folder = settings.scratch.open()?;
    let mut measured = Vec::new();
    let profiles = [
        ("long", settings.messages, 50),
        ("many", 1_000, settings.conversations),
    ];
    for (name, messages, conversations) in profiles {
        if watcher.is_asked() {
            break;
        }
        watcher.tell(|| format!("storing {messages} messages and {conversations} conversations"));
        let dir = folder.path().join(name);
        std::fs::create_dir(&dir).map_err(BenchError::io("cannot make a folder"))?;
        fill::fill(&dir, messages, conversations, settings.scratch.seed)?;
        watcher.tell(|| "measuring".to_owned());
        let rate = settings.rate.to_string();
        let dir = dir.display().to_string();
        let args = ["bench", "session-reader", &dir, "--rate", &rate];
        let failed = || BenchError::io("cannot measure in another process");
        let mut child = Child::start(args).map_err(failed())?;
        measured.push(child.read::<Measured>().map_err(failed())?);
    }
    let mut measured = measured.into_iter();
    let results = results::results(measured.next(), measured.next());
    let subject = settings.scratch.subject();
    Ok(subject.report("session", &settings, watcher.is_asked(), results))
}

/// Measures one cache, and prints the result as a line of JSON. With `draws`, drawing as well.
pub fn read(args: &ReaderArgs, draws: Option<Draws>, output: &mut impl Write) -> Result<()> {
    let measured = measure::measure(&args.dir, args.rate, draws)?;
    let line = serde_json::to_string(&measured).unwrap_or_default();
    writeln!(output, "{line}").map_err(BenchError::io("cannot print"))
}

fn cache_failed(error: StoreError) -> BenchError {
    BenchError::Storage {
        name: "the cache".to_owned(),
        source: Box::new(error),
    }
}

impl Spread {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self {
            median: times.get(times.len() / 2).copied().unwrap_or_default(),
            max: times.last().copied().unwrap_or_default(),
        }
    }
}
