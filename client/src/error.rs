//! What can go wrong, in words for people: what failed, and what to do next.

use cairn_proto::content::body::Body;
use cairn_proto::ids::ClientSeq;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

/// What can go wrong.
///
/// The errors of a first connection are told apart because each needs something else from the user.
/// After that a client gets over broken connections by itself, and these errors remain:
/// [`Error::Refused`] concerns one request; [`Error::Disconnected`] one request that may not be
/// repeated; the others end the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host has no address.
    #[error("cannot find the address of {addr}: {reason}: check the spelling and the network")]
    Resolve {
        /// What was looked up.
        addr: ServerAddr,
        /// What the system says.
        reason: String,
    },
    /// No UDP socket could be opened.
    #[error("cannot open a UDP socket: {reason}")]
    Socket {
        /// What the system says.
        reason: String,
    },
    /// Nobody answered in [`crate::limits::CONNECT_TIME_MAX`].
    #[error(
        "no answer from {addr}: check address and port, that the server is running, and that UDP is let through"
    )]
    NoAnswer {
        /// Where nobody answered.
        addr: ServerAddr,
    },
    /// A server was reached and did not answer the login in [`crate::limits::CONNECT_TIME_MAX`].
    #[error(
        "the server at {addr} is there but does not answer the login: it may be overloaded, try again later"
    )]
    LoginUnanswered {
        /// Which server.
        addr: ServerAddr,
    },
    /// The connection broke before the login was answered.
    #[error("cannot log in at {addr}: {reason}")]
    Broken {
        /// Which server.
        addr: ServerAddr,
        /// What happened.
        reason: String,
    },
    /// The server's key is not the pinned one. Nothing was told to it.
    #[error(
        "the server at {addr} proves another identity than the pinned one: it was reinstalled, or somebody is in between; \
         ask its operator for a new invite (shown: {shown})"
    )]
    WrongPin {
        /// Which server.
        addr: ServerAddr,
        /// The identity that was shown instead.
        shown: Box<Pin>,
    },
    /// What answers is no cairn server of this version.
    #[error(
        "what answers at {addr} does not speak this version of the cairn protocol: check the port, or update"
    )]
    NotCairn {
        /// Where it answers.
        addr: ServerAddr,
    },
    /// The server refused the login.
    #[error("the server at {addr} refused the login: {code}")]
    LoginRefused {
        /// Which server.
        addr: ServerAddr,
        /// Why.
        code: ErrorCode,
    },
    /// The server refused this request. Others go on.
    #[error("refused: {0}")]
    Refused(ErrorCode),
    /// The connection broke after the request was written and before its answer came: it may have
    /// been carried out or not. Only requests that cannot be repeated without harm end so, each of
    /// which says so; look before asking again. All others are asked again on the next connection.
    #[error(
        "the connection broke before the answer came: whether it was done is unknown, so look before trying again"
    )]
    Disconnected,
    /// The server ended the connection for a reason that connecting again does not mend.
    #[error("the server ended the session: {0}{advice}", advice = advice(.0))]
    Ended(CloseCode),
    /// The connection is gone and the options say not to connect again.
    #[error("the connection to {addr} is lost: {reason}")]
    Lost {
        /// Which server.
        addr: ServerAddr,
        /// What happened.
        reason: String,
    },
    /// The server wrote what this client cannot understand.
    #[error("the server broke the protocol: {0}: client and server may be of different versions")]
    Protocol(&'static str),
    /// The request does not fit into a frame of [`cairn_proto::limits::FRAME_BYTES_MAX`]. Nothing
    /// was sent.
    #[error("the request takes {bytes} bytes where {max_bytes} are allowed: split it")]
    TooLarge {
        /// What it takes.
        bytes: usize,
        /// The bound.
        max_bytes: usize,
    },
    /// A draft with a number that was used before, or 0. Nothing was sent.
    #[error("client seq {seq} lies below {next}, the next free one of the conversation")]
    SeqUsed {
        /// The draft's number.
        seq: ClientSeq,
        /// The least that is free.
        next: ClientSeq,
    },
    /// A timeline was asked of a client that was made with [`crate::Options::push`] off.
    #[error("this client was made without push: it can pull, not follow")]
    PushIsOff,
    /// The client was closed, by [`crate::Client::close`] or because its last handle is gone.
    #[error("the client was closed")]
    Closed,
}

/// Why [`crate::Client::try_enqueue`] did not take a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryEnqueueError {
    /// As many sends as may be are unresolved. Here is the body again.
    #[error("too many sends are unresolved: wait for one of them")]
    Full(Body),
    /// What [`crate::Client::enqueue`] fails with.
    #[error(transparent)]
    Failed(#[from] Error),
}

fn advice(code: &CloseCode) -> &'static str {
    match code {
        CloseCode::Revoked => ": log in again with name and password",
        CloseCode::Version => ": update the older one",
        _ => "",
    }
}

impl Error {
    /// Whether connecting again may help. What is final ends the client.
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
