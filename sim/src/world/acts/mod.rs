//! What users do.

mod search;

use std::sync::Arc;

use cairn_client::proto::model::retention::Retention;
use cairn_client::{Client, Conversation, ConversationId, Error, MsgId, PullRange, Text};

use super::process::{list, outcome_of};
use super::{DEVICES, GROUPS, HOSTS, SESSIONS, USERS, World};
use crate::history::{Amended, Listed, Membership, Moment, Outcome, Read};
use crate::script::step::Step;

impl World {
    pub(super) fn act(self: &Arc<Self>, step: Step) {
        match step {
            Step::Say {
                device,
                place,
                bytes,
                count,
            } => {
                if let Some(place) = self.place(place) {
                    (0..count).for_each(|n| self.say(device, place, (bytes + 37 * n) % 6_000));
                }
            }
            Step::Edit { device, place, nth } => self.amend(device, place, nth, true),
            Step::Recall { device, place, nth } => self.amend(device, place, nth, false),
            Step::Read { device, place, but } => self.read(device, place, but),
            Step::List { device } => {
                let world = self.clone();
                self.spawn(
                    device,
                    format!("device {device}: list"),
                    move |client| async move {
                        list(&world, device, &client).await;
                    },
                );
            }
            Step::Pull { device, place, but } => self.pull(device, place, but),
            Step::Search {
                device,
                what,
                hits_per_page,
            } => self.search(device, what, hits_per_page),
            Step::Remove { place, user } => self.change_members(place, user, false),
            Step::Add { place, user } => self.change_members(place, user, true),
            Step::Expire { place, is_on } => self.set_retention(place, is_on),
            Step::Type {
                session,
                place,
                bytes,
                count,
            } => self.type_messages(HOSTS + session % SESSIONS, place, bytes, count),
            Step::Look {
                session,
                place,
                look,
            } => self.look(HOSTS + session % SESSIONS, place, look),
            Step::Desk { device, act, nth } => self.act_at_desk(device, act, nth),
            Step::Visit { host, act } => {
                self.act_as_visitor(DEVICES + host % (HOSTS - DEVICES), act);
            }
            Step::Client(..) | Step::Server(_) | Step::Disk(_) => {}
        }
    }

    /// Edits or recalls an own message that was accepted.
    fn amend(self: &Arc<Self>, no: usize, place: usize, nth: usize, is_edit: bool) {
        let Some(place) = self.place(place) else {
            return;
        };
        let user = self.sender(&self.devices[no]);
        let canary = self.canary(place);
        let (at, msgid, text) = {
            let mut history = self.history.lock();
            let own: Vec<MsgId> = history
                .sent
                .iter()
                .filter(|sent| sent.user == user && sent.place == Some(place))
                .filter_map(|sent| match sent.outcome {
                    Outcome::Ok(msgid) => Some(msgid),
                    _ => None,
                })
                .collect();
            let Some(&msgid) = nth.checked_rem(own.len()).and_then(|at| own.get(at)) else {
                return;
            };
            let at = history.amended.len();
            let text = is_edit.then(|| format!("e{at} {}{}", canary.text(), " edited".repeat(nth)));
            history.amended.push(Amended {
                user,
                place,
                msgid,
                text: text.clone(),
                done: None,
                outcome: Outcome::Unknown,
            });
            (at, msgid, text)
        };
        let what = if is_edit { "edits" } else { "recalls" };
        self.trace.note(
            &self.devices[no].name(),
            format_args!("{what} {place}/{msgid} (a{at})"),
        );
        let world = self.clone();
        self.spawn(
            no,
            format!("device {no}: a{at}"),
            move |client| async move {
                let conversation = client.conversation(place);
                let answer = match text.map(Text::new) {
                    Some(Ok(text)) => conversation.edit(msgid, text).await,
                    Some(Err(_)) => return,
                    None => conversation.recall(msgid).await,
                };
                let outcome = world.settled(answer, |()| Outcome::Ok(msgid), "an amendment");
                world.trace.note("", format_args!("a{at} is {outcome:?}"));
                let mut history = world.history.lock();
                let done = history.moment();
                let amended = &mut history.amended[at];
                (amended.done, amended.outcome) = (Some(done), outcome);
            },
        );
    }

    /// Returns what became of a request. One that ends its client violates the protocol.
    pub(super) fn settled<T>(
        &self,
        answer: Result<T, Error>,
        ok: impl FnOnce(T) -> Outcome,
        what: &str,
    ) -> Outcome {
        match answer {
            Ok(answer) => ok(answer),
            Err(error) => outcome_of(&error).unwrap_or_else(|()| {
                self.fail(format!("{what} ends its client: {error}"));
                Outcome::Unknown
            }),
        }
    }

