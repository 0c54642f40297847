//! Cards: members and settings, a person, receipts, the terms of an unread count.

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::group::Role as MemberRole;
use cairn_proto::model::notification::NotificationLevel;
use cairn_proto::model::people::{Friendship, Relation};
use cairn_proto::model::receipts::ReceiptState;
use cairn_session::{Command, Place};

use crate::tui::app::act::desk_card::inquiry_of;
use crate::tui::app::model::card::{Fetch, Fetched, Person, Received};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::{Deed, DeskPurpose, Item, Picker, Purpose, Value};
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::draw::rows::{moment, quote};
use crate::tui::text::markup::one_line;
use crate::tui::text::words::{self, cards};
use crate::tui::theme::Role;

/// How long a conversation is quiet, as `cairn set --for` reads it.
const QUIET_TIME: &str = "8h";

impl State {
    pub(crate) fn show_members(&mut self) {
        if self.open.is_none() {
            return self.note(words::NOTHING_OPEN, Role::Dim);
        }
        if self.shows_inquiry() {
            return;
        }
        self.show_card(Purpose::Members, cards::MEMBERS_HINT);
        self.refresh_card();
        // The settings stand above, but Enter alone changes none of them.
        if let Some(Overlay::Picker(picker)) = &mut self.overlay {
            let is_member = |item: &Item| matches!(item.value, Value::User(..));
            picker.selected = picker.items.iter().position(is_member).unwrap_or(0);
        }
    }

    pub(crate) fn show_person(&mut self, user: UserId, out: &mut Vec<Effect>) {
        self.show_card(Purpose::Person(user), words::LOADING);
        out.push(Effect::Fetch(Fetch::Person(user)));
    }

    pub(crate) fn show_receipts(&mut self, msgid: MsgId, out: &mut Vec<Effect>) {
        if let Some(id) = self.open {
            self.show_card(Purpose::Receipts(msgid), words::LOADING);
            out.push(Effect::Fetch(Fetch::Receipts(id, msgid)));
        }
    }

    pub(crate) fn show_why_unread(&mut self, out: &mut Vec<Effect>) {
        let Some(id) = self.open else {
            return self.note(words::NOTHING_OPEN, Role::Dim);
        };
        self.show_card(Purpose::WhyUnread, words::LOADING);
        out.push(Effect::Fetch(Fetch::Unread(id)));
    }

    pub(super) fn show_card(&mut self, purpose: Purpose, hint: &str) {
        self.overlay = Some(Overlay::Picker(Box::new(Picker::new(purpose, hint))));
    }

