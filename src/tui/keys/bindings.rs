//! The keys in effect: those of the table, and those that `config.toml` sets instead.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::tui::keys::action::{Action, Context};
use crate::tui::keys::chord::Chord;
use crate::tui::keys::table::{Entry, TABLE};
use crate::tui::text::words;

/// The keys in effect.
#[derive(Clone, Debug)]
pub(crate) struct Bindings {
    by_chord: HashMap<(Context, Chord), Action>,
    /// The keys of each line of the table.
    lines: Vec<Vec<Chord>>,
}

/// A setting of keys is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BindingError {
    #[error("there is no action '{0}'; F1 and docs/CHAT.md list the names")]
    Action(String),
    #[error("{0}")]
    Chord(#[from] crate::tui::keys::chord::ChordError),
}

impl Bindings {
    /// Binds the keys of the table, except that `set` replaces all keys of an action by its name.
    pub(crate) fn new(set: &BTreeMap<String, Vec<String>>) -> Result<Self, BindingError> {
        if let Some(wrong) = set.keys().find(|name| find(name).is_none()) {
            return Err(BindingError::Action(wrong.clone()));
        }
        let mut bindings = Self {
            by_chord: HashMap::new(),
            lines: Vec::with_capacity(TABLE.len()),
        };
        for entry in TABLE {
            let chords = match set.get(entry.name) {
                Some(keys) => keys
                    .iter()
                    .map(|key| key.parse())
                    .collect::<Result<Vec<_>, _>>()?,
                None => defaults(entry),
            };
            bindings.lines.push(chords);
        }
        // Keys that were set win over defaults of other actions.
        for is_set in [false, true] {
            for (entry, chords) in TABLE.iter().zip(&bindings.lines) {
                if set.contains_key(entry.name) == is_set {
                    let keyed = chords
                        .iter()
                        .map(|&chord| ((entry.context, chord), entry.action));
                    bindings.by_chord.extend(keyed);
                }
            }
        }
        Ok(bindings)
    }

    /// Returns what a key does in a context.
    pub(crate) fn action(&self, context: Context, chord: Chord) -> Option<Action> {
        let within = |context| self.by_chord.get(&(context, chord)).copied();
        let found = within(context).or_else(|| within(Context::Everywhere));
        let found =
            found.or_else(|| within(Context::Desk).filter(|found| is_of_everywhere(*found)));
        // The line of a list is edited as the composer is.
        found.or_else(|| match within(Context::Composer) {
            Some(edit @ Action::Edit(_)) if context == Context::List => Some(edit),
            _ => None,
        })
    }

    /// Returns the first key of an action, for hints.
    pub(crate) fn key_of(&self, action: Action) -> Option<Chord> {
        let line = TABLE.iter().position(|entry| entry.action == action)?;
        self.lines.get(line)?.first().copied()
    }

    /// The help screen, with the keys of the support desk for its agents.
    pub(crate) fn help(&self, is_agent: bool) -> String {
        let mut text = String::new();
        let shown = |context: &Context| is_agent || *context != Context::Desk;
        for context in Context::ALL.into_iter().filter(shown) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", words::context(context));
            for (entry, keys) in self.lines_of(context) {
                let _ = writeln!(text, "  {:24} {}", joined(keys), entry.help);
            }
            text.push('\n');
        }
        text
    }

    fn lines_of(&self, context: Context) -> impl Iterator<Item = (&Entry, &Vec<Chord>)> {
        let all = TABLE.iter().zip(&self.lines);
        all.filter(move |(entry, keys)| entry.context == context && !keys.is_empty())
    }
}

/// Whether a key of the desk applies when it is not on screen, too.
const fn is_of_everywhere(action: Action) -> bool {
    use crate::tui::keys::action::DeskAction::{AcceptFirst, RefuseFirst, Show};
    matches!(action, Action::Desk(Show | AcceptFirst | RefuseFirst))
}

fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

fn defaults(entry: &Entry) -> Vec<Chord> {
    entry
        .keys
        .iter()
        .filter_map(|key| key.parse().ok())
        .collect()
}

fn joined(keys: &[Chord]) -> String {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::compose::editor::Edit;
    use crate::tui::keys::chord::ChordError;

    fn set(name: &str, keys: &[&str]) -> BTreeMap<String, Vec<String>> {
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        BTreeMap::from([(name.to_owned(), keys)])
    }

    fn chord(raw: &str) -> Chord {
        raw.parse().unwrap()
    }

    #[test]
    fn default_keys_are_valid_and_unique_in_their_context() {
        let mut seen = HashMap::new();
        for entry in TABLE {
            for key in entry.keys {
                let chord: Chord = key.parse().unwrap();
                let before = seen.insert((entry.context, chord), entry.name);
                assert_eq!(before, None, "{key} of {}", entry.name);
            }
        }
        let mut names: Vec<_> = TABLE.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn set_keys_replace_the_defaults() {
        let bindings = Bindings::new(&set("switcher", &["alt+a"])).unwrap();
        let does = |key| bindings.action(Context::Composer, chord(key));
        assert_eq!(does("alt+a"), Some(Action::Switcher));
        assert_eq!(does("ctrl+k"), None);
        assert_eq!(does("ctrl+q"), Some(Action::Quit));
        assert!(
            bindings.help(true).contains("Alt+A"),
            "{}",
            bindings.help(true)
        );
    }

    #[test]
    fn contexts_take_precedence() {
        let bindings = Bindings::new(&BTreeMap::new()).unwrap();
        let up = |context| bindings.action(context, chord("up"));
        assert_eq!(up(Context::Composer), Some(Action::Up));
        assert_eq!(up(Context::Message), Some(Action::Older));
        let erase = |context| bindings.action(context, chord("backspace"));
        assert_eq!(erase(Context::List), Some(Action::Edit(Edit::Backspace)));
        assert_eq!(erase(Context::Message), None);
        let page = bindings.action(Context::Message, chord("pageup"));
        assert_eq!(page, Some(Action::PageUp));
    }

    #[test]
    fn wrong_settings_are_named() {
        let error = Bindings::new(&set("fly", &["f"])).unwrap_err();
        assert_eq!(error, BindingError::Action("fly".to_owned()));
        let error = Bindings::new(&set("quit", &["hyper+q"])).unwrap_err();
        assert!(matches!(error, BindingError::Chord(ChordError { .. })));
    }

    /// The section of docs/CHAT.md that is generated; run with `CAIRN_BLESS=1` to write it.
    #[test]
    fn docs_list_the_default_keys() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CHAT.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text.split_once("<!-- keys -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- /keys -->\n").unwrap();
        let mut tables = String::new();
        let bindings = Bindings::new(&BTreeMap::new()).unwrap();
        for context in Context::ALL {
            let title = words::context(context);
            let _ = write!(
                tables,
                "\n### {title}\n\n| keys | does | name |\n|---|---|---|\n"
            );
            for (entry, keys) in bindings.lines_of(context) {
                let help = entry.help;
                let _ = writeln!(tables, "| {} | {help} | `{}` |", joined(keys), entry.name);
            }
        }
        let expected = format!("{before}<!-- keys -->\n{tables}\n<!-- /keys -->\n{after}");
        if std::env::var_os("CAIRN_BLESS").is_some() {
            std::fs::write(path, &expected).unwrap();
        } else {
            assert_eq!(text, expected, "run this test with CAIRN_BLESS=1");
        }
    }
}
