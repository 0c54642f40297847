//! Principals: who the server's queues, rates, sessions and connections are accounted to.

use std::net::{IpAddr, Ipv6Addr};

use cairn_core::Actor;
use cairn_proto::ids::{UserId, VisitorId};
use cairn_store::files::attachments::Uploader;

/// Whom the server accounts work to, so that no one takes the share of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// The server itself.
    Server,
    /// A user, over all devices and sessions.
    User(UserId),
    /// A visitor of the support desk, who is no user, over all inquiries and sessions.
    Inquiry(VisitorId),
    /// Connections from one network that have not logged in.
    Address(IpNet),
}

/// The addresses that one customer of a provider can choose from: an IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpNet(IpAddr);

impl IpNet {
    /// Returns the network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

impl Principal {
    /// Returns the principal of a connection from this address before its login.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(IpNet::of(address))
    }
}

impl From<Actor> for Principal {
    fn from(actor: Actor) -> Self {
        match visitor_of(actor) {
            Some(visitor) => Self::Inquiry(visitor),
            None => Self::User(actor.user),
        }
    }
}

/// Returns whose uploads those of an actor are.
#[must_use]
pub(crate) fn uploader(actor: Actor) -> Uploader {
    match visitor_of(actor) {
        Some(visitor) => Uploader::Visitor(visitor),
        None => Uploader::User(actor.user),
    }
}

/// Returns the visitor who acts, if it is one.
#[must_use]
pub fn visitor_of(actor: Actor) -> Option<VisitorId> {
    (actor.user == UserId::VISITOR).then(|| VisitorId::new(actor.device.get()))
}

impl From<UserId> for Principal {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::{DeviceId, Revision, SendStreamId};

    use super::*;

    fn at(address: &str) -> Principal {
        Principal::at(address.parse().unwrap())
    }

    #[test]
    fn ipv6_counts_by_64() {
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:0:0:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    }

    #[test]
    fn ipv4_counts_by_address_in_both_notations() {
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn kinds_of_principals_do_not_collide() {
        let actor = |user, device| Actor {
            user,
            device: DeviceId::new(device),
            stream: SendStreamId::new(1),
            stream_began: Revision::MAX,
        };
        let user = Principal::from(actor(UserId::new(7), 8));
        assert_eq!(user, Principal::from(UserId::new(7)));
        assert_eq!(user, Principal::from(actor(UserId::new(7), 9)));
        let visitors = [7, 8].map(|id| Principal::from(actor(UserId::VISITOR, id)));
        assert_eq!(
            visitors,
            [7, 8].map(|id| Principal::Inquiry(VisitorId::new(id)))
        );
        assert_ne!(user, visitors[0]);
    }
}
