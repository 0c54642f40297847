//! What a client can be told beside where to connect.

use cairn_proto::ids::SendStreamId;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::overview::Moment;

use crate::session::backoff::Backoff;
use crate::transport::endpoint::Endpoint;

/// How a client behaves. `Options::default()` suits a program that one person uses.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether new messages are pushed to this client. Without it [`crate::Client::follow`] and
    /// [`crate::Client::events`] tell nothing new, and the session costs the server less: right for
    /// a program that sends and goes. Default: true.
    pub push: bool,
    /// The send stream to go on with. Only a client that keeps its outbox on disk gives one, and it
    /// must number its drafts itself ([`crate::Client::enqueue_draft`]): the server takes a number
    /// that the stream used before for a retry. Default: a new random one.
    pub send_stream: Option<SendStreamId>,
    /// The moment of the overview that the program kept when it was here before
    /// ([`crate::Overview::as_of`]). The login then tells what changed since, and
    /// [`crate::Client::login_overview`] gives it without asking again. Default: none, and the
    /// login tells of everything.
    pub since: Option<Moment>,
    /// What to do when an established connection breaks. Default: connect again for as long as it
    /// takes.
    pub reconnect: Reconnect,
    /// The sockets to use. Clients that are given clones of one endpoint share its socket. Default:
    /// an endpoint of its own.
    pub endpoint: Option<Endpoint>,
    /// Asks the server to acknowledge only every so many packets: fewer packets when a client sends
    /// very much. Default: QUIC's own pace.
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

/// What to do when an established connection breaks. A first connection that fails is always
/// reported at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Connect again, for ever, unless the server says that it is of no use. Everything unresolved
    /// goes on over the new connection.
    Forever(Backoff),
    /// End the client with [`crate::Error::Lost`]: for commands that would rather fail than wait.
    Never,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::Forever(Backoff::default())
    }
}

/// Who joins with an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// The name the new user takes.
    pub name: UserName,
    /// For logging in on further devices. Without it this device is the only way in.
    pub password: Option<Password>,
    /// What to call this device.
    pub device: DeviceName,
}
