//! `overview`: how long a device that was here before takes to know what changed among very many
//! conversations.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, RequestId, Timestamp};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::{Capabilities, Welcome};
use cairn_client::proto::wire::overview::{ConversationPage, Moment};
use cairn_client::proto::wire::request::Answer;
use cairn_client::proto::wire::request::session::ListConversations;
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{Account, Client, Error, WhoAmI};
use clap::Args;
use serde::Serialize;
use tokio::time::Instant;

use super::target::{Stop, Target, TargetArgs, gather, quiet};
use crate::args::whole;
use crate::error::BenchError;
use crate::latency::{Latencies, Percentiles};
use crate::limits;
use crate::results::{Report, Results, Table, sized};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Conversations of the user; beside it, another user with 50 is measured
    #[arg(long, value_name = "N", default_value_t = 5_000,
        value_parser = whole::<usize>(1..=20_000))]
    conversations: usize,

    /// How many of them have something new when the device returns; of the 50, as large a part
    #[arg(long, value_name = "N", default_value_t = 300)]
    changed: usize,

    /// How often the device returns
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole::<usize>(1..=1_000))]
    rounds: usize,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

/// What one user's device found.
#[derive(Debug, Serialize)]
struct Overview {
    conversations: usize,
    changed: usize,
    /// Each time, as many conversations as changed were returned.
    told_right: bool,
    /// While the server has everything in memory.
    warm: Returns,
    /// The first return after a restart of the server, on a server of the run's own.
    after_restart: Option<Returns>,
    /// Each time, the welcome contained everything that changed.
    welcome_is_enough: bool,
    /// The lengths of the frames: the welcome, and the responses to requests for what changed and
    /// for everything.
    welcome_bytes: usize,
    changed_bytes: usize,
    all_bytes: usize,
}

#[derive(Debug, Serialize)]
struct Returns {
    /// From nothing to knowing what changed, by a login that asks for it.
    known_ms: Option<Percentiles>,
    /// To be logged in, with everything ready to be pushed.
    login_ms: Option<Percentiles>,
    /// To know what changed, from there on, by a request.
    changed_ms: Option<Percentiles>,
    /// To know everything instead.
    all_ms: Option<Percentiles>,
}

/// Measures it.
///
/// # Errors
/// What was measured before an interruption is reported, unless that is nothing.
pub async fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let stop = watcher.stop();
    let mut target = stop
        .clone()
        .unless_asked(Target::open(&settings.target))
        .await?;
    let mut overviews = Vec::new();
    let steps = steps(&settings, &mut target, &mut overviews, watcher);
    let interrupted = match stop.unless_asked(steps).await {
        Ok(()) => false,
        Err(BenchError::Interrupted) if !overviews.is_empty() => true,
        Err(error) => return Err(error),
    };
    Ok(Report::new(
        "overview",
        target.subject,
        &settings,
        interrupted,
        list(&overviews),
    ))
}

async fn steps(
    settings: &Settings,
    target: &mut Target,
    overviews: &mut Vec<Overview>,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let all = settings.conversations;
    let changed = settings.changed.min(all);
    let few = limits::OVERVIEW_BESIDE.min(all);
    let share = (changed * few).div_ceil(all);
    for (name, conversations, changed) in [("many", all, changed), ("few", few, share)] {
        let user = User::new(name, conversations, changed, target, watcher).await?;
        overviews.push(user.measure(settings.rounds, target, watcher).await?);
    }
    Ok(())
}

/// A user with conversations, and a client that writes to them.
struct User {
    writer: Client,
    account: Account,
    groups: Vec<ConversationId>,
    changed: usize,
}

impl User {
    async fn new(
        name: &str,
        conversations: usize,
        changed: usize,
        target: &Target,
        watcher: &mut Watcher,
    ) -> Result<Self, BenchError> {
        let mut joined = target.join(name, 2, None, &quiet(), watcher).await?;
        let (Some((owner, account)), Some((writer, _))) = (joined.pop(), joined.pop()) else {
            return Err(BenchError::EndedEarly);
        };
        owner.close().await;
        let create = |at: usize| {
            let (writer, user) = (writer.clone(), account.user);
            async move {
                let name = GroupName::new(format!("conversation {at}"))?;
                Ok(writer
                    .conversations()
                    .create_group(name, vec![user])
                    .await?)
            }
        };
        let done = watcher.counter(conversations, "conversations are created");
        let groups = gather(limits::AT_ONCE, conversations, create, done).await?;
        Ok(Self {
            writer,
            account,
            groups,
            changed,
        })
    }

    /// Sends to as many conversations as are to change, spread over all.
    async fn change(&self) -> Result<(), BenchError> {
        let send = |at: usize| {
            let group = self.groups[at * self.groups.len() / self.changed];
            let writer = self.writer.clone();
            async move {
                let text = Text::new("something new, in about as many words as people need")?;
                Ok(writer.conversation(group).send(Body::Text(text)).await?)
            }
        };
        gather(limits::AT_ONCE, self.changed, send, |_| {})
            .await
            .map(drop)
    }

