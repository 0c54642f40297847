//! The words of messages, such that they compress as those of people do.

use rand::RngExt as _;
use rand::rngs::StdRng;

const WORDS: &str = "\
    the server is down again please look at it when you have time thanks build failed on main \
    because of a missing file I will fix that tomorrow morning unless someone else wants to do \
    this now meeting moved from nine ten o'clock in big room coffee anyone sure no problem deploy \
    done all green nice work everybody see notes here and there ok";

#[derive(Clone, Debug)]
pub(crate) struct Words(Vec<&'static str>);

impl Words {
    pub(crate) fn new() -> Self {
        Self(WORDS.split_whitespace().collect())
    }

    /// Words with spaces between them, cut off at this many bytes.
    pub(crate) fn fill(&self, bytes: usize, random: &mut StdRng) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            text.push_str(self.0[random.random_range(0..self.0.len())]);
            text.push(' ');
        }
        text.truncate(bytes);
        text
    }

    #[cfg(test)]
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.0.contains(&word)
    }
}
