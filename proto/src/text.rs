//! Names and texts. A value of these types has been checked; there is no other way to make one,
//! from the wire neither.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;
use crate::wire::codec;

/// Why a name or a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It has fewer bytes than required.
    #[error("it is shorter than {min_bytes} bytes")]
    TooShort {
        /// The least number of bytes.
        min_bytes: usize,
    },
    /// It has more bytes than allowed.
    #[error("it is longer than {max_bytes} bytes")]
    TooLong {
        /// The greatest number of bytes.
        max_bytes: usize,
    },
    /// A character that would make two names look alike, or break a line.
    #[error("it contains the character U+{0:04X}, which a name cannot have")]
    Character(u32),
    /// Names begin with neither of the two, since `#group` and `@user` are how people write
    /// targets.
    #[error("it begins with # or @")]
    Sigil,
}

macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and takes the string.
            ///
            /// # Errors
            /// Says which rule it breaks.
            pub fn new(raw: impl Into<Box<str>>) -> Result<Self, TextError> {
                let raw = raw.into();
                let check: fn(&str) -> Result<(), TextError> = $check;
                check(&raw)?;
                Ok(Self(raw))
            }

            /// The string.
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
                codec::checked_text(d, |raw| Self::new(raw))
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

checked! {
    /// The text of a message: any UTF-8 of at most [`limits::TEXT_BYTES_MAX`] bytes, kept byte for
    /// byte.
    Text, |raw| at_most(raw, limits::TEXT_BYTES_MAX)
}
shown!(Text);

checked! {
    /// What is said of an attachment: any UTF-8 of at most [`limits::CAPTION_BYTES_MAX`] bytes,
    /// kept byte for byte; may be empty.
    Caption, |raw| at_most(raw, limits::CAPTION_BYTES_MAX)
}
shown!(Caption);

checked! {
    /// A user's name: visible characters without white space, not beginning with `#` or `@`.
    UserName, |raw| name(raw, limits::USER_NAME_BYTES_MAX, |_| false)
}
shown!(UserName);

checked! {
    /// A group's name: visible characters and inner spaces, not beginning with `#` or `@`.
    GroupName, |raw| name(raw, limits::GROUP_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(GroupName);

checked! {
    /// What a group is about: one line of visible characters and spaces, of at most
    /// [`limits::TOPIC_BYTES_MAX`] bytes; may be empty.
    Topic, |raw| {
        at_most(raw, limits::TOPIC_BYTES_MAX)?;
        match raw.chars().find(|&c| is_invisible(c)) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(()),
        }
    }
}
shown!(Topic);

checked! {
    /// What a user calls a device: visible characters and inner spaces.
    DeviceName, |raw| name(raw, limits::DEVICE_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(DeviceName);

checked! {
    /// The name of an emoji or a sticker, such as `wave`: visible characters without white space.
    EmojiName, |raw| name(raw, limits::USER_NAME_BYTES_MAX, |_| false)
}
shown!(EmojiName);

checked! {
    /// What a user is shown as beside his name, which is what tells him from others: visible
    /// characters and inner spaces.
    DisplayName, |raw| name(raw, limits::DISPLAY_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(DisplayName);

checked! {
    /// What a user says of himself: any UTF-8 of at most [`limits::ABOUT_BYTES_MAX`] bytes, but not
    /// nothing.
    About, |raw| if raw.is_empty() { Err(TextError::Empty) } else { at_most(raw, limits::ABOUT_BYTES_MAX) }
}
shown!(About);

checked! {
    /// The name of a setting of the server, such as `direct-chats`: visible characters without
    /// white space.
    SettingName, |raw| name(raw, limits::SETTING_NAME_BYTES_MAX, |_| false)
}
shown!(SettingName);

checked! {
    /// The value of a setting, as people write it: visible characters and inner spaces.
    SettingValue, |raw| name(raw, limits::SETTING_VALUE_BYTES_MAX, |c| c == ' ')
}
shown!(SettingValue);

checked! {
    /// What a client calls a file: visible characters and inner spaces, but no separator of paths.
    /// It is shown to people and never used as a path.
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

checked! {
    /// A password as its owner typed it. It shows itself nowhere.
    Password, |raw| {
        if raw.len() < limits::PASSWORD_BYTES_MIN {
            return Err(TextError::TooShort { min_bytes: limits::PASSWORD_BYTES_MIN });
        }
        at_most(raw, limits::PASSWORD_BYTES_MAX)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl UserName {
    /// The form under which two names count as alike when somebody joins, and in which names are
    /// searched: lower case, each character by itself, so that what begins a name begins its form
    /// as well.
    #[must_use]
    pub fn folded(&self) -> String {
        // The two lower-case sigmas are one letter, written so at the end of a word and otherwise
        // elsewhere.
        self.0
            .chars()
            .flat_map(char::to_lowercase)
            .map(|c| if c == 'ς' { 'σ' } else { c })
            .collect()
    }
}

impl GroupName {
    /// The form under which groups are found: lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl Topic {
    /// That of a group that has none.
    #[must_use]
    pub fn none() -> Self {
        Self("".into())
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Text {
    /// Whether nothing is in it. A client cannot send such a text; an import can, since old logs
    /// have them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
    if raw.is_empty() || raw.trim() != raw {
        return Err(TextError::Empty);
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

/// Control characters, and those that reorder or hide their neighbours (Unicode, "bidirectional
/// formatting" and "default ignorable").
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_to_the_byte() {
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
    fn names_that_deceive_are_refused() {
        for (raw, why) in [
            ("", TextError::Empty),
            (" bob", TextError::Empty),
            ("bo b", TextError::Character(32)),
            ("bob\0", TextError::Character(0)),
            ("b\u{202e}ob", TextError::Character(0x202e)),
            ("b\u{200b}ob", TextError::Character(0x200b)),
            ("@bob", TextError::Sigil),
            ("#bob", TextError::Sigil),
        ] {
            assert_eq!(UserName::new(raw), Err(why), "{raw:?}");
        }
        for raw in ["bob", "[gnome]^_`{|}", "小明", "o'neil-2"] {
            assert!(UserName::new(raw).is_ok(), "{raw:?}");
        }
        assert!(GroupName::new("the whole team").is_ok());
        assert!(GroupName::new("two\nlines").is_err());
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
        assert_eq!(Topic::new("two\nlines"), Err(TextError::Character(10)));
        assert_eq!(
            Topic::new("x".repeat(513)),
            Err(TextError::TooLong {
                max_bytes: limits::TOPIC_BYTES_MAX
            })
        );
    }

    #[test]
    fn what_begins_a_name_begins_its_folded_form() {
        let folded = |raw: &str| UserName::new(raw).unwrap().folded();
        for name in ["BoB", "ΟΔΟΣΑΣ", "Ärger", "İz", "小明"] {
            let starts = name
                .char_indices()
                .skip(1)
                .map(|(at, _)| at)
                .chain([name.len()]);
            starts.for_each(|end| {
                assert!(
                    folded(name).starts_with(&folded(&name[..end])),
                    "{name} {end}"
                )
            });
        }
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
    }

    #[test]
    fn a_password_never_shows_itself() {
        let password = Password::new("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(
            Password::new("short"),
            Err(TextError::TooShort { min_bytes: 8 })
        );
    }
}
