//! `files`: how fast a file goes up and down, what memory that takes, and what it costs those who
//! send messages meanwhile.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use cairn_client::proto::content::attachment::Attachment;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{Caption, FileName, MediaType, Text};
use cairn_client::{Account, Client, Uploaded};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::target::{Target, TargetArgs, quiet};
use crate::args::whole;
use crate::error::BenchError;
use crate::latency::{Latencies, Percentiles};
use crate::limits;
use crate::results::{Report, Results, Unit, list};
use crate::system;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// The length of the file
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = whole::<u32>(1..=2_048))]
    mib: u32,

    /// Messages that another user sends meanwhile, each when the one before is accepted and its
    /// turn has come
    #[arg(long, value_name = "PER-SECOND", default_value_t = 200,
        value_parser = whole::<u32>(1..=10_000))]
    rate: u32,

    /// How long to send messages on an idle server first, for comparison
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT,
        value_parser = whole::<u32>(1..))]
    seconds: u32,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Default)]
struct FilesResults {
    /// Of a message, while nothing else happens.
    idle: Option<Percentiles>,
    up: Option<Transfer>,
    down: Option<Transfer>,
}

/// One direction of the file.
#[derive(Debug)]
struct Transfer {
    mib_per_s: f64,
    /// How much the memory of the server and of this process grew at most.
    server_mib_more: Option<f64>,
    client_mib_more: Option<f64>,
    /// Of a message of another user meanwhile.
    latency: Option<Percentiles>,
}

/// Measures it.
///
/// # Errors
/// What was measured before an interruption is reported, unless that is nothing.
pub async fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let stop = watcher.stop();
    let mut setup = stop
        .clone()
        .unless_asked(Setup::new(&settings, watcher))
        .await?;
    let mut results = FilesResults::default();
    let steps = steps(&settings, &setup, &mut results, watcher);
    let interrupted = match stop.unless_asked(steps).await {
        Ok(()) => false,
        Err(BenchError::Interrupted) if results.idle.is_some() => true,
        Err(error) => return Err(setup.target.blame(error)),
    };
    Ok(Report::new(
        "files",
        setup.target.subject,
        &settings,
        interrupted,
        results.list(),
    ))
}

struct Setup {
    target: Target,
    /// Sends messages meanwhile.
    talker: Client,
    rate: u32,
    transfer_client: TransferClient,
    /// Removed with this.
    _dir: TempDir,
}

impl Setup {
    async fn new(settings: &Settings, watcher: &mut Watcher) -> Result<Self, BenchError> {
        let target = Target::open(&settings.target).await?;
        let mut joined = target.join("talker", 2, None, &quiet(), watcher).await?;
        let (Some((owner, account)), Some((talker, _))) = (joined.pop(), joined.pop()) else {
            return Err(BenchError::EndedEarly);
        };
        let members = |_| vec![talker.whoami().user, account.user];
        let group = target.groups(1, members, watcher).await?[0];
        // It connects again on its own thread: what it does must not delay the other clients.
        owner.close().await;
        watcher.tell(&|| format!("creating a file of {} MiB", settings.mib));
        let (parent, mib, seed) = (settings.target.parent(), settings.mib, settings.target.seed);
        let create = move || {
            let dir = system::temporary_dir(&parent)?;
            let path = dir.path().join("file");
            let cannot = BenchError::io(format!("cannot make the file {}", path.display()));
            create_file(&path, mib, seed).map_err(cannot)?;
            Ok::<_, BenchError>((dir, path))
        };
        let (dir, path) = spawn_blocking(create).await??;
        Ok(Self {
            target,
            talker,
            rate: settings.rate,
            transfer_client: TransferClient {
                account,
                path,
                group,
            },
            _dir: dir,
        })
    }

    /// Sends messages until `meanwhile` is done. A latency lasts from a send to its acceptance.
    async fn talk<T>(
        &self,
        meanwhile: JoinHandle<Result<T, BenchError>>,
        mut sent: impl FnMut(&Latencies),
    ) -> Result<(T, Latencies), BenchError> {
        let text = Text::new("x".repeat(200))?;
        let mut turns = interval(Duration::from_secs(1) / self.rate);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut latencies = Latencies::new();
        while !meanwhile.is_finished() {
            turns.tick().await;
            let began = Instant::now();
            let body = Body::Text(text.clone());
            self.talker
                .conversation(self.transfer_client.group)
                .send(body)
                .await?;
            latencies.record(began.elapsed());
            sent(&latencies);
        }
        Ok((meanwhile.await??, latencies))
    }

    /// Measures a transfer while messages are sent.
    async fn measure<T: Send + 'static>(
        &self,
        mib: u32,
        transfer: JoinHandle<Result<T, BenchError>>,
        watcher: &mut Watcher,
        direction: &str,
    ) -> Result<(T, Transfer), BenchError> {
        let own = || system::resident_kib(process::id());
        let (server, before) = (self.target.server_mib(), own());
        let (began, mut peak) = (Instant::now(), before);
        let sent = |latencies: &Latencies| {
            peak = peak.max(own());
            let count = latencies.count();
            watcher.tell(&|| {
                format!("{mib} MiB on their way {direction}, {count} messages accepted meanwhile")
            });
        };
        let (done, server_peak) = self.target.with_peak(self.talk(transfer, sent)).await;
        let (done, latencies) = done?;
        let mib_of = |kib: Option<u64>| kib.map(|kib| kib as f64 / 1_024.0);
        let more = |peak: Option<f64>, before: Option<f64>| Some((peak? - before?).max(0.0));
        let transfer = Transfer {
            mib_per_s: f64::from(mib) / began.elapsed().as_secs_f64(),
            server_mib_more: more(server_peak, server),
            client_mib_more: more(mib_of(peak), mib_of(before)),
            latency: latencies.percentiles(),
        };
        Ok((done, transfer))
    }
}

