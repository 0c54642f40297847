//! The values themselves. What they contain is arbitrary but fixed: the golden bytes hold it.

use cairn_proto::content::body::Body;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, EpochId, ImportSource, MsgId, RequestId, Revision,
    SendStreamId, Timestamp, UserId,
};
use cairn_proto::invite::ServerAddr;
use cairn_proto::model::conversation::{
    Conversation, ConversationKind, Explained, Member, MemberPage,
};
use cairn_proto::model::group::Role;
use cairn_proto::model::user::{DeviceInfo, ServerRole, UserInfo};
use cairn_proto::secret::{DeviceToken, InviteToken};
use cairn_proto::text::{DeviceName, GroupName, Password, Text, UserName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_proto::wire::hello::{ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::metrics::{Bucket, CheckpointMetrics, Histogram, Metrics};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::{Forward, ImportEntry, PullRange, Request};
use cairn_proto::wire::response::{Pulled, Response, ServerFrame};

use super::bodies::{add_bodies, add_logs, draft, entry, hash, reaction, run};
use super::group::{self, group_details, member_settings, open_group};
use super::{Samples, people, receipts};

pub(super) const GROUP: ConversationId = ConversationId::new(77);
pub(super) const DIRECT: ConversationId = ConversationId::new((3 << 32) | 9);
pub(super) const ALICE: UserId = UserId::new(3);
pub(super) const BOB: UserId = UserId::new(0x0123_4567);
pub(super) const NOON: Timestamp = Timestamp::new(1_700_000_000_123);

pub(super) fn add_all(samples: &mut Samples) {
    add_bodies(samples);
    add_logs(samples);
    add_logins(samples);
    samples.add([requests(), people::requests(), receipts::requests()].concat());
    group::add_all(samples);
    samples.add(vec![
        PullRange::From(MsgId::new(1)),
        PullRange::Before(MsgId::new(251)),
    ]);
    samples.add(vec![import_entry()]);
    samples.add(vec![forward()]);
    samples.add([responses(), people::responses(), receipts::responses()].concat());
    add_pages(samples);
    add_frames(samples);
    people::add_all(samples);
    receipts::add_all(samples);
    samples.add(
        ErrorCode::ALL
            .iter()
            .copied()
            .chain([ErrorCode::Other(70_000)])
            .collect(),
    );
}

pub(super) fn user_name(raw: &str) -> UserName {
    raw.parse().unwrap()
}

pub(super) fn text(raw: &str) -> Body {
    Body::Text(Text::new(raw).unwrap())
}

fn device_name() -> DeviceName {
    "desk phone".parse().unwrap()
}

pub(super) fn group_name() -> GroupName {
    "the whole team".parse().unwrap()
}

fn password() -> Password {
    "correct horse".parse().unwrap()
}

fn credentials() -> Vec<Credentials> {
    let (name, device) = (user_name("alice"), device_name());
    let token = InviteToken::new(std::array::from_fn(|i| 0xf0 - i as u8));
    vec![
        Credentials::Token(DeviceToken::new(std::array::from_fn(|i| 0x20 + i as u8))),
        Credentials::Password {
            name: name.clone(),
            password: password(),
            device: device.clone(),
        },
        Credentials::Invite {
            token,
            name: name.clone(),
            password: None,
            device: device.clone(),
        },
        Credentials::Invite {
            token,
            name,
            password: Some(password()),
            device,
        },
    ]
}

fn hello() -> Hello {
    let credentials = Credentials::Password {
        name: user_name("alice"),
        password: password(),
        device: device_name(),
    };
    Hello {
        version: 1,
        credentials,
        send_stream: SendStreamId::new(u64::MAX),
        push: true,
        since: None,
    }
}

fn welcomes() -> Vec<Welcome> {
    let overview = ConversationPage {
        items: vec![],
        gone: vec![],
        extent: OverviewExtent::All,
        as_of: moment(),
        next_after: None,
    };
    let old = Welcome {
        user: BOB,
        name: user_name("小明"),
        role: ServerRole::Member,
        device: DeviceId::new(1),
        token: None,
        now: NOON,
        overview,
    };
    let token = Some(DeviceToken::new([0x5a; 32]));
    vec![
        old.clone(),
        Welcome {
            role: ServerRole::Owner,
            token,
            overview: conversation_page(),
            ..old
        },
    ]
}

fn add_logins(samples: &mut Samples) {
    samples.add(credentials());
    samples.add(vec![
        hello(),
        Hello {
            push: false,
            since: Some(moment()),
            ..hello()
        },
    ]);
    samples.add(vec![
        ServerRole::Member,
        ServerRole::Admin,
        ServerRole::Owner,
    ]);
    samples.add(welcomes());
}

fn import_entry() -> ImportEntry {
    ImportEntry {
        sender: user_name("[gnome]^_`{|}"),
        sent_at: Timestamp::new(0),
        body: text(""),
    }
}

fn forward() -> Forward {
    Forward {
        to: DIRECT,
        seq: ClientSeq::new(4),
        from: GROUP,
        msgid: MsgId::new(251),
    }
}

#[expect(clippy::too_many_lines, reason = "one sample for each variant")]
fn requests() -> Vec<Request> {
    let source = ImportSource::new(0xfeed_f00d_0102_0304);
    let msgid = MsgId::new(65_535);
    vec![
        Request::Send(draft()),
        Request::Pull {
            conversation: GROUP,
            range: PullRange::From(MsgId::new(1)),
            limit: 500,
        },
        Request::Pull {
            conversation: DIRECT,
            range: PullRange::Before(msgid),
            limit: 1,
        },
        Request::Ack {
            conversation: GROUP,
            msgid,
        },
        Request::Read {
            conversation: GROUP,
            msgid,
        },
        Request::Conversations {
            since: None,
            after: None,
        },
        Request::Conversations {
            since: Some(moment()),
            after: Some(overview_place()),
        },
        Request::FindUsers {
            names: vec![user_name("alice"), user_name("小明")],
        },
        Request::Users {
            ids: vec![UserId::SERVER, ALICE, UserId::new(u32::MAX)],
        },
        Request::CreateGroup {
            name: group_name(),
            members: vec![ALICE],
        },
        Request::AddMembers {
            conversation: GROUP,
            users: vec![ALICE, BOB],
        },
        Request::RemoveMembers {
            conversation: GROUP,
            users: vec![BOB],
        },
        Request::Members {
            conversation: GROUP,
            after: None,
        },
        Request::Members {
            conversation: GROUP,
            after: Some(BOB),
        },
        Request::CreateInvite {
            uses: 10_000,
            life_seconds: 604_800,
        },
        Request::Devices,
        Request::RevokeDevice(DeviceId::new(0x1122_3344_5566_7788)),
        Request::Import {
            conversation: GROUP,
            source,
            first: 500,
            entries: vec![import_entry(), import_entry()],
        },
        Request::ImportCursor {
            conversation: GROUP,
            source,
        },
        Request::Explain {
            conversation: GROUP,
            user: BOB,
        },
        Request::Metrics,
        Request::Edit {
            conversation: GROUP,
            msgid,
            text: Text::new("better").unwrap(),
        },
        Request::Recall {
            conversation: GROUP,
            msgid,
        },
        Request::React {
            conversation: GROUP,
            msgid,
            emoji: reaction().emoji,
        },
        Request::Unreact {
            conversation: GROUP,
            msgid,
            emoji: reaction().emoji,
        },
        Request::Pin {
            conversation: GROUP,
            msgid,
        },
        Request::Unpin {
            conversation: GROUP,
            msgid,
        },
        Request::Pins {
            conversation: GROUP,
        },
        Request::Forward(forward()),
    ]
}

fn user() -> UserInfo {
    UserInfo {
        id: BOB,
        name: user_name("bob"),
        role: ServerRole::Admin,
    }
}

fn kinds() -> Vec<ConversationKind> {
    vec![
        ConversationKind::Direct { peer: user() },
        ConversationKind::Group { name: group_name() },
    ]
}

fn conversations() -> Vec<Conversation> {
    let group = Conversation {
        id: GROUP,
        kind: ConversationKind::Group { name: group_name() },
        role: Role::Owner,
        head: MsgId::new(1_000),
        floor: MsgId::ZERO,
        read: MsgId::new(900),
        delivered: MsgId::new(999),
        unread: 98,
        mentions: 3,
        last: Some(entry(text("bye"))),
        settings: member_settings(),
    };
    let kind = ConversationKind::Direct { peer: user() };
    vec![
        group.clone(),
        Conversation {
            id: DIRECT,
            kind,
            role: Role::Member,
            unread: 0,
            mentions: 0,
            last: None,
            ..group
        },
    ]
}

fn moment() -> Moment {
    Moment {
        epoch: EpochId::new(0xfeed_f00d_0102_0304),
        revision: Revision::new(70_000),
    }
}

fn overview_place() -> OverviewPlace {
    OverviewPlace {
        revision: Revision::new(300),
        conversation: DIRECT,
    }
}

fn conversation_page() -> ConversationPage {
    let (gone, next_after) = (vec![GROUP, DIRECT], Some(overview_place()));
    ConversationPage {
        items: conversations(),
        gone,
        extent: OverviewExtent::Changed,
        as_of: moment(),
        next_after,
    }
}

fn member_page() -> MemberPage {
    let member = Member {
        user: user(),
        role: Role::Admin,
        joined: MsgId::new(2),
        read: MsgId::new(70_000),
        muted_until: NOON,
    };
    MemberPage {
        items: vec![member],
        next_after: Some(BOB),
    }
}

fn device() -> DeviceInfo {
    DeviceInfo {
        id: DeviceId::new(5),
        name: device_name(),
        created_at: NOON,
        current: true,
        online: false,
    }
}

fn explained() -> Explained {
    let id = MsgId::new;
    Explained {
        head: id(9),
        floor: id(1),
        joined: id(2),
        read: id(4),
        uncounted: 3,
        unread: 2,
        mentions: 1,
    }
}

fn metrics() -> Metrics {
    let buckets =
        [(127, 3), (1_023, 4_000_000), (9_000_000, 1)].map(|(up_to_micros, count)| Bucket {
            up_to_micros,
            count,
        });
    Metrics {
        uptime_micros: 86_400_000_000,
        sessions: 17,
        commands: 5_000_000_000,
        commits: 4_000_004,
        entries: 1 << 33,
        log_bytes: 1 << 41,
        prepared_bytes: 33_554_432,
        syncs: Histogram::from_iter(buckets),
        checkpoints: CheckpointMetrics {
            done: 250,
            micros: 70_000,
            entries: 65_536,
            blocks: 1_024,
            block_bytes: 4_194_304,
            rows: 251,
        },
    }
}

fn pulled() -> Pulled {
    Pulled {
        run: run(),
        head: MsgId::new(1 << 40),
        floor: MsgId::new(249),
    }
}

fn responses() -> Vec<Response> {
    vec![
        Response::Accepted {
            msgid: MsgId::new(252),
        },
        Response::Done,
        Response::Pulled(pulled()),
        Response::Conversations(conversation_page()),
        Response::Users(vec![user()]),
        Response::Created {
            conversation: GROUP,
        },
        Response::Changed { users: 2 },
        Response::Members(member_page()),
        Response::Invite {
            addr: ServerAddr::new("chat.example.org", 7766),
            token: InviteToken::new([0xa5; 16]),
        },
        Response::Devices(vec![device()]),
        Response::Imported {
            added: 499,
            users: 7,
            cursor: 1_000,
        },
        Response::ImportCursor { cursor: 196_146 },
        Response::Explained(explained()),
        Response::Metrics(Box::new(metrics())),
        Response::Pins(vec![MsgId::new(17), MsgId::new(251)]),
        Response::Group(group_details()),
        Response::Groups(vec![open_group()]),
    ]
}

fn add_pages(samples: &mut Samples) {
    samples.add(vec![pulled()]);
    samples.add(vec![conversation_page()]);
    samples.add(vec![moment()]);
    samples.add(vec![overview_place()]);
    samples.add(vec![OverviewExtent::All, OverviewExtent::Changed]);
    samples.add(conversations());
    samples.add(kinds());
    samples.add(vec![Role::Member, Role::Admin, Role::Owner]);
    samples.add(vec![user()]);
    samples.add(vec![member_page()]);
    samples.add(member_page().items);
    samples.add(vec![device()]);
    samples.add(vec![explained()]);
    samples.add(vec![metrics()]);
    samples.add(vec![metrics().checkpoints]);
    samples.add(vec![metrics().syncs]);
    samples.add(metrics().syncs.buckets().to_vec());
}

fn add_frames(samples: &mut Samples) {
    let send = ClientFrame::Request(RequestId::new(66_000), Request::Send(draft()));
    samples.add(vec![ClientFrame::Hello(hello()), send]);
    let answer = ServerFrame::Response(
        RequestId::new(250),
        Ok(Response::Accepted {
            msgid: MsgId::new(252),
        }),
    );
    let failure = ServerFrame::Response(RequestId::new(1), Err(ErrorCode::SeqConflict));
    let [_, welcome] = welcomes().try_into().unwrap();
    samples.add(vec![
        ServerFrame::Welcome(welcome),
        ServerFrame::Refused(ErrorCode::BadInvite),
        answer,
        failure,
    ]);
    let download = StreamOpening::Download {
        conversation: GROUP,
        msgid: MsgId::new(251),
        hash: hash(),
        from: 1 << 20,
    };
    samples.add(vec![
        StreamOpening::Timeline,
        StreamOpening::Upload {
            hash: hash(),
            bytes: 1 << 33,
        },
        download,
    ]);
    samples.add_framed(StreamOpening::Timeline);
    samples.add_framed(ClientFrame::Request(RequestId::new(0), Request::Devices));
    let behind = TimelineFrame::Behind {
        conversation: GROUP,
        head: MsgId::new(1_000),
    };
    let removed = TimelineFrame::Removed {
        conversation: GROUP,
        last: MsgId::new(1_001),
    };
    let [group, direct] = conversations().try_into().unwrap();
    let read = TimelineFrame::Read {
        conversation: GROUP,
        read: MsgId::new(1_002),
        head: MsgId::new(1_003),
    };
    let frames = vec![
        TimelineFrame::Run(run()),
        behind,
        TimelineFrame::Conversation(group),
        TimelineFrame::Conversation(direct),
        removed,
        read,
    ];
    samples.add(
        [
            frames,
            people::timeline_frames(),
            receipts::timeline_frames(),
        ]
        .concat(),
    );
}
