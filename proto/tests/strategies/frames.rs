//! Generators of the handshake, and of the frames of every stream.

use cairn_proto::secret::{DeviceToken, ResetToken};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::{TimelineFrame, Update};
use cairn_proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::response::ServerFrame;
use proptest::option;
use proptest::prelude::*;

use super::overview::{conversation, conversation_page, moment};
use super::{
    conversation_id, desk, device_id, device_name, group, invite_token, message, msgid, number,
    password, people, receipts, request_id, retention, run, send_stream, server_role, session,
    small, timestamp, user_id, user_name,
};

fn device_token() -> impl Strategy<Value = DeviceToken> {
    any::<[u8; 32]>().prop_map(DeviceToken::new)
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
        (any::<[u8; 16]>(), password(), device_name()).prop_map(|(token, password, device)| {
            Credentials::Reset {
                token: ResetToken::new(token),
                password,
                device,
            }
        }),
        desk::credentials(),
    ]
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    number().prop_map(Capabilities::new)
}

fn hello() -> impl Strategy<Value = Hello> {
    let versioned = (any::<u16>(), capabilities());
    let session = (
        (send_stream(), any::<bool>(), option::of(moment())),
        any::<bool>(),
        option::of(moment()),
    );
    (versioned, credentials(), session).prop_map(
        |((version, capabilities), credentials, (stream, push, since))| {
            let (send_stream, is_resumed, stream_began) = stream;
            Hello {
                version,
                credentials,
                capabilities,
                send_stream,
                is_resumed,
                stream_began,
                push,
                since,
            }
        },
    )
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
    let rest = (timestamp(), any::<bool>());
    (capabilities(), who, rest, conversation_page()).prop_map(
        |(capabilities, (user, name, role, device, token), (now, is_agent), overview)| Welcome {
            capabilities,
            user,
            name,
            role,
            device,
            token,
            now,
            overview,
            is_agent,
        },
    )
}

// Trees of values are boxed: together they are larger than the stack of a test's thread.
pub(crate) fn client_frame() -> BoxedStrategy<ClientFrame> {
    let request = prop_oneof![
        message::request().boxed(),
        receipts::request().boxed(),
        group::request().boxed(),
        retention::request().boxed(),
        people::request().boxed(),
        session::request().boxed(),
        desk::request().boxed(),
    ];
    prop_oneof![
        1 => hello().prop_map(ClientFrame::Hello).boxed(),
        4 => (request_id(), request.boxed())
            .prop_map(|(id, request)| ClientFrame::Request(id, request))
            .boxed(),
    ]
    .boxed()
}

pub(crate) fn server_frame() -> BoxedStrategy<ServerFrame> {
    let answer = prop_oneof![
        message::answer().boxed(),
        receipts::answer().boxed(),
        group::answer().boxed(),
        retention::answer().boxed(),
        people::answer().boxed(),
        session::answer().boxed(),
        desk::answer().boxed(),
    ];
    let result = prop_oneof![4 => answer.prop_map(Ok), 1 => error_code().prop_map(Err)];
    prop_oneof![
        1 => welcome().prop_map(ServerFrame::Welcome).boxed(),
        1 => error_code().prop_map(ServerFrame::Refused).boxed(),
        1 => desk::welcome().prop_map(|welcome| ServerFrame::Visiting(Box::new(welcome))).boxed(),
        6 => (request_id(), result.boxed())
            .prop_map(|(id, result)| ServerFrame::Response(id, result))
            .boxed(),
    ]
    .boxed()
}

pub(crate) fn timeline_frame() -> BoxedStrategy<TimelineFrame> {
    prop_oneof![
        1 => run().prop_map(TimelineFrame::Run).boxed(),
        1 => (conversation_id(), msgid())
            .prop_map(|(conversation, head)| TimelineFrame::Behind { conversation, head })
            .boxed(),
        8 => update().prop_map(TimelineFrame::Update).boxed(),
    ]
    .boxed()
}

fn update() -> impl Strategy<Value = Update> {
    prop_oneof![
        conversation().prop_map(Update::Conversation).boxed(),
        (conversation_id(), msgid())
            .prop_map(|(conversation, last)| Update::Removed { conversation, last })
            .boxed(),
        (conversation_id(), msgid(), msgid())
            .prop_map(|(conversation, read, head)| Update::Read {
                conversation,
                read,
                head,
            })
            .boxed(),
        people::contact().prop_map(Update::Contact).boxed(),
        people::presence().prop_map(Update::Presence).boxed(),
        receipts::update().boxed(),
        (conversation_id(), msgid())
            .prop_map(|(conversation, floor)| Update::Floor {
                conversation,
                floor
            })
            .boxed(),
        people::account_update().prop_map(Update::Account).boxed(),
        people::contact()
            .prop_map(|contact| Update::User(contact.user))
            .boxed(),
        desk::update().boxed(),
    ]
}
