//! Reading ids back from keys. Each function returns `None` when the bytes are no key of that tree.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::desk::InquiryPlace;
use cairn_proto::text::SettingName;

use cairn_core::record::RelationChunk;
use cairn_core::record::{CursorChunk, MemberChunk, RecentPart, SecretHash};

fn u32(key: &mut &[u8]) -> Option<u32> {
    let (number, rest) = key.split_first_chunk()?;
    *key = rest;
    Some(u32::from_be_bytes(*number))
}

fn u8(key: &mut &[u8]) -> Option<u8> {
    let (number, rest) = key.split_first()?;
    *key = rest;
    Some(*number)
}

fn u64(key: &mut &[u8]) -> Option<u64> {
    let (number, rest) = key.split_first_chunk()?;
    *key = rest;
    Some(u64::from_be_bytes(*number))
}

fn whole<T>(mut key: &[u8], parts: impl FnOnce(&mut &[u8]) -> Option<T>) -> Option<T> {
    let ids = parts(&mut key)?;
    key.is_empty().then_some(ids)
}

/// The conversation and the first message of a block.
#[must_use]
pub fn block(key: &[u8]) -> Option<(ConversationId, MsgId)> {
    whole(key, |key| {
        Some((ConversationId::new(u64(key)?), MsgId::new(u64(key)?)))
    })
}

/// Also for the keys of group settings and of open groups.
#[must_use]
pub fn conversation(key: &[u8]) -> Option<ConversationId> {
    whole(key, |key| Some(ConversationId::new(u64(key)?)))
}

#[must_use]
pub fn members(key: &[u8]) -> Option<(ConversationId, MemberChunk)> {
    whole(key, |key| {
        Some((ConversationId::new(u64(key)?), MemberChunk::new(u32(key)?)))
    })
}

/// The queue of a closed inquiry, and its place.
#[must_use]
pub fn closed_inquiry(key: &[u8]) -> Option<(ConversationId, InquiryPlace)> {
    whole(key, |key| {
        let queue = ConversationId::new(u64(key)?);
        let place = InquiryPlace {
            at: Timestamp::new(!u64(key)?),
            conversation: ConversationId::new(!u64(key)?),
        };
        Some((queue, place))
    })
}

#[must_use]
pub fn audit(key: &[u8]) -> Option<u64> {
    whole(key, u64)
}

#[must_use]
pub fn uncounted(key: &[u8]) -> Option<(ConversationId, u64)> {
    whole(key, |key| Some((ConversationId::new(u64(key)?), u64(key)?)))
}

#[must_use]
pub fn mentions(key: &[u8]) -> Option<(ConversationId, UserId, u64)> {
    let (conversation, members, user, chunk) = whole(key, |key| {
        Some((
            ConversationId::new(u64(key)?),
            MemberChunk::new(u32(key)?),
            UserId::new(u32(key)?),
            u64(key)?,
        ))
    })?;
    (members == MemberChunk::of(user)).then_some((conversation, user, chunk))
}

#[must_use]
pub fn cursors(key: &[u8]) -> Option<(DeviceId, SendStreamId, CursorChunk)> {
    whole(key, |key| {
        Some((
            DeviceId::new(u64(key)?),
            SendStreamId::new(u64(key)?),
            CursorChunk::new(u64(key)?),
        ))
    })
}

#[must_use]
pub fn recent(key: &[u8]) -> Option<(DeviceId, SendStreamId, RecentPart)> {
    whole(key, |key| {
        Some((
            DeviceId::new(u64(key)?),
            SendStreamId::new(u64(key)?),
            RecentPart::new(u8(key)?)?,
        ))
    })
}

#[must_use]
pub fn user(key: &[u8]) -> Option<UserId> {
    whole(key, |key| Some(UserId::new(u32(key)?)))
}

#[must_use]
pub fn device(key: &[u8]) -> Option<(UserId, DeviceId)> {
    whole(key, |key| {
        Some((UserId::new(u32(key)?), DeviceId::new(u64(key)?)))
    })
}

#[must_use]
pub fn link(key: &[u8]) -> Option<SecretHash> {
    key.try_into().ok().map(SecretHash)
}

/// Also for memberships that ended.
#[must_use]
pub fn membership(key: &[u8]) -> Option<(UserId, ConversationId)> {
    whole(key, |key| {
        Some((UserId::new(u32(key)?), ConversationId::new(u64(key)?)))
    })
}

#[must_use]
pub fn import(key: &[u8]) -> Option<(ConversationId, ImportSource)> {
    whole(key, |key| {
        Some((ConversationId::new(u64(key)?), ImportSource::new(u64(key)?)))
    })
}

#[must_use]
pub fn relations(key: &[u8]) -> Option<(UserId, RelationChunk)> {
    whole(key, |key| {
        Some((UserId::new(u32(key)?), RelationChunk::new(u32(key)?)))
    })
}

#[must_use]
pub fn setting(key: &[u8]) -> Option<SettingName> {
    SettingName::new(std::str::from_utf8(key).ok()?).ok()
}

#[must_use]
pub fn attachment(key: &[u8]) -> Option<AttachmentHash> {
    key.try_into().ok().map(AttachmentHash::new)
}

#[must_use]
pub fn attached(key: &[u8]) -> Option<(ConversationId, MsgId)> {
    whole(key, |key| {
        Some((ConversationId::new(u64(key)?), MsgId::new(u64(key)?)))
    })
}
