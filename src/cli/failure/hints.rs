//! What to do next, for each refusal of a server.

use cairn_client::Error as ClientError;
use cairn_proto::wire::error::ErrorCode;

pub(super) fn hint_for(error: &ClientError) -> Option<&'static str> {
    let (ClientError::LoginRefused { code, .. } | ClientError::Refused(code)) = error else {
        return None;
    };
    hint_for_code(*code)
}

/// What to do when the server refuses with this code. Only of one that a later version introduced nothing is known.
pub(crate) fn hint_for_code(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::BadRequest => {
            "the limits are in docs/OPERATING.md; within them, this is a fault of cairn: please report it"
        }
        ErrorCode::Unsupported => {
            "the server is older than this command: its operator can update it"
        }
        ErrorCode::AuthFailed => {
            "check name and password; a device that was revoked logs in again with `cairn login`"
        }
        ErrorCode::BadInvite => {
            "ask for a new link: any owner or admin makes one with `cairn invite`"
        }
        ErrorCode::NameTaken => "pick another name, or log in as that user with `cairn login`",
        ErrorCode::NotFound => "`cairn list` shows your conversations",
        ErrorCode::Forbidden => "an owner or an admin can do it, or give you the role",
        ErrorCode::NoSuchUser => "names are compared to the letter",
        ErrorCode::BadCursor => "`cairn list --json` shows the head of each conversation",
        ErrorCode::SeqConflict | ErrorCode::RetryTooOld | ErrorCode::ImportGap => {
            "nothing was stored twice; run the command again"
        }
        ErrorCode::EmptyMessage => "say something, or send a file with `cairn send --file`",
        ErrorCode::LimitReached => {
            "docs/OPERATING.md lists the limits, `cairn config list` those that the owner of the server can change"
        }
        ErrorCode::RateLimited => "try again in a minute",
        ErrorCode::LastOwner => {
            "make somebody else an owner first: `cairn group hand-over` or `cairn group role`, for the server `cairn users role`"
        }
        ErrorCode::StorageFailed | ErrorCode::TransferFailed => {
            "nothing was accepted; send it again when the server is well"
        }
        ErrorCode::NoSuchDevice => "`cairn devices` lists your devices",
        ErrorCode::Damaged => {
            "the server's operator stops it and runs `cairn doctor --data DIR`, which names what is damaged"
        }
        ErrorCode::NoSuchMessage => {
            "`cairn tail` shows the messages with --json, each with its msgid"
        }
        ErrorCode::TooLate => {
            "an owner or an admin of the group can recall it; `cairn config get amend-minutes` shows for how long its sender can change it"
        }
        ErrorCode::Banned => "an owner or an admin lifts it with `cairn group unban`",
        ErrorCode::Muted => "an owner or an admin lifts it with `cairn group mute --off`",
        ErrorCode::NoMember => "`cairn group members` lists the members",
        ErrorCode::BadSetting => "`cairn config list` shows the settings and what they take",
        ErrorCode::NotAsked => "ask first, with `cairn friend ask`",
        ErrorCode::Blocked => "`cairn unblock` ends that",
        ErrorCode::DiskFull => "nothing was accepted; try again when there is room",
        ErrorCode::FriendsOnly => "ask first, with `cairn friend ask`",
        ErrorCode::TurnedOff => "`cairn config list` shows what the owner of the server has set",
        ErrorCode::NoSuchAttachment => "the message may have been recalled, or may name no file",
        ErrorCode::AttachmentTooLarge => {
            "`cairn config get attachment-bytes-max` shows how large a file may be"
        }
        ErrorCode::QuotaReached => {
            "recall messages with files that nobody needs; the room is free again a while later"
        }
        ErrorCode::WrongHash | ErrorCode::WrongSize => {
            "the file changed while it was sent: send it again when it is at rest"
        }
        ErrorCode::BadOffset => {
            "what has arrived is longer than the file: remove the .part file and fetch it again"
        }
        ErrorCode::TooManyTransfers => "wait until another transfer has ended, then try again",
        ErrorCode::Expired => "`cairn retention` shows how long messages of a conversation stay",
        ErrorCode::RetentionBounds => {
            "`cairn config list` shows the bounds: retention-shortest and retention-longest"
        }
        ErrorCode::TooFarBack => {
            "begin with a newer message: at most 1,000 messages can be marked as unread at once"
        }
        _ => return None,
    })
}
