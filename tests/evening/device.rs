//! A device: a client that follows everything its user sees, and keeps it. It asks only for what it lacks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Account, Backoff, Client, Error, Event, Events, Options, Reconnect, Timeline};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::kept::About;
use super::replica::Replica;

/// What goes wrong on devices, and a bell that rings whenever one of them learned something.
#[derive(Debug, Default)]
pub struct Board {
    faults: Mutex<Vec<String>>,
    news: watch::Sender<u64>,
}

impl Board {
    pub fn fault(&self, fault: String) {
        self.faults.lock().push(fault);
        self.ring();
    }

    fn ring(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// What went wrong, if anything did.
    pub fn check(&self) -> Result<(), String> {
        let faults = self.faults.lock();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("\n"))
        }
    }
}

/// A task that ends with its handle.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A device that is there.
pub struct Device {
    pub client: Client,
    pub replica: Arc<Mutex<Replica>>,
    attendant: Task,
}

/// Tries again soon, as a test wants it, and never gives up.
pub fn options() -> Options {
    let backoff = Backoff {
        base: Duration::from_millis(20),
        cap: Duration::from_millis(200),
    };
    Options {
        reconnect: Reconnect::Forever(backoff),
        ..Options::default()
    }
}

impl Device {
    /// The device comes back, with what it kept.
    pub async fn connect(
        account: &Account,
        replica: Replica,
        board: &Arc<Board>,
    ) -> Result<Self, Error> {
        Ok(Self::attend(
            Client::connect(account, options()).await?,
            replica,
            board,
        ))
    }

    /// The device is there from now on.
    pub fn attend(client: Client, replica: Replica, board: &Arc<Board>) -> Self {
        let (replica, events) = (Arc::new(Mutex::new(replica)), client.events());
        let attendant = Attendant {
            client: client.clone(),
            replica: Arc::clone(&replica),
            board: Arc::clone(board),
            followers: BTreeMap::new(),
            doubt: Arc::default(),
        };
        Self {
            client,
            replica,
            attendant: Task(tokio::spawn(attendant.run(events))),
        }
    }

    /// The device goes, and keeps what it has.
    pub async fn leave(self) -> Replica {
        let Self {
            client,
            replica,
            attendant,
        } = self;
        drop(attendant);
        client.close().await;
        replica.lock().clone()
    }
}

/// What keeps the replica of a device up to date.
struct Attendant {
    client: Client,
    replica: Arc<Mutex<Replica>>,
    board: Arc<Board>,
    followers: BTreeMap<ConversationId, Task>,
    /// A log could not be read that the device took for its user's.
    doubt: Arc<Notify>,
}

/// What a device makes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    /// The replica is another.
    News,
    /// Events were missed.
    Gap,
}

impl Attendant {
    async fn run(mut self, mut events: Events) {
        let mut is_unsure = true;
        loop {
            if is_unsure && let Err(error) = self.look_through(&mut events).await {
                return self.fail("looks through its conversations", &error);
            }
            let doubt = Arc::clone(&self.doubt);
            is_unsure = tokio::select! {
                event = events.next() => match event {
                    Some(event) => match self.hear(event).await {
                        Ok(heard) => heard == Heard::Gap,
                        Err(error) => return self.fail("hears of something", &error),
                    },
                    None => return,
                },
                () = doubt.notified() => true,
            };
        }
    }

    fn fail(&self, what: &str, error: &Error) {
        let name = self.client.whoami().name;
        self.board
            .fault(format!("a device of {name} {what}: {error}"));
    }

    /// Asks how everything stands. Answers and events come on streams of their own, so an answer counts only when nothing was heard while it
    /// was under way.
    async fn look_through(&mut self, events: &mut Events) -> Result<(), Error> {
        loop {
            let (client, moment) = (self.client.clone(), self.replica.lock().moment());
            let mut is_outdated = false;
            let mut asked = std::pin::pin!(async {
                Ok::<_, Error>((client.overview(moment).await?, client.contacts().await?))
            });
            let (overview, contacts) = loop {
                tokio::select! {
                    biased;
                    Some(event) = events.next() => is_outdated |= self.hear(event).await? != Heard::Nothing,
                    answer = &mut asked => break answer?,
                }
            };
            if is_outdated {
                continue;
            }
            self.replica.lock().contacts(&contacts);
            let gone = self.replica.lock().looked_up(&overview);
            gone.into_iter().for_each(|id| self.part(id));
            for found in &overview.conversations {
                self.stand(found).await?;
                if let Some(kept) = self.replica.lock().kept(found.id) {
                    kept.is_listed(found);
                }
            }
            self.replica.lock().is_up_to(overview.as_of);
            // What did not change is followed on.
            let ids = self.replica.lock().ids();
            for id in ids {
                if !self.is_followed(id) {
                    self.follow(id);
                }
            }
            self.board.ring();
            return Ok(());
        }
    }

