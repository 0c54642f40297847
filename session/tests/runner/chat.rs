//! A user with a session, and what is waited for.

use std::path::Path;
use std::time::Duration;

use cairn_client::memory::Limits;
use cairn_client::proto::ids::ConversationId;
use cairn_client::{Account, Backoff, Client, InviteLink, Message, MsgId, Reconnect};
use cairn_session::{Command, Draft, LinkView, Model, Outgoing, Pending, Session, SessionOptions};
use cairn_testing::Server;
use tokio::time::timeout;

/// The time after which an event counts as absent.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let happened = timeout(PATIENCE, happens).await;
    happened.unwrap_or_else(|_| panic!("it does not happen: {what}"))
}

/// A user with a group, who is connected by other means as well.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) account: Account,
    pub(crate) group: ConversationId,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (server, link) = Server::start(Limits::default()).await;
        Self::on(server, &link).await
    }

    pub(crate) async fn on(server: Server, link: &InviteLink) -> Self {
        let (client, account) = server.join(link, "ada").await;
        let name = "team".parse().unwrap();
        let group = client.conversations().create_group(name, Vec::new()).await;
        Self {
            server,
            client,
            account,
            group: group.unwrap(),
        }
    }

    pub(crate) fn options(&self, dir: &Path) -> SessionOptions {
        let backoff = Backoff {
            base: Duration::from_millis(10),
            cap: Duration::from_millis(50),
        };
        SessionOptions {
            client: self.server.client().reconnect(Reconnect::Forever(backoff)),
            ..SessionOptions::kept_in(dir)
        }
    }

    pub(crate) fn open(&self, dir: &Path) -> Session {
        Session::open(&self.account, self.options(dir)).unwrap()
    }

    /// Opens a session of a known profile, and waits until it has read its cache.
    pub(crate) async fn open_offline(&self, dir: &Path) -> Session {
        let session = self.open(dir);
        let group = self.group;
        until(&session, "the list", |model| {
            model.conversation(group).is_some()
        })
        .await;
        session
    }

    /// Opens a session, and waits until it has seen the server.
    pub(crate) async fn online(&self, dir: &Path) -> Session {
        let session = self.open(dir);
        let group = self.group;
        until(&session, "the overview", |model| {
            model.link() == LinkView::Online && model.conversation(group).is_some()
        })
        .await;
        session
    }

    fn message(&self, words: &str) -> Command {
        Command::Send(Draft {
            words: words.to_owned(),
            ..Draft::new(self.group)
        })
    }

    pub(crate) async fn say(&self, session: &Session, words: &str) {
        session.perform(self.message(words)).await;
    }

    /// Like [`World::say`], without waiting for the disk.
    pub(crate) fn command(&self, session: &Session, words: &str) {
        session.command(self.message(words));
    }

    /// The words in the log of the group.
    pub(crate) async fn log(&self) -> Vec<String> {
        let mut history = self.client.conversation(self.group).history(MsgId::new(1));
        let mut log = Vec::new();
        while let Some(message) = history.next().await {
            log.extend(words(&message.unwrap()));
        }
        log
    }
}

pub(crate) fn words(message: &Message) -> Option<String> {
    message.body.words().map(str::to_owned)
}

/// Waits until the model is as it should be.
pub(crate) async fn until(session: &Session, what: &str, is_so: impl Fn(&Model) -> bool) {
    soon(what, async {
        while !is_so(&session.model()) {
            session.changed().await;
        }
    })
    .await;
}

pub(crate) fn pending_words(outbox: &[Pending]) -> Vec<String> {
    let words = outbox.iter().filter_map(|item| match &item.what {
        Outgoing::Message { body, .. } => body.words().map(str::to_owned),
        _ => None,
    });
    words.collect()
}
