//! The handshake: the client's hello and the server's welcome.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::message::Draft;
use crate::content::packed::Content;
use crate::ids::{
    ClientSeq, ConversationId, DeviceId, RequestId, SendStreamId, Timestamp, UserId, VisitorId,
};
use crate::limits::FRAME_BYTES_MAX;
use crate::model::desk::{DeskInfo, VisitorInquiry};
use crate::model::user::ServerRole;
use crate::secret::{DeskKey, DeviceToken, InviteToken, ResetToken, VisitorToken};
use crate::text::{DeviceName, DisplayName, Language, Password, SignedIdentity, UserName};
use crate::wire::codec::{self, DecodeError};
use crate::wire::overview::{ConversationPage, Moment};
use crate::wire::request::Request;

/// A frame that a client writes on the session stream. The first one is [`ClientFrame::Hello`], all
/// others are requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// The login.
    Hello(Hello),
    /// A request. The id precedes it, so that the server can respond even to a kind that it does
    /// not know.
    Request(RequestId, Request),
}

/// The position of [`ClientFrame::Hello`] among the variants.
const HELLO_VARIANT: u32 = 0;

/// The position of [`ClientFrame::Request`] among the variants.
const REQUEST_VARIANT: u32 = 1;

/// The positions of [`Request::Message`], and of a draft among the requests about messages.
const SEND_VARIANTS: (u32, u32) = (0, 0);

/// The frame of a draft, with the draft's fields.
type SendFrame<'a> = (
    u32,
    RequestId,
    (u32, u32),
    (ConversationId, ClientSeq, &'a [u8]),
);

impl ClientFrame {
    /// Decodes a frame. The content of a draft shares the bytes of the frame.
    ///
    /// # Errors
    /// As [`codec::decode`].
    pub fn parse(frame: &Bytes) -> Result<Self, DecodeError> {
        match Self::parse_send(frame) {
            Some(send) => Ok(send),
            None => codec::decode(frame, FRAME_BYTES_MAX),
        }
    }

    /// Decodes the frame of a draft. Returns `None` for all others, and for malformed ones.
    fn parse_send(frame: &Bytes) -> Option<Self> {
        let (send, read) = codec::borrow_some::<SendFrame<'_>>(frame).ok()?;
        let (REQUEST_VARIANT, id, SEND_VARIANTS, (conversation, seq, packed)) = send else {
            return None;
        };
        if read != frame.len() {
            return None;
        }
        let draft = Draft {
            conversation,
            seq,
            content: Content::parse(frame.slice_ref(packed)).ok()?,
        };
        Some(Self::Request(id, draft.into()))
    }

    /// Reads the version of a hello. What follows it may have the layout of another version.
    /// Returns `None` if the frame is not a hello.
    #[must_use]
    pub fn hello_version(frame: &[u8]) -> Option<u16> {
        match codec::decode_some(frame) {
            Ok(((HELLO_VARIANT, version), _)) => Some(version),
            _ => None,
        }
    }

    /// Reads the id of a request, which may be of an unknown kind or malformed. Returns `None` if
    /// the frame is not a request.
    #[must_use]
    pub fn request_id(frame: &[u8]) -> Option<RequestId> {
        match codec::decode_some(frame) {
            Ok(((REQUEST_VARIANT, id), _)) => Some(id),
            _ => None,
        }
    }
}

/// The first frame of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`crate::WIRE_VERSION`].
    pub version: u16,
    /// Proof of identity.
    pub credentials: Credentials,
    /// What the client supports beyond this version of the wire.
    pub capabilities: Capabilities,
    /// The send stream of this client process. It opens with its first send; a session that sends
    /// nothing has none.
    pub send_stream: SendStreamId,
    /// Whether the client has sent on the stream before, in an earlier session. If the server may
    /// have forgotten the stream since, it refuses every send of this session as
    /// [`ErrorCode::RetryTooOld`](crate::wire::error::ErrorCode::RetryTooOld).
    pub is_resumed: bool,
    /// A moment before the client's first send on a resumed stream, such as
    /// [`ConversationPage::as_of`] of that session's welcome. It tells a stream that the server
    /// forgot from one on which no send ever arrived. `None` if the client knows no such moment.
    pub stream_began: Option<Moment>,
    /// Whether the client opens a timeline stream. Without one nothing is pushed, and the session
    /// costs the server less.
    pub push: bool,
    /// The moment of the device's last complete overview, to receive changes only; `None` to
    /// receive all conversations.
    pub since: Option<Moment>,
}