    fn read(self: &Arc<Self>, no: usize, place: usize, but: u64) {
        let Some(place) = self.place(place) else {
            return;
        };
        let device = &self.devices[no];
        let have = device.state.lock().have.get(&place).copied();
        let Some(msgid) = have.and_then(|have| have.get().checked_sub(but)) else {
            return;
        };
        let msgid = MsgId::new(msgid.max(1));
        let at = {
            let mut history = self.history.lock();
            let invoked = history.moment();
            history.reads.push(Read {
                user: self.sender(device),
                place,
                msgid,
                invoked,
                done: None,
            });
            history.reads.len() - 1
        };
        let world = self.clone();
        self.spawn(no, format!("device {no}: read"), move |client| async move {
            let answer = client.conversation(place).mark_read(msgid).await;
            let is_read = answer.is_ok();
            world.settled(answer, |()| Outcome::Ok(msgid), "a read");
            if is_read {
                world.trace.note(
                    &format!("device {no}"),
                    format_args!("has read {place}/{msgid}"),
                );
                let mut history = world.history.lock();
                let moment = history.moment();
                history.reads[at].done = Some((moment, world.trace.elapsed()));
            }
        });
    }

    fn pull(self: &Arc<Self>, no: usize, place: usize, but: u64) {
        let Some(place) = self.place(place) else {
            return;
        };
        let world = self.clone();
        self.spawn(no, format!("device {no}: pull"), move |client| async move {
            let have = world.devices[no].state.lock().have.get(&place).copied();
            let before = have.unwrap_or(MsgId::ZERO).get().saturating_sub(but) + 2;
            let range = PullRange::Before(MsgId::new(before));
            match client.conversation(place).pull(range, 20).await {
                Ok(page) => {
                    for message in page.messages {
                        world.note_seen(&world.devices[no], message);
                    }
                }
                Err(error) => {
                    world.settled::<()>(Err(error), |()| Outcome::Unknown, "a pull");
                }
            }
        });
    }

    /// The owner removes or adds a member of a group.
    fn change_members(self: &Arc<Self>, place: usize, user: usize, is_added: bool) {
        let (number, user) = (place % GROUPS, user % (USERS - 1) + 1);
        let Some(place) = self.place(number) else {
            return;
        };
        if is_added {
            self.leaks.note_added(number, user);
        }
        let user = self.user(user);
        let world = self.clone();
        self.trace.note(
            "user 0",
            format_args!(
                "{} user {user}, {place}",
                if is_added { "adds" } else { "removes" }
            ),
        );
        {
            let mut history = self.history.lock();
            let invoked = history.moment();
            history.memberships.push(Membership {
                place,
                user,
                is_added,
                invoked,
            });
        }
        self.spawn(
            0,
            "device 0: change members".to_owned(),
            move |client| async move {
                let group = client.conversation(place);
                let answer = match is_added {
                    true => group.add_members(vec![user]).await,
                    false => group.remove_members(vec![user]).await,
                };
                let outcome = world.settled(answer, |_| Outcome::Ok(MsgId::ZERO), "a membership");
                world
                    .trace
                    .note("user 0", format_args!("members of {place}: {outcome:?}"));
            },
        );
    }

    fn set_retention(self: &Arc<Self>, place: usize, is_on: bool) {
        let Some(place) = self.place(place % GROUPS) else {
            return;
        };
        let retention = match is_on {
            true => Retention::UntilAcked { cap_days: 30_000 },
            false => Retention::Keep,
        };
        self.trace
            .note("user 0", format_args!("sets {retention:?} in {place}"));
        let world = self.clone();
        self.spawn(
            0,
            "device 0: retention".to_owned(),
            move |client| async move {
                let answer = client
                    .conversation(place)
                    .set_retention(Some(retention))
                    .await;
                world.settled(answer, |()| Outcome::Unknown, "a policy");
            },
        );
    }

    pub(super) fn note_listed(&self, no: usize, item: Conversation, asked: Moment) {
        let device = &self.devices[no];
        self.trace.note(
            &device.name(),
            format_args!(
                "lists {}: head {}, floor {}, read {}, unread {}",
                item.id, item.head, item.floor, item.read, item.unread
            ),
        );
        let mut history = self.history.lock();
        let at = history.moment();
        history.listed.push(Listed {
            user: self.sender(device),
            item,
            asked,
            at,
        });
    }
}

/// Returns all that a user may read of a conversation, and its head and floor.
pub(super) async fn read_all(
    client: &Client,
    place: ConversationId,
) -> Result<(Vec<cairn_client::Message>, MsgId, MsgId), Error> {
    let (mut all, mut from) = (Vec::new(), MsgId::new(1));
    loop {
        let page = client
            .conversation(place)
            .pull(PullRange::From(from), 500)
            .await?;
        let (head, floor) = (page.head, page.floor);
        match page.messages.last() {
            Some(last) => from = last.msgid.next(),
            None => return Ok((all, head, floor)),
        }
        all.extend(page.messages);
    }
}
