//! Connections that have not logged in: limited in total, and by address, so that no one takes the
//! connections of others without an account.

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::limits::{STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX};
use crate::principal::Principal;

#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<Connected>);

#[derive(Debug, Default)]
struct Connected {
    of: HashMap<Principal, usize>,
    count: usize,
}

/// A connection without a login, until dropped.
#[derive(Debug)]
pub(crate) struct Stranger {
    strangers: Arc<Strangers>,
    principal: Principal,
}

impl Strangers {
    /// Counts a connection whose address is proven. Returns `None` if there are too many.
    #[must_use]
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Option<Stranger> {
        let principal = Principal::at(address);
        let mut connected = self.0.lock();
        let of_address = connected.of.get(&principal).copied().unwrap_or(0);
        if of_address >= STRANGERS_PER_ADDRESS_MAX || connected.count >= STRANGERS_MAX {
            return None;
        }
        connected.of.insert(principal, of_address + 1);
        connected.count += 1;
        Some(Stranger {
            strangers: self.clone(),
            principal,
        })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut connected = self.strangers.0.lock();
        connected.count -= 1;
        if let Some(left) = connected.of.get_mut(&self.principal) {
            *left -= 1;
            if *left == 0 {
                connected.of.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> IpAddr {
        IpAddr::from(u32::try_from(n).unwrap().to_be_bytes())
    }

    #[test]
    fn connections_are_limited_by_address() {
        let strangers = Arc::<Strangers>::default();
        let connect = |n| strangers.connect(address(n));
        let mut here: Vec<_> = std::iter::from_fn(|| connect(1)).collect();
        assert_eq!(here.len(), STRANGERS_PER_ADDRESS_MAX);
        assert!(connect(2).is_some(), "others are not affected");
        here.pop();
        assert!(connect(1).is_some());
        drop(here);
        assert!(strangers.0.lock().of.is_empty());
    }

    #[test]
    fn connections_are_limited_in_total() {
        let strangers = Arc::<Strangers>::default();
        let all: Vec<_> = (0..).map_while(|n| strangers.connect(address(n))).collect();
        assert_eq!(all.len(), STRANGERS_MAX);
        drop(all);
        assert!(strangers.connect(address(1)).is_some());
    }
}
