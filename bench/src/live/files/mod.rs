//! `files`: how fast a file goes up and down, what memory that takes, and what it costs those who talk meanwhile.

mod found;
mod talk;
mod traveller;

use std::fmt;
use std::path::PathBuf;
use std::process;
use std::time::{Duration, Instant};

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use clap::Args;
use serde::Serialize;
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use self::found::{FilesFound, Way};
use self::talk::talk;
use self::traveller::{Traveller, make_file};
use super::venue::{Place, Venue, quiet};
use crate::error::BenchError;
use crate::latency::Latencies;
use crate::limits;
use crate::report::{Report, grouped};
use crate::system;
use crate::watcher::Watcher;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// The length of the file
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=2_048))]
    mib: u32,

    /// Messages that somebody else sends meanwhile, each when the one before is accepted and its turn has come
    #[arg(long, value_name = "PER-SECOND", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,

    /// How long somebody talks while nothing else happens, to compare with
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a file of {} MiB, beside {} messages/s",
            grouped(self.mib.into()),
            grouped(self.rate.into())
        )
    }
}

/// Everything that a run needs before it measures.
struct Cast {
    venue: Venue,
    /// Talks.
    talker: Client,
    group: ConversationId,
    /// Has the file, and gets it back.
    traveller: Traveller,
    /// Goes with the run.
    _dir: TempDir,
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, FilesFound>, BenchError> {
    let stop = watcher.stop();
    let mut cast = stop
        .clone()
        .unless_asked(prepare(&settings, watcher))
        .await?;
    let mut found = FilesFound::default();
    let interrupted = match stop
        .unless_asked(steps(&settings, &cast, &mut found, watcher))
        .await
    {
        Ok(()) => false,
        Err(BenchError::Interrupted) if found.latency_ms_idle.is_some() => true,
        Err(error) => return Err(cast.venue.blame(error)),
    };
    Ok(Report::new(
        "files",
        cast.venue.subject(),
        settings,
        interrupted,
        found,
    ))
}

async fn prepare(settings: &Settings, watcher: &mut Watcher) -> Result<Cast, BenchError> {
    let venue = Venue::open(&settings.place).await?;
    let mut joined = venue.join("talker", 2, &quiet(), |_| {}).await?.into_iter();
    let (Some((talker, _)), Some((traveller, account))) = (joined.next(), joined.next()) else {
        return Err(BenchError::EndedEarly);
    };
    let group = venue
        .groups(1, |_| vec![talker.whoami().user, account.user], |_| {})
        .await?[0];
    // It comes back on a thread of its own: what a client does with a file is not to be felt by the others of this process.
    traveller.close().await;
    watcher.tell(&|| format!("making a file of {} MiB", settings.mib));
    let (parent, mib, seed) = (settings.place.parent(), settings.mib, settings.place.seed);
    let made = move || {
        let dir = tempfile::Builder::new()
            .prefix("cairn-bench-")
            .tempdir_in(&parent);
        let dir = dir.map_err(|source| BenchError::Directory {
            dir: parent,
            source,
        })?;
        let path = dir.path().join("file");
        make_file(&path, mib, seed).map_err(|source| BenchError::File {
            path: path.clone(),
            source,
        })?;
        Ok::<(TempDir, PathBuf), BenchError>((dir, path))
    };
    let (dir, path) = spawn_blocking(made)
        .await
        .map_err(|_| BenchError::Panicked)??;
    Ok(Cast {
        venue,
        talker,
        group,
        traveller: Traveller {
            account,
            path,
            group,
        },
        _dir: dir,
    })
}

/// One step after the other; each adds to what was found.
async fn steps(
    settings: &Settings,
    cast: &Cast,
    found: &mut FilesFound,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    watcher.tell(&|| "nothing but talk".to_owned());
    let idle = tokio::spawn(rest(limits::WARM_UP));
    talk(&cast.talker, cast.group, settings.rate, idle, |_| {}).await?;
    let idle = tokio::spawn(rest(Duration::from_secs(settings.seconds.into())));
    let ((), latencies) = talk(&cast.talker, cast.group, settings.rate, idle, |_| {}).await?;
    found.latency_ms_idle = latencies.percentiles();
    let traveller = cast.traveller.clone();
    let up = traveller.on_a_thread(Traveller::up);
    let (sent, way) = travel(settings, cast, up, watcher, "up").await?;
    found.up = Some(way);
    let traveller = cast.traveller.clone();
    let down = traveller
        .on_a_thread(async move |client, traveller| Traveller::down(client, traveller, sent).await);
    let (_, way) = travel(settings, cast, down, watcher, "down").await?;
    found.down = Some(way);
    Ok(())
}

async fn rest(time: Duration) -> Result<(), BenchError> {
    sleep(time).await;
    Ok(())
}

/// Lets a file travel while somebody talks.
async fn travel<T: Send + 'static>(
    settings: &Settings,
    cast: &Cast,
    journey: JoinHandle<Result<T, BenchError>>,
    watcher: &mut Watcher,
    direction: &str,
) -> Result<(T, Way), BenchError> {
    let own = || system::resident_kib(process::id());
    let before = (cast.venue.server_kib(), own());
    let (began, mut most_own) = (Instant::now(), own());
    let tell = |latencies: &Latencies| {
        most_own = most_own.max(own());
        watcher.tell(&|| {
            format!(
                "{} MiB on their way {direction}, {} messages accepted meanwhile",
                settings.mib,
                latencies.count()
            )
        });
    };
    let (done, most_server) = cast
        .venue
        .with_peak(talk(&cast.talker, cast.group, settings.rate, journey, tell))
        .await;
    let (arrived, latencies) = done?;
    let seconds = began.elapsed().as_secs_f64();
    let more = |most: Option<u64>, before: Option<u64>| {
        Some(most?.saturating_sub(before?) as f64 / 1_024.0)
    };
    let way = Way {
        mib_per_s: f64::from(settings.mib) / seconds,
        server_mib_more: more(most_server, before.0),
        client_mib_more: more(most_own, before.1),
        latency_ms: latencies.percentiles(),
    };
    Ok((arrived, way))
}
