//! Names of users, groups and emoji.
//!
//! A new name must be in the composed form (NFC) and free of characters without a shape. Names
//! that are read from a server or from its storage only have to satisfy the rules under which older
//! versions accepted them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{TextError, at_most, blank_at_end, is_invisible};
use crate::limits;
use crate::wire::codec;

checked! {
    /// A user's name: letters and digits of any script and visible ASCII, not beginning with `#` or
    /// `@`.
    UserName, |raw| new(raw, limits::USER_NAME_BYTES_MAX, cairn_text::user_name_fault),
    stored |raw| stored(raw, limits::USER_NAME_BYTES_MAX, |_| false)
}
shown!(UserName);

checked! {
    /// A group's name: visible characters and inner spaces, not beginning with `#` or `@`, and
    /// neither `.` nor `..` nor `id:NUMBER`, which have a meaning in commands.
    GroupName, |raw| match is_address(&cairn_text::nickname_key(raw)) {
        true => Err(TextError::Reserved),
        false => new(raw, limits::GROUP_NAME_BYTES_MAX, cairn_text::nickname_fault),
    },
    stored |raw| stored(raw, limits::GROUP_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(GroupName);

checked! {
    /// A name shown next to the unique user name: visible characters and inner spaces.
    DisplayName, |raw| new(raw, limits::DISPLAY_NAME_BYTES_MAX, cairn_text::nickname_fault),
    stored |raw| stored(raw, limits::DISPLAY_NAME_BYTES_MAX, |c| c == ' ')
}
shown!(DisplayName);

checked! {
    /// A reaction or a sticker: the name of an emoji without its colons, such as `wave`, or the
    /// emoji itself, one sequence that Unicode recommends for interchange.
    EmojiName, |raw| match cairn_text::is_emoji(raw) {
        true => Ok(()),
        false => new(raw, limits::USER_NAME_BYTES_MAX, cairn_text::user_name_fault),
    },
    stored |raw| stored(raw, limits::USER_NAME_BYTES_MAX, |_| false)
}
shown!(EmojiName);

/// Names that a request introduces.
pub(crate) trait New: Sized {
    fn new_name(raw: &str) -> Result<Self, TextError>;
}

macro_rules! typed {
    ($($name:ident),+) => {$(
        impl New for $name {
            fn new_name(raw: &str) -> Result<Self, TextError> {
                Self::new(raw)
            }
        }

        impl $name {
            /// Validates a new name as a user typed it: composed, and without blanks at its ends.
            ///
            /// # Errors
            /// Returns the rule that the name breaks.
            pub fn typed(raw: &str) -> Result<Self, TextError> {
                Self::new(cairn_text::composed_name(raw))
            }
        }
    )+};
}
typed!(UserName, GroupName, DisplayName);

impl New for EmojiName {
    fn new_name(raw: &str) -> Result<Self, TextError> {
        Self::new(raw)
    }
}

macro_rules! sought {
    ($($name:ident, $max:expr, $also:expr;)+) => {$(
        impl $name {
            /// Validates the name of something that may exist, as a user typed it. Unlike
            /// [`Self::typed`], it accepts names from before the current rules.
            ///
            /// # Errors
            /// Returns the rule that the name breaks.
            pub fn sought(raw: &str) -> Result<Self, TextError> {
                let raw = cairn_text::composed_name(raw);
                stored(&raw, $max, $also)?;
                Ok(Self(raw.into()))
            }
        }
    )+};
}
sought! {
    UserName, limits::USER_NAME_BYTES_MAX, |_| false;
    GroupName, limits::GROUP_NAME_BYTES_MAX, |c| c == ' ';
}

/// Reads a name that a request introduces.
pub(crate) fn new_name<'de, D: Deserializer<'de>, T: New>(d: D) -> Result<T, D::Error> {
    codec::checked_text(d, T::new_name)
}

impl UserName {
    /// Returns the key under which names are unique and searched: the UsernameCaseMapped profile
    /// of RFC 8265. A prefix of a name has a prefix of its key.
    #[must_use]
    pub fn folded(&self) -> String {
        cairn_text::user_key(&self.0)
    }

    /// Returns what the name looks like. Of two names with the same skeleton, each can be taken for
    /// the other.
    #[must_use]
    pub fn skeleton(&self) -> String {
        cairn_text::skeleton(&self.0)
    }

    /// Returns whether no user can have the name, because it addresses others: `all`, `everyone`,
    /// `here`, `channel`, `.`, `..` and `id:NUMBER`.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let key = self.folded();
        matches!(key.as_str(), "all" | "everyone" | "here" | "channel") || is_address(&key)
    }
}

impl GroupName {
    /// Returns the key under which groups are looked up: the Nickname profile of RFC 8266.
    #[must_use]
    pub fn folded(&self) -> String {
        cairn_text::nickname_key(&self.0)
    }
}

impl DisplayName {
    /// Returns whether the name satisfies the rules for new names.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        Self::new(self.as_str()).is_ok()
    }
}

