//! `overview`: how long a device that was here before takes to know what changed among very many conversations.

use std::fmt;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, RequestId, Timestamp};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::Welcome;
use cairn_client::proto::wire::overview::{ConversationPage, Moment};
use cairn_client::proto::wire::response::{Response, ServerFrame};
use cairn_client::{Account, Client, Error, Options, WhoAmI};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::time::Instant;

use super::own_server::End;
use super::venue::{Place, Venue, gather, quiet};
use crate::error::BenchError;
use crate::latency::{Latencies, Percentiles};
use crate::limits;
use crate::report::{Figure, Found, Report, Table, counted, sized};
use crate::watcher::Watcher;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Conversations of the user; beside it, another user with 50 is measured
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=20_000))]
    conversations: usize,

    /// How many of them have something new when the device returns; of the 50, as large a part
    #[arg(long, value_name = "N", default_value_t = 300)]
    changed: usize,

    /// How often the device returns
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    rounds: usize,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversations,
            changed,
            rounds,
            ..
        } = self;
        write!(
            f,
            "{}, {changed} of them changed, {}",
            counted(*conversations, "conversation"),
            counted(*rounds, "return")
        )
    }
}

/// What a run found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// The user with as many conversations as were asked for comes first.
    overviews: Vec<Measured>,
}

/// What one user's device found.
#[derive(Debug, Serialize)]
struct Measured {
    conversations: usize,
    changed: usize,
    /// As many as changed were told of, each time.
    told_right: bool,
    /// While the server has all of it in memory.
    warm: Returns,
    /// The first return after the server was started anew, on a server of the run's own.
    after_restart: Option<Returns>,
    /// The welcome told all that changed, each time, and nothing more had to be asked.
    welcome_is_enough: bool,
    /// The welcome that tells what changed, as long as its frame.
    welcome_bytes: usize,
    /// The answers that tell what changed, as long as their frames.
    changed_bytes: usize,
    /// The answers that tell everything.
    all_bytes: usize,
}

/// How long a device took.
#[derive(Debug, Serialize)]
struct Returns {
    /// From nothing to knowing what changed, by a login that asks for it.
    known_ms: Option<Percentiles>,
    /// To be logged in, with everything ready to be pushed.
    login_ms: Option<Percentiles>,
    /// To know what changed, from there on, by asking.
    changed_ms: Option<Percentiles>,
    /// To know everything instead.
    all_ms: Option<Percentiles>,
}

/// A user with conversations, and who talks in them.
struct Stage {
    talker: Client,
    account: Account,
    groups: Vec<ConversationId>,
    changed: usize,
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    let stop = watcher.stop();
    let mut venue = stop
        .clone()
        .unless_asked(Venue::open(&settings.place))
        .await?;
    let mut found = Findings::default();
    let interrupted = match stop
        .unless_asked(steps(&settings, &mut venue, &mut found, watcher))
        .await
    {
        Ok(()) => false,
        Err(BenchError::Interrupted) if !found.overviews.is_empty() => true,
        Err(error) => return Err(error),
    };
    Ok(Report::new(
        "overview",
        venue.subject(),
        settings,
        interrupted,
        found,
    ))
}

async fn steps(
    settings: &Settings,
    venue: &mut Venue,
    found: &mut Findings,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let changed = settings.changed.min(settings.conversations);
    let beside = limits::OVERVIEW_BESIDE.min(settings.conversations);
    let share = (changed * beside).div_ceil(settings.conversations);
    for (name, conversations, changed) in [
        ("many", settings.conversations, changed),
        ("few", beside, share),
    ] {
        let stage = Stage::set(name, conversations, changed, venue, watcher).await?;
        let measured = measure(&stage, settings.rounds, venue, watcher).await?;
        found.overviews.push(measured);
    }
    Ok(())
}

impl Stage {
    async fn set(
        name: &str,
        conversations: usize,
        changed: usize,
        venue: &Venue,
        watcher: &mut Watcher,
    ) -> Result<Self, BenchError> {
        let mut joined = venue.join(name, 2, &quiet(), |_| {}).await?;
        let (Some((owner, account)), Some((talker, _))) = (joined.pop(), joined.pop()) else {
            return Err(BenchError::Interrupted);
        };
        owner.close().await;
        let create = |at: usize| {
            let (talker, user) = (talker.clone(), account.user);
            async move {
                Ok(talker
                    .create_group(GroupName::new(format!("conversation {at}"))?, vec![user])
                    .await?)
            }
        };
        let told =
            |done| watcher.tell(&|| format!("{done} of {conversations} conversations are made"));
        let groups = gather(conversations, create, told).await?;
        Ok(Self {
            talker,
            account,
            groups,
            changed,
        })
    }

