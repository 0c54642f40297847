//! Copies what the session shows. Parts that did not change are shared with the copy before.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_session::{
    Changes, DeskLog, Entry, Model, Outgoing, Part, Pending, Row, RowKey, SystemLine, What,
};

use crate::tui::app::model::desk::inquiries;
use crate::tui::app::model::world::{Window, World};

/// The last copy.
#[derive(Debug)]
pub(super) struct Views {
    world: World,
    open: Option<ConversationId>,
}

impl Views {
    pub(super) fn new() -> Self {
        Self {
            world: World::empty(),
            open: None,
        }
    }

    /// Copies what changed; everything without `changes`, and after another conversation was
    /// opened.
    pub(super) fn world(
        &mut self,
        model: &Model,
        is_second: bool,
        open: Option<ConversationId>,
        kept: &[RowKey],
        changes: Option<&Changes>,
    ) -> World {
        let changes = changes.filter(|_| self.open == open);
        self.open = open;
        let has = |part: Part| changes.is_none_or(|changes| changes.parts.contains(&part));
        let world = &mut self.world;
        world.now = super::clock::now();
        world.link = model.link();
        let is_listed = has(Part::List) || has(Part::People) || has(Part::Outbox);
        let has_draft = changes.is_none_or(|changes| {
            changes
                .parts
                .iter()
                .any(|part| matches!(part, Part::Draft(_)))
        });
        if is_listed || has_draft {
            world.list = model.list_shared();
            let totals = model.totals();
            (world.unread, world.mentions) = (totals.unread, totals.mentions);
        }
        if has(Part::Desk) {
            world.desk = model.desk().map(Arc::new);
        }
        if has(Part::Outbox) {
            world.uploads = Arc::new(uploads(model));
        }
        match open {
            Some(id) => {
                if has(Part::Details(id)) {
                    world.details = model.details(id).cloned().map(Arc::new);
                }
                world.draft = model.draft(id).cloned();
                if has(Part::Window(id)) || has(Part::Outbox) || has(Part::Details(id)) {
                    let view = model.window_shared(id);
                    let window = view.map(|view| Window::new(&view, kept));
                    world.quoted = Arc::new(quoted(model, id, window.as_ref()));
                    world.window = window.map(Arc::new);
                }
            }
            None => (world.window, world.details, world.draft) = (None, None, None),
        }
        learn_names(world, model, open, has(Part::People));
        world.is_second = is_second;
        world.clone()
    }
}

/// Files on their way, and those that could not be sent.
fn uploads(model: &Model) -> Vec<Pending> {
    let all = model.outbox().into_iter();
    all.filter(|pending| matches!(pending.what, Outgoing::File { .. }))
        .collect()
}

/// The messages that shown replies refer to, as far as they are held but not shown.
fn quoted(
    model: &Model,
    id: ConversationId,
    window: Option<&Window>,
) -> HashMap<MsgId, Arc<Entry>> {
    let rows = window.map_or(&[][..], |window| &window.rows);
    let replied = rows.iter().filter_map(|row| match &row.what {
        What::Message(message) => message.entry.reply_to,
        _ => None,
    });
    let found =
        replied.filter_map(|msgid| Some((msgid, Arc::new(model.entry(id, msgid)?.clone()))));
    found.collect()
}

/// Adds the names of users that are shown.
fn learn_names(world: &mut World, model: &Model, open: Option<ConversationId>, has_changed: bool) {
    let mut users = BTreeSet::from([model.me()]);
    let desk = world.desk.iter().flat_map(|desk| inquiries(desk));
    users.extend(desk.flat_map(|info| info.state.agent().into_iter().chain(info.last_agent)));
    let direct = open.and_then(ConversationId::direct_users);
    users.extend(direct.into_iter().flat_map(|(low, high)| [low, high]));
    if let Some(window) = &world.window {
        users.extend(&window.typing);
        window
            .rows
            .iter()
            .for_each(|row| note_users(row, &mut users));
    }
    for entry in world.quoted.values() {
        users.insert(entry.sender);
    }
    if let Some(details) = &world.details {
        users.extend(details.members.keys());
    }
    if !has_changed && users.iter().all(|user| world.names.contains_key(user)) {
        return;
    }
    let name = |user: UserId| Some((user, model.user(user)?.name.to_string()));

    let mut names: HashMap<UserId, String> = users.into_iter().filter_map(name).collect();
    // The visitor of an inquiry is no user, and has the name of the conversation.
    let open = open.and_then(|id| model.conversation(id));
    if let Some(inquiry) = open.filter(|open| open.of_desk == Some(DeskLog::Inquiry)) {
        names.insert(UserId::VISITOR, inquiry.name);
    }
    world.names = Arc::new(names);
}

fn note_users(row: &Row, users: &mut BTreeSet<UserId>) {
    match &row.what {
        What::Message(message) => {
            let entry = &message.entry;
            users.insert(entry.sender);
            users.extend(entry.mentions.iter().copied());
            users.extend(entry.forwarded.map(|forwarded| forwarded.author));
            if let cairn_proto::content::body::Body::Recalled { by } = entry.body {
                users.insert(by);
            }
        }
        What::System { by, line, .. } => {
            users.insert(*by);
            match line {
                SystemLine::Added(all)
                | SystemLine::Removed(all)
                | SystemLine::Banned(all)
                | SystemLine::Unbanned(all) => users.extend(all),
                SystemLine::RoleSet(user, _)
                | SystemLine::HandedOver(user)
                | SystemLine::Muted(user, _)
                | SystemLine::Unmuted(user) => {
                    users.insert(*user);
                }
                _ => {}
            }
        }
        _ => {}
    }
}
