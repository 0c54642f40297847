//! Visitors of the support desk: their connections are limited in total and by address. The total
//! is a part of all connections, so that visitors never take those of users.

use std::net::IpAddr;
use std::sync::Arc;

use cairn_core::state::settings::Settings;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::principal::IpNet;

#[derive(Debug)]
pub(crate) struct Visitors(Mutex<Connected>);

#[derive(Debug)]
struct Connected {
    rules: VisitorRules,
    of: HashMap<IpNet, usize>,
    count: usize,
    refused: u64,
    bad_identities: u64,
}

/// How many visitors may be connected, and what they may upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VisitorRules {
    pub(crate) total: usize,
    pub(crate) per_address: usize,
    pub(crate) upload_bytes_max: u64,
}

/// A visitor's connection, until dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    visitors: Arc<Visitors>,
    address: IpNet,
}

impl VisitorRules {
    #[must_use]
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            total: settings.visitor_connections.get(),
            per_address: settings.visitor_connections_per_address.get(),
            upload_bytes_max: settings.visitor_upload_bytes.get(),
        }
    }
}

impl Visitors {
    #[must_use]
    pub(crate) fn new(rules: VisitorRules) -> Self {
        Self(Mutex::new(Connected {
            rules,
            of: HashMap::new(),
            count: 0,
            refused: 0,
            bad_identities: 0,
        }))
    }

    /// Applies to later connections.
    pub(crate) fn set_rules(&self, rules: VisitorRules) {
        self.0.lock().rules = rules;
    }

    /// Counts a connection. Returns `None` if there are too many.
    #[must_use]
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Option<Connection> {
        let address = IpNet::of(address);
        let mut connected = self.0.lock();
        let of_address = connected.of.get(&address).copied().unwrap_or(0);
        let VisitorRules {
            total, per_address, ..
        } = connected.rules;
        if of_address >= per_address || connected.count >= total {
            connected.refused += 1;
            return None;
        }
        connected.of.insert(address, of_address + 1);
        connected.count += 1;
        Some(Connection {
            visitors: self.clone(),
            address,
        })
    }

    #[must_use]
    pub(crate) fn upload_bytes_max(&self) -> u64 {
        self.0.lock().rules.upload_bytes_max
    }

    /// Counts an identity that proves nothing.
    pub(crate) fn note_bad_identity(&self) {
        self.0.lock().bad_identities += 1;
    }

    #[must_use]
    pub(crate) fn bad_identities(&self) -> u64 {
        self.0.lock().bad_identities
    }

    /// Returns how many were refused.
    #[must_use]
    pub(crate) fn refused(&self) -> u64 {
        self.0.lock().refused
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut connected = self.visitors.0.lock();
        connected.count -= 1;
        if let Some(left) = connected.of.get_mut(&self.address) {
            *left -= 1;
            if *left == 0 {
                connected.of.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitors() -> Arc<Visitors> {
        Arc::new(Visitors::new(VisitorRules {
            total: 100,
            per_address: 8,
            upload_bytes_max: 0,
        }))
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    #[test]
    fn connections_are_limited_by_address() {
        let visitors = visitors();
        let mut here: Vec<_> = std::iter::from_fn(|| visitors.connect(address(1))).collect();
        assert_eq!(here.len(), 8);
        assert!(visitors.connect(address(2)).is_some());
        here.pop();
        assert!(visitors.connect(address(1)).is_some());
        drop(here);
        let connected = visitors.0.lock();
        assert!(connected.of.is_empty() && connected.count == 0);
        drop(connected);
        assert_eq!(visitors.refused(), 1);
    }

    #[test]
    fn connections_are_limited_in_total() {
        let visitors = visitors();
        let mut all: Vec<_> = (0..).map_while(|n| visitors.connect(address(n))).collect();
        assert_eq!(all.len(), 100);
        visitors.set_rules(VisitorRules {
            total: 10,
            per_address: 8,
            upload_bytes_max: 0,
        });
        all.truncate(10);
        assert!(visitors.connect(address(1_000)).is_none());
        all.pop();
        assert!(visitors.connect(address(1_000)).is_some());
    }
}
