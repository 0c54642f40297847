//! Requests that must be refused: those about conversations of others, sends of users who are muted
//! or may not post, and direct messages across a block.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Error};

use super::super::play::{Team, files};
use super::super::script::Seat;
use super::super::view::View;
use super::super::world::World;
use super::is_expired;

/// Makes every request that must be refused, and downloads every file that must be visible.
pub async fn hold(team: &Team, views: &[View]) -> Result<(), String> {
    for (user, view) in views.iter().enumerate() {
        let client = &team.device(Seat { user, device: 0 }).client;
        let fail = |fault| format!("user{user} {fault}");
        files_are_visible(client, view).await.map_err(fail)?;
        groups_refuse(&team.world, client, user, views)
            .await
            .map_err(fail)?;
        blocks_refuse(&team.world, client, user, views)
            .await
            .map_err(fail)?;
    }
    Ok(())
}

fn attempt() -> Body {
    Body::Text(Text::new("may I?").unwrap())
}

/// The last file that a user sees in a conversation.
fn last_file(view: &View, id: ConversationId) -> Option<(MsgId, &Body)> {
    let entries = view.conversations.get(&id)?.entries.iter().rev();
    entries
        .map(|(&msgid, entry)| (msgid, &entry.body))
        .find(|(_, body)| body.attachment().is_some())
}

/// Checks that users can download the files of messages that they see.
async fn files_are_visible(client: &Client, view: &View) -> Result<(), String> {
    for &id in view.conversations.keys() {
        if let Some((msgid, body)) = last_file(view, id) {
            let downloaded = files::download(client, id, msgid, body).await;
            if let Err(error) = downloaded
                && !is_expired(client, id, msgid).await?
            {
                return Err(format!(
                    "cannot download the file of {msgid} in {id}: {error}"
                ));
            }
        }
    }
    Ok(())
}

async fn groups_refuse(
    world: &World,
    client: &Client,
    user: usize,
    views: &[View],
) -> Result<(), String> {
    for id in world.groups() {
        let Some(conversation) = views[user].conversations.get(&id) else {
            let pulled = client
                .conversation(id)
                .pull(PullRange::From(MsgId::new(1)), 1)
                .await;
            is_refused(pulled, ErrorCode::NotFound)
                .map_err(|fault| format!("reads {id} without being a member: {fault}"))?;
            let sent = client.conversation(id).send(attempt()).await;
            is_refused(sent, ErrorCode::NotFound)
                .map_err(|fault| format!("sends to {id} without being a member: {fault}"))?;
            let file = views.iter().find_map(|other| last_file(other, id));
            if let Some((msgid, body)) = file {
                files::cannot_download(client, id, msgid, body).await?;
            }
            continue;
        };
        let own = conversation.details.members[&world.users[user]];
        let may_post = conversation
            .details
            .settings
            .is_none_or(|settings| own.role >= settings.post);
        if !may_post || own.muted_until > Timestamp::new(0) {
            let code = if may_post {
                ErrorCode::Muted
            } else {
                ErrorCode::Forbidden
            };
            let sent = client.conversation(id).send(attempt()).await;
            is_refused(sent, code).map_err(|fault| format!("may not send to {id}: {fault}"))?;
        }
    }
    Ok(())
}

async fn blocks_refuse(
    world: &World,
    client: &Client,
    user: usize,
    views: &[View],
) -> Result<(), String> {
    let blocks = |by: usize, blocked: UserId| {
        let relation = views[by].contacts.get(&blocked);
        relation.is_some_and(|relation| relation.blocks)
    };
    let me = world.users[user];
    for (number, &other) in world.users.iter().enumerate() {
        if number == user {
            continue;
        }
        let code = match (blocks(user, other), blocks(number, me)) {
            (true, _) => ErrorCode::Blocked,
            (false, true) => ErrorCode::NotFound,
            (false, false) => continue,
        };
        let sent = client
            .conversation(client.conversations().direct(other).unwrap())
            .send(attempt())
            .await;
        is_refused(sent, code)
            .map_err(|fault| format!("sends to {other} in spite of a block: {fault}"))?;
    }
    Ok(())
}

fn is_refused<T>(answer: Result<T, Error>, expected: ErrorCode) -> Result<(), String> {
    match answer {
        Err(Error::Refused(code)) if code == expected => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("it was not refused".to_owned()),
    }
}