    /// Fills the card that waits for this.
    pub(crate) fn fetched(&mut self, fetched: Fetched) {
        let (purpose, filled) = match fetched {
            Fetched::Person(user, result) => (
                Purpose::Person(user),
                result.map(|person| self.person(person)),
            ),
            Fetched::Receipts(msgid, result) => (
                Purpose::Receipts(msgid),
                result.map(|received| receipts(&received)),
            ),
            Fetched::Agents(id, result) => (
                Purpose::Desk(DeskPurpose::Transfer, id),
                result.map(|agents| self.transfer_card(id, &agents)),
            ),
            Fetched::Canned(id, result) => (
                Purpose::Desk(DeskPurpose::Canned, id),
                result.map(|canned| Self::canned_card(&canned)),
            ),
            Fetched::Unread(id, _) if self.open != Some(id) => return,
            Fetched::Unread(_, result) => (
                Purpose::WhyUnread,
                result.map(|explained| Filled {
                    head: cards::explained(&explained),
                    ..Filled::new(self.unread_deeds())
                }),
            ),
        };
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return;
        };
        if picker.purpose != purpose {
            return;
        }
        match filled {
            Ok(filled) => {
                picker.head = filled.head;
                picker.picture = filled.picture;
                picker.set_all(filled.items);
                cards::CARD_HINT.clone_into(&mut picker.hint);
            }
            Err(why) => picker.hint = why,
        }
    }

    /// Shows what changed in the cards that follow the session.
    pub(crate) fn refresh_card(&mut self) {
        let Some(Overlay::Picker(picker)) = &self.overlay else {
            return;
        };
        let filled = match picker.purpose {
            Purpose::Members => Some(Filled {
                head: self.about_conversation(),
                ..Filled::new(self.members())
            }),
            Purpose::Uploads => Some(Filled::new(self.uploads())),
            purpose => inquiry_of(purpose).and_then(|id| self.inquiry_card(id)),
        };
        if let (Some(filled), Some(Overlay::Picker(picker))) = (filled, &mut self.overlay) {
            picker.head = filled.head;
            picker.set_all(filled.items);
        }
    }

    fn about_conversation(&self) -> Vec<String> {
        let Some(details) = &self.world.details else {
            return Vec::new();
        };
        let topic = details.topic.as_ref().filter(|topic| !topic.is_empty());
        let topic = topic.map(|topic| one_line(topic.as_str()));
        let retention = details.retention.map(cards::retention);
        let settings = details.settings.as_ref().map(words::group_settings);
        [topic, retention, settings].into_iter().flatten().collect()
    }

    /// The own settings, pinned messages, and members of the open conversation.
    fn members(&self) -> Vec<Item> {
        let (Some(id), Some(details)) = (self.open, &self.world.details) else {
            return Vec::new();
        };
        let mut items = self.own_settings();
        items.extend(details.pins.iter().map(|&msgid| {
            let said = self.world.entry(msgid).map(|entry| quote(&entry));
            let label = cards::pinned(msgid, said.as_deref());
            Item::new(label, Value::Message(id, msgid))
        }));
        let mut members: Vec<_> = details.members.iter().collect();
        members.sort_by_cached_key(|(user, member)| {
            let order = std::cmp::Reverse(member.role);
            (order, self.world.name(**user).to_lowercase())
        });
        items.extend(members.into_iter().map(|(&user, member)| {
            let mut detail = Vec::new();
            if member.role != MemberRole::Member {
                detail.push(member.role.as_str());
            }
            if member.muted_until > self.now {
                detail.push(cards::MUTED);
            }
            let listed = self.world.list.iter();
            let mut direct = listed.filter(|listed| listed.peer == Some(user));
            let presence = direct.next().and_then(|listed| listed.presence);
            detail.extend(presence.map(cards::presence));
            if user == self.settings.me {
                detail.push(cards::YOU);
            }
            let name = self.world.name(user);
            let label = format!("@{}", one_line(&name));
            Item::new(label, Value::User(user, name)).with_detail(detail.join(", "))
        }));
        items
    }

    fn own_settings(&self) -> Vec<Item> {
        let Some(listed) = self.open.and_then(|id| self.world.conversation(id)) else {
            return Vec::new();
        };
        let next = match listed.level {
            NotificationLevel::All => NotificationLevel::Mentions,
            NotificationLevel::Mentions => NotificationLevel::Nothing,
            NotificationLevel::Nothing => NotificationLevel::All,
        };
        let set = |options: &[&str]| {
            let target = format!("#id:{}", listed.id);
            let words = ["set", &target].into_iter().chain(options.iter().copied());
            Value::Deed(Deed::Set(words.map(str::to_owned).collect()))
        };
        let favourite = if listed.favourite { "off" } else { "on" };
        let until = listed.level_until;
        let until = until.map(|until| moment(until, &self.settings.zone));
        let nothing = NotificationLevel::Nothing.as_str();
        let quiet = set(&["--notify", nothing, "--for", QUIET_TIME]);
        let mut items = vec![
            Item::new(
                cards::notifies(listed.level, until.as_deref()),
                set(&["--notify", next.as_str()]),
            )
            .with_detail(cards::enter(cards::level(next))),
        ];
        if listed.level != NotificationLevel::Nothing {
            items.push(Item::new(cards::QUIET, quiet));
        }
        let other = cards::enter(cards::favourite(!listed.favourite));
        items.push(
            Item::new(
                cards::favourite(listed.favourite),
                set(&["--favourite", favourite]),
            )
            .with_detail(other),
        );
        items
    }

    fn unread_deeds(&self) -> Vec<Item> {
        let mut items = vec![
            Item::new(cards::GO_UNREAD, Value::Deed(Deed::FirstUnread)),
            Item::new(cards::MARK_READ, Value::Deed(Deed::MarkRead)),
        ];
        items.extend(self.own_settings().into_iter().take(1));
        items
    }

    fn person(&self, person: Person) -> Filled {
        let (user, profile) = (person.profile.user, person.profile.profile);
        let name = user.name.as_str();
        let shown = profile.display_name.map(|shown| one_line(shown.as_str()));
        let named = cards::named(name, shown.as_deref());
        let about = profile.about.map(|about| one_line(about.as_str()));
        let mut listed = self.world.list.iter();
        let direct = listed.find(|listed| listed.peer == Some(user.id));
        let presence = direct.and_then(|direct| direct.presence);
        let standing = cards::standing(&user, presence, person.relation);
        let head = [Some(named), about, Some(standing)].into_iter().flatten();
        let items = match user.id == self.settings.me {
            true => Vec::new(),
            false => deeds(user.id, name, person.relation),
        };
        Filled {
            head: head.collect(),
            picture: person.picture,
            ..Filled::new(items)
        }
    }

    /// Does what was chosen in a card.
    pub(crate) fn choose(&mut self, picker: Picker, value: Value, out: &mut Vec<Effect>) {
        match value {
            Value::User(user, _) => self.show_person(user, out),
            Value::Message(there, msgid) => self.visit(there, msgid, out),
            Value::Deed(Deed::Write(user)) => {
                self.mode = Mode::Write;
                out.push(Effect::Meet(user));
            }
            Value::Deed(Deed::Mention(name)) => {
                self.mode = Mode::Write;
                self.editor.paste(&format!("@{name} "));
                self.typed(out);
            }
            Value::Deed(Deed::FirstUnread) => self.jump(Place::FirstUnread, out),
            Value::Deed(Deed::MarkRead) => {
                if let Some(id) = self.open {
                    out.push(session(Command::MarkRead(id)));
                    self.note(words::MARKED_READ, Role::Dim);
                }
            }
            Value::Deed(Deed::Run(words)) => {
                self.note(words::DONE, Role::Dim);
                self.run_quietly(words, out);
            }
            Value::Deed(Deed::Set(words)) => {
                self.run_quietly(words, out);
                // The card shows the change when the server has made it.
                let is_live = picker.purpose == Purpose::Members;
                self.overlay = is_live.then(|| Overlay::Picker(Box::new(picker)));
            }
            Value::Deed(Deed::Again(id)) => self.decide_upload(picker, Command::Again(id), out),
            Value::Deed(Deed::CancelUpload(id) | Deed::Withdraw(id)) => {
                self.decide_upload(picker, Command::Withdraw(id), out);
            }
            Value::Deed(Deed::Desk(_))
            | Value::Conversation(_)
            | Value::Emoji(_)
            | Value::Text(_) => {}
        }
    }
}

