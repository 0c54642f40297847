//! Rows of the timeline as lines.
//!
//! A message has a header of time and name, unless it follows another one of the same sender, and
//! its text beneath, indented by the width of a time.

mod reactions;
mod summary;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytesize::ByteSize;
use cairn_proto::content::body::Body;
use cairn_proto::ids::{MsgId, Timestamp, UserId};
use cairn_session::{Entry, MessageRow, Outgoing, Pending, Row, RowKey, SendState, What};
use cairn_text::Names;
use ratatui::style::Style;

use self::summary::{attached, emoji};
use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::state::{Mode, State};
use crate::tui::picture;
use crate::tui::text::line::{Line, Span};
use crate::tui::text::markup::{self, Layout, Mentioned, Styled, one_line};
use crate::tui::text::words;
use crate::tui::theme::Role;

pub(crate) use self::summary::{clock, moment, quote, summary, unnamed, whole};

/// Columns of the time and the blank after it.
const GUTTER: usize = 6;

/// How rows are laid out for a state.
pub(crate) struct RowLayout<'a> {
    state: &'a State,
    layout: Layout,
    /// The last own message that was stored: its state is shown.
    last_own: Option<RowKey>,
    /// Rows that were laid out: their heights are needed before they are drawn.
    known: RefCell<BTreeMap<RowKey, Rc<Vec<Line>>>>,
}

impl<'a> RowLayout<'a> {
    pub(crate) fn of(state: &'a State) -> Self {
        let geometry = Geometry::of(state);
        let is_own = |row: &&Row| matches!(&row.what, What::Message(row) if row.sent.is_some());
        let last_own = state.world.rows().iter().rfind(is_own).map(|row| row.key);
        Self {
            state,
            layout: Layout {
                theme: state.settings.theme,
                ambiguous: state.settings.ambiguous,
                // One column for the mark of the selection.
                columns: usize::from(geometry.timeline.width)
                    .saturating_sub(1)
                    .max(1),
            },
            last_own,
            known: RefCell::default(),
        }
    }

    pub(crate) fn height(&self, row: &Row) -> usize {
        self.lines(row).len()
    }

    /// The index of the row on a line of the timeline, and which of its lines that is.
    pub(crate) fn row_at(&self, line: usize) -> Option<(usize, usize)> {
        let rows = self.state.timeline(self);
        let top = rows.top(self.state.scroll);
        // Few messages stand at the bottom.
        let shown = rows.rows.iter().enumerate().skip(top.row);
        let mut left = (line + top.line).checked_sub(rows.blank(top))?;
        for (at, row) in shown {
            let height = self.height(row);
            if left < height {
                return Some((at, left));
            }
            left -= height;
        }
        None
    }

    fn style(&self, role: Role) -> Style {
        self.layout.theme.style(role)
    }

    /// The lines of a row; at least one.
    pub(crate) fn lines(&self, row: &Row) -> Rc<Vec<Line>> {
        if let Some(known) = self.known.borrow().get(&row.key) {
            return Rc::clone(known);
        }
        let lines = Rc::new(self.lay_out(row));
        self.known.borrow_mut().insert(row.key, Rc::clone(&lines));
        lines
    }

    fn lay_out(&self, row: &Row) -> Vec<Line> {
        match &row.what {
            What::Start => {
                let listed = self
                    .state
                    .open
                    .and_then(|id| self.state.world.conversation(id));
                let name = listed.map(super::list::name).unwrap_or_default();
                vec![self.ruled(&words::start(&name), Role::Dim)]
            }
            What::Day(day) => vec![self.ruled(&words::day(day), Role::Dim)],
            What::Unread { count } => vec![self.ruled(&words::unread(*count), Role::Divider)],
            What::Gap { from, to } => vec![self.ruled(&words::gap(*from, *to), Role::Dim)],
            What::System { by, at, line } => {
                let name = |user: UserId| self.name(user);
                let text = format!("-- {} {}", self.name(*by), words::system(line, &name));
                let mut styled = Styled::default();
                styled.push(&one_line(&text), self.style(Role::Dim));
                styled.wrapped(self.layout, &self.gutter(Some(*at)), &self.gutter(None))
            }
            What::Message(message) => self.message(row.key, message),
            What::Mine(pending) => self.pending(pending),
        }
    }

