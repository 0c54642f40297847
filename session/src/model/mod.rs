//! The model: inputs in, effects out, views in between.

mod arrivals;
mod chat;
mod clock;
mod interface;
mod list;
mod listing;
mod pages;
mod people;
mod previews;
mod sending;
mod sync;
mod windows;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cairn_client::Event;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::presence::Presence;
use cairn_client::proto::model::user::UserInfo;
use cairn_client::proto::wire::overview::Moment;

use self::chat::Chat;
use crate::contacts::Contacts;
use crate::conversation::{Details, Entry};
use crate::day::Zone;
use crate::desk::Board;
use crate::link::{LinkState, LinkView};
use crate::notice::{Notice, Notices};
use crate::outbox::{Draft, Outbox, Pending};

pub use self::interface::{
    Command, Effect, Fetched, Input, Options, Part, Place, RequestId, Restored, SavedConversation,
    StoreOp,
};
pub use self::list::ConversationView;

/// Everything that an interactive client shows, and the decisions behind it.
///
/// Pure: the clock, the connection, the store and the user are inputs, and what is to be done are
/// effects. The same inputs give the same effects and views.
#[derive(Clone, Debug)]
pub struct Model {
    options: Options,
    now: Timestamp,
    zone: Zone,
    link: LinkState,
    chats: BTreeMap<ConversationId, Chat>,
    contacts: Contacts,
    users: BTreeMap<UserId, UserInfo>,
    presences: BTreeMap<UserId, Presence>,
    drafts: BTreeMap<ConversationId, Draft>,
    /// Edits that the server has not confirmed, in their order.
    edits: Vec<Draft>,
    outbox: Outbox,
    notices: Notices,
    pub(crate) desk: Board,
    sync: sync::State,
    requests: BTreeMap<RequestId, pages::Purpose>,
    last_request: u64,
    focused: Option<ConversationId>,
    has_attention: bool,
    /// The local day, and the connection, as the views show them.
    today: i64,
    shown_link: LinkView,
    windows_opened: u64,
    /// Conversations whose windows are open, the least recently opened first.
    windows: Vec<ConversationId>,
    typing_in: BTreeSet<ConversationId>,
    /// When notification levels end.
    level_ends: BTreeMap<ConversationId, Timestamp>,
    /// What this call of [`Model::apply`] has decided so far.
    effects: Vec<Effect>,
    dirty: BTreeSet<Part>,
    listing: RefCell<listing::Listing>,
    wake: Option<Timestamp>,
    unsaved: BTreeSet<ConversationId>,
    saved_at: Timestamp,
}

