//! The command that runs, for people to type again.

use std::env;

/// The beginning of an invite link. What follows is a secret.
const SECRET: &str = "cairn://";

/// What was typed, quoted for a shell, with `LINK` in place of each invite link.
pub(crate) fn command() -> String {
    shown(
        env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned()),
    )
}

fn shown(words: impl Iterator<Item = String>) -> String {
    let open = |word: String| match word.split_once(SECRET) {
        Some((before, _)) => format!("{before}LINK"),
        None => word,
    };
    let words = words.map(|word| quoted(open(word)));
    std::iter::once("cairn".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: String) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "_@%+=:,./-".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        let shown = |words: &[&str]| shown(words.iter().map(|&word| word.to_owned()));
        assert_eq!(
            shown(&["bench", "send", "--skew", "1.5"]),
            "cairn bench send --skew 1.5"
        );
        assert_eq!(
            shown(&["--report", "my page's.html", ""]),
            "cairn --report 'my page'\\''s.html' ''"
        );
    }

    #[test]
    fn links_stay_secret() {
        let shown = |word: &str| shown(std::iter::once(word.to_owned()));
        assert_eq!(
            shown("cairn://chat.example.org:7766/#PIN.TOKEN"),
            "cairn LINK"
        );
        assert_eq!(
            shown("--link=cairn://chat.example.org:7766/#PIN.TOKEN"),
            "cairn --link=LINK"
        );
    }
}
