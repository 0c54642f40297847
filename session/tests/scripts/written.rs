//! What was sent, and whether the log has each of it once.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_session::{Aim, Draft, Entry};

use crate::device::Device;
use crate::truth::Held;

/// What the users sent, each message by its name, with the message that it answers.
#[derive(Default)]
pub(crate) struct Written(BTreeMap<(UserId, ConversationId), BTreeMap<String, Option<MsgId>>>);

/// The name of a message: its words, or that of its file.
pub(crate) fn name(body: &Body) -> Option<String> {
    let name = body.attachment().map(|file| file.name.as_str().to_owned());
    name.or_else(|| body.words().map(str::to_owned))
}

impl Written {
    /// Notes the messages of a draft that is sent.
    pub(crate) fn sent(&mut self, by: UserId, draft: &Draft) {
        let mut reply_to = match draft.aim {
            Aim::Edit(_) => return,
            Aim::Reply(msgid) => Some(msgid),
            Aim::New | Aim::Emote => None,
        };
        let names = self.0.entry((by, draft.conversation)).or_default();
        // The words of one file are its caption.
        if !draft.words.is_empty() && draft.files.len() != 1 {
            names.insert(draft.words.clone(), reply_to.take());
        }
        for file in &draft.files {
            names.insert(file.name.clone(), reply_to.take());
        }
    }

    /// Checks that a log has everything that a user sent once.
    pub(crate) fn check(&self, held: &Held, user: UserId) {
        let id = held.summary.id;
        let none = BTreeMap::new();
        let sent = self.0.get(&(user, id)).unwrap_or(&none);
        let own = held.messages().into_iter();
        let own: Vec<Entry> = own
            .map(|(_, entry)| entry)
            .filter(|entry| entry.sender == user)
            .collect();
        let mut found = BTreeSet::new();
        for entry in &own {
            let is_file = entry.body.attachment().is_some();
            let Some(name) = name(&entry.body).filter(|_| is_file || entry.edited.is_none()) else {
                continue;
            };
            let reply_to = sent.get(&name);
            assert_eq!(
                reply_to,
                Some(&entry.reply_to),
                "{name:?} of {user} in {id}"
            );
            assert!(found.insert(name.clone()), "{name:?} is in {id} twice");
        }
        let missing = sent.keys().filter(|name| !found.contains(*name));
        let missing: Vec<&String> = missing.collect();
        // Recalled and edited messages are counted alone.
        let nameless = own.len() - found.len();
        assert_eq!(
            missing.len(),
            nameless,
            "{user} sent {sent:?} to {id}; {missing:?} are missing, and {nameless} are nameless"
        );
    }
}

/// Checks that the last edits of a device are in the log, or drafts again.
pub(crate) fn check_edits(held: &Held, device: &Device) {
    let id = held.summary.id;
    let Some((msgid, words)) = device.last_edits.get(&id) else {
        return;
    };
    let draft = device.session().model().draft(id).cloned();
    let is_draft = draft.is_some_and(|draft| draft.words == *words);
    let is_applied = held.log.iter().any(|entry| match &entry.body {
        // The words of an edit are erased with the message.
        Body::Amendment(Amendment::Edited {
            msgid: of, text, ..
        }) => of == msgid && text.as_ref().is_none_or(|text| text.as_str() == words),
        _ => false,
    });
    assert!(
        is_draft || is_applied,
        "{} lost the edit {words:?} of message {msgid} in {id}",
        device.name()
    );
}