    async fn hear(&mut self, event: Event) -> Result<Heard, Error> {
        match event {
            Event::Conversation(found) => self.stand(&found).await?,
            Event::Removed { conversation, .. } => self.part(conversation),
            Event::Read {
                conversation,
                read,
                head,
            } => self.replica.lock().read(conversation, read, head),
            Event::Expired {
                conversation,
                floor,
            } => {
                if !self.replica.lock().expired(conversation, floor) {
                    self.doubt.notify_one();
                }
            }
            Event::Contact(contact) => self.replica.lock().contact(&contact),
            Event::Reconnected | Event::Lagged(_) => return Ok(Heard::Gap),
            _ => return Ok(Heard::Nothing),
        }
        self.board.ring();
        Ok(Heard::News)
    }

    fn part(&mut self, id: ConversationId) {
        self.followers.remove(&id);
        self.replica.lock().leave(id);
    }

    fn is_followed(&self, id: ConversationId) -> bool {
        self.followers
            .get(&id)
            .is_some_and(|task| !task.0.is_finished())
    }

    /// The user is a member, and stands like this.
    async fn stand(&mut self, found: &Conversation) -> Result<(), Error> {
        let is_followed = self.is_followed(found.id);
        let goes_on = self
            .replica
            .lock()
            .kept(found.id)
            .is_some_and(|kept| kept.goes_on(found.floor));
        if goes_on {
            self.replica.lock().told(found);
        } else {
            self.followers.remove(&found.id);
            match self.ask_about(found).await {
                Ok(about) => self.replica.lock().enter(found, about),
                // Who is removed in this moment is told so next.
                Err(Error::Refused(ErrorCode::NotFound)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if !(is_followed && goes_on) {
            self.follow(found.id);
        }
        Ok(())
    }

    /// What holds in a conversation, as far as its log may not tell any more.
    async fn ask_about(&self, found: &Conversation) -> Result<About, Error> {
        let group = match found.kind {
            ConversationKind::Group { .. } => Some(self.client.group(found.id).await?),
            ConversationKind::Direct { .. } => None,
        };
        let retention = self.client.retention(found.id).await?.set;
        let members = self.client.members(found.id).await?;
        Ok(About::told(
            &found.kind,
            group,
            retention,
            &members,
            self.client.pins(found.id).await?,
        ))
    }

    fn follow(&mut self, id: ConversationId) {
        let Some(next) = self.replica.lock().kept(id).map(|kept| kept.next()) else {
            return;
        };
        let follower = Follower {
            client: self.client.clone(),
            replica: Arc::clone(&self.replica),
            board: Arc::clone(&self.board),
            doubt: Arc::clone(&self.doubt),
            timeline: self.client.follow(id, next),
        };
        self.followers
            .insert(id, Task(tokio::spawn(follower.run())));
    }
}

/// What follows the log of one conversation.
struct Follower {
    client: Client,
    replica: Arc<Mutex<Replica>>,
    board: Arc<Board>,
    doubt: Arc<Notify>,
    timeline: Timeline,
}

impl Follower {
    async fn run(mut self) {
        let id = self.timeline.conversation();
        while let Some(batch) = self.timeline.next_batch().await {
            let taken = match &batch {
                Ok(messages) => self.replica.lock().take(messages),
                Err(Error::Refused(ErrorCode::NotFound)) => Ok(false),
                Err(error) => Err(error.to_string()),
            };
            match taken {
                Ok(true) => {}
                Ok(false) => return self.doubt.notify_one(),
                Err(fault) => {
                    let name = self.client.whoami().name;
                    return self
                        .board
                        .fault(format!("a device of {name} follows {id}: {fault}"));
                }
            }
            if let Some(last) = batch.ok().as_deref().and_then(<[_]>::last) {
                self.client.ack(id, last.msgid);
            }
            self.board.ring();
        }
    }
}
