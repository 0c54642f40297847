//! A text with a caret, edited by grapheme clusters.

use crate::tui::compose::motion;

/// Steps that can be undone.
const UNDO_MAX: usize = 200;

/// The text that is being written, and the caret in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Editor {
    text: String,
    /// A byte offset, always between two clusters.
    caret: usize,
    /// What was cut last.
    cut: String,
    undo: Vec<Snapshot>,
    redo: Vec<Snapshot>,
    /// Consecutive typing is undone as one step.
    is_typing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Snapshot {
    text: String,
    caret: usize,
}

/// A change of the text or of the caret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Start,
    End,
    Backspace,
    Delete,
    DeleteWordLeft,
    DeleteWordRight,
    CutToLineStart,
    CutToLineEnd,
    Paste,
    Undo,
    Redo,
}

impl Editor {
    /// Creates an editor with the caret at the end of a text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            caret: text.len(),
            text,
            ..Self::default()
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) const fn caret(&self) -> usize {
        self.caret
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Moves the caret to the nearest border of a cluster.
    pub(crate) fn set_caret(&mut self, offset: usize) {
        self.caret = motion::border(&self.text, offset);
        self.is_typing = false;
    }

    /// Replaces the text, and keeps the former one for undo.
    pub(crate) fn set_text(&mut self, text: &str) {
        self.remember();
        text.clone_into(&mut self.text);
        self.caret = text.len();
    }

    /// Empties the editor, and forgets what could be undone.
    pub(crate) fn take(&mut self) -> String {
        let cut = std::mem::take(&mut self.cut);
        let text = std::mem::take(&mut self.text);
        *self = Self {
            cut,
            ..Self::default()
        };
        text
    }

    /// Inserts one typed character.
    pub(crate) fn type_char(&mut self, c: char) {
        if c.is_control() && c != '\n' {
            return;
        }
        if !self.is_typing || c.is_whitespace() {
            self.remember();
        }
        self.insert_at_caret(c.encode_utf8(&mut [0; 4]));
        self.is_typing = true;
    }

    /// Inserts pasted text as one step. Terminals send `\r` for line ends.
    pub(crate) fn paste(&mut self, text: &str) {
        self.remember();
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let is_kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = text.chars().filter(is_kept).collect();
        self.insert_at_caret(&text);
    }

    /// Replaces a range before the caret, as completion does.
    pub(crate) fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        if self.text.get(range.clone()).is_some() {
            self.remember();
            self.text.replace_range(range.clone(), text);
            self.caret = motion::border(&self.text, range.start + text.len());
        }
    }

    fn insert_at_caret(&mut self, text: &str) {
        self.text.insert_str(self.caret, text);
        // A combining mark joins the cluster before it, and a joiner the one after it.
        let end = self.caret + text.len();
        let border = motion::border(&self.text, end);
        self.caret = match border == end {
            true => end,
            false => motion::right(&self.text, border),
        };
    }

    fn remember(&mut self) {
        let now = Snapshot {
            text: self.text.clone(),
            caret: self.caret,
        };
        if self.undo.last() != Some(&now) {
            self.undo.push(now);
        }
        if self.undo.len() > UNDO_MAX {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.is_typing = false;
    }

    /// Applies an edit. Returns whether the text changed.
    pub(crate) fn apply(&mut self, edit: Edit) -> bool {
        let (text, caret) = (&self.text, self.caret);
        match edit {
            Edit::Left => self.go(motion::left(text, caret)),
            Edit::Right => self.go(motion::right(text, caret)),
            Edit::WordLeft => self.go(motion::word_left(text, caret)),
            Edit::WordRight => self.go(motion::word_right(text, caret)),
            Edit::LineStart => self.go(motion::line_start(text, caret)),
            Edit::LineEnd => self.go(motion::line_end(text, caret)),
            Edit::Start => self.go(0),
            Edit::End => self.go(text.len()),
            Edit::Backspace => self.delete(motion::left(text, caret), false),
            Edit::Delete => self.delete(motion::right(text, caret), false),
            Edit::DeleteWordLeft => self.delete(motion::word_left(text, caret), true),
            Edit::DeleteWordRight => self.delete(motion::word_right(text, caret), true),
            Edit::CutToLineStart => self.delete(motion::line_start(text, caret), true),
            Edit::CutToLineEnd => match motion::line_end(text, caret) {
                // At the end of a line, the line end itself.
                end if end == caret => self.delete(motion::right(text, caret), true),
                end => self.delete(end, true),
            },
            Edit::Paste => {
                let cut = self.cut.clone();
                self.paste(&cut);
                !cut.is_empty()
            }
            Edit::Undo => Self::step(
                &mut self.undo,
                &mut self.redo,
                &mut self.text,
                &mut self.caret,
            ),
            Edit::Redo => Self::step(
                &mut self.redo,
                &mut self.undo,
                &mut self.text,
                &mut self.caret,
            ),
        }
    }

    fn go(&mut self, caret: usize) -> bool {
        self.caret = caret;
        self.is_typing = false;
        false
    }

    fn delete(&mut self, to: usize, is_kept: bool) -> bool {
        let range = self.caret.min(to)..self.caret.max(to);
        if range.is_empty() {
            return false;
        }
        self.remember();
        let removed: String = self.text.drain(range.clone()).collect();
        if is_kept {
            self.cut = removed;
        }
        // What is left on both sides may join to one cluster.
        self.caret = motion::border(&self.text, range.start);
        true
    }

    fn step(
        from: &mut Vec<Snapshot>,
        to: &mut Vec<Snapshot>,
        text: &mut String,
        caret: &mut usize,
    ) -> bool {
        let Some(snapshot) = from.pop() else {
            return false;
        };
        to.push(Snapshot {
            text: std::mem::replace(text, snapshot.text),
            caret: std::mem::replace(caret, snapshot.caret),
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::text::width::graphemes;
    use proptest::prelude::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|c| editor.type_char(c));
        editor
    }

    fn after(text: &str, edits: &[Edit]) -> (String, usize) {
        let mut editor = Editor::new(text);
        for &edit in edits {
            editor.apply(edit);
        }
        (editor.text.clone(), editor.caret)
    }

    #[test]
    fn clusters_are_deleted_whole() {
        assert_eq!(after("a👩\u{200d}👧", &[Edit::Backspace]), ("a".into(), 1));
        assert_eq!(after("e\u{301}", &[Edit::Backspace]), (String::new(), 0));
        assert_eq!(
            after("你好", &[Edit::Left, Edit::Backspace]),
            ("好".into(), 0)
        );
        assert_eq!(
            after("你好", &[Edit::Start, Edit::Delete]),
            ("好".into(), 0)
        );
    }

    #[test]
    fn words_and_lines_are_cut_and_pasted() {
        let cut = [Edit::DeleteWordLeft, Edit::Start, Edit::Paste];
        assert_eq!(after("one two", &cut), ("twoone ".into(), 3));
        assert_eq!(after("one, ", &[Edit::WordLeft]).1, 3);
        assert_eq!(after("ab\ncd", &[Edit::CutToLineStart]), ("ab\n".into(), 3));
        let joined = [Edit::Start, Edit::LineEnd, Edit::CutToLineEnd];
        assert_eq!(after("ab\ncd", &joined), ("abcd".into(), 2));
        assert_eq!(after("one two", &[Edit::Start, Edit::WordRight]).1, 3);
    }

    #[test]
    fn typing_is_undone_by_words() {
        let mut editor = typed("one two");
        assert!(editor.apply(Edit::Undo));
        assert_eq!(editor.text(), "one");
        assert!(editor.apply(Edit::Undo));
        assert_eq!(editor.text(), "");
        assert!(!editor.apply(Edit::Undo));
        editor.apply(Edit::Redo);
        editor.apply(Edit::Redo);
        assert_eq!((editor.text(), editor.caret()), ("one two", 7));
    }

    #[test]
    fn pasted_line_ends_are_normalized() {
        let mut editor = typed("x");
        editor.paste("one\rtwo\r\n三\u{1b}[31m\tz");
        assert_eq!(editor.text(), "xone\ntwo\n三[31m\tz");
        editor.apply(Edit::Undo);
        assert_eq!(editor.text(), "x");
    }

    #[test]
    fn marks_join_the_letter_before_the_caret() {
        let mut editor = typed("e");
        editor.type_char('\u{301}');
        assert_eq!(editor.caret(), 3);
        editor.apply(Edit::Backspace);
        assert!(editor.is_empty());
    }

    fn edits() -> impl Strategy<Value = Vec<Result<char, Edit>>> {
        let edit = prop_oneof![
            prop::sample::select(vec![
                Edit::Left,
                Edit::Right,
                Edit::WordLeft,
                Edit::WordRight,
                Edit::LineStart,
                Edit::LineEnd,
                Edit::Start,
                Edit::End,
                Edit::Backspace,
                Edit::Delete,
                Edit::DeleteWordLeft,
                Edit::DeleteWordRight,
                Edit::CutToLineStart,
                Edit::CutToLineEnd,
                Edit::Paste,
                Edit::Undo,
                Edit::Redo,
            ])
            .prop_map(Err),
            prop_oneof![
                Just('\u{200d}'),
                Just('\u{301}'),
                Just('👩'),
                Just('🏽'),
                Just('🇨'),
                Just('中'),
                Just('\n'),
                Just(' '),
                prop::char::range('a', 'e'),
            ]
            .prop_map(Ok),
        ];
        prop::collection::vec(edit, 0..60)
    }

    proptest! {
        #[test]
        fn the_caret_stays_between_clusters(edits in edits()) {
            let mut editor = Editor::default();
            for edit in edits {
                match edit {
                    Ok(c) => editor.type_char(c),
                    Err(edit) => drop(editor.apply(edit)),
                }
                let mut borders: Vec<_> = graphemes(editor.text()).map(|(at, _)| at).collect();
                borders.push(editor.text().len());
                prop_assert!(borders.contains(&editor.caret()), "{editor:?}");
            }
        }
    }
}
