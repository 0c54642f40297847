//! The support desk: keys while it is on screen, and those that apply everywhere.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{InquiryInfo, InquiryState};
use cairn_session::{DeskView, Place};

use crate::tui::app::model::card::Fetch;
use crate::tui::app::model::desk::{DeskPane, Then};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::{DeskPurpose, Picker, Purpose};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Effect;
use crate::tui::keys::action::{Action, DeskAction};
use crate::tui::text::words::{self, desk as said};
use crate::tui::theme::Role;

impl State {
    /// Keys of the desk that apply everywhere.
    pub(crate) fn desk_key(&mut self, action: DeskAction, out: &mut Vec<Effect>) {
        let Some(desk) = self.world.desk.clone() else {
            return self.note(said::NO_AGENT, Role::Dim);
        };
        let first = desk.offers.first().map(|offer| offer.info.conversation);
        match (action, first) {
            (DeskAction::AcceptFirst, Some(id)) => self.accept_offer(id, out),
            (DeskAction::RefuseFirst, Some(id)) => self.refuse_offer(id, out),
            (DeskAction::Show, _) => self.toggle_desk(),
            _ => self.note(said::NO_OFFER, Role::Dim),
        }
    }

    fn toggle_desk(&mut self) {
        self.overlay = None;
        self.desk = match self.desk {
            Some(_) => None,
            None => {
                let is_inquiry = |id: &ConversationId| {
                    let desk = self.world.desk.as_ref();
                    desk.is_some_and(|desk| desk.inquiry(*id).is_some())
                };
                Some(DeskPane::at(self.open.filter(is_inquiry)))
            }
        };
    }

