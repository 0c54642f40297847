//! The clients of the drill: they send at full rate, reconnect by themselves, and read what is
//! stored.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::text::{DeviceName, SettingName, SettingValue, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{
    Accepted, Account, Backoff, Client, ClientBuilder, ConversationId, Error, JoinRequest,
    Reconnect,
};
use parking_lot::Mutex;
use rand::RngExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cli::failure::{Exit, Failure};
use crate::cli::server::selftest::ledger::{Ledger, Outcome, Problems, Reader, Sent};
use crate::cli::server::selftest::limits::{GROUPS, SENDERS, WAIT_MAX, WINDOW};

/// Settings that would slow the senders down.
const LIMITS_LIFTED: [(&str, &str); 2] =
    [("messages-per-second", "0"), ("message-bytes-per-day", "0")];

const INVITE_LIFE: Duration = Duration::from_secs(3600);

/// Clients that wait for a server which is being restarted.
const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(20),
    cap: Duration::from_millis(500),
};

pub(super) struct Crowd {
    pub(super) ledger: Arc<Mutex<Ledger>>,
    groups: Vec<ConversationId>,
    /// Up to where each group was checked.
    checked: Vec<Reader>,
    senders: Vec<Client>,
    /// One that may read everything.
    account: Account,
    sending: JoinSet<Result<(), Error>>,
    pause: watch::Sender<bool>,
}

/// Which messages are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those since the last check.
    New,
    All,
}

fn options() -> ClientBuilder {
    Client::builder()
        .push(false)
        .reconnect(Reconnect::Forever(BACKOFF))
}

async fn join(link: &InviteLink, name: &str) -> Result<(Client, Account), Failure> {
    let name = UserName::new(name).map_err(|error| internal(&error))?;
    let device = DeviceName::new("selftest").map_err(|error| internal(&error))?;
    let who = JoinRequest {
        name,
        password: None,
        device,
    };
    Ok(options().join(link, who).await?)
}

fn internal(error: &dyn std::error::Error) -> Failure {
    Failure::caused(Exit::Failed, "cannot prepare the drill", error)
}

impl Crowd {
    /// Joins all senders to a new server.
    pub(super) async fn gather(owner_link: &InviteLink, seed: u64) -> Result<Self, Failure> {
        let (owner, account) = join(owner_link, "sender-0").await?;
        for (name, value) in LIMITS_LIFTED {
            let name = SettingName::new(name).map_err(|error| internal(&error))?;
            let value = SettingValue::new(value).map_err(|error| internal(&error))?;
            owner.admin().set_setting(name, value).await?;
        }
        let invite = owner.admin().create_invite(SENDERS as u32, INVITE_LIFE);
        // The address that the server advertises may not be reachable from here.
        let link = InviteLink {
            addr: owner_link.addr.clone(),
            ..invite.await?
        };
        let (mut senders, mut users) = (vec![owner], Vec::new());
        for number in 1..SENDERS {
            let (client, account) = join(&link, &format!("sender-{number}")).await?;
            senders.push(client);
            users.push(account.user);
        }
        let mut groups = Vec::new();
        for number in 0..GROUPS {
            let name = format!("group {number}");
            let name = name.parse().map_err(|error| internal(&error))?;
            let created = senders[0].conversations().create_group(name, users.clone());
            groups.push(created.await?);
        }
        let ledger = Ledger::new(seed, GROUPS, SENDERS);
        let checked = (0..GROUPS).map(|place| ledger.reader(place)).collect();
        Ok(Self {
            ledger: Arc::new(Mutex::new(ledger)),
            groups,
            checked,
            senders,
            account,
            sending: JoinSet::new(),
            pause: watch::Sender::new(true),
        })
    }

