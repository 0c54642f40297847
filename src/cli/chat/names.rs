//! Names of users in messages.

use std::collections::{BTreeSet, HashMap, HashSet};

use cairn_client::{Client, Error};
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::message::Message;
use cairn_proto::ids::UserId;
use cairn_proto::text::UserName;

use crate::cli::chat::text::routing;
use crate::cli::limits;

/// The names of the users in what is shown next, as the client's cache has them: it follows
/// renames.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: HashMap<UserId, UserName>,
    /// Users that are not requested again.
    unknown: HashSet<UserId>,
    shows_accounts: bool,
}

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
        | SystemEntry::RetentionSet { .. }
        | SystemEntry::Desk(_)
        | SystemEntry::Route(_) => &[],
    }
}

/// Collects the users in a message, some of them several times.
fn users_of(message: &Message, users: &mut BTreeSet<UserId>) {
    let extras = &message.extras;
    users.insert(message.sender);
    users.extend(extras.forwarded().map(|(author, _)| author));
    users.extend(extras.imported_by());
    users.extend(extras.mentioned());
    let reactions = extras.reactions().iter();
    users.extend(reactions.flat_map(|reaction| &reaction.users));
    match &message.body {
        Body::System(SystemEntry::Route(entry)) => users.extend(routing::users_of(entry)),
        Body::System(entry) => users.extend(mentioned(entry)),
        &Body::Recalled { by } => {
            users.insert(by);
        }
        _ => {}
    }
}

impl Names {
    /// Names that show imported authors as such, even where it is known who they are.
    pub(crate) fn of_accounts() -> Self {
        Self {
            shows_accounts: true,
            ..Self::default()
        }
    }

    /// Loads the names of all users in these messages.
    pub(crate) async fn learn(
        &mut self,
        client: &Client,
        messages: &[Message],
    ) -> Result<(), Error> {
        let mut users = BTreeSet::new();
        for message in messages {
            users_of(message, &mut users);
        }
        self.load(client, users).await
    }

    /// Loads the names of these users.
    pub(crate) async fn learn_users(
        &mut self,
        client: &Client,
        users: &[UserId],
    ) -> Result<(), Error> {
        self.load(client, users.iter().copied().collect()).await
    }

    async fn load(&mut self, client: &Client, mut users: BTreeSet<UserId>) -> Result<(), Error> {
        let is_user = |user: &UserId| *user != UserId::SERVER && *user != UserId::VISITOR;
        users.retain(|user| is_user(user) && !self.unknown.contains(user));
        let users: Vec<UserId> = users.into_iter().collect();
        self.names = if self.shows_accounts {
            let found = client.people().get_all(&users).await?;
            found.into_iter().map(|user| (user.id, user.name)).collect()
        } else {
            let found = client.people().shown(&users).await?;
            found
                .into_iter()
                .map(|(id, user)| (id, user.name))
                .collect()
        };
        if self.unknown.len() >= limits::NAMES_CACHED_MAX {
            self.unknown.clear();
        }
        let is_unknown = |user: &UserId| !self.names.contains_key(user);
        let unknown: Vec<UserId> = users.into_iter().filter(is_unknown).collect();
        self.unknown.extend(unknown);
        Ok(())
    }

    /// Returns the name of a user, or a placeholder for an unknown one.
    pub(crate) fn of(&self, user: UserId) -> std::borrow::Cow<'_, str> {
        match self.names.get(&user) {
            Some(name) => name.as_str().into(),
            None if user == UserId::SERVER => "server".into(),
            None if user == UserId::VISITOR => "visitor".into(),
            None => format!("user {user}").into(),
        }
    }
}
