//! `files`: the speed of an upload and a download, the memory that they take, and their effect on
//! the latency of concurrent sends.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::attachment::Attachment;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{Caption, FileName, MediaType, Text};
use cairn_client::{Account, Client, Uploaded};
use clap::Args;
use futures_util::FutureExt as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use tempfile::TempDir;
use tokio::runtime;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::target::{Target, TargetArgs, higher};
use crate::args::whole;
use crate::error::{BenchError, Result};
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

    /// Messages that another user sends meanwhile, each when the one before is accepted and the
    /// next one is due
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

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    Target::run("files", &settings, &settings.target, watcher, measure).await
}

async fn measure(settings: &Settings, target: &mut Target) -> Result<Results> {
    let watcher = &target.watcher;
    let setup = watcher.unless_asked(Setup::new(settings, target)).await?;
    let idle = watcher.unless_asked(setup.idle()).await?;
    let (mut results, [mut up, mut down]) = (Results::default(), [None, None]);
    let meaning = "of a message, sent to accepted, without a file";
    list! { results;
        "latency_ms_idle": idle, Unit::MILLIS, "latency, idle" => meaning;
    }
    // An interruption keeps the result of the upload.
    let transferring = async {
        let uploading = setup.owner.clone().upload();
        let (sent, transfer) = setup.measure(uploading, idle, "up", "upload").await?;
        up = Some(transfer);
        let downloading = setup.owner.clone().download(sent);
        let ((), transfer) = setup.measure(downloading, idle, "down", "download").await?;
        down = Some(transfer);
        Ok(())
    };
    watcher.until_asked(transferring).await?;
    for (field, transfer) in [("up", up), ("down", down)] {
        let figures = transfer.iter().flat_map(|listed: &Results| &listed.figures);
        results.figures.extend(figures.cloned());
        results.json(field, transfer);
    }
    Ok(results)
}

struct Setup<'a> {
    target: &'a Target,
    settings: &'a Settings,
    talker: Client,
    owner: Owner,
}

impl<'a> Setup<'a> {
    async fn new(settings: &'a Settings, target: &'a Target) -> Result<Self> {
        let (account, talker) = target.pair("talker").await?;
        let members = vec![talker.whoami().user, account.user];
        let group = target.groups([members].into_iter()).await?[0];
        let (mib, seed) = (settings.mib, settings.target.scratch.seed);
        let watcher = &target.watcher;
        watcher.tell(|| format!("creating a file of {mib} MiB"));
        let dir = settings.target.scratch.open()?;
        let path = dir.path().join("file");
        let cannot = BenchError::io(format!("cannot make the file {}", path.display()));
        let creating = spawn_blocking(move || create_file(&path, mib, seed));
        creating.await?.map_err(cannot)?;
        Ok(Self {
            target,
            settings,
            talker,
            owner: Owner {
                account,
                dir: Arc::new(dir),
                group,
            },
        })
    }

    /// Sends messages until `meanwhile` is done. Latencies end with the acceptance.
    async fn talk<T>(
        &self,
        meanwhile: JoinHandle<Result<T>>,
        mut sent: impl FnMut(u64),
    ) -> Result<(T, Latencies)> {
        let (group, text) = (self.owner.group, Text::new("x".repeat(200))?);
        let mut turns = interval(Duration::from_secs(1) / self.settings.rate);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut latencies = Latencies::default();
        while !meanwhile.is_finished() {
            turns.tick().await;
            let began = Instant::now();
            let body = Body::Text(text.clone());
            self.talker.conversation(group).send(body).await?;
            latencies.record(began.elapsed());
            sent(latencies.count());
        }
        Ok((meanwhile.await??, latencies))
    }

    async fn idle(&self) -> Result<Option<Percentiles>> {
        let watcher = &self.target.watcher;
        watcher.tell(|| "nothing but messages".to_owned());
        let rest = |time| tokio::spawn(sleep(time).map(Ok));
        self.talk(rest(limits::WARM_UP), |_| {}).await?;
        let seconds = Duration::from_secs(self.settings.seconds.into());
        let ((), latencies) = self.talk(rest(seconds), |_| {}).await?;
        Ok(latencies.percentiles())
    }

