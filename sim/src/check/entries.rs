//! What is stored is what was sent: nothing accepted is lost (I1), nothing else is there (I2),
//! nothing is there twice (I3), and an entry never becomes another one (I4).

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Amendment;
use cairn_client::{ConversationId, MsgId};

use super::log::Log;
use super::{Logs, shown, summary};
use crate::history::{Amended, Content, Entry, History, Outcome, Sent};

type Place = (ConversationId, MsgId);

/// What an entry was before it was amended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// The number of the send.
    Sent(usize),
    /// The debug form of a system entry, or what an amendment does.
    Server(String),
}

struct Checker<'a> {
    history: &'a History,
    sent: BTreeMap<&'a str, usize>,
    edits: BTreeMap<&'a str, &'a Amended>,
    /// Of each entry that was seen.
    origins: BTreeMap<Place, Origin>,
    /// Where each send is.
    places: BTreeMap<usize, Place>,
}

pub(super) fn check(history: &History, logs: &Logs) -> Result<(), String> {
    let texts = history.sent.iter().enumerate();
    let edits = history.amended.iter();
    let mut checker = Checker {
        history,
        sent: texts.map(|(at, sent)| (sent.text.as_str(), at)).collect(),
        edits: edits
            .filter_map(|edit| Some((edit.text.as_deref()?, edit)))
            .collect(),
        origins: BTreeMap::new(),
        places: BTreeMap::new(),
    };
    for seen in &history.seen {
        checker.observe((seen.place, seen.msgid), &seen.entry)?;
    }
    for (&place, log) in logs {
        for (&msgid, entry) in &log.entries {
            checker.observe((place, msgid), entry)?;
        }
        check_amendments(place, log)?;
    }
    checker.check_accepted(logs)?;
    checker.check_amended(logs)
}

