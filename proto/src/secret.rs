//! Secrets that clients hold and of which servers store only a hash, and the server's pin.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// A string is not a secret or pin in base64url of the expected length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not {bytes} bytes in base64url")]
pub struct SecretError {
    /// The expected length in bytes, before encoding.
    pub bytes: usize,
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Wraps the raw bytes.
            #[must_use]
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Returns the raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Returns the bytes in base64url without padding, as invite links and account files
            /// hold them.
            #[must_use]
            pub fn reveal(&self) -> String {
                BASE64URL_NOPAD.encode(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = SecretError;

            fn from_str(s: &str) -> Result<Self, SecretError> {
                let bytes = BASE64URL_NOPAD.decode(s.as_bytes()).ok();
                bytes
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or(SecretError { bytes: $len })
            }
        }
    };
}

macro_rules! hidden {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

fixed_bytes! {
    /// A device's login credential. The server stores its SHA-256.
    DeviceToken[32]
}
hidden!(DeviceToken);

fixed_bytes! {
    /// An invite's one-time credential. The server stores its SHA-256.
    InviteToken[16]
}
hidden!(InviteToken);

fixed_bytes! {
    /// The one-time credential of a link that resets a password. The server stores its SHA-256.
    ResetToken[16]
}
hidden!(ResetToken);

fixed_bytes! {
    /// The key of a desk: what a link or a page needs to reach one of its queues. Anyone who sees
    /// the link has it; the server stores its SHA-256.
    DeskKey[16]
}
hidden!(DeskKey);

fixed_bytes! {
    /// A visitor's credential, chosen by the client. The server stores its SHA-256.
    VisitorToken[32]
}
hidden!(VisitorToken);

fixed_bytes! {
    /// The secret with which a shop signs who its visitors are. The server stores it, since it
    /// checks the signatures.
    DeskSecret[32]
}
hidden!(DeskSecret);

fixed_bytes! {
    /// A server's identity: the SHA-256 of its public key (`SubjectPublicKeyInfo` in DER). Clients
    /// pin it instead of trusting a certificate authority.
    Pin[32]
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reveal())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_pins_shown() {
        let token = DeviceToken::new([7; 32]);
        assert_eq!(format!("{token:?}"), "DeviceToken(..)");
        assert_eq!(token.reveal().parse::<DeviceToken>(), Ok(token));
        let pin = Pin::new([9; 32]);
        assert_eq!(pin.to_string().parse::<Pin>(), Ok(pin));
        assert_eq!("AAAA".parse::<Pin>(), Err(SecretError { bytes: 32 }));
        assert!("not base64!".parse::<Pin>().is_err());
    }
}
