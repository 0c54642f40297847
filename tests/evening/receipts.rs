//! Receipts: each must be what the read cursors say, for those who are shown them, and everybody must have what all of his devices have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::receipts::{Reads, ReceiptState};

use tokio::time::interval;

use super::check::is_gone;
use super::driver::Evening;
use super::kept::View;
use super::replica::Sight;
use super::steps::Seat;

/// How often it is asked whether acks have arrived, and for how many times at the most.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const LOOKS: u32 = 500;

/// What a user has read, whether he shows it, and what he is shown of others.
struct Shown {
    user: UserId,
    reads: Reads,
    /// Whom he blocks.
    blocks: BTreeSet<UserId>,
    /// By conversation and member.
    read: BTreeMap<(ConversationId, UserId), MsgId>,
}

/// Compares what everybody is told of what others have read.
pub async fn are_right(evening: &Evening, sights: &[Sight]) -> Result<(), String> {
    let mut all = Vec::new();
    for (user, sight) in sights.iter().enumerate() {
        let client = &evening.device(Seat { user, device: 0 }).client;
        let reads = client
            .own_reads()
            .await
            .map_err(|error| error.to_string())?;
        let mut read = BTreeMap::new();
        for &id in sight.conversations.keys() {
            let members = client
                .members(id)
                .await
                .map_err(|error| error.to_string())?;
            read.extend(
                members
                    .iter()
                    .map(|member| ((id, member.user.id), member.read)),
            );
        }
        let blocks = sight
            .contacts
            .iter()
            .filter(|(_, relation)| relation.blocks)
            .map(|(&whom, _)| whom)
            .collect();
        all.push(Shown {
            user: evening.scene.users[user],
            reads,
            blocks,
            read,
        });
    }
    for (user, sight) in sights.iter().enumerate() {
        let client = &evening.device(Seat { user, device: 0 }).client;
        for (&id, view) in &sight.conversations {
            let may_forget = evening.scene.may_have_forgotten(id, view.head);
            are_as_read(client, &all[user], &all, id, view, may_forget)
                .await
                .map_err(|fault| format!("user{user} is told of {id}: {fault}"))?;
        }
    }
    Ok(())
}

async fn are_as_read(
    client: &Client,
    asker: &Shown,
    all: &[Shown],
    id: ConversationId,
    view: &View,
    may_forget: bool,
) -> Result<(), String> {
    let own: BTreeMap<UserId, &Shown> = all.iter().map(|shown| (shown.user, shown)).collect();
    let shown_read = |member: UserId| {
        let is_shown = [asker, own[&member]]
            .iter()
            .all(|shown| shown.reads == Reads::Shown);
        let is_blocked = id.direct_users().is_some()
            && (asker.blocks.contains(&member) || own[&member].blocks.contains(&asker.user));
        if member == asker.user || (is_shown && !is_blocked) {
            own[&member].read[&(id, member)]
        } else {
            MsgId::ZERO
        }
    };
    for &member in view.about.members.keys() {
        let (told, expected) = (asker.read[&(id, member)], shown_read(member));
        if told != expected {
            return Err(format!(
                "{member} has read up to {told}, and it is {expected}"
            ));
        }
    }
    let said: Vec<MsgId> = view
        .entries
        .iter()
        .filter(|(_, held)| held.body.is_message())
        .map(|(&msgid, _)| msgid)
        .collect();
    for &msgid in [said.first(), said.last()].into_iter().flatten() {
        let sender = view.entries[&msgid].sender;
        let asked = view
            .about
            .members
            .iter()
            .filter(|&(&member, of)| member != sender && of.joined <= msgid);
        let states = asked.map(|(&member, _)| {
            (
                member,
                if shown_read(member) >= msgid {
                    ReceiptState::Read
                } else {
                    ReceiptState::Delivered
                },
            )
        });
        let expected: BTreeMap<UserId, ReceiptState> = states.collect();
        is_told(client, id, msgid, &expected, may_forget).await?;
    }
    Ok(())
}

/// Asks until it is so: what devices have acked may be on its way.
async fn is_told(
    client: &Client,
    id: ConversationId,
    msgid: MsgId,
    expected: &BTreeMap<UserId, ReceiptState>,
    may_forget: bool,
) -> Result<(), String> {
    let mut looks = interval(LOOK_INTERVAL);
    for _ in 0..LOOKS {
        looks.tick().await;
        let receipts = match client.receipts(id, msgid).await {
            Ok(receipts) => receipts,
            Err(_) if is_gone(client, id, msgid).await? => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let told = receipts
            .who
            .iter()
            .map(|receipt| (receipt.user, receipt.state))
            .collect();
        match agree(&told, expected, may_forget) {
            Agreement::Yes => return Ok(()),
            Agreement::NotYet => {}
            Agreement::No => {
                return Err(format!(
                    "who has got {msgid} is {told:?}, and it is {expected:?}"
                ));
            }
        }
    }
    Err(format!(
        "it is not told that {msgid} is delivered to {expected:?}"
    ))
}

/// Whether what is told is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    Yes,
    /// It is but for acks that have not arrived.
    NotYet,
    No,
}

/// Compares receipts with what is expected of them.
pub fn agree(
    told: &BTreeMap<UserId, ReceiptState>,
    expected: &BTreeMap<UserId, ReceiptState>,
    may_forget: bool,
) -> Agreement {
    let is_late = |(one, other): (&ReceiptState, &ReceiptState)| {
        (one, other) == (&ReceiptState::Sent, &ReceiptState::Delivered)
    };
    let is_right = |pair: (&ReceiptState, &ReceiptState)| pair.0 == pair.1 || is_late(pair);
    if !told.keys().eq(expected.keys()) || !told.values().zip(expected.values()).all(is_right) {
        return Agreement::No;
    }
    if may_forget || told == expected {
        Agreement::Yes
    } else {
        Agreement::NotYet
    }
}
