//! `overview`: how fast a reconnecting device learns what changed among many conversations.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{RequestId, Timestamp};
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::{Capabilities, Welcome};
use cairn_client::proto::wire::overview::{ConversationPage, Moment};
use cairn_client::proto::wire::request::Answer;
use cairn_client::proto::wire::request::session::ListConversations;
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{Account, Client, Error};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::target::{Stop, Target, TargetArgs};
use crate::args::whole;
use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::limits;
use crate::results::{Column, Report, Results, Unit};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Conversations of the user; another user with 50 is measured for comparison
    #[arg(long, value_name = "N", default_value_t = 5_000,
        value_parser = whole::<usize>(1..=20_000))]
    conversations: usize,

    /// How many of them have changed when the device reconnects; of the 50, the same share
    #[arg(long, value_name = "N", default_value_t = 300)]
    changed: usize,

    /// How often the device reconnects
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole::<usize>(1..=1_000))]
    rounds: usize,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Default, Serialize)]
struct Overview {
    conversations: usize,
    changed: usize,
    /// Set if every reply had as many conversations as had changed.
    told_right: bool,
    /// With everything in the server's memory.
    warm: Returns,
    /// The first connection after a restart, if the run has a server of its own.
    after_restart: Option<Returns>,
    /// Set if every welcome contained all changes.
    welcome_is_enough: bool,
    /// Sizes of the frames: the welcome, and the replies to requests for the changes and for
    /// everything.
    welcome_bytes: usize,
    changed_bytes: usize,
    all_bytes: usize,
}

/// Latencies of a reconnect:
///
/// * `known_ms`: a login that requests the changes, until they are known
/// * `login_ms`: a login, until pushes can arrive
/// * `changed_ms` and `all_ms`: a request for the changes, or for everything, after the login
type Returns = BTreeMap<&'static str, Latencies>;

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let all = settings.conversations;
    let (changed, few) = (settings.changed.min(all), limits::OVERVIEW_BESIDE.min(all));
    let changed_of_few = (changed * few).div_ceil(all);
    let users = [("many", all, changed), ("few", few, changed_of_few)];
    let measure = async |_: &Settings, target: &mut Target| {
        let mut overviews = Vec::new();
        let steps = async {
            for (name, conversations, changed) in users {
                let user = measure(name, conversations, changed, settings.rounds, target);
                overviews.push(user.await?);
            }
            Ok(())
        };
        watcher.until_asked(steps).await?;
        match overviews.is_empty() {
            true => Err(BenchError::Interrupted),
            false => Ok(list(&overviews)),
        }
    };
    Target::run("overview", &settings, &settings.target, watcher, measure).await
}

/// Measures a new user with this many conversations, of which some change.
async fn measure(
    name: &str,
    conversations: usize,
    changed: usize,
    rounds: usize,
    target: &mut Target,
) -> Result<Overview> {
    let (account, writer) = target.pair(name).await?;
    let (account, writer, watcher) = (&account, &writer, target.watcher.clone());
    let members = vec![vec![account.user, writer.whoami().user]; conversations];
    let groups = &target.groups(members.into_iter()).await?;
    let device = target.options(0, false).connect(account).await?;
    let since = device.conversations().overview(None).await?.as_of;
    device.close().await;
    let send = |at: usize| async move {
        let text = Text::new("something new, in about as many words as people need")?;
        // Spread evenly over all conversations.
        let group = groups[at * conversations / changed];
        Ok(writer.conversation(group).send(Body::Text(text)).await?)
    };
    let (sending, what) = ((0..changed).map(send), "conversations have changed");
    watcher.gather(limits::AT_ONCE, what, sending).await?;

    let mut found = Overview {
        conversations,
        changed,
        told_right: true,
        welcome_is_enough: true,
        ..Overview::default()
    };
    let tell = |done: usize, count: usize, what: &str| {
        watcher.tell(|| format!("{done} of {count} {what}, with {conversations} conversations"));
    };
    // The first reconnect is not timed: it loads what later ones find in memory.
    found.come_back(account, since, &mut Returns::new()).await?;
    let (mut warm, mut cold) = (Returns::new(), Returns::new());
    for round in 0..rounds {
        tell(round, rounds, "returns");
        found.come_back(account, since, &mut warm).await?;
    }
    for restart in 0..limits::OVERVIEW_RESTARTS {
        tell(restart, limits::OVERVIEW_RESTARTS, "restarts");
        if target.restart(Stop::Ordered).await?.is_none() {
            break;
        }
        found.come_back(account, since, &mut cold).await?;
    }
    found.warm = warm;
    found.after_restart = Some(cold).filter(|cold| !cold.is_empty());
    Ok(found)
}

