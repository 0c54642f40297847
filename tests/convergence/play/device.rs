//! A device: a client, and the replica that it keeps up to date with few requests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::Update as Change;
use cairn_client::{
    Account, Backoff, Client, ClientBuilder, Error, Event, Events, Reconnect, Timeline,
};
use cairn_session::{Details, Replica, Update};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// The faults of all devices, and a notification of replica changes.
#[derive(Debug, Default)]
pub struct Monitor {
    faults: Mutex<Vec<String>>,
    changes: watch::Sender<u64>,
}

impl Monitor {
    pub fn fault(&self, fault: String) {
        self.faults.lock().push(fault);
        self.notify();
    }

    fn notify(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns the faults so far.
    pub fn check(&self) -> Result<(), String> {
        let faults = self.faults.lock();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("\n"))
        }
    }
}

/// A task that is aborted with its handle.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A device that is online.
pub struct Device {
    pub client: Client,
    pub replica: Arc<Mutex<Replica>>,
    syncer: Task,
}

/// Reconnects quickly, and forever.
pub fn options() -> ClientBuilder {
    let backoff = Backoff {
        base: Duration::from_millis(20),
        cap: Duration::from_millis(200),
    };
    Client::builder().reconnect(Reconnect::Forever(backoff))
}

/// A replica that evicts nothing, so that whole logs can be compared.
pub const fn empty_replica(user: UserId) -> Replica {
    Replica::with_entries_max(user, usize::MAX)
}

/// Fetches the state that all members of a conversation share.
pub async fn fetch_details(client: &Client, summary: &Summary) -> Result<Details, Error> {
    let id = summary.id;
    let group = match summary.kind {
        ConversationKind::Group { .. } => Some(client.conversation(id).group().await?),
        _ => None,
    };
    let retention = client.conversation(id).retention().await?.set;
    let members = client.conversation(id).members().await?;
    let pins = client.conversation(id).pins().await?;
    Ok(Details::new(
        &summary.kind,
        group,
        retention,
        &members,
        pins,
    ))
}

impl Device {
    /// Comes online with the replica it had.
    pub async fn connect(
        account: &Account,
        replica: Replica,
        monitor: &Arc<Monitor>,
    ) -> Result<Self, Error> {
        let client = options().connect(account).await?;
        Ok(Self::start(client, replica, monitor))
    }

    pub fn start(client: Client, replica: Replica, monitor: &Arc<Monitor>) -> Self {
        let (replica, events) = (Arc::new(Mutex::new(replica)), client.events());
        let syncer = Syncer {
            client: client.clone(),
            replica: Arc::clone(&replica),
            monitor: Arc::clone(monitor),
            followers: BTreeMap::new(),
            stale: Arc::default(),
        };
        Self {
            client,
            replica,
            syncer: Task(tokio::spawn(syncer.run(events))),
        }
    }

    /// Goes offline, and returns the replica.
    pub async fn disconnect(self) -> Replica {
        let Self {
            client,
            replica,
            syncer,
        } = self;
        drop(syncer);
        client.close().await;
        replica.lock().clone()
    }
}

struct Syncer {
    client: Client,
    replica: Arc<Mutex<Replica>>,
    monitor: Arc<Monitor>,
    followers: BTreeMap<ConversationId, Task>,
    /// Notified when a log can no longer be followed.
    stale: Arc<Notify>,
}

impl Syncer {
    async fn run(mut self, mut events: Events) {
        let mut is_stale = true;
        loop {
            if is_stale && let Err(error) = self.refresh(&mut events).await {
                return self.fail("cannot refresh", &error);
            }
            let stale = Arc::clone(&self.stale);
            is_stale = tokio::select! {
                event = events.next() => match event {
                    Some(event) => match self.apply(event).await {
                        Ok(update) => update == Update::Stale,
                        Err(error) => return self.fail("cannot apply an event", &error),
                    },
                    None => return,
                },
                () = stale.notified() => true,
            };
        }
    }

    fn fail(&self, what: &str, error: &Error) {
        let name = self.client.whoami().name;
        self.monitor
            .fault(format!("a device of {name} {what}: {error}"));
    }

