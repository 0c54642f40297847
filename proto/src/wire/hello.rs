//! The handshake: the client's hello and the server's welcome.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, SendStreamId, Timestamp, UserId};
use crate::model::user::ServerRole;
use crate::secret::{DeviceToken, InviteToken};
use crate::text::{DeviceName, Password, UserName};
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
    Request(crate::ids::RequestId, Request),
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
    /// The send stream of this client process.
    pub send_stream: SendStreamId,
    /// Whether the client has sent on the stream before, in an earlier session.
    pub is_resumed: bool,
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
        name: UserName,
        /// Permits logging in on further devices. Without one, this device is the only access to
        /// the account.
        password: Option<Password>,
        /// The device's name.
        device: DeviceName,
    },
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
}
