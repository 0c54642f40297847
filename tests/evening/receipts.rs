//! Receipts: each must be what the read cursors say, for those who are shown them.

use std::collections::BTreeMap;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::receipts::{Reads, ReceiptState};

use super::check::is_gone;
use super::driver::Evening;
use super::kept::View;
use super::replica::Sight;
use super::steps::Seat;

/// What a user has read, whether he shows it, and what he is shown of others.
struct Shown {
    user: UserId,
    reads: Reads,
    /// By conversation and member.
    read: BTreeMap<(ConversationId, UserId), MsgId>,
}

/// Compares what everybody is told of what others have read.
pub async fn are_right(evening: &Evening, sights: &[Sight]) -> Result<(), String> {
    let mut all = Vec::new();
    for (user, sight) in sights.iter().enumerate() {
        let client = &evening.device(Seat { user, device: 0 }).client;
        let reads = client.own_reads().await.map_err(|error| error.to_string())?;
        let mut read = BTreeMap::new();
        for &id in sight.conversations.keys() {
            let members = client.members(id).await.map_err(|error| error.to_string())?;
            read.extend(members.iter().map(|member| ((id, member.user.id), member.read)));
        }
        all.push(Shown { user: evening.scene.users[user], reads, read });
    }
    for (user, sight) in sights.iter().enumerate() {
        let client = &evening.device(Seat { user, device: 0 }).client;
        for (&id, view) in &sight.conversations {
            are_as_read(client, &all[user], &all, id, view).await.map_err(|fault| format!("user{user} is told of {id}: {fault}"))?;
        }
    }
    Ok(())
}

async fn are_as_read(client: &Client, asker: &Shown, all: &[Shown], id: ConversationId, view: &View) -> Result<(), String> {
    let own: BTreeMap<UserId, &Shown> = all.iter().map(|shown| (shown.user, shown)).collect();
    let shown_read = |member: UserId| {
        let is_shown = member == asker.user || [asker, own[&member]].iter().all(|shown| shown.reads == Reads::Shown);
        if is_shown { own[&member].read[&(id, member)] } else { MsgId::ZERO }
    };
    for &member in view.about.members.keys() {
        let (told, expected) = (asker.read[&(id, member)], shown_read(member));
        if told != expected {
            return Err(format!("{member} has read up to {told}, and it is {expected}"));
        }
    }
    let said: Vec<MsgId> = view.entries.iter().filter(|(_, held)| held.body.is_message()).map(|(&msgid, _)| msgid).collect();
    for &msgid in [said.first(), said.last()].into_iter().flatten() {
        let receipts = match client.receipts(id, msgid).await {
            Ok(receipts) => receipts,
            Err(_) if is_gone(client, id, msgid).await? => continue,
            Err(error) => return Err(error.to_string()),
        };
        let told: BTreeMap<UserId, bool> = receipts.who.iter().map(|receipt| (receipt.user, receipt.state == ReceiptState::Read)).collect();
        let sender = view.entries[&msgid].sender;
        let asked = view.about.members.iter().filter(|&(&member, of)| member != sender && of.joined <= msgid);
        let expected: BTreeMap<UserId, bool> = asked.map(|(&member, _)| (member, shown_read(member) >= msgid)).collect();
        if told != expected {
            return Err(format!("who has read {msgid} is {told:?}, and it is {expected:?}"));
        }
    }
    Ok(())
}
