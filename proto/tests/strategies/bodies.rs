//! Generators of message bodies and extras.

use cairn_proto::content::attachment::Video;
use cairn_proto::content::body::{Amendment, Body};
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::content::message::{Draft, Entry, Run};
use cairn_proto::content::packed::Content;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::attachment::{attachment, media};
use super::group::system_entry;
use super::{conversation_id, emoji_name, msgid, number, seq, text, timestamp, user_id, users};

pub(super) fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        text().prop_map(Body::Text),
        text().prop_map(Body::Emote),
        emoji_name().prop_map(Body::Emoji),
        media().prop_map(Body::from),
        (media(), number())
            .prop_map(|(media, duration_ms)| Body::from(Video { media, duration_ms })),
        attachment().prop_map(Body::from),
        system_entry().prop_map(Body::System),
        user_id().prop_map(|by| Body::Recalled { by }),
        (msgid(), option::of(text()))
            .prop_map(|(msgid, text)| Body::Amendment(Amendment::Edited { msgid, text })),
        msgid().prop_map(|msgid| Body::Amendment(Amendment::Recalled { msgid })),
        (msgid(), emoji_name())
            .prop_map(|(msgid, emoji)| Body::Amendment(Amendment::Reacted { msgid, emoji })),
        (msgid(), emoji_name())
            .prop_map(|(msgid, emoji)| Body::Amendment(Amendment::Unreacted { msgid, emoji })),
        msgid().prop_map(|msgid| Body::Amendment(Amendment::Pinned { msgid })),
        msgid().prop_map(|msgid| Body::Amendment(Amendment::Unpinned { msgid })),
    ]
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (user_id(), timestamp(), body(), extras()).prop_map(|(sender, sent_at, body, extras)| Entry {
        sender,
        sent_at,
        body,
        extras,
    })
}

pub(super) fn extras() -> impl Strategy<Value = Extras> {
    let extra = prop_oneof![
        msgid().prop_map(Extra::ReplyTo),
        user_id().prop_map(Extra::Mention),
        Just(Extra::MentionAll),
        (timestamp(), msgid()).prop_map(|(at, entry)| Extra::Edited { at, entry }),
        vec(
            (emoji_name(), users()).prop_map(|(emoji, users)| Reaction { emoji, users }),
            0..4
        )
        .prop_map(Extra::Reactions),
        (user_id(), timestamp()).prop_map(|(author, at)| Extra::Forwarded { author, at }),
        user_id().prop_map(|by| Extra::Imported { by }),
    ];
    vec(extra, 0..4).prop_map(|list| Extras::new(list).unwrap())
}

pub(crate) fn run() -> impl Strategy<Value = Run> {
    (conversation_id(), msgid(), vec(entry(), 0..6)).prop_map(|(conversation, first, list)| {
        let mut entries = Vec::new();
        list.iter().for_each(|entry| entry.pack(&mut entries));
        Run {
            conversation,
            first,
            count: list.len() as u32,
            entries: entries.into(),
        }
    })
}

pub(crate) fn content() -> impl Strategy<Value = Content> {
    (body(), extras()).prop_map(|(body, extras)| Content::new(body, extras))
}

pub(super) fn draft() -> impl Strategy<Value = Draft> {
    (conversation_id(), seq(), content()).prop_map(|(conversation, seq, content)| Draft {
        conversation,
        seq,
        content,
    })
}
