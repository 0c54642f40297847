//! Texts of the support desk.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{TextError, at_most, is_invisible, name};
use crate::limits;
use crate::wire::codec;

checked! {
    /// A greeting, a note to an offer, a canned reply or the text of a rating: any UTF-8 of up to
    /// [`limits::DESK_TEXT_BYTES_MAX`] bytes, preserved byte for byte; may be empty.
    DeskText, |raw| at_most(raw, limits::DESK_TEXT_BYTES_MAX)
}
shown!(DeskText);

checked! {
    /// A tag of an inquiry, a topic to choose from, or the name of a canned reply: visible
    /// characters and inner spaces.
    Tag, |raw| name(raw, limits::TAG_BYTES_MAX, |c| c == ' ' || c == '#' || c == '@')
}
shown!(Tag);

checked! {
    /// The page that a visitor was on: an address in one line without blanks. For display only;
    /// never opened by the server.
    PageUrl, |raw| name(raw, limits::PAGE_URL_BYTES_MAX, |c| c == '#' || c == '@')
}
shown!(PageUrl);

checked! {
    /// The name of a visitor's attribute: lower-case ASCII letters, digits, `_`, `.` and `-`.
    AttrName, |raw| ascii(raw, limits::ATTR_NAME_BYTES_MAX, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-')
    })
}
shown!(AttrName);

checked! {
    /// The value of a visitor's attribute: one line of visible characters and spaces; may be empty.
    AttrValue, |raw| {
        at_most(raw, limits::ATTR_VALUE_BYTES_MAX)?;
        match raw.chars().find(|&c| is_invisible(c)) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(()),
        }
    }
}
shown!(AttrValue);

checked! {
    /// A language as browsers name it, such as `zh-TW`: ASCII letters, digits and `-`.
    Language, |raw| ascii(raw, limits::LANGUAGE_BYTES_MAX, |c| {
        c.is_ascii_alphanumeric() || c == '-'
    })
}
shown!(Language);

checked! {
    /// The name of a time zone, such as `Asia/Shanghai`.
    ZoneName, |raw| ascii(raw, limits::ZONE_NAME_BYTES_MAX, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '/')
    })
}
shown!(ZoneName);

checked! {
    /// A statement of a shop about who its visitor is: `PAYLOAD.MAC`, both in base64url. Only the
    /// server checks it.
    SignedIdentity, |raw| ascii(raw, limits::IDENTITY_BYTES_MAX, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
    })
}

/// Personal data, and a credential until it expires.
impl fmt::Debug for SignedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedIdentity(..)")
    }
}

impl DeskText {
    /// Returns the empty text.
    #[must_use]
    pub fn none() -> Self {
        Self("".into())
    }

    /// Returns whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the first line of a text, cut to `max_bytes` at the end of a character.
    #[must_use]
    pub fn first_line(raw: &str, max_bytes: usize) -> Self {
        let line = raw.trim_start().lines().next().unwrap_or_default();
        let max = max_bytes.min(limits::DESK_TEXT_BYTES_MAX);
        let end = (0..=max.min(line.len())).rev();
        let end = end.into_iter().find(|&end| line.is_char_boundary(end));
        Self(
            line.get(..end.unwrap_or_default())
                .unwrap_or_default()
                .into(),
        )
    }
}

impl Language {
    /// Returns whether this is `wider` or a variant of it: `zh-TW` is one of `zh`.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        let (own, wider) = (self.0.as_bytes(), wider.0.as_bytes());
        own.split_at_checked(wider.len())
            .is_some_and(|(head, rest)| {
                head.eq_ignore_ascii_case(wider) && matches!(rest.first(), None | Some(b'-'))
            })
    }
}

fn ascii(raw: &str, max_bytes: usize, may: fn(char) -> bool) -> Result<(), TextError> {
    at_most(raw, max_bytes)?;
    if raw.is_empty() {
        return Err(TextError::Empty);
    }
    match raw.chars().find(|&c| !may(c)) {
        Some(c) => Err(TextError::Character(c.into())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_contain_their_variants() {
        let language = |raw: &str| Language::new(raw).unwrap();
        for (own, wider, is_within) in [
            ("zh-TW", "zh", true),
            ("ZH", "zh", true),
            ("zho", "zh", false),
            ("z", "zh", false),
            ("zh", "zh-TW", false),
        ] {
            let is = language(own).is_within(&language(wider));
            assert_eq!(is, is_within, "{own} within {wider}");
        }
        assert!(Language::new("de_DE").is_err());
        assert!(Language::new("").is_err());
    }

    #[test]
    fn first_lines_are_cut_between_characters() {
        let first = |raw: &str, max| DeskText::first_line(raw, max).as_str().to_owned();
        assert_eq!(first("\n where is it?\nthanks", 64), "where is it?");
        assert_eq!(first("在哪里", 7), "在哪");
        assert_eq!(first("", 7), "");
    }

    #[test]
    fn identities_are_hidden() {
        let identity = SignedIdentity::new("eyJzdWIiOiI0MiJ9.bWFj").unwrap();
        assert_eq!(format!("{identity:?}"), "SignedIdentity(..)");
        assert!(SignedIdentity::new("a b").is_err());
        assert!(SignedIdentity::new("a".repeat(limits::IDENTITY_BYTES_MAX + 1)).is_err());
    }
}