impl EmojiName {
    /// Validates an emoji or a name as a user typed it: composed, without blanks at its ends, and
    /// with the variation selectors that an emoji needs.
    ///
    /// # Errors
    /// Returns the rule that the name breaks.
    pub fn typed(raw: &str) -> Result<Self, TextError> {
        let raw = cairn_text::composed_name(raw);
        Self::new(cairn_text::qualified_emoji(&raw).unwrap_or(&raw))
    }

    /// Returns whether this is the emoji itself and not its name.
    #[must_use]
    pub fn is_sequence(&self) -> bool {
        cairn_text::is_emoji(&self.0)
    }
}

/// `.`, `..` and `id:NUMBER`.
fn is_address(key: &str) -> bool {
    let is_number = |raw: &str| !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit());
    matches!(key, "." | "..") || key.strip_prefix("id:").is_some_and(is_number)
}

fn new(raw: &str, max_bytes: usize, fault: fn(&str) -> Option<char>) -> Result<(), TextError> {
    check_ends(raw, max_bytes)?;
    if let Some(c) = fault(raw) {
        return Err(TextError::Character(c.into()));
    }
    match cairn_text::is_composed(raw) {
        true => Ok(()),
        false => Err(TextError::NotComposed),
    }
}

/// The rules of older versions, which accept every new name too.
fn stored(raw: &str, max_bytes: usize, also: fn(char) -> bool) -> Result<(), TextError> {
    check_ends(raw, max_bytes)?;
    let is_joiner = |c| matches!(c, '\u{200c}' | '\u{200d}');
    let is_fault =
        |&c: &char| !also(c) && (c.is_whitespace() || (is_invisible(c) && !is_joiner(c)));
    match raw.chars().find(is_fault) {
        Some(c) => Err(TextError::Character(c.into())),
        None => Ok(()),
    }
}

