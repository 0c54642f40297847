//! Generators of random valid values of every wire type.

mod attachment;
mod bodies;
mod desk;
mod frames;
mod group;
mod message;
mod overview;
mod people;
mod receipts;
mod retention;
mod search;
mod session;

use std::fmt::Debug;

use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, ImportSource, MsgId, RequestId, SendStreamId, Timestamp,
    UserId,
};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::model::group::Role;
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_proto::secret::{InviteToken, Pin};
use cairn_proto::text::{
    Caption, DeviceName, EmojiName, FileName, GroupName, MediaType, Password, Text, Topic, UserName,
};
use cairn_proto::wire::request::{Answer, Call};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) use attachment::opening;
pub(crate) use bodies::{content, entry, run};
pub(crate) use frames::{client_frame, server_frame, timeline_frame};

/// A number with a uniformly distributed magnitude, so that every encoded length is likely.
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
    password -> Password: "[ -~äé密]{8,30}";
}

fn users() -> impl Strategy<Value = Vec<UserId>> {
    vec(user_id(), 0..20)
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
    (user_id(), user_name(), server_role(), user_state()).prop_map(|(id, name, role, state)| {
        UserInfo {
            id,
            name,
            role,
            state,
        }
    })
}

fn user_state() -> impl Strategy<Value = UserState> {
    prop_oneof![
        Just(UserState::Active),
        Just(UserState::Deactivated),
        Just(UserState::Imported),
        user_id().prop_map(UserState::AliasOf),
    ]
}

fn invite_token() -> impl Strategy<Value = InviteToken> {
    any::<[u8; 16]>().prop_map(InviteToken::new)
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

/// Encodes an answer to `C`, and checks that it decodes to the same value.
fn encoded<C: Call>(value: C::Answer) -> Answer
where
    C::Answer: PartialEq + Debug,
{
    let answer = Answer::to::<C>(&value);
    assert_eq!(answer.of::<C>(), Ok(value));
    answer
}
