//! The desk in the model: what is requested, when, and what notifies.

use cairn_client::proto::ids::{ConversationId, Timestamp};
use cairn_client::proto::model::desk::{DeskUpdate, InquiryInfo, MyDesk};

use super::{DeskNotice, DeskView};
use crate::limits;
use crate::model::{Effect, Model, Part};
use crate::notice::Notice;
use crate::time::plus;

impl Model {
    /// The support desk, for its agents; `None` for all other users, and until it is known.
    #[must_use]
    pub fn desk(&self) -> Option<DeskView> {
        self.desk.view()
    }

    /// The server said at login whether the user is an agent.
    pub(crate) fn set_agent(&mut self, is_agent: bool) {
        if self.desk.set_agent(is_agent) {
            self.touch(Part::Desk);
        }
    }

    pub(crate) fn show_desk(&mut self, is_shown: bool) {
        self.desk.is_shown = is_shown;
    }

    pub(crate) fn set_desk(&mut self, desk: MyDesk) {
        if !self.desk.is_agent {
            // They are no agent any more since it was requested.
            return;
        }
        let notices = self.desk.set(desk);
        notices.into_iter().for_each(|notice| self.ring(notice));
        self.want_agents();
        self.touch(Part::Desk);
    }

    pub(crate) fn desk_changed(&mut self, update: &DeskUpdate) {
        if let Some(notice) = self.desk.update(update) {
            self.ring(notice);
        }
        self.want_agents();
        self.touch(Part::Desk);
    }

    pub(crate) fn set_waiting(&mut self, queue: ConversationId, found: Option<Vec<InquiryInfo>>) {
        self.desk.set_waiting(queue, found);
        self.want_agents();
        self.touch(Part::Desk);
    }

    /// An offer does not wait for the user to read it elsewhere: it ends soon.
    fn ring(&mut self, notice: DeskNotice) {
        if !self.notices_are_quiet() {
            self.notify(Notice::Desk(notice));
        }
    }

    fn want_agents(&mut self) {
        let users: Vec<_> = self.desk.users().collect();
        users.into_iter().for_each(|user| self.want_user(user));
    }

    pub(crate) fn request_desk(&mut self) {
        if !self.is_online() || !self.desk.is_agent {
            return;
        }
        if self.desk.is_behind && self.desk.asked.is_none() {
            self.desk.is_behind = false;
            self.desk.asked = Some(Vec::new());
            self.perform(Effect::Desk);
        }
        let may_list = self.desk.list_at.is_none_or(|at| at <= self.now());
        if self.desk.is_shown && self.desk.has_unlisted() && may_list {
            self.desk.list_at = Some(plus(self.now(), limits::WAITING_INTERVAL));
            for queue in self.desk.take_unlisted() {
                self.perform(Effect::Inquiries(queue));
            }
            self.touch(Part::Desk);
        }
    }

    /// When a queue may be listed again.
    pub(crate) fn desk_due(&self) -> Option<Timestamp> {
        let is_due = self.desk.is_shown && self.desk.has_unlisted() && self.is_online();
        self.desk.list_at.filter(|_| is_due)
    }
}
