//! Users see nothing of the time in which they were not members (I10), nor above the head (I4).

use super::Logs;
use crate::history::History;

pub(super) fn check(history: &History, logs: &Logs) -> Result<(), String> {
    for seen in &history.seen {
        let Some(log) = logs.get(&seen.place) else {
            continue;
        };
        let at = format!("user {} saw {}/{}", seen.user, seen.place, seen.msgid);
        if seen.msgid > log.head {
            return Err(format!("I4: {at}, and the log ends with {}", log.head));
        }
        let (before, after): (Vec<_>, Vec<_>) = log
            .memberships(seen.user)
            .partition(|(msgid, _)| *msgid < seen.msgid);
        let Some((left, false)) = before.last() else {
            continue;
        };
        let is_added_later = after.iter().any(|(_, is_added)| *is_added);
        let was_added = history.memberships.iter().any(|change| {
            change.is_added
                && change.place == seen.place
                && change.user == seen.user
                && change.invoked < seen.at
        });
        if !(is_added_later && (was_added || history.is_of_desk(seen.place))) {
            return Err(format!("I10: {at}, and was removed by {left}"));
        }
    }
    Ok(())
}