    async fn measure<T: Send + 'static>(
        &self,
        transfer: impl Future<Output = Result<T>> + Send + 'static,
        idle: Option<Percentiles>,
        direction: &str,
        speed: &str,
    ) -> Result<(T, Results)> {
        let own = || system::resident_mib(process::id());
        let (mib, server_before, own_before) = (self.settings.mib, self.target.server_mib(), own());
        let (began, mut own_peak) = (Instant::now(), own_before);
        let sent = |count| {
            own_peak = higher(own_peak, own());
            self.target.watcher.tell(|| {
                format!("{mib} MiB on their way {direction}, {count} messages accepted meanwhile")
            });
        };
        let talking = self.talk(on_its_own_thread(transfer), sent);
        let (done, server_peak) = self.target.with_peak(talking).await;
        let (done, latencies) = done?;
        let mib_per_s = f64::from(mib) / began.elapsed().as_secs_f64();
        let more = |peak: Option<f64>, before: Option<f64>| Some((peak? - before?).max(0.0));
        let (mut results, mib) = (Results::default(), Unit::new(1, " MiB"));
        let name = |of: &str| format!("{of}, {direction}");
        list! { results;
            "mib_per_s": mib_per_s, Unit::new(0, " MiB/s"),
                speed => "hashing, login and the syncs of the disk included";
            "latency_ms": &latencies, Unit::MILLIS,
                name("latency") => "of a message of another user meanwhile";
        }
        let both = latencies.percentiles().zip(idle);
        let times = both.map(|(taken, idle)| taken.p99 / idle.p99);
        results.show(name("p99"), times, Unit::TIMES, "what it is without a file");
        list! { results;
            "server_mib_more": more(server_peak, server_before), mib,
                name("server") => "memory more than before, at most";
            "client_mib_more": more(own_peak, own_before), mib,
                name("clients") => "memory more than before, at most, of the whole load generator";
        }
        Ok((done, results))
    }
}

/// Runs a client on a thread of its own, where it cannot delay the others.
fn on_its_own_thread<T: Send + 'static>(
    client: impl Future<Output = Result<T>> + Send + 'static,
) -> JoinHandle<Result<T>> {
    spawn_blocking(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(BenchError::io("cannot start a client"))?;
        runtime.block_on(client)
    })
}

/// The user who transfers the file, on a new connection for each transfer.
#[derive(Clone, Debug)]
struct Owner {
    account: Account,
    dir: Arc<TempDir>,
    group: ConversationId,
}

impl Owner {
    async fn connect(&self) -> Result<Client> {
        Ok(Client::builder().push(false).connect(&self.account).await?)
    }

    async fn upload(self) -> Result<(MsgId, Attachment)> {
        let (client, path) = (self.connect().await?, self.dir.path().join("file"));
        let Uploaded { hash, size_bytes } = client.upload_file(&path, |_| {}).await?;
        let file = Attachment {
            hash,
            name: FileName::new("file")?,
            media_type: MediaType::new("application/octet-stream")?,
            size_bytes,
            caption: Caption::new("")?,
        };
        let group = client.conversation(self.group);
        let msgid = group.send(Body::from(file.clone())).await?;
        client.close().await;
        Ok((msgid, file))
    }

    async fn download(self, (msgid, file): (MsgId, Attachment)) -> Result<()> {
        let (client, path) = (self.connect().await?, self.dir.path().join("back"));
        let group = client.conversation(self.group);
        group.download(msgid, &file, &path, |_| {}).await?;
        client.close().await;
        Ok(())
    }
}

/// Writes a file without repeated content.
fn create_file(path: &Path, mib: u32, seed: u64) -> io::Result<()> {
    let (mut random, mut file) = (StdRng::seed_from_u64(seed), File::create(path)?);
    let mut part = vec![0; 1 << 20];
    for _ in 0..mib {
        random.fill_bytes(&mut part);
        file.write_all(&part)?;
    }
    file.sync_all()
}