    /// Starts all senders. They run until [`Crowd::settle`].
    pub(super) fn talk(&mut self) {
        if !self.pause.send_replace(false) {
            return;
        }
        for (number, client) in self.senders.iter().enumerate() {
            let sender = Sender {
                number,
                client: client.clone(),
                groups: self.groups.clone(),
                ledger: Arc::clone(&self.ledger),
            };
            self.sending.spawn(sender.talk(self.pause.subscribe()));
        }
    }

    /// Stops the senders, waits for their answers, and compares what is stored with the ledger.
    pub(super) async fn settle(
        &mut self,
        extent: Extent,
        problems: &mut Problems,
    ) -> Result<(), Failure> {
        self.pause.send_replace(true);
        while !self.sending.is_empty() {
            match timeout(WAIT_MAX, self.sending.join_next()).await {
                Ok(Some(Ok(Ok(())))) => {}
                Ok(Some(Ok(Err(error)))) => {
                    problems.add_other(format!("a sender failed: {error}"));
                }
                Ok(Some(Err(error))) => problems.add_other(format!("a sender failed: {error}")),
                Ok(None) => break,
                Err(_) => {
                    problems.add_other(format!(
                        "sends stay unanswered for {} s",
                        WAIT_MAX.as_secs()
                    ));
                    self.sending.abort_all();
                    return Ok(());
                }
            }
        }
        if extent == Extent::All {
            let ledger = self.ledger.lock();
            self.checked = (0..GROUPS).map(|place| ledger.reader(place)).collect();
        }
        let client = options().connect(&self.account).await?;
        for place in 0..GROUPS {
            let read = timeout(WAIT_MAX, self.read(&client, place, problems)).await;
            match read {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    problems.add_other(format!("group {place} cannot be read: {error}"));
                }
                Err(_) => problems.add_other(format!("group {place} cannot be read in time")),
            }
        }
        client.close().await;
        Ok(())
    }

    async fn read(
        &mut self,
        client: &Client,
        place: usize,
        problems: &mut Problems,
    ) -> Result<(), Error> {
        let conversation = client.conversation(self.groups[place]);
        let mut history = conversation.history(self.checked[place].next());
        while let Some(batch) = history.next_batch().await {
            let ledger = self.ledger.lock();
            for message in batch? {
                let reader = &mut self.checked[place];
                ledger.read(reader, message.msgid, &message.body, problems);
            }
        }
        let ledger = self.ledger.lock();
        ledger.end(&mut self.checked[place], problems);
        Ok(())
    }

    pub(super) async fn leave(self) {
        for client in &self.senders {
            client.close().await;
        }
    }
}

struct Sender {
    number: usize,
    client: Client,
    groups: Vec<ConversationId>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Sender {
    async fn talk(self, pause: watch::Receiver<bool>) -> Result<(), Error> {
        let mut in_flight = VecDeque::new();
        while !*pause.borrow() {
            let place = rand::rng().random_range(0..self.groups.len());
            let (sent, text) = self.ledger.lock().send(place, self.number);
            let conversation = self.client.conversation(self.groups[place]);
            match conversation.enqueue(text).await {
                Ok(accepted) => in_flight.push_back((sent, accepted)),
                Err(error) => {
                    self.ledger.lock().resolve(sent, Outcome::Unknown);
                    return Err(error);
                }
            }
            if in_flight.len() >= WINDOW {
                self.resolve(in_flight.pop_front()).await?;
            }
        }
        while !in_flight.is_empty() {
            self.resolve(in_flight.pop_front()).await?;
        }
        Ok(())
    }

    async fn resolve(&self, oldest: Option<(Sent, Accepted)>) -> Result<(), Error> {
        let Some((sent, accepted)) = oldest else {
            return Ok(());
        };
        let (outcome, failed) = match accepted.await {
            Ok(msgid) => (Outcome::Accepted(msgid), None),
            Err(Error::Refused(ErrorCode::StorageFailed)) => (Outcome::Unknown, None),
            Err(error) => (Outcome::Unknown, Some(error)),
        };
        self.ledger.lock().resolve(sent, outcome);
        failed.map_or(Ok(()), Err)
    }
}
