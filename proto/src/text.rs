//! Names and texts. Every value has been validated: construction and deserialization apply the same
//! rules.

mod password;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;
use crate::wire::codec;

pub use self::password::Password;

/// The reasons why a name or text is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The string is empty.
    #[error("it is empty")]
    Empty,
    /// The string is too short.
    #[error("it is shorter than {min_bytes} bytes")]
    TooShort {
        /// The minimum, in bytes.
        min_bytes: usize,
    },
    /// The string is too long.
    #[error("it is longer than {max_bytes} bytes")]
    TooLong {
        /// The maximum, in bytes.
        max_bytes: usize,
    },
    /// A code point that could make two names look alike, or break a line.
    #[error("it contains the character U+{0:04X}, which names must not contain")]
    Character(u32),
    /// A code point that no new password may contain.
    #[error("it contains the character U+{0:04X}, which passwords must not contain")]
    PasswordCharacter(u32),
    /// The name is not in Unicode's composed form.
    #[error("it is not in the composed form, NFC")]
    NotComposed,
    /// The name has a meaning of its own in texts or commands.
    #[error("this name is reserved")]
    Reserved,
    /// The name begins with `#` or `@`, which mark groups and users in commands.
    #[error("it begins with # or @")]
    Sigil,
}

macro_rules! checked {
    (
        $(#[$doc:meta])* $name:ident, $check:expr
        $(, none if $is_none:expr)? $(, stored $stored:expr)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Validates and wraps a string.
            ///
            /// # Errors
            /// Returns the rule that the string breaks.
            pub fn new(raw: impl Into<Box<str>>) -> Result<Self, TextError> {
                let raw = raw.into();
                $(if $is_none(&raw) {
                    return Ok(Self("".into()));
                })?
                let check: fn(&str) -> Result<(), TextError> = $check;
                check(&raw)?;
                Ok(Self(raw))
            }

            fn read(raw: &str) -> Result<Self, TextError> {
                $(
                    let stored: fn(&str) -> Result<(), TextError> = $stored;
                    return stored(raw).map(|()| Self(raw.into()));
                )?
                #[allow(unreachable_code, reason = "after a rule for stored names")]
                Self::new(raw)
            }

            /// Returns the string.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(s: &str) -> Result<Self, TextError> {
                Self::new(s)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                codec::checked_text(d, Self::read)
            }
        }
    };
}

macro_rules! shown {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

mod desk;
mod name;

pub use desk::{AttrName, AttrValue, DeskText, Language, PageUrl, SignedIdentity, Tag, ZoneName};
pub(crate) use name::new_name;
pub use name::{DisplayName, EmojiName, GroupName, UserName};

checked! {
    /// The text of a message: any UTF-8 of up to [`limits::TEXT_BYTES_MAX`] bytes, preserved byte
    /// for byte.
    Text, Text::check
}
shown!(Text);

checked! {
    /// The caption of an attachment: any UTF-8 of up to [`limits::CAPTION_BYTES_MAX`] bytes,
    /// preserved byte for byte; may be empty. A caption of which nothing would be seen is the empty
    /// one.
    Caption, |raw| at_most(raw, limits::CAPTION_BYTES_MAX), none if cairn_text::is_blank
}
shown!(Caption);

checked! {
    /// A group's topic: one line of visible characters and spaces, up to
    /// [`limits::TOPIC_BYTES_MAX`] bytes; may be empty. A topic of which nothing would be seen is
    /// the empty one.
    Topic, |raw| {
        at_most(raw, limits::TOPIC_BYTES_MAX)?;
        match raw.chars().find(|&c| is_invisible(c)) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(()),
        }
    }, none if cairn_text::is_blank
}
shown!(Topic);

checked! {
    /// A device's name: visible characters and inner spaces.
    DeviceName, |raw| name(raw, limits::DEVICE_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(DeviceName);

checked! {
    /// A profile's description: any non-empty UTF-8 of up to [`limits::ABOUT_BYTES_MAX`] bytes.
    About, |raw| match raw {
        "" => Err(TextError::Empty),
        _ => at_most(raw, limits::ABOUT_BYTES_MAX),
    }
}
shown!(About);

checked! {
    /// A word or phrase that notifies its user as a mention does: visible characters and inner
    /// spaces.
    Keyword, |raw| match cairn_text::is_blank(raw) {
        true => Err(TextError::Empty),
        false => name(raw, limits::KEYWORD_BYTES_MAX, |c| c == ' ' || c == '#' || c == '@'),
    }
}
shown!(Keyword);

checked! {
    /// The name of a server setting, such as `direct-chats`: visible characters without white
    /// space.
    SettingName, |raw| name(raw, limits::SETTING_NAME_BYTES_MAX, |_| false)
}
shown!(SettingName);

checked! {
    /// The value of a server setting in its textual form: visible characters and inner spaces.
    SettingValue, |raw| name(raw, limits::SETTING_VALUE_BYTES_MAX, |c| c == ' ')
}
shown!(SettingValue);

checked! {
    /// A file's name: visible characters and inner spaces, without path separators. For display
    /// only; never use it as a path.
    FileName, |raw| {
        name(raw, limits::FILE_NAME_BYTES_MAX, |c| c == ' ' || c == '#' || c == '@')?;
        match raw.chars().find(|c| matches!(c, '/' | '\\')) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(()),
        }
    }
}
shown!(FileName);

checked! {
    /// A media type such as `image/png`: printable ASCII without spaces.
    MediaType, |raw| {
        name(raw, limits::MEDIA_TYPE_BYTES_MAX, |_| false)?;
        match raw.chars().find(|c| !c.is_ascii_graphic()) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(()),
        }
    }
}
shown!(MediaType);