impl Overview {
    /// Reconnects the device twice: with a login that requests the changes, and with one that does
    /// not, followed by requests.
    async fn come_back(
        &mut self,
        account: &Account,
        since: Moment,
        returns: &mut Returns,
    ) -> Result<()> {
        let mut record = |kind, began: Instant| {
            returns.entry(kind).or_default().record(began.elapsed());
        };
        let began = Instant::now();
        let device = Client::builder().since(since).connect(account).await?;
        let first = device.conversations().login_page();
        self.welcome_is_enough &= first.as_ref().is_some_and(|page| page.next_after.is_none());
        let told = pages(&device, Some(since), first).await?;
        record("known_ms", began);
        self.told_right &= items(&told) == self.changed;
        if let Some(page) = told.into_iter().next() {
            self.welcome_bytes = welcome_bytes(&device, page);
        }
        device.close().await;

        let began = Instant::now();
        let device = Client::builder().connect(account).await?;
        record("login_ms", began);
        let began = Instant::now();
        let changed = pages(&device, Some(since), None).await?;
        record("changed_ms", began);
        let began = Instant::now();
        let all = pages(&device, None, None).await?;
        record("all_ms", began);
        self.told_right &= items(&changed) == self.changed && items(&all) == self.conversations;
        (self.changed_bytes, self.all_bytes) = (response_bytes(changed), response_bytes(all));
        device.close().await;
        Ok(())
    }
}

async fn pages(
    device: &Client,
    since: Option<Moment>,
    first: Option<ConversationPage>,
) -> Result<Vec<ConversationPage>, Error> {
    let mut pages = Vec::from_iter(first);
    let is_end = |page: &ConversationPage| page.next_after.is_none();
    while !pages.last().is_some_and(is_end) {
        let after = pages.last().and_then(|page| page.next_after);
        pages.push(device.conversations().overview_page(since, after).await?);
    }
    Ok(pages)
}

fn items(pages: &[ConversationPage]) -> usize {
    pages.iter().map(|page| page.items.len()).sum()
}

fn response_bytes(pages: Vec<ConversationPage>) -> usize {
    let bytes = |page| {
        let answer = Answer::to::<ListConversations>(&page);
        frame::frame(&ServerFrame::Response(RequestId::new(1), Ok(answer))).len()
    };
    pages.into_iter().map(bytes).sum()
}

fn welcome_bytes(device: &Client, overview: ConversationPage) -> usize {
    let me = device.whoami();
    let welcome = Welcome {
        capabilities: Capabilities::NONE,
        user: me.user,
        name: me.name,
        role: me.role,
        device: me.device,
        token: None,
        // Current timestamps all have the same encoded length.
        now: Timestamp::new(1 << 40),
        overview,
        is_agent: false,
    };
    frame::frame(&ServerFrame::Welcome(welcome)).len()
}

fn list(overviews: &[Overview]) -> Results {
    let mut results = Results::default();
    let meaning = "from nothing to knowing which conversations have something new";
    let known = overviews.first().map(|many| &many.warm["known_ms"]);
    results.show("what changed", known, Unit::MILLIS, meaning);
    let millis = Unit::new(1, "");
    let columns = [
        Column::new("conversations", "/of/conversations", Unit::COUNT),
        Column::new("changed", "/of/changed", Unit::COUNT),
        Column::new("when", "/when", Unit::COUNT),
        Column::new("known by a login ms", "/times/known_ms/p50", millis),
        Column::new("login ms", "/times/login_ms/p50", millis),
        Column::new("what changed ms", "/times/changed_ms/p50", millis),
        Column::new("everything ms", "/times/all_ms/p50", millis),
        Column::new("welcome", "/of/welcome_bytes", Unit::SIZE),
        Column::new("changed", "/of/changed_bytes", Unit::SIZE),
        Column::new("everything", "/of/all_bytes", Unit::SIZE),
    ];
    let mut rows = Vec::new();
    for of in overviews {
        results.check(of.told_right);
        rows.push(json!({ "when": "warm", "times": of.warm, "of": of }));
        let cold = of.after_restart.as_ref();
        rows.extend(cold.map(|cold| json!({ "when": "after a restart", "times": cold, "of": of })));
    }
    let meaning = "Half of the returns took no longer. A login that says when the device was here \
        before gets what changed with the welcome; the other columns are of one that does not, and \
        asks. Sizes are those of the frames. After a restart the server loads what it is asked for \
        first.";
    results.rows(("Returns", meaning), &columns, &rows);
    results.json("overviews", overviews);
    results
}
