//! The handshake, and the frames of every stream.

use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, RequestId, SendStreamId};
use cairn_proto::model::user::ServerRole;
use cairn_proto::secret::{DeviceToken, InviteToken, ResetToken};
use cairn_proto::text::Password;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::{StreamOpening, TimelineFrame, Update};
use cairn_proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::overview::{ConversationPage, OverviewExtent};
use cairn_proto::wire::request::Answer;
use cairn_proto::wire::request::session::ListDevices;
use cairn_proto::wire::response::ServerFrame;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};

use super::Samples;
use super::bodies::{draft, hash, run};
use super::overview::{conversation_page, conversations, moment};
use super::values::{BOB, CAROL, GROUP, NOON, device_name, user_name};
use super::{people, receipts};

pub(super) fn add_all(samples: &mut Samples) {
    add_logins(samples);
    add_session_frames(samples);
    add_timeline_frames(samples);
    let conversation = ConversationId::new(u64::MAX);
    samples.add(vec![ClientDatagram::Typing { conversation }]);
    samples.add(vec![ServerDatagram::Typing {
        conversation,
        user: CAROL,
    }]);
    samples.add(
        ErrorCode::ALL
            .iter()
            .copied()
            .chain([ErrorCode::Other(70_000)])
            .collect(),
    );
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
            device: device.clone(),
        },
        Credentials::Reset {
            token: ResetToken::new(std::array::from_fn(|i| 0x60 + i as u8)),
            password: password(),
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
        capabilities: Capabilities::NONE,
        send_stream: SendStreamId::new(u64::MAX),
        is_resumed: false,
        stream_began: None,
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
        capabilities: Capabilities::NONE,
        user: BOB,
        name: user_name("小明"),
        role: ServerRole::Member,
        device: DeviceId::new(1),
        token: None,
        now: NOON,
        overview,
        is_agent: false,
    };
    let token = Some(DeviceToken::new([0x5a; 32]));
    vec![
        old.clone(),
        Welcome {
            capabilities: Capabilities::new(0x81),
            role: ServerRole::Owner,
            token,
            overview: conversation_page(),
            is_agent: true,
            ..old
        },
    ]
}

fn add_logins(samples: &mut Samples) {
    samples.add(credentials());
    samples.add(vec![Capabilities::NONE, Capabilities::new(1 << 33)]);
    samples.add(vec![
        hello(),
        Hello {
            capabilities: Capabilities::new(0x81),
            is_resumed: true,
            stream_began: Some(moment()),
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

fn add_session_frames(samples: &mut Samples) {
    let send = ClientFrame::Request(RequestId::new(66_000), draft().into());
    samples.add(vec![ClientFrame::Hello(hello()), send]);
    samples.add_framed(ClientFrame::Request(RequestId::new(0), ListDevices.into()));
    let answer = Answer::to::<Draft>(&MsgId::new(252));
    let [_, welcome] = welcomes().try_into().unwrap();
    samples.add(vec![
        ServerFrame::Welcome(welcome),
        ServerFrame::Refused(ErrorCode::BadInvite),
        ServerFrame::Response(RequestId::new(250), Ok(answer)),
        ServerFrame::Response(RequestId::new(1), Err(ErrorCode::SeqConflict)),
    ]);
}

fn add_timeline_frames(samples: &mut Samples) {
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
    let behind = TimelineFrame::Behind {
        conversation: GROUP,
        head: MsgId::new(1_000),
    };
    let [removed, ..] = updates();
    samples.add(vec![
        TimelineFrame::Run(run()),
        behind,
        TimelineFrame::Update(removed),
    ]);
    samples.add(
        conversations()
            .into_iter()
            .map(Update::Conversation)
            .collect(),
    );
    samples.add(updates().to_vec());
    samples.add([people::updates(), receipts::updates()].concat());
}

fn updates() -> [Update; 3] {
    [
        Update::Removed {
            conversation: GROUP,
            last: MsgId::new(1_001),
        },
        Update::Read {
            conversation: GROUP,
            read: MsgId::new(1_002),
            head: MsgId::new(1_003),
        },
        Update::Floor {
            conversation: GROUP,
            floor: MsgId::new(70_000),
        },
    ]
}
