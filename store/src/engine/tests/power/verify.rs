//! The engine compared with the ledger.

use std::collections::BTreeMap;

use cairn_proto::content::message::unpack_entry;
use cairn_proto::ids::MsgId;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;

use super::ledger::{Accepted, Ledger, USERS};
use super::machine::Machine;
use super::setup::login;
use crate::blocks::run::RunLimits;
use cairn_core::api::command::GetRetained;

impl Machine {
    /// Compares everything with the ledger, with the last batch or without.
    pub(super) fn verify_all(&mut self, with_batch: bool) -> Result<(), String> {
        let ledger = match with_batch {
            true => self.next.clone(),
            false => self.accepted.clone(),
        };
        for (conversation, accepted) in self.conversations.clone().into_iter().zip(&ledger) {
            match self.execute(GetRetained(conversation)) {
                Err(ErrorCode::NotFound) if accepted.head() == 0 => {}
                Err(code) => return Err(format!("conversation {conversation}: {code:?}")),
                Ok(found) => {
                    let found = (found.head.get(), found.floor.get());
                    let expected = (accepted.head(), accepted.floor);
                    if found != expected {
                        return Err(format!(
                            "{conversation} has head and floor {found:?}, not {expected:?}"
                        ));
                    }
                }
            }
        }
        self.verify_entries(&ledger)?;
        self.verify_cursors(&ledger)
    }

    pub(super) fn verify_entries(&self, ledger: &Ledger) -> Result<(), String> {
        let engine = self.engine.as_ref().unwrap();
        let users = self.users();
        for (&conversation, accepted) in self.conversations.iter().zip(ledger) {
            let Some(timeline) = engine.timelines().get(conversation) else {
                continue;
            };
            if timeline.head().get() != accepted.head() {
                return Err(format!("{conversation} ends with {}", timeline.head()));
            }
            let mut next = accepted.floor + 1;
            while next <= accepted.head() {
                let from = PullRange::From(MsgId::new(next));
                let run = engine.history().read(&timeline, from, RunLimits::MAX);
                let run = run.map_err(|error| error.to_string())?;
                if run.first.get() != next || run.count == 0 {
                    return Err(format!("message {next} of {conversation} is missing"));
                }
                accepted
                    .check_run(&run, &users)
                    .map_err(|what| format!("in {conversation}, {what}"))?;
                next = run.last().get() + 1;
            }
        }
        Ok(())
    }

    /// Compares the copy of the follower, which has read everything, with the ledger.
    pub(super) fn verify_mirror(&self) -> Result<(), String> {
        let users = self.users();
        for (&conversation, accepted) in self.conversations.iter().zip(&self.accepted) {
            let empty = BTreeMap::new();
            let entries = self.mirror.copies.entries(conversation);
            let entries = entries.unwrap_or(&empty);
            let copied: Vec<u64> = entries.keys().map(|msgid| msgid.get()).collect();
            let expected: Vec<u64> = (accepted.floor + 1..=accepted.head()).collect();
            if copied != expected {
                return Err(format!("the copy of {conversation} has {copied:?}"));
            }
            for (msgid, packed) in entries {
                let entry = unpack_entry(packed).map_err(|error| error.to_string())?;
                accepted
                    .check(msgid.get(), entry.sender, entry.body, &users)
                    .map_err(|what| format!("in the copy of {conversation}, {what}"))?;
            }
        }
        Ok(())
    }

    fn users(&self) -> BTreeMap<u32, usize> {
        self.actors
            .iter()
            .enumerate()
            .map(|(at, actor)| (actor.user.get(), at))
            .collect()
    }

    fn verify_cursors(&mut self, ledger: &Ledger) -> Result<(), String> {
        for user in 0..USERS {
            let login = login(user);
            let overview = self.execute(login).map_err(|code| format!("{code:?}"))?;
            for shown in overview.overview.items {
                let at = self.conversations.iter().position(|&id| id == shown.id);
                // All but the last one are groups of the first user, whom the others joined with
                // the second entry.
                let is_added = user > 0 && at != self.conversations.len().checked_sub(1);
                let before_joining = u64::from(is_added);
                let Accepted {
                    read, delivered, ..
                } = &ledger[at.unwrap()];
                let found = (shown.read.get(), shown.delivered.get());
                let expected = (read[user].max(before_joining), delivered[user]);
                if found != expected {
                    return Err(format!(
                        "user {user} has cursors {found:?}, not {expected:?}, in {}",
                        shown.id
                    ));
                }
            }
        }
        Ok(())
    }
}
