//! `cairn chat` in a real terminal, against a real server.

mod caret;
mod crash;
mod desk;
mod notice;
mod picture;
mod plain;
mod quiet;
mod requirements;
mod screen;
mod talk;
mod terminal;

use std::path::{Path, PathBuf};

use cairn_client::proto::ids::ConversationId;
use cairn_client::{Account, Client};
use tempfile::TempDir;

use crate::support::{Server, invite};
use terminal::{Pane, chat};

/// A server with two users in a group: the owner has a profile for the client, and the test speaks
/// as bob.
struct World {
    server: Server,
    bob: Client,
    team: ConversationId,
    /// That of the owner.
    account: Account,
    profile: PathBuf,
    /// That of bob.
    other_profile: PathBuf,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let server = Server::start();
        let (owner, account) = server.owner().await;
        let (bob, bob_account) = invite(&owner, "bob").await;
        let team = owner
            .conversations()
            .create_group("team".parse().unwrap(), Vec::new());
        let team = team.await.unwrap();
        let members = vec![bob.whoami().user];
        owner.conversation(team).add_members(members).await.unwrap();
        owner.close().await;
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("profile");
        save(&profile, &account);
        let other_profile = folder.path().join("bob");
        save(&other_profile, &bob_account);
        Self {
            server,
            bob,
            team,
            account,
            profile,
            other_profile,
            _folder: folder,
        }
    }

    fn start(&self, columns: u16, rows: u16) -> Pane {
        Pane::run(&chat(&self.profile, "'#team'"), columns, rows)
    }

    /// Writes the settings of the client.
    fn configure(&self, settings: &str) {
        std::fs::write(self.profile.join("config.toml"), settings).unwrap();
    }

    /// Opens the direct chat of bob with the owner.
    async fn direct(&self) -> ConversationId {
        let owner = self.bob.people().find("owner".parse().unwrap());
        let owner = owner.await.unwrap().unwrap();
        self.bob.conversations().direct(owner.id).unwrap()
    }

    /// Sends as bob.
    async fn say(&self, text: &str) {
        self.bob.conversation(self.team).send(text).await.unwrap();
    }

    /// The texts of the group, as the server has them.
    async fn texts(&self) -> Vec<String> {
        let first = cairn_client::MsgId::new(1);
        let range = cairn_client::proto::wire::request::session::PullRange::From(first);
        let page = self
            .bob
            .conversation(self.team)
            .pull(range, 500)
            .await
            .unwrap();
        let texts = page
            .messages
            .iter()
            .filter_map(|message| match &message.body {
                cairn_client::Body::Text(text) => Some(text.as_str().to_owned()),
                _ => None,
            });
        texts.collect()
    }
}

fn save(profile: &Path, account: &Account) {
    std::fs::create_dir(profile).unwrap();
    let json = serde_json::to_vec(account).unwrap();
    std::fs::write(profile.join("profile.json"), json).unwrap();
}
