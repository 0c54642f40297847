//! Requests about conversations of others: a user who is not a member cannot even learn that a
//! conversation exists.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use cairn_client::Account;
use cairn_client::proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::{Draft, Forward};
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::USERS_PER_REQUEST_MAX;
use cairn_client::proto::model::group::{Access, GroupSettings, MemberSettings, Role};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{DeskText, EmojiName, GroupName, Text, Topic, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::{
    AcceptInquiry, AssignInquiry, CloseInquiry, ExplainInquiry, GetInquiry, JoinInquiry, OpenBack,
    RefuseInquiry, ReopenInquiry, SetInquiryPriority, TagInquiry, TakeInquiry, TransferInquiry,
    TransferTarget,
};
use cairn_client::proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, GetRetention, HandOver, JoinGroup,
    ListBanned, ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings,
    SetMemberSettings, SetRetention, SetRole, SetTopic, Unban,
};
use cairn_client::proto::wire::request::message::{
    Edit, EditMentioning, GetImportCursor, Import, ImportEntry, ListPins, Pin, React, Recall,
    Unpin, Unreact,
};
use cairn_client::proto::wire::request::reading::{
    Ack, Explain, GetReceipts, MarkRead, MarkUnread,
};
use cairn_client::proto::wire::request::session::{Focus, ListConversations, Pull, PullRange};
use cairn_client::proto::wire::request::{List, Request};

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, attachments, group, text};
use crate::support::kinds;

/// Requests that concern no conversation, or only a conversation of the requester.
const OF_NO_CONVERSATION: &[&str] = &[
    "ListConversations",
    "Search",
    "FindUsers",
    "GetUsers",
    "CreateGroup",
    "CreateInvite",
    "ListDevices",
    "RevokeDevice",
    "GetMetrics",
    "FindGroups",
    "ListSettings",
    "ListAudit",
    "RenameUser",
    "ClaimImported",
    "GetKeywords",
    "ChangeKeywords",
    "SetSetting",
    "SetServerRole",
    "DeactivateUser",
    "ReactivateUser",
    "ListInvites",
    "RevokeInvite",
    "SetPassword",
    "CreateReset",
    "Relate",
    "ListContacts",
    "SearchUsers",
    "GetProfiles",
    "SetProfile",
    "Watch",
    "SetPresence",
    "GetOwnReads",
    "SetOwnReads",
    "OpenInquiry",
    "NewDeskKey",
    "MyInquiry",
    "EndInquiry",
    "RateInquiry",
    "GetMyDesk",
    "SetDuty",
    "ListCanned",
    "ListInquiries",
    "SetAgentDuty",
    "ListAgents",
    "ListQueues",
    "CreateQueue",
    "SetQueue",
    "RemoveQueue",
    "SetAgent",
    "RemoveAgent",
    "GetRouteRules",
    "SetRouteRules",
    "SetCanned",
    "ListDeskKeys",
    "RevokeDeskKey",
    "EraseVisitor",
];

