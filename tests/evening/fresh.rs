//! Everything that the server says to a client that knows nothing yet.

use std::collections::BTreeMap;
use std::error::Error;

use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::{Account, Client, Options};

use super::device::options;
use super::held::Held;
use super::kept::{About, View};
use super::replica::Sight;

/// What a user sees who looks at everything.
pub async fn sight(account: &Account) -> Result<Sight, Box<dyn Error>> {
    let client = Client::connect(
        account,
        Options {
            push: false,
            ..options()
        },
    )
    .await?;
    let contacts = client
        .contacts()
        .await?
        .into_iter()
        .map(|contact| (contact.user.id, contact.relation))
        .collect();
    let mut sight = Sight {
        contacts,
        conversations: BTreeMap::new(),
    };
    for found in client.conversations().await? {
        let group = match found.kind {
            ConversationKind::Group { .. } => Some(client.group(found.id).await?),
            ConversationKind::Direct { .. } => None,
        };
        let retention = client.retention(found.id).await?.set;
        let about = About::told(
            &found.kind,
            group,
            retention,
            &client.members(found.id).await?,
            client.pins(found.id).await?,
        );
        let (mut history, mut entries) = (
            client.history(found.id, found.floor.next()),
            BTreeMap::new(),
        );
        while let Some(batch) = history.next_batch().await {
            entries.extend(
                batch?
                    .iter()
                    .map(|message| (message.msgid, Held::from(message))),
            );
        }
        let view = view(&found, about, entries, account.user)
            .map_err(|fault| format!("{}: {fault}", found.id))?;
        sight.conversations.insert(found.id, view);
    }
    client.close().await;
    Ok(sight)
}

/// The server's own numbers, once they fit each other.
fn view(
    found: &Conversation,
    about: About,
    entries: BTreeMap<MsgId, Held>,
    me: UserId,
) -> Result<View, String> {
    let own = about
        .members
        .get(&me)
        .ok_or("the user is not among the members")?;
    if own.role != found.role {
        return Err(format!(
            "the member is {:?}, and in the overview {:?}",
            own.role, found.role
        ));
    }
    if !entries
        .keys()
        .copied()
        .eq((found.floor.get() + 1..=found.head.get()).map(MsgId::new))
    {
        return Err(format!(
            "the entries are not those above {} up to {}",
            found.floor, found.head
        ));
    }
    let last = found
        .last
        .as_ref()
        .map(|last| Held::new(last.sender, last.sent_at, last.body.clone(), &last.extras));
    if last.as_ref() != entries.values().last() {
        return Err(format!("the overview says that {last:?} comes last"));
    }
    let base = found.read.max(found.floor).max(own.joined.prev());
    let &Conversation {
        floor,
        head,
        unread,
        mentions,
        settings,
        ..
    } = found;
    Ok(View {
        about,
        own: settings,
        floor,
        head,
        base,
        unread,
        mentions,
        entries,
    })
}
