//! The messages of a batch, for engines whose transactions cannot stay open between them.

use cairn_bench::Key;

/// Messages that wait for their commit. Their texts lie behind each other.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Each with the end of its text.
    keys: Vec<(Key, usize)>,
    texts: String,
}

impl Batch {
    pub(crate) fn push(&mut self, key: Key, text: &str) {
        self.texts.push_str(text);
        self.keys.push((key, self.texts.len()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &str)> {
        let mut begin = 0;
        self.keys
            .iter()
            .map(move |&(key, end)| (key, &self.texts[std::mem::replace(&mut begin, end)..end]))
    }

    /// Keeps its memory for the next one.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.texts.clear();
    }
}
