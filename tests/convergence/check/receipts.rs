//! Receipts: the read cursors that users see of each other, and delivery of every message to every
//! device.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::receipts::{Reads, ReceiptState};
use tokio::time::interval;

use super::super::play::Team;
use super::super::script::Seat;
use super::super::view::{ConversationView, View};
use super::is_expired;

/// The interval of polls for acks, and the most polls.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const POLLS_MAX: u32 = 500;

/// A user's read cursors, and what determines who sees them.
struct Reader {
    user: UserId,
    reads: Reads,
    /// The users that they block.
    blocks: BTreeSet<UserId>,
    /// The read cursors that they see, including their own.
    shown: BTreeMap<(ConversationId, UserId), MsgId>,
}

/// Compares the cursors that each user sees with those of the others.
pub async fn are_right(team: &Team, views: &[View]) -> Result<(), String> {
    let mut readers = Vec::new();
    for (user, view) in views.iter().enumerate() {
        let client = &team.device(Seat { user, device: 0 }).client;
        let reader = reader(client, team.world.users[user], view).await;
        readers.push(reader.map_err(|error| error.to_string())?);
    }
    for (user, view) in views.iter().enumerate() {
        let client = &team.device(Seat { user, device: 0 }).client;
        for (&id, conversation) in &view.conversations {
            let may_forget = team.world.may_have_forgotten(id, conversation.head);
            are_as_read(client, user, &readers, id, conversation, may_forget)
                .await
                .map_err(|fault| format!("user{user} in {id}: {fault}"))?;
        }
    }
    Ok(())
}

async fn reader(client: &Client, user: UserId, view: &View) -> Result<Reader, cairn_client::Error> {
    let reads = client.me().reads().await?;
    let mut shown = BTreeMap::new();
    for &id in view.conversations.keys() {
        let members = client.conversation(id).members().await?;
        shown.extend(
            members
                .iter()
                .map(|member| ((id, member.user.id), member.read)),
        );
    }
    let blocks = view
        .contacts
        .iter()
        .filter(|(_, relation)| relation.blocks)
        .map(|(&user, _)| user);
    Ok(Reader {
        user,
        reads,
        blocks: blocks.collect(),
        shown,
    })
}

async fn are_as_read(
    client: &Client,
    asker: usize,
    readers: &[Reader],
    id: ConversationId,
    view: &ConversationView,
    may_forget: bool,
) -> Result<(), String> {
    let asker = &readers[asker];
    let by_user: BTreeMap<UserId, &Reader> =
        readers.iter().map(|reader| (reader.user, reader)).collect();
    let expected_read = |member: UserId| {
        let reader = by_user[&member];
        let is_shared = asker.reads == Reads::Shown && reader.reads == Reads::Shown;
        let is_blocked = id.direct_users().is_some()
            && (asker.blocks.contains(&member) || reader.blocks.contains(&asker.user));
        if member == asker.user || (is_shared && !is_blocked) {
            reader.shown[&(id, member)]
        } else {
            MsgId::ZERO
        }
    };
    let members = &view.details.members;
    for &member in members.keys() {
        let (shown, expected) = (asker.shown[&(id, member)], expected_read(member));
        if shown != expected {
            return Err(format!(
                "{member} is shown to have read up to {shown}, not {expected}"
            ));
        }
    }
    let messages: Vec<MsgId> = view
        .entries
        .iter()
        .filter(|(_, entry)| entry.body.is_message())
        .map(|(&msgid, _)| msgid)
        .collect();
    for &msgid in [messages.first(), messages.last()].into_iter().flatten() {
        let sender = view.entries[&msgid].sender;
        let receivers = members
            .iter()
            .filter(|&(&member, of)| member != sender && of.joined <= msgid);
        let states = receivers.map(|(&member, _)| {
            let state = if expected_read(member) >= msgid {
                ReceiptState::Read
            } else {
                ReceiptState::Delivered
            };
            (member, state)
        });
        let expected: BTreeMap<UserId, ReceiptState> = states.collect();
        wait_for_receipts(client, id, msgid, &expected, may_forget).await?;
    }
    Ok(())
}

/// Polls until the receipts are as expected, because acks may be in flight.
async fn wait_for_receipts(
    client: &Client,
    id: ConversationId,
    msgid: MsgId,
    expected: &BTreeMap<UserId, ReceiptState>,
    may_forget: bool,
) -> Result<(), String> {
    let mut polls = interval(POLL_INTERVAL);
    for _ in 0..POLLS_MAX {
        polls.tick().await;
        let receipts = match client.conversation(id).receipts(msgid).await {
            Ok(receipts) => receipts,
            Err(_) if is_expired(client, id, msgid).await? => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let shown = receipts
            .who
            .iter()
            .map(|receipt| (receipt.user, receipt.state))
            .collect();
        match compare(&shown, expected, may_forget) {
            Comparison::Equal => return Ok(()),
            Comparison::Pending => {}
            Comparison::Different => {
                return Err(format!(
                    "the receipts of {msgid} are {shown:?}, not {expected:?}"
                ));
            }
        }
    }
    Err(format!(
        "{msgid} is never shown as delivered to {expected:?}"
    ))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Pending,
    Different,
}

/// Compares receipts with the expected ones. With `may_forget`, the server may have lost acks in a
/// kill.
pub fn compare(
    shown: &BTreeMap<UserId, ReceiptState>,
    expected: &BTreeMap<UserId, ReceiptState>,
    may_forget: bool,
) -> Comparison {
    let is_pending = |(shown, expected): (&ReceiptState, &ReceiptState)| {
        (shown, expected) == (&ReceiptState::Sent, &ReceiptState::Delivered)
    };
    let is_right = |pair: (&ReceiptState, &ReceiptState)| pair.0 == pair.1 || is_pending(pair);
    let are_right = shown.values().zip(expected.values()).all(is_right);
    if !shown.keys().eq(expected.keys()) || !are_right {
        return Comparison::Different;
    }
    if may_forget || shown == expected {
        Comparison::Equal
    } else {
        Comparison::Pending
    }
}