/// Each step adds to the results, so that an interruption keeps those of the steps before it.
async fn steps(
    settings: &Settings,
    setup: &Setup,
    results: &mut FilesResults,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    watcher.tell(&|| "nothing but messages".to_owned());
    let rest = |time| {
        tokio::spawn(async move {
            sleep(time).await;
            Ok(())
        })
    };
    setup.talk(rest(limits::WARM_UP), |_| {}).await?;
    let seconds = Duration::from_secs(settings.seconds.into());
    let ((), latencies) = setup.talk(rest(seconds), |_| {}).await?;
    results.idle = latencies.percentiles();
    let (mib, client) = (settings.mib, &setup.transfer_client);
    let up = client.clone().on_its_own_thread(TransferClient::upload);
    let (sent, transfer) = setup.measure(mib, up, watcher, "up").await?;
    results.up = Some(transfer);
    let down =
        async move |client: &Client, this: &TransferClient| this.download(client, sent).await;
    let down = client.clone().on_its_own_thread(down);
    let ((), transfer) = setup.measure(mib, down, watcher, "down").await?;
    results.down = Some(transfer);
    Ok(())
}

/// A client with a file, on a thread and a runtime of its own.
#[derive(Clone, Debug)]
struct TransferClient {
    account: Account,
    path: PathBuf,
    group: ConversationId,
}

impl TransferClient {
    fn on_its_own_thread<T, W>(self, work: W) -> JoinHandle<Result<T, BenchError>>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&Client, &Self) -> Result<T, BenchError> + Send + 'static,
    {
        spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(BenchError::io("cannot start a client"))?;
            runtime.block_on(async {
                let options = Client::builder().push(false);
                let client = options.connect(&self.account).await?;
                let done = work(&client, &self).await;
                client.close().await;
                done
            })
        })
    }

    /// Uploads the file and sends it.
    async fn upload(client: &Client, this: &Self) -> Result<(MsgId, Attachment), BenchError> {
        let Uploaded { hash, size_bytes } = client.upload_file(&this.path, |_| {}).await?;
        let file = Attachment {
            hash,
            name: FileName::new("file")?,
            media_type: MediaType::new("application/octet-stream")?,
            size_bytes,
            caption: Caption::new("")?,
        };
        let msgid = client
            .conversation(this.group)
            .send(Body::from(file.clone()))
            .await?;
        Ok((msgid, file))
    }

    /// Downloads the file and checks its hash.
    async fn download(
        &self,
        client: &Client,
        (msgid, file): (MsgId, Attachment),
    ) -> Result<(), BenchError> {
        let path = self.path.with_extension("back");
        Ok(client
            .conversation(self.group)
            .download(msgid, &file, &path, |_| {})
            .await?)
    }
}

/// Writes a file of which no two parts are alike.
fn create_file(path: &Path, mib: u32, seed: u64) -> io::Result<()> {
    let (mut random, mut file) = (StdRng::seed_from_u64(seed), File::create(path)?);
    let mut part = vec![0; 1 << 20];
    for _ in 0..mib {
        random.fill_bytes(&mut part);
        file.write_all(&part)?;
    }
    file.sync_all()
}

impl FilesResults {
    fn list(self) -> Results {
        let mut results = Results::default();
        let meaning = "of a message, sent to accepted, without a file";
        results.latency("latency_ms_idle", self.idle, "latency, idle", meaning);
        let up = [
            "upload",
            "latency, up",
            "p99, up",
            "server, up",
            "clients, up",
        ];
        let down = [
            "download",
            "latency, down",
            "p99, down",
            "server, down",
            "clients, down",
        ];
        for (field, names, transfer) in [("up", up, self.up), ("down", down, self.down)] {
            let transfer = transfer.map(|transfer| transfer.list(self.idle, names));
            results
                .figures
                .extend(transfer.iter().flat_map(|listed| listed.figures.clone()));
            results.json(field, transfer);
        }
        results
    }
}

impl Transfer {
    fn list(
        self,
        idle: Option<Percentiles>,
        [speed, latency, ratio, server, clients]: [&'static str; 5],
    ) -> Results {
        let (mut results, mib) = (Results::default(), Unit::new(1, " MiB"));
        list! { results;
            "mib_per_s": self.mib_per_s, Unit::new(0, " MiB/s"),
                speed => "hashing, login and the syncs of the disk included";
            "latency_ms": self.latency, Unit::MILLIS,
                latency => "of a message of another user meanwhile";
        }
        if let Some((taken, idle)) = self.latency.zip(idle) {
            let times = Unit::TIMES.show(taken.p99 / idle.p99);
            results.row(ratio, times, "what it is without a file");
        }
        list! { results;
            "server_mib_more": self.server_mib_more, mib,
                server => "memory more than before, at most";
            "client_mib_more": self.client_mib_more, mib, clients =>
                "memory more than before, at most, of the whole load generator";
        }
        results
    }
}
