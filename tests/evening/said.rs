//! What a conversation holds against what was accepted in it.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};

use super::held::Held;
use super::kept::View;
use super::scene::{Said, Scene, What};
use super::steps::Seat;

/// Every message stands where it was accepted, as it was said, with the reactions and pins that people gave it, and nothing stands there
/// that nobody said.
pub fn holds_what_was_said(scene: &Scene, id: ConversationId, view: &View) -> Result<(), String> {
    let (said, mut imported) = (scene.said_in(id), scene.imported_in(id));
    let mut last_of: BTreeMap<Seat, u64> = BTreeMap::new();
    for (&msgid, held) in view.entries.iter().filter(|(_, held)| held.was_message()) {
        if !scene.users.contains(&held.sender) {
            let text = if let Body::Text(text) = &held.body {
                text.as_str()
            } else {
                ""
            };
            if !imported.remove(text) {
                return Err(format!(
                    "{id}: nobody took over {msgid}, or it stands there twice: {held:?}"
                ));
            }
            continue;
        }
        let said = said
            .get(&msgid)
            .ok_or_else(|| format!("{id}: nobody said {msgid}: {held:?}"))?;
        let is_right =
            is_as_said(scene, said, held).and_then(|()| has_reactions(scene, said, held));
        is_right.map_err(|fault| {
            format!("{id}: {fault}: {msgid} is {held:?}, and it was said: {said:?}")
        })?;
        if last_of
            .insert(said.by, said.n)
            .is_some_and(|before| before >= said.n)
        {
            return Err(format!(
                "{id}: {msgid} stands behind what {:?} said later",
                said.by
            ));
        }
    }
    if view.floor == MsgId::ZERO && !imported.is_empty() {
        return Err(format!(
            "{id}: what was taken over is not there: {imported:?}"
        ));
    }
    has_pins(scene, id, &said, view)?;
    let missing = said.range(view.floor.next()..).find(|(msgid, _)| {
        view.entries
            .get(msgid)
            .is_none_or(|held| !held.was_message())
    });
    missing.map_or(Ok(()), |(msgid, said)| {
        Err(format!(
            "{id}: {msgid} was accepted and is not there: {said:?}"
        ))
    })
}

fn is_as_said(scene: &Scene, said: &Said, held: &Held) -> Result<(), &'static str> {
    if held.sender != scene.users[said.by.user] {
        return Err("its sender is another");
    }
    if said.is_recalled || matches!(held.body, Body::Recalled { .. }) {
        let is_right = said.is_recalled && matches!(held.body, Body::Recalled { .. });
        return if is_right {
            Ok(())
        } else {
            Err("it was taken back, or was not")
        };
    }
    let author = matches!(said.what, What::Forwarded { .. }).then(|| scene.author(said));
    if held.forwarded.map(|(author, _)| author) != author {
        return Err("somebody else said it first");
    }
    if !scene.bodies(said).contains(&held.body) {
        return Err("it says something else");
    }
    Ok(())
}

fn has_reactions(scene: &Scene, said: &Said, held: &Held) -> Result<(), &'static str> {
    let mut told = held
        .reactions
        .iter()
        .flat_map(|(emoji, users)| users.iter().map(move |&user| (emoji.clone(), user)));
    if said.is_recalled {
        return if held.reactions.is_empty() {
            Ok(())
        } else {
            Err("it was taken back and has reactions")
        };
    }
    let (id, msgid) = (said.conversation, said.msgid);
    if told.any(|(emoji, user)| !scene.reaction(&(id, msgid, emoji, user)).1) {
        return Err("nobody reacted so, or took it back");
    }
    let has = |emoji, user| {
        held.reactions
            .get(emoji)
            .is_some_and(|users| users.contains(user))
    };
    if scene
        .reactions_to(id, msgid)
        .iter()
        .any(|(_, _, emoji, user)| !has(emoji, user))
    {
        return Err("a reaction is missing");
    }
    Ok(())
}

fn has_pins(
    scene: &Scene,
    id: ConversationId,
    said: &BTreeMap<MsgId, Said>,
    view: &View,
) -> Result<(), String> {
    let is_recalled = |msgid: &MsgId| said.get(msgid).is_some_and(|said| said.is_recalled);
    if let Some(pin) = view
        .about
        .pins
        .iter()
        .find(|&&pin| is_recalled(&pin) || !scene.may_be_pinned((id, pin)))
    {
        return Err(format!("{id}: nobody pinned {pin}, or it was taken back"));
    }
    let mut sure = scene
        .pins_in(id)
        .into_iter()
        .filter(|pin| *pin > view.floor && !is_recalled(pin));
    sure.find(|pin| !view.about.pins.contains(pin))
        .map_or(Ok(()), |pin| {
            Err(format!("{id}: the pin of {pin} is missing"))
        })
}
