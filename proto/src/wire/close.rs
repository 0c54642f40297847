//! Why a connection ended: QUIC application error codes. A number is never used again for something
//! else.

use std::fmt;

crate::wire::error::codes! {
    /// Why a connection was closed.
    CloseCode {
        /// The client is done.
        Normal = 0, "closed by the client";
        /// The server stops or restarts. Connect again after a moment.
        GoingAway = 1, "the server is stopping";
        /// Bytes that break the protocol.
        Protocol = 2, "the other side broke the protocol";
        /// No login in time.
        AuthTimeout = 3, "no login in time";
        /// The login was refused, or a request came before it.
        AuthFailed = 4, "the login was refused";
        /// A frame beyond the bound.
        FrameTooBig = 5, "a frame was too large";
        /// Too much at once.
        Rate = 6, "too many connections or requests";
        /// The client did not read for too long.
        Slow = 7, "the client did not read for too long";
        /// The device was revoked.
        Revoked = 8, "this device was revoked";
        /// A fault of the server.
        Internal = 9, "the server failed";
        /// The server cannot store any more and stops.
        Storage = 10, "the server's storage failed";
        /// The client speaks a version that the server does not.
        Version = 11, "the two sides speak different versions";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_used_once() {
        let numbers: Vec<u32> = CloseCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, (0..=11).collect::<Vec<_>>());
        for &code in CloseCode::ALL {
            assert_eq!(CloseCode::from_number(code.number()), code);
        }
    }
}