/// What one side supports beyond its version of the wire: a bit for each capability. Both sides
/// ignore bits that they do not know. This version defines none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities(u64);

impl Capabilities {
    /// No capabilities.
    pub const NONE: Self = Self(0);

    /// Returns the capabilities with these bits.
    #[must_use]
    pub const fn new(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns the bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// A client's proof of identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    /// A known device.
    Token(DeviceToken),
    /// A new device of an existing user.
    Password {
        /// The user's name.
        name: UserName,
        /// The user's password.
        password: Password,
        /// The device's name.
        device: DeviceName,
    },
    /// A new user.
    Invite {
        /// The token of the invite link.
        token: InviteToken,
        /// The new user's name.
        #[serde(deserialize_with = "crate::text::new_name")]
        name: UserName,
        /// Permits logging in on further devices. Without one, this device is the only access to
        /// the account.
        password: Option<Password>,
        /// The device's name.
        device: DeviceName,
    },
    /// A new device of an existing user, whose password is replaced.
    Reset {
        /// The token of the link.
        token: ResetToken,
        /// The user's new password.
        password: Password,
        /// The device's name.
        device: DeviceName,
    },
    /// A visitor of the support desk, who is no user.
    Visitor(Box<VisitorCredentials>),
}

/// Who a visitor is. An unknown token is that of a new visitor, who is remembered from their first
/// message on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorCredentials {
    /// The key of the link or page.
    pub key: DeskKey,
    /// The visitor's credential: random, and kept by the client.
    pub token: VisitorToken,
    /// What the shop says about who it is. It replaces the token as a credential: the same visitor
    /// is found from other clients.
    pub identity: Option<SignedIdentity>,
    /// What they call themselves.
    pub name: Option<DisplayName>,
    /// The language of the client.
    pub language: Option<Language>,
}

/// The first frame that the server writes on the session stream, after a successful login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// What the server supports beyond this version of the wire.
    pub capabilities: Capabilities,
    /// The authenticated user.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
    /// The device of this session.
    pub device: DeviceId,
    /// A new device's credential for all later logins. The server returns it only once.
    pub token: Option<DeviceToken>,
    /// The server's wall-clock time.
    pub now: Timestamp,
    /// The first page of the user's conversations, or of those changed since [`Hello::since`].
    pub overview: ConversationPage,
    /// Whether the user is an agent of the support desk, and has something to read with
    /// [`GetMyDesk`](crate::wire::request::desk::GetMyDesk).
    pub is_agent: bool,
}

/// The first frame that the server writes to a visitor, instead of [`Welcome`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorWelcome {
    /// What the server supports beyond this version of the wire.
    pub capabilities: Capabilities,
    /// The authenticated visitor.
    pub visitor: VisitorId,
    /// The server's wall-clock time.
    pub now: Timestamp,
    /// A moment before the first send on a new send stream.
    pub as_of: Moment,
    /// The desk of the key.
    pub desk: DeskInfo,
    /// The visitor's inquiry: the open one, or else the last one.
    pub inquiry: Option<VisitorInquiry>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::request::server::ListSettings;

    #[test]
    fn heads_of_frames_are_read_alone() {
        let hello = ClientFrame::Hello(Hello {
            version: 300,
            credentials: Credentials::Token(DeviceToken::new([7; 32])),
            capabilities: Capabilities::NONE,
            send_stream: SendStreamId::new(1),
            is_resumed: false,
            stream_began: None,
            push: true,
            since: None,
        });
        let hello = codec::encode(&hello);
        let id = RequestId::new(70_000);
        let request = codec::encode(&ClientFrame::Request(id, ListSettings.into()));
        assert_eq!(ClientFrame::hello_version(&hello), Some(300));
        assert_eq!(ClientFrame::request_id(&hello), None);
        assert_eq!(ClientFrame::hello_version(&request), None);
        assert_eq!(ClientFrame::request_id(&request), Some(id));
        let unknown = [&request[..request.len() - 2], &[200, 1]].concat();
        assert_eq!(ClientFrame::request_id(&unknown), Some(id));
        assert_eq!(ClientFrame::request_id(&[]), None);
    }
}
