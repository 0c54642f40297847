//! Passwords, compared as PRECIS OpaqueString (RFC 8265, section 4.2): the same password typed on
//! another keyboard or system is the same.
//!
//! Two rules are wider than the profile. Code points that Unicode has not assigned are permitted,
//! so that no password depends on a version of Unicode; and joiners are permitted between
//! non-ASCII characters, regardless of their scripts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

use super::{TextError, at_most};
use crate::limits;
use crate::wire::codec;

/// A password. Its `Debug` form hides it.
///
/// It is normalised: spaces are U+0020, and characters composed (NFC). Case counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

impl Password {
    /// Normalises and checks a new password.
    ///
    /// # Errors
    /// Returns the rule that the string breaks.
    pub fn new(raw: impl AsRef<str>) -> Result<Self, TextError> {
        let password = Self::existing(raw)?;
        password.check_new()?;
        Ok(password)
    }

    /// Normalises a password to log in with. Earlier versions permitted any characters in it.
    ///
    /// # Errors
    /// Returns the rule that the string breaks: only its length is checked.
    pub fn existing(raw: impl AsRef<str>) -> Result<Self, TextError> {
        let normal = normalized(raw.as_ref());
        if normal.len() < limits::PASSWORD_BYTES_MIN {
            return Err(TextError::TooShort {
                min_bytes: limits::PASSWORD_BYTES_MIN,
            });
        }
        at_most(&normal, limits::PASSWORD_BYTES_MAX)?;
        Ok(Self(normal.into()))
    }

    /// Checks the characters of a new password.
    ///
    /// # Errors
    /// Returns the first character that no new password may contain.
    pub fn check_new(&self) -> Result<(), TextError> {
        match refused_character(&self.0) {
            Some(c) => Err(TextError::PasswordCharacter(c.into())),
            None => Ok(()),
        }
    }

    /// Returns the password.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the decomposed form (NFD) if it differs. Earlier versions hashed passwords as typed,
    /// and some systems type this form.
    #[must_use]
    pub fn decomposed(&self) -> Option<String> {
        let decomposed: String = self.0.nfd().collect();
        (*decomposed != *self.0).then_some(decomposed)
    }
}

impl std::str::FromStr for Password {
    type Err = TextError;

    fn from_str(s: &str) -> Result<Self, TextError> {
        Self::new(s)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        codec::checked_text(d, |raw| Self::existing(raw))
    }
}

fn normalized(raw: &str) -> String {
    raw.chars()
        .map(|c| if is_space(c) { ' ' } else { c })
        .nfc()
        .collect()
}

/// Returns whether `c` is a space other than U+0020 (general category Zs).
const fn is_space(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

fn refused_character(normal: &str) -> Option<char> {
    let mut before = None;
    let mut chars = normal.chars().peekable();
    while let Some(c) = chars.next() {
        let is_joiner = matches!(c, '\u{200c}' | '\u{200d}');
        let joins = [before, chars.peek().copied()]
            .into_iter()
            .all(|beside| beside.is_some_and(|beside| !beside.is_ascii()));
        if is_refused(c) && !(is_joiner && joins) {
            return Some(c);
        }
        before = Some(c);
    }
    None
}

/// Returns whether the FreeformClass of PRECIS (RFC 8264) has no place for `c`: control and private
/// characters, default-ignorable code points, noncharacters, and conjoining Hangul.
fn is_refused(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || code & 0xfffe == 0xfffe
        || matches!(
            code,
            0xad | 0x34f | 0x61c | 0x3164 | 0xfeff | 0xffa0
                | 0x1100..=0x11ff
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0xa960..=0xa97c
                | 0xd7b0..=0xd7fb
                | 0xe000..=0xf8ff
                | 0xfdd0..=0xfdef
                | 0xfe00..=0xfe0f
                | 0xfff0..=0xfff8
                | 0x1_bca0..=0x1_bca3
                | 0x1_d173..=0x1_d17a
                | 0xe_0000..=0xe_0fff
                | 0xf_0000..=0x10_ffff
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden() {
        let password = Password::new("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(
            Password::new("short"),
            Err(TextError::TooShort { min_bytes: 8 })
        );
    }

    #[test]
    fn typing_on_another_system_gives_the_same_password() {
        for (typed, same) in [
            ("cafe\u{301} société", "caf\u{e9} socie\u{301}te\u{301}"),
            ("Ångstro\u{308}m 1", "A\u{30a}ngström 1"),
            (
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}!!",
                "한글!!",
            ),
            ("correct\u{a0}horse", "correct horse"),
            ("correct\u{3000}horse", "correct horse"),
            (
                "\u{1e9b}\u{323} long enough",
                "\u{17f}\u{323}\u{307} long enough",
            ),
        ] {
            assert_eq!(Password::new(typed), Password::new(same), "{typed}");
            assert!(Password::new(typed).is_ok(), "{typed}");
        }
        // Case counts, and so does width.
        assert_ne!(
            Password::new("Correct horse"),
            Password::new("correct horse")
        );
        assert_ne!(
            Password::new("ｃorrect horse"),
            Password::new("correct horse")
        );
    }

    #[test]
    fn ascii_is_unchanged() {
        let ascii: String = (' '..='~').collect();
        assert_eq!(Password::new(&ascii).unwrap().as_str(), ascii);
        assert_eq!(Password::new(&ascii).unwrap().decomposed(), None);
    }

    #[test]
    fn refused_characters_are_named() {
        for (raw, code) in [
            ("correct\thorse", 9),
            ("correct\u{200b}horse", 0x200b),
            ("correct\u{ad}horse", 0xad),
            ("correct\u{202e}horse", 0x202e),
            ("correct\u{fe0f}horse", 0xfe0f),
            ("correct\u{200d}horse", 0x200d),
            ("correct\u{e000}horse", 0xe000),
            ("correct\u{fffe}horse", 0xfffe),
        ] {
            let found = Password::new(raw);
            assert_eq!(found, Err(TextError::PasswordCharacter(code)), "{raw:?}");
            // Who has such a password still logs in.
            assert_eq!(Password::existing(raw).unwrap().as_str(), raw);
        }
        for raw in ["👩\u{200d}💻 at work", "می\u{200c}خواهم", "пароль 密码"] {
            assert!(Password::new(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_normal_form() {
        let umlauts = "u\u{308}".repeat(limits::PASSWORD_BYTES_MAX / 2);
        assert_eq!(
            Password::new(&umlauts).unwrap().as_str().len(),
            limits::PASSWORD_BYTES_MAX
        );
        assert!(Password::new(umlauts + "x").is_err());
        assert!(Password::new("u\u{308}u\u{308}u\u{308}").is_err());
    }
}
