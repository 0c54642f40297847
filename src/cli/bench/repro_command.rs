//! The command line of this process, for running it again.

use std::env;

/// The beginning of an invite link, which is a secret.
const SECRET: &str = "cairn://";

/// Returns the command line, quoted for a shell, with `LINK` in place of each invite link.
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
    match shlex::try_quote(&word) {
        Ok(quoted) => quoted.into_owned(),
        // Arguments cannot contain a zero byte.
        Err(_) => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        let shown = |words: &[&str]| shown(words.iter().map(|&word| word.to_owned()));
        assert_eq!(
            shown(&["bench", "send", "--skew", "1.5"]),
            "cairn bench send --skew 1.5"
        );
        assert_eq!(
            shown(&["--report", "my page's.html", ""]),
            "cairn --report \"my page's.html\" ''"
        );
    }

    #[test]
    fn invite_links_are_hidden() {
        let shown = |word: &str| shown(std::iter::once(word.to_owned()));
        assert_eq!(
            shown("cairn://chat.example.org:7766/#PIN.TOKEN"),
            "cairn LINK"
        );
        assert_eq!(
            shown("--link=cairn://chat.example.org:7766/#PIN.TOKEN"),
            "cairn '--link=LINK'"
        );
    }
}
