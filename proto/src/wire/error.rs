//! Why a request was refused: numbers that clients may rely on. A number is never used again for
//! something else.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A number that a later version introduced.
            Other(u32),
        }

        impl $name {
            /// Every code that this version knows.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Other(number) => number,
                }
            }

            /// The code with this number.
            #[must_use]
            pub const fn from_number(number: u32) -> Self {
                match number {
                    $($code => Self::$variant,)*
                    other => Self::Other(other),
                }
            }

            /// What it says to people.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(_) => "refused for a reason that this version does not know",
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
    /// Why a request was refused. The connection goes on.
    ErrorCode {
        /// The request cannot be read, or breaks a bound.
        BadRequest = 1, "the request is malformed or breaks a limit";
        /// The request or something in it is of a kind that this server does not know.
        Unsupported = 2, "this server does not know that kind of request";
        /// No such conversation, or none that the asker may see: the two are not told apart.
        NotFound = 3, "no such conversation, or you are not a member of it";
        /// The asker may see it but not do this.
        Forbidden = 4, "your role does not allow that";
        /// No such user.
        NoSuchUser = 5, "no such user";
        /// Somebody has that name, or one that looks like it.
        NameTaken = 6, "that name is taken";
        /// A cursor beyond the head of its conversation.
        BadCursor = 7, "the cursor lies beyond the last message";
        /// The same client seq came before with another body.
        SeqConflict = 8, "that client seq was used before for another message";
        /// A retry of a send that lies too far back to be remembered. It is not stored a second
        /// time.
        RetryTooOld = 9, "a retry of a send that is no longer remembered";
        /// A message without content.
        EmptyMessage = 10, "a message needs content";
        /// The invite is unknown, used up or expired.
        BadInvite = 11, "the invite is unknown, used up or expired";
        /// Name and password, or the token, do not match an account.
        AuthFailed = 12, "name and password, or the device token, are wrong";
        /// A bound on how many there may be.
        LimitReached = 13, "a limit of this server is reached";
        /// Too many attempts. Wait and try again.
        RateLimited = 14, "too many attempts: wait a little";
        /// The last owner cannot leave.
        LastOwner = 15, "the last owner cannot leave or be removed";
        /// The server cannot store anything at present. Nothing was accepted.
        StorageFailed = 16, "the server cannot store messages: its operator must look at its log";
        /// No such device of the asker.
        NoSuchDevice = 17, "no such device";
        /// Stored bytes are damaged. Nothing wrong is served.
        Damaged = 18, "stored messages are damaged: the operator should run `cairn doctor`";
        /// The import continues at another entry than the one given.
        ImportGap = 19, "the import does not continue where it stopped";
        /// No such message in that conversation, or none that this can be done to.
        NoSuchMessage = 20, "no such message";
        /// The time in which its sender may change a message is over.
        TooLate = 21, "it is too late to change that message";
        /// The user, or one of those named, is banned from the group.
        Banned = 25, "banned from that group";
        /// A member who is not to be heard for a while wants to say or change something.
        Muted = 26, "you are muted in that group for a while";
        /// The user named is no member of the group.
        NoMember = 27, "that user is not a member of the group";
        /// No such setting, or a value that it does not take.
        BadSetting = 30, "there is no such setting, or it does not take that value";
        /// Nobody asked what was to be accepted or declined.
        NotAsked = 31, "that user has not asked to be your friend";
        /// The asker has blocked whom this is about.
        Blocked = 32, "you have blocked that user";
        /// Only friends begin direct chats here.
        FriendsOnly = 33, "on this server only friends begin a direct chat";
        /// The owner of the server has turned this off.
        TurnedOff = 34, "the owner of this server has turned that off";
        /// No such attachment, or none that the asker may see or send: they are not told apart.
        NoSuchAttachment = 40, "no such attachment, or none that you may see or send";
        /// The attachment is longer than the server takes.
        AttachmentTooLarge = 41, "the file is larger than this server takes";
        /// The user's attachments would take more than the server gives to one user.
        QuotaReached = 42, "your files take all the room that this server gives to one user";
        /// The bytes of an upload are not those that the hash was made of.
        WrongHash = 43, "the bytes are not those that the hash was made of";
        /// An upload is longer or shorter than was announced, or a message announces another length
        /// than the attachment has.
        WrongSize = 44, "the file is not as long as was announced";
        /// A download was to begin behind the end of the attachment.
        BadOffset = 45, "the offset lies beyond the end of the file";
        /// The connection has as many transfers under way as it may, or there was no turn for one
        /// for a while. Try again.
        TooManyTransfers = 46, "too many transfers at once: try again in a while";
        /// The server cannot read or write the attachment at present.
        TransferFailed = 47, "the server cannot read or write the file: its operator must look at its log";
        /// The disk of the server has no room for it. Nothing was accepted.
        DiskFull = 48, "the server's disk is full: its operator must make room";
        /// The message is gone on purpose: it lies at or below the floor of its conversation.
        Expired = 50, "that message has expired: the conversation keeps messages for a time only";
        /// The server's settings allow no such policy of retention.
        RetentionBounds = 51, "this server does not allow that retention";
        /// More was said since than can be marked as unread at once.
        TooFarBack = 55, "too much was said since then to mark it all as unread";
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
    fn numbers_are_stable_and_used_once() {
        let numbers: Vec<u32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(code.number()), code);
        }
        assert_eq!(ErrorCode::from_number(900), ErrorCode::Other(900));
        assert_eq!(ErrorCode::Other(900).number(), 900);
    }
}