impl Checker<'_> {
    fn observe(&mut self, place: Place, entry: &Entry) -> Result<(), String> {
        let at = format!("{}/{}", place.0, place.1);
        let origin = match &entry.content {
            Content::Text(text) => match self.sent.get(text.as_str()) {
                Some(&number) => {
                    self.check_sent(number, place, entry)?;
                    Some(Origin::Sent(number))
                }
                None => {
                    let edit = self.edits.get(text.as_str()).filter(|edit| {
                        (edit.place, edit.msgid) == place
                            && edit.user == entry.sender
                            && !matches!(edit.outcome, Outcome::Failed(_))
                    });
                    if edit.is_none() {
                        return Err(format!("I2: {at} is {}, which no one sent", summary(entry)));
                    }
                    None
                }
            },
            Content::Recalled => {
                let is_recalled = self.history.amended.iter().any(|recall| {
                    recall.text.is_none()
                        && (recall.place, recall.msgid) == place
                        && !matches!(recall.outcome, Outcome::Failed(_))
                });
                if !is_recalled {
                    return Err(format!("I2: {at} is recalled, and no one did it"));
                }
                None
            }
            Content::System(system) => Some(Origin::Server(format!("{system:?}"))),
            Content::Amendment(amendment) => Some(Origin::Server(kind_of(amendment))),
            Content::Other => return Err(format!("I2: {at} is of a kind that no one sent")),
        };
        let Some(origin) = origin else { return Ok(()) };
        match self.origins.get(&place) {
            Some(known) if *known != origin => Err(format!(
                "I4: {at} is {origin:?}, and it was {known:?}: {}",
                summary(entry)
            )),
            _ => {
                self.origins.insert(place, origin);
                Ok(())
            }
        }
    }

    fn check_sent(&mut self, number: usize, place: Place, entry: &Entry) -> Result<(), String> {
        let Sent {
            user,
            place: to,
            outcome,
            ..
        } = &self.history.sent[number];
        let at = format!("{}/{}", place.0, place.1);
        if to.is_some_and(|to| to != place.0) || *user != entry.sender {
            return Err(format!(
                "I2: {at} is m{number}, which {user} sent to {to:?}"
            ));
        }
        match outcome {
            Outcome::Failed(code) => {
                return Err(format!(
                    "I2: {at} is m{number}, which was refused: {code:?}"
                ));
            }
            Outcome::Ok(msgid) if *msgid != place.1 => {
                return Err(format!(
                    "I3: {at} is m{number}, which was accepted as {msgid}"
                ));
            }
            Outcome::Ok(_) | Outcome::Unknown => {}
        }
        match self.places.insert(number, place) {
            Some(other) if other != place => Err(format!(
                "I3: m{number} is there twice: {at} and {}/{}",
                other.0, other.1
            )),
            _ => Ok(()),
        }
    }

    fn check_accepted(&self, logs: &Logs) -> Result<(), String> {
        for (number, sent) in self.history.sent.iter().enumerate() {
            let (Outcome::Ok(msgid), Some(place)) = (sent.outcome, sent.place) else {
                continue;
            };
            // Nobody can read it: the users are no longer members.
            let Some(log) = logs.get(&place) else {
                return Err(format!("I1: {place} with m{number} is gone"));
            };
            if msgid <= log.floor {
                continue;
            }
            let entry = log.entries.get(&msgid);
            let is_there = entry.is_some_and(|entry| {
                entry.sender == sent.user
                    && match &entry.content {
                        Content::Text(text) => {
                            *text == sent.text || self.edits.contains_key(text.as_str())
                        }
                        Content::Recalled => true,
                        _ => false,
                    }
            });
            if !is_there {
                return Err(format!(
                    "I1: m{number} was accepted as {}/{msgid}, which is {}",
                    place,
                    shown(entry)
                ));
            }
        }
        Ok(())
    }

    /// Accepted edits and recalls have an entry each.
    fn check_amended(&self, logs: &Logs) -> Result<(), String> {
        let mut accepted: BTreeMap<(Place, bool), usize> = BTreeMap::new();
        for amended in &self.history.amended {
            if matches!(amended.outcome, Outcome::Ok(_)) {
                let place = (amended.place, amended.msgid);
                *accepted.entry((place, amended.text.is_some())).or_default() += 1;
            }
        }
        for (((place, msgid), is_edit), count) in accepted {
            let Some(log) = logs.get(&place).filter(|log| msgid > log.floor) else {
                continue;
            };
            let entries = log.entries.values().filter(|entry| match &entry.content {
                Content::Amendment(Amendment::Edited { msgid: of, .. }) => is_edit && *of == msgid,
                Content::Amendment(Amendment::Recalled { msgid: of }) => !is_edit && *of == msgid,
                _ => false,
            });
            // A recall of a recalled message is accepted, and changes nothing.
            let expected = if is_edit { count } else { 1 };
            let found = entries.count();
            if found < expected {
                return Err(format!(
                    "I1: {expected} amendments of {place}/{msgid} were accepted, and {found} are \
                     there"
                ));
            }
        }
        Ok(())
    }
}

fn kind_of(amendment: &Amendment) -> String {
    let kind = match amendment {
        Amendment::Edited { .. } => "edit",
        Amendment::Recalled { .. } => "recall",
        Amendment::Reacted { .. } | Amendment::Unreacted { .. } => "reaction",
        Amendment::Pinned { .. } | Amendment::Unpinned { .. } => "pin",
    };
    format!("{kind} of {}", amendment.msgid())
}

/// Messages are as their amendments, in the order of the log, left them.
fn check_amendments(place: ConversationId, log: &Log) -> Result<(), String> {
    let mut expected: BTreeMap<MsgId, Content> = BTreeMap::new();
    for entry in log.entries.values() {
        match &entry.content {
            Content::Amendment(Amendment::Edited { msgid, text }) => {
                let is_recalled = expected.get(msgid) == Some(&Content::Recalled);
                if let Some(text) = text.as_ref().filter(|_| !is_recalled) {
                    expected.insert(*msgid, Content::Text(text.to_string()));
                }
            }
            Content::Amendment(Amendment::Recalled { msgid }) => {
                expected.insert(*msgid, Content::Recalled);
            }
            _ => {}
        }
    }
    for (msgid, content) in expected {
        match log.entries.get(&msgid) {
            Some(entry) if entry.content != content => {
                return Err(format!(
                    "I1: {place}/{msgid} is {}, and its amendments say {content:?}",
                    summary(entry)
                ));
            }
            // Expired.
            _ => {}
        }
    }
    Ok(())
}
