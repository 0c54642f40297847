//! What a line of the composer is: words to send, or a command after `/`.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_text::{Block, Inline, Names, parse as parse_markup};

use crate::tui::text::words;

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slash {
    Text(String),
    /// `/me waves`, unless it is one of the commands of `cairn me`.
    Emote(String),
    /// `/send PATH CAPTION`, or `/file PATH CAPTION`.
    File {
        path: String,
        caption: String,
        /// Whether a picture or video is sent as a plain file.
        as_file: bool,
    },
    /// The words of a command line, after `cairn`.
    Command(Vec<String>),
    Help,
    Quit,
    Wrong(String),
}

/// Commands that need a process of their own, and why.
const REFUSED: &[(&str, &str)] = &[
    ("serve", words::REFUSED_SERVER),
    ("bench", words::REFUSED_SERVER),
    ("compact", words::REFUSED_SERVER),
    ("join", words::REFUSED_ACCOUNT),
    ("login", words::REFUSED_ACCOUNT),
    ("import", words::REFUSED_IMPORT),
    ("completions", words::REFUSED_SHELL),
    ("chat", words::REFUSED_CHAT),
];

/// Whether a word is a command of `cairn me`, and not what the user does.
fn is_me_command(word: &str) -> bool {
    let command = crate::cli::command();
    let me = command.find_subcommand("me");
    word == "help" || me.is_some_and(|me| me.find_subcommand(word).is_some())
}

