//! Generators of requests about messages, and their answers.

use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::wire::request::message::{
    Edit, EditMentioning, GetImportCursor, Import, ImportEntry, Imported, ListPins, Pin, React,
    Recall, Unpin, Unreact,
};
use cairn_proto::wire::request::{Answer, List, Request};
use proptest::collection::vec;
use proptest::prelude::*;

use super::bodies::{body, draft, extras};
use super::{
    conversation_id, emoji_name, encoded, msgid, number, seq, small, source, text, timestamp,
    user_name,
};

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![send().boxed(), amendment().boxed(), import().boxed()]
}

fn send() -> impl Strategy<Value = Request> {
    let forward = (conversation_id(), seq(), conversation_id(), msgid()).prop_map(
        |(to, seq, from, msgid)| Forward {
            to,
            seq,
            from,
            msgid,
        },
    );
    prop_oneof![draft().prop_map_into(), forward.prop_map_into()]
}

fn amendment() -> impl Strategy<Value = Request> {
    let named = || (conversation_id(), msgid());
    let reaction = || (conversation_id(), msgid(), emoji_name());
    prop_oneof![
        (conversation_id(), msgid(), text()).prop_map(|(conversation, msgid, text)| {
            Edit {
                conversation,
                msgid,
                text,
            }
            .into()
        }),
        (conversation_id(), msgid(), text(), extras()).prop_map(
            |(conversation, msgid, text, mentions)| {
                EditMentioning {
                    conversation,
                    msgid,
                    text,
                    mentions,
                }
                .into()
            }
        ),
        named().prop_map(|(conversation, msgid)| Recall {
            conversation,
            msgid
        }
        .into()),
        reaction().prop_map(|(conversation, msgid, emoji)| {
            React {
                conversation,
                msgid,
                emoji,
            }
            .into()
        }),
        reaction().prop_map(|(conversation, msgid, emoji)| {
            Unreact {
                conversation,
                msgid,
                emoji,
            }
            .into()
        }),
        named().prop_map(|(conversation, msgid)| Pin {
            conversation,
            msgid
        }
        .into()),
        named().prop_map(|(conversation, msgid)| Unpin {
            conversation,
            msgid
        }
        .into()),
        conversation_id().prop_map(|conversation| ListPins { conversation }.into()),
    ]
}

fn import() -> impl Strategy<Value = Request> {
    let entries = vec(import_entry(), 0..6);
    prop_oneof![
        (conversation_id(), source(), number(), entries).prop_map(
            |(conversation, source, first, entries)| {
                Import {
                    conversation,
                    source,
                    first,
                    entries,
                }
                .into()
            }
        ),
        (conversation_id(), source()).prop_map(|(conversation, source)| {
            GetImportCursor {
                conversation,
                source,
            }
            .into()
        }),
    ]
}

fn import_entry() -> impl Strategy<Value = ImportEntry> {
    (user_name(), timestamp(), body()).prop_map(|(sender, sent_at, body)| ImportEntry {
        sender,
        sent_at,
        body,
    })
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        msgid().prop_map(encoded::<Draft>),
        Just(()).prop_map(encoded::<Pin>),
        vec(msgid(), 0..9).prop_map(|pins| encoded::<ListPins>(List(pins))),
        (small(), small(), number()).prop_map(|(added, users, cursor)| {
            encoded::<Import>(Imported {
                added,
                users,
                cursor,
            })
        }),
        number().prop_map(encoded::<GetImportCursor>),
    ]
}
