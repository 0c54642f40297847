//! Values that several samples share. Their content is arbitrary, but part of the golden bytes.

use cairn_proto::content::body::Body;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_proto::text::{DeviceName, GroupName, Text, UserName};

pub(super) const GROUP: ConversationId = ConversationId::new(77);
pub(super) const DIRECT: ConversationId = ConversationId::new((3 << 32) | 9);
pub(super) const ALICE: UserId = UserId::new(3);
pub(super) const BOB: UserId = UserId::new(0x0123_4567);
pub(super) const CAROL: UserId = UserId::new(300);
pub(super) const NOON: Timestamp = Timestamp::new(1_700_000_000_123);
pub(super) const MESSAGE: MsgId = MsgId::new(65_535);

pub(super) fn user_name(raw: &str) -> UserName {
    raw.parse().unwrap()
}

pub(super) fn text(raw: &str) -> Body {
    Body::Text(Text::new(raw).unwrap())
}

pub(super) fn device_name() -> DeviceName {
    "desk phone".parse().unwrap()
}

pub(super) fn group_name() -> GroupName {
    "the whole team".parse().unwrap()
}

pub(super) fn user() -> UserInfo {
    UserInfo {
        id: BOB,
        name: user_name("bob"),
        role: ServerRole::Admin,
        state: UserState::Active,
    }
}