    /// Something new in as many conversations as are to change, spread over all.
    async fn talk(&self) -> Result<(), BenchError> {
        let chosen: Vec<_> = (0..self.changed)
            .map(|at| self.groups[at * self.groups.len() / self.changed])
            .collect();
        let talk = |at: usize| {
            let (talker, group) = (self.talker.clone(), chosen[at]);
            async move {
                Ok(talker
                    .send(
                        group,
                        Body::Text(Text::new(
                            "something new, in about as many words as people need",
                        )?),
                    )
                    .await?)
            }
        };
        gather(chosen.len(), talk, |_| {}).await.map(drop)
    }
}

async fn measure(
    stage: &Stage,
    rounds: usize,
    venue: &mut Venue,
    watcher: &mut Watcher,
) -> Result<Measured, BenchError> {
    let device = Client::connect(&stage.account, quiet()).await?;
    let since = device.overview(None).await?.as_of;
    device.close().await;
    stage.talk().await?;
    let mut warm = Clocks::new();
    // The first return is not counted: it loads what the others find in memory.
    warm.come_back(stage, since).await?;
    warm = Clocks {
        told_right: warm.told_right,
        welcome_is_enough: warm.welcome_is_enough,
        ..Clocks::new()
    };
    for round in 0..rounds {
        watcher.tell(&|| {
            format!(
                "return {round} of {rounds}, with {} conversations",
                stage.groups.len()
            )
        });
        warm.come_back(stage, since).await?;
    }
    let mut cold = Clocks::new();
    let restarts = limits::OVERVIEW_RESTARTS;
    for restart in 0..restarts {
        watcher.tell(&|| {
            format!(
                "restart {restart} of {restarts}, with {} conversations",
                stage.groups.len()
            )
        });
        if venue.restart(End::Stop).await?.is_none() {
            break;
        }
        cold.come_back(stage, since).await?;
    }
    Ok(Measured {
        conversations: stage.groups.len(),
        changed: stage.changed,
        told_right: warm.told_right && cold.told_right,
        welcome_is_enough: warm.welcome_is_enough && cold.welcome_is_enough,
        welcome_bytes: warm.welcome_bytes,
        changed_bytes: warm.changed_bytes,
        all_bytes: warm.all_bytes,
        after_restart: (cold.login.count() > 0).then(|| cold.returns()),
        warm: warm.returns(),
    })
}

/// What is timed.
struct Clocks {
    known: Latencies,
    login: Latencies,
    changed: Latencies,
    all: Latencies,
    told_right: bool,
    welcome_is_enough: bool,
    welcome_bytes: usize,
    changed_bytes: usize,
    all_bytes: usize,
}

impl Clocks {
    fn new() -> Self {
        let [known, login, changed, all] = [(); 4].map(|()| Latencies::new());
        let (told_right, welcome_is_enough) = (true, true);
        Self {
            known,
            login,
            changed,
            all,
            told_right,
            welcome_is_enough,
            welcome_bytes: 0,
            changed_bytes: 0,
            all_bytes: 0,
        }
    }

    /// The device comes back in both ways.
    async fn come_back(&mut self, stage: &Stage, since: Moment) -> Result<(), BenchError> {
        self.be_told(stage, since).await?;
        self.ask(stage, since).await
    }

    /// The device logs in, and is told what changed with the welcome.
    async fn be_told(&mut self, stage: &Stage, since: Moment) -> Result<(), BenchError> {
        let began = Instant::now();
        let device = Client::connect(
            &stage.account,
            Options {
                since: Some(since),
                ..Options::default()
            },
        )
        .await?;
        let first = device.login_page();
        let is_enough = first.as_ref().is_some_and(|page| page.next_after.is_none());
        let pages = pages(&device, Some(since), first).await?;
        self.known.record(began.elapsed());
        self.welcome_is_enough &= is_enough;
        self.told_right &= told_of(&pages) == stage.changed;
        if let Some(page) = pages.into_iter().next() {
            self.welcome_bytes = welcome_bytes(&device, page);
        }
        device.close().await;
        Ok(())
    }