impl Model {
    /// Creates the model of a user without conversations.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            now: Timestamp::new(0),
            zone: Zone::utc(),
            link: LinkState::default(),
            chats: BTreeMap::new(),
            contacts: Contacts::new(),
            users: BTreeMap::new(),
            presences: BTreeMap::new(),
            drafts: BTreeMap::new(),
            edits: Vec::new(),
            outbox: Outbox::default(),
            notices: Notices::new(options.me),
            desk: Board::default(),
            sync: sync::State::default(),
            requests: BTreeMap::new(),
            last_request: 0,
            focused: None,
            has_attention: true,
            today: 0,
            shown_link: LinkView::Connecting,
            windows_opened: 0,
            windows: Vec::new(),
            typing_in: BTreeSet::new(),
            level_ends: BTreeMap::new(),
            effects: Vec::new(),
            dirty: BTreeSet::new(),
            listing: RefCell::default(),
            wake: None,
            unsaved: BTreeSet::new(),
            saved_at: Timestamp::new(0),
        }
    }

    /// Applies an input. Returns what to do, in order.
    #[must_use]
    pub fn apply(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Restored(restored) => self.restore(*restored),
            Input::Clock(now) => self.now = self.now.max(now),
            Input::Zone(zone) => {
                self.zone = zone;
                self.touch_windows();
            }
            Input::Link(link) => self.set_link(link),
            Input::Overview(overview) => self.apply_overview(&overview),
            Input::OverviewFailed => self.overview_failed(),
            Input::Contacts(contacts) => self.set_contacts(&contacts),
            Input::Keywords(keywords) => self.set_keywords(&keywords),
            Input::Details {
                conversation,
                details,
                users,
                cursors,
            } => {
                self.learn_users(users);
                self.set_details(conversation, *details, &cursors);
            }
            Input::Agent(is_agent) => self.set_agent(is_agent),
            Input::Desk(desk) => self.set_desk(*desk),
            Input::Inquiries { queue, found } => self.set_waiting(queue, found),
            Input::Users(users) => self.learn_users(users),
            Input::Presence(presences) => self.set_presences(&presences),
            Input::Receipts {
                conversation,
                msgid,
                who,
            } => self.set_receipts(conversation, msgid, &who),
            Input::Event(event) => self.apply_event(&event),
            Input::Entries(messages) => self.append(&messages),
            Input::Page { id, page } => self.page(id, page),
            Input::Accepted { id, result } => self.accepted(id, result),
            Input::Probed { id, is_used } => self.probed(id, is_used),
            Input::Uploading { id, done, of } => self.uploading(id, done, of),
            Input::Uploaded { id, result } => self.uploaded(id, result),
            Input::Edited(draft) => self.edited(&draft),
            Input::EditFailed { draft, why } => self.refuse(*draft, why),
            Input::CursorFailed => self.cursor_failed(),
            Input::NewStream => {
                let effects = self.outbox.new_stream();
                self.effects.extend(effects);
                self.refuse_edits();
                self.touch_outbox();
            }
            Input::Command(command) => self.command(command),
        }
        self.finish()
    }

    /// Does what is due, and collects the effects of this call.
    fn finish(&mut self) -> Vec<Effect> {
        self.tick();
        self.request_overview();
        self.request_keywords();
        self.request_desk();
        self.advance_outbox();
        self.request_pages();
        self.request_previews();
        self.request_users();
        self.save();
        let wake = self.next_wake();
        if wake != self.wake {
            self.wake = wake;
            self.effects.extend(wake.map(Effect::Wake));
        }
        let dirty = std::mem::take(&mut self.dirty);
        self.effects.extend(dirty.into_iter().map(Effect::Dirty));
        std::mem::take(&mut self.effects)
    }

    /// Asks for something outside of the model.
    pub(crate) fn perform(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn notify(&mut self, notice: Notice) {
        self.perform(Effect::Notify(notice));
    }

    pub(crate) fn notices_are_quiet(&self) -> bool {
        self.notices.is_quiet(self.now)
    }

    pub(crate) const fn is_online(&self) -> bool {
        self.link.is_online()
    }

    pub(crate) fn touch(&mut self, part: Part) {
        self.dirty.insert(part);
        if let Part::Window(id) = part
            && let Some(window) = self
                .chats
                .get_mut(&id)
                .and_then(|chat| chat.window.as_mut())
        {
            window.view.clear();
        }
    }

    /// A conversation changed in the list.
    fn touch_listed(&mut self, id: ConversationId) {
        self.touch(Part::List);
        self.listing.get_mut().change(id);
    }

    /// A conversation changed: in the list, in the store, and in its window if there is one.
    fn touch_chat(&mut self, id: ConversationId) {
        self.touch_listed(id);
        self.unsaved.insert(id);
        self.touch_window(id);
    }

    fn touch_window(&mut self, id: ConversationId) {
        if self
            .chats
            .get(&id)
            .is_some_and(|chat| chat.window.is_some())
        {
            self.touch(Part::Window(id));
        }
    }

    fn touch_windows(&mut self) {
        let open = self.windows.clone().into_iter().map(Part::Window);
        open.for_each(|part| self.touch(part));
    }

    fn new_request(&mut self, purpose: pages::Purpose) -> RequestId {
        self.last_request += 1;
        let id = RequestId::new(self.last_request);
        self.requests.insert(id, purpose);
        id
    }
}

/// Views
impl Model {
    /// The user.
    #[must_use]
    pub const fn me(&self) -> UserId {
        self.options.me
    }

    /// The present time, as far as the model knows it.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The moment of the last overview.
    #[must_use]
    pub const fn moment(&self) -> Option<Moment> {
        self.sync.moment()
    }

