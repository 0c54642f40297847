//! Searches find what was accepted before they began, as far as nothing else happened to it, and
//! nothing that had been taken away (F1). What users may see is checked as for all that they saw.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::{ConversationId, MsgId};

use super::{Logs, summary};
use crate::history::{History, Outcome, Searched};

pub(super) fn check(history: &History, logs: &Logs) -> Result<(), String> {
    for search in &history.searches {
        check_hits(history, search)?;
        if search.is_complete {
            check_complete(history, logs, search)?;
        }
    }
    Ok(())
}

/// Checks what a search found.
fn check_hits(history: &History, search: &Searched) -> Result<(), String> {
    let Searched {
        user,
        sought,
        asked,
        ..
    } = search;
    let mut last: BTreeMap<ConversationId, MsgId> = BTreeMap::new();
    for (place, msgid, entry) in &search.hits {
        let at = format!(
            "F1: user {user} finds {place}/{msgid} by {sought:?}: {}",
            summary(entry)
        );
        if !sought.is_in(entry) {
            return Err(format!("{at}, which does not match"));
        }
        if let Some(before) = last.insert(*place, *msgid).filter(|last| last <= msgid) {
            return Err(format!("{at}, after {before}"));
        }
        let mut known = history.listed.iter();
        if let Some(listed) = known.find(|listed| {
            listed.user == *user
                && listed.item.id == *place
                && listed.at < *asked
                && listed.item.floor >= *msgid
        }) {
            return Err(format!("{at}, below the floor {}", listed.item.floor));
        }
        let amended = history.amended.iter().filter(|amended| {
            (amended.place, amended.msgid) == (*place, *msgid)
                && amended.done.is_some_and(|done| done < *asked)
                && matches!(amended.outcome, Outcome::Ok(_))
        });
        for amended in amended {
            if amended.text.is_none() {
                return Err(format!("{at}, which was recalled"));
            }
            let sent = history
                .sent
                .iter()
                .find(|sent| sent.place == Some(*place) && sent.outcome == Outcome::Ok(*msgid));
            if sent.is_some_and(|sent| entry.is_text(&sent.text)) {
                return Err(format!("{at}, which was edited"));
            }
        }
    }
    Ok(())
}

/// Checks that everything was found that nothing else happened to.
fn check_complete(history: &History, logs: &Logs, search: &Searched) -> Result<(), String> {
    let hits = search.hits.iter();
    let found: BTreeSet<_> = hits.map(|(place, msgid, _)| (*place, *msgid)).collect();
    let amended = history.amended.iter();
    let amended: BTreeSet<_> = amended
        .map(|amended| (amended.place, amended.msgid))
        .collect();
    let is_member_throughout = |place: ConversationId| {
        let mut finals = history.finals.iter();
        let mut changes = history.memberships.iter();
        finals.any(|log| (log.user, log.place) == (search.user, place) && log.item.is_some())
            && !changes.any(|change| (change.user, change.place) == (search.user, place))
    };
    for (number, sent) in history.sent.iter().enumerate() {
        let (Some(place), Outcome::Ok(msgid)) = (sent.place, sent.outcome) else {
            continue;
        };
        if sent.done.is_some_and(|done| done < search.asked)
            && search.sought.is_in_text(&sent.text)
            && !amended.contains(&(place, msgid))
            && logs.get(&place).is_some_and(|log| msgid > log.floor)
            && is_member_throughout(place)
            && !found.contains(&(place, msgid))
        {
            return Err(format!(
                "F1: user {} does not find {place}/{msgid} by {:?}, which is m{number}",
                search.user, search.sought
            ));
        }
    }
    Ok(())
}
