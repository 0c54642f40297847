//! The order of messages is that of real time and, within a process, that of its sends (I5).

use std::collections::BTreeMap;

use cairn_client::{ConversationId, MsgId};

use crate::history::{History, Moment, Outcome};

pub(super) fn check(history: &History) -> Result<(), String> {
    // When an entry was certainly there: accepted, or seen.
    let mut there: BTreeMap<(ConversationId, MsgId), Moment> = BTreeMap::new();
    let mut note = |place, msgid, at: Moment| {
        let known = there.entry((place, msgid)).or_insert(at);
        *known = at.min(*known);
    };
    for seen in &history.seen {
        note(seen.place, seen.msgid, seen.at);
    }
    let mut accepted = Vec::new();
    for (number, sent) in history.sent.iter().enumerate() {
        let settled = (sent.place, sent.outcome, sent.done);
        if let (Some(place), Outcome::Ok(msgid), Some(done)) = settled {
            note(place, msgid, done);
            accepted.push((place, msgid, sent, number));
        }
    }
    accepted.sort_unstable_by_key(|(place, msgid, ..)| (*place, *msgid));
    // From the end: the earliest moment at which a later entry was there.
    let mut there = there.into_iter().rev().peekable();
    let mut earliest: Option<(ConversationId, MsgId, Moment)> = None;
    for &(place, msgid, sent, number) in accepted.iter().rev() {
        while let Some(&((other, later), at)) = there.peek()
            && (other, later) > (place, msgid)
        {
            if earliest.is_none_or(|(known, _, moment)| known != other || at < moment) {
                earliest = Some((other, later, at));
            }
            there.next();
        }
        if let Some((other, later, at)) = earliest
            && other == place
            && at < sent.invoked
        {
            return Err(format!(
                "I5: m{number} became {place}/{msgid}, although {later} was there before it was \
                 sent"
            ));
        }
    }
    let mut last: BTreeMap<(ConversationId, u64), (MsgId, usize)> = BTreeMap::new();
    let mut by_invocation = accepted;
    by_invocation.sort_unstable_by_key(|(_, _, sent, _)| sent.invoked);
    for (place, msgid, sent, number) in by_invocation {
        let before = last.insert((place, sent.process), (msgid, number));
        if let Some((before, other)) = before.filter(|(before, _)| *before > msgid) {
            return Err(format!(
                "I5: m{number} became {place}/{msgid}, and m{other}, sent before by the same \
                 process, {before}"
            ));
        }
    }
    Ok(())
}
