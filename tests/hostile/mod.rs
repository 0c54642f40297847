//! Hostile input of every kind against the real server: each is answered with its exact code, and
//! other clients notice nothing.

mod accounts;
pub(crate) mod attachments;
pub(crate) mod bystanders;
mod directory;
mod messages;
pub(crate) mod raw;
mod wire;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::{Account, Client};

use crate::support::{self, Server, resident_bytes};
use bystanders::Bystanders;

/// A server with its owner, and two users who chat during every attack.
struct Stage {
    server: Server,
    owner: Client,
    owner_account: Account,
    bystanders: Bystanders,
}

impl Stage {
    async fn set() -> Self {
        let server = Server::start();
        let (owner, owner_account) = server.owner().await;
        let bystanders = Bystanders::join(&owner).await;
        Self {
            server,
            owner,
            owner_account,
            bystanders,
        }
    }

    /// Runs an attack while the bystanders chat: before, during and after it, their messages must
    /// be accepted and delivered.
    async fn meanwhile<T>(&mut self, hostile: impl Future<Output = T>) -> T {
        self.bystanders.chat_meanwhile(hostile).await
    }

    /// A new user without a connection.
    async fn account(&self, name: &str) -> Account {
        let (client, account) = support::invite(&self.owner, name).await;
        client.close().await;
        account
    }

    async fn user(&self, name: &str) -> (Client, Account) {
        support::invite(&self.owner, name).await
    }
}

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, name: &str, members: &[UserId]) -> ConversationId {
    owner
        .conversations()
        .create_group(GroupName::new(name).unwrap(), members.to_vec())
        .await
        .unwrap()
}

async fn connect(account: &Account) -> Client {
    Client::builder().connect(account).await.unwrap()
}
