//! Groups that share a name. The plain name is the group that the user has been in for longest; the
//! others are shown with a number, which is no input.

use std::collections::BTreeMap;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::text::GroupName;

use crate::cli::failure::{Exit, Failure};

/// Returns the user's groups with this name, by its key: the one with the longest membership first.
pub(crate) async fn groups_named(
    client: &Client,
    conversations: &[Conversation],
    name: &GroupName,
) -> Result<Vec<ConversationId>, Failure> {
    let key = name.folded();
    let found = groups(conversations).filter(|(_, name)| name.folded() == key);
    by_membership(client, found.map(|(id, _)| id).collect()).await
}

/// Returns the group that a name stands for, or `None` if the user is in no group of this name.
pub(crate) async fn group_named(
    client: &Client,
    name: &GroupName,
) -> Result<Option<ConversationId>, Failure> {
    let conversations = client.conversations().list().await?;
    if let Some(first) = groups_named(client, &conversations, name).await?.first() {
        return Ok(Some(*first));
    }
    let Some((plain, number)) = numbered(name) else {
        return Ok(None);
    };
    let found = groups_named(client, &conversations, &plain).await?;
    match number.checked_sub(1).and_then(|at| found.get(at)) {
        None => Ok(None),
        Some(id) => Err(
            Failure::new(Exit::Failed, format!("'{name}' is not a name of a group"))
                .hint(format!("the group that is shown so is '#id:{id}'")),
        ),
    }
}

/// Returns the numbers with which groups are shown beside their names: 2 for the second of a name.
pub(crate) async fn numbers(
    client: &Client,
    conversations: &[Conversation],
) -> Result<BTreeMap<ConversationId, usize>, Failure> {
    let mut by_key = BTreeMap::<String, Vec<ConversationId>>::new();
    for (id, name) in groups(conversations) {
        by_key.entry(name.folded()).or_default().push(id);
    }
    let mut numbers = BTreeMap::new();
    for ids in by_key.into_values().filter(|ids| ids.len() > 1) {
        let ordered = by_membership(client, ids).await?;
        numbers.extend(ordered.into_iter().zip(1..).skip(1));
    }
    Ok(numbers)
}

fn groups(conversations: &[Conversation]) -> impl Iterator<Item = (ConversationId, &GroupName)> {
    conversations
        .iter()
        .filter_map(|conversation| Some((conversation.id, conversation.kind.group()?)))
}

/// Orders groups by the time at which the user became a member.
async fn by_membership(
    client: &Client,
    ids: Vec<ConversationId>,
) -> Result<Vec<ConversationId>, Failure> {
    if ids.len() < 2 {
        return Ok(ids);
    }
    let mut since = Vec::with_capacity(ids.len());
    for id in ids {
        since.push((member_since(client, id).await?, id));
    }
    since.sort_unstable();
    Ok(since.into_iter().map(|(_, id)| id).collect())
}

/// Returns when the user became a member; `None`, which is before everything else, if the entry of
/// that moment has expired.
async fn member_since(client: &Client, id: ConversationId) -> Result<Option<Timestamp>, Failure> {
    let conversation = client.conversation(id);
    let joined = conversation.explain(client.whoami().user).await?.joined;
    Ok(conversation
        .message(joined)
        .await?
        .map(|entry| entry.sent_at))
}

/// Splits `ops (2)` into the name and the number.
fn numbered(name: &GroupName) -> Option<(GroupName, usize)> {
    let (plain, number) = name.as_str().strip_suffix(')')?.rsplit_once(" (")?;
    let number = number.parse().ok().filter(|&number| number > 1)?;
    Some((GroupName::sought(plain).ok()?, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beside_names_are_recognised() {
        let split = |raw: &str| {
            let (plain, number) = numbered(&GroupName::new(raw).unwrap())?;
            Some((plain.to_string(), number))
        };
        assert_eq!(split("ops (2)"), Some(("ops".into(), 2)));
        assert_eq!(split("the team (13)"), Some(("the team".into(), 13)));
        for raw in ["ops", "ops (1)", "ops (x)", "ops(2)", "(2)"] {
            assert_eq!(split(raw), None, "{raw}");
        }
    }
}
