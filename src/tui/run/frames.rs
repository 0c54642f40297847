//! The terminal client without a terminal, for `cairn bench session`: views, keys and frames.

use std::collections::BTreeMap;

use cairn_bench::session::Draw;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_session::{Changes, Model};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::views::Views;
use crate::tui::app::model::state::{Settings, State};
use crate::tui::app::msg::Msg;
use crate::tui::app::update::update;
use crate::tui::draw::paint;
use crate::tui::keys::bindings::Bindings;
use crate::tui::keys::chord::Chord;
use crate::tui::text::width::Ambiguous;
use crate::tui::theme::{Background, Depth, Theme};

/// The size of the screen.
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

struct Frames {
    state: State,
    views: Views,
    shown: Buffer,
}

/// Starts a client with a conversation open.
pub(crate) fn frames(me: UserId, open: ConversationId, model: &Model) -> Box<dyn Draw> {
    let settings = Settings {
        theme: Theme::new(Depth::Palette, Background::Dark),
        ambiguous: Ambiguous::Narrow,
        #[expect(clippy::expect_used, reason = "no key is set")]
        bindings: Bindings::new(&BTreeMap::new()).expect("the default keys are keys"),
        is_vim: false,
        zone: TimeZone::UTC,
        me,
        server: String::new(),
        has_pictures: true,
    };
    let mut frames = Frames {
        state: State::new(settings, COLUMNS, ROWS),
        views: Views::new(),
        shown: Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS)),
    };
    frames.state.open = Some(open);
    frames.see(model, None);
    frames.draw();
    Box::new(frames)
}

impl Frames {
    fn see(&mut self, model: &Model, changes: Option<&Changes>) {
        let kept = self.state.kept_rows();
        let world = self
            .views
            .world(model, false, self.state.open, &kept, changes);
        update(&mut self.state, Msg::World(Box::new(world)));
    }

    /// Draws a frame, and finds the cells that changed.
    fn draw(&mut self) {
        let mut buffer = Buffer::empty(self.shown.area);
        std::hint::black_box(paint(&self.state, &mut buffer));
        std::hint::black_box(self.shown.diff(&buffer).len());
        self.shown = buffer;
        std::hint::black_box(self.state.seen());
    }
}

impl Draw for Frames {
    fn frame(&mut self, model: &Model, changes: &Changes) {
        self.see(model, Some(changes));
        self.draw();
    }

    fn key(&mut self, typed: char) {
        let key = KeyEvent::new(KeyCode::Char(typed), KeyModifiers::NONE);
        update(&mut self.state, Msg::Key(Chord::of(key)));
        self.draw();
    }
}
