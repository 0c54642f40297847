//! Keywords that notify like a mention.

use cairn_client::proto::text::Keyword;
use cairn_client::text::nickname_key;

/// Returns whether a text contains one of the keywords, whatever its case and width. A keyword that
/// begins or ends with a letter or digit of ASCII does not match within a longer word of those.
pub(super) fn contains_any(text: &str, keywords: &[Keyword]) -> bool {
    if keywords.is_empty() {
        return false;
    }
    let text = nickname_key(text);
    let mut keys = keywords.iter().map(|word| nickname_key(word.as_str()));
    keys.any(|key| contains(&text, &key))
}

fn contains(text: &str, key: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let found = |(at, _): (usize, &str)| {
        let (before, after) = (text.get(..at), text.get(at + key.len()..));
        let before = before.and_then(|before| before.chars().next_back());
        let after = after.and_then(|after| after.chars().next());
        let joins_before = is_word(key.chars().next()) && is_word(before);
        let joins_after = is_word(key.chars().next_back()) && is_word(after);
        !joins_before && !joins_after
    };
    !key.is_empty() && text.match_indices(key).any(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_match_whole_words() {
        let keywords = ["deploy", "发布", "c++"].map(|word| Keyword::new(word).unwrap());
        for text in [
            "Deploy now",
            "re: DEPLOY!",
            "明天发布吗",
            "in C++, or not",
            "ｄｅｐｌｏｙ",
        ] {
            assert!(contains_any(text, &keywords), "{text}");
        }
        for text in ["deployed", "redeploy", "发", "c+", ""] {
            assert!(!contains_any(text, &keywords), "{text}");
        }
        assert!(!contains_any("deploy", &[]));
    }
}
