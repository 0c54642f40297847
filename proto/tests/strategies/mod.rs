//! Generators of random valid values, for every wire type.

mod attachment;
mod group;
mod overview;
mod people;
mod receipts;
mod retention;

use cairn_proto::content::attachment::Video;
use cairn_proto::content::body::{Amendment, Body};
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::content::message::{Draft, Entry, Run};
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, ImportSource, MsgId, RequestId, SendStreamId, Timestamp,
    UserId,
};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::model::conversation::{
    Conversation, ConversationKind, Explained, Member, MemberPage,
};
use cairn_proto::model::group::{GroupDetails, Role};
use cairn_proto::model::user::{DeviceInfo, ServerRole, UserInfo};
use cairn_proto::secret::{DeviceToken, InviteToken, Pin};
use cairn_proto::text::{
    Caption, DeviceName, EmojiName, FileName, GroupName, MediaType, Password, Text, Topic, UserName,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::hello::{ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::metrics::{Bucket, CheckpointMetrics, Metrics};
use cairn_proto::wire::request::{Forward, ImportEntry, PullRange, Request};
use cairn_proto::wire::response::{Pulled, Response, ServerFrame};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(crate) use attachment::opening;

use attachment::{attachment, media};
use group::{agreement_request, group_settings, member_settings, open_group, system_entry};
use overview::{conversation_page, moment, overview_place};

/// A number of any magnitude: each length that a variable-length integer can have is as likely as
/// the next.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(raw, shift)| raw >> shift)
}

fn small() -> impl Strategy<Value = u32> {
    number().prop_map(|raw| raw as u32)
}

macro_rules! ids {
    ($($name:ident -> $type:ident from $raw:ident;)*) => {$(
        fn $name() -> impl Strategy<Value = $type> {
            $raw().prop_map($type::new)
        }
    )*};
}

ids! {
    user_id -> UserId from small;
    conversation_id -> ConversationId from number;
    msgid -> MsgId from number;
    device_id -> DeviceId from number;
    send_stream -> SendStreamId from number;
    seq -> ClientSeq from number;
    request_id -> RequestId from number;
    source -> ImportSource from number;
    timestamp -> Timestamp from number;
}

macro_rules! texts {
    ($($name:ident -> $type:ident: $pattern:literal;)*) => {$(
        fn $name() -> impl Strategy<Value = $type> {
            $pattern.prop_map(|raw: String| $type::new(raw).unwrap())
        }
    )*};
}

texts! {
    text -> Text: "\\PC{0,40}|(?s).{0,8}";
    user_name -> UserName: "[a-zA-Z小明_.-][a-zA-Z0-9#@小明]{0,15}";
    group_name -> GroupName: "[a-z明]([a-z #@]{0,20}[a-z])?";
    device_name -> DeviceName: "[a-z]([a-z ]{0,20}[a-z0-9])?";
    emoji_name -> EmojiName: "[a-z_]{1,16}";
    caption -> Caption: "\\PC{0,40}";
    file_name -> FileName: "[a-z#@]([a-z #@.]{0,20}[a-z])?";
    media_type -> MediaType: "[a-z]{1,8}/[a-z.+-]{1,12}";
    topic -> Topic: "[a-z明#@ ]{0,30}";
    password -> Password: "(?s).{8,30}";
}

fn users() -> impl Strategy<Value = Vec<UserId>> {
    vec(user_id(), 0..20)
}

pub(crate) fn body() -> impl Strategy<Value = Body> {
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

fn extras() -> impl Strategy<Value = Extras> {
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

fn draft() -> impl Strategy<Value = Draft> {
    (conversation_id(), seq(), body(), extras()).prop_map(|(conversation, seq, body, extras)| {
        Draft {
            conversation,
            seq,
            body,
            extras,
        }
    })
}

fn device_token() -> impl Strategy<Value = DeviceToken> {
    any::<[u8; 32]>().prop_map(DeviceToken::new)
}

fn invite_token() -> impl Strategy<Value = InviteToken> {
    any::<[u8; 16]>().prop_map(InviteToken::new)
}

fn credentials() -> impl Strategy<Value = Credentials> {
    prop_oneof![
        device_token().prop_map(Credentials::Token),
        (user_name(), password(), device_name()).prop_map(|(name, password, device)| {
            Credentials::Password {
                name,
                password,
                device,
            }
        }),
        (
            invite_token(),
            user_name(),
            option::of(password()),
            device_name()
        )
            .prop_map(|(token, name, password, device)| Credentials::Invite {
                token,
                name,
                password,
                device
            }),
    ]
}

fn hello() -> impl Strategy<Value = Hello> {
    let session = (send_stream(), any::<bool>(), option::of(moment()));
    (any::<u16>(), credentials(), session).prop_map(
        |(version, credentials, (send_stream, push, since))| Hello {
            version,
            credentials,
            send_stream,
            push,
            since,
        },
    )
}

fn range() -> impl Strategy<Value = PullRange> {
    prop_oneof![
        msgid().prop_map(PullRange::From),
        msgid().prop_map(PullRange::Before)
    ]
}

fn import_entry() -> impl Strategy<Value = ImportEntry> {
    (user_name(), timestamp(), body()).prop_map(|(sender, sent_at, body)| ImportEntry {
        sender,
        sent_at,
        body,
    })
}

fn talk_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        draft().prop_map(Request::Send),
        (conversation_id(), range(), small()).prop_map(|(conversation, range, limit)| {
            Request::Pull {
                conversation,
                range,
                limit,
            }
        }),
        (conversation_id(), msgid()).prop_map(|(conversation, msgid)| Request::Ack {
            conversation,
            msgid
        }),
        (conversation_id(), msgid()).prop_map(|(conversation, msgid)| Request::Read {
            conversation,
            msgid
        }),
        (option::of(moment()), option::of(overview_place()))
            .prop_map(|(since, after)| Request::Conversations { since, after }),
        vec(user_name(), 0..9).prop_map(|names| Request::FindUsers { names }),
        users().prop_map(|ids| Request::Users { ids }),
    ]
}

fn group_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (group_name(), users()).prop_map(|(name, members)| Request::CreateGroup { name, members }),
        (conversation_id(), users()).prop_map(|(conversation, users)| Request::AddMembers {
            conversation,
            users
        }),
        (conversation_id(), users()).prop_map(|(conversation, users)| Request::RemoveMembers {
            conversation,
            users
        }),
        (conversation_id(), option::of(user_id())).prop_map(|(conversation, after)| {
            Request::Members {
                conversation,
                after,
            }
        }),
        (conversation_id(), user_id())
            .prop_map(|(conversation, user)| Request::Explain { conversation, user }),
        (conversation_id(), msgid(), text()).prop_map(|(conversation, msgid, text)| {
            Request::Edit {
                conversation,
                msgid,
                text,
            }
        }),
        (conversation_id(), msgid()).prop_map(|(conversation, msgid)| Request::Recall {
            conversation,
            msgid
        }),
        (
            conversation_id(),
            number().prop_map(ClientSeq::new),
            conversation_id(),
            msgid()
        )
            .prop_map(|(to, seq, from, msgid)| Request::Forward(Forward {
                to,
                seq,
                from,
                msgid
            })),
        (conversation_id(), msgid()).prop_map(|(conversation, msgid)| Request::Pin {
            conversation,
            msgid
        }),
        conversation_id().prop_map(|conversation| Request::Pins { conversation }),
        (conversation_id(), msgid(), emoji_name()).prop_map(|(conversation, msgid, emoji)| {
            Request::React {
                conversation,
                msgid,
                emoji,
            }
        }),
        (conversation_id(), msgid(), emoji_name()).prop_map(|(conversation, msgid, emoji)| {
            Request::Unreact {
                conversation,
                msgid,
                emoji,
            }
        }),
    ]
}

