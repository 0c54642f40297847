//! Why a connection ended, and what that means for the client.

use cairn_proto::invite::ServerAddr;
use cairn_proto::wire::close::CloseCode;

use crate::error::{Cause, Error};

/// The reason why a connection ended.
#[derive(Clone, Debug)]
pub(crate) enum Lost {
    /// The server closed it.
    Closed(CloseCode),
    /// The server closed it because it speaks another version, which it may have stated.
    OtherVersion(Option<u16>),
    /// It failed: a timeout, a reset, or a truncated stream.
    Broken(Cause),
    /// The server violated the protocol.
    Protocol(&'static str),
}

impl Lost {
    /// The server closed the connection with this code and reason.
    pub(super) fn closed(code: u32, reason: &[u8]) -> Self {
        match CloseCode::from_number(code) {
            CloseCode::Version => Self::OtherVersion(CloseCode::server_version(reason)),
            code => Self::Closed(code),
        }
    }

    /// Returns the terminal error, if reconnecting is pointless.
    pub(crate) fn final_error(&self) -> Option<Error> {
        match self {
            Self::Closed(
                code @ (CloseCode::Revoked
                | CloseCode::AuthFailed
                | CloseCode::Protocol
                | CloseCode::FrameTooBig),
            ) => Some(Error::Ended(*code)),
            Self::OtherVersion(server) => Some(Error::VersionMismatch { server: *server }),
            Self::Protocol(what) => Some(Error::Protocol(what)),
            Self::Closed(_) | Self::Broken(_) => None,
        }
    }

    /// Returns the cause.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Closed(code) => code.text().into(),
            Self::OtherVersion(_) => CloseCode::Version.text().into(),
            Self::Broken(cause) => cause.clone(),
            Self::Protocol(what) => (*what).into(),
        }
    }

    /// Returns the error of a failed login.
    pub(crate) fn into_login_error(self, addr: ServerAddr) -> Error {
        self.final_error().unwrap_or_else(|| Error::Broken {
            addr,
            source: self.cause(),
        })
    }
}
