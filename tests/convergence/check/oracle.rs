//! Compares a conversation with what was accepted in it.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_session::Entry;

use super::super::script::Seat;
use super::super::view::ConversationView;
use super::super::world::{Content, Recall, Sent, World};

/// Checks that every message is where it was accepted, as it was sent and edited, with its
/// reactions and pins, and that there is no other message.
pub fn holds_accepted(
    world: &World,
    id: ConversationId,
    view: &ConversationView,
) -> Result<(), String> {
    let (sent, mut imported) = (world.sent_in(id), world.imported_in(id));
    let mut last_of: BTreeMap<Seat, u64> = BTreeMap::new();
    let messages = view.entries.iter().filter(|(_, entry)| entry.was_message());
    for (&msgid, entry) in messages {
        if !world.users.contains(&entry.sender) {
            let text = if let Body::Text(text) = &entry.body {
                text.as_str()
            } else {
                ""
            };
            if !imported.remove(text) {
                return Err(format!(
                    "{id}: {msgid} was not imported, or occurs twice: {entry:?}"
                ));
            }
            continue;
        }
        let sent = sent
            .get(&msgid)
            .ok_or_else(|| format!("{id}: {msgid} was not sent: {entry:?}"))?;
        is_as_sent(world, sent, entry)
            .and_then(|()| has_reactions(world, sent, entry))
            .map_err(|fault| format!("{id}: {fault}: {msgid} is {entry:?}, sent as {sent:?}"))?;
        let before = last_of.insert(sent.by, sent.seq);
        if before.is_some_and(|before| before >= sent.seq) {
            return Err(format!(
                "{id}: {msgid} comes after a later message of {:?}",
                sent.by
            ));
        }
    }
    if view.floor == MsgId::ZERO && !imported.is_empty() {
        return Err(format!("{id}: imported messages are missing: {imported:?}"));
    }
    has_pins(world, id, &sent, view)?;
    let mut expected = sent.range(view.floor.next()..);
    let missing = expected.find(|(msgid, _)| {
        let entry = view.entries.get(msgid);
        entry.is_none_or(|entry| !entry.was_message())
    });
    missing.map_or(Ok(()), |(msgid, sent)| {
        Err(format!(
            "{id}: {msgid} was accepted and is missing: {sent:?}"
        ))
    })
}

fn is_as_sent(world: &World, sent: &Sent, entry: &Entry) -> Result<(), &'static str> {
    if entry.sender != world.users[sent.by.user] {
        return Err("wrong sender");
    }
    let is_recalled = matches!(entry.body, Body::Recalled { .. });
    match (sent.recall, is_recalled) {
        (Recall::Yes | Recall::Perhaps, true) => return Ok(()),
        (Recall::Yes, false) => return Err("it was recalled"),
        (Recall::No, true) => return Err("it was not recalled"),
        (Recall::No | Recall::Perhaps, false) => {}
    }
    let is_forwarded = matches!(sent.content, Content::Forwarded { .. });
    let author = is_forwarded.then(|| world.author(sent));
    if entry.forwarded.map(|forwarded| forwarded.author) != author {
        return Err("wrong first author");
    }
    if !world.bodies(sent).contains(&entry.body) {
        return Err("wrong content");
    }
    Ok(())
}

fn has_reactions(world: &World, sent: &Sent, entry: &Entry) -> Result<(), &'static str> {
    if matches!(entry.body, Body::Recalled { .. }) {
        return if entry.reactions.is_empty() {
            Ok(())
        } else {
            Err("it was recalled and has reactions")
        };
    }
    let (id, msgid) = (sent.conversation, sent.msgid);
    let mut reactions = entry
        .reactions
        .iter()
        .flat_map(|(emoji, users)| users.iter().map(move |&user| (emoji.clone(), user)));
    if reactions.any(|(emoji, user)| !world.may_have_reaction(&(id, msgid, emoji, user))) {
        return Err("a reaction was not made, or was removed");
    }
    let mut expected = world.reactions_to(id, msgid).into_iter();
    let is_missing = expected.any(|(_, _, emoji, user)| {
        let users = entry.reactions.get(&emoji);
        users.is_none_or(|users| !users.contains(&user))
    });
    if is_missing {
        return Err("a reaction is missing");
    }
    Ok(())
}

fn has_pins(
    world: &World,
    id: ConversationId,
    sent: &BTreeMap<MsgId, Sent>,
    view: &ConversationView,
) -> Result<(), String> {
    let recall = |msgid: &MsgId| sent.get(msgid).map_or(Recall::No, |sent| sent.recall);
    let pins = &view.details.pins;
    let is_wrong = |pin: MsgId| recall(&pin) == Recall::Yes || !world.may_be_pinned((id, pin));
    if let Some(pin) = pins.iter().find(|&&pin| is_wrong(pin)) {
        return Err(format!("{id}: {pin} was not pinned, or was unpinned"));
    }
    let mut certain = world
        .pins_in(id)
        .into_iter()
        .filter(|pin| *pin > view.floor && recall(pin) == Recall::No);
    let missing = certain.find(|pin| !pins.contains(pin));
    missing.map_or(Ok(()), |pin| {
        Err(format!("{id}: the pin of {pin} is missing"))
    })
}
