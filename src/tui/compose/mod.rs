//! The composer: an editor of several lines, completion, and its layout.

pub(crate) mod completion;
pub(crate) mod editor;
pub(crate) mod layout;
pub(crate) mod motion;
