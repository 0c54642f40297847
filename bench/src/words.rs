//! What messages are made of: words, such that they compress as people's do.

use rand::RngExt as _;
use rand::rngs::StdRng;

const WORDS: &str = "the server is down again please look at it when you have time thanks build failed on main because of a missing file I \
will fix that tomorrow morning unless someone else wants to do this now meeting moved from nine ten o'clock in big room coffee anyone sure \
no problem deploy done all green nice work everybody see notes here and there ok";

/// The words that texts are put together from.
#[derive(Clone, Debug)]
pub struct Words(Vec<&'static str>);

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

impl Words {
    pub fn new() -> Self {
        Self(WORDS.split_whitespace().collect())
    }

    /// Words with blanks between them, cut off at so many bytes.
    pub fn fill(&self, bytes: usize, random: &mut StdRng) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            text.push_str(self.0[random.random_range(0..self.0.len())]);
            text.push(' ');
        }
        text.truncate(bytes);
        text
    }

    /// Whether it is one of the words.
    #[cfg(test)]
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(&word)
    }
}
