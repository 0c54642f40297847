//! Options of a client.

use cairn_proto::ids::SendStreamId;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::overview::Moment;

use crate::session::backoff::Backoff;
use crate::transport::endpoint::Endpoint;

/// Options of a client. The default suits an interactive program.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the server pushes messages and events. Without it [`crate::Client::follow`] fails,
    /// [`crate::Client::events`] reports connection changes only, and the session costs the server
    /// less: suitable for a program that sends and exits. Default: true.
    pub push: bool,
    /// The send stream to continue. Only for clients that persist their outbox, which must then
    /// number all drafts themselves ([`crate::Client::enqueue_draft`]): the server treats a number
    /// that the stream has used before as a retry. Default: a new random one.
    pub send_stream: Option<SendStreamId>,
    /// The moment of the last overview that the program stored ([`crate::Overview::as_of`]). The
    /// login then returns what changed since, available from [`crate::Client::login_overview`]
    /// without another round trip. Default: `None`, for all conversations.
    pub since: Option<Moment>,
    /// What to do when an established connection breaks. Default: reconnect indefinitely.
    pub reconnect: Reconnect,
    /// The UDP socket to use. Clients with clones of one endpoint share its socket. Default: a new
    /// endpoint.
    pub endpoint: Option<Endpoint>,
    /// Asks the server's QUIC stack to acknowledge only every n-th packet, which saves packets for
    /// a client that sends a lot. Default: QUIC's standard frequency.
    pub ack_every_packets: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            push: true,
            send_stream: None,
            since: None,
            reconnect: Reconnect::default(),
            endpoint: None,
            ack_every_packets: None,
        }
    }
}

/// What to do when an established connection breaks. A failed first connection is always reported
/// and never retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Reconnect indefinitely, unless the server's answer is permanent. Unresolved requests
    /// continue on the new connection.
    Forever(Backoff),
    /// End the client with [`crate::Error::Lost`]: for commands that should fail rather than wait.
    Never,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::Forever(Backoff::default())
    }
}

/// The new user of an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// The user's name; must be free.
    pub name: UserName,
    /// Permits logging in on further devices. Without one, this device is the only access to the
    /// account.
    pub password: Option<Password>,
    /// This device's name.
    pub device: DeviceName,
}
