//! Everything that the server returns to a fresh client.

use std::collections::BTreeMap;
use std::error::Error;

use cairn_client::Account;
use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::model::conversation::Conversation as Summary;
use cairn_session::{Details, Entry};

use super::super::play::device::{fetch_details, options};
use super::super::view::{ConversationView, View};

/// Fetches everything that a user can see.
pub async fn view(account: &Account) -> Result<View, Box<dyn Error>> {
    let options = options().push(false);
    let client = options.connect(account).await?;
    let contacts = client.people().contacts().await?.into_iter();
    let mut view = View {
        contacts: contacts
            .map(|contact| (contact.user.id, contact.relation))
            .collect(),
        conversations: BTreeMap::new(),
    };
    for summary in client.conversations().list().await? {
        let details = fetch_details(&client, &summary).await?;
        let mut history = client
            .conversation(summary.id)
            .history(summary.floor.next());
        let mut entries = BTreeMap::new();
        while let Some(batch) = history.next_batch().await {
            let batch = batch?;
            let pulled = batch
                .iter()
                .map(|message| (message.msgid, Entry::from(message)));
            entries.extend(pulled);
        }
        let conversation = conversation(&summary, details, entries, account.user)
            .map_err(|fault| format!("{}: {fault}", summary.id))?;
        view.conversations.insert(summary.id, conversation);
    }
    client.close().await;
    Ok(view)
}

/// Combines the server's replies, and checks that they agree.
fn conversation(
    summary: &Summary,
    details: Details,
    entries: BTreeMap<MsgId, Entry>,
    me: UserId,
) -> Result<ConversationView, String> {
    let own = details.members.get(&me).ok_or("the user is not a member")?;
    if own.role != summary.role {
        return Err(format!(
            "the role is {:?}, and in the overview {:?}",
            own.role, summary.role
        ));
    }
    let expected = (summary.floor.get() + 1..=summary.head.get()).map(MsgId::new);
    if !entries.keys().copied().eq(expected) {
        return Err(format!(
            "the entries are not those above {} up to {}",
            summary.floor, summary.head
        ));
    }
    let last = summary
        .last
        .as_ref()
        .map(|last| Entry::new(last.sender, last.sent_at, last.body.clone(), &last.extras));
    if last.as_ref() != entries.values().last() {
        return Err(format!("the last entry in the overview is {last:?}"));
    }
    let read = summary.read.max(summary.floor).max(own.joined.prev());
    Ok(ConversationView {
        details,
        settings: summary.settings,
        floor: summary.floor,
        head: summary.head,
        read,
        unread: summary.unread,
        mentions: summary.mentions,
        entries,
    })
}