fn check_ends(raw: &str, max_bytes: usize) -> Result<(), TextError> {
    at_most(raw, max_bytes)?;
    if raw.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if let Some(blank) = blank_at_end(raw) {
        return Err(TextError::Character(blank.into()));
    }
    match raw.starts_with(['#', '@']) {
        true => Err(TextError::Sigil),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ConversationId, MsgId, UserId};
    use crate::wire::codec::{decode, encode};
    use crate::wire::request::group::CreateGroup;
    use crate::wire::request::message::React;
    use crate::wire::request::people::RenameUser;

    #[test]
    fn deceptive_names_are_refused() {
        for (raw, why) in [
            ("", TextError::Empty),
            (" \u{3000}", TextError::Empty),
            (" bob", TextError::Character(32)),
            ("bo b", TextError::Character(32)),
            ("bob\0", TextError::Character(0)),
            ("b\u{202e}ob", TextError::Character(0x202e)),
            ("b\u{200b}ob", TextError::Character(0x200b)),
            ("b\u{200d}ob", TextError::Character(0x200d)),
            ("\u{fe0f}", TextError::Character(0xfe0f)),
            ("\u{3164}", TextError::Character(0x3164)),
            ("\u{2800}", TextError::Character(0x2800)),
            ("zoe\u{308}", TextError::NotComposed),
            ("@bob", TextError::Sigil),
            ("#bob", TextError::Sigil),
        ] {
            assert_eq!(UserName::new(raw), Err(why), "{raw:?}");
            if raw != "bo b" {
                assert_eq!(GroupName::new(raw), Err(why), "{raw:?}");
                assert_eq!(DisplayName::new(raw), Err(why), "{raw:?}");
            }
        }
        for raw in [
            "bob",
            "[gnome]^_`{|}",
            "小明",
            "o'neil-2",
            "می\u{200c}خواهم",
        ] {
            assert!(UserName::new(raw).is_ok(), "{raw:?}");
        }
        for raw in ["the whole team", "🏳️‍🌈 pride", "R&D", "عاشق می\u{200c}شوم"]
        {
            assert!(GroupName::new(raw).is_ok(), "{raw:?}");
            assert!(DisplayName::new(raw).is_ok(), "{raw:?}");
        }
        assert!(GroupName::new("two\nlines").is_err());
    }

    #[test]
    fn typed_names_are_composed_and_trimmed() {
        for (raw, name) in [
            (" zoe\u{308}\t", "zoë"),
            ("\u{a0}Bob\n", "Bob"),
            ("\u{3000}小明 ", "小明"),
        ] {
            assert_eq!(UserName::typed(raw).unwrap().as_str(), name);
            assert_eq!(UserName::sought(raw).unwrap().as_str(), name);
        }
        let name = GroupName::typed(" the\u{a0}te\u{301}am ").unwrap();
        assert_eq!(name.as_str(), "the téam");
        assert_eq!(UserName::typed(" \t"), Err(TextError::Empty));
    }

    #[test]
    fn names_of_older_versions_are_read() {
        for old in ["zoe\u{308}", "\u{3164}", "bob🎉", "\u{fe0f}"] {
            assert!(UserName::new(old).is_err(), "{old:?}");
            let read: UserName = decode(&encode(&old), 64).unwrap();
            assert_eq!(read.as_str(), old);
        }
        assert!(decode::<UserName>(&encode("b\u{202e}ob"), 64).is_err());
    }

    #[test]
    fn requests_introduce_no_names_of_older_versions() {
        for old in ["zoe\u{308}", "\u{3164}", "\u{fe0f}", "in\u{200d}side"] {
            let name: GroupName = decode(&encode(old), 64).unwrap();
            let request = encode(&CreateGroup {
                name,
                members: Vec::new(),
            });
            assert!(decode::<CreateGroup>(&request, 64).is_err(), "{old:?}");
            let emoji: EmojiName = decode(&encode(old), 64).unwrap();
            let request = encode(&React {
                conversation: ConversationId::new(1),
                msgid: MsgId::new(1),
                emoji,
            });
            assert!(decode::<React>(&request, 64).is_err(), "{old:?}");
            let name: UserName = decode(&encode(old), 64).unwrap();
            let user = UserId::new(1);
            let request = encode(&RenameUser { user, name });
            assert!(decode::<RenameUser>(&request, 64).is_err(), "{old:?}");
        }
    }

    #[test]
    fn reactions_are_emoji_or_names() {
        for raw in ["👩‍💻", "🏳️‍🌈", "👍", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "heart", "+1", "非常好"]
        {
            assert!(EmojiName::new(raw).is_ok(), "{raw}");
        }
        for raw in ["👍👍", "👩‍", "🌈🏽", "a b", "\u{200d}", "\u{fe0f}", "x👍"] {
            assert!(EmojiName::new(raw).is_err(), "{raw}");
        }
        assert!(EmojiName::new("👩‍💻").unwrap().is_sequence());
        assert!(!EmojiName::new("heart").unwrap().is_sequence());
        for (typed, emoji) in [
            ("❤", "❤\u{fe0f}"),
            (" ☎ ", "☎\u{fe0f}"),
            ("👁‍🗨", "👁\u{fe0f}‍🗨\u{fe0f}"),
            ("👍", "👍"),
            ("1⃣", "1\u{fe0f}⃣"),
        ] {
            assert_eq!(EmojiName::typed(typed).unwrap().as_str(), emoji);
        }
        assert!(EmojiName::typed("❤❤").is_err());
        assert_eq!(
            EmojiName::typed("1").unwrap().as_str(),
            "1",
            "a name, not a keycap"
        );
    }

    #[test]
    fn names_that_address_others_are_reserved() {
        for raw in [
            "all",
            "Everyone",
            "HERE",
            "channel",
            ".",
            "..",
            "id:7",
            "ａｌｌ",
        ] {
            assert!(UserName::new(raw).unwrap().is_reserved(), "{raw}");
        }
        for raw in ["allan", "id:x", "id:", "...", "there"] {
            assert!(!UserName::new(raw).unwrap().is_reserved(), "{raw}");
        }
        for raw in ["id:7", "..", "ID:7"] {
            assert_eq!(GroupName::new(raw), Err(TextError::Reserved), "{raw}");
        }
        assert!(GroupName::new("all").is_ok());
    }

    #[test]
    fn prefixes_fold_to_prefixes() {
        let folded = |raw: &str| UserName::new(raw).unwrap().folded();
        for name in ["BoB", "ΟΔΟΣΑΣ", "Ärger", "İz", "小明", "ｂｏｂ"] {
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
}
