//! Links to a server: its address, its identity and for most of them a one-time token.

mod display;
mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::parse::Parts;
use crate::limits::HOST_BYTES_MAX;
use crate::secret::{DeskKey, InviteToken, Pin, ResetToken, SecretError};
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

/// Everything that a user needs to set a new password and log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetLink {
    /// The address that the operator advertises.
    pub addr: ServerAddr,
    /// The server's identity, checked during the handshake.
    pub pin: Pin,
    /// The one-time secret that permits it.
    pub token: ResetToken,
}

/// Everything that a visitor needs to reach a support desk. Unlike other links it may be used any
/// number of times, and is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskLink {
    /// The address that the operator advertises.
    pub addr: ServerAddr,
    /// The server's identity, checked during the handshake.
    pub pin: Pin,
    /// Leads to a queue, until an admin revokes it.
    pub key: DeskKey,
}

/// A server's address and identity: what a user needs besides name and password to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLink {
    /// Where the server is.
    pub addr: ServerAddr,
    /// Its identity, checked during the handshake.
    pub pin: Pin,
}

/// A link of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// `cairn://host:port/#<pin>`.
    Server(ServerLink),
    /// `cairn://host:port/#<pin>.<token>`.
    Invite(InviteLink),
    /// `cairn://host:port/reset#<pin>.<token>`.
    Reset(ResetLink),
    /// `cairn://host:port/desk#<pin>.<key>`.
    Desk(DeskLink),
}

/// The reasons why a string is not a link or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The string contains no `cairn://`.
    #[error("a link begins with cairn://")]
    Scheme,
    /// There is no valid `host:port`.
    #[error("an address is HOST:PORT, such as chat.example.org:7766 or [2001:db8::7]:7766")]
    Address,
    /// The host contains a character that none has.
    #[error("the address contains {0:?} (U+{code:04X})", code = u32::from(*.0))]
    AddressCharacter(char),
    /// There is no `#pin`. Shells drop it when the link is not quoted.
    #[error("the link ends before its # part: quote it")]
    Fragment,
    /// The pin or the token is cut.
    #[error("the link is cut: {missing} characters are missing at its end")]
    Short {
        /// How many characters.
        missing: usize,
    },
    /// The pin or the token contains a character that none has, or is too long.
    #[error(
        "the part of the link after # contains {0:?} (U+{code:04X}), which does not belong there",
        code = u32::from(*.0)
    )]
    Character(char),
    /// The pin or the token is damaged.
    #[error("the part of the link after # is damaged: {0}")]
    Secret(#[from] SecretError),
    /// A link with a server's pin alone, in place of an invite.
    #[error("the link has no token, so it is no invite: `cairn login` takes it")]
    NoInvite,
    /// A link that resets a password, in place of an invite.
    #[error("the link resets a password: `cairn login` takes it")]
    Reset,
    /// A link to a support desk, in place of an invite.
    #[error("the link leads to a support desk: `cairn visitor` takes it")]
    Desk,
    /// Another link, in place of one to a support desk.
    #[error("the link does not lead to a support desk: `cairn desk link` makes one that does")]
    NoDesk,
}

const SCHEME: &str = "cairn://";

/// The path of a link that resets a password.
const RESET_PATH: &str = "reset";