    pub(crate) fn desk_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        let (Some(desk), Some(pane)) = (self.world.desk.clone(), &mut self.desk) else {
            return;
        };
        match action {
            Action::Older => pane.step(&desk, false),
            Action::Newer => pane.step(&desk, true),
            Action::Cancel => self.desk = None,
            Action::Desk(DeskAction::Duty(duty)) => {
                self.run_quietly(words(&["desk", duty.as_str()]), out);
            }
            Action::Open | Action::Desk(_) => {
                pane.keep(&desk);
                let Some((_, info)) = pane.selected(&desk) else {
                    return self.note(said::NOTHING_SELECTED, Role::Dim);
                };
                match action {
                    Action::Desk(action) => self.desk_do(info, action, out),
                    _ => self.open_inquiry(&desk, info, out),
                }
            }
            action => {
                self.navigate(action, out);
            }
        }
    }

    pub(crate) fn desk_wheel(&mut self, is_down: bool) {
        if let (Some(desk), Some(pane)) = (&self.world.desk, &mut self.desk) {
            pane.step(desk, is_down);
        }
    }

    /// Opens what the agent holds; an offer is accepted by it.
    fn open_inquiry(&mut self, desk: &DeskView, info: &InquiryInfo, out: &mut Vec<Effect>) {
        let id = info.conversation;
        let is_own = |infos: &[InquiryInfo]| infos.iter().any(|info| info.conversation == id);
        match info.state {
            _ if is_own(&desk.held) || self.world.conversation(id).is_some() => {
                self.open(id, Place::FirstUnread, out);
            }
            InquiryState::Offered { agent, .. } if agent == self.settings.me => {
                self.accept_offer(id, out);
            }
            _ => self.show_inquiry(id),
        }
    }

    /// Does something with an inquiry: by a key of the desk, or by a line of its card.
    pub(crate) fn desk_do(
        &mut self,
        info: &InquiryInfo,
        action: DeskAction,
        out: &mut Vec<Effect>,
    ) {
        let (id, queue) = (info.conversation, info.queue);
        let number = id.to_string();
        match action {
            DeskAction::Accept if self.is_offered(id) => self.accept_offer(id, out),
            DeskAction::Refuse if self.is_offered(id) => self.refuse_offer(id, out),
            DeskAction::Accept | DeskAction::Refuse => self.note(said::NOT_OFFERED, Role::Dim),
            DeskAction::Take => {
                self.run_then(&["desk", "take", &number], Then::Open(id), out);
            }
            DeskAction::Reply => {
                self.show_picker(DeskPurpose::Canned, id, words::LOADING);
                out.push(Effect::Fetch(Fetch::Canned(id)));
            }
            DeskAction::Transfer => {
                self.show_picker(DeskPurpose::Transfer, id, words::LOADING);
                out.push(Effect::Fetch(Fetch::Agents(id, queue)));
            }
            DeskAction::Close => self.show_picker(DeskPurpose::Close, id, said::CLOSE_HINT),
            DeskAction::Tag => {
                let hint = said::tag_hint(&info.tags);
                self.show_picker(DeskPurpose::Tag, id, &hint);
            }
            DeskAction::Note => self.show_picker(DeskPurpose::Note, id, said::NOTE_HINT),
            DeskAction::Details => self.show_inquiry(id),
            DeskAction::Why => {
                let title = said::why_title(info);
                self.run(&["desk", "explain", &number], &title, out);
            }
            DeskAction::Show
            | DeskAction::AcceptFirst
            | DeskAction::RefuseFirst
            | DeskAction::Duty(_) => {}
        }
    }

    pub(crate) fn is_offered(&self, id: ConversationId) -> bool {
        let desk = self.world.desk.as_ref();
        let mut offers = desk.iter().flat_map(|desk| &desk.offers);
        offers.any(|offer| offer.info.conversation == id)
    }

    fn accept_offer(&mut self, id: ConversationId, out: &mut Vec<Effect>) {
        self.run_then(&["desk", "accept", &id.to_string()], Then::Open(id), out);
    }

    fn refuse_offer(&mut self, id: ConversationId, out: &mut Vec<Effect>) {
        let refuse = ["desk", "refuse", &id.to_string()];
        self.run_then(&refuse, Then::Say(said::REFUSED), out);
    }

    /// Shows a note once the last command has succeeded.
    pub(super) fn say_after(&mut self, text: &'static str) {
        self.then.push((self.last_run, Then::Say(text)));
    }

    /// Runs a command, and does something else after it. A failure is shown.
    fn run_then(&mut self, line: &[&str], then: Then, out: &mut Vec<Effect>) {
        self.run_quietly(words(line), out);
        self.then.push((self.last_run, then));
    }

    /// A command has succeeded, or not.
    pub(crate) fn has_run(&mut self, run: u64, is_failed: bool, out: &mut Vec<Effect>) {
        let Some(at) = self.then.iter().position(|(known, _)| *known == run) else {
            return;
        };
        match self.then.remove(at).1 {
            _ if is_failed => {}
            Then::Open(id) => {
                self.overlay = None;
                self.open(id, Place::FirstUnread, out);
            }
            Then::Say(text) => self.note(text, Role::Dim),
        }
    }

    fn show_picker(&mut self, what: DeskPurpose, id: ConversationId, hint: &str) {
        let picker = Picker::new(Purpose::Desk(what, id), hint);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    pub(crate) fn show_inquiry(&mut self, id: ConversationId) {
        self.show_picker(DeskPurpose::Card, id, said::CARD_HINT);
        self.refresh_card();
    }

    /// What was typed about an inquiry: tags, a note, the end of it.
    pub(crate) fn desk_typed(
        &mut self,
        what: DeskPurpose,
        id: ConversationId,
        typed: &str,
        out: &mut Vec<Effect>,
    ) {
        let (number, typed) = (id.to_string(), typed.trim());
        match what {
            DeskPurpose::Note if !typed.is_empty() => {
                let note = ["desk", "note", "--", &number, typed];
                self.run_then(&note, Then::Say(said::NOTED), out);
            }
            DeskPurpose::Tag => {
                let (added, removed) = said::tags(typed);
                if added.is_empty() && removed.is_empty() {
                    return;
                }
                let mut line = words(&["desk", "tag"]);
                line.extend(removed.iter().map(|tag| format!("--remove={tag}")));
                line.push("--".to_owned());
                line.push(number);
                line.extend(added);
                self.run_quietly(line, out);
                self.say_after(said::TAGGED);
            }
            DeskPurpose::Close => {
                let (added, _) = said::tags(typed);
                let mut line = words(&["desk", "close", &number]);
                line.extend(added.iter().map(|tag| format!("--tag={tag}")));
                self.run_quietly(line, out);
                self.say_after(said::CLOSED);
            }
            _ => {}
        }
    }

    /// Writes a text into the composer of an inquiry, to send it as it is or changed.
    pub(crate) fn write_in(&mut self, id: ConversationId, text: &str, out: &mut Vec<Effect>) {
        self.desk = None;
        if self.open == Some(id) && self.is_draft_read {
            self.editor.paste(text);
            return self.typed(out);
        }
        // After the stored draft.
        text.clone_into(&mut self.early);
        self.open(id, Place::FirstUnread, out);
    }
}

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|&word| word.to_owned()).collect()
}
