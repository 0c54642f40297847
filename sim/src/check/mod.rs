//! The history checker: what clients were told and what they saw, against the invariants of the
//! design and the logs at the end.

mod cursors;
mod desk;
mod entries;
mod log;
mod order;
mod search;
mod visible;

use std::collections::BTreeMap;

use cairn_client::{ConversationId, MsgId};

use self::log::Log;
use crate::history::{Content, Entry, History};
use crate::world::World;
use crate::world::leaks::Canary;

type Logs = BTreeMap<ConversationId, Log>;

/// Checks a run that has ended.
pub(crate) fn check(world: &World) -> Result<(), String> {
    if let Some(leak) = world.leaks.first() {
        return Err(leak);
    }
    let history = world.history.lock();
    // What is looked for must be there as it is looked for.
    for seen in &history.seen {
        let Content::Text(text) = &seen.entry.content else {
            continue;
        };
        let mut canaries = Canary::all_in(text.as_bytes());
        if canaries.any(|canary| !world.leaks.has_found(seen.host, canary)) {
            return Err(format!("host {} got {text:?} in unknown bytes", seen.host));
        }
    }
    let logs = check_history(&history)?;
    let mirror = world.mirror.lock();
    for (&place, log) in &logs {
        let mut copy = mirror.entries(place)?;
        // The desk goes on by itself.
        copy.retain(|msgid, _| *msgid <= log.head);
        if let Some((msgid, copied, stored)) = difference(&copy, &log.entries) {
            return Err(format!(
                "the follower has {place}/{msgid} as {}, and the log as {}",
                shown(copied),
                shown(stored)
            ));
        }
    }
    Ok(())
}

/// Checks what needs no server.
fn check_history(history: &History) -> Result<Logs, String> {
    let logs = log::logs(history)?;
    entries::check(history, &logs)?;
    order::check(history)?;
    visible::check(history, &logs)?;
    cursors::check(history, &logs)?;
    desk::check(history, &logs)?;
    search::check(history, &logs)?;
    Ok(logs)
}

/// Returns the first entry that two copies do not share.
fn difference<'a>(
    one: &'a BTreeMap<MsgId, Entry>,
    other: &'a BTreeMap<MsgId, Entry>,
) -> Option<(MsgId, Option<&'a Entry>, Option<&'a Entry>)> {
    let msgids = one.keys().chain(other.keys());
    msgids
        .map(|msgid| (*msgid, one.get(msgid), other.get(msgid)))
        .find(|(_, one, other)| one != other)
}

fn shown(entry: Option<&Entry>) -> String {
    entry.map_or("nothing".to_owned(), summary)
}

/// Returns an entry in a few words.
pub(crate) fn summary(entry: &Entry) -> String {
    let content = match &entry.content {
        Content::Text(text) => text.split(' ').next().unwrap_or_default().to_owned(),
        Content::Amendment(amendment) => format!("amendment of {}", amendment.msgid()),
        Content::System(entry) => {
            let text = format!("{entry:?}");
            text.split(' ').next().unwrap_or_default().to_lowercase()
        }
        Content::Recalled => "recalled".to_owned(),
        Content::Other => "other".to_owned(),
    };
    format!("{content} by {}", entry.sender)
}

#[cfg(test)]
mod tests;
