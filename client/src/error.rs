//! Errors, with messages that name the cause and the next step.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use cairn_proto::WIRE_VERSION;
use cairn_proto::content::body::Body;
use cairn_proto::ids::ClientSeq;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use cairn_proto::text::TextError;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

/// An error of the client.
///
/// The errors of a first connection are distinct because each one calls for a different reaction of
/// the user. An established session survives broken connections by itself; after that,
/// [`Error::Refused`], [`Error::InvalidText`] and [`Error::TooLarge`] concern a single request,
/// [`Error::SeqUsed`] a single draft, [`Error::PushIsOff`] a single timeline, and
/// [`Error::Disconnected`] a single request that must not be repeated.
///
/// [`Error::kind`] groups errors by what a program can do about them. Messages include those of
/// their sources.
///
/// # Terminal errors
///
/// All other errors end the client: [`Error::Ended`], [`Error::VersionMismatch`],
/// [`Error::Lost`], [`Error::Protocol`] for a violation of the session's protocol,
/// [`Error::Closed`], and the errors of a first connection when a reconnect meets a permanent one.
/// Every unresolved and every later call then fails with the same error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address.
    #[error("cannot find the address of {addr}: {source}; check the spelling and your network")]
    Resolve {
        /// The address as given.
        addr: ServerAddr,
        /// The system's error.
        source: Cause,
    },
    /// No UDP socket could be opened.
    #[error("cannot open a UDP socket: {source}")]
    Socket {
        /// The system's error.
        source: Cause,
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
    #[error("cannot log in at {addr}: {source}")]
    Broken {
        /// The server's address.
        addr: ServerAddr,
        /// The cause.
        source: Cause,
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
    /// next connection. Of those, recalls, reactions and pins fail this way if the server refuses
    /// the repetition, because the first try may have succeeded.
    #[error(
        "the connection was lost before the answer; the request may have been executed, so check \
         before trying again"
    )]
    Disconnected,
    /// The server ended the session for good.
    #[error("the server ended the session: {0}{advice}", advice = advice(.0))]
    Ended(CloseCode),
    /// The server speaks another version of the protocol than this client
    /// ([`cairn_proto::WIRE_VERSION`]). The message names the side to update.
    #[error("{}", version_mismatch(*.server))]
    VersionMismatch {
        /// The server's version; `None` if it did not state it.
        server: Option<u16>,
    },
    /// The connection was lost, and [`crate::ClientBuilder::reconnect`] is
    /// [`crate::Reconnect::Never`].
    #[error("the connection to {addr} was lost: {source}")]
    Lost {
        /// The server's address.
        addr: ServerAddr,
        /// The cause.
        source: Cause,
    },
    /// The server sent something that this client cannot interpret.
    #[error(
        "the server violated the protocol ({0}); client and server may be of different versions"
    )]
    Protocol(&'static str),
    /// A string cannot be sent as a message. Nothing was sent.
    #[error("the text cannot be sent: {0}")]
    InvalidText(#[from] TextError),
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
    /// A timeline needs [`crate::ClientBuilder::push`], which is off.
    #[error("following a conversation requires push, which is off")]
    PushIsOff,
    /// The client was closed by [`crate::Client::close`], or its last handle was dropped.
    #[error("the client was closed")]
    Closed,
}

/// What a program can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Try again later. After [`Error::Disconnected`], first check whether the request was
    /// executed.
    Retry,
    /// Discard the stored account and log in again.
    LogIn,
    /// Tell the user, who has to change something: the request, the address, or the version.
    TellUser,
    /// Report a bug of the program, the client or the server.
    Bug,
    /// Nothing: the program closed the client.
    Closed,
}

const fn kind_of_refusal(code: ErrorCode) -> ErrorKind {
    match code {
        ErrorCode::RateLimited
        | ErrorCode::TooFast
        | ErrorCode::StorageFailed
        | ErrorCode::TooManyTransfers
        | ErrorCode::TooManySessions => ErrorKind::Retry,
        ErrorCode::AuthFailed => ErrorKind::LogIn,
        ErrorCode::BadRequest | ErrorCode::SeqConflict | ErrorCode::BadCursor => ErrorKind::Bug,
        ErrorCode::BadOffset | ErrorCode::ImportGap => ErrorKind::Bug,
        _ => ErrorKind::TellUser,
    }
}

/// The cause of an error: a message and, if a lower layer failed, its error as the
/// [source](std::error::Error::source). Two causes are equal if their messages are.
#[derive(Clone, Debug)]
pub struct Cause {
    text: Cow<'static, str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Cause {
    pub(crate) fn of(source: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            text: source.to_string().into(),
            source: Some(Arc::new(source)),
        }
    }
}

impl From<&'static str> for Cause {
    fn from(text: &'static str) -> Self {
        Self {
            text: text.into(),
            source: None,
        }
    }
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        Self {
            text: text.into(),
            source: None,
        }
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// The reasons why [`crate::view::Conversation::try_enqueue`] does not accept a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryEnqueueError {
    /// The in-flight window is full; returns the unsent body.
    #[error("too many sends in flight; wait for one of them")]
    Full(Body),
    /// An error of [`crate::view::Conversation::enqueue`].
    #[error(transparent)]
    Failed(#[from] Error),
}

fn advice(code: &CloseCode) -> &'static str {
    match code {
        CloseCode::Revoked => "; log in again with name and password",
        _ => "",
    }
}

fn version_mismatch(server: Option<u16>) -> String {
    match server {
        Some(server) if server < WIRE_VERSION => format!(
            "the server is older than this client: it speaks version {server} of the protocol, the \
             client version {WIRE_VERSION}; update the server"
        ),
        Some(server) if server > WIRE_VERSION => format!(
            "this client is older than the server: it speaks version {WIRE_VERSION} of the \
             protocol, the server version {server}; update the client"
        ),
        _ => format!(
            "the server speaks another version of the protocol than this client, which speaks \
             version {WIRE_VERSION}; update the older one"
        ),
    }
}

impl Error {
    /// Returns what a program can do about the error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Resolve { .. }
            | Self::Socket { .. }
            | Self::NoAnswer { .. }
            | Self::LoginUnanswered { .. }
            | Self::Broken { .. }
            | Self::Lost { .. }
            | Self::Disconnected => ErrorKind::Retry,
            Self::LoginRefused { code, .. } | Self::Refused(code) => kind_of_refusal(*code),
            Self::Ended(CloseCode::Revoked | CloseCode::AuthFailed) => ErrorKind::LogIn,
            Self::Ended(CloseCode::Protocol | CloseCode::FrameTooBig) => ErrorKind::Bug,
            Self::WrongPin { .. }
            | Self::NotCairn { .. }
            | Self::Ended(_)
            | Self::VersionMismatch { .. }
            | Self::InvalidText(_)
            | Self::TooLarge { .. } => ErrorKind::TellUser,
            Self::Protocol(_) | Self::SeqUsed { .. } | Self::PushIsOff => ErrorKind::Bug,
            Self::Closed => ErrorKind::Closed,
        }
    }

    /// Returns whether the error is permanent, so that another attempt to connect is pointless.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::LoginRefused { code, .. } => !matches!(
                code,
                ErrorCode::RateLimited
                    | ErrorCode::StorageFailed
                    | ErrorCode::LimitReached
                    | ErrorCode::TooManySessions
            ),
            Self::WrongPin { .. }
            | Self::NotCairn { .. }
            | Self::Ended(_)
            | Self::VersionMismatch { .. }
            | Self::Protocol(_)
            | Self::Closed => true,
            _ => false,
        }
    }
}