/// Every request about a conversation, from a user who is a member only of `own`.
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
fn requests(conversation: ConversationId, own: ConversationId, member: UserId) -> Vec<Request> {
    let msgid = MsgId::new(1);
    let entry = ImportEntry {
        sender: UserName::new("x").unwrap(),
        sent_at: Timestamp::new(1),
        body: text("x"),
    };
    let (source, nobody) = (ImportSource::new(1), UserId::new(999_999));
    vec![
        Request::from(Draft {
            conversation,
            seq: ClientSeq::new(1),
            content: Content::new(text("let me in"), Extras::NONE),
        }),
        Request::from(Pull {
            conversation,
            range: PullRange::From(msgid),
            limit: 10,
        }),
        Request::from(Pull {
            conversation,
            range: PullRange::Before(MsgId::new(u64::MAX)),
            limit: 10,
        }),
        Request::from(Ack {
            conversation,
            msgid,
        }),
        Request::from(Ack {
            conversation,
            msgid: MsgId::new(u64::MAX),
        }),
        Request::from(MarkRead {
            conversation,
            msgid,
        }),
        Request::from(MarkRead {
            conversation,
            msgid: MsgId::new(u64::MAX),
        }),
        Request::from(MarkUnread {
            conversation,
            from: msgid,
        }),
        Request::from(GetReceipts {
            conversation,
            msgid,
            after: None,
        }),
        Request::from(GetReceipts {
            conversation,
            msgid: MsgId::new(u64::MAX),
            after: Some(UserId::new(u32::MAX)),
        }),
        Request::from(ListMembers {
            conversation,
            after: None,
        }),
        Request::from(AddMembers {
            conversation,
            users: vec![member],
        }),
        Request::from(AddMembers {
            conversation,
            users: vec![nobody; USERS_PER_REQUEST_MAX + 1],
        }),
        Request::from(RemoveMembers {
            conversation,
            users: vec![member],
        }),
        Request::from(RemoveMembers {
            conversation,
            users: vec![nobody; USERS_PER_REQUEST_MAX + 1],
        }),
        Request::from(Import {
            conversation,
            source,
            first: 0,
            entries: vec![entry],
        }),
        Request::from(Import {
            conversation,
            source,
            first: u64::MAX,
            entries: Vec::new(),
        }),
        Request::from(GetImportCursor {
            conversation,
            source,
        }),
        Request::from(Edit {
            conversation,
            msgid,
            text: Text::new("mine").unwrap(),
        }),
        Request::from(EditMentioning {
            conversation,
            msgid,
            text: Text::new("mine").unwrap(),
            mentions: Extras::NONE,
        }),
        Request::from(Recall {
            conversation,
            msgid,
        }),
        Request::from(Pin {
            conversation,
            msgid,
        }),
        Request::from(Unpin {
            conversation,
            msgid,
        }),
        Request::from(ListPins { conversation }),
        Request::from(SetRetention {
            conversation,
            retention: Some(Retention::Days(1)),
        }),
        Request::from(GetRetention { conversation }),
        Request::from(React {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        }),
        Request::from(Unreact {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        }),
        Request::from(Recall {
            conversation,
            msgid: MsgId::new(u64::MAX),
        }),
        Request::from(Forward {
            to: conversation,
            seq: ClientSeq::new(1),
            from: conversation,
            msgid,
        }),
        Request::from(Forward {
            to: conversation,
            seq: ClientSeq::new(1),
            from: own,
            msgid: MsgId::new(2),
        }),
        Request::from(Forward {
            to: own,
            seq: ClientSeq::new(2),
            from: conversation,
            msgid,
        }),
        Request::from(Forward {
            to: own,
            seq: ClientSeq::new(2),
            from: conversation,
            msgid: MsgId::new(2),
        }),
        Request::from(Forward {
            to: own,
            seq: ClientSeq::new(2),
            from: conversation,
            msgid: MsgId::new(u64::MAX),
        }),
        Request::from(GetGroup { conversation }),
        Request::from(RenameGroup {
            conversation,
            name: GroupName::new("mine").unwrap(),
        }),
        Request::from(SetTopic {
            conversation,
            topic: Topic::none(),
        }),
        Request::from(SetGroupSettings {
            conversation,
            settings: GroupSettings {
                access: Access::Open,
                ..GroupSettings::default()
            },
        }),
        Request::from(SetRole {
            conversation,
            user: member,
            role: Role::Owner,
        }),
        Request::from(SetRole {
            conversation,
            user: nobody,
            role: Role::Owner,
        }),
        Request::from(HandOver {
            conversation,
            user: member,
        }),
        Request::from(Ban {
            conversation,
            users: vec![member],
        }),
        Request::from(Ban {
            conversation,
            users: vec![nobody; USERS_PER_REQUEST_MAX + 1],
        }),
        Request::from(Unban {
            conversation,
            users: vec![member],
        }),
        Request::from(Unban {
            conversation,
            users: vec![nobody; USERS_PER_REQUEST_MAX + 1],
        }),
        Request::from(ListBanned { conversation }),
        Request::from(MuteMember {
            conversation,
            user: member,
            until: Timestamp::new(u64::MAX),
        }),
        Request::from(JoinGroup { conversation }),
        Request::from(SetMemberSettings {
            conversation,
            settings: MemberSettings {
                hidden: true,
                ..MemberSettings::default()
            },
        }),
        Request::from(Focus {
            conversation: Some(conversation),
        }),
    ]
}

/// Every request about an inquiry.
fn desk_requests(conversation: ConversationId, member: UserId) -> Vec<Request> {
    vec![
        AcceptInquiry { conversation }.into(),
        RefuseInquiry { conversation }.into(),
        TakeInquiry { conversation }.into(),
        TransferInquiry {
            conversation,
            to: TransferTarget::Agent(member),
            note: DeskText::none(),
        }
        .into(),
        CloseInquiry {
            conversation,
            tags: Vec::new(),
        }
        .into(),
        ReopenInquiry { conversation }.into(),
        TagInquiry {
            conversation,
            add: Vec::new(),
            remove: Vec::new(),
        }
        .into(),
        SetInquiryPriority {
            conversation,
            priority: 9,
        }
        .into(),
        OpenBack { conversation }.into(),
        GetInquiry { conversation }.into(),
        ExplainInquiry { conversation }.into(),
        JoinInquiry { conversation }.into(),
        AssignInquiry {
            conversation,
            agent: member,
        }
        .into(),
    ]
}

/// Requests that only members and the server's owner may make.
fn explanations(conversation: ConversationId, asker: UserId, member: UserId) -> [Request; 2] {
    [member, asker].map(|user| Request::from(Explain { conversation, user }))
}

