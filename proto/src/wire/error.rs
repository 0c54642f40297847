//! Error codes: the stable numbers of refusals. Numbers are never reused.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A code of a later version.
            Other(u32),
        }

        impl $name {
            /// All codes that this version knows.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the number on the wire.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Other(number) => number,
                }
            }

            /// Returns the code with this number.
            #[must_use]
            pub const fn from_number(number: u32) -> Self {
                match number {
                    $($code => Self::$variant,)*
                    other => Self::Other(other),
                }
            }

            /// Returns the message shown to users.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(_) => "refused for a reason unknown to this version",
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Other(number) => write!(f, "{} ({number})", self.text()),
                    known => f.write_str(known.text()),
                }
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// The reason why the server refused a request. The session continues.
    ErrorCode {
        /// The request is malformed or exceeds a limit.
        BadRequest = 1, "the request is malformed or exceeds a limit";
        /// The request, or a value in it, is of a kind that this server does not know.
        Unsupported = 2, "this server does not support that request";
        /// The conversation does not exist, or the user is not a member. The two are deliberately
        /// indistinguishable.
        NotFound = 3, "no such conversation, or you are not a member of it";
        /// The user's role does not permit the request.
        Forbidden = 4, "your role does not allow that";
        /// The user does not exist.
        NoSuchUser = 5, "no such user";
        /// The name is in use, is reserved, or looks like one that is in use.
        NameTaken = 6, "that name is taken, reserved, or looks like another one";
        /// The cursor is above the conversation's head.
        BadCursor = 7, "the cursor lies beyond the last message";
        /// The sequence number was used for a different message.
        SeqConflict = 8, "that sequence number was already used for a different message";
        /// The retry precedes the [`crate::limits::SENDS_IN_FLIGHT_MAX`] sends that the server
        /// remembers, or its send stream may have been forgotten. It is not stored a second time.
        RetryTooOld = 9, "the send is too old to be retried";
        /// The message is empty.
        EmptyMessage = 10, "a message needs content";
        /// The invite does not exist, was used up or has expired.
        BadInvite = 11, "the invite is unknown, used up or expired";
        /// The name and password, or the device token, do not match.
        AuthFailed = 12, "wrong name or password, or invalid device token";
        /// The request would exceed a limit of the server, such as the number of groups or devices
        /// of a user.
        LimitReached = 13, "a limit of this server has been reached";
        /// Too many attempts. Retry after a while.
        RateLimited = 14, "too many attempts; try again later";
        /// The last owner cannot leave, be removed or change role.
        LastOwner = 15, "the last owner cannot leave or be removed";
        /// The server cannot write. Nothing was accepted.
        StorageFailed = 16, "the server cannot store messages; ask its operator to check the log";
        /// The user has no such device.
        NoSuchDevice = 17, "no such device";
        /// Stored data is damaged. The server never returns damaged data.
        Damaged = 18, "stored messages are damaged: the operator should run `cairn doctor`";
        /// The import does not continue at the source's cursor.
        ImportGap = 19, "the import does not continue where it stopped";
        /// The message does not exist, or the request does not apply to its kind.
        NoSuchMessage = 20, "no such message";
        /// The time within which a sender may change a message has passed.
        TooLate = 21, "it is too late to change that message";
        /// The message was recalled. Nothing of it is left to change, forward or pin.
        Recalled = 22, "that message was recalled";
        /// The user, or one of those named, is banned from the group.
        Banned = 25, "banned from that group";
        /// The user is muted in the group.
        Muted = 26, "you are muted in that group for a while";
        /// The user named is not a member of the group.
        NoMember = 27, "that user is not a member of the group";
        /// The setting does not exist, or rejects the value.
        BadSetting = 30, "there is no such setting, or it does not accept that value";
        /// There is no friend request to accept or decline.
        NotAsked = 31, "that user has not asked to be your friend";
        /// The user has blocked the user named.
        Blocked = 32, "you have blocked that user";
        /// The server restricts direct chats to friends.
        FriendsOnly = 33, "this server restricts direct chats to friends";
        /// The server's owner has disabled the feature.
        TurnedOff = 34, "the owner of this server has turned that off";
        /// The account, or that of the user named, was deactivated. A login learns it only with the
        /// right password.
        Deactivated = 35, "that account was deactivated";
        /// The link that resets a password does not exist, was used or has expired.
        BadReset = 36, "the link is unknown, used or expired";
        /// Only an imported author who never had a device can be claimed, and only by a user who
        /// was not imported.
        NotImported = 37, "only an imported author without a device can be claimed";
        /// The attachment does not exist, or the user may not see or send it. These are
        /// deliberately indistinguishable.
        NoSuchAttachment = 40, "no such attachment, or none that you may see or send";
        /// The attachment exceeds the server's limit.
        AttachmentTooLarge = 41, "the file exceeds this server's size limit";
        /// The user's attachments would exceed the user's quota.
        QuotaReached = 42, "your files would exceed your storage quota on this server";
        /// The uploaded bytes do not match the hash.
        WrongHash = 43, "the uploaded bytes do not match the hash";
        /// The upload, or an attachment named by a message, does not have the announced length.
        WrongSize = 44, "the file does not have the announced size";
        /// The download starts after the end of the attachment.
        BadOffset = 45, "the offset is beyond the end of the file";
        /// The connection has [`crate::limits::TRANSFERS_PER_CONNECTION_MAX`] transfers in
        /// progress, or no transfer permit became free in time. Retry.
        TooManyTransfers = 46, "too many concurrent transfers; try again later";
        /// The server cannot read or write the attachment.
        TransferFailed = 47, "the server cannot access the file; ask its operator to check the log";
        /// The server's disk is full. Nothing was accepted.
        DiskFull = 48, "the server's disk is full; ask its operator to free disk space";
        /// A picture or video has no size, or one that none can have.
        BadDimensions = 49, "a picture or video cannot have these dimensions";
        /// The message has expired: it is at or below the conversation's floor.
        Expired = 50, "that message has expired: the conversation keeps messages for a time only";
        /// The policy is outside the bounds that the server's owner has set.
        RetentionBounds = 51, "this server does not allow that retention policy";
        /// More entries follow than [`crate::limits::MARKED_UNREAD_MAX`] or
        /// [`crate::limits::MARKED_OWN_MAX`] permit.
        TooFarBack = 55, "too many messages followed to mark them all as unread";
        /// The device or user has too many sessions, none of which is idle. Retry.
        TooManySessions = 60, "too many sessions of this device or user; try again later";
        /// The user adds more than the server allows at a time or per day. Nothing was executed;
        /// repeat the request after a pause. If it is a send, the session refuses every other send
        /// likewise until this one is repeated, so that none overtakes it.
        TooFast = 61, "that is more than this server allows at a time; try again later";
        /// Another agent has the inquiry, or it is offered to another one.
        Taken = 62, "another agent has that inquiry";
        /// The agent is not on duty.
        NotOnDuty = 63, "that agent is not on duty";
        /// The queue is outside its hours and accepts no messages.
        QueueClosed = 64, "the desk is closed at this hour";
        /// Too many inquiries wait in the queue.
        QueueFull = 65, "too many are waiting; try again later";
        /// The queue does not exist, or the key of the desk is unknown or was revoked.
        NoSuchQueue = 66, "no such queue, or its link was revoked";
        /// The inquiry is closed.
        InquiryClosed = 67, "that inquiry is closed";
        /// The inquiry is open, or the queue has open inquiries.
        InquiryOpen = 68, "there are open inquiries";
        /// The inquiry was rated since it was closed.
        AlreadyRated = 69, "that inquiry was rated already";
        /// The shop's statement about the visitor is forged, has expired, or is for another desk.
        BadIdentity = 70, "the signed identity is not valid, or has expired";
        /// The user named is no agent, or none of that queue.
        NotAgent = 71, "that user is not an agent of that queue";
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.number())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        u32::deserialize(d).map(Self::from_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_unique() {
        let numbers: Vec<u32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(code.number()), code);
        }
        assert_eq!(ErrorCode::from_number(900), ErrorCode::Other(900));
        assert_eq!(ErrorCode::Other(900).number(), 900);
    }
}