/// The path of a link to a support desk.
const DESK_PATH: &str = "desk";

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

    /// Parses an address as people paste it, without quotes and what else is around it.
    ///
    /// # Errors
    /// Why the string is no address.
    pub fn pasted(s: &str) -> Result<Self, LinkError> {
        parse::undecorated(s).parse()
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
        if let Some(c) = host.chars().find(|&c| odd(c)) {
            return Err(LinkError::AddressCharacter(c));
        }
        if host.is_empty() || host.len() > HOST_BYTES_MAX || port == 0 {
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

impl FromStr for Link {
    type Err = LinkError;

    /// Finds the link in what mail and chat programs made of it.
    fn from_str(s: &str) -> Result<Self, LinkError> {
        Self::from_parts(parse::split(s)?)
    }
}

impl Link {
    /// As [`str::parse`], also without the scheme: `host:port#<pin>`.
    ///
    /// # Errors
    /// Why the string is no link.
    pub fn of_server(s: &str) -> Result<Self, LinkError> {
        Self::from_parts(parse::split_server(s)?)
    }

    fn from_parts(parts: Parts) -> Result<Self, LinkError> {
        let Parts {
            addr,
            path,
            pin,
            token,
        } = parts;
        let pin = pin.parse()?;
        match path.as_str() {
            "" if token.is_empty() => Ok(Self::Server(ServerLink { addr, pin })),
            "" => Ok(Self::Invite(InviteLink {
                addr,
                pin,
                token: token.parse()?,
            })),
            RESET_PATH | DESK_PATH if token.is_empty() => Err(LinkError::Short {
                missing: parse::TOKEN_CHARS,
            }),
            RESET_PATH => Ok(Self::Reset(ResetLink {
                addr,
                pin,
                token: token.parse()?,
            })),
            DESK_PATH => Ok(Self::Desk(DeskLink {
                addr,
                pin,
                key: token.parse()?,
            })),
            _ => Err(LinkError::Address),
        }
    }
}

impl FromStr for InviteLink {
    type Err = LinkError;

    fn from_str(s: &str) -> Result<Self, LinkError> {
        match s.parse()? {
            Link::Invite(link) => Ok(link),
            Link::Server(_) => Err(LinkError::NoInvite),
            Link::Reset(_) => Err(LinkError::Reset),
            Link::Desk(_) => Err(LinkError::Desk),
        }
    }
}

impl FromStr for DeskLink {
    type Err = LinkError;

    fn from_str(s: &str) -> Result<Self, LinkError> {
        match s.parse()? {
            Link::Desk(link) => Ok(link),
            Link::Server(_) | Link::Invite(_) | Link::Reset(_) => Err(LinkError::NoDesk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_round_trip() {
        for host in [
            "chat.example.org",
            "192.0.2.7",
            "2001:db8::7",
            "fe80::1%eb",
            "chat%2eexample",
        ] {
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
            Err(LinkError::Short { missing: 1 })
        );
        assert_eq!("::1:7766".parse::<ServerAddr>(), Err(LinkError::Address));
        assert_eq!("h:0".parse::<ServerAddr>(), Err(LinkError::Address));
    }
    fn link() -> InviteLink {
        InviteLink {
            addr: ServerAddr::new("chat.example.org", 7766),
            // Ends and begins with characters that Markdown and typography change.
            pin: Pin::new([0xfb; 32]),
            token: InviteToken::new([0xff; 16]),
        }
    }

    #[test]
    fn pasted_links_are_found() {
        let plain = link().to_string();
        let (scheme, rest) = plain.split_at(SCHEME.len());
        let wrapped = |mark: &str| {
            let (first, second) = plain.split_at(60);
            format!("{first}{mark}{second}")
        };
        for pasted in [
            format!("  {plain} \n"),
            format!("{plain}."),
            format!("{plain},"),
            format!("({plain})."),
            format!("<{plain}>"),
            format!("\"{plain}\""),
            format!("'{plain}'"),
            format!("“{plain}”"),
            format!("`{plain}`"),
            format!("```\n{plain}\n```"),
            format!("Cairn://{rest}"),
            format!("CAIRN://{rest}"),
            format!("{scheme}\u{200b}{rest}"),
            format!("\u{feff}{plain}\u{200d}"),
            plain.replace('#', "%23"),
            plain.replace("://", "%3A%2F%2F").replace('#', "%23"),
            plain.replace('#', "&#35;"),
            plain.replace('#', "\\#").replace('_', "\\_"),
            plain.replace('#', "＃").replace(':', "："),
            plain.replace("--", "—"),
            wrapped("\r\n"),
            wrapped("\n> "),
            wrapped("=\r\n"),
            wrapped("\u{ad}"),
            format!("Join us: {plain} (until Friday)"),
            format!("[join]({plain})"),
            format!("**{plain}**"),
            format!("__{plain}__"),
            format!("{plain}!\u{a0}"),
        ] {
            assert_eq!(pasted.parse(), Ok(link()), "{pasted:?}");
        }
        for host in ["[2001:db8::7]:7766", "192.0.2.7:1"] {
            let plain = plain.replace("chat.example.org:7766", host);
            let pasted = format!("<{}>,", plain.replace('#', "%23"));
            assert_eq!(pasted.parse::<InviteLink>(), plain.parse(), "{pasted}");
        }
    }

    #[test]
    fn character_at_fault_is_named() {
        let plain = link().to_string();
        let (start, end) = plain.split_at(plain.len() - 30);
        for (pasted, why) in [
            (format!("{start}é{end}"), LinkError::Character('é')),
            (format!("{start}+{end}"), LinkError::Character('+')),
            (format!("{start}…{end}"), LinkError::Character('…')),
            (format!("{plain}x"), LinkError::Character('x')),
            (format!("{plain}9."), LinkError::Character('9')),
            (
                plain.replace("chat.", "chat@"),
                LinkError::AddressCharacter('@'),
            ),
            (
                plain.replace("chat.", "ch[at."),
                LinkError::AddressCharacter('['),
            ),
            (start.to_owned(), LinkError::Short { missing: 7 }),
        ] {
            assert_eq!(pasted.parse::<InviteLink>(), Err(why), "{pasted}");
        }
        let said = LinkError::Character('é').to_string();
        assert!(said.contains("'é' (U+00E9)"), "{said}");
    }

    #[test]
    fn kinds_of_links_are_told_apart() {
        let InviteLink { addr, pin, .. } = link();
        let server = ServerLink {
            addr: addr.clone(),
            pin,
        };
        let reset = ResetLink {
            addr: addr.clone(),
            pin,
            token: ResetToken::new([1; 16]),
        };
        let desk = DeskLink {
            addr: addr.clone(),
            pin,
            key: DeskKey::new([2; 16]),
        };
        let of_desk = desk.to_string();
        for pasted in [
            of_desk.clone(),
            format!("<{}>,", of_desk.replace('#', "%23")),
            of_desk.replace("/desk#", "/Desk/#"),
            format!("Questions? {of_desk}."),
        ] {
            assert_eq!(pasted.parse(), Ok(desk.clone()), "{pasted}");
        }
        assert_eq!(of_desk.parse::<InviteLink>(), Err(LinkError::Desk));
        let cut = of_desk.rsplit_once('.').map_or("", |(cut, _)| cut);
        assert_eq!(
            cut.parse::<DeskLink>(),
            Err(LinkError::Short { missing: 22 })
        );
        let (of_server, of_reset) = (server.to_string(), reset.to_string());
        for other in [&of_server, &of_reset, &link().to_string()] {
            assert_eq!(other.parse::<DeskLink>(), Err(LinkError::NoDesk));
        }
        assert_eq!(of_reset.parse(), Ok(Link::Reset(reset)));
        assert_eq!(of_server.parse(), Ok(Link::Server(server.clone())));
        assert_eq!(of_reset.parse::<InviteLink>(), Err(LinkError::Reset));
        assert_eq!(of_server.parse::<InviteLink>(), Err(LinkError::NoInvite));
        for pasted in [
            format!("{addr}#{pin}"),
            format!("{addr}/#{pin}."),
            format!("<{addr}#{pin}>"),
            format!(" `{addr}%23{pin}`, "),
            format!("{of_server})"),
        ] {
            assert_eq!(
                Link::of_server(&pasted),
                Ok(Link::Server(server.clone())),
                "{pasted}"
            );
        }
        for pasted in [
            "chat.example.org:7766,",
            "<chat.example.org:7766>",
            " chat.example.org:7766\n",
        ] {
            assert_eq!(ServerAddr::pasted(pasted), Ok(addr.clone()), "{pasted}");
        }
        let six = ServerAddr::new("2001:db8::7", 7766);
        assert_eq!(ServerAddr::pasted("'[2001:db8::7]:7766'."), Ok(six));
    }
}