    /// The connection.
    #[must_use]
    pub fn link(&self) -> LinkView {
        self.link.view(self.now)
    }

    /// Name, topic, settings, members and pins of a conversation whose window is open, once they
    /// are known.
    #[must_use]
    pub fn details(&self, id: ConversationId) -> Option<&Details> {
        self.chats.get(&id)?.details.as_ref()
    }

    /// An entry, if it is held.
    #[must_use]
    pub fn entry(&self, id: ConversationId, msgid: MsgId) -> Option<&Entry> {
        self.chats.get(&id)?.log.get(msgid).map(|entry| &**entry)
    }

    /// A user whose name is known.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&UserInfo> {
        self.users.get(&id)
    }

    /// The presence of a user, if it is watched.
    #[must_use]
    pub fn presence(&self, id: UserId) -> Option<Presence> {
        self.presences.get(&id).copied()
    }

    /// Friends, pending requests, follows and blocks.
    #[must_use]
    pub const fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The draft of a conversation.
    #[must_use]
    pub fn draft(&self, id: ConversationId) -> Option<&Draft> {
        self.drafts.get(&id)
    }

    /// All own messages that are not in their logs yet.
    #[must_use]
    pub fn outbox(&self) -> Vec<Pending> {
        self.outbox.items().map(|item| item.view()).collect()
    }
}

impl Model {
    fn command(&mut self, command: Command) {
        match command {
            Command::Open { conversation, at } => self.open(conversation, at),
            Command::Leave(id) => self.leave(id),
            Command::Attention(has_attention) => self.attend(has_attention),
            Command::Seen {
                conversation,
                first,
                last,
            } => self.see(conversation, first, last),
            Command::Jump { conversation, to } => self.jump(conversation, to),
            Command::Back(id) => self.back(id),
            Command::Draft(draft) => self.set_draft(draft),
            Command::Send(draft) => self.send(draft),
            Command::Forward { from, msgid, to } => self.forward(from, msgid, to),
            Command::Again(id) => self.again(id),
            Command::Withdraw(id) => self.withdraw(id),
            Command::MarkRead(id) => {
                let head = self.chats.get(&id).map(|chat| chat.head);
                head.into_iter().for_each(|head| self.mark_read(id, head));
            }
            Command::MarkUnread { conversation, from } => self.mark_unread(conversation, from),
            Command::Typing(id) => self.effects.push(Effect::Typing(id)),
            Command::Notices(settings) => self.notices.set(settings),
            Command::Desk(is_shown) => self.show_desk(is_shown),
            Command::Keywords => self.sync.needs_keywords = true,
        }
    }

    fn apply_event(&mut self, event: &Event) {
        use cairn_client::proto::wire::event::{AccountUpdate, Update};
        match event {
            Event::Update(Update::Conversation(summary)) => self.apply_summary(summary),
            Event::Update(Update::Removed { conversation, .. }) => self.forget(*conversation),
            Event::Update(Update::Read {
                conversation,
                read,
                head,
            }) => self.apply_read(*conversation, *read, *head),
            Event::Update(Update::Floor {
                conversation,
                floor,
            }) => self.expire(*conversation, *floor),
            Event::Update(Update::Contact(contact)) => self.apply_contact(contact),
            Event::Update(Update::Presence(presence)) => {
                self.set_presences(std::slice::from_ref(presence));
            }
            Event::Update(Update::Receipts {
                conversation,
                cursors,
                more,
            }) => self.apply_cursors(*conversation, cursors, *more),
            Event::Update(Update::User(user)) => self.learn_users(vec![user.clone()]),
            Event::Update(Update::Account(AccountUpdate::Keywords(keywords))) => {
                self.keywords_changed(keywords);
            }
            Event::Update(Update::Desk(update)) => self.desk_changed(update),
            Event::Typing { conversation, user } => self.typing(*conversation, *user),
            Event::Reconnected => self.reconnected(),
            Event::Lagged(_) => self.missed_events(),
            Event::Behind { conversation, head } => self.behind(*conversation, *head),
            _ => {}
        }
    }
}
