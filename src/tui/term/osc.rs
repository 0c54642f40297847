//! Sequences outside of frames: the title, notifications, the clipboard, the bell. Texts in them
//! are sanitized, so that no text of another user ends a sequence or begins one.

use cairn_text::{Lines, sanitize};
use data_encoding::BASE64;

/// How notifications are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Notifier {
    /// Only the bell.
    #[default]
    Bell,
    /// OSC 9, which iTerm2, Windows Terminal, kitty and others show.
    Osc9,
    /// OSC 777, which urxvt, foot and others show.
    Osc777,
    None,
}

/// Longest text of a notification or title, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Longest text for the clipboard; terminals refuse or cut longer ones.
const CLIPBOARD_BYTES_MAX: usize = 74_994;

fn clean(text: &str) -> String {
    let text = sanitize(text, Lines::Join);
    text.chars()
        .take(TEXT_CHARS_MAX)
        .filter(|c| !c.is_control())
        .collect()
}

/// Sets the title of the window.
pub(crate) fn title(text: &str) -> String {
    format!("\u{1b}]2;{}\u{7}", clean(text))
}

/// Shows a notification, with the bell.
pub(crate) fn notification(notifier: Notifier, title: &str, text: &str) -> String {
    match notifier {
        Notifier::None => String::new(),
        Notifier::Bell => "\u{7}".to_owned(),
        // A number after `9;` means progress for some terminals.
        Notifier::Osc9 => format!("\u{1b}]9;{}: {}\u{7}\u{7}", clean(title), clean(text)),
        Notifier::Osc777 => {
            // A semicolon separates the fields.
            let (title, text) = (
                clean(title).replace(';', ","),
                clean(text).replace(';', ","),
            );
            format!("\u{1b}]777;notify;{title};{text}\u{7}\u{7}")
        }
    }
}

/// Longest address of a link; terminals ignore longer ones.
const URL_BYTES_MAX: usize = 2_083;

/// Ends the text of a link.
pub(crate) const LINK_END: &str = "\u{1b}]8;;\u{1b}\\";

/// Begins the text of a link; `None` for an address that is not opened in browsers. The pieces of a
/// link that goes over several lines have the same id.
pub(crate) fn link(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once(':')?;
    let is_known = ["http", "https", "mailto"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let mut address = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'!'..=b'~' => address.push(char::from(byte)),
            // Sequences hold printable ASCII only.
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    let id = xxhash_rust::xxh3::xxh3_64(address.as_bytes());
    (is_known && address.len() <= URL_BYTES_MAX)
        .then(|| format!("\u{1b}]8;id={id:x};{address}\u{1b}\\"))
}

/// Copies a text to the clipboard of the terminal, or returns `None` if it is too long.
pub(crate) fn copy(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    (text.len() <= CLIPBOARD_BYTES_MAX)
        .then(|| format!("\u{1b}]52;c;{}\u{7}", BASE64.encode(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "a\u{7}\u{1b}]52;c;eA==\u{7}\u{9c}\u{1b}\\b;c\n";

    /// The text between the start of a sequence and its end.
    fn inner(sequence: &str) -> &str {
        sequence
            .strip_prefix("\u{1b}]")
            .unwrap()
            .trim_end_matches('\u{7}')
    }

    #[test]
    fn texts_do_not_leave_their_sequence() {
        for sequence in [
            title(EVIL),
            notification(Notifier::Osc9, EVIL, EVIL),
            notification(Notifier::Osc777, EVIL, EVIL),
            copy(EVIL).unwrap(),
        ] {
            assert!(!inner(&sequence).contains(char::is_control), "{sequence:?}");
        }
        let fields = notification(Notifier::Osc777, EVIL, EVIL);
        assert_eq!(fields.matches(';').count(), 3);
    }

    #[test]
    fn links_hold_addresses_of_browsers_in_ascii() {
        let sequence = link("https://example.org/a?b=c#d").unwrap();
        assert!(sequence.ends_with(";https://example.org/a?b=c#d\u{1b}\\"));
        let sequence = link("https://例.example/路 x\u{7}\u{1b}\\").unwrap();
        let inner = &sequence[2..sequence.len() - 2];
        assert!(
            inner.bytes().all(|byte| (b'!'..=b'~').contains(&byte)),
            "{inner}"
        );
        assert!(
            inner.contains("%E4%BE%8B.example/%E8%B7%AF%20x%07%1B"),
            "{inner}"
        );
        assert_eq!(link("javascript:alert(1)"), None);
        assert_eq!(link("file:///etc/passwd"), None);
        assert_eq!(link("no address"), None);
        assert_eq!(link(&format!("https://{}", "x".repeat(3_000))), None);
    }

    #[test]
    fn the_clipboard_gets_the_exact_text() {
        assert_eq!(copy("你好\n").unwrap(), "\u{1b}]52;c;5L2g5aW9Cg==\u{7}");
        assert_eq!(copy(&"x".repeat(CLIPBOARD_BYTES_MAX + 1)), None);
    }
}