fn account_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (small(), number())
            .prop_map(|(uses, life_seconds)| Request::CreateInvite { uses, life_seconds }),
        Just(Request::Devices),
        device_id().prop_map(Request::RevokeDevice),
        (
            conversation_id(),
            source(),
            number(),
            vec(import_entry(), 0..6)
        )
            .prop_map(|(conversation, source, first, entries)| Request::Import {
                conversation,
                source,
                first,
                entries
            }),
        (conversation_id(), source()).prop_map(|(conversation, source)| Request::ImportCursor {
            conversation,
            source
        }),
        Just(Request::Metrics),
    ]
}

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let request = prop_oneof![
        talk_request().boxed(),
        group_request().boxed(),
        agreement_request().boxed(),
        account_request().boxed(),
        people::request().boxed(),
        receipts::request().boxed(),
        retention::request().boxed()
    ];
    prop_oneof![
        1 => hello().prop_map(ClientFrame::Hello),
        4 => (request_id(), request).prop_map(|(id, request)| ClientFrame::Request(id, request)),
    ]
}

fn server_role() -> impl Strategy<Value = ServerRole> {
    prop_oneof![
        Just(ServerRole::Member),
        Just(ServerRole::Admin),
        Just(ServerRole::Owner)
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)]
}

fn user_info() -> impl Strategy<Value = UserInfo> {
    (user_id(), user_name(), server_role()).prop_map(|(id, name, role)| UserInfo { id, name, role })
}

