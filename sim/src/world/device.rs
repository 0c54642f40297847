//! A device: what it keeps over the ends of its processes.

use std::collections::BTreeMap;

use cairn_client::{Account, Client, ClientBuilder, ConversationId, Endpoint, MsgId, UserId};
use cairn_session::store::Medium;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::process::Process;
use super::session::Running;
use super::{DEVICES, HOSTS, USERS, World, address, visitor_of};
use crate::dice::Dice;

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) no: usize,
    pub(crate) owner: Owner,
    /// Whether unresolved sends are sent again, under their numbers, after an end of the process.
    pub(crate) keeps_outbox: bool,
    pub(crate) state: Mutex<State>,
}

/// Whose device it is, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    User(usize),
    Visitor(usize),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) account: Option<Account>,
    pub(crate) process: Option<Process>,
    /// The start of a visitor's process, which takes a connection.
    pub(crate) visiting: JoinSet<()>,
    /// Of an interactive device.
    pub(crate) session: Option<Running>,
    pub(crate) medium: Medium,
    /// The last entry of each log that the device has.
    pub(crate) have: BTreeMap<ConversationId, MsgId>,
    pub(crate) next_seq: BTreeMap<ConversationId, u64>,
    /// Unresolved sends of the outbox, by place and number: their places in the history.
    pub(crate) drafts: BTreeMap<(ConversationId, u64), usize>,
}

impl Device {
    pub(super) fn new(no: usize, dice: &mut Dice) -> Self {
        let owner = match no {
            0..DEVICES => Owner::User(no % USERS),
            DEVICES..HOSTS => Owner::Visitor(visitor_of(no)),
            _ => Owner::User(no - HOSTS + 1),
        };
        Self {
            no,
            owner,
            keeps_outbox: dice.one_in(2) && matches!(owner, Owner::User(_)),
            state: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> String {
        match self.owner {
            Owner::User(user) if self.is_interactive() => {
                format!("session {}/{user}", self.no)
            }
            Owner::User(_) => format!("device {}", self.no),
            Owner::Visitor(visitor) => format!("visitor {visitor}/{}", self.no),
        }
    }

    /// Returns whether it runs a session, with an outbox and a cache.
    pub(crate) const fn is_interactive(&self) -> bool {
        self.no >= HOSTS
    }

    /// Returns whether other processes than one act with its account.
    pub(crate) const fn has_processes(&self) -> bool {
        self.no < DEVICES
    }

    pub(crate) const fn visitor(&self) -> Option<usize> {
        match self.owner {
            Owner::User(_) => None,
            Owner::Visitor(visitor) => Some(visitor),
        }
    }

    pub(crate) fn account(&self) -> Account {
        self.state
            .lock()
            .account
            .clone()
            .expect("the setup made it")
    }

    pub(crate) fn client(&self) -> Option<Client> {
        let state = self.state.lock();
        state.process.as_ref().map(|process| process.client.clone())
    }
}

impl World {
    /// The sender of what the device sends.
    pub(crate) fn sender(&self, device: &Device) -> UserId {
        match device.owner {
            Owner::User(user) => self.user(user),
            Owner::Visitor(_) => UserId::VISITOR,
        }
    }

    /// A builder of clients at the address of this host.
    pub(crate) fn builder(&self, host: usize) -> ClientBuilder {
        Client::builder().endpoint(Endpoint::in_memory(self.network.clone(), address(host)))
    }
}