pub(crate) fn parse(text: &str) -> Slash {
    let Some(line) = text.strip_prefix('/') else {
        return Slash::Text(text.to_owned());
    };
    // `//` is a slash, and a path or a lone slash is no command.
    if line.starts_with('/') {
        return Slash::Text(line.to_owned());
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    if !name.chars().all(|c| c.is_ascii_lowercase() || c == '-') || name.is_empty() {
        return Slash::Text(text.to_owned());
    }
    let first = rest.split_whitespace().next().unwrap_or_default();
    match name {
        "me" if !first.is_empty() && !first.starts_with('-') && !is_me_command(first) => {
            return Slash::Emote(rest.to_owned());
        }
        "send" if !first.starts_with(['#', '@', '-', '\'', '"']) => return file(rest, false),
        "send" if is_quoted_path(rest) => return file(rest, false),
        "file" => return file(rest, true),
        "quit" | "exit" => return Slash::Quit,
        "help" | "keys" if rest.is_empty() => return Slash::Help,
        _ => {}
    }
    match shlex::split(&escaped(line)) {
        Some(words) => Slash::Command(words),
        None => Slash::Wrong(words::UNCLOSED_QUOTE.to_owned()),
    }
}

/// `#` begins a comment for shells, and a group here.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 4);
    let mut before = ' ';
    for c in line.chars() {
        if c == '#' && before.is_whitespace() {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

fn is_quoted_path(rest: &str) -> bool {
    let inner = rest.trim_start_matches(['\'', '"']);
    inner.len() < rest.len() && !inner.starts_with(['#', '@'])
}

fn file(rest: &str, as_file: bool) -> Slash {
    let words = shlex::split(&escaped(rest)).unwrap_or_default();
    match words.split_first() {
        Some((path, caption)) => Slash::File {
            path: path.clone(),
            caption: caption.join(" "),
            as_file,
        },
        None => Slash::Wrong(words::SEND_USAGE.to_owned()),
    }
}

/// Returns why a command does not run inside the client, if it does not.
pub(crate) fn refusal(words: &[String]) -> Option<String> {
    let name = words.iter().find(|word| !word.starts_with('-'))?;
    let has = |long: &str| words.iter().any(|word| word.starts_with(long));
    let is_follow = |word: &String| {
        let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        letters.is_some_and(|letters| letters.contains('f')) || word == "--follow"
    };
    let why = match name.as_str() {
        "doctor" => has("--data").then_some(words::REFUSED_SERVER),
        // These never end, and a pane shows the output of commands that do.
        "tail" => words.iter().any(is_follow).then_some(words::REFUSED_FOLLOW),
        "watch" => (!has("--once")).then_some(words::REFUSED_WATCH),
        "visitor" => Some(words::REFUSED_VISITOR),
        "desk" if words.iter().any(|word| word == "watch") => {
            (!has("--once")).then_some(words::REFUSED_BOARD)
        }
        "desk" => words.iter().any(is_follow).then_some(words::REFUSED_DESK),
        name => REFUSED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, why)| *why),
    }?;
    Some(words::refused(name, why))
}

/// Replaces `.` by the open conversation.
pub(crate) fn with_target(words: Vec<String>, open: Option<ConversationId>) -> Vec<String> {
    let replace = |word: String| match open {
        Some(id) if word == "." => format!("#id:{id}"),
        _ => word,
    };
    words.into_iter().map(replace).collect()
}

/// Returns the first link of a text.
pub(crate) fn first_link(text: &str) -> Option<String> {
    fn within<T>(line: &[Inline<T>]) -> Option<String> {
        line.iter().find_map(|inline| match inline {
            Inline::Link { url, .. } | Inline::Permalink { url, .. } => Some(url.clone()),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => within(inner),
            _ => None,
        })
    }
    fn of<T>(blocks: &[Block<T>]) -> Option<String> {
        blocks.iter().find_map(|block| match block {
            Block::Paragraph(lines) => lines.iter().find_map(|line| within(line)),
            Block::List(items) => items.iter().find_map(|item| within(&item.line)),
            Block::Quote(blocks) => of(blocks),
            Block::Code { .. } => None,
        })
    }
    of(&parse_markup(text, &Names::<()>::none()))
}

/// Returns the message that a link to this server names.
pub(crate) fn permalink(link: &str, server: &str) -> Option<(ConversationId, MsgId)> {
    let blocks = parse_markup(link, &Names::<()>::none());
    let Some(Block::Paragraph(lines)) = blocks.first() else {
        return None;
    };
    match lines.first()?.first()? {
        Inline::Permalink {
            host,
            conversation,
            message,
            ..
        } if host.eq_ignore_ascii_case(server) => {
            Some((ConversationId::new(*conversation), MsgId::new(*message)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Vec<String> {
        match parse(text) {
            Slash::Command(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_and_commands_are_told_apart() {
        for text in ["hello", "/", "/usr/bin", "/ x", "/é"] {
            assert_eq!(parse(text), Slash::Text(text.to_owned()));
        }
        assert_eq!(parse("//shrug"), Slash::Text("/shrug".to_owned()));
        assert_eq!(command("/list"), ["list"]);
        assert_eq!(
            command("/group add #team 'a b'"),
            ["group", "add", "#team", "a b"]
        );
        assert_eq!(command("/me"), ["me"]);
        assert_eq!(
            command("/me set --status out"),
            ["me", "set", "--status", "out"]
        );
        assert_eq!(command("/me keywords x"), ["me", "keywords", "x"]);
        assert_eq!(parse("/me waves #1"), Slash::Emote("waves #1".to_owned()));
        assert_eq!(parse("/quit"), Slash::Quit);
        assert!(matches!(parse("/pin 'x"), Slash::Wrong(_)));
    }

    #[test]
    fn send_takes_a_path_or_a_target() {
        let file = |path: &str, caption: &str, as_file| Slash::File {
            path: path.to_owned(),
            caption: caption.to_owned(),
            as_file,
        };
        assert_eq!(parse("/send cat.png"), file("cat.png", "", false));
        assert_eq!(
            parse("/send '/tmp/a b.txt' the plan"),
            file("/tmp/a b.txt", "the plan", false)
        );
        assert_eq!(parse("/file cat.png #1"), file("cat.png", "#1", true));
        assert!(matches!(parse("/file"), Slash::Wrong(_)));
        assert_eq!(command("/send @bob hi"), ["send", "@bob", "hi"]);
        assert_eq!(command("/send '#team' hi"), ["send", "#team", "hi"]);
        assert!(matches!(parse("/send"), Slash::Wrong(_)));
    }

    #[test]
    fn commands_with_a_process_of_their_own_are_refused() {
        for line in [
            "/serve",
            "/bench send",
            "/compact --data x",
            "/join x",
            "/login x",
            "/import irc",
            "/completions bash",
            "/chat",
            "/doctor --data x",
            "/--json serve",
            "/tail #team --follow",
            "/tail -f #team",
            "/watch --in .",
            "/desk --follow",
            "/desk watch",
            "/visitor cairn://x",
        ] {
            let why = refusal(&command(line));
            assert!(why.is_some(), "{line}");
        }
        for line in [
            "/doctor --explain #team @ada",
            "/list",
            "/stats",
            "/tail . --from 5",
            "/watch bob --once",
            "/desk",
            "/desk watch --once",
            "/desk transfer 17 after-sale",
        ] {
            assert_eq!(refusal(&command(line)), None, "{line}");
        }
    }

    #[test]
    fn links_are_found() {
        let link = "see **https://example.org/a** and https://b.example";
        assert_eq!(first_link(link).as_deref(), Some("https://example.org/a"));
        assert_eq!(first_link("`https://example.org`"), None);
        let place = permalink("cairn://chat.example:7766/#5/17", "chat.example:7766");
        assert_eq!(place, Some((ConversationId::new(5), MsgId::new(17))));
        assert_eq!(
            permalink("cairn://else.example/#5/17", "chat.example"),
            None
        );
    }
}
