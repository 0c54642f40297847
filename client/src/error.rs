//! Errors, with messages that name the cause and the next step.

use cairn_proto::content::body::Body;
use cairn_proto::ids::ClientSeq;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

/// An error of the client.
///
/// The errors of a first connection are distinct because each one calls for a different reaction of
/// the user. An established session survives broken connections by itself; after that,
/// [`Error::Refused`] and [`Error::TooLarge`] concern a single request, [`Error::SeqUsed`] a single
/// draft, [`Error::PushIsOff`] a single timeline, and [`Error::Disconnected`] a single request that
/// must not be repeated.
///
/// # Terminal errors
///
/// All other errors end the client: [`Error::Ended`], [`Error::Lost`], [`Error::Protocol`] for a
/// violation of the session's protocol, [`Error::Closed`], and the errors of a first connection
/// when a reconnect meets a permanent one. Every unresolved and every later call then fails with
/// the same error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address.
    #[error("cannot find the address of {addr}: {reason}; check the spelling and your network")]
    Resolve {
        /// The address as given.
        addr: ServerAddr,
        /// The system's message.
        reason: String,
    },
    /// No UDP socket could be opened.
    #[error("cannot open a UDP socket: {reason}")]
    Socket {
        /// The system's message.
        reason: String,
    },
    /// No reply within [`crate::limits::CONNECT_TIME_MAX`].
    #[error(
        "no answer from {addr}: check the address, that the server is running, and that UDP is not \
         blocked"
    )]
    NoAnswer {
        /// The server's address.
        addr: ServerAddr,
    },
    /// The server was reached, but did not answer the login within
    /// [`crate::limits::CONNECT_TIME_MAX`].
    #[error(
        "the server at {addr} does not answer the login; it may be overloaded, try again later"
    )]
    LoginUnanswered {
        /// The server's address.
        addr: ServerAddr,
    },
    /// The connection broke before the login was answered.
    #[error("cannot log in at {addr}: {reason}")]
    Broken {
        /// The server's address.
        addr: ServerAddr,
        /// The cause.
        reason: String,
    },
    /// The server's key is not the pinned one. Nothing was sent to it.
    #[error(
        "the identity of the server at {addr} has changed: it was reinstalled, or someone is \
         intercepting the connection; ask its operator for a new invite (its pin is now {shown})"
    )]
    WrongPin {
        /// The server's address.
        addr: ServerAddr,
        /// The pin of the key that the server presented.
        shown: Box<Pin>,
    },
    /// Another kind of server replied, or an incompatible version.
    #[error(
        "the server at {addr} does not speak this version of the cairn protocol; check the port, \
         or update cairn"
    )]
    NotCairn {
        /// The server's address.
        addr: ServerAddr,
    },
    /// The server refused the login.
    #[error("the server at {addr} refused the login: {code}")]
    LoginRefused {
        /// The server's address.
        addr: ServerAddr,
        /// The reason.
        code: ErrorCode,
    },
    /// The server refused this request. The session continues.
    #[error("refused: {0}")]
    Refused(ErrorCode),
    /// The connection broke after the request was written and before it was answered, so it may or
    /// may not have been executed. Only requests that are not idempotent fail this way, and their
    /// documentation says so; check the state before repeating one. All others are repeated on the
    /// next connection.
    #[error(
        "the connection was lost before the answer; the request may have been executed, so check \
         before trying again"
    )]
    Disconnected,
    /// The server ended the session for good.
    #[error("the server ended the session: {0}{advice}", advice = advice(.0))]
    Ended(CloseCode),
    /// The connection was lost, and [`crate::Options::reconnect`] is [`crate::Reconnect::Never`].
    #[error("the connection to {addr} was lost: {reason}")]
    Lost {
        /// The server's address.
        addr: ServerAddr,
        /// The cause.
        reason: String,
    },
    /// The server sent something that this client cannot interpret.
    #[error(
        "the server violated the protocol ({0}); client and server may be of different versions"
    )]
    Protocol(&'static str),
    /// The request exceeds [`cairn_proto::limits::FRAME_BYTES_MAX`]. Nothing was sent.
    #[error("the request has {bytes} bytes where {max_bytes} are allowed; split it")]
    TooLarge {
        /// The size of the request.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A draft's sequence number is 0, or is not above those already used. Nothing was sent.
    #[error("sequence number {seq} was already used; the next free one is {next}")]
    SeqUsed {
        /// The draft's number.
        seq: ClientSeq,
        /// The lowest free number.
        next: ClientSeq,
    },
    /// A timeline needs [`crate::Options::push`], which is off.
    #[error("following a conversation requires push, which is off")]
    PushIsOff,
    /// The client was closed by [`crate::Client::close`], or its last handle was dropped.
    #[error("the client was closed")]
    Closed,
}

/// The reasons why [`crate::Client::try_enqueue`] does not accept a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryEnqueueError {
    /// The in-flight window is full; returns the unsent body.
    #[error("too many sends in flight; wait for one of them")]
    Full(Body),
    /// An error of [`crate::Client::enqueue`].
    #[error(transparent)]
    Failed(#[from] Error),
}

fn advice(code: &CloseCode) -> &'static str {
    match code {
        CloseCode::Revoked => "; log in again with name and password",
        CloseCode::Version => "; update the older one",
        _ => "",
    }
}

impl Error {
    /// Returns whether the error is permanent, so that another attempt to connect is pointless.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::LoginRefused { code, .. } => !matches!(
                code,
                ErrorCode::RateLimited | ErrorCode::StorageFailed | ErrorCode::LimitReached
            ),
            Self::WrongPin { .. }
            | Self::NotCairn { .. }
            | Self::Ended(_)
            | Self::Protocol(_)
            | Self::Closed => true,
            _ => false,
        }
    }
}
