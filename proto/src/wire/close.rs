//! Close codes: the QUIC application error code of a closed connection. Numbers are never reused.

use std::fmt;

crate::wire::error::codes! {
    /// The reason why a connection was closed.
    CloseCode {
        /// The client closed it.
        Normal = 0, "closed by the client";
        /// The server is stopping or restarting. Reconnect after a backoff.
        GoingAway = 1, "the server is stopping";
        /// A peer sent bytes that violate the protocol.
        Protocol = 2, "the peer violated the protocol";
        /// No login within [`crate::limits::LOGIN_TIME_MAX`].
        AuthTimeout = 3, "no login in time";
        /// The login was refused, or a request preceded it.
        AuthFailed = 4, "the login was refused";
        /// A frame exceeded its limit.
        FrameTooBig = 5, "a frame was too large";
        /// The client exceeded a rate limit or the number of connections.
        Rate = 6, "too many connections or requests";
        /// The client did not read for too long.
        Slow = 7, "the client did not read for too long";
        /// The device was revoked.
        Revoked = 8, "this device was revoked";
        /// An internal error of the server.
        Internal = 9, "the server failed";
        /// The server's storage failed. It stops.
        Storage = 10, "the server's storage failed";
        /// The server does not speak the client's [`crate::WIRE_VERSION`].
        Version = 11, "the two sides speak different versions";
    }
}

/// How the reason phrase of a [`CloseCode::Version`] begins, before the number.
const VERSION_REASON: &str = "this server speaks version ";

impl CloseCode {
    /// Returns the reason phrase of a [`CloseCode::Version`], which states the server's version.
    #[must_use]
    pub fn version_reason(server: u16) -> String {
        format!("{VERSION_REASON}{server}")
    }

    /// Reads the server's version from the reason phrase of a [`CloseCode::Version`]. Returns
    /// `None` if the phrase does not state it.
    #[must_use]
    pub fn server_version(reason: &[u8]) -> Option<u16> {
        let number = reason.strip_prefix(VERSION_REASON.as_bytes())?;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_unique() {
        let numbers: Vec<u32> = CloseCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, (0..=11).collect::<Vec<_>>());
        for &code in CloseCode::ALL {
            assert_eq!(CloseCode::from_number(code.number()), code);
        }
    }

    #[test]
    fn version_reason_states_the_version() {
        for version in [0, 3, u16::MAX] {
            let reason = CloseCode::version_reason(version);
            assert_eq!(CloseCode::server_version(reason.as_bytes()), Some(version));
        }
    }

    #[test]
    fn other_reasons_state_no_version() {
        let version = CloseCode::Version.text();
        for reason in [
            version,
            "",
            "3",
            "this server speaks version ",
            "this server speaks version 3.1",
        ] {
            assert_eq!(
                CloseCode::server_version(reason.as_bytes()),
                None,
                "{reason}"
            );
        }
        let too_large = [VERSION_REASON, "65536"].concat();
        assert_eq!(CloseCode::server_version(too_large.as_bytes()), None);
        assert_eq!(
            CloseCode::server_version(b"this server speaks version \xff"),
            None
        );
    }
}
