//! Words of messages that compress like natural text.

use rand::RngExt as _;
use rand::rngs::StdRng;

pub(crate) const WORDS: &str = "\
    the server is down again please look at it when you have time thanks build failed on main \
    because of a missing file I will fix that tomorrow morning unless someone else wants to do \
    this now meeting moved from nine ten o'clock in big room coffee anyone sure no problem deploy \
    done all green nice work everybody see notes here and there ok";

/// Words with spaces between them, cut off at this length.
pub(crate) fn words(bytes: usize, random: &mut StdRng) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        text.push_str(words[random.random_range(0..words.len())]);
        text.push(' ');
    }
    text.truncate(bytes);
    text
}
