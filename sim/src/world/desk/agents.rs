//! What agents and the supervisor do.

use std::sync::Arc;

use cairn_client::proto::model::desk::{InquiryFilter, InquiryInfo, InquiryState};
use cairn_client::proto::text::{DeskText, Tag};
use cairn_client::proto::wire::request::desk::TransferTarget;
use cairn_client::{Client, Error, UserId};

use super::Made;
use crate::history::{Given, Outcome};
use crate::script::step::DeskAct;
use crate::world::device::Owner;
use crate::world::leaks::Canary;
use crate::world::{USERS, World};

/// Inquiries that are listed to choose from.
const LISTED: usize = 50;

impl World {
    pub(in crate::world) fn act_at_desk(self: &Arc<Self>, no: usize, act: DeskAct, nth: usize) {
        let world = self.clone();
        let what = format!("device {no}: {act:?}");
        self.spawn(no, what, move |client| async move {
            let Some(made) = world.desk.made.get() else {
                return;
            };
            let is_supervisor = world.devices[no].owner == Owner::User(0);
            let done = match is_supervisor {
                true => world.supervise(no, made, &client, act, nth).await,
                false => world.serve(no, made, &client, act, nth).await,
            };
            world.settled(done, |()| Outcome::Unknown, "a request about the desk");
        });
    }

    /// Does something as an agent, with an inquiry that they have or could have.
    async fn serve(
        self: &Arc<Self>,
        no: usize,
        made: &Made,
        client: &Client,
        act: DeskAct,
        nth: usize,
    ) -> Result<(), Error> {
        let desk = client.desk();
        if let DeskAct::Duty(duty) = act {
            self.note_act(no, format_args!("sets their duty to {duty:?}"));
            return desk.set_duty(duty).await;
        }
        let found = match act {
            DeskAct::Accept | DeskAct::Refuse => {
                let offers = desk.mine().await?.offers;
                offers.into_iter().map(|offer| offer.info).collect()
            }
            DeskAct::Take => {
                let queue = made.queues[nth % made.queues.len()];
                let filter = InquiryFilter::Open;
                desk.inquiries(queue, filter, None, LISTED).await?.items
            }
            _ => desk.mine().await?.held,
        };
        let Some(info) = self.choose(no, act, &found, nth) else {
            return Ok(());
        };
        let id = info.conversation;
        let user = self.sender(&self.devices[no]);
        match act {
            DeskAct::Accept => self.get(user, &info, desk.accept(id)).await,
            DeskAct::Take => self.get(user, &info, desk.take(id)).await,
            DeskAct::Refuse => desk.refuse(id).await,
            DeskAct::Close => desk.close(id, vec![tag()]).await,
            DeskAct::Note => {
                let back = desk.back_room(id).await?;
                self.desk.note_back(back, id);
                self.say(no, back, 40);
                Ok(())
            }
            DeskAct::ToAgent => {
                let others = (1..USERS).filter(|&other| self.user(other) != user);
                let to = others.map(|other| self.user(other)).next().unwrap_or(user);
                let note = self.noted(user, nth);
                desk.transfer(id, TransferTarget::Agent(to), note).await
            }
            DeskAct::ToQueue => {
                let queue = made.queues[nth % made.queues.len()];
                let note = self.noted(user, nth);
                desk.transfer(id, TransferTarget::Queue(queue), note).await
            }
            _ => {
                self.say(no, id, 30 + nth);
                Ok(())
            }
        }
    }

    /// Does something as a supervisor, with any open inquiry.
    async fn supervise(
        self: &Arc<Self>,
        no: usize,
        made: &Made,
        client: &Client,
        act: DeskAct,
        nth: usize,
    ) -> Result<(), Error> {
        let desk = client.desk();
        let queue = made.queues[nth % made.queues.len()];
        let filter = InquiryFilter::Open;
        let found = desk.inquiries(queue, filter, None, LISTED).await?.items;
        let Some(info) = self.choose(no, act, &found, nth) else {
            return Ok(());
        };
        let id = info.conversation;
        match act {
            DeskAct::Accept | DeskAct::Take | DeskAct::ToAgent => {
                let agent = self.user(1 + nth % (USERS - 1));
                self.get(agent, &info, desk.assign(id, agent)).await
            }
            DeskAct::Close => desk.close(id, Vec::new()).await,
            DeskAct::Duty(duty) => {
                let agent = self.user(1 + nth % (USERS - 1));
                desk.set_duty_of(agent, duty).await
            }
            _ => desk.set_priority(id, nth as u8 % 10).await,
        }
    }

    /// Records whether an agent gets an inquiry by a request.
    async fn get(
        &self,
        agent: UserId,
        info: &InquiryInfo,
        request: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        request.await?;
        let inquiry = info.conversation;
        self.trace.note("", format_args!("{agent} gets {inquiry}"));
        let mut history = self.history.lock();
        history.desk.given.push(Given { agent, inquiry });
        Ok(())
    }

    /// Chooses the inquiry that a device acts on.
    fn choose(
        &self,
        no: usize,
        act: DeskAct,
        found: &[InquiryInfo],
        nth: usize,
    ) -> Option<InquiryInfo> {
        found.iter().for_each(|info| self.desk.note_info(info));
        let at = nth.checked_rem(found.len())?;
        let info = found.get(at)?;
        let id = info.conversation;
        self.note_act(no, format_args!("{act:?} {id}, {}", state(info)));
        Some(info.clone())
    }

    /// Returns the note of a transfer, which may end in some log of notes.
    fn noted(&self, user: UserId, nth: usize) -> DeskText {
        if nth.is_multiple_of(2) {
            return DeskText::none();
        }
        let at = self.invoke_send(user, 0, None, 40, Canary::NOTE);
        let text = self.history.lock().sent[at].text.clone();
        DeskText::new(text).expect("a short text")
    }

    fn note_act(&self, no: usize, what: std::fmt::Arguments<'_>) {
        self.trace.note(&self.devices[no].name(), what);
    }
}

fn tag() -> Tag {
    "done".parse().expect("a valid tag")
}

/// Returns where an inquiry stands in a few words.
pub(super) fn state(info: &InquiryInfo) -> String {
    match info.state {
        InquiryState::Waiting => "waiting".to_owned(),
        InquiryState::Left => "left".to_owned(),
        InquiryState::Offered { agent, .. } => format!("offered to {agent}"),
        InquiryState::Held { agent, .. } => format!("held by {agent}"),
        InquiryState::Closed { .. } => "closed".to_owned(),
    }
}
