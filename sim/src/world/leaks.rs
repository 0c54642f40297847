//! Who got which bytes: every text names its conversation, and the network is searched for texts
//! that reach those who must never see them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_memory::Direction;
use parking_lot::Mutex;

use super::attack;
use super::device::Owner;
use super::{ALL, DEVICES, HOSTS, PLACES, USERS, VISITORS, World, visitor_of};

/// Before the number of a canary, and after it.
const MARK: &str = "canary:";
const END: u8 = b';';

/// A text of a conversation that some clients must not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Canary(u32);

impl Canary {
    /// The canary of notes about visitors.
    pub(crate) const NOTE: Self = Self(99);
    const VISITOR: u32 = 100;

    /// The canary of one of the places.
    pub(crate) const fn of_place(place: usize) -> Self {
        Self(place as u32)
    }

    pub(crate) const fn of_visitor(visitor: usize) -> Self {
        Self(Self::VISITOR + visitor as u32)
    }

    pub(crate) fn text(self) -> String {
        format!("{MARK}{};", self.0)
    }

    /// Returns the canaries in some bytes.
    pub(crate) fn all_in(bytes: &[u8]) -> impl Iterator<Item = Self> {
        let starts = bytes.windows(MARK.len()).enumerate();
        let starts = starts.filter(|(_, window)| *window == MARK.as_bytes());
        starts.filter_map(|(at, _)| {
            let rest = &bytes[at + MARK.len()..];
            let end = rest.iter().position(|&byte| byte == END)?;
            let number = std::str::from_utf8(&rest[..end]).ok()?;
            number.parse().ok().map(Self)
        })
    }

    /// Returns whether a user may get it.
    const fn is_for_user(self, user: usize, is_added: bool) -> bool {
        match self.0 {
            // The second group begins without the last user.
            1 => user + 1 < USERS || is_added,
            2 => user < 2,
            3 => user > 0,
            // All are agents.
            _ => true,
        }
    }
}

/// What the tap has found.
#[derive(Debug, Default)]
pub(crate) struct Leaks {
    /// The last user was added to the second group.
    is_added: AtomicBool,
    /// The canaries that hosts got.
    found: Mutex<BTreeSet<(usize, Canary)>>,
    first: Mutex<Option<String>>,
}

impl Leaks {
    pub(crate) fn note_added(&self, place: usize, user: usize) {
        if place == 1 && user + 1 == USERS {
            self.is_added.store(true, Ordering::Relaxed);
        }
    }

    /// Looks at bytes before they are sent.
    pub(crate) fn see(&self, client: SocketAddr, direction: Direction, bytes: &[u8]) {
        if direction == Direction::ToServer {
            return;
        }
        let IpAddr::V4(ip) = client.ip() else { return };
        let host = usize::from(ip.octets()[3]) - 1;
        for canary in Canary::all_in(bytes) {
            if !self.is_for(host, canary) {
                let leak = format!("I11: host {host} got {canary:?}");
                self.first.lock().get_or_insert(leak);
            }
            self.found.lock().insert((host, canary));
        }
    }

    fn is_for(&self, host: usize, canary: Canary) -> bool {
        let is_added = self.is_added.load(Ordering::Relaxed);
        match owner_of(host) {
            Some(Owner::User(user)) => canary.is_for_user(user, is_added),
            Some(Owner::Visitor(visitor)) => canary == Canary::of_visitor(visitor),
            None => false,
        }
    }

    /// Returns the first text that someone got who must not.
    pub(crate) fn first(&self) -> Option<String> {
        self.first.lock().clone()
    }

    /// Returns whether a host got a text of this kind.
    pub(crate) fn has_found(&self, host: usize, canary: Canary) -> bool {
        self.found.lock().contains(&(host, canary))
    }
}

/// Returns whose processes have the address of a host.
fn owner_of(host: usize) -> Option<Owner> {
    let others = [attack::HOST, World::ONCE, 0];
    let no = others.into_iter().find_map(|from| host.checked_sub(from))?;
    match no {
        0..DEVICES => Some(Owner::User(no % USERS)),
        DEVICES..HOSTS => Some(Owner::Visitor(visitor_of(no))),
        HOSTS..ALL => Some(Owner::User(no - HOSTS + 1)),
        _ => None,
    }
}

const _: () = assert!(PLACES == 4 && USERS == 3 && VISITORS < 100);

#[cfg(test)]
mod tests {
    use super::*;

    fn see(host: usize, text: &str) -> Leaks {
        let leaks = Leaks::default();
        let client = super::super::address(host);
        leaks.see(client, Direction::ToServer, text.as_bytes());
        assert_eq!(leaks.first(), None);
        leaks.see(client, Direction::ToClient, text.as_bytes());
        leaks
    }

    #[test]
    fn canaries_reach_only_their_readers() {
        let text = |canary: Canary| format!("m7 {} {} more", canary.text(), canary.text());
        let own = see(DEVICES, &text(Canary::of_visitor(0)));
        assert_eq!(own.first(), None);
        assert!(own.has_found(DEVICES, Canary::of_visitor(0)));
        for (host, canary) in [
            (DEVICES, Canary::NOTE),
            (DEVICES, Canary::of_visitor(1)),
            (DEVICES + 1, Canary::of_visitor(0)),
            (DEVICES, Canary::of_place(0)),
            (2, Canary::of_place(1)),
            (2, Canary::of_place(2)),
            (0, Canary::of_place(3)),
            (attack::HOST, Canary::of_place(3)),
            (World::ONCE + 2, Canary::of_place(2)),
            (99, Canary::of_place(0)),
        ] {
            let leak = see(host, &text(canary)).first();
            assert!(leak.is_some(), "host {host} gets {canary:?}");
        }
    }
}