/// Checks that every request about these conversations is answered as if they did not exist.
async fn is_told_nothing(
    server: SocketAddr,
    asker: &Account,
    conversations: &[ConversationId],
    secret: &Secret,
    explains: bool,
) {
    let mut raw = Raw::log_in(server, asker).await;
    let own = raw
        .ask(CreateGroup {
            name: GroupName::new("own").unwrap(),
            members: Vec::new(),
        })
        .await
        .unwrap();
    let last = raw.send(own, 1, text("to myself")).await.unwrap();
    for &conversation in conversations {
        let mut requests = requests(conversation, own, secret.member);
        requests.extend(desk_requests(conversation, secret.member));
        if explains {
            requests.extend(explanations(conversation, asker.user, secret.member));
        }
        for request in requests {
            assert_eq!(
                raw.ask_any(request.clone()).await,
                Err(ErrorCode::NotFound),
                "{request:?}"
            );
        }
        for (msgid, from) in [
            (secret.msgid, 0),
            (secret.msgid, secret.bytes),
            (secret.msgid, u64::MAX),
            (MsgId::new(u64::MAX), 0),
        ] {
            let (mut stream, answer) =
                attachments::download(&raw, conversation, msgid, secret.hash, from).await;
            assert_eq!(
                answer,
                TransferFrame::Refused(ErrorCode::NoSuchAttachment),
                "{conversation} {msgid} {from}"
            );
            assert!(stream.rest().await.is_empty());
        }
    }
    // None of them is listed, and the user's own conversation is unchanged.
    let page = raw
        .ask(ListConversations {
            since: None,
            after: None,
        })
        .await
        .unwrap();

    assert_eq!(
        page.items
            .iter()
            .map(|item| (item.id, item.head))
            .collect::<Vec<_>>(),
        [(own, last)]
    );
    assert_eq!(
        raw.ask(FindGroups { prefix: None }).await,
        Ok(List(Vec::new())),
        "no group is open"
    );
}

/// State that must not leak.
struct Secret {
    member: UserId,
    /// A message with a file.
    msgid: MsgId,
    hash: AttachmentHash,
    bytes: u64,
}

#[test]
fn every_request_is_covered() {
    let (one, another, user) = (
        ConversationId::new(1),
        ConversationId::new(2),
        UserId::new(1),
    );
    let asked = requests(one, another, user)
        .into_iter()
        .chain(desk_requests(one, user))
        .chain(explanations(one, user, user));
    let of_one: BTreeSet<&str> = asked.map(|request| kinds::kind(&request)).collect();
    assert_eq!(
        kinds::left_out(of_one.iter().chain(OF_NO_CONVERSATION).copied()),
        [""; 0]
    );
    assert!(OF_NO_CONVERSATION.iter().all(|kind| !of_one.contains(kind)));
}

#[tokio::test]
async fn foreign_conversation_looks_absent() {
    let mut stage = Stage::set().await;
    let (ada, ada_account) = stage.user("ada").await;
    let (bob, bob_account) = stage.user("bob").await;
    let eve = stage.account("eve").await;
    let team = group(&ada, "team", &[bob_account.user]).await;
    let direct = ConversationId::direct(ada_account.user, bob_account.user).unwrap();
    bob.conversation(direct)
        .send(text("just us"))
        .await
        .unwrap();
    let (server, bytes) = (stage.server.addr, b"for the team");
    let file = attachments::file(bytes);
    let raw = Raw::log_in(server, &ada_account).await;
    assert_eq!(
        attachments::upload(&raw, file.hash, file.size_bytes, bytes).await,
        TransferFrame::Stored
    );
    let secret = Secret {
        member: ada_account.user,
        hash: file.hash,
        bytes: file.size_bytes,
        msgid: ada
            .conversation(team)
            .send(Body::from(file.clone()))
            .await
            .unwrap(),
    };

    let raw = ConversationId::new;
    let with_nobody = ConversationId::direct(eve.user, UserId::new(999_999)).unwrap();
    let nobodies = ConversationId::direct(UserId::new(999_998), UserId::new(999_999)).unwrap();
    let with_herself = raw((u64::from(eve.user.get()) << 32) | u64::from(eve.user.get()));
    let backwards = raw((u64::from(eve.user.get()) << 32) | 1);
    let odd = [0, 4_000_000, u64::from(u32::MAX), 1 << 63, u64::MAX].map(raw);
    let ids = [
        &[team, direct, with_nobody, nobodies, with_herself, backwards],
        &odd[..],
    ]
    .concat();
    let owner = stage.owner_account.clone();
    // The users that the requests name count as memberships, whose rate would delay them.
    let (name, value) = ("memberships-per-second", "0");
    let set = stage
        .owner
        .admin()
        .set_setting(name.parse().unwrap(), value.parse().unwrap());
    set.await.unwrap();
    stage
        .meanwhile(async {
            is_told_nothing(server, &eve, &ids, &secret, true).await;
            // The owner of the server may request explanations of unread counts, but can read no
            // more than other users.
            is_told_nothing(server, &owner, &ids, &secret, false).await;
        })
        .await;

    // The refused requests changed nothing.
    assert_eq!(
        ada.conversation(team)
            .pull(PullRange::From(MsgId::new(1)), 500)
            .await
            .unwrap()
            .head,
        secret.msgid
    );
    assert_eq!(ada.conversation(team).members().await.unwrap().len(), 2);
    assert_eq!(
        ada.conversation(direct)
            .pull(PullRange::From(MsgId::new(1)), 500)
            .await
            .unwrap()
            .head,
        MsgId::new(1)
    );
    assert_eq!(ada.conversations().list().await.unwrap().len(), 2);
}
