//! Checks that conversations stay hidden from users who are not members.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{GrantFocus, GrantRead};
use cairn_core::{Batch, State};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupSettings, MemberSettings, Role};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{EmojiName, GroupName, Text, Topic};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::group::{
    AddMembers, Ban, GetGroup, GetRetention, GroupRequest, HandOver, JoinGroup, ListBanned,
    ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings, SetMemberSettings,
    SetRetention, SetRole, SetTopic, Unban,
};
use cairn_proto::wire::request::message::{
    Edit, GetImportCursor, Import, ListPins, Pin, React, Recall, Unpin, Unreact,
};
use cairn_proto::wire::request::reading::{Ack, Explain, GetReceipts, MarkRead, MarkUnread};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use super::actors;
use crate::model::attachments;
use crate::model::naive::Naive;
use crate::model::trees::Trees;
use crate::model::values::asked;

/// Checks that users who are not members see nothing, change nothing, and cannot tell whether the
/// conversation exists.
pub(in crate::model) fn check_hidden(
    state: &mut State,
    trees: &Trees,
    naive: &Naive,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let nowhere = [0, 998, 1 << 32 | 998, u64::MAX].map(ConversationId::new);
    for actor in actors(naive) {
        attachments::check_hidden(state, &trees.attachments, naive, actor, now)?;
        for id in naive.conversations.keys().copied().chain(nowhere) {
            if naive
                .conversations
                .get(&id)
                .is_some_and(|found| found.members.contains_key(&actor.user))
            {
                continue;
            }
            let is_open = naive
                .conversations
                .get(&id)
                .is_some_and(|found| found.settings.access == Access::Open);
            let join = (!is_open).then(|| asked(actor, JoinGroup { conversation: id }));
            let read = GrantRead {
                actor,
                conversation: id,
            };
            let focus = GrantFocus {
                actor,
                conversation: Some(id),
            };
            // Where all owners were deactivated, admins of the server may appoint one.
            let appoints = naive.rescues(actor.user, id, Role::Owner);
            let foreign = foreign_requests(actor, id)
                .into_iter()
                .filter(|request| {
                    !(appoints && matches!(request, Request::Group(GroupRequest::SetRole(_))))
                })
                .map(|request| asked(actor, request))
                .chain(join);
            for command in foreign.chain([read.into(), focus.into()]) {
                for need in command.missing(state) {
                    trees.load(state, need);
                }
                let mut batch = Batch::new(0);
                let answer = command.clone().execute(state, now, &mut batch);
                prop_assert_eq!(answer.err(), Some(ErrorCode::NotFound), "{:?}", command);
                prop_assert!(batch.is_empty(), "{:?}", command);
                prop_assert_eq!(batch.drain_updates().count(), 0, "{:?}", command);
            }
        }
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
fn foreign_requests(actor: Actor, conversation: ConversationId) -> Vec<Request> {
    let (source, msgid, users) = (
        ImportSource::new(0),
        MsgId::new(1),
        vec![actor.user, UserId::new(1)],
    );
    let (user, role) = (UserId::new(1), Role::Owner);
    let body = Body::Text(Text::new("let me in").unwrap());
    vec![
        Draft {
            conversation,
            seq: ClientSeq::new(1),
            content: Content::new(body, Extras::NONE),
        }
        .into(),
        Ack {
            conversation,
            msgid,
        }
        .into(),
        Ack {
            conversation,
            msgid: MsgId::new(u64::MAX),
        }
        .into(),
        MarkRead {
            conversation,
            msgid,
        }
        .into(),
        MarkUnread {
            conversation,
            from: msgid,
        }
        .into(),
        GetReceipts {
            conversation,
            msgid,
            after: None,
        }
        .into(),
        AddMembers {
            conversation,
            users: users.clone(),
        }
        .into(),
        RemoveMembers {
            conversation,
            users,
        }
        .into(),
        ListMembers {
            conversation,
            after: None,
        }
        .into(),
        Import {
            conversation,
            source,
            first: 9,
            entries: Vec::new(),
        }
        .into(),
        GetImportCursor {
            conversation,
            source,
        }
        .into(),
        Explain {
            conversation,
            user: actor.user,
        }
        .into(),
        Edit {
            conversation,
            msgid,
            text: Text::new("mine").unwrap(),
        }
        .into(),
        Recall {
            conversation,
            msgid,
        }
        .into(),
        Forward {
            to: ConversationId::new(u64::MAX),
            seq: ClientSeq::new(1),
            from: conversation,
            msgid,
        }
        .into(),
        Pin {
            conversation,
            msgid,
        }
        .into(),
        Unpin {
            conversation,
            msgid,
        }
        .into(),
        ListPins { conversation }.into(),
        React {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        }
        .into(),
        Unreact {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        }
        .into(),
        SetRetention {
            conversation,
            retention: Some(Retention::Days(1)),
        }
        .into(),
        GetRetention { conversation }.into(),
        GetGroup { conversation }.into(),
        RenameGroup {
            conversation,
            name: GroupName::new("mine").unwrap(),
        }
        .into(),
        SetTopic {
            conversation,
            topic: Topic::none(),
        }
        .into(),
        SetGroupSettings {
            conversation,
            settings: GroupSettings {
                access: Access::Open,
                ..GroupSettings::default()
            },
        }
        .into(),
        SetRole {
            conversation,
            user,
            role,
        }
        .into(),
        HandOver { conversation, user }.into(),
        Ban {
            conversation,
            users: vec![user],
        }
        .into(),
        Unban {
            conversation,
            users: vec![actor.user],
        }
        .into(),
        ListBanned { conversation }.into(),
        MuteMember {
            conversation,
            user,
            until: Timestamp::new(u64::MAX),
        }
        .into(),
        SetMemberSettings {
            conversation,
            settings: MemberSettings {
                favourite: true,
                ..MemberSettings::default()
            },
        }
        .into(),
    ]
}