    fn name(&self, user: UserId) -> String {
        one_line(&self.state.world.name(user))
    }

    /// A text in the middle of a line of dashes.
    fn ruled(&self, text: &str, role: Role) -> Line {
        let columns = self.layout.columns;
        let text = self
            .layout
            .ambiguous
            .shortened(text, columns.saturating_sub(8));
        let left = columns.saturating_sub(self.layout.ambiguous.text(&text) + 2);
        let (before, after) = ("-".repeat(left / 2), "-".repeat(left - left / 2));
        Line::styled(format!("{before} {text} {after}"), self.style(role))
    }

    fn gutter(&self, at: Option<Timestamp>) -> Line {
        let text = match at {
            Some(at) => format!("{:GUTTER$}", clock(at, &self.state.settings.zone)),
            None => " ".repeat(GUTTER),
        };
        Line::from(Span::styled(text, self.style(Role::Dim)))
    }

    fn header(&self, at: Timestamp, user: UserId) -> Line {
        let mut line = self.gutter(Some(at));
        let style = self.layout.theme.author(user.get().into());
        line.push_span(Span::styled(self.name(user), style));
        line
    }

    fn message(&self, key: RowKey, message: &MessageRow) -> Vec<Line> {
        let entry = &message.entry;
        let mut lines = Vec::new();
        if !message.is_continued {
            lines.push(self.header(entry.sent_at, entry.sender));
        }
        if let Some(forwarded) = entry.forwarded {
            lines.push(self.aside(&words::forwarded_from(&self.name(forwarded.author))));
        }
        if let Some(replied) = entry.reply_to {
            lines.push(self.aside(&self.quoted(replied)));
        }
        let style = match message.is_stale {
            true => self.style(Role::Dim),
            false => Style::new(),
        };
        let first = lines.len();
        lines.extend(self.body(message, style));
        if message.is_continued
            && let Some(line) = lines.get_mut(first)
        {
            replace_gutter(line, &self.gutter(Some(entry.sent_at)));
        }
        let mut marks = Vec::new();
        if entry.edited.is_some() {
            marks.push(words::EDITED.to_owned());
        }
        if message.is_pinned {
            marks.push(words::PINNED.to_owned());
        }
        if let Some(state) = &message.sent
            && (self.last_own == Some(key) || self.is_selected(key))
        {
            marks.push(words::send_state(state));
        }
        self.marked(&mut lines, &marks.join(" "), Role::Dim);
        lines.extend(self.reactions(entry).0);
        lines
    }

    fn pending(&self, pending: &Pending) -> Vec<Line> {
        let mut lines = vec![self.header(pending.written_at, self.state.settings.me)];
        match &pending.what {
            Outgoing::Message { body, extras } => {
                if let Some(replied) = extras.replied() {
                    lines.push(self.aside(&self.quoted(replied)));
                }
                lines.extend(self.text(words::text_of(body), &Names::none(), Style::new()));
            }
            Outgoing::File { file, caption, .. } => {
                let size = ByteSize(file.size_bytes);
                lines.push(self.aside(&format!("[{} {size}]", one_line(&file.name))));
                if !caption.is_empty() {
                    lines.extend(self.text(caption, &Names::none(), Style::new()));
                }
            }
            Outgoing::Forward { msgid, .. } => {
                lines.push(self.aside(&words::forwards(*msgid)));
            }
        }
        let role = match pending.state {
            SendState::Failed(_) | SendState::Unknown(_) => Role::Error,
            _ => Role::Dim,
        };
        self.marked(&mut lines, &words::send_state(&pending.state), role);
        lines
    }

    fn is_selected(&self, key: RowKey) -> bool {
        self.state.mode == Mode::Select(key)
    }

