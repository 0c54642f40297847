//! Cursors never go back (I8), and unread counts are exact (I9).

use cairn_client::{Conversation, ConversationId, ConversationKind, MsgId, UserId};
use tokio::time::Duration;

use super::Logs;
use super::log::Log;
use crate::history::{Content, History, Listed, Moment, Outcome};
use cairn_client::proto::content::body::Amendment;

/// Cursor moves are durable at the latest after this time.
const FLUSH_TIME_MAX: Duration = Duration::from_millis(2_000);

pub(super) fn check(history: &History, logs: &Logs) -> Result<(), String> {
    for listed in &history.listed {
        let (user, item) = (listed.user, &listed.item);
        check_item(user, item)?;
        let log = logs.get(&item.id);
        check_read(history, listed, log)?;
        if let Some(log) = log {
            check_unread(user, item, log)?;
        }
    }
    for read in &history.finals {
        let Some(item) = &read.item else { continue };
        check_item(read.user, item)?;
        if let Some(log) = logs.get(&read.place) {
            check_unread(read.user, item, log)?;
        }
    }
    check_order(history)
}

fn check_item(user: UserId, item: &Conversation) -> Result<(), String> {
    let Conversation {
        id,
        head,
        floor,
        read,
        delivered,
        ..
    } = item;
    if read > head || delivered > head || floor > head {
        return Err(format!(
            "I8: user {user} has read {read}, delivered {delivered} and floor {floor} of {id}, \
             which ends with {head}"
        ));
    }
    Ok(())
}

/// Returns whether a crash in this time may have taken a cursor that was moved at its beginning.
fn may_be_lost(history: &History, moved: Duration, from: Moment, to: Moment) -> bool {
    history
        .crashes
        .iter()
        .any(|&(moment, at)| moment > from && moment < to && at < moved + FLUSH_TIME_MAX)
}

/// Returns whether the memberships of the user changed, which resets cursors. Those at the desk do.
fn has_left(history: &History, user: UserId, place: ConversationId) -> bool {
    history.is_of_desk(place)
        || history
            .memberships
            .iter()
            .any(|change| !change.is_added && change.user == user && change.place == place)
}

fn check_read(history: &History, listed: &Listed, log: Option<&Log>) -> Result<(), String> {
    let (user, place, read) = (listed.user, listed.item.id, listed.item.read);
    if has_left(history, user, place) {
        return Ok(());
    }
    let cursors = history.reads.iter().filter_map(|other| {
        let (done, at) = other.done?;
        let is_of = (other.user, other.place) == (user, place) && done < listed.asked;
        (is_of && !may_be_lost(history, at, done, listed.at)).then_some(other.msgid)
    });
    let own = history.sent.iter().filter_map(|sent| {
        let Outcome::Ok(msgid) = sent.outcome else {
            return None;
        };
        let is_before = sent.done.is_some_and(|done| done < listed.asked);
        ((sent.user, sent.place) == (user, Some(place)) && is_before).then_some(msgid)
    });
    let least = cursors.chain(own).max().unwrap_or(MsgId::ZERO);
    if read < least {
        return Err(format!(
            "I8: user {user} has read {place} up to {least}, and the cursor is {read}"
        ));
    }
    let most = history.reads.iter().filter_map(|other| {
        let is_of = (other.user, other.place) == (user, place) && other.invoked < listed.at;
        is_of.then_some(other.msgid)
    });
    let sent = history.seen.iter().filter_map(|seen| {
        let is_own = seen.place == place && seen.entry.sender == user;
        is_own.then_some(seen.msgid)
    });
    // What was said before the user joined counts as read. A join that is not there has expired.
    let joined = log.map_or(MsgId::ZERO, |log| {
        joined_after(user, &listed.item, log).unwrap_or(log.floor)
    });
    let most = most.chain(sent).chain([least, joined]).max();
    let most = most.unwrap_or(least);
    if read > most {
        return Err(format!(
            "I8: user {user} has read {place} up to {most}, and the cursor is {read}"
        ));
    }
    Ok(())
}

/// Compares overviews of one user with earlier ones.
fn check_order(history: &History) -> Result<(), String> {
    for (at, later) in history.listed.iter().enumerate() {
        let (user, place) = (later.user, later.item.id);
        let is_before = |other: &&Listed| {
            (other.user, other.item.id) == (user, place) && other.at < later.asked
        };
        let Some(before) = history.listed[..at].iter().rev().find(is_before) else {
            continue;
        };
        if later.item.head < before.item.head || later.item.floor < before.item.floor {
            return Err(format!(
                "I4: user {user} sees head {} and floor {} of {place} after {} and {}",
                later.item.head, later.item.floor, before.item.head, before.item.floor
            ));
        }
        let is_crashed = history
            .crashes
            .iter()
            .any(|&(moment, _)| moment > before.asked && moment < later.at);
        if later.item.read < before.item.read && !is_crashed && !has_left(history, user, place) {
            return Err(format!(
                "I8: the read cursor of user {user} in {place} goes back from {} to {}",
                before.item.read, later.item.read
            ));
        }
    }
    Ok(())
}

/// Returns the last entry before the membership that the user had when a conversation was listed.
fn joined_after(user: UserId, item: &Conversation, log: &Log) -> Option<MsgId> {
    let changes = log.memberships(user);
    let joins = changes.filter(|(msgid, is_added)| *is_added && *msgid <= item.head);
    joins.map(|(msgid, _)| msgid.prev()).last()
}

/// Counts what is unread in the log as it was when the conversation was listed.
fn check_unread(user: UserId, item: &Conversation, log: &Log) -> Result<(), String> {
    // Memberships in notes have no entries.
    if matches!(item.kind, ConversationKind::Back { .. }) {
        return Ok(());
    }
    let joined = joined_after(user, item, log).unwrap_or(MsgId::ZERO);
    let base = item.read.max(item.floor).max(joined);
    // What has expired since cannot be counted.
    if base < log.floor || item.head > log.head {
        return Ok(());
    }
    let recalled: Vec<MsgId> = log
        .entries
        .range(..=item.head)
        .filter_map(|(_, entry)| match entry.content {
            Content::Amendment(Amendment::Recalled { msgid }) => Some(msgid),
            _ => None,
        })
        .collect();
    let unread = log
        .entries
        .range(base.next()..=item.head.max(base.next()))
        .filter(|(msgid, entry)| {
            matches!(entry.content, Content::Text(_) | Content::Recalled)
                && **msgid <= item.head
                && entry.sender != user
                && !recalled.contains(msgid)
        });
    let unread = unread.count() as u64;
    if unread != item.unread {
        return Err(format!(
            "I9: {} messages of {} are unread to user {user} above {base}, and the server says {}",
            unread, item.id, item.unread
        ));
    }
    Ok(())
}
