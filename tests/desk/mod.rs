//! The support desk over the real server: what visitors and agents may do and see, who gets an
//! inquiry, and that strangers cannot use it against others.

mod crash;
mod erase;
mod hours;
mod identity;
mod leaks;
mod limits;
mod people;
mod records;
mod reload;
mod routing;
mod visitors;

use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::desk::{AgentConfig, AgentQueue, Duty, QueueConfig};
use cairn_client::proto::wire::request::desk::{CreateQueue, ListQueues, SetAgent, SetDuty};
use cairn_client::proto::wire::request::server::SetSetting;
use cairn_client::proto::wire::request::session::{DeskKeyMade, NewDeskKey};
use cairn_client::{Account, Client};

use crate::hostile::raw::Raw;
use crate::support::{Server, invite, until};
use people::{Agent, Visitor};

/// A server with one queue, and a link to it.
struct Desk {
    server: Server,
    owner: Client,
    /// A session of the owner.
    admin: Raw,
    owner_account: Account,
    queue: ConversationId,
    key: DeskKeyMade,
    agents: Vec<Account>,
}

impl Desk {
    /// Opens a desk whose queue is changed before.
    async fn open(change: impl FnOnce(&mut QueueConfig)) -> Self {
        Self::open_on(Server::start(), change).await
    }

    async fn open_on(server: Server, change: impl FnOnce(&mut QueueConfig)) -> Self {
        let (owner, owner_account) = server.owner().await;
        let mut admin = Raw::log_in(server.addr, &owner_account).await;
        let mut config = queue("presale");
        change(&mut config);
        let queue = admin
            .ask(CreateQueue {
                config: config.into(),
            })
            .await
            .unwrap();
        let new_key = NewDeskKey {
            queue,
            requires_signature: false,
        };
        let key = admin.ask(new_key).await.unwrap();
        Self {
            server,
            owner,
            admin,
            owner_account,
            queue,
            key,
            agents: Vec::new(),
        }
    }

    async fn set(&mut self, name: &str, value: &str) {
        let set = SetSetting {
            name: name.parse().unwrap(),
            value: value.parse().unwrap(),
        };
        self.admin.ask(set).await.unwrap();
    }

    /// Lets one address open and connect as often as it likes.
    async fn open_the_doors(&mut self) {
        for (name, value) in [
            ("visitor-openings-per-minute", "0"),
            ("visitor-openings-per-hour", "0"),
            ("visitor-connections-per-address", "10000"),
            ("visitor-messages-per-minute", "0"),
        ] {
            self.set(name, value).await;
        }
    }

    /// Makes a new user an agent of the queue, on duty and connected.
    async fn agent(&mut self, name: &str, capacity: u16) -> Agent {
        let account = self.agent_account(name, capacity).await;
        let mut agent = Agent::connect(&self.server, &account).await;
        agent.ask(SetDuty { duty: Duty::On }).await.unwrap();
        self.until_ready(name, agent.user()).await;
        agent
    }

    /// Makes a new user an agent of the queue, without a connection.
    async fn agent_account(&mut self, name: &str, capacity: u16) -> Account {
        let (client, account) = invite(&self.owner, name).await;
        client.close().await;
        let set = SetAgent {
            user: account.user,
            config: self.config(name, capacity),
        };
        self.admin.ask(set).await.unwrap();
        self.agents.push(account.clone());
        account
    }

    fn config(&self, name: &str, capacity: u16) -> AgentConfig {
        AgentConfig {
            public_name: Some(format!("{name} of the shop").parse().unwrap()),
            capacity,
            queues: vec![AgentQueue {
                queue: self.queue,
                level: 0,
                delay_seconds: 0,
            }],
            supervises: Vec::new(),
        }
    }

    /// Waits until the server knows that the agent is there.
    async fn until_ready(&mut self, name: &str, user: cairn_client::proto::ids::UserId) {
        let what = format!("{name} is present");
        until(&what, async || self.is_present(user).await).await;
    }

    async fn is_present(&mut self, user: cairn_client::proto::ids::UserId) -> bool {
        let list = cairn_client::proto::wire::request::desk::ListAgents {
            queue: None,
            after: None,
        };
        let agents = self.admin.ask(list).await.unwrap().items;
        agents
            .iter()
            .any(|agent| agent.user.id == user && agent.present)
    }

    /// Returns how many inquiries wait and are held.
    async fn counts(&mut self) -> (u32, u32) {
        let queues = self.admin.ask(ListQueues::default()).await.unwrap().items;
        let counts = queues.iter().map(|queue| queue.counts);
        let counts = counts.into_iter().find(|counts| counts.queue == self.queue);
        let counts = counts.unwrap();
        (counts.waiting + counts.offered, counts.held)
    }

    /// A visitor who has not said anything.
    async fn visitor(&self) -> Visitor {
        Visitor::connect(&self.server, &self.key, people::token()).await
    }

    /// Logs the admin in again, after a restart.
    async fn reconnect_admin(&mut self) {
        self.admin = Raw::log_in(self.server.addr, &self.owner_account).await;
    }
}

/// A queue that gives inquiries at once.
fn queue(name: &str) -> QueueConfig {
    use cairn_client::proto::model::desk::AnswerMode;
    QueueConfig {
        answer: AnswerMode::Assign,
        absence_seconds: 0,
        ..QueueConfig::new(name.parse().unwrap())
    }
}
