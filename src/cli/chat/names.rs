//! Names of users in messages.

use std::collections::HashMap;

use cairn_client::{Client, Error};
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::message::Message;
use cairn_proto::ids::UserId;
use cairn_proto::model::user::{UserInfo, UserState};
use cairn_proto::text::UserName;

use crate::cli::limits;

/// A bounded cache of user names.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<UserId, Option<UserName>>);

/// Returns the users in an entry.
const fn mentioned(entry: &SystemEntry) -> &[UserId] {
    match entry {
        SystemEntry::Added { users }
        | SystemEntry::Removed { users }
        | SystemEntry::Banned { users }
        | SystemEntry::Unbanned { users } => users.as_slice(),
        SystemEntry::RoleSet { user, .. }
        | SystemEntry::HandedOver { user }
        | SystemEntry::Muted { user, .. } => std::slice::from_ref(user),
        SystemEntry::Created { .. }
        | SystemEntry::Renamed { .. }
        | SystemEntry::TopicSet { .. }
        | SystemEntry::SettingsSet { .. }
        | SystemEntry::RetentionSet { .. } => &[],
    }
}

/// Replaces the names of imported authors by those of the users that they are.
async fn resolve_aliases(client: &Client, users: &mut [UserInfo]) -> Result<(), Error> {
    let alias_of = |user: &UserInfo| match user.state {
        UserState::AliasOf(real) => Some(real),
        _ => None,
    };
    let real: Vec<UserId> = users.iter().filter_map(alias_of).collect();
    if real.is_empty() {
        return Ok(());
    }
    let real = client.people().get_all(&real).await?;
    for user in users {
        let name = alias_of(user).and_then(|id| real.iter().find(|real| real.id == id));
        if let Some(UserInfo { name, .. }) = name {
            user.name = name.clone();
        }
    }
    Ok(())
}

impl Names {
    /// Loads the names of all users in these messages.
    pub(crate) async fn learn(
        &mut self,
        client: &Client,
        messages: &[Message],
    ) -> Result<(), Error> {
        let mut unknown = Vec::new();
        for message in messages {
            self.note(message.sender, &mut unknown);
            message
                .extras
                .forwarded()
                .into_iter()
                .for_each(|(author, _)| self.note(author, &mut unknown));
            let importer = message.extras.imported_by();
            importer
                .into_iter()
                .for_each(|user| self.note(user, &mut unknown));
            message
                .extras
                .mentioned()
                .for_each(|user| self.note(user, &mut unknown));
            let reacting = message
                .extras
                .reactions()
                .iter()
                .flat_map(|reaction| &reaction.users);
            reacting.for_each(|&user| self.note(user, &mut unknown));
            match &message.body {
                Body::System(entry) => mentioned(entry)
                    .iter()
                    .for_each(|&user| self.note(user, &mut unknown)),
                &Body::Recalled { by } => self.note(by, &mut unknown),
                _ => {}
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        if self.0.len() + unknown.len() > limits::NAMES_CACHED_MAX {
            self.0.clear();
            unknown = messages.iter().map(|message| message.sender).collect();
            unknown.sort_unstable();
            unknown.dedup();
        }
        self.ask(client, unknown).await
    }

    /// Loads the names of these users.
    pub(crate) async fn learn_users(
        &mut self,
        client: &Client,
        users: &[UserId],
    ) -> Result<(), Error> {
        let mut unknown = Vec::new();
        users.iter().for_each(|&user| self.note(user, &mut unknown));
        if unknown.is_empty() {
            return Ok(());
        }
        if self.0.len() + unknown.len() > limits::NAMES_CACHED_MAX {
            self.0.clear();
            unknown = users.to_vec();
        }
        self.ask(client, unknown).await
    }

    /// Adds known names.
    pub(crate) fn know(&mut self, users: Vec<UserInfo>) {
        self.0
            .extend(users.into_iter().map(|user| (user.id, Some(user.name))));
    }

    async fn ask(&mut self, client: &Client, unknown: Vec<UserId>) -> Result<(), Error> {
        let mut found = client.people().get_all(&unknown).await?;
        resolve_aliases(client, &mut found).await?;
        // Unknown users are cached as well, so that they are not requested again.
        self.0.extend(unknown.into_iter().map(|user| (user, None)));
        self.know(found);
        Ok(())
    }

    fn note(&self, user: UserId, unknown: &mut Vec<UserId>) {
        if user != UserId::SERVER && !self.0.contains_key(&user) && !unknown.contains(&user) {
            unknown.push(user);
        }
    }

    /// Returns the name of a user, or a placeholder for an unknown one.
    pub(crate) fn of(&self, user: UserId) -> std::borrow::Cow<'_, str> {
        match self.0.get(&user) {
            Some(Some(name)) => name.as_str().into(),
            _ if user == UserId::SERVER => "server".into(),
            _ => format!("user {user}").into(),
        }
    }
}
