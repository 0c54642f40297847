//! Secrets that clients hold and servers know only by their hash.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// A string that is no such secret or pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not {bytes} bytes in base64url")]
pub struct SecretError {
    /// How many bytes it should have.
    pub bytes: usize,
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Takes the bytes.
            #[must_use]
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// The bytes in base64url, as links and profiles hold them.
            #[must_use]
            pub fn reveal(&self) -> String {
                BASE64URL_NOPAD.encode(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = SecretError;

            fn from_str(s: &str) -> Result<Self, SecretError> {
                let bytes = BASE64URL_NOPAD.decode(s.as_bytes()).ok();
                bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(SecretError { bytes: $len })
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
    /// What a device proves itself with. The server stores its SHA-256.
    DeviceToken[32]
}
hidden!(DeviceToken);

fixed_bytes! {
    /// What an invite link carries. The server stores its SHA-256.
    InviteToken[16]
}
hidden!(InviteToken);

fixed_bytes! {
    /// SHA-256 of a server's public key (its SubjectPublicKeyInfo in DER): who the server is,
    /// without any authority.
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
    fn secrets_hide_and_pins_show() {
        let token = DeviceToken::new([7; 32]);
        assert_eq!(format!("{token:?}"), "DeviceToken(..)");
        assert_eq!(token.reveal().parse::<DeviceToken>(), Ok(token));
        let pin = Pin::new([9; 32]);
        assert_eq!(pin.to_string().parse::<Pin>(), Ok(pin));
        assert_eq!("AAAA".parse::<Pin>(), Err(SecretError { bytes: 32 }));
        assert!("not base64!".parse::<Pin>().is_err());
    }
}