fn kind() -> impl Strategy<Value = ConversationKind> {
    prop_oneof![
        user_info().prop_map(|peer| ConversationKind::Direct { peer }),
        group_name().prop_map(|name| ConversationKind::Group { name })
    ]
}

fn conversation() -> impl Strategy<Value = Conversation> {
    let cursors = (msgid(), msgid(), msgid(), msgid(), (number(), number()));
    let own = (role(), member_settings());
    (conversation_id(), kind(), own, cursors, option::of(entry())).prop_map(
        |(id, kind, (role, settings), cursors, last)| {
            let (head, floor, read, delivered, (unread, mentions)) = cursors;
            Conversation {
                id,
                kind,
                role,
                head,
                floor,
                read,
                delivered,
                unread,
                mentions,
                last,
                settings,
            }
        },
    )
}

fn member() -> impl Strategy<Value = Member> {
    (user_info(), role(), msgid(), msgid(), timestamp()).prop_map(
        |(user, role, joined, read, muted_until)| Member {
            user,
            role,
            joined,
            read,
            muted_until,
        },
    )
}

fn member_page() -> impl Strategy<Value = MemberPage> {
    (vec(member(), 0..9), option::of(user_id()))
        .prop_map(|(items, next_after)| MemberPage { items, next_after })
}

