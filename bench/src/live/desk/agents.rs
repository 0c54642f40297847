//! Agents: they accept what is offered to them, answer, talk for a while, and close.

use std::io::{BufRead, Read as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cairn_client::proto::model::desk::{DeskUpdate, Duty};
use cairn_client::{Account, Client, ConversationId, Error, ErrorKind, Event, Update};
use clap::Args;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::child::Child;
use crate::error::{BenchError, Result};

/// How long an agent waits before a request that failed for now is repeated.
const RETRY: Duration = Duration::from_millis(100);

/// An agent accepts within this part of the time that they talk.
const REACTION_PART: u64 = 10;

/// How long agents talk with a visitor.
#[derive(Debug)]
pub(super) struct Manner {
    talk_ms: AtomicU64,
}

impl Manner {
    pub(super) const fn new(talk_ms: u64) -> Self {
        let talk_ms = AtomicU64::new(talk_ms);
        Self { talk_ms }
    }

    /// Applies to inquiries that are offered from now on.
    pub(super) fn set(&self, talk_ms: u64) {
        self.talk_ms.store(talk_ms, Ordering::Relaxed);
    }

    /// Returns for how long an agent hesitates and talks, at random around the mean.
    fn times(&self) -> [Duration; 2] {
        let mean = self.talk_ms.load(Ordering::Relaxed);
        let reaction = rand::random_range(0..=mean / REACTION_PART);
        let talk = rand::random_range(mean / 2..=mean + mean / 2);
        [reaction, talk].map(Duration::from_millis)
    }
}

/// Works as an agent until the client ends. `offered` is called with each inquiry that is offered.
pub(super) async fn work(
    client: Client,
    manner: Arc<Manner>,
    offered: impl Fn(ConversationId) + Send + Sync,
) -> Result<()> {
    let mut events = client.events();
    let mut talks = JoinSet::new();
    let talk = |talks: &mut JoinSet<Result<()>>, inquiry| {
        offered(inquiry);
        talks.spawn(talk(client.clone(), inquiry, manner.times()));
    };
    client.desk().set_duty(Duty::On).await?;
    loop {
        while let Some(ended) = talks.try_join_next() {
            ended??;
        }
        match events.next().await.ok_or(BenchError::EndedEarly)? {
            Event::Update(Update::Desk(DeskUpdate::Offer(offer))) => {
                talk(&mut talks, offer.info.conversation);
            }
            Event::Update(Update::Desk(DeskUpdate::Duty {
                is_forced: true, ..
            })) => client.desk().set_duty(Duty::On).await?,
            // What was offered meanwhile is in no event.
            Event::Reconnected | Event::Lagged(_) => {
                let mine = client.desk().mine().await?;
                if mine.agent.duty != Duty::On {
                    client.desk().set_duty(Duty::On).await?;
                }
                for offer in mine.offers {
                    talk(&mut talks, offer.info.conversation);
                }
            }
            _ => {}
        }
    }
}

/// Answers an inquiry, unless another agent has it by then.
async fn talk(client: Client, inquiry: ConversationId, times: [Duration; 2]) -> Result<()> {
    let [reaction, talk] = times;
    for (wait, step) in [
        (reaction, Step::Accept),
        (Duration::ZERO, Step::Answer),
        (talk, Step::Close),
    ] {
        sleep(wait).await;
        if !step.take(&client, inquiry).await? {
            break;
        }
    }
    Ok(())
}

/// What an agent does with an inquiry.
#[derive(Clone, Copy)]
enum Step {
    Accept,
    Answer,
    Close,
}

impl Step {
    /// Repeats the step while it fails for now. Returns false if the agent has the inquiry no
    /// longer.
    async fn take(self, client: &Client, inquiry: ConversationId) -> Result<bool> {
        loop {
            let conversation = client.conversation(inquiry);
            let taken = match self {
                Self::Accept => client.desk().accept(inquiry).await,
                Self::Answer => conversation.send("how can I help?").await.map(drop),
                Self::Close => client.desk().close(inquiry, Vec::new()).await,
            };
            match taken {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Retry => sleep(RETRY).await,
                Err(Error::Refused(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// An agent in a process of its own, whose account comes from the standard input.
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// How long to talk with a visitor
    #[arg(long)]
    talk_ms: u64,
}

/// Starts an agent in a process of its own. Returns when they are on duty.
pub(super) async fn start(account: Account, talk_ms: u64) -> Result<Child> {
    let start = move || {
        let mut child = Child::start(["bench", "desk-agent", "--talk-ms", &talk_ms.to_string()])?;
        let account = serde_json::to_string(&account)?;
        if let Some(input) = &mut child.process.stdin {
            writeln!(input, "{account}")?;
        }
        child.read::<bool>().map(|_| child)
    };
    let started = spawn_blocking(start).await?;
    started.map_err(BenchError::io("cannot start an agent"))
}

/// Works as an agent until the input ends, or the process is killed.
pub async fn act(args: &AgentArgs, output: &mut impl Write) -> Result<()> {
    let mut line = String::new();
    let failed = || BenchError::io("cannot work as an agent");
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(failed())?;
    let account: Account = serde_json::from_str(&line)
        .map_err(std::io::Error::from)
        .map_err(failed())?;
    let client = Client::builder().connect(&account).await?;
    client.desk().set_duty(Duty::On).await?;
    writeln!(output, "true")
        .and_then(|()| output.flush())
        .map_err(failed())?;
    let orphaned = spawn_blocking(|| std::io::stdin().lock().read_to_end(&mut Vec::new()));
    let manner = Arc::new(Manner::new(args.talk_ms));
    tokio::select! {
        _ = orphaned => Ok(()),
        ended = work(client, manner, |_| {}) => ended,
    }
}
