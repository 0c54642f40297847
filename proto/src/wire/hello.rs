//! How a session begins: the client's first frame, and what a logged-in client is told.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, SendStreamId, Timestamp, UserId};
use crate::model::user::ServerRole;
use crate::secret::{DeviceToken, InviteToken};
use crate::text::{DeviceName, Password, UserName};
use crate::wire::overview::{ConversationPage, Moment};
use crate::wire::request::Request;

/// What a client writes on its session stream. The first frame is [`ClientFrame::Hello`], each
/// later one a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// Who wants in.
    Hello(Hello),
    /// One request. The id comes first, so that even a request of an unknown kind can be answered.
    Request(crate::ids::RequestId, Request),
}

/// The first frame of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::WIRE_VERSION`] of the client.
    pub version: u16,
    /// How the client proves who it is.
    pub credentials: Credentials,
    /// The send stream of this client process.
    pub send_stream: SendStreamId,
    /// Whether the client opens a timeline stream. Without one, nothing is pushed and the session
    /// costs less.
    pub push: bool,
    /// The moment of the device's last overview: the welcome tells what changed since. `None` to be
    /// told of everything.
    pub since: Option<Moment>,
}

/// How a client proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    /// A device that was here before.
    Token(DeviceToken),
    /// A new device of a known user.
    Password {
        /// The user.
        name: UserName,
        /// The user's password.
        password: Password,
        /// What to call the device.
        device: DeviceName,
    },
    /// A new user.
    Invite {
        /// From the link.
        token: InviteToken,
        /// The name the user takes.
        name: UserName,
        /// For logging in on further devices. Without it, this device is the only way in.
        password: Option<Password>,
        /// What to call the device.
        device: DeviceName,
    },
}

/// The server's first frame on the session stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who the client is.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
    /// Which device this is.
    pub device: DeviceId,
    /// For a new device: what it logs in with from now on. It is told this once.
    pub token: Option<DeviceToken>,
    /// The server's clock.
    pub now: Timestamp,
    /// The first page of the user's conversations, or of those that changed since the hello's
    /// moment.
    pub overview: ConversationPage,
}
