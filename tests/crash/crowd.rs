//! Clients under load: four senders in three groups and a direct chat, two followers of each
//! conversation, and fresh readers of every log.
//!
//! All clients reconnect on their own; nothing here knows when the server is down.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::text::{DeviceName, GroupName, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{
    Accepted, Account, Backoff, Client, ClientBuilder, Error, JoinRequest, Reconnect,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::ledger::{Ledger, Outcome};
use super::words::{Length, Said};

const SENDERS: usize = 4;
const GROUPS: usize = 3;

/// The wait after which a reconnect or a reply counts as absent.
const PATIENCE: Duration = Duration::from_secs(120);

struct Place {
    id: ConversationId,
    /// An account that can read the whole log.
    account: Account,
    /// The position of each follower.
    followed: Vec<watch::Receiver<MsgId>>,
}

pub struct Crowd {
    ledger: Arc<Ledger>,
    places: Vec<Place>,
    senders: Vec<Client>,
    /// Followers run until they find a fault, which they return.
    followers: JoinSet<String>,
    sending: JoinSet<Result<(), String>>,
    pause: watch::Sender<bool>,
    random: StdRng,
    length: Length,
}

/// The result of a successful check.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// The number of entries in all logs.
    pub entries: u64,
}

/// Reconnects quickly, and forever.
fn options() -> ClientBuilder {
    let backoff = Backoff {
        base: Duration::from_millis(20),
        cap: Duration::from_millis(500),
    };
    Client::builder().reconnect(Reconnect::Forever(backoff))
}

async fn join(link: &InviteLink, name: String) -> Result<(Client, Account), Error> {
    let who = JoinRequest {
        name: UserName::new(name).unwrap(),
        password: None,
        device: DeviceName::new("test").unwrap(),
    };
    options().join(link, who).await
}

impl Crowd {
    /// Joins all users; the first one becomes the owner of the server.
    pub async fn gather(owner_link: &InviteLink, length: Length, seed: u64) -> Result<Self, Error> {
        let mut people = vec![join(owner_link, "sender0".to_owned()).await?];
        let link = people[0]
            .0
            .admin()
            .create_invite(16, Duration::from_secs(3600))
            .await?;
        for n in 1..SENDERS {
            people.push(join(&link, format!("sender{n}")).await?);
        }
        let readers = [
            join(&link, "reader0".to_owned()).await?,
            join(&link, "reader1".to_owned()).await?,
        ];
        let users: Vec<_> = people.iter().map(|(_, account)| account.user).collect();
        let ledger = Arc::new(Ledger::new(length, users.clone(), GROUPS + 1));
        let (mut places, mut followers) = (Vec::new(), JoinSet::new());
        let mut place = |id, by: [&(Client, Account); 2]| {
            let at = places.len();
            let followed = by.map(|(client, _)| {
                let (position, followed) = watch::channel(MsgId::ZERO);
                followers.spawn(follow(
                    client.clone(),
                    id,
                    Arc::clone(&ledger),
                    at,
                    position,
                ));
                followed
            });
            places.push(Place {
                id,
                account: by[0].1.clone(),
                followed: followed.into(),
            });
        };
        let everybody: Vec<_> = users[1..]
            .iter()
            .copied()
            .chain(readers.iter().map(|(_, account)| account.user))
            .collect();
        for n in 0..GROUPS {
            let name = GroupName::new(format!("group {n}")).unwrap();
            place(
                people[0]
                    .0
                    .conversations()
                    .create_group(name, everybody.clone())
                    .await?,
                [&readers[0], &readers[1]],
            );
        }
        let direct = ConversationId::direct(users[0], users[1]).unwrap();
        // An empty direct chat does not exist and cannot be followed, so it starts with a message.
        let (said, text) = ledger.say(0, GROUPS);
        let first = people[0]
            .0
            .conversation(direct)
            .send(Body::Text(Text::new(text).unwrap()))
            .await?;
        ledger.answered(said, Outcome::Accepted(first));
        place(direct, [&people[0], &people[1]]);
        let senders = people.into_iter().map(|(client, _)| client).collect();
        let random = StdRng::seed_from_u64(seed);
        Ok(Self {
            ledger,
            places,
            senders,
            followers,
            sending: JoinSet::new(),
            pause: watch::Sender::new(true),
            random,
            length,
        })
    }

    /// Starts all senders. They run until [`Crowd::settle`].
    pub fn talk(&mut self) {
        if !self.pause.send_replace(false) {
            return;
        }
        for (n, client) in self.senders.iter().enumerate() {
            // Only the first two senders are in the direct chat.
            let places = if n < 2 { GROUPS + 1 } else { GROUPS };
            let window = match self.length {
                Length::Chat => self.random.random_range(1..200),
                Length::Page => self.random.random_range(1..50),
            };
            let sender = Sender {
                n,
                client: client.clone(),
                places: self.places[..places].iter().map(|place| place.id).collect(),
                ledger: Arc::clone(&self.ledger),
                window,
                random: StdRng::seed_from_u64(self.random.random()),
            };
            self.sending.spawn(sender.talk(self.pause.subscribe()));
        }
    }