    /// Fetches an overview and the contacts. Replies and events arrive on separate streams, so a
    /// reply is used only if no event arrived during the request.
    async fn refresh(&mut self, events: &mut Events) -> Result<(), Error> {
        loop {
            let (client, moment) = (self.client.clone(), self.replica.lock().moment());
            let mut is_outdated = false;
            let mut reply = std::pin::pin!(async {
                Ok::<_, Error>((
                    client.conversations().overview(moment).await?,
                    client.people().contacts().await?,
                ))
            });
            let (overview, contacts) = loop {
                tokio::select! {
                    biased;
                    Some(event) = events.next() => {
                        is_outdated |= self.apply(event).await? != Update::Unrelated;
                    }
                    reply = &mut reply => break reply?,
                }
            };
            if is_outdated {
                continue;
            }
            self.replica.lock().set_contacts(&contacts);
            let update = self.replica.lock().apply_overview(&overview);
            for id in update.left {
                self.followers.remove(&id);
            }
            for summary in &update.enter {
                self.enter(summary).await?;
            }
            self.replica.lock().finish_overview(overview.as_of);
            let conversations: Vec<ConversationId> = self
                .replica
                .lock()
                .conversations()
                .map(|(id, _)| id)
                .collect();
            for id in conversations {
                self.follow(id);
            }
            self.monitor.notify();
            return Ok(());
        }
    }

    async fn apply(&mut self, event: Event) -> Result<Update, Error> {
        let update = self.replica.lock().apply_event(&event);
        match &update {
            Update::Unrelated | Update::Stale => return Ok(update),
            Update::Changed => {
                if let Event::Update(Change::Conversation(summary)) = &event {
                    self.follow(summary.id);
                }
            }
            Update::Enter(summary) => self.enter(summary).await?,
            Update::Left(id) => drop(self.followers.remove(id)),
        }
        self.monitor.notify();
        Ok(update)
    }

    async fn enter(&mut self, summary: &Summary) -> Result<(), Error> {
        self.followers.remove(&summary.id);
        match fetch_details(&self.client, summary).await {
            Ok(details) => self.replica.lock().enter(summary, details),
            // The user was just removed; the event follows.
            Err(Error::Refused(ErrorCode::NotFound)) => return Ok(()),
            Err(error) => return Err(error),
        }
        self.follow(summary.id);
        Ok(())
    }

    /// Follows the log of a conversation, unless it is already followed.
    fn follow(&mut self, id: ConversationId) {
        let follower = self.followers.get(&id);
        if follower.is_some_and(|task| !task.0.is_finished()) {
            return;
        }
        let Some(next) = self.replica.lock().conversation(id).map(|held| held.next()) else {
            return;
        };
        let follower = Follower {
            client: self.client.clone(),
            replica: Arc::clone(&self.replica),
            monitor: Arc::clone(&self.monitor),
            stale: Arc::clone(&self.stale),
            timeline: self.client.conversation(id).follow(next),
        };
        let task = Task(tokio::spawn(follower.run()));
        self.followers.insert(id, task);
    }
}

/// Follows the log of one conversation.
struct Follower {
    client: Client,
    replica: Arc<Mutex<Replica>>,
    monitor: Arc<Monitor>,
    stale: Arc<Notify>,
    timeline: Timeline,
}

impl Follower {
    async fn run(mut self) {
        let id = self.timeline.conversation();
        while let Some(batch) = self.timeline.next_batch().await {
            let appended = match &batch {
                Ok(messages) => {
                    let appended = self.replica.lock().append(messages);
                    appended.map_err(|error| error.to_string())
                }
                Err(Error::Refused(ErrorCode::NotFound)) => Ok(Update::Stale),
                Err(error) => Err(error.to_string()),
            };
            match appended {
                Ok(Update::Stale) => return self.stale.notify_one(),
                Ok(_) => {}
                Err(fault) => {
                    let name = self.client.whoami().name;
                    return self
                        .monitor
                        .fault(format!("a device of {name} follows {id}: {fault}"));
                }
            }
            if let Some(last) = batch.ok().as_deref().and_then(<[_]>::last) {
                self.client.conversation(id).ack(last.msgid);
            }
            self.monitor.notify();
        }
    }
}
