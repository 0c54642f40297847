//! Invite links: `cairn://host:port/#<pin>.<token>`, a server's address, its identity and a
//! one-time token.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::HOST_BYTES_MAX;
use crate::secret::{InviteToken, Pin, SecretError};
use crate::wire::codec;

/// A server's host and UDP port in the usual notation: `chat.example.org:7766`, `192.0.2.7:7766`,
/// `[2001:db8::7]:7766`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAddr {
    host: Box<str>,
    port: u16,
}

/// Everything that a new user needs to join a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLink {
    /// The address that the operator advertises.
    pub addr: ServerAddr,
    /// The server's identity, checked during the handshake.
    pub pin: Pin,
    /// The one-time secret that permits joining.
    pub token: InviteToken,
}

/// The reasons why a string is not an invite link or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The string does not begin with `cairn://`.
    #[error("an invite link begins with cairn://")]
    Scheme,
    /// There is no valid `host:port`.
    #[error("an address is HOST:PORT, such as chat.example.org:7766 or [2001:db8::7]:7766")]
    Address,
    /// There is no `#pin.token`. Shells drop it when the link is not quoted.
    #[error("the link ends before its # part: quote it")]
    Fragment,
    /// The pin or the token is damaged.
    #[error("the part of the link after # is damaged: {0}")]
    Secret(#[from] SecretError),
}

const SCHEME: &str = "cairn://";

impl ServerAddr {
    /// Creates an address from a host name or IP address, without brackets, and a port.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
        }
    }

    /// Returns the host name or IP address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the UDP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for ServerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for ServerAddr {
    type Err = LinkError;

    fn from_str(s: &str) -> Result<Self, LinkError> {
        let (host, port) = s.rsplit_once(':').ok_or(LinkError::Address)?;
        let port = port.parse().map_err(|_| LinkError::Address)?;
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').ok_or(LinkError::Address)?,
            None if host.contains(':') => return Err(LinkError::Address),
            None => host,
        };
        let odd = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '/' | '#' | '@' | '[' | ']')
        };
        if host.is_empty() || host.len() > HOST_BYTES_MAX || host.contains(odd) || port == 0 {
            return Err(LinkError::Address);
        }
        Ok(Self::new(host, port))
    }
}

impl Serialize for ServerAddr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServerAddr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        codec::checked_text(d, str::parse)
    }
}

impl fmt::Display for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{SCHEME}{}/#{}.{}",
            self.addr,
            self.pin,
            self.token.reveal()
        )
    }
}

impl FromStr for InviteLink {
    type Err = LinkError;

    fn from_str(s: &str) -> Result<Self, LinkError> {
        let rest = s.trim().strip_prefix(SCHEME).ok_or(LinkError::Scheme)?;
        let (addr, fragment) = rest.split_once('#').ok_or(LinkError::Fragment)?;
        let addr = addr.strip_suffix('/').unwrap_or(addr).parse()?;
        let (pin, token) = fragment.split_once('.').ok_or(LinkError::Fragment)?;
        Ok(Self {
            addr,
            pin: pin.parse()?,
            token: token.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_round_trip() {
        for host in ["chat.example.org", "192.0.2.7", "2001:db8::7"] {
            let link = InviteLink {
                addr: ServerAddr::new(host, 7766),
                pin: Pin::new([3; 32]),
                token: InviteToken::new([4; 16]),
            };
            assert_eq!(link.to_string().parse(), Ok(link));
        }
    }

    #[test]
    fn damaged_links_are_explained() {
        let link = InviteLink {
            addr: ServerAddr::new("h", 1),
            pin: Pin::new([3; 32]),
            token: InviteToken::new([4; 16]),
        }
        .to_string();
        assert_eq!("https://x".parse::<InviteLink>(), Err(LinkError::Scheme));
        assert_eq!(
            "cairn://h:1/".parse::<InviteLink>(),
            Err(LinkError::Fragment)
        );
        assert_eq!(
            "cairn://h/#a.b".parse::<InviteLink>(),
            Err(LinkError::Address)
        );
        assert_eq!(
            link[..link.len() - 1].parse::<InviteLink>(),
            Err(LinkError::Secret(SecretError { bytes: 16 }))
        );
        assert_eq!("::1:7766".parse::<ServerAddr>(), Err(LinkError::Address));
        assert_eq!("h:0".parse::<ServerAddr>(), Err(LinkError::Address));
    }
}
