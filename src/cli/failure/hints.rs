//! Hints for server errors: what to do next.

use cairn_client::Error as ClientError;
use cairn_proto::wire::error::ErrorCode;

pub(super) fn hint_for(error: &ClientError) -> Option<&'static str> {
    let (ClientError::LoginRefused { code, .. } | ClientError::Refused(code)) = error else {
        return None;
    };
    hint_for_code(*code)
}

/// Returns the hint for an error code. Codes of later versions have none.
pub(crate) fn hint_for_code(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::BadRequest => {
            "the limits are in docs/OPERATING.md; otherwise this is a bug in cairn; please report \
                it"
        }
        ErrorCode::Unsupported => {
            "the server is older than this command; its operator can update it"
        }
        ErrorCode::AuthFailed => {
            "check name and password; a revoked device logs in again with `cairn login`"
        }
        ErrorCode::BadInvite => {
            "ask an owner or admin of the server for a new link (`cairn invite`)"
        }
        ErrorCode::NameTaken => {
            "choose another name, or log in as that user with `cairn login`; the owner of the \
                server can allow names that look alike (`cairn config set look-alikes allowed`)"
        }
        ErrorCode::NotImported => "an import creates the accounts of authors that it does not know",
        ErrorCode::NotFound => {
            "`cairn list` shows your conversations, `cairn desk list` those of visitors"
        }
        ErrorCode::Forbidden => "an owner or admin can do it, or change your role",
        ErrorCode::NoSuchUser => "`cairn users find` lists users by the beginning of their names",
        ErrorCode::BadCursor => "`cairn list --json` shows the head of each conversation",
        ErrorCode::SeqConflict | ErrorCode::RetryTooOld | ErrorCode::ImportGap => {
            "nothing was stored twice; run the command again"
        }
        ErrorCode::EmptyMessage => "add a text, or send a file with `cairn send --file`",
        ErrorCode::LimitReached => {
            "docs/OPERATING.md lists the limits; `cairn config list` shows those that the owner \
                of the server can change"
        }
        ErrorCode::RateLimited | ErrorCode::TooFast => "try again in a minute",
        ErrorCode::LastOwner => {
            "make another user an owner first: `cairn group hand-over` or `cairn group role`, for \
                the server `cairn users role`"
        }
        ErrorCode::StorageFailed | ErrorCode::TransferFailed => {
            "nothing was accepted; try again when the server has recovered"
        }
        ErrorCode::NoSuchDevice => "`cairn devices` lists your devices",
        ErrorCode::Damaged => {
            "stop the server and run `cairn doctor --data DIR` to find the damage"
        }
        ErrorCode::NoSuchMessage => "`cairn tail --json` shows the messages and their numbers",
        ErrorCode::TooLate => {
            "owners and admins of the group can still delete it; `cairn config get amend-minutes` \
                shows how long its sender can change it"
        }
        ErrorCode::Recalled => "its text and its file are gone; `cairn tail` shows who recalled it",
        ErrorCode::Banned => "an owner or admin can lift it with `cairn group unban`",
        ErrorCode::Muted => "an owner or admin can lift it with `cairn group mute --off`",
        ErrorCode::NoMember => "`cairn group members` lists the members",
        ErrorCode::BadSetting => "`cairn config list` shows the settings and their values",
        ErrorCode::NotAsked => "send a friend request first: `cairn friend ask`",
        ErrorCode::Blocked => "`cairn unblock` unblocks a user",
        ErrorCode::DiskFull => "nothing was accepted; try again when there is free space",
        ErrorCode::FriendsOnly => "send a friend request first: `cairn friend ask`",
        ErrorCode::TurnedOff => "`cairn config list` shows the settings of the server",
        ErrorCode::BadReset => {
            "ask an owner or admin of the server for a new link (`cairn users reset`)"
        }
        ErrorCode::Deactivated => {
            "ask an owner or admin of the server; `cairn users reactivate` reverses it"
        }
        ErrorCode::NoSuchAttachment => "the message may have been deleted, or may have no file",
        ErrorCode::AttachmentTooLarge => {
            "`cairn config get attachment-bytes-max` shows the largest size of a file"
        }
        ErrorCode::QuotaReached => {
            "delete messages with large files; their space is reclaimed within minutes"
        }
        ErrorCode::WrongHash | ErrorCode::WrongSize => {
            "the file changed during the upload; try again"
        }
        ErrorCode::BadOffset => {
            "the partial download is longer than the file: remove the .part file and try again"
        }
        ErrorCode::BadDimensions => {
            "each side has 1 to 65,535 pixels, and there are at most 2^30; `--as file` needs none"
        }
        ErrorCode::TooManyTransfers => "wait for another transfer to end, then try again",
        ErrorCode::TooManySessions => "end other programs of this device, then try again",
        ErrorCode::Expired => "`cairn retention` shows how long a conversation keeps its messages",
        ErrorCode::RetentionBounds => {
            "`cairn config list` shows the bounds: retention-shortest and retention-longest"
        }
        ErrorCode::TooFarBack => {
            "start at a newer message: at most 1,000 can be marked as unread at once"
        }
        _ => return hint_of_desk(code),
    })
}

fn hint_of_desk(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::Taken => "`cairn desk` shows what is offered to you",
        ErrorCode::NotOnDuty => {
            "an agent goes on duty with `cairn desk on`; supervisors can do it for others, --agent"
        }
        ErrorCode::QueueClosed => "`cairn desk queue list --json` shows the hours of the queue",
        ErrorCode::QueueFull => {
            "agents take what waits; `cairn desk queue set --waiting-max` admits more"
        }
        ErrorCode::NoSuchQueue => {
            "`cairn desk queue list` shows the queues, `cairn desk link` makes a new link"
        }
        ErrorCode::InquiryClosed => {
            "a message of the visitor opens it again; or `cairn desk reopen`"
        }
        ErrorCode::InquiryOpen => "close it first: `cairn desk list` shows open inquiries",
        ErrorCode::AlreadyRated => "it can be rated again after it was opened and closed again",
        ErrorCode::BadIdentity => {
            "the shop signs it again for each visit; see docs/SUPPORT.md, \"Signed visitors\""
        }
        ErrorCode::NotAgent => "`cairn desk agent list` shows the agents and their queues",
        _ => return None,
    })
}