fn device() -> impl Strategy<Value = DeviceInfo> {
    (
        device_id(),
        device_name(),
        timestamp(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(id, name, created_at, current, online)| DeviceInfo {
            id,
            name,
            created_at,
            current,
            online,
        })
}

fn explained() -> impl Strategy<Value = Explained> {
    let cursors = (msgid(), msgid(), msgid(), msgid());
    (cursors, number(), number(), number()).prop_map(
        |((head, floor, joined, read), uncounted, unread, mentions)| Explained {
            head,
            floor,
            joined,
            read,
            uncounted,
            unread,
            mentions,
        },
    )
}

fn metrics() -> impl Strategy<Value = Metrics> {
    let six = || prop::array::uniform6(number());
    let buckets = vec(
        (number(), number()).prop_map(|(up_to_micros, count)| Bucket {
            up_to_micros,
            count,
        }),
        0..9,
    );
    (number(), six(), six(), buckets).prop_map(|(uptime_micros, counts, checkpoints, buckets)| {
        let [
            sessions,
            commands,
            commits,
            entries,
            log_bytes,
            prepared_bytes,
        ] = counts;
        let [done, micros, moved, blocks, block_bytes, rows] = checkpoints;
        let checkpoints = CheckpointMetrics {
            done,
            micros,
            entries: moved,
            blocks,
            block_bytes,
            rows,
        };
        let syncs = buckets.into_iter().collect();
        Metrics {
            uptime_micros,
            sessions,
            commands,
            commits,
            entries,
            log_bytes,
            prepared_bytes,
            syncs,
            checkpoints,
        }
    })
}

fn response() -> impl Strategy<Value = Response> {
    let pulled =
        (run(), msgid(), msgid()).prop_map(|(run, head, floor)| Pulled { run, head, floor });
    let pages = prop_oneof![
        pulled.prop_map(Response::Pulled),
        conversation_page().prop_map(Response::Conversations),
        vec(user_info(), 0..9).prop_map(Response::Users),
        member_page().prop_map(Response::Members),
        vec(device(), 0..9).prop_map(Response::Devices),
        (topic(), group_settings(), small()).prop_map(
            |(topic, settings, members)| Response::Group(GroupDetails {
                topic,
                settings,
                members
            })
        ),
        vec(open_group(), 0..9).prop_map(Response::Groups),
    ];
    let facts = prop_oneof![
        msgid().prop_map(|msgid| Response::Accepted { msgid }),
        Just(Response::Done),
        conversation_id().prop_map(|conversation| Response::Created { conversation }),
        small().prop_map(|users| Response::Changed { users }),
        (server_addr(), invite_token()).prop_map(|(addr, token)| Response::Invite { addr, token }),
        (small(), small(), number()).prop_map(|(added, users, cursor)| Response::Imported {
            added,
            users,
            cursor
        }),
        number().prop_map(|cursor| Response::ImportCursor { cursor }),
        explained().prop_map(Response::Explained),
        vec(msgid(), 0..9).prop_map(Response::Pins),
        metrics().prop_map(|metrics| Response::Metrics(Box::new(metrics))),
    ];
    prop_oneof![
        pages.boxed(),
        facts.boxed(),
        people::response().boxed(),
        receipts::response().boxed(),
        retention::response().boxed()
    ]
}

fn error_code() -> impl Strategy<Value = ErrorCode> {
    small().prop_map(ErrorCode::from_number)
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let who = (
        user_id(),
        user_name(),
        server_role(),
        device_id(),
        option::of(device_token()),
    );
    (who, timestamp(), conversation_page()).prop_map(
        |((user, name, role, device, token), now, overview)| Welcome {
            user,
            name,
            role,
            device,
            token,
            now,
            overview,
        },
    )
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let answer = prop_oneof![4 => response().prop_map(Ok), 1 => error_code().prop_map(Err)];
    prop_oneof![
        1 => welcome().prop_map(ServerFrame::Welcome),
        1 => error_code().prop_map(ServerFrame::Refused),
        6 => (request_id(), answer).prop_map(|(id, answer)| ServerFrame::Response(id, answer)),
    ]
}

pub(crate) fn timeline_frame() -> impl Strategy<Value = TimelineFrame> {
    prop_oneof![
        run().prop_map(TimelineFrame::Run),
        (conversation_id(), msgid())
            .prop_map(|(conversation, head)| TimelineFrame::Behind { conversation, head }),
        conversation().prop_map(TimelineFrame::Conversation),
        (conversation_id(), msgid())
            .prop_map(|(conversation, last)| TimelineFrame::Removed { conversation, last }),
        (conversation_id(), msgid(), msgid()).prop_map(|(conversation, read, head)| {
            TimelineFrame::Read {
                conversation,
                read,
                head,
            }
        }),
        (conversation_id(), msgid()).prop_map(|(conversation, floor)| TimelineFrame::Floor {
            conversation,
            floor
        }),
        people::contact().prop_map(TimelineFrame::Contact),
        people::presence().prop_map(TimelineFrame::Presence),
        people::own().prop_map(TimelineFrame::AccountUpdate),
        receipts::frame(),
    ]
}

fn server_addr() -> impl Strategy<Value = ServerAddr> {
    let host = "[a-z0-9.-]{1,30}|[0-9a-f:]{2,20}:[0-9a-f]{0,4}";
    (host, 1..=u16::MAX).prop_map(|(host, port)| ServerAddr::new(&host, port))
}

pub(crate) fn invite_link() -> impl Strategy<Value = InviteLink> {
    (server_addr(), any::<[u8; 32]>(), invite_token()).prop_map(|(addr, pin, token)| InviteLink {
        addr,
        pin: Pin::new(pin),
        token,
    })
}
