//! What covers the timeline: a picker, or a pane of text.

use crate::tui::app::model::picker::{Item, Picker};

/// What covers the timeline.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    Picker(Box<Picker>),
    Pane(Pane),
}

/// Text over the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    pub(crate) title: String,
    pub(crate) text: String,
    /// Lines above the screen.
    pub(crate) first: usize,
    /// The command whose output is awaited.
    pub(crate) run: Option<u64>,
}

impl Pane {
    pub(crate) fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            first: 0,
            run: None,
        }
    }
}

/// The results of a search.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) search: u64,
    pub(crate) items: Vec<Item>,
    pub(crate) hint: String,
    /// A query that would find something, if this one found nothing.
    pub(crate) instead: Option<String>,
}