impl Keyword {
    /// Validates a keyword as a user typed it: composed, and without blanks at its ends.
    ///
    /// # Errors
    /// Returns the rule that the keyword breaks.
    pub fn typed(raw: &str) -> Result<Self, TextError> {
        Self::new(cairn_text::composed_name(raw))
    }

    /// Returns the key by which keywords are compared, among themselves and with texts.
    #[must_use]
    pub fn folded(&self) -> String {
        cairn_text::nickname_key(&self.0)
    }
}

impl Topic {
    /// Returns the empty topic.
    #[must_use]
    pub fn none() -> Self {
        Self("".into())
    }

    /// Returns whether the topic is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Text {
    pub(crate) fn check(raw: &str) -> Result<(), TextError> {
        at_most(raw, limits::TEXT_BYTES_MAX)
    }

    /// Returns the empty text.
    #[must_use]
    pub fn none() -> Self {
        Self("".into())
    }

    /// Returns whether nothing of the text would be seen: it is empty, or consists of blanks and of
    /// characters that have no shape. Clients cannot send blank texts; imports can, since old logs
    /// contain them.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        cairn_text::is_blank(&self.0)
    }
}

fn at_most(raw: &str, max_bytes: usize) -> Result<(), TextError> {
    if raw.len() > max_bytes {
        Err(TextError::TooLong { max_bytes })
    } else {
        Ok(())
    }
}

fn name(raw: &str, max_bytes: usize, also: fn(char) -> bool) -> Result<(), TextError> {
    at_most(raw, max_bytes)?;
    if raw.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if let Some(blank) = blank_at_end(raw) {
        return Err(TextError::Character(blank.into()));
    }
    if raw.starts_with(['#', '@']) && !also('#') {
        return Err(TextError::Sigil);
    }
    match raw
        .chars()
        .find(|&c| !also(c) && (c.is_whitespace() || is_invisible(c)))
    {
        Some(c) => Err(TextError::Character(c.into())),
        None => Ok(()),
    }
}

fn blank_at_end(raw: &str) -> Option<char> {
    let ends = [raw.chars().next(), raw.chars().next_back()];
    ends.into_iter().flatten().find(|c| c.is_whitespace())
}

/// Returns whether `c` is a control character, or one that reorders or hides its neighbours
/// (Unicode bidirectional formatting and default-ignorable code points).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_limits_are_exact() {
        assert!(Text::new("x".repeat(limits::TEXT_BYTES_MAX)).is_ok());
        let long = Text::new("x".repeat(limits::TEXT_BYTES_MAX + 1));
        assert_eq!(
            long,
            Err(TextError::TooLong {
                max_bytes: limits::TEXT_BYTES_MAX
            })
        );
        assert_eq!(Text::new("a\u{2}b\r\0").unwrap().as_str(), "a\u{2}b\r\0");
    }

    #[test]
    fn deceptive_names_are_refused() {
        for (raw, why) in [
            ("", TextError::Empty),
            (" ", TextError::Empty),
            (" bob", TextError::Character(32)),
            ("bob\0", TextError::Character(0)),
            ("b\u{202e}ob", TextError::Character(0x202e)),
            ("b\u{200b}ob", TextError::Character(0x200b)),
            ("@bob", TextError::Sigil),
            ("#bob", TextError::Sigil),
        ] {
            assert_eq!(DeviceName::new(raw), Err(why), "{raw:?}");
        }
        assert!(FileName::new("#1 report.pdf").is_ok());
        for path in ["../../etc/passwd", "c:\\boot.ini", "/", "a\0b"] {
            assert!(FileName::new(path).is_err(), "{path:?}");
        }
        assert!(MediaType::new("image/ä").is_err());
        assert_eq!(
            Topic::new("#1: what we are about, 世界"),
            "#1: what we are about, 世界".parse()
        );
        assert!(Topic::none().is_empty());
        for keyword in ["deploy", "@oncall", "#42", "on call", "发布", "!"] {
            assert!(
                Keyword::typed(&format!(" {keyword}\t")).is_ok(),
                "{keyword:?}"
            );
        }
        for blank in ["", " ", "\u{3164}", "\u{200b}"] {
            assert_eq!(Keyword::typed(blank), Err(TextError::Empty), "{blank:?}");
        }
        for blank in ["", "  ", "\u{200b}", "\u{3164}\u{fe0f}", "\n"] {
            assert_eq!(Topic::new(blank), Ok(Topic::none()), "{blank:?}");
            assert_eq!(Caption::new(blank).unwrap().as_str(), "", "{blank:?}");
        }
        assert_eq!(Topic::new("two\nlines"), Err(TextError::Character(10)));
        assert_eq!(
            Topic::new("x".repeat(513)),
            Err(TextError::TooLong {
                max_bytes: limits::TOPIC_BYTES_MAX
            })
        );
    }
}
