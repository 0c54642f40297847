//! The end of a run for sessions: each shows what the server holds, and each message that was typed
//! is there once.

use std::sync::Arc;

use cairn_client::{ConversationId, MsgId};
use cairn_session::{Entry, Failure, LinkView, Model, Outgoing, RowKey, SendState, What};
use tokio::time::{Duration, Instant, sleep};

use super::truth::Truth;
use crate::history::{Outcome, Sent};
use crate::world::device::Owner;
use crate::world::{ALL, HOSTS, World};

/// Of virtual time.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(300);

const PAUSE: Duration = Duration::from_millis(500);

impl World {
    /// Waits until each session shows what the server holds.
    pub(in crate::world) async fn await_sessions(&self, when: &str) -> Result<(), String> {
        let began = Instant::now();
        for no in HOSTS..ALL {
            let device = &self.devices[no];
            let Owner::User(user) = device.owner else {
                continue;
            };
            if device.state.lock().account.is_none() {
                return Ok(());
            }
            let client = self.devices[user]
                .client()
                .ok_or("a device has no process")?;
            loop {
                let session = device.session().ok_or("a device has no session")?;
                let truth = Truth::of(&client).await;
                let shown = {
                    let model = session.model();
                    self.compare(&model, &truth)
                };
                let Err(difference) = shown else { break };
                if began.elapsed() > SETTLE_TIME_MAX {
                    let name = device.name();
                    return Err(format!("S2: {when}, {name} shows {difference}"));
                }
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    fn compare(&self, model: &Model, truth: &Truth) -> Result<(), String> {
        same("link", &model.link(), &LinkView::Online)?;
        let is_settled =
            |state: &SendState| matches!(state, SendState::Failed(_) | SendState::Unknown(_));
        if let Some(pending) = model
            .outbox()
            .iter()
            .find(|pending| !is_settled(&pending.state))
        {
            return Err(format!("a message as {:?}", pending.state));
        }
        // Those of the desk change hands by themselves.
        let is_held =
            |id: &ConversationId| self.is_place(*id) && truth.conversations.contains_key(id);
        let mut list = model.list();
        list.retain(|view| is_held(&view.id));
        // A session remembers when the last message was sent that has expired.
        let is_whole = |id: &ConversationId| {
            let held = &truth.conversations[id];
            is_held(id) && held.summary.floor == MsgId::ZERO
        };
        let mut shown: Vec<ConversationId> = list.iter().map(|view| view.id).collect();
        shown.retain(is_whole);
        let outbox = model.outbox();
        let mut order = truth.order(|id| {
            let unsent = outbox.iter().filter(|pending| pending.conversation == id);
            unsent.map(|pending| pending.written_at).max()
        });
        order.retain(is_whole);
        same("the order", &shown, &order)?;
        for view in &list {
            let held = &truth.conversations[&view.id];
            let summary = &held.summary;
            let cursors = (view.head, view.floor, view.read, view.unread.messages);
            let read = summary.read.max(summary.floor);
            let expected = (summary.head, summary.floor, read, summary.unread);
            same(
                &format!("head, floor, read and unread of {}", view.id),
                &cursors,
                &expected,
            )?;
            let last = view.last.as_ref().map(|(msgid, _)| *msgid);
            let mut shown = held.log.iter().rev();
            let held_last = shown.find(|entry| Entry::from(*entry).is_shown());
            same("the last entry", &last, &held_last.map(|entry| entry.msgid))?;
            self.compare_window(model, held)?;
        }
        match self.desk.made.get() {
            None => same("totals", &model.totals(), &truth.totals()),
            Some(_) => Ok(()),
        }
    }

    /// Compares the messages of a window, if there is one.
    fn compare_window(&self, model: &Model, held: &super::truth::Held) -> Result<(), String> {
        let window = model.window(held.summary.id);
        let messages = held.messages();
        for row in window.iter().flat_map(|window| window.rows.iter()) {
            let (RowKey::Entry(msgid), What::Message(shown)) = (row.key, &row.what) else {
                continue;
            };
            let held = messages.iter().find(|(other, _)| *other == msgid);
            let is_same = held.is_some_and(|(_, entry)| *entry == *shown.entry);
            if shown.is_stale || !is_same {
                return Err(format!("{msgid} as {:?}, and it is {held:?}", shown.entry));
            }
        }
        Ok(())
    }

    /// Finds what became of each message that was typed.
    pub(in crate::world) fn find_typed(&self) -> Result<(), String> {
        let history = &mut *self.history.lock();
        for (no, at) in history.typed.clone() {
            let Sent {
                text,
                place,
                outcome,
                ..
            } = &history.sent[at];
            if matches!(outcome, Outcome::Failed(_)) {
                continue;
            }
            let mut logs = history
                .finals
                .iter()
                .filter(|log| Some(log.place) == *place);
            let has_expired = logs.clone().any(|log| log.floor.get() > 0);
            let found = logs.find_map(|log| {
                let mut entries = log.entries.iter();
                entries.find(|(_, entry)| entry.is_text(text))
            });
            let in_outbox = self.devices[no].session().and_then(|session| {
                let items = Arc::clone(&session);
                let outbox = items.model().outbox();
                let item = outbox.into_iter().find(|pending| says(&pending.what, text));
                item.map(|item| item.state)
            });
            // A session forgets what its user typed where they are no member any more.
            let (user, at_place) = (history.sent[at].user, *place);
            let is_forgotten = history.memberships.iter().any(|change| {
                !change.is_added && change.user == user && Some(change.place) == at_place
            });
            let outcome = match (found, in_outbox) {
                // A message that is said to have failed may be sent again by its user.
                (Some(_), Some(SendState::Failed(why))) => {
                    return Err(format!("S1: m{at} failed: {why:?}, and is there"));
                }
                (Some((&msgid, _)), _) => Outcome::Ok(msgid),
                (None, Some(SendState::Failed(Failure::Refused(code)))) => Outcome::Failed(code),
                (None, Some(_)) => Outcome::Unknown,
                (None, None) if history.kept.contains(&at) && !has_expired && !is_forgotten => {
                    return Err(format!("S1: m{at} was typed, kept, and is gone"));
                }
                (None, None) => Outcome::Unknown,
            };
            history.sent[at].outcome = outcome;
        }
        Ok(())
    }
}

fn says(what: &Outgoing, text: &str) -> bool {
    match what {
        Outgoing::Message { body, .. } => body.words().is_some_and(|words| words == text),
        _ => false,
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: &T, held: &T) -> Result<(), String> {
    match shown == held {
        true => Ok(()),
        false => Err(format!("{what} as {shown:?}, and the server has {held:?}")),
    }
}