    async fn measure(
        &self,
        rounds: usize,
        target: &mut Target,
        watcher: &mut Watcher,
    ) -> Result<Overview, BenchError> {
        let device = quiet().connect(&self.account).await?;
        let since = device.conversations().overview(None).await?.as_of;
        device.close().await;
        self.change().await?;
        // The first return is not timed: it loads what the others find in memory.
        let mut first = Timings::default();
        first.come_back(self, since).await?;
        let what = format!("returns, with {} conversations", self.groups.len());
        let mut warm = Timings::default();
        for round in 0..rounds {
            watcher.counter(rounds, &what)(round);
            warm.come_back(self, since).await?;
        }
        let what = format!("restarts, with {} conversations", self.groups.len());
        let mut cold = Timings::default();
        for restart in 0..limits::OVERVIEW_RESTARTS {
            watcher.counter(limits::OVERVIEW_RESTARTS, &what)(restart);
            if target.restart(Stop::Ordered).await?.is_none() {
                break;
            }
            cold.come_back(self, since).await?;
        }
        let all = [&first, &warm, &cold];
        Ok(Overview {
            conversations: self.groups.len(),
            changed: self.changed,
            told_right: !all.iter().any(|timings| timings.is_wrong),
            welcome_is_enough: !all.iter().any(|timings| timings.needs_requests),
            welcome_bytes: warm.welcome_bytes,
            changed_bytes: warm.changed_bytes,
            all_bytes: warm.all_bytes,
            after_restart: (cold.login.count() > 0).then(|| cold.returns()),
            warm: warm.returns(),
        })
    }
}

#[derive(Default)]
struct Timings {
    known: Latencies,
    login: Latencies,
    changed: Latencies,
    all: Latencies,
    is_wrong: bool,
    /// A welcome did not contain everything that changed.
    needs_requests: bool,
    welcome_bytes: usize,
    changed_bytes: usize,
    all_bytes: usize,
}

impl Timings {
    /// The device comes back twice: with a login that asks for what changed, and with one that does
    /// not, followed by requests.
    async fn come_back(&mut self, user: &User, since: Moment) -> Result<(), BenchError> {
        let began = Instant::now();
        let options = Client::builder().since(since);
        let device = options.connect(&user.account).await?;
        let first = device.conversations().login_page();
        self.needs_requests |= first.as_ref().is_none_or(|page| page.next_after.is_some());
        let pages = pages(&device, Some(since), first).await?;
        self.known.record(began.elapsed());
        self.is_wrong |= items(&pages) != user.changed;
        if let Some(page) = pages.into_iter().next() {
            self.welcome_bytes = welcome_bytes(&device, page);
        }
        device.close().await;
        self.ask(user, since).await
    }

    async fn ask(&mut self, user: &User, since: Moment) -> Result<(), BenchError> {
        let began = Instant::now();
        let device = Client::builder().connect(&user.account).await?;
        self.login.record(began.elapsed());
        let began = Instant::now();
        let changed = pages(&device, Some(since), None).await?;
        self.changed.record(began.elapsed());
        let began = Instant::now();
        let all = pages(&device, None, None).await?;
        self.all.record(began.elapsed());
        self.is_wrong |= items(&changed) != user.changed || items(&all) != user.groups.len();
        (self.changed_bytes, self.all_bytes) = (response_bytes(changed), response_bytes(all));
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
        None => device.conversations().overview_page(since, None).await?,
    };
    let (mut after, mut pages) = (first.next_after, vec![first]);
    while after.is_some() {
        let page = device.conversations().overview_page(since, after).await?;
        after = page.next_after;
        pages.push(page);
    }
    Ok(pages)
}

fn items(pages: &[ConversationPage]) -> usize {
    pages.iter().map(|page| page.items.len()).sum()
}

/// The lengths of the frames that carry these pages.
fn response_bytes(pages: Vec<ConversationPage>) -> usize {
    let answer = |page| Answer::to::<ListConversations>(&page);
    let frame = |page| ServerFrame::Response(RequestId::new(1), Ok(answer(page)));
    pages
        .into_iter()
        .map(|page| frame::frame(&frame(page)).len())
        .sum()
}

/// The length of the frame of a welcome with this page.
fn welcome_bytes(device: &Client, overview: ConversationPage) -> usize {
    let WhoAmI {
        user,
        name,
        role,
        device,
    } = device.whoami();
    // Any time of these years is as long as any other.
    let now = Timestamp::new(1 << 40);
    let token = None;
    let welcome = Welcome {
        capabilities: Capabilities::NONE,
        user,
        name,
        role,
        device,
        token,
        now,
        overview,
    };
    frame::frame(&ServerFrame::Welcome(welcome)).len()
}

fn list(overviews: &[Overview]) -> Results {
    let mut results = Results::default();
    let meaning = "from nothing to knowing which conversations have something new";
    if let Some(known) = overviews.first().and_then(|many| many.warm.known_ms) {
        results.row("what changed", known.to_string(), meaning);
    }
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
    let p50 = |taken: Option<Percentiles>| {
        taken.map_or("–".to_owned(), |taken| format!("{:.1}", taken.p50))
    };
    let row = |overview: &Overview, when: &str, returns: &Returns| {
        let Returns {
            known_ms,
            login_ms,
            changed_ms,
            all_ms,
        } = returns;
        let times = [known_ms, login_ms, changed_ms, all_ms].map(|taken| p50(*taken));
        let Overview {
            welcome_bytes,
            changed_bytes,
            all_bytes,
            ..
        } = overview;
        let sizes = [welcome_bytes, changed_bytes, all_bytes].map(|&bytes| sized(bytes as u64));
        let counts = [overview.conversations, overview.changed].map(|count| count.to_string());
        [&counts[..], &[when.to_owned()], &times, &sizes].concat()
    };
    let mut rows = Vec::new();
    for overview in overviews {
        results.check(overview.told_right);
        rows.push(row(overview, "warm", &overview.warm));
        let cold = overview.after_restart.as_ref();
        rows.extend(cold.map(|returns| row(overview, "after a restart", returns)));
    }
    let meaning = "Half of the returns took no longer. A login that says when the device was here \
        before gets what changed with the welcome; the other columns are of one that does not, and \
        asks. Sizes are those of the frames. After a restart the server loads what it is asked for \
        first.";
    results.tables.push(Table {
        title: "Returns".to_owned(),
        meaning: meaning.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
    });
    results.json("overviews", overviews);
    results
}
