//! A key with its modifiers, as it is written in `config.toml`: `ctrl+k`, `alt+shift+down`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A string names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no key; keys are written as ctrl+k, alt+shift+down, f1")]
pub(crate) struct ChordError(String);

const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("plus", KeyCode::Char('+')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

impl Chord {
    /// Returns the chord of an event. Shift is part of a character, and not a modifier of it.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & known;
        let code = match event.code {
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Char(c) => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(c)
            }
            KeyCode::BackTab => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::BackTab
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// Returns the character that the key types, if it is one without modifiers.
    pub(crate) const fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(raw: &str) -> Result<Self, ChordError> {
        let error = || ChordError(raw.to_owned());
        let mut modifiers = KeyModifiers::empty();
        let mut parts: Vec<&str> = raw.trim().split('+').collect();
        let last = parts
            .pop()
            .filter(|last| !last.is_empty())
            .ok_or_else(error)?;
        for part in parts {
            modifiers |= match part.to_ascii_lowercase().as_str() {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return Err(error()),
            };
        }
        let name = last.to_ascii_lowercase();
        let named = NAMES.iter().find(|(known, _)| *known == name);
        let code = if let Some((_, code)) = named {
            *code
        } else if let Some(number) = name.strip_prefix('f').and_then(|n| n.parse().ok()) {
            KeyCode::F(number)
        } else {
            let mut chars = last.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => KeyCode::Char(c),
                _ => return Err(error()),
            }
        };
        Ok(Self::of(KeyEvent::new(code, modifiers)))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl+"),
            (KeyModifiers::ALT, "Alt+"),
            (KeyModifiers::SHIFT, "Shift+"),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char('+') => f.write_str("+"),
            KeyCode::Up => f.write_str("Up"),
            KeyCode::Char(c) if c != ' ' && self.modifiers.is_empty() => write!(f, "{c}"),
            KeyCode::Char(c) if c != ' ' => write!(f, "{}", c.to_uppercase()),
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => {
                let name = NAMES.iter().find(|(_, known)| *known == code);
                let name = name.map_or("?", |(name, _)| *name);
                let (first, rest) = name.split_at(1);
                write!(f, "{}{rest}", first.to_ascii_uppercase())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_shown() {
        for (raw, shown) in [
            ("ctrl+k", "Ctrl+K"),
            ("Alt+Shift+Down", "Alt+Shift+Down"),
            ("f1", "F1"),
            ("pageup", "PgUp"),
            ("?", "?"),
            ("G", "G"),
            ("enter", "Enter"),
            ("alt+space", "Alt+Space"),
            ("plus", "+"),
        ] {
            let chord: Chord = raw.parse().unwrap();
            assert_eq!(chord.to_string(), shown);
        }
        for wrong in ["", "ctrl+", "hyper+k", "ctrl+kk"] {
            assert!(wrong.parse::<Chord>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn shift_is_part_of_a_character() {
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(shifted), "G".parse().unwrap());
        assert_eq!(Chord::of(shifted).typed(), Some('G'));
        let control = KeyEvent::new(KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(Chord::of(control), "ctrl+K".parse().unwrap());
        assert_eq!(Chord::of(control).typed(), None);
    }
}
