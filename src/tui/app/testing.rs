//! States for tests, without a session.

pub(crate) mod desk;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairn_proto::content::attachment::{Attachment, AttachmentHash, Media, Preview};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::group::Role;
use cairn_proto::model::notification::NotificationLevel;
use cairn_proto::text::{Caption, FileName, GroupName, MediaType, Text, Topic};
use cairn_session::{
    Anchor, AnchorTo, ConversationView, DateJump, Day, Details, Entry, LinkView, Membership,
    MessageRow, Row, RowKey, SendState, SystemLine, Unread, What,
};
use jiff::tz::TimeZone;

use crate::tui::app::model::state::{Settings, State};
use crate::tui::app::model::world::{Window, World};
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::update::update;
use crate::tui::keys::bindings::Bindings;
use crate::tui::text::width::Ambiguous;
use crate::tui::theme::{Background, Depth, Theme};

pub(crate) const ME: UserId = UserId::new(1);
pub(crate) const TEAM: ConversationId = ConversationId::new(5);

/// 2026-11-26 14:00 in UTC.
const NOON: u64 = 1_795_701_600_000;

pub(crate) fn state(columns: u16, rows: u16) -> State {
    let settings = Settings {
        theme: Theme::new(Depth::Palette, Background::Dark),
        ambiguous: Ambiguous::Narrow,
        bindings: Bindings::new(&BTreeMap::new()).unwrap(),
        is_vim: false,
        zone: TimeZone::UTC,
        me: ME,
        server: "chat.example:7766".to_owned(),
        has_pictures: true,
    };
    State::new(settings, columns, rows)
}

pub(crate) fn minutes(count: u64) -> Timestamp {
    Timestamp::new(NOON + count * 60_000)
}

/// The effects of a key.
pub(crate) fn press(state: &mut State, key: &str) -> Vec<Effect> {
    update(state, Msg::Key(key.parse().unwrap()))
}

/// Types a text by keys.
pub(crate) fn type_text(state: &mut State, text: &str) -> Vec<Effect> {
    let keys = text.chars().flat_map(|c| match c {
        ' ' => press(state, "space"),
        '+' => press(state, "plus"),
        '\n' => press(state, "ctrl+j"),
        c => press(state, &c.to_string()),
    });
    keys.collect()
}

fn listed(id: u64, name: &str) -> ConversationView {
    ConversationView {
        id: ConversationId::new(id),
        peer: None,
        of_desk: None,
        name: name.to_owned(),
        role: Role::Member,
        head: MsgId::new(9),
        floor: MsgId::new(0),
        read: MsgId::new(9),
        unread: Unread::default(),
        level: NotificationLevel::All,
        level_until: None,
        favourite: false,
        hidden: false,
        last: None,
        active_at: minutes(0),
        draft: None,
        typing: Vec::new(),
        presence: None,
        failed: 0,
    }
}

pub(crate) fn group(id: u64, name: &str) -> ConversationView {
    listed(id, name)
}

pub(crate) fn direct(id: u64, user: u32, name: &str) -> ConversationView {
    ConversationView {
        peer: Some(UserId::new(user)),
        ..listed(id, name)
    }
}

pub(crate) fn entry(sender: u32, minute: u64, body: Body, extras: &Extras) -> Entry {
    Entry::new(UserId::new(sender), minutes(minute), body, extras)
}

pub(crate) fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

pub(crate) fn media(width: u32, height: u32, preview: bytes::Bytes) -> Media {
    Media {
        file: Attachment {
            hash: AttachmentHash::new([7; 32]),
            name: FileName::new("harbour.jpg").unwrap(),
            media_type: MediaType::new("image/jpeg").unwrap(),
            size_bytes: 240_000,
            caption: Caption::new("").unwrap(),
        },
        width,
        height,
        preview: Preview::new(preview).unwrap(),
    }
}

pub(crate) fn row(msgid: u64, entry: Entry) -> Row {
    let is_mine = entry.sender == ME;
    let msgid = MsgId::new(msgid);
    let message = MessageRow {
        msgid,
        is_mine,
        is_continued: false,
        sent: is_mine.then_some(SendState::Read { by: 1, of: 2 }),
        is_pinned: false,
        is_mention: false,
        is_stale: false,
        entry: Arc::new(entry),
    };
    Row {
        key: RowKey::Entry(msgid),
        what: What::Message(message),
    }
}

pub(crate) fn said(msgid: u64, sender: u32, words: &str) -> Row {
    row(msgid, entry(sender, msgid, text(words), &Extras::NONE))
}

pub(crate) fn continued(mut row: Row) -> Row {
    if let What::Message(message) = &mut row.what {
        message.is_continued = true;
    }
    row
}

pub(crate) fn window(rows: Vec<Row>) -> Window {
    Window {
        conversation: TEAM,
        rows: rows.into(),
        head: MsgId::new(99),
        is_at_end: true,
        anchor: Anchor {
            number: 0,
            to: AnchorTo::End,
        },
        anchor_row: None,
        date_jump: DateJump::Idle,
        can_go_back: false,
        typing: Vec::new(),
        moved: Vec::new(),
    }
}

pub(crate) fn world(names: [&str; 4], list: Vec<ConversationView>, window: Window) -> World {
    let users = (1_u32..).map(UserId::new).zip(names.map(str::to_owned));
    World {
        now: minutes(60),
        link: LinkView::Online,
        list: list.into_iter().map(Arc::new).collect(),
        window: Some(Arc::new(window)),
        names: Arc::new(users.collect::<HashMap<_, _>>()),
        ..World::empty()
    }
}

/// A state with the group open, and these messages in it.
pub(crate) fn open(columns: u16, rows: u16, messages: Vec<Row>) -> State {
    let mut state = state(columns, rows);
    let list = vec![group(5, "team"), direct(6, 2, "bob"), group(7, "builds")];
    let world = world(["ada", "bob", "carol", "dave"], list, window(messages));
    state.open = Some(TEAM);
    update(&mut state, Msg::World(Box::new(world)));
    state
}

/// Details of the group: its members with their roles.
pub(crate) fn details(topic: &str, members: &[(u32, Role)], pins: &[u64]) -> Details {
    let members = members.iter().map(|&(user, role)| {
        let membership = Membership {
            role,
            joined: MsgId::new(1),
            muted_until: Timestamp::new(0),
        };
        (UserId::new(user), membership)
    });
    Details {
        name: Some(GroupName::new("team").unwrap()),
        topic: Some(Topic::new(topic).unwrap()),
        settings: None,
        retention: None,
        members: members.collect(),
        pins: pins.iter().copied().map(MsgId::new).collect(),
    }
}

/// Rows at the beginning of a conversation.
pub(crate) fn beginning() -> Vec<Row> {
    vec![
        Row {
            key: RowKey::Start,
            what: What::Start,
        },
        Row {
            key: RowKey::Day(20_783),
            what: What::Day(Day::Yesterday),
        },
        Row {
            key: RowKey::Entry(MsgId::new(1)),
            what: What::System {
                by: ME,
                at: minutes(0),
                line: SystemLine::Created(GroupName::new("team").unwrap()),
            },
        },
    ]
}
