//! A device: what it keeps over the ends of its processes.

use std::collections::BTreeMap;

use cairn_client::{Account, Client, ClientBuilder, ConversationId, Endpoint, MsgId};
use parking_lot::Mutex;

use super::process::Process;
use super::{USERS, World, address};
use crate::dice::Dice;

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) no: usize,
    /// The number of its user.
    pub(crate) user: usize,
    /// Whether unresolved sends are sent again, under their numbers, after an end of the process.
    pub(crate) keeps_outbox: bool,
    pub(crate) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) account: Option<Account>,
    pub(crate) process: Option<Process>,
    /// The last entry of each log that the device has.
    pub(crate) have: BTreeMap<ConversationId, MsgId>,
    pub(crate) next_seq: BTreeMap<ConversationId, u64>,
    /// Unresolved sends of the outbox, by place and number: their places in the history.
    pub(crate) drafts: BTreeMap<(ConversationId, u64), usize>,
}

impl Device {
    pub(super) fn new(no: usize, dice: &mut Dice) -> Self {
        Self {
            no,
            user: no % USERS,
            keeps_outbox: dice.one_in(2),
            state: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("device {}", self.no)
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
    /// A builder of clients at the address of this host.
    pub(crate) fn builder(&self, host: usize) -> ClientBuilder {
        Client::builder().endpoint(Endpoint::in_memory(self.network.clone(), address(host)))
    }
}
