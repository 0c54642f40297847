//! A line of input over a list of choices: the switcher, reactions, search, places to go to.

use cairn_proto::ids::{ConversationId, MsgId, UserId};

use crate::tui::compose::editor::Editor;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The conversation to go to.
    Go,
    /// The conversation that a message is forwarded to.
    Forward { from: ConversationId, msgid: MsgId },
    /// The emoji of a reaction.
    React(MsgId),
    /// A message that contains a text.
    Search {
        /// The search that the choices are from.
        search: u64,
        within: Option<ConversationId>,
    },
    /// A message by its number, a day or a link; there are no choices.
    Place,
    /// Whether a message is deleted.
    Recall(MsgId),
}

/// What a choice stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Conversation(ConversationId),
    User(UserId, String),
    Emoji(String),
    Message(ConversationId, MsgId),
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) label: String,
    /// Characters of the label that match what was typed.
    pub(crate) matched: Vec<u32>,
    pub(crate) detail: String,
    pub(crate) value: Value,
}

/// The list, and what was typed above it.
#[derive(Clone, Debug)]
pub(crate) struct Picker {
    pub(crate) purpose: Purpose,
    pub(crate) editor: Editor,
    pub(crate) items: Vec<Item>,
    pub(crate) selected: usize,
    /// A line under the input: what to type, progress, or what is wrong.
    pub(crate) hint: String,
}

impl Picker {
    pub(crate) fn new(purpose: Purpose, hint: impl Into<String>) -> Self {
        Self {
            purpose,
            editor: Editor::default(),
            items: Vec::new(),
            selected: 0,
            hint: hint.into(),
        }
    }

    pub(crate) fn chosen(&self) -> Option<&Item> {
        self.items.get(self.selected)
    }

    /// Moves the selection by one, around the ends.
    pub(crate) fn step(&mut self, is_down: bool) {
        let count = self.items.len().max(1);
        let by = if is_down { 1 } else { count - 1 };
        self.selected = (self.selected + by) % count;
    }

    pub(crate) fn set_items(&mut self, items: Vec<Item>) {
        self.items = items;
        self.selected = 0;
    }

    /// The first of the choices on a screen of this many rows.
    pub(crate) fn first_shown(&self, rows: usize) -> usize {
        (self.selected + 1).saturating_sub(rows.max(1))
    }
}

/// Emoji that begin with what was typed; the common ones if nothing was.
pub(crate) fn emoji(typed: &str) -> Vec<Item> {
    const COMMON: [&str; 8] = [
        "+1",
        "heart",
        "joy",
        "tada",
        "eyes",
        "white_check_mark",
        "pray",
        "thinking",
    ];
    let item = |name: &str, glyph: &str| Item {
        label: format!("{glyph}  {name}"),
        matched: Vec::new(),
        detail: String::new(),
        value: Value::Emoji(name.to_owned()),
    };
    let typed = typed.trim().trim_matches(':');
    if typed.is_empty() {
        let known = COMMON
            .iter()
            .filter_map(|name| Some((*name, cairn_text::emoji(name)?)));
        return known.map(|(name, glyph)| item(name, glyph)).collect();
    }
    if cairn_text::is_emoji(typed) {
        return vec![item(typed, typed)];
    }
    let names = cairn_text::emoji_names(typed).take(50);
    names.map(|(name, glyph)| item(name, glyph)).collect()
}