    /// Waits until this many further messages are accepted.
    pub async fn accepted(&mut self, more: u64) -> Result<(), String> {
        let mut accepted = self.ledger.accepted();
        let enough = *accepted.borrow() + more;
        tokio::select! {
            fault = fault(&mut self.followers, &mut self.sending) => Err(fault),
            reached = timeout(PATIENCE, accepted.wait_for(|accepted| *accepted >= enough)) =>
                match reached {
                Ok(_) => Ok(()),
                Err(_) => Err(format!("{more} messages more are not accepted")),
            },
        }
    }

    /// Stops the senders and waits for their replies. Then fresh clients compare every log with the
    /// ledger, and every follower must reach the head.
    pub async fn settle(&mut self) -> Result<Checked, String> {
        self.pause.send_replace(true);
        while let Some(sender) = timeout(PATIENCE, self.sending.join_next())
            .await
            .map_err(|_| "sends stay unanswered")?
        {
            sender.map_err(|panic| panic.to_string())??;
        }
        let mut entries = 0;
        for at in 0..self.places.len() {
            let head = self.read_all(at).await?;
            entries += head.get();
            for followed in &mut self.places[at].followed {
                tokio::select! {
                    fault = fault(&mut self.followers, &mut self.sending) => return Err(fault),
                    reached = timeout(PATIENCE, followed.wait_for(|position| *position >= head)) =>
                        {
                        let far = reached
                            .map(|position| position.is_ok_and(|position| *position == head));
                        if far != Ok(true) {
                            return Err(format!("a follower of place {at} does not end with \
                            {head}"));
                        }
                    }
                }
            }
        }
        Ok(Checked { entries })
    }

    /// Reads the whole log with a fresh client. Returns the head.
    async fn read_all(&self, at: usize) -> Result<MsgId, String> {
        let place = &self.places[at];
        let client = options()
            .connect(&place.account)
            .await
            .map_err(|error| format!("a fresh client: {error}"))?;
        let mut history = client.conversation(place.id).history(MsgId::new(1));
        let mut reader = self.ledger.reader(at);
        while let Some(batch) = timeout(PATIENCE, history.next_batch())
            .await
            .map_err(|_| "a history does not end")?
        {
            for message in batch.map_err(|error| format!("the history of place {at}: {error}"))? {
                reader.read(&message)?;
            }
        }
        reader.end()?;
        client.close().await;
        Ok(reader.position())
    }

    pub async fn leave(mut self) {
        self.followers.shutdown().await;
        for client in &self.senders {
            client.close().await;
        }
    }
}

/// Waits for the first fault of a sender or follower.
async fn fault(
    followers: &mut JoinSet<String>,
    sending: &mut JoinSet<Result<(), String>>,
) -> String {
    loop {
        tokio::select! {
            Some(fault) = followers.join_next() =>
                return fault.unwrap_or_else(|panic| panic.to_string()),
            Some(done) = sending.join_next() => match done {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => return fault,
                Err(panic) => return panic.to_string(),
            },
            else => std::future::pending().await,
        }
    }
}

async fn follow(
    client: Client,
    id: ConversationId,
    ledger: Arc<Ledger>,
    at: usize,
    position: watch::Sender<MsgId>,
) -> String {
    let mut timeline = client.conversation(id).follow(MsgId::new(1));
    let mut reader = ledger.reader(at);
    loop {
        let message = match timeline.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return format!("a follower of place {at}: {error}"),
            None => return format!("the timeline of place {at} ended"),
        };
        if let Err(wrong) = reader.read(&message) {
            return format!("seen by a follower: {wrong}");
        }
        client.conversation(id).ack(message.msgid);
        position.send_replace(message.msgid);
    }
}

struct Sender {
    n: usize,
    client: Client,
    places: Vec<ConversationId>,
    ledger: Arc<Ledger>,
    /// The most sends in flight.
    window: usize,
    random: StdRng,
}

impl Sender {
    async fn talk(mut self, pause: watch::Receiver<bool>) -> Result<(), String> {
        let mut under_way = VecDeque::new();
        while !*pause.borrow() {
            let place = self.random.random_range(0..self.places.len());
            let (said, text) = self.ledger.say(self.n, place);
            let promise = self
                .client
                .conversation(self.places[place])
                .enqueue(Body::Text(Text::new(text).unwrap()))
                .await;
            under_way.push_back((
                said,
                promise.map_err(|error| format!("{said:?} cannot be sent: {error}"))?,
            ));
            if under_way.len() >= self.window {
                self.resolve(under_way.pop_front()).await?;
            }
        }
        while !under_way.is_empty() {
            self.resolve(under_way.pop_front()).await?;
        }
        Ok(())
    }

    async fn resolve(&self, oldest: Option<(Said, Accepted)>) -> Result<(), String> {
        let Some((said, promise)) = oldest else {
            return Ok(());
        };
        let outcome = match promise.await {
            Ok(msgid) => Outcome::Accepted(msgid),
            Err(Error::Refused(ErrorCode::StorageFailed)) => Outcome::StorageFailed,
            Err(error) => return Err(format!("{said:?} failed: {error}")),
        };
        self.ledger.answered(said, outcome);
        Ok(())
    }
}
