//! Cards of the desk: an inquiry with what can be done, agents and queues to pass it on to, canned
//! replies.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{AgentInfo, Canned, Duty, InquiryInfo, InquiryState};

use crate::tui::app::act::cards::Filled;
use crate::tui::app::model::picker::{Deed, DeskPurpose, Item, Picker, Purpose, Value};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Effect;
use crate::tui::draw::rows::moment;
use crate::tui::keys::action::DeskAction;
use crate::tui::text::markup::one_line;
use crate::tui::text::words::desk as said;

impl State {
    /// What is known of a visitor, and what the agent can do.
    pub(super) fn inquiry_card(&self, id: ConversationId) -> Option<Filled> {
        let desk = self.world.desk.as_ref()?;
        let info = desk.inquiry(id)?;
        let queue = desk.queue(info.queue);
        let queue = queue.map(|queue| one_line(queue.config.name.as_str()));
        let opened = moment(info.opened_at, &self.settings.zone);
        let name = |user| self.world.name(user);
        let mut head = said::about(info, &queue.unwrap_or_default(), &opened, &name);
        head.extend(said::attributes(info));
        let is_mine =
            |state| matches!(state, InquiryState::Held { agent, .. } if agent == self.settings.me);
        let deed = |label: &str, action| Item::new(label, Value::Deed(Deed::Desk(action)));
        let mut items = match info.state {
            state if is_mine(state) => vec![
                deed(said::REPLY, DeskAction::Reply),
                deed(said::NOTE, DeskAction::Note),
                deed(said::TAG, DeskAction::Tag),
                deed(said::TRANSFER, DeskAction::Transfer),
                deed(said::CLOSE, DeskAction::Close),
            ],
            _ if self.is_offered(id) => vec![
                deed(said::ACCEPT, DeskAction::Accept),
                deed(said::REFUSE, DeskAction::Refuse),
            ],
            _ => vec![deed(said::TAKE, DeskAction::Take)],
        };
        items.push(deed(said::WHY, DeskAction::Why));
        Some(Filled {
            head,
            ..Filled::new(items)
        })
    }

    /// Agents of its queue and other queues, to which an inquiry can be passed on.
    pub(super) fn transfer_card(&self, id: ConversationId, agents: &[AgentInfo]) -> Filled {
        let number = id.to_string();
        let run = |to: &str| {
            let words = ["desk", "transfer", &number, to].map(str::to_owned);
            Value::Deed(Deed::Run(words.to_vec()))
        };
        let is_other = |agent: &&AgentInfo| agent.user.id != self.settings.me;
        let mut agents: Vec<&AgentInfo> = agents.iter().filter(is_other).collect();
        // Only those on duty can get it.
        agents.sort_by_cached_key(|agent| {
            let is_ready = agent.duty == Duty::On && agent.present;
            (!is_ready, agent.load, agent.user.name.to_string())
        });
        let mut items: Vec<Item> = agents
            .into_iter()
            .map(|agent| {
                let name = format!("@{}", agent.user.name);
                Item::new(one_line(&name), run(&name)).with_detail(said::agent(agent))
            })
            .collect();
        if let Some(desk) = &self.world.desk {
            let here = desk.inquiry(id).map(|info| info.queue);
            let others = desk.queues.iter();
            let others = others.filter(|queue| Some(queue.counts.queue) != here);
            items.extend(others.map(|queue| {
                let name = queue.config.name.as_str();
                Item::new(one_line(name), run(name)).with_detail(said::queue(&queue.counts))
            }));
        }
        Filled::new(items)
    }

    pub(super) fn canned_card(canned: &[Canned]) -> Filled {
        let item = |canned: &Canned| {
            let text = canned.text.as_str();
            Item::new(one_line(canned.name.as_str()), Value::Text(text.to_owned()))
                .with_detail(one_line(text))
        };
        Filled::new(canned.iter().map(item).collect())
    }

    /// Enter in a card of the desk.
    pub(super) fn desk_choose(
        &mut self,
        picker: &Picker,
        what: DeskPurpose,
        id: ConversationId,
        out: &mut Vec<Effect>,
    ) {
        let value = picker.chosen().map(|item| item.value.clone());
        match (what, value) {
            (DeskPurpose::Card, Some(Value::Deed(Deed::Desk(action)))) => {
                let desk = self.world.desk.clone();
                let info = desk.as_ref().and_then(|desk| desk.inquiry(id));
                if let Some(info) = info {
                    self.desk_do(info, action, out);
                }
            }
            (DeskPurpose::Transfer, Some(Value::Deed(Deed::Run(words)))) => {
                self.run_quietly(words, out);
                self.say_after(said::PASSED_ON);
            }
            (DeskPurpose::Canned, Some(Value::Text(text))) => self.write_in(id, &text, out),
            (DeskPurpose::Tag | DeskPurpose::Note | DeskPurpose::Close, _) => {
                self.desk_typed(what, id, picker.editor.text(), out);
            }
            _ => {}
        }
    }

    /// The inquiry whose conversation is open, if it is one.
    pub(crate) fn open_inquiry_info(&self) -> Option<&InquiryInfo> {
        self.world.desk.as_ref()?.inquiry(self.open?)
    }

    /// Shows the card of the open inquiry in the place of its members. Returns whether it is one.
    pub(super) fn shows_inquiry(&mut self) -> bool {
        let id = self.open_inquiry_info().map(|info| info.conversation);
        id.into_iter().for_each(|id| self.show_inquiry(id));
        id.is_some()
    }
}

/// Whether a card shows this inquiry.
pub(super) const fn inquiry_of(purpose: Purpose) -> Option<ConversationId> {
    match purpose {
        Purpose::Desk(DeskPurpose::Card, id) => Some(id),
        _ => None,
    }
}