/// What fills a card.
pub(super) struct Filled {
    pub(super) head: Vec<String>,
    pub(super) picture: Option<crate::tui::picture::Pixels>,
    pub(super) items: Vec<Item>,
}

impl Filled {
    pub(super) const fn new(items: Vec<Item>) -> Self {
        Self {
            head: Vec::new(),
            picture: None,
            items,
        }
    }
}

fn deeds(user: UserId, name: &str, relation: Relation) -> Vec<Item> {
    let run = |label: &str, words: &[&str]| {
        let words = words.iter().chain([&name]).map(|&word| word.to_owned());
        Item::new(label, Value::Deed(Deed::Run(words.collect())))
    };
    let friend = match relation.friendship {
        Friendship::None => run(cards::ASK_FRIEND, &["friend", "ask"]),
        Friendship::Asked => run(cards::WITHDRAW_FRIEND, &["friend", "remove"]),
        Friendship::Invited => run(cards::ACCEPT_FRIEND, &["friend", "accept"]),
        Friendship::Friends => run(cards::END_FRIEND, &["friend", "remove"]),
    };
    let follow = match relation.follows {
        false => run(cards::FOLLOW, &["follow"]),
        true => run(cards::UNFOLLOW, &["unfollow"]),
    };
    let block = match relation.blocks {
        false => run(cards::BLOCK, &["block"]),
        true => run(cards::UNBLOCK, &["unblock"]),
    };
    vec![
        Item::new(cards::write_to(name), Value::Deed(Deed::Write(user))),
        Item::new(cards::MENTION, Value::Deed(Deed::Mention(name.to_owned()))),
        friend,
        follow,
        block,
    ]
}

/// Those who read the message, then those who received it, then the others.
fn receipts(received: &Received) -> Filled {
    let Received { receipts, names } = received;
    let mut who = receipts.who.clone();
    let name = |user: UserId| match names.get(&user) {
        Some(name) => one_line(name),
        None => words::unknown_user(user),
    };
    who.sort_by_cached_key(|receipt| {
        let order = std::cmp::Reverse(receipt.state);
        (order, name(receipt.user).to_lowercase())
    });
    let item = |receipt: &cairn_proto::model::receipts::Receipt| {
        let name = name(receipt.user);
        let mark = match receipt.state {
            ReceiptState::Read => cards::READ,
            ReceiptState::Delivered => cards::DELIVERED,
            ReceiptState::Sent => cards::SENT,
        };
        Item::new(format!("@{name}"), Value::User(receipt.user, name)).with_detail(mark)
    };
    Filled {
        head: cards::receipts(receipts.counts, receipts.reads),
        ..Filled::new(who.iter().map(item).collect())
    }
}