    /// The device logs in, asks what changed, and then for everything.
    async fn ask(&mut self, stage: &Stage, since: Moment) -> Result<(), BenchError> {
        let began = Instant::now();
        let device = Client::connect(&stage.account, Options::default()).await?;
        self.login.record(began.elapsed());
        let (took, changed) = timed(pages(&device, Some(since), None)).await;
        self.changed.record(took);
        let (took, all) = timed(pages(&device, None, None)).await;
        self.all.record(took);
        let (changed, all) = (changed?, all?);
        self.told_right &=
            told_of(&changed) == stage.changed && told_of(&all) == stage.groups.len();
        (self.changed_bytes, self.all_bytes) = (answer_bytes(changed), answer_bytes(all));
        device.close().await;
        Ok(())
    }

    fn returns(&self) -> Returns {
        Returns {
            known_ms: self.known.percentiles(),
            login_ms: self.login.percentiles(),
            changed_ms: self.changed.percentiles(),
            all_ms: self.all.percentiles(),
        }
    }
}

/// All pages of an overview, the first of which may be known.
async fn pages(
    device: &Client,
    since: Option<Moment>,
    first: Option<ConversationPage>,
) -> Result<Vec<ConversationPage>, Error> {
    let first = match first {
        Some(page) => page,
        None => device.overview_page(since, None).await?,
    };
    let (mut after, mut pages) = (first.next_after, vec![first]);
    while after.is_some() {
        let page = device.overview_page(since, after).await?;
        after = page.next_after;
        pages.push(page);
    }
    Ok(pages)
}

fn told_of(pages: &[ConversationPage]) -> usize {
    pages.iter().map(|page| page.items.len()).sum()
}

/// What pages take on the wire: each is one frame.
fn answer_bytes(pages: Vec<ConversationPage>) -> usize {
    let frame_of = |page| {
        frame::frame(&ServerFrame::Response(
            RequestId::new(1),
            Ok(Response::Conversations(page)),
        ))
    };
    pages.into_iter().map(|page| frame_of(page).len()).sum()
}

/// What a welcome with this page takes on the wire.
fn welcome_bytes(device: &Client, overview: ConversationPage) -> usize {
    let WhoAmI {
        user,
        name,
        role,
        device,
    } = device.whoami();
    // Any time of these years is as long as any other.
    let now = Timestamp::new(1 << 40);
    frame::frame(&ServerFrame::Welcome(Welcome {
        user,
        name,
        role,
        device,
        token: None,
        now,
        overview,
    }))
    .len()
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let done = work.await;
    (began.elapsed(), done)
}

impl Found for Findings {
    fn figures(&self) -> Vec<Figure> {
        let many = self.overviews.first().and_then(|many| many.warm.known_ms);
        let figure = |took| {
            Figure::of_latency(
                "what changed",
                took,
                "from nothing to knowing which conversations have something new",
            )
        };
        many.map(figure).into_iter().collect()
    }

    fn tables(&self) -> Vec<Table> {
        let columns = [
            "conversations",
            "changed",
            "when",
            "known by a login ms",
            "login ms",
            "what changed ms",
            "everything ms",
            "welcome",
            "changed",
            "everything",
        ];
        let rows = self.overviews.iter().flat_map(|measured| {
            let Measured {
                conversations,
                changed,
                welcome_bytes,
                changed_bytes,
                all_bytes,
                ..
            } = measured;
            let row = move |when: &str, returns: &Returns| {
                let p50 = |took: Option<Percentiles>| {
                    took.map_or("–".to_owned(), |took| format!("{:.1}", took.p50))
                };
                let Returns {
                    known_ms,
                    login_ms,
                    changed_ms,
                    all_ms,
                } = returns;
                let sizes =
                    [*welcome_bytes, *changed_bytes, *all_bytes].map(|bytes| sized(bytes as u64));
                let times = [known_ms, login_ms, changed_ms, all_ms].map(|took| p50(*took));
                [
                    conversations.to_string(),
                    changed.to_string(),
                    when.to_owned(),
                ]
                .into_iter()
                .chain(times)
                .chain(sizes)
                .collect()
            };
            let cold = measured
                .after_restart
                .as_ref()
                .map(|returns| row("after a restart", returns));
            [row("warm", &measured.warm)].into_iter().chain(cold)
        });
        vec![Table {
            title: "Returns".to_owned(),
            meaning: "Half of the returns took no longer. A login that says when the device was here before is told what changed with the \
                      welcome; the other columns are of one that is not, and asks. Sizes are those of the frames. After a restart the server \
                      loads what it is asked for first."
                .to_owned(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }]
    }

    fn is_sound(&self) -> bool {
        self.overviews.iter().all(|measured| measured.told_right)
    }
}
