//! The keys of the four plain schemes. Numbers are big-endian, so that a range reads in order.

use std::ops::RangeInclusive;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::rows::{Rows, RowsError};
use super::scheme::Pulled;

/// The group that is measured. Keys carry it, as they do where there are many.
const GROUP: ConversationId = ConversationId::new(1);

/// What a row is about.
#[derive(Clone, Copy)]
#[repr(u8)]
enum About {
    Head,
    Inbox,
    Body,
    Waiting,
    Cursor,
}

fn key(about: About, parts: &[&[u8]]) -> IVec {
    let mut key = vec![about as u8];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key.into()
}

/// The last number that was given to a message.
pub(super) fn head() -> IVec {
    key(About::Head, &[&GROUP.get().to_be_bytes()])
}

/// What is there for a member: the message itself, or only its id.
pub(super) fn inbox(member: UserId, msgid: MsgId) -> IVec {
    key(
        About::Inbox,
        &[
            &member.get().to_be_bytes(),
            &GROUP.get().to_be_bytes(),
            &msgid.get().to_be_bytes(),
        ],
    )
}

/// A message for everybody.
pub(super) fn body(msgid: MsgId) -> IVec {
    key(
        About::Body,
        &[&GROUP.get().to_be_bytes(), &msgid.get().to_be_bytes()],
    )
}

/// How many members have not acked a message.
pub(super) fn waiting(msgid: MsgId) -> IVec {
    key(
        About::Waiting,
        &[&GROUP.get().to_be_bytes(), &msgid.get().to_be_bytes()],
    )
}

/// The last message that a member has acked.
pub(super) fn cursor(member: UserId) -> IVec {
    key(
        About::Cursor,
        &[&GROUP.get().to_be_bytes(), &member.get().to_be_bytes()],
    )
}

/// What is there for a member above `after`, up to `through`.
pub(super) fn inbox_between(member: UserId, after: MsgId, through: MsgId) -> RangeInclusive<IVec> {
    inbox(member, after.next())..=inbox(member, through)
}

/// Above every message.
pub(super) const LAST: MsgId = MsgId::new(u64::MAX);

/// The number that a key ends with, or a value is.
pub(super) fn msgid(bytes: &[u8]) -> Result<MsgId, RowsError> {
    bytes
        .last_chunk()
        .map(|bytes| MsgId::new(u64::from_be_bytes(*bytes)))
        .ok_or(RowsError::Damaged)
}

/// A number as a value.
pub(super) fn value(msgid: MsgId) -> IVec {
    IVec::from(&msgid.get().to_be_bytes())
}

/// The last number that was given to a message, 0 before the first.
pub(super) fn read_head(rows: &Rows) -> Result<MsgId, RowsError> {
    rows.get(&head())?
        .map_or(Ok(MsgId::ZERO), |value| msgid(&value))
}

/// A message from the key and the value that it is stored under.
pub(super) fn pulled(key: &[u8], text: &[u8]) -> Result<Pulled, RowsError> {
    let text = std::str::from_utf8(text)
        .ok()
        .and_then(|text| Text::new(text).ok())
        .ok_or(RowsError::Damaged)?;
    Ok(Pulled {
        msgid: msgid(key)?,
        text,
    })
}