    fn body(&self, message: &MessageRow, style: Style) -> Vec<Line> {
        let entry = &message.entry;
        match &entry.body {
            Body::Text(text) => self.text(text.as_str(), &self.names(entry), style),
            Body::Emote(text) => {
                let text = format!("* {} {}", self.name(entry.sender), text.as_str());
                self.text(&text, &self.names(entry), style.italic())
            }
            Body::Emoji(name) => vec![self.indented(&emoji(name.as_str()), style)],
            body @ (Body::Image(_) | Body::Video(_) | Body::File(_)) => {
                let mut lines = vec![self.indented(&attached(body), style.bold())];
                lines.extend(self.picture(message));
                let caption = words::text_of(body);
                if !caption.is_empty() {
                    lines.extend(self.text(caption, &self.names(entry), style));
                }
                lines
            }
            Body::Recalled { by } => vec![self.aside(&words::recalled(&self.name(*by)))],
            Body::System(_) | Body::Amendment(_) | Body::Unknown => {
                vec![self.aside(words::UNKNOWN_BODY)]
            }
        }
    }

    /// The preview of a picture or video. Its place is reserved before it is decoded.
    fn picture(&self, message: &MessageRow) -> Vec<Line> {
        let (Some(media), Some(id)) = (message.entry.body.media(), self.state.open) else {
            return Vec::new();
        };
        let Some((columns, rows)) = picture::size(self.state, media) else {
            return Vec::new();
        };
        match self.state.pictures.get((id, message.msgid)) {
            Some(picture::Thumb::Unusable) => Vec::new(),
            Some(picture::Thumb::Ready(pixels)) => {
                let lines = picture::blocks(pixels, (columns, rows), self.layout);
                let indent = |line: Line| {
                    let mut indented = self.gutter(None);
                    indented.spans.extend(line.spans);
                    indented
                };
                lines.into_iter().map(indent).collect()
            }
            Some(picture::Thumb::Awaited) | None => vec![self.gutter(None); usize::from(rows)],
        }
    }

    fn text(&self, text: &str, names: &Names<Mentioned>, style: Style) -> Vec<Line> {
        markup::message(text, names, self.layout, style, &self.gutter(None))
    }

    /// The names that a message mentions.
    fn names(&self, entry: &Entry) -> Names<Mentioned> {
        let me = self.state.settings.me;
        let mut names: Vec<(String, Mentioned)> = entry
            .mentions
            .iter()
            .map(|&user| {
                let who = if user == me {
                    Mentioned::Me
                } else {
                    Mentioned::Other
                };
                (self.state.world.name(user), who)
            })
            .collect();
        if entry.mentions_all {
            names.push(("all".to_owned(), Mentioned::Me));
        }
        Names::new(names.iter().map(|(name, who)| (name.as_str(), *who)))
    }

    fn indented(&self, text: &str, style: Style) -> Line {
        let columns = self.layout.columns.saturating_sub(GUTTER);
        let text = self.layout.ambiguous.shortened(text, columns).into_owned();
        let mut line = self.gutter(None);
        line.push_span(Span::styled(text, style));
        line
    }

    /// One dimmed line.
    fn aside(&self, text: &str) -> Line {
        self.indented(text, self.style(Role::Dim))
    }

    /// The beginning of the message that another one replies to.
    fn quoted(&self, msgid: MsgId) -> String {
        match self.state.world.entry(msgid) {
            Some(entry) => format!("> {}: {}", self.name(entry.sender), quote(&entry)),
            None => format!("> message {msgid}"),
        }
    }

    /// Writes marks after the last line, or on a line of their own.
    fn marked(&self, lines: &mut Vec<Line>, marks: &str, role: Role) {
        if marks.is_empty() {
            return;
        }
        let ambiguous = self.layout.ambiguous;
        let used: usize = lines.last().map_or(usize::MAX / 2, |line| {
            line.spans
                .iter()
                .map(|span| ambiguous.text(&span.content))
                .sum()
        });
        let style = self.style(role);
        match lines.last_mut() {
            Some(line) if used + 2 + ambiguous.text(marks) <= self.layout.columns => {
                line.push_span(Span::styled(format!("  {marks}"), style));
            }
            _ => {
                let mut styled = Styled::default();
                styled.push(marks, style);
                let gutter = self.gutter(None);
                lines.extend(styled.wrapped(self.layout, &gutter, &gutter));
            }
        }
    }
}

fn replace_gutter(line: &mut Line, gutter: &Line) {
    if let (Some(first), Some(time)) = (line.spans.first_mut(), gutter.spans.first()) {
        *first = time.clone();
    }
}
