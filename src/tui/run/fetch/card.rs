//! What cards show.

use cairn_client::{Client, Error};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::people::{Relation, UserProfile};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{spawn_blocking, spawn_local};

use crate::tui::app::model::card::{Fetch, Fetched, Person, Received};
use crate::tui::app::msg::Msg;
use crate::tui::picture;
use crate::tui::text::words;
use crate::tui::theme::Theme;

/// Requests what a card shows. Answers with [`Msg::Fetched`].
pub(crate) fn start(what: Fetch, client: Client, theme: Theme, sender: UnboundedSender<Msg>) {
    spawn_local(async move {
        let fetched = match what {
            _ if !client.is_online() => failed(what, words::NOT_OFFLINE.to_owned()),
            Fetch::Person(user) => Fetched::Person(user, person(&client, user, theme).await),
            Fetch::Receipts(id, msgid) => {
                let received = receipts(&client, id, msgid).await;
                Fetched::Receipts(msgid, received.map_err(|error| error.to_string()))
            }
            Fetch::Agents(id, queue) => {
                let agents = client.desk().agents(Some(queue)).await;
                Fetched::Agents(id, agents.map_err(|error| error.to_string()))
            }
            Fetch::Canned(id) => {
                let canned = client.desk().canned(None).await;
                Fetched::Canned(id, canned.map_err(|error| error.to_string()))
            }
            Fetch::Unread(id) => {
                let explained = client.conversation(id).explain(client.whoami().user).await;
                Fetched::Unread(id, explained.map_err(|error| error.to_string()))
            }
        };
        let _ = sender.send(Msg::Fetched(Box::new(fetched)));
    });
}

fn failed(what: Fetch, why: String) -> Fetched {
    match what {
        Fetch::Person(user) => Fetched::Person(user, Err(why)),
        Fetch::Receipts(_, msgid) => Fetched::Receipts(msgid, Err(why)),
        Fetch::Agents(id, _) => Fetched::Agents(id, Err(why)),
        Fetch::Canned(id) => Fetched::Canned(id, Err(why)),
        Fetch::Unread(id) => Fetched::Unread(id, Err(why)),
    }
}

async fn person(client: &Client, user: UserId, theme: Theme) -> Result<Person, String> {
    let (profile, relation) = about(client, user)
        .await
        .map_err(|error| error.to_string())?;
    let profile = profile.ok_or_else(|| words::unknown_user(user))?;
    let avatar = profile.profile.avatar.as_bytes().clone();
    // The bytes come from another user: decoding them must not block the keys.
    let decoded = spawn_blocking(move || picture::decode(&avatar, theme.backdrop())).await;
    Ok(Person {
        profile,
        relation,
        picture: decoded.ok().flatten(),
    })
}

async fn about(client: &Client, user: UserId) -> Result<(Option<UserProfile>, Relation), Error> {
    let profile = client.people().profiles(&[user]).await?.pop();
    let contacts = client.people().contacts().await?;
    let relation = contacts
        .into_iter()
        .find(|contact| contact.user.id == user)
        .map(|contact| contact.relation);
    Ok((profile, relation.unwrap_or_default()))
}

async fn receipts(client: &Client, id: ConversationId, msgid: MsgId) -> Result<Received, Error> {
    let receipts = client.conversation(id).receipts(msgid).await?;
    let users: Vec<UserId> = receipts.who.iter().map(|receipt| receipt.user).collect();
    let shown = client.people().shown(&users).await?;
    let names = shown
        .into_iter()
        .map(|(id, user)| (id, user.name.to_string()));
    Ok(Received {
        receipts,
        names: names.collect(),
    })
}
