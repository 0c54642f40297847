//! Text that becomes part of a page and stays text.

use std::fmt::{self, Write as _};

/// Shows a text so that nothing in it is taken for markup, inside of elements and of quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_could_be_markup() {
        assert_eq!(
            Escaped("a<b & \"c\" 'd'> é").to_string(),
            "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt; é"
        );
    }
}
